"""`high_low_spread`: what it costs to cross from bid to ask, estimated from highs and lows alone."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_window
from stratkit.features.windows import window_sums
from stratkit.panel import FloatArray

_K: Final = 3.0 - 2.0 * math.sqrt(2.0)


def high_low_spread(high: FloatArray, low: FloatArray, close: FloatArray, window_bars: int = 21) -> FloatArray:
    """Return (T, N) the bid-ask spread as a fraction of price: the mean of the last `window_bars` two-bar estimates.

    The range of one bar holds the spread once and its volatility once; that of two bars taken together holds the
    spread once and volatility twice: so both can be told apart. An estimate below zero counts as zero, and a bar that
    opened behind a gap is moved back by it. It ends at the bar itself and looks at no later one; NaN before
    `window_bars` own bars and one more.
    Source: S. A. Corwin, P. Schultz, A Simple Way to Estimate Bid-Ask Spreads from Daily High and Low Prices, Journal
    of Finance 67 (2012), pp. 719-760, equations 14 and 18, with its corrections for gaps and negative estimates.

    >>> prices = np.array([[1.01], [1.01]]), np.array([[0.99], [0.99]]), np.array([[1.0], [1.0]])
    >>> high_low_spread(*prices, window_bars=1).round(6).ravel()
    array([ nan, 0.02])
    """
    check_window("window_bars", window_bars, 1)

    def series(highs: FloatArray, lows: FloatArray, closes: FloatArray) -> tuple[FloatArray]:
        spread = np.full(len(highs), np.nan)
        if len(highs) > 1:
            spread[1:] = window_sums(_two_bars(highs, lows, closes), window_bars) / window_bars
        return (spread,)

    return on_own_bars(series, high, low, close)[0]


def _two_bars(highs: FloatArray, lows: FloatArray, closes: FloatArray) -> FloatArray:
    """Return (n - 1,) the estimate of each bar from the second on with the one before it, at least 0."""
    before = closes[:-1]
    gap = np.maximum(lows[1:] - before, 0.0) + np.minimum(highs[1:] - before, 0.0)
    top, bottom = highs[1:] - gap, lows[1:] - gap
    beta = np.log(highs[:-1] / lows[:-1]) ** 2 + np.log(top / bottom) ** 2  # of the moved bar, as in the authors' code
    gamma = np.log(np.maximum(highs[:-1], top) / np.minimum(lows[:-1], bottom)) ** 2
    alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / _K - np.sqrt(gamma / _K)
    return np.asarray(np.maximum(2.0 * np.tanh(alpha / 2.0), 0.0))  # 2 (e^a - 1) / (e^a + 1)
