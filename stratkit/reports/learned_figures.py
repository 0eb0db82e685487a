"""`learned_figure` and `q_figure`: weights and health over time, and the map of Q, as PNG figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.adaptive.health import STATE_NAMES
from stratkit.analytics.learned import Learned
from stratkit.controls import LEAST, MOST
from stratkit.panel import IntArray
from stratkit.reports.content import ReportContent
from stratkit.reports.figure_parts import (
    BENCHMARK,
    FAINT,
    INK,
    SERIES,
    SOFT,
    diverging,
    legend,
    map_axes,
    new_figure,
    plain,
    stamps,
    style,
    time_axis,
)
from stratkit.reports.grid import name_cell
from stratkit.reports.learned_charts import STATE_COLOURS, shown_strategies, state_spans, stepped
from stratkit.reports.learned_words import named
from stratkit.reports.q_grids import STAR, UNSUITED, regimes_of, shown_arms
from stratkit.reports.regime_colours import paint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW: Final = 0.3  # inches of a strategy or a regime
_MOST_BARS: Final = 24  # strategies with a bar of their health


def learned_figure(content: ReportContent) -> Figure:
    """Return weights of strategies as steps above, a bar of the health of each below; `content.learned` is known."""
    learned, times = content.learned, content.result.times
    assert learned is not None  # the caller asked
    rows = min(len(learned.strategies), _MOST_BARS)
    height = 4.4 + _ROW * rows
    figure = new_figure(content, "Weights and health of strategies", height)
    low, tall = 0.35 / height, _ROW * rows / height
    below = figure.add_axes((0.16, low, 0.82, tall))
    above = figure.add_axes((0.16, low + tall + 0.75 / height, 0.82, 2.2 / height))
    _draw_weights(above, learned, times)
    _draw_health(below, learned, times, rows)
    return figure


def _draw_weights(axes: Axes, learned: Learned, times: IntArray) -> None:
    style(axes)
    for place, at in enumerate(shown_strategies(learned, len(SERIES))):
        colour = SERIES[place]
        bars, values = stepped(learned.base, at, len(times))
        axes.plot(stamps(times, bars), values, color=colour, lw=0.9, ls=":", drawstyle="steps-post")
        bars, values = stepped(learned.weights, at, len(times))
        label = plain(name_cell(learned.strategies[at]).text)
        axes.plot(stamps(times, bars), values, color=colour, lw=1.5, drawstyle="steps-post", label=label)
    for bound in (LEAST, MOST):
        axes.axhline(bound, color=BENCHMARK, lw=0.9, ls=":")
    axes.set_ylim(0, MOST + 0.1)
    axes.set_ylabel("weight (dotted: configured)", fontsize=8.5, color=SOFT)
    time_axis(axes)
    legend(axes, len(SERIES))


def _draw_health(axes: Axes, learned: Learned, times: IntArray, rows: int) -> None:
    style(axes)
    spans = state_spans(learned.health, len(times))
    days = stamps(times, np.minimum(spans.edges, len(times) - 1))
    for code, (state, colour) in enumerate(zip(STATE_NAMES, STATE_COLOURS, strict=True)):
        for row in range(rows):
            pieces = [(days[at], days[at + 1] - days[at]) for at in np.flatnonzero(spans.code[row] == code)]
            axes.broken_barh(pieces, (row - 0.36, 0.72), color=paint(colour), alpha=0.75, lw=0)
        axes.scatter([], [], marker="s", color=paint(colour), alpha=0.75, label=state)
    axes.set_yticks(range(rows), [plain(name_cell(name).text) for name in learned.strategies[:rows]])
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_xlim(days[0], days[-1])
    time_axis(axes)
    axes.grid(visible=False)
    legend(axes)


def q_figure(content: ReportContent) -> Figure:
    """Return Q of each arm in each regime as a heat map; `content.learned` is known, and something is chosen."""
    learned = content.learned
    assert learned is not None  # the caller asked
    arms, regimes, status = shown_arms(learned), regimes_of(learned), learned.status
    q, trades = np.full((len(regimes), len(arms)), np.nan), np.zeros((len(regimes), len(arms)), np.int64)
    best = np.zeros(q.shape, np.bool_)
    for row in status["arms"]:
        if row["arm"] in arms:
            at = regimes.index(row["regime"]), arms.index(row["arm"])
            q[at], trades[at], best[at] = row["q"], row["trades"], row["is_best"]
    height = 1.6 + 0.42 * len(regimes)
    figure = new_figure(content, "Q by regime, R (moving average); below it closed trades", height)
    axes = figure.add_axes((0.14, 0.2 / height, 0.845, 0.42 * len(regimes) / height))
    _draw_map(axes, q, [named(name) for name in regimes], [plain(named(arm)[:22]) for arm in arms])
    for row, regime in enumerate(regimes):
        suits = None if status["suitable"] is None else status["suitable"][regime]
        for column, arm in enumerate(arms):
            if not trades[row, column]:
                unsuited = suits is not None and arm not in suits
                axes.text(column, row, UNSUITED if unsuited else "·", ha="center", va="center", color=FAINT, fontsize=9)
                continue
            mark = f"{STAR} " if best[row, column] else ""
            weight = "bold" if best[row, column] else "normal"
            text = f"{mark}{q[row, column]:+.2f}"
            axes.text(column, row - 0.1, text, ha="center", va="center", fontsize=8.5, color=INK, fontweight=weight,
                      family="DejaVu Sans")  # fmt: skip
            axes.text(
                column, row + 0.28, f"{trades[row, column]:,}", ha="center", va="center", fontsize=6.5, color=SOFT
            )
    return figure


def _draw_map(axes: Axes, q: np.ndarray, rows: list[str], columns: list[str]) -> None:
    deep = max(0.5, float(np.nanmax(np.abs(q)))) if np.isfinite(q).any() else 1.0
    axes.imshow(np.ma.masked_invalid(q), cmap=diverging(), vmin=-deep, vmax=deep, aspect="auto")
    map_axes(axes, rows, columns, 7.5)
