"""Features of the jump model: how returns fell of late, and how much they brought for it."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.compiled import compiled
from stratkit.panel import FloatArray

_DEVIATION_HALF_LIFE: Final = 10.0  # bars, as published
_SORTINO_HALF_LIVES: Final = (20.0, 60.0)  # bars, as published


def downside_features(returns: FloatArray) -> FloatArray:
    """Return (T, N, 3) features of (T, N) log returns: downside deviation, and two Sortino ratios.

    All are exponentially weighted, with half-lives of 10, 20 and 60 bars that a symbol has. NaN where a symbol has no
    bar, and until it has fallen once. Causal.

    Source: Y. Shu, C. Yu, J. M. Mulvey, Journal of Asset Management 25 (2024) 493, section 3.4.
    """
    fallen = np.where(np.isnan(returns), np.nan, np.minimum(returns, 0.0) ** 2)
    features = [np.sqrt(_weighted(fallen, _DEVIATION_HALF_LIFE))]
    features += [
        np.divide(_weighted(returns, life), deviation, out=np.full(returns.shape, np.nan), where=deviation > 0)
        for life in _SORTINO_HALF_LIVES
        for deviation in [np.sqrt(_weighted(fallen, life))]
    ]
    features[0][np.isnan(features[1])] = np.nan
    return np.stack(features, axis=2)


def _weighted(values: FloatArray, half_life: float) -> FloatArray:
    means = np.full(values.shape, np.nan)
    _average(np.ascontiguousarray(values, dtype=np.float64), 0.5 ** (1 / half_life), means)
    return means


@compiled
def _average(values: FloatArray, keeps: float, means: FloatArray) -> None:
    """Write the weighted mean of what a column has so far: the weight of a value falls by `keeps` with each later."""
    bars, columns = values.shape
    for column in range(columns):
        total, weight = 0.0, 0.0
        for bar in range(bars):
            value = values[bar, column]
            if not np.isnan(value):
                total = total * keeps + value
                weight = weight * keeps + 1.0
                means[bar, column] = total / weight
