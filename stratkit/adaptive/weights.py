"""`next_weights`: how much the voice of each strategy counts after an update, from the scores of their last trades."""

from __future__ import annotations

import numpy as np

from stratkit.adaptive.measures import Measures
from stratkit.controls import clipped
from stratkit.panel import FloatArray

_STEP = 0.15  # of the old weight, by which it may move in one update
_WORST_DRAWDOWN_R = 10.0  # from which the penalty no longer grows


def strategy_scores(measures: Measures, min_trades: int) -> FloatArray:
    """Return (S,) scores, 1 for a strategy of which fewer than `min_trades` are closed.

    1 + 0.4 clip(expectancy, -1, 1) + 0.3 (log2(1 + profit factor) - 0.5) - 0.2 min(drawdown / 10, 1)
    + 0.1 clip(Sharpe / 2, -1, 1), all in R.
    """
    scores = (
        1.0
        + 0.4 * np.clip(measures.expectancy_r, -1.0, 1.0)
        + 0.3 * (np.log2(1.0 + measures.profit_factor) - 0.5)
        - 0.2 * np.minimum(measures.drawdown_r / _WORST_DRAWDOWN_R, 1.0)
        + 0.1 * np.clip(measures.sharpe / 2.0, -1.0, 1.0)
    )
    return np.where(measures.trades >= min_trades, scores, 1.0)


def next_weights(old: FloatArray, base: FloatArray, scores: FloatArray) -> FloatArray:
    """Return base x score, held within 15 % of the old weight and then within 0.1 .. 2.

    >>> next_weights(np.array([1.0, 0.1]), np.array([1.0, 1.0]), np.array([2.0, 0.2])).round(3).tolist()
    [1.15, 0.115]
    """
    target = np.clip(base * scores, old * (1.0 - _STEP), old * (1.0 + _STEP))
    return clipped(target)


def first_weights(base: FloatArray) -> FloatArray:
    """Return the weights before the first update, and after a reset: the base ones, held within 0.1 .. 2."""
    return clipped(base)
