"""Two panels beside each other: rolling correlation and beta, on the bars that both have."""

from __future__ import annotations

import numpy as np

from stratkit.compiled import compiled
from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_window
from stratkit.panel import FloatArray


def rolling_correlation(left: FloatArray, right: FloatArray, window_bars: int) -> FloatArray:
    """Return (T, N) Pearson's correlation of the last `window_bars` values of two panels, -1 to 1.

    Column by column, on the bars on which both have a value; NaN before there are as many, and where
    one of the two has not moved within the window. Give returns, not prices: two prices with a trend
    are always correlated.
    """
    check_window("window_bars", window_bars, 2)
    return on_own_bars(lambda one, other: (_correlation(one, other, window_bars),), left, right)[0]


def rolling_beta(left: FloatArray, right: FloatArray, window_bars: int) -> FloatArray:
    """Return (T, N) the slope of `left` on `right`: covariance / variance of `right`, of the last `window_bars`.

    Bars and NaN as in `rolling_correlation`; a `left` that has not moved has beta 0.
    """
    check_window("window_bars", window_bars, 2)
    return on_own_bars(lambda one, other: (_slope(one, other, window_bars),), left, right)[0]


@compiled
def _correlation(left: FloatArray, right: FloatArray, window_bars: int) -> FloatArray:
    bars = len(left)
    result = np.full(bars, np.nan)
    for bar in range(window_bars - 1, bars):
        own, other, product = _scatter(left, right, bar - window_bars + 1, bar + 1)
        if own > 0 and other > 0:
            result[bar] = max(-1.0, min(1.0, product / (np.sqrt(own) * np.sqrt(other))))
    return result


@compiled
def _slope(left: FloatArray, right: FloatArray, window_bars: int) -> FloatArray:
    bars = len(left)
    result = np.full(bars, np.nan)
    for bar in range(window_bars - 1, bars):
        _, other, product = _scatter(left, right, bar - window_bars + 1, bar + 1)
        if other > 0:
            result[bar] = product / other
    return result


@compiled
def _scatter(left: FloatArray, right: FloatArray, start: int, stop: int) -> tuple[float, float, float]:
    """Return the sums of squares of both and of their products, from their means over [start, stop)."""
    first, second = left[start], right[start]  # what is subtracted first makes equal values exactly 0
    mean, other_mean = 0.0, 0.0
    for bar in range(start, stop):
        mean += left[bar] - first
        other_mean += right[bar] - second
    mean /= stop - start
    other_mean /= stop - start
    own, other, product = 0.0, 0.0, 0.0
    for bar in range(start, stop):
        one, two = left[bar] - first - mean, right[bar] - second - other_mean
        own += one * one
        other += two * two
        product += one * two
    return own, other, product
