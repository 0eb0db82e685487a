"""`write_regime_figures`: the charts of a study of regimes as PNG files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.panel import FloatArray
from stratkit.reports.chart_specs import log_ticks
from stratkit.reports.figure_parts import (
    INK,
    MAIN,
    POINTS,
    SOFT,
    better_colours,
    legend,
    map_axes,
    new_figure,
    percent_axis,
    save_png,
    stamps,
    style,
    time_axis,
)
from stratkit.reports.regime_charts import LOG_FROM, filled, share_words, stripes
from stratkit.reports.regime_colours import paint, regime_colours
from stratkit.reports.regime_content import RegimeContent
from stratkit.reports.regime_words import method_name, now_words, regime_name
from stratkit.reports.thinning import extreme_points
from stratkit.research.regime_comparison import MethodComparison
from stratkit.research.regime_study import LabelledSeries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHADE: Final = 0.3
_DARK: Final = 0.6  # a cell from which its number is white


def write_regime_figures(folder: Path, content: RegimeContent, dpi: int) -> list[Path]:
    """Write the figures of the first series, and of the methods where some are compared; return their paths.

    Raises `OutputError` when a file cannot be written.
    """
    drawers: dict[str, Callable[[], Figure]] = {
        "regimes": lambda: regimes_figure(content),
        "transitions": lambda: transitions_figure(content),
    }
    compared = content.compared
    if compared is not None:
        drawers["agreement"] = lambda: agreement_figure(content, compared)
    return [save_png(draw(), folder / f"{name}.png", dpi) for name, draw in drawers.items()]


def regimes_figure(content: RegimeContent) -> Figure:
    """Return the price of the first series over the colours of its regimes, and below how sure each label is."""
    study, one = content.study, content.study.series[0]
    figure = new_figure(content, f"{one.name}: {now_words(study, one.facts)}", 5.8)
    top = figure.add_axes((0.075, 0.36, 0.905, 0.48))
    below = figure.add_axes((0.075, 0.075, 0.905, 0.22), sharex=top)
    _draw_price(top, content, one)
    _draw_sure(below, content, one)
    for axes in (top, below):
        time_axis(axes)
    top.tick_params(labelbottom=False)
    return figure


def _draw_price(axes: Axes, content: RegimeContent, one: LabelledSeries) -> None:
    study = content.study
    style(axes)
    places = np.flatnonzero(one.has_bar)
    close = one.close[places]
    kept = places[extreme_points(close, POINTS)]
    spans = stripes(filled(study.labels.label[:, one.column].astype(np.int64), one.has_bar))
    days = stamps(study.times, np.minimum(spans.edges, len(study.times) - 1))
    colours = regime_colours(study.labels.names)
    for code, row in enumerate(one.facts.rows):
        own = np.flatnonzero(spans.code == code)
        if len(own):
            pieces = [(days[at], days[at + 1] - days[at]) for at in own]
            axes.broken_barh(
                pieces, (0, 1), transform=axes.get_xaxis_transform(), color=paint(colours[code]), alpha=_SHADE, lw=0,
                label=regime_name(row.name),
            )  # fmt: skip
    axes.plot(stamps(study.times, kept), one.close[kept], color=INK, lw=1.1)
    low, high = float(close.min()), float(close.max())
    if low > 0 and high > LOG_FROM * low:
        axes.set_yscale("log")
        axes.set_yticks(log_ticks(low, high)["tickvals"])
        axes.set_yticks([], minor=True)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    _key(axes)


def _draw_sure(axes: Axes, content: RegimeContent, one: LabelledSeries) -> None:
    labels, times = content.study.labels, content.study.times
    style(axes)
    percent_axis(axes)
    axes.set_ylim(0, 1.02)
    places = np.flatnonzero(one.has_bar & (labels.label[:, one.column] >= 0))
    if labels.probability is None:
        sure = labels.confidence[:, one.column]
        kept = places[extreme_points(sure[places], POINTS)]
        axes.plot(stamps(times, kept), sure[kept], color=MAIN, lw=0.9)
        axes.set_ylabel("confidence", fontsize=8.5, color=SOFT)
        return
    kept = places[:: max(1, len(places) // (2 * POINTS))]
    axes.stackplot(
        stamps(times, kept), labels.probability[kept, one.column].T, alpha=0.75,
        colors=[paint(colour) for colour in regime_colours(labels.names)],
    )  # fmt: skip
    axes.set_ylabel("probability", fontsize=8.5, color=SOFT)


def transitions_figure(content: RegimeContent) -> Figure:
    """Return the transition matrix of the first series."""
    facts = content.study.series[0].facts
    seen = [code for code, row in enumerate(facts.rows) if row.bars]
    names = [regime_name(facts.names[code]) for code in seen]
    title = f"{facts.series}: what follows what (row: the regime now, column: that of the next bar)"
    return _matrix(content, title, names, facts.transition[np.ix_(seen, seen)], share_words)


def agreement_figure(content: RegimeContent, found: MethodComparison) -> Figure:
    """Return the adjusted Rand index of each pair of methods."""
    made = [place for place, one in enumerate(found.methods) if one.facts is not None]
    pairs = [[found.agreements[at][other] for other in made] for at in made]
    rand = np.array([[np.nan if pair is None else pair.rand for pair in row] for row in pairs], dtype=np.float64)
    names = [method_name(found.methods[place].method) for place in made]
    title = f"{found.series}: adjusted Rand index of methods (1 = the same, 0 = chance)"
    return _matrix(content, title, names, rand, lambda value: f"{value:.2f}")


def _matrix(
    content: RegimeContent, title: str, names: Sequence[str], values: FloatArray, text: Callable[[float], str]
) -> Figure:
    count = len(names)
    height = 1.5 + 0.42 * count
    figure = new_figure(content, title, height)
    axes = figure.add_axes((0.17, 0.12 / height, 0.81, 0.42 * count / height))
    axes.imshow(np.ma.masked_invalid(values), cmap=better_colours(), vmin=0, vmax=1, aspect="auto")
    map_axes(axes, names, names)
    for row, column in np.argwhere(np.isfinite(values)):
        value = float(values[row, column])
        axes.text(
            column, row, text(value), ha="center", va="center", fontsize=8, color="white" if value > _DARK else INK
        )
    return figure


def _key(axes: Axes) -> None:
    """Name the colours above the axes."""
    legend(axes)
    found = axes.get_legend()
    if found is not None:
        found.set_ncols(7)
