"""Oscillators: where the close stands in its recent range, and which way pressure goes.

Panels (T, N), the own-bars rule and lookbacks as in `stratkit.features.indicators`. Where a formula
divides by a range or by a flow that is 0, the oscillator is NaN there: nothing was said, which is not
the same as "at the bottom".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stratkit.features.on_talib import on_talib, talib_series
from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_ascending, check_window
from stratkit.features.specs import indicator
from stratkit.features.windows import quotient, window_sums
from stratkit.panel import FloatArray


class Stochastic(NamedTuple):
    """%K and its average %D, 0 to 100."""

    k: FloatArray
    d: FloatArray


@indicator(
    "high",
    "low",
    "close",
    lookback=lambda window_bars, smooth_bars, signal_bars: window_bars + smooth_bars + signal_bars - 3,
)
def stochastic(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    window_bars: int = 14,
    smooth_bars: int = 3,
    signal_bars: int = 3,
) -> Stochastic:
    """Return the stochastic oscillator: where the close stands between the window's low and high, 0 to 100.

    k: the simple average over `smooth_bars` of 100 x (close - lowest low) / (highest high - lowest low);
    d: the simple average of k over `signal_bars`. With `smooth_bars` 1 it is the fast form. NaN where an
    averaged window has no range. Source: G. Lane, Lane's Stochastics, Stocks & Commodities 2:3 (1984).
    """
    check_window("window_bars", window_bars, 2)
    check_window("smooth_bars", smooth_bars, 1)
    check_window("signal_bars", signal_bars, 1)

    def series(top: FloatArray, bottom: FloatArray, last: FloatArray) -> tuple[FloatArray, FloatArray]:
        place = 100.0 * _place_in_range(top, bottom, last, window_bars)
        k = window_sums(place, smooth_bars) / smooth_bars
        d = window_sums(k, signal_bars) / signal_bars
        k[: window_bars + smooth_bars + signal_bars - 3] = np.nan  # both start together
        return k, d

    return Stochastic(*on_own_bars(series, high, low, close, outputs=2))


@indicator("high", "low", "close", lookback=lambda window_bars: window_bars - 1)
def williams_r(high: FloatArray, low: FloatArray, close: FloatArray, window_bars: int = 14) -> FloatArray:
    """Return Williams %R, -100 (close at the window's low) to 0 (at its high); NaN where the window has no range.

    -100 x (highest high - close) / (highest high - lowest low).
    Source: L. Williams, How I Made One Million Dollars Last Year Trading Commodities (1973).
    """
    check_window("window_bars", window_bars, 2)

    def series(top: FloatArray, bottom: FloatArray, last: FloatArray) -> tuple[FloatArray]:
        return (100.0 * _place_in_range(top, bottom, last, window_bars) - 100.0,)

    return on_own_bars(series, high, low, close)[0]


@indicator("high", "low", "close", lookback=lambda window_bars: window_bars - 1)
def cci(high: FloatArray, low: FloatArray, close: FloatArray, window_bars: int = 20) -> FloatArray:
    """Return the commodity channel index, in units of 0.015 mean absolute deviations; 0 where nothing moved.

    (p - mean) / (0.015 x mean of |p - mean|) over the window, where p = (high + low + close) / 3.
    Source: D. Lambert, Commodity Channel Index, Commodities (October 1980).
    """
    check_window("window_bars", window_bars, 2)
    return on_talib("CCI", high, low, close, timeperiod=window_bars)[0]


@indicator("high", "low", "close", "volume", lookback=lambda window_bars: window_bars)
def mfi(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, window_bars: int = 14) -> FloatArray:
    """Return the money flow index, 0 to 100; NaN where no bar of the window with a change had volume.

    100 x positive / (positive + negative): sums over the window of p x volume of the bars on which
    p = (high + low + close) / 3 rose or fell. A bar of unknown volume is no bar.
    Source: G. Quong and A. Soudack, Volume-Weighted RSI: Money Flow, Stocks & Commodities 7:3 (1989).
    """
    check_window("window_bars", window_bars, 1)

    def series(top: FloatArray, bottom: FloatArray, last: FloatArray, traded: FloatArray) -> tuple[FloatArray]:
        typical = (top + bottom + last) / 3.0
        change = np.diff(typical, prepend=typical[:1])
        flow = typical * traded
        rising = _sums_of_changes(np.where(change > 0, flow, 0.0), window_bars)
        falling = _sums_of_changes(np.where(change < 0, flow, 0.0), window_bars)
        return (100.0 * quotient(rising, rising + falling),)

    return on_own_bars(series, high, low, close, volume)[0]


@indicator("high", "low", "close", lookback=lambda short_bars, middle_bars, long_bars: long_bars)
def ultimate_oscillator(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    short_bars: int = 7,
    middle_bars: int = 14,
    long_bars: int = 28,
) -> FloatArray:
    """Return the ultimate oscillator, 0 to 100; NaN where a window has no range.

    100 x (4 a + 2 b + c) / 7, each the sum of close - min(low, previous close) over the sum of the
    true range, over the short, middle and long window.
    Source: L. Williams, The Ultimate Oscillator, Stocks & Commodities 3:4 (1985).
    """
    check_window("short_bars", short_bars, 1)
    check_ascending(short_bars=short_bars, middle_bars=middle_bars, long_bars=long_bars)

    def series(top: FloatArray, bottom: FloatArray, last: FloatArray) -> tuple[FloatArray]:
        before = np.concatenate((last[:1], last[:-1]))
        floor = np.minimum(bottom, before)
        pressure, span = last - floor, np.maximum(top, before) - floor
        total = np.zeros(len(span))
        for weight, window_bars in ((4.0, short_bars), (2.0, middle_bars), (1.0, long_bars)):
            total += weight * quotient(_sums_of_changes(pressure, window_bars), _sums_of_changes(span, window_bars))
        return (100.0 / 7.0 * total,)

    return on_own_bars(series, high, low, close)[0]


@indicator("close", lookback=lambda window_bars: 3 * (window_bars - 1) + 1)
def trix(close: FloatArray, window_bars: int = 15) -> FloatArray:
    """Return TRIX: the change of the triple exponential average from bar to bar, in percent.

    Source: J. Hutson, Good TRIX, Stocks & Commodities 1:5 (1983).
    """
    check_window("window_bars", window_bars, 1)
    return on_talib("TRIX", close, timeperiod=window_bars)[0]


def _place_in_range(high: FloatArray, low: FloatArray, close: FloatArray, window_bars: int) -> FloatArray:
    """Return where each close stands in the range of its window, 0 to 1, NaN where there is no range."""
    top = talib_series("MAX", high, timeperiod=window_bars)[0]
    bottom = talib_series("MIN", low, timeperiod=window_bars)[0]
    return quotient(close - bottom, top - bottom)


def _sums_of_changes(values: FloatArray, window_bars: int) -> FloatArray:
    """Return window sums of what needs a bar before it, so that the first bar is in no window."""
    sums = np.full(len(values), np.nan)
    sums[1:] = window_sums(values[1:], window_bars)
    return sums
