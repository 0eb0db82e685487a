"""`strategies_figure`: cumulative P&L of each strategy beside the matrix of their correlations, as a PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.analytics.attribution import Attribution
from stratkit.reports.content import ReportContent
from stratkit.reports.figure_parts import (
    EDGE,
    INK,
    SERIES,
    SOFT,
    money_axis,
    new_figure,
    plain,
    say,
    stamps,
    style,
    time_axis,
    together_colours,
)
from stratkit.reports.grid import largest, name_cell
from stratkit.reports.risk_grids import MOST_CORRELATED
from stratkit.reports.strategy_lines import ALL, strategy_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES: Final = ("-", "--", ":")


def strategies_figure(content: ReportContent, points: int) -> Figure:
    """Return the lines of several strategies on the left, their correlations on the right."""
    attribution = content.attribution
    assert attribution is not None  # the caller asked
    figure = new_figure(content, "Cumulative P&L and correlation of the strategies", 4.8)
    left, right = figure.add_axes((0.075, 0.2, 0.52, 0.62)), figure.add_axes((0.7, 0.2, 0.28, 0.62))
    _draw_lines(left, content, attribution, points)
    _draw_matrix(right, attribution)
    return figure


def _draw_lines(axes: Axes, content: ReportContent, attribution: Attribution, points: int) -> None:
    style(axes)
    for place, line in enumerate(strategy_lines(attribution, points)):
        together = line.name == ALL
        axes.plot(
            stamps(content.result.times, line.bar), line.values, label=plain(line.name), lw=1.0 if together else 1.3,
            color=SOFT if together else SERIES[place % 5],
            ls=(0, (1, 1.5)) if together else _DASHES[place // 5 % 3],
        )  # fmt: skip
    axes.axhline(0, color=EDGE, lw=1, zorder=0)
    money_axis(axes)
    time_axis(axes)
    axes.legend(
        loc="upper left", bbox_to_anchor=(-0.02, -0.09), ncols=4, frameon=False, fontsize=7.5, labelcolor=SOFT,
        handlelength=1.6, columnspacing=1.2,
    )  # fmt: skip


def _draw_matrix(axes: Axes, attribution: Attribution) -> None:
    risk = attribution.risk
    shown, _ = largest(risk.sd[:-1], MOST_CORRELATED)
    matrix = risk.correlation[np.ix_(shown, shown)]
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=7.5, colors=SOFT)
    if not np.isfinite(matrix).any():
        axes.set_xticks([])
        axes.set_yticks([])
        return say(axes, "too few returns")
    axes.imshow(np.ma.masked_invalid(matrix), cmap=together_colours(), vmin=-1, vmax=1, aspect="auto")
    names = [plain(name_cell(risk.names[at]).text) for at in shown]
    axes.set_yticks(range(len(shown)), [f"{name[:16]} {place}" for place, name in enumerate(names, 1)])
    axes.set_xticks(range(len(shown)), [str(place) for place in range(1, len(shown) + 1)])
    for row, column in np.argwhere(np.isfinite(matrix)):
        text = f"{matrix[row, column]:.2f}".replace("-0.00", "0.00")
        axes.text(column, row, text, ha="center", va="center", fontsize=7 if len(shown) > 6 else 8.5, color=INK)
    return None
