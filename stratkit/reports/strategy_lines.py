"""The cumulative P&L of each strategy as thinned lines, for the page and for the PNG figure."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.analytics.attribution import Attribution
from stratkit.panel import FloatArray
from stratkit.reports.grid import largest, name_cell, others_name
from stratkit.reports.series import Line
from stratkit.reports.thinning import extreme_points

MOST_LINES: Final = 8
ALL: Final = "all together"


def strategy_lines(attribution: Attribution | None, points: int) -> list[Line]:
    """Return a line for each strategy, the last one the portfolio's; none for a strategy that is alone.

    Of more than eight, those that won or lost most have a line and the others share one. All lines together
    hold about twice as many points as one that is alone.
    """
    if attribution is None or len(attribution.strategies) < 2:
        return []
    final = attribution.curves[-1]
    shown, others = largest(final, MOST_LINES if len(final) <= MOST_LINES else MOST_LINES - 1)
    curves = {name_cell(attribution.strategies[at]).text: attribution.curves[:, at] for at in shown}
    lines = list(curves.items())
    if len(curves) < len(shown):  # two long names that begin alike
        lines = [
            (f"{place} {attribution.strategies[at][:20]}", attribution.curves[:, at])
            for place, at in enumerate(shown, 1)
        ]
    if others:
        lines.append((others_name(len(others), "strategies"), attribution.curves[:, others].sum(axis=1)))
    lines.append((ALL, attribution.curves.sum(axis=1) + attribution.account))
    each = max(50, min(points, 2 * points // len(lines)))
    return [_line(name, curve, each) for name, curve in lines]


def _line(name: str, curve: FloatArray, points: int) -> Line:
    kept = extreme_points(np.nan_to_num(curve), points)
    return Line(name, kept, np.asarray(curve)[kept])
