"""`write_ab_figures`: the charts of an A/B test as PNG files."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stratkit.inference.comparison import Sequential
from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.inference.cumulative_band import cumulative_band
from stratkit.reports.ab_charts import LOG_FROM, legend_names
from stratkit.reports.ab_content import ABContent
from stratkit.reports.ab_test_charts import NO_TEST, bootstrap_histogram
from stratkit.reports.ab_words import metric_shape, metric_value, pair_words
from stratkit.reports.chart_specs import log_ticks
from stratkit.reports.figure_parts import (
    BENCHMARK,
    EDGE,
    GAIN,
    INK,
    LOSS,
    MAIN,
    POINTS,
    PURPLE,
    SERIES,
    SOFT,
    legend,
    new_figure,
    percent_axis,
    plain,
    save_png,
    say,
    stamps,
    style,
    time_axis,
)
from stratkit.reports.thinning import extreme_points
from stratkit.reports.walk_charts import drawdown_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLES: Final = ("-", "--", ":")
_COLUMNS: Final = 3  # of a legend whose entries are names


def write_ab_figures(folder: Path, content: ABContent, dpi: int) -> list[Path]:
    """Write the figures of an A/B test into `folder` and return their paths.

    Raises `OutputError` when a file cannot be written.
    """
    drawers: dict[str, Callable[[], Figure]] = {
        "equity": lambda: equity_figure(content),
        "difference": lambda: difference_figure(content),
        "bootstrap": lambda: bootstrap_figure(content),
        "power": lambda: power_figure(content),
    }
    watched = content.comparison.sequential
    if watched is not None:
        drawers["looks"] = lambda: looks_figure(content, watched)
    return [save_png(draw(), folder / f"{name}.png", dpi) for name, draw in drawers.items()]


def equity_figure(content: ABContent) -> Figure:
    """Return the equity of all arms above their drawdowns."""
    comparison, names = content.comparison, legend_names(content)
    rows = -(-len(names) // _COLUMNS)
    room = 0.19 * rows
    height = 5.4 + room
    figure = new_figure(content, "Equity and drawdown of all arms", height)
    top = figure.add_axes((0.075, 2.05 / height, 0.905, 2.55 / height))
    below = figure.add_axes((0.075, 0.42 / height, 0.905, 1.3 / height), sharex=top)
    for axes in (top, below):
        style(axes)
    if len(comparison.times) < 2:
        say(top, "there are no periods that the arms share")
        return figure
    for place, name in enumerate(names):
        look: dict[str, Any] = {
            "color": SERIES[place % len(SERIES)],
            "ls": _STYLES[place // len(SERIES) % len(_STYLES)],
        }
        equity = comparison.equity[:, place]
        fall = drawdown_of(equity, 1.0)
        for axes, values, width in ((top, equity, 1.3), (below, fall, 0.9)):
            at = extreme_points(values, POINTS)
            axes.plot(stamps(comparison.times, at), values[at], lw=width, label=plain(name), **look)
    _wealth_axis(top, float(comparison.equity.min()), float(comparison.equity.max()))
    percent_axis(below)
    for axes in (top, below):
        time_axis(axes)
    top.tick_params(labelbottom=False)
    legend(top, columns=_COLUMNS)
    return figure


def difference_figure(content: ABContent) -> Figure:
    """Return the differences with their intervals beside the running sum of the first with its band."""
    comparison = content.comparison
    first = comparison.first
    figure = new_figure(content, f"The difference of the {METRIC_WORDS[comparison.question.metric]}", 4.6)
    left = figure.add_axes((0.15, 0.13, 0.33, 0.66))
    right = figure.add_axes((0.575, 0.13, 0.405, 0.66))
    for axes in (left, right):
        style(axes)
    _draw_intervals(left, content)
    left.set_title("with its interval", loc="left", fontsize=9, color=SOFT, pad=4)
    right.set_title(f"{pair_words(first)}, summed", loc="left", fontsize=9, color=SOFT, pad=4)
    if not first.different:
        say(right, "the arms earn the same in every period")
        return figure
    difference = comparison.returns[:, 0] - comparison.returns[:, 1]
    band = cumulative_band(difference, first.primary.block if first.primary else 1)
    every = np.arange(len(difference))
    days = stamps(comparison.times, every)
    right.fill_between(days, -band.reach, band.reach, color=MAIN, alpha=0.1, lw=0, label="no difference, 95%")
    at = extreme_points(band.total, POINTS)
    right.plot(stamps(comparison.times, at), band.total[at], color=MAIN, lw=1.3)
    right.axhline(0, color=EDGE, lw=1)
    time_axis(right)
    percent_axis(right)
    legend(right)
    return figure


def bootstrap_figure(content: ABContent) -> Figure:
    """Return the differences of the resamples, with the observed one and 0."""
    pair = content.comparison.first
    figure = new_figure(content, f"{pair_words(pair)} in resampled histories", 3.9)
    axes = figure.add_axes((0.075, 0.15, 0.905, 0.64))
    style(axes)
    test = pair.primary
    drawn = np.zeros(0) if test is None else test.drawn[np.isfinite(test.drawn)]
    if test is None or not len(drawn):
        say(axes, NO_TEST)
        return figure
    counts, edges = bootstrap_histogram(drawn)
    middle = (edges[:-1] + edges[1:]) / 2
    axes.bar(middle, counts, (edges[1] - edges[0]) * 0.94, color=np.where(middle < 0, LOSS, MAIN))
    axes.axvline(test.difference, color=INK, lw=1.5, label=f"observed {metric_value(test.metric, test.difference)}")
    axes.axvline(0, color=SOFT, lw=1.2, ls=":", label="no difference")
    _metric_ticks(axes, content)
    _name_axis(axes, f"difference of the {METRIC_WORDS[test.metric]}")
    axes.grid(axis="x", visible=False)
    legend(axes)
    return figure


def power_figure(content: ABContent) -> Figure:
    """Return how likely a true difference would have been found, by its size."""
    pair = content.comparison.first
    figure = new_figure(content, "What could have been found", 3.9)
    axes = figure.add_axes((0.075, 0.15, 0.905, 0.64))
    style(axes)
    test, power = pair.primary, pair.power
    if test is None or power is None or not len(power.gaps):
        say(axes, NO_TEST)
        return figure
    axes.plot(power.gaps, power.powers, color=MAIN, lw=1.6)
    axes.axhline(power.power, color=GAIN, lw=1, ls=":")
    if math.isfinite(power.detectable):
        found = metric_value(test.metric, power.detectable)
        axes.axvline(power.detectable, color=GAIN, lw=1.4, ls="--", label=f"detectable {found}")
    observed = abs(power.observed)
    axes.axvline(observed, color=INK, lw=1.4, label=f"observed {metric_value(test.metric, observed)}")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    percent_axis(axes)
    _metric_ticks(axes, content)
    _name_axis(axes, f"true difference of the {METRIC_WORDS[test.metric]}")
    legend(axes)
    return figure


def looks_figure(content: ABContent, found: Sequential) -> Figure:
    """Return the difference at each look with its bounds, and below it the statistic where it has a boundary."""
    spends = any(math.isfinite(look.boundary) for look in found.looks)
    figure = new_figure(content, "Look by look", 5.4 if spends else 3.9)
    top = figure.add_axes((0.075, 0.42, 0.905, 0.42) if spends else (0.075, 0.15, 0.905, 0.64))
    style(top)
    if not found.looks:
        say(top, "there was no look")
        return figure
    n = [look.n for look in found.looks]
    top.fill_between(n, [look.low for look in found.looks], [look.high for look in found.looks], color=MAIN, alpha=0.12,
                     lw=0, label="bounds")  # fmt: skip
    top.plot(n, [look.difference for look in found.looks], color=MAIN, lw=1.4, marker="o", ms=3.5, label="difference")
    top.axhline(0, color=EDGE, lw=1)
    _metric_ticks(top, content, "y")
    drawn = [top]
    if spends:
        below = figure.add_axes((0.075, 0.1, 0.905, 0.25), sharex=top)
        style(below)
        below.plot(n, [abs(look.fixed_z) for look in found.looks], color=GAIN, lw=1.4, label="size of the statistic")
        below.plot(n, [look.boundary for look in found.looks], color=LOSS, lw=1.4, ls="--", label="boundary")
        legend(below)
        top.tick_params(labelbottom=False)
        drawn.append(below)
    for axes in drawn:
        if found.stopped_at is not None:
            axes.axvline(found.stopped_at, color=SOFT, lw=1.1, ls=":", label="stop" if axes is top else None)
    _name_axis(drawn[-1], "periods")
    legend(top)
    return figure


def _draw_intervals(axes: Axes, content: ABContent) -> None:
    comparison = content.comparison
    question, first = comparison.question, comparison.first
    rows = [
        (pair_words(pair), pair.primary.difference, pair.primary.interval.low, pair.primary.interval.high, MAIN)
        for pair in comparison.pairs
        if pair.primary
    ]
    if not rows:
        return say(axes, NO_TEST)
    if first.equivalence:
        same = first.equivalence.interval
        rows.append((f"{same.level:.0%} for equivalence", same.estimate, same.low, same.high, PURPLE))
    if first.power and math.isfinite(first.power.detectable):
        reach = first.power.detectable
        rows.append((f"detectable at {first.power.power:.0%}", 0.0, -reach, reach, BENCHMARK))
    if question.margin is not None:
        axes.axvspan(-question.margin, question.margin, color=GAIN, alpha=0.12, lw=0)
    axes.axvline(0, color=SOFT, lw=1)
    for place, (_, middle, low, high, colour) in enumerate(rows):
        axes.plot([low, high], [place, place], color=colour, lw=2, marker="|", ms=9)
        axes.plot([middle], [place], color=colour, marker="o", ms=6)
    axes.set_yticks(range(len(rows)), [label for label, *_ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    _metric_ticks(axes, content)
    return None


def _wealth_axis(axes: Axes, low: float, high: float) -> None:
    """Write multiples of the start, on a log scale where they lie far apart."""
    if low > 0 and high > LOG_FROM * low:
        axes.set_yscale("log")
        axes.set_yticks(log_ticks(low, high)["tickvals"])
        axes.set_yticks([], minor=True)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}\N{MULTIPLICATION SIGN}")


def _metric_ticks(axes: Axes, content: ABContent, which: str = "x") -> None:
    if metric_shape(content.comparison.question.metric) == ".1%":
        axis: Any = axes.xaxis if which == "x" else axes.yaxis
        axis.set_major_formatter(lambda value, _: f"{value:.0%}")


def _name_axis(axes: Axes, name: str) -> None:
    axes.set_xlabel(name, fontsize=8.5, color=SOFT)
