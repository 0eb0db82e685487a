"""`ComparedRow`s: what each arm earned and risked, in the figures that a trader knows.

Only the primary metric and the mean carry an interval; all else is described and not tested.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.comparison import ROW_LABELS, Arm, ComparedMetric, ComparedRow, Question
from stratkit.inference.interval import Interval
from stratkit.inference.path_difference import calmar_ratio
from stratkit.inference.smooth_metrics import metric_columns, smooth_metric
from stratkit.panel import FloatArray

_FRACTIONS = ("mean", "volatility", "max_drawdown", "win_rate")
_OF_TRADES = ("win_rate", "profit_factor")


def compared_rows(
    a: Arm, b: Arm, question: Question, intervals: Mapping[str, Interval], difference: float | None = None
) -> tuple[ComparedRow, ...]:
    """Return the rows of both arms in the order of `ROW_LABELS`; rows of trades only where both arms' trades are known.

    `intervals` are those of differences, by the key of their row. `difference` is the primary test's, so that the row
    shows the figure that was tested.
    """
    rows = []
    for key in ROW_LABELS:
        if key in _OF_TRADES and (a.flows is None or b.flows is None):
            continue
        first, second = row_value(key, a, question), row_value(key, b, question)
        is_primary = key == question.metric
        gap = difference if is_primary and difference is not None else first - second
        unit = "fraction" if key in _FRACTIONS else "ratio"
        rows.append(ComparedRow(key, unit, first, second, gap, intervals.get(key), is_primary))  # type: ignore[arg-type]  # one of two words
    return tuple(rows)


def row_value(key: str, arm: Arm, question: Question) -> float:
    """Return the figure of one row for one arm, in the unit that is shown; NaN where there is none."""
    if key == "volatility":
        return float(arm.returns.std(ddof=1)) * math.sqrt(question.periods_per_year)
    if key == "max_drawdown":
        return max_drawdown(arm.returns)
    if key == "calmar":
        return calmar_ratio(arm.returns, question.periods_per_year)
    return _smooth_value(key, arm, question)  # type: ignore[arg-type]  # the other keys are metrics


def _smooth_value(metric: ComparedMetric, arm: Arm, question: Question) -> float:
    smooth, n = smooth_metric(metric), len(arm.returns)
    try:
        columns = metric_columns(metric, arm, question.risk_free_ann / question.periods_per_year)
    except UsageError:  # an arm without losses has no Sortino ratio: that is no error in a table
        return math.nan
    value = float(smooth.value(columns.mean(axis=0))) * smooth.small_sample(n)
    return smooth.annual(value, question.periods_per_year)


def max_drawdown(returns: FloatArray) -> float:
    """Return the deepest fall of the equity below its peak so far, a negative fraction; equity starts at 1.

    >>> max_drawdown(np.array([0.5, -0.5, 0.1]))
    -0.5
    """
    equity = np.cumprod(np.concatenate(([1.0], 1 + returns)))
    return float((equity / np.maximum.accumulate(equity) - 1).min())
