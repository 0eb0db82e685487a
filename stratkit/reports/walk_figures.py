"""`write_walk_figures`: the charts of a walk-forward as PNG files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stratkit.reports.chart_specs import log_ticks
from stratkit.reports.figure_parts import (
    BENCHMARK,
    EDGE,
    GAIN,
    LOSS,
    MAIN,
    POINTS,
    SOFT,
    legend,
    money_axis,
    new_figure,
    percent_axis,
    plain,
    save_png,
    say,
    stamps,
    style,
    time_axis,
    whole,
)
from stratkit.reports.key_names import is_fraction, metric_label, short_keys, value_words
from stratkit.reports.thinning import extreme_points
from stratkit.reports.walk_charts import drawdown_of, path_histogram
from stratkit.reports.walk_content import WalkContent
from stratkit.research.landscape import bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stratkit.strategies.parameters import SearchParameter

_MOST_PATHS = 9
_ACROSS = 3


def write_walk_figures(folder: Path, content: WalkContent, dpi: int) -> list[Path]:
    """Write the figures of a walk-forward into `folder` and return their paths.

    Raises `OutputError` when a file cannot be written.
    """
    drawers: dict[str, Callable[[], Figure]] = {
        "stitched": lambda: stitched_figure(content),
        "folds": lambda: folds_figure(content),
        "parameter_path": lambda: path_figure(content),
    }
    if np.isfinite(content.path_sharpes).any():
        drawers["cross_validation"] = lambda: paths_figure(content)
    return [save_png(draw(), folder / f"{name}.png", dpi) for name, draw in drawers.items()]


def stitched_figure(content: WalkContent) -> Figure:
    """Return the stitched equity above its drawdown; lines mark where other values came in force."""
    figure = new_figure(content, "Equity and drawdown, out of sample", 5.6)
    top = figure.add_axes((0.085, 0.36, 0.895, 0.5))
    below = figure.add_axes((0.085, 0.085, 0.895, 0.22), sharex=top)
    for axes in (top, below):
        style(axes)
    if len(content.times) < 2:
        say(top, "no fold was tested")
        return figure
    fall = drawdown_of(content.equity, content.initial_cash)
    for axes, values, color in ((top, content.equity, MAIN), (below, fall, LOSS)):
        at = extreme_points(values, POINTS)
        axes.plot(stamps(content.times, at), values[at], color=color, lw=1.3)
        for switch in content.switches:
            axes.axvline(switch / 86_400e9, color=BENCHMARK, lw=0.8, ls=":")
        time_axis(axes)
    at = extreme_points(fall, POINTS)
    below.fill_between(stamps(content.times, at), fall[at], 0, color=LOSS, alpha=0.15, lw=0)
    money_axis(top)
    percent_axis(below)
    top.tick_params(labelbottom=False)
    return figure


def folds_figure(content: WalkContent) -> Figure:
    """Return the objective of each fold's choice where it was chosen and where it was tested."""
    label = metric_label(content.metric)
    figure = new_figure(content, f"{label} in sample and out of sample, fold by fold", 4.2)
    axes = figure.add_axes((0.075, 0.13, 0.905, 0.69))
    style(axes)
    if not content.folds:
        say(axes, "there is no fold")
        return figure
    place = np.arange(len(content.folds))
    axes.bar(place - 0.2, [fold.in_sample for fold in content.folds], 0.38, color=BENCHMARK, label="in sample")
    axes.bar(place + 0.2, [fold.out_of_sample for fold in content.folds], 0.38, color=MAIN, label="out of sample")
    axes.axhline(0, color=EDGE, lw=1)
    every = max(1, -(-len(place) // 24))
    axes.set_xticks(place[::every], [str(fold.number) for fold in content.folds[::every]])
    axes.set_xlabel("fold", fontsize=8.5, color=SOFT)
    axes.grid(axis="x", visible=False)
    if is_fraction(content.metric):
        percent_axis(axes)
    legend(axes)
    return figure


def path_figure(content: WalkContent) -> Figure:
    """Return the chosen value of each parameter over the folds, between the bounds of the search."""
    space = content.space[:_MOST_PATHS]
    rows = max(1, -(-len(space) // _ACROSS))
    height = 0.85 + 1.9 * rows
    figure = new_figure(content, "What was chosen, fold by fold", height)
    names = short_keys([one.name for one in content.space])
    for place, one in enumerate(space):
        row, column = divmod(place, _ACROSS)
        bottom = 1 - (0.85 + 1.9 * (row + 1) - 0.45) / height
        axes = figure.add_axes((0.075 + 0.318 * column, bottom, 0.25, 1.25 / height))
        _draw_path(axes, content, one, plain(names[one.name]))
    return figure


def paths_figure(content: WalkContent) -> Figure:
    """Return the distribution of the Sharpe ratios of the paths of cross-validation."""
    sharpes = content.path_sharpes[np.isfinite(content.path_sharpes)]
    figure = new_figure(
        content, f"Sharpe ratios of {len(sharpes):,} paths of combinatorial purged cross-validation", 3.8
    )
    axes = figure.add_axes((0.075, 0.12, 0.905, 0.69))
    style(axes)
    counts, edges = path_histogram(sharpes)
    middle = (edges[:-1] + edges[1:]) / 2
    axes.bar(middle, counts, (edges[1] - edges[0]) * 0.94, color=np.where(middle < 0, LOSS, GAIN))
    axes.axvline(float(np.median(sharpes)), color=SOFT, lw=1.2, ls="--", label=f"median {np.median(sharpes):.2f}")
    axes.yaxis.set_major_locator(whole())
    axes.grid(axis="x", visible=False)
    legend(axes)
    return figure


def _draw_path(axes: Axes, content: WalkContent, one: SearchParameter, name: str) -> None:
    style(axes)
    axes.set_title(name, loc="left", fontsize=9, color=SOFT, pad=4)
    chosen = [fold for fold in content.folds if fold.values]
    if not chosen:
        return say(axes, "nothing was chosen")
    numbers = [fold.number for fold in chosen]
    if one.kind == "choice":
        words = [value_words(value) for value in one.choices]
        axes.set_yticks(range(len(words)), [plain(word)[:14] for word in words])
        axes.set_ylim(-0.5, len(words) - 0.5)
        values = [float(words.index(value_words(fold.values[one.name]))) for fold in chosen]
    else:
        values = [float(fold.values[one.name]) for fold in chosen]  # type: ignore[arg-type]  # a number is a number
        if one.log:
            axes.set_yscale("log")
            marks = log_ticks(*bounds(one))
            axes.set_yticks(marks["tickvals"], marks["ticktext"])
            axes.set_yticks([], minor=True)
        axes.set_ylim(one.low, one.high)
    axes.step(numbers, values, where="post", color=MAIN, lw=1.2)
    axes.scatter(numbers, values, s=16, color=MAIN, clip_on=False, zorder=4)
    axes.xaxis.set_major_locator(whole())
    return None
