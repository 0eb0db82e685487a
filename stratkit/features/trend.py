"""Trend: direction and strength of a move, adaptive averages, stops that follow, the cloud.

Panels (T, N), the own-bars rule and lookbacks as in `stratkit.features.indicators`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stratkit.compiled import compiled
from stratkit.errors import UsageError
from stratkit.features.on_talib import on_talib, talib_series
from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_ascending, check_positive, check_window
from stratkit.features.specs import indicator
from stratkit.features.windows import quotient, window_sums
from stratkit.panel import FloatArray


class Directional(NamedTuple):
    """Wilder's +DI and -DI, 0 to 100."""

    plus: FloatArray
    minus: FloatArray


class Aroon(NamedTuple):
    """Aroon up and down, 0 to 100."""

    up: FloatArray
    down: FloatArray


class SuperTrend(NamedTuple):
    """The following stop, in price units, and the direction: +1 up (the line is below), -1 down."""

    line: FloatArray
    direction: FloatArray


class Ichimoku(NamedTuple):
    """Conversion and base line, and the two edges of the cloud as drawn at each bar; price units."""

    conversion: FloatArray
    base: FloatArray
    span_a: FloatArray
    span_b: FloatArray


@indicator("high", "low", "close", lookback=lambda window_bars: 2 * window_bars - 1)
def adx(high: FloatArray, low: FloatArray, close: FloatArray, window_bars: int = 14) -> FloatArray:
    """Return Wilder's average directional index, 0 to 100: how strong a trend is, whichever way.

    The Wilder average of 100 x |+DI - -DI| / (+DI + -DI), which starts at the simple average of the
    first `window_bars` of them; 0 where nothing has moved.
    Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), section IV.
    """
    check_window("window_bars", window_bars, 2)
    return on_talib("ADX", high, low, close, timeperiod=window_bars)[0]


@indicator("high", "low", "close", lookback=lambda window_bars: window_bars)
def directional(high: FloatArray, low: FloatArray, close: FloatArray, window_bars: int = 14) -> Directional:
    """Return Wilder's directional indicators: the share of the true range that reached further up or down.

    100 x sum of moves / sum of true ranges. Of each bar the larger of high - previous high and previous low
    - low is its move, if it is above 0, and there is none where both are equal. The sums are Wilder's:
    first of `window_bars` - 1 bars, as TA-Lib begins, then previous x (1 - 1/n) + this one. 0 where
    nothing has moved. Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), section IV.
    """
    check_window("window_bars", window_bars, 2)
    plus = on_talib("PLUS_DI", high, low, close, timeperiod=window_bars)[0]
    minus = on_talib("MINUS_DI", high, low, close, timeperiod=window_bars)[0]
    return Directional(plus, minus)


@indicator("high", "low", lookback=lambda window_bars: window_bars)
def aroon(high: FloatArray, low: FloatArray, window_bars: int = 25) -> Aroon:
    """Return how recent the highest high and the lowest low are, 100 (this bar) to 0 (`window_bars` own bars ago).

    The window holds `window_bars` + 1 bars; of equal extremes the latest counts.
    Source: T. Chande, A Time Price Oscillator, Stocks & Commodities 13:9 (1995).
    """
    check_window("window_bars", window_bars, 2)
    down, up = on_talib("AROON", high, low, outputs=2, timeperiod=window_bars)
    return Aroon(up, down)


@indicator("high", "low", lookback=lambda acceleration, maximum: 1)
def parabolic_sar(high: FloatArray, low: FloatArray, acceleration: float = 0.02, maximum: float = 0.2) -> FloatArray:
    """Return Wilder's parabolic stop and reverse: the stop that holds on this bar, in price units.

    The stop moves by a factor times its distance from the extreme of the move, a factor that starts at
    `acceleration` and grows by it with every new extreme up to `maximum`; it never enters the range of
    the last two bars. When a bar reaches it, the side turns on that bar, and the new stop is the extreme.
    It begins down when the second bar's low fell by more than its high rose, else up.
    Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), section II.
    """
    check_positive("acceleration", acceleration)
    if acceleration > maximum:  # TA-Lib would lower it without a word
        raise UsageError(f"acceleration must be at most maximum; found {acceleration} and {maximum}")
    return on_talib("SAR", high, low, acceleration=acceleration, maximum=maximum)[0]


@indicator("close", lookback=lambda window_bars: window_bars)
def kama(close: FloatArray, window_bars: int = 10) -> FloatArray:
    """Return Kaufman's adaptive average: fast where the efficiency ratio is high, slow where it is low.

    previous + c (close - previous), c = (ratio x (2/3 - 2/31) + 2/31) squared; it starts from the close
    of the bar before its first, and the ratio counts as 1 where nothing moved.
    Source: P. Kaufman, Trading Systems and Methods (5th ed., 2013), ch. 17.
    """
    check_window("window_bars", window_bars, 2)
    return on_talib("KAMA", close, timeperiod=window_bars)[0]


@indicator("close", lookback=lambda window_bars: window_bars - 1)
def wma(close: FloatArray, window_bars: int) -> FloatArray:
    """Return the linearly weighted average: weight `window_bars` on this bar, 1 on the oldest of the window."""
    check_window("window_bars", window_bars, 1)
    return on_talib("WMA", close, timeperiod=window_bars)[0]


@indicator("close", lookback=lambda window_bars: window_bars)
def efficiency_ratio(close: FloatArray, window_bars: int = 10) -> FloatArray:
    """Return Kaufman's efficiency ratio in [0, 1]: the way gone over the distance walked; NaN where nothing moved.

    |close - close `window_bars` own bars ago| / the sum of the absolute changes between them.
    Source: P. Kaufman, Trading Systems and Methods (5th ed., 2013), ch. 17.
    """
    check_window("window_bars", window_bars, 1)

    def series(closes: FloatArray) -> tuple[FloatArray]:
        ratio = np.full(len(closes), np.nan)
        walked = window_sums(np.abs(np.diff(closes)), window_bars)[window_bars - 1 :]
        gone = np.abs(closes[window_bars:] - closes[:-window_bars])
        ratio[window_bars:] = np.minimum(quotient(gone, walked), 1.0)  # rounding may pass 1
        return (ratio,)

    return on_own_bars(series, close)[0]


@indicator("close", lookback=lambda window_bars: window_bars - 1)
def linear_slope(close: FloatArray, window_bars: int = 20) -> FloatArray:
    """Return the slope of the least-squares line through the last `window_bars` closes, in price units per bar."""
    check_window("window_bars", window_bars, 2)
    return on_talib("LINEARREG_SLOPE", close, timeperiod=window_bars)[0]


@indicator("high", "low", "close", lookback=lambda window_bars, multiple: window_bars)
def supertrend(
    high: FloatArray, low: FloatArray, close: FloatArray, window_bars: int = 10, multiple: float = 3.0
) -> SuperTrend:
    """Return SuperTrend: a stop `multiple` average true ranges from the middle of the bar, that only tightens.

    The lower band is (high + low) / 2 - multiple x `atr`, or what it was before if that is higher and
    the close before was not below it; the upper band likewise. The direction turns up when a close is
    above the upper band of its bar, down when it is below the lower one, and begins up where the first
    close is at or above the middle of its bar. The line is the lower band while up, the upper while down.
    Source: O. Seban's indicator as published by TradingView (ta.supertrend), which begins down.
    """
    check_window("window_bars", window_bars, 1)
    check_positive("multiple", multiple)

    def series(*bars: FloatArray) -> tuple[FloatArray, FloatArray]:
        width = multiple * talib_series("ATR", *bars, timeperiod=window_bars)[0]
        return _follow((bars[0] + bars[1]) / 2.0, width, bars[2], window_bars)

    return SuperTrend(*on_own_bars(series, high, low, close, outputs=2))


@indicator(
    "high",
    "low",
    "close",
    lookback=lambda conversion_bars, base_bars, span_bars: span_bars - 1 + base_bars,
)
def ichimoku(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    conversion_bars: int = 9,
    base_bars: int = 26,
    span_bars: int = 52,
) -> Ichimoku:
    """Return Ichimoku's lines, the cloud as it is drawn AT each bar: computed `base_bars` own bars before it.

    Each line is the middle of the highest high and lowest low of its window: conversion, base, and
    span b; span a is the middle of conversion and base. There is no lagging span, which would draw a
    later close at an earlier bar. Source: N. Elliott, Ichimoku Charts (2007).
    """
    check_window("conversion_bars", conversion_bars, 2)
    check_ascending(conversion_bars=conversion_bars, base_bars=base_bars, span_bars=span_bars)

    def series(top: FloatArray, bottom: FloatArray, _: FloatArray) -> tuple[FloatArray, ...]:
        conversion, base, far = (_middle(top, bottom, window) for window in (conversion_bars, base_bars, span_bars))
        lines = (conversion, base, _later((conversion + base) / 2.0, base_bars), _later(far, base_bars))
        for line in lines:
            line[: span_bars - 1 + base_bars] = np.nan  # all start together
        return lines

    return Ichimoku(*on_own_bars(series, high, low, close, outputs=4))


def _middle(high: FloatArray, low: FloatArray, window_bars: int) -> FloatArray:
    top = talib_series("MAX", high, timeperiod=window_bars)[0]
    bottom = talib_series("MIN", low, timeperiod=window_bars)[0]
    return (top + bottom) / 2.0


def _later(line: FloatArray, bars: int) -> FloatArray:
    """Return the line drawn `bars` own bars further on."""
    drawn = np.full(len(line), np.nan)
    drawn[bars:] = line[:-bars]
    return drawn


@compiled
def _follow(middle: FloatArray, width: FloatArray, close: FloatArray, start: int) -> tuple[FloatArray, FloatArray]:
    """Return SuperTrend's line and direction from bar `start` on."""
    bars = len(close)
    line, direction = np.full(bars, np.nan), np.full(bars, np.nan)
    if bars <= start:
        return line, direction
    upper, lower = middle[start] + width[start], middle[start] - width[start]
    side = 1.0 if close[start] >= middle[start] else -1.0
    for bar in range(start, bars):
        if bar > start:
            wide_upper, wide_lower = middle[bar] + width[bar], middle[bar] - width[bar]
            if wide_upper < upper or close[bar - 1] > upper:
                upper = wide_upper
            if wide_lower > lower or close[bar - 1] < lower:
                lower = wide_lower
            if side < 0 and close[bar] > upper:
                side = 1.0
            elif side > 0 and close[bar] < lower:
                side = -1.0
        line[bar] = lower if side > 0 else upper
        direction[bar] = side
    return line, direction
