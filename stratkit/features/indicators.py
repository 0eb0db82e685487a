"""Averages, bands, momentum and ranges: causal panels (T, N) from panels of bars, on TA-Lib.

Every panel is float64 with NaN = no bar, and every indicator follows the own-bars rule of
`stratkit.features.own_bars`: holes are skipped, results are NaN where there is no bar and before
the lookback; several panels of one indicator start together. Windows count own bars. Raises
`UsageError` for windows that make no sense.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from stratkit.features.on_talib import SIMPLE, on_talib, talib_series
from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_ascending, check_positive, check_window
from stratkit.features.specs import indicator
from stratkit.panel import FloatArray


class Macd(NamedTuple):
    """MACD line, its signal line, and line - signal; price units."""

    line: FloatArray
    signal: FloatArray
    histogram: FloatArray


class Bollinger(NamedTuple):
    """Middle, upper and lower band; price units."""

    mid: FloatArray
    upper: FloatArray
    lower: FloatArray


@indicator("close", lookback=lambda window_bars: window_bars - 1)
def sma(values: FloatArray, window_bars: int) -> FloatArray:
    """Return the simple moving average over `window_bars` own bars.

    >>> sma(np.array([[1.0], [2.0], [np.nan], [6.0]]), 2).ravel()
    array([nan, 1.5, nan, 4. ])
    """
    check_window("window_bars", window_bars, 1)
    return on_talib("SMA", values, timeperiod=window_bars)[0]


@indicator("close", lookback=lambda window_bars: window_bars - 1)
def ema(values: FloatArray, window_bars: int) -> FloatArray:
    """Return the exponential moving average with smoothing 2 / (window_bars + 1).

    It starts at the simple average of the first `window_bars` own bars, and so depends for some
    three windows on where the series starts.
    """
    check_window("window_bars", window_bars, 1)
    return on_talib("EMA", values, timeperiod=window_bars)[0]


@indicator("close", lookback=lambda window_bars: window_bars)
def rsi(values: FloatArray, window_bars: int = 14) -> FloatArray:
    """Return Wilder's relative strength index, 0 to 100; NaN as long as nothing has moved at all.

    100 x gain / (gain + loss), both Wilder averages of the changes: first the simple average of
    `window_bars` changes, then (previous x (n - 1) + change) / n.
    Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), section VI.
    """
    check_window("window_bars", window_bars, 2)
    return on_own_bars(lambda series: (_rsi(series, window_bars),), values)[0]


@indicator("close", lookback=lambda fast_bars, slow_bars, signal_bars: slow_bars + signal_bars - 2)
def macd(values: FloatArray, fast_bars: int = 12, slow_bars: int = 26, signal_bars: int = 9) -> Macd:
    """Return MACD: ema(fast) - ema(slow), its ema over `signal_bars`, and the difference of the two.

    Both averages start on bar `slow_bars` - 1, each from the simple average of its own last
    window, and all three panels start together, when the signal line does.
    Source: G. Appel, Technical Analysis: Power Tools for Active Investors (2005), ch. 8.
    """
    check_window("fast_bars", fast_bars, 2)
    check_window("signal_bars", signal_bars, 1)
    check_ascending(fast_bars=fast_bars, slow_bars=slow_bars)  # TA-Lib would swap them without a word
    periods = {"fastperiod": fast_bars, "slowperiod": slow_bars, "signalperiod": signal_bars}
    return Macd(*on_talib("MACD", values, outputs=3, **periods))


@indicator("close", lookback=lambda window_bars, deviations: window_bars - 1)
def bollinger(values: FloatArray, window_bars: int = 20, deviations: float = 2.0) -> Bollinger:
    """Return Bollinger bands: the simple average plus and minus `deviations` population deviations.

    Source: J. Bollinger, Bollinger on Bollinger Bands (2001), ch. 7.
    """
    check_window("window_bars", window_bars, 2)
    check_positive("deviations", deviations)
    bands = {"timeperiod": window_bars, "nbdevup": deviations, "nbdevdn": deviations, "matype": SIMPLE}
    upper, mid, lower = on_talib("BBANDS", values, outputs=3, **bands)
    return Bollinger(mid, upper, lower)


@indicator("high", "low", "close", lookback=lambda window_bars: window_bars)
def atr(high: FloatArray, low: FloatArray, close: FloatArray, window_bars: int = 14) -> FloatArray:
    """Return Wilder's average true range, in price units.

    True range = max(high, previous close) - min(low, previous close), from the second own bar on;
    first the simple average of `window_bars` of them, then (previous x (n - 1) + range) / n.
    Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), section III.
    """
    check_window("window_bars", window_bars, 1)
    return on_talib("ATR", high, low, close, timeperiod=window_bars)[0]


@indicator("high", lookback=lambda window_bars: window_bars - 1)
def highest(values: FloatArray, window_bars: int) -> FloatArray:
    """Return the highest value of the last `window_bars` own bars, this one included."""
    check_window("window_bars", window_bars, 2)
    return on_talib("MAX", values, timeperiod=window_bars)[0]


@indicator("low", lookback=lambda window_bars: window_bars - 1)
def lowest(values: FloatArray, window_bars: int) -> FloatArray:
    """Return the lowest value of the last `window_bars` own bars, this one included."""
    check_window("window_bars", window_bars, 2)
    return on_talib("MIN", values, timeperiod=window_bars)[0]


@indicator("close", lookback=lambda window_bars: window_bars)
def return_std(values: FloatArray, window_bars: int = 20) -> FloatArray:
    """Return the sample standard deviation of the last `window_bars` simple returns, per bar (a fraction)."""
    check_window("window_bars", window_bars, 2)
    returns = on_talib("ROCP", values, timeperiod=1)[0]
    population = on_talib("STDDEV", returns, timeperiod=window_bars, nbdev=1.0)[0]
    return population * math.sqrt(window_bars / (window_bars - 1))


@indicator("close", lookback=lambda window_bars: window_bars)
def momentum(values: FloatArray, window_bars: int = 10) -> FloatArray:
    """Return the change over `window_bars` own bars, in price units."""
    check_window("window_bars", window_bars, 1)
    return on_talib("MOM", values, timeperiod=window_bars)[0]


@indicator("close", lookback=lambda window_bars: window_bars)
def rate_of_change(values: FloatArray, window_bars: int = 10) -> FloatArray:
    """Return the change over `window_bars` own bars as a fraction of the value then."""
    check_window("window_bars", window_bars, 1)
    return on_talib("ROCP", values, timeperiod=window_bars)[0]


def _rsi(series: FloatArray, window_bars: int) -> FloatArray:
    """Return the RSI of one series, where TA-Lib's 0 for "nothing moved" is not taken for a fall.

    A flat bar shrinks both averages alike and leaves their ratio as it was, so the RSI stands; a
    series that has not moved since it began has none.
    """
    result = talib_series("RSI", series, timeperiod=window_bars)[0]
    if not (result == 0.0).any():
        return result
    changes = np.diff(series, prepend=series[:1])
    moved = np.logical_or.accumulate(changes != 0)
    stands = (result == 0.0) & (changes == 0) & moved & (np.arange(len(series)) > window_bars)
    source = np.maximum.accumulate(np.where(stands, 0, np.arange(len(series))))
    return np.where(moved, result[source], np.nan)
