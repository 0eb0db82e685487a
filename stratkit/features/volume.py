"""Volume: whether money comes or goes, average prices by volume, and how busy a bar is.

Panels (T, N), the own-bars rule and lookbacks as in `stratkit.features.indicators`. Volume is in the
unit of the bars, 0 or more. A bar whose volume is unknown (NaN) is no bar to these indicators: they
are NaN there, skip it and go on. Where a formula divides by a volume of 0, the result is NaN there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stratkit.compiled import compiled
from stratkit.errors import UsageError
from stratkit.features.on_talib import on_talib, talib_series
from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_ascending, check_window
from stratkit.features.specs import indicator
from stratkit.features.windows import quotient, window_sums
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray


class Klinger(NamedTuple):
    """Klinger's volume oscillator and its signal line; 100 x volume units."""

    line: FloatArray
    signal: FloatArray


@indicator("close", "volume", lookback=lambda: 0)
def obv(close: FloatArray, volume: FloatArray) -> FloatArray:
    """Return on-balance volume: the running sum of volume, plus on a rising close, minus on a falling one.

    It begins with the volume of the first bar, so only its changes mean something.
    Source: J. Granville, New Key to Stock Market Profits (1963).
    """
    return on_talib("OBV", close, volume)[0]


@indicator("high", "low", "close", "volume", lookback=lambda: 0)
def accumulation_distribution(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> FloatArray:
    """Return the accumulation/distribution line: the running sum of volume x place of the close in the bar.

    The place is ((close - low) - (high - close)) / (high - low), -1 to 1, and 0 in a bar without range.
    Only its changes mean something. Source: M. Chaikin, as in S. Achelis, Technical Analysis from A to Z (1995).
    """
    return on_talib("AD", high, low, close, volume)[0]


@indicator("high", "low", "close", "volume", lookback=lambda window_bars: window_bars - 1)
def chaikin_money_flow(
    high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, window_bars: int = 20
) -> FloatArray:
    """Return Chaikin money flow, -1 to 1; NaN where the window has no volume.

    The sum over the window of volume x place of the close in the bar, as in `accumulation_distribution`,
    over the sum of volume. Source: M. Chaikin, as in ChartSchool, Chaikin Money Flow.
    """
    check_window("window_bars", window_bars, 1)

    def series(top: FloatArray, bottom: FloatArray, last: FloatArray, traded: FloatArray) -> tuple[FloatArray]:
        span = top - bottom
        place = np.divide((last - bottom) - (top - last), span, out=np.zeros(len(span)), where=span != 0)
        return (quotient(window_sums(place * traded, window_bars), window_sums(traded, window_bars)),)

    return on_own_bars(series, high, low, close, volume)[0]


@indicator("high", "low", "close", "volume", lookback=lambda fast_bars, slow_bars: slow_bars - 1)
def chaikin_oscillator(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    fast_bars: int = 3,
    slow_bars: int = 10,
) -> FloatArray:
    """Return the fast minus the slow exponential average of the accumulation/distribution line, in volume units.

    Both averages start from the line's first value.
    Source: M. Chaikin, as in S. Achelis, Technical Analysis from A to Z (1995).
    """
    check_window("fast_bars", fast_bars, 2)
    check_ascending(fast_bars=fast_bars, slow_bars=slow_bars)
    return on_talib("ADOSC", high, low, close, volume, fastperiod=fast_bars, slowperiod=slow_bars)[0]


@indicator(
    "high",
    "low",
    "close",
    "volume",
    lookback=lambda fast_bars, slow_bars, signal_bars: slow_bars + signal_bars - 1,
)
def klinger(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    fast_bars: int = 34,
    slow_bars: int = 55,
    signal_bars: int = 13,
) -> Klinger:
    """Return Klinger's volume oscillator: the fast minus the slow exponential average of the volume force.

    Published codes disagree; here, from the second own bar on:

        trend  t = +1 where high + low + close is above that of the bar before, else -1
        range  d = high - low
        run    c = c before + d while the trend is the same, else (and at first) d before + d
        force  f = 100 x volume x t x |2 d / c - 1|, and 0 where c is 0

    line = ema(f, fast) - ema(f, slow), signal = ema(line, signal_bars); each average starts from the
    simple average of its own first window, and both panels start together.
    Source: S. Klinger, Identifying Trends with Volume Analysis, Stocks & Commodities 15:12 (1997).
    """
    check_window("fast_bars", fast_bars, 2)
    check_ascending(fast_bars=fast_bars, slow_bars=slow_bars)
    check_window("signal_bars", signal_bars, 1)

    def series(*bars: FloatArray) -> tuple[FloatArray, FloatArray]:
        force = _volume_force(*bars)  # NaN on the first bar, which TA-Lib leaves out
        fast = talib_series("EMA", force, timeperiod=fast_bars)[0]
        line = fast - talib_series("EMA", force, timeperiod=slow_bars)[0]
        signal = talib_series("EMA", line, timeperiod=signal_bars)[0]
        return np.where(np.isnan(signal), np.nan, line), signal

    return Klinger(*on_own_bars(series, high, low, close, volume, outputs=2))


@indicator("high", "low", "close", "volume", lookback=lambda window_bars: window_bars - 1)
def vwap(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, window_bars: int = 20) -> FloatArray:
    """Return the average of (high + low + close) / 3 of the last `window_bars` own bars, weighted by volume.

    In price units; NaN where the window has no volume.
    """
    check_window("window_bars", window_bars, 1)

    def series(top: FloatArray, bottom: FloatArray, last: FloatArray, traded: FloatArray) -> tuple[FloatArray]:
        money = (top + bottom + last) / 3.0 * traded
        return (quotient(window_sums(money, window_bars), window_sums(traded, window_bars)),)

    return on_own_bars(series, high, low, close, volume)[0]


@indicator("high", "low", "close", "volume", "times", lookback=lambda: 0)
def session_vwap(
    high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, times: IntArray
) -> FloatArray:
    """Return the average of (high + low + close) / 3 since the UTC day began, weighted by volume, in price units.

    `times` (T,) are the starts of the bars, UTC nanoseconds. A day begins with its first own bar; NaN
    until the day has volume.
    """
    if np.shape(times) != np.shape(high)[:1]:
        raise UsageError(f"times must be one stamp per bar, {np.shape(high)[:1]}; found {np.shape(times)}")
    days = np.broadcast_to((times // NS_PER_DAY).astype(np.float64)[:, np.newaxis], np.shape(high))

    def series(
        top: FloatArray, bottom: FloatArray, last: FloatArray, traded: FloatArray, day: FloatArray
    ) -> tuple[FloatArray]:
        return (_averages_since_new((top + bottom + last) / 3.0, traded, day),)

    return on_own_bars(series, high, low, close, volume, days)[0]


@indicator("volume", lookback=lambda window_bars: window_bars)
def relative_volume(volume: FloatArray, window_bars: int = 20) -> FloatArray:
    """Return volume over the mean volume of the `window_bars` own bars BEFORE this one; NaN where that is 0.

    >>> relative_volume(np.array([[2.0], [4.0], [9.0], [0.0]]), 2).ravel()
    array([nan, nan,  3.,  0.])
    """
    check_window("window_bars", window_bars, 1)

    def series(traded: FloatArray) -> tuple[FloatArray]:
        usual = np.full(len(traded), np.nan)
        usual[1:] = window_sums(traded, window_bars)[:-1] / window_bars
        return (quotient(traded, usual),)

    return on_own_bars(series, volume)[0]


@compiled
def _volume_force(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> FloatArray:
    bars = len(close)
    force = np.full(bars, np.nan)
    trend, run = 0.0, 0.0
    for bar in range(1, bars):
        rose = high[bar] + low[bar] + close[bar] > high[bar - 1] + low[bar - 1] + close[bar - 1]
        side, span = 1.0 if rose else -1.0, high[bar] - low[bar]
        run = run + span if side == trend else high[bar - 1] - low[bar - 1] + span
        trend = side
        force[bar] = 100.0 * volume[bar] * side * abs(2.0 * span / run - 1.0) if run > 0 else 0.0
    return force


@compiled
def _averages_since_new(price: FloatArray, weight: FloatArray, session: FloatArray) -> FloatArray:
    """Return the weighted average of the prices since `session` last changed."""
    average = np.full(len(price), np.nan)
    money, weights = 0.0, 0.0
    for bar in range(len(price)):
        if bar > 0 and session[bar] != session[bar - 1]:
            money, weights = 0.0, 0.0
        money += price[bar] * weight[bar]
        weights += weight[bar]
        if weights > 0:
            average[bar] = money / weights
    return average
