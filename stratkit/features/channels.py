"""Channels: prices around the middle that a market is judged by, and the average range in percent.

Panels (T, N), the own-bars rule and lookbacks as in `stratkit.features.indicators`.
"""

from __future__ import annotations

from typing import NamedTuple

from stratkit.features.on_talib import on_talib, talib_series
from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_positive, check_window
from stratkit.features.specs import indicator
from stratkit.panel import FloatArray


class Channel(NamedTuple):
    """Middle, upper and lower line; price units."""

    mid: FloatArray
    upper: FloatArray
    lower: FloatArray


@indicator("high", "low", "close", lookback=lambda window_bars, atr_bars, multiple: max(window_bars - 1, atr_bars))
def keltner(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    window_bars: int = 20,
    atr_bars: int = 10,
    multiple: float = 2.0,
) -> Channel:
    """Return Keltner channels: the exponential average of the close plus and minus `multiple` average true ranges.

    Averages are those of `ema` and `atr`; C. Keltner, How to Make Money in Commodities (1960), took
    simple ones over 10 bars. Source: L. B. Raschke's form, as in ChartSchool, Keltner Channels.
    """
    check_window("window_bars", window_bars, 1)
    check_window("atr_bars", atr_bars, 1)
    check_positive("multiple", multiple)

    def series(*bars: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        middle = talib_series("EMA", bars[2], timeperiod=window_bars)[0]
        width = multiple * talib_series("ATR", *bars, timeperiod=atr_bars)[0]
        return middle + 0.0 * width, middle + width, middle - width  # 0 x NaN: all start together

    return Channel(*on_own_bars(series, high, low, close, outputs=3))


@indicator("high", "low", lookback=lambda window_bars: window_bars - 1)
def donchian(high: FloatArray, low: FloatArray, window_bars: int = 20) -> Channel:
    """Return the highest high and lowest low of the last `window_bars` own bars, and the middle of the two.

    This bar is in the window, so a close cannot be outside: to trade a breakout, compare it with
    `lag(upper)`. Source: R. Donchian's rule, as in C. Faith, Way of the Turtle (2007).
    """
    check_window("window_bars", window_bars, 2)

    def series(*bars: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        upper = talib_series("MAX", bars[0], timeperiod=window_bars)[0]
        lower = talib_series("MIN", bars[1], timeperiod=window_bars)[0]
        return (upper + lower) / 2.0, upper, lower

    return Channel(*on_own_bars(series, high, low, outputs=3))


@indicator("high", "low", "close", lookback=lambda window_bars: window_bars)
def natr(high: FloatArray, low: FloatArray, close: FloatArray, window_bars: int = 14) -> FloatArray:
    """Return the average true range in percent of the close: `atr` that can be compared between symbols.

    Source: J. Forman, Cross-Market Evaluations With Normalized Average True Range, Stocks & Commodities 24:5 (2006).
    """
    check_window("window_bars", window_bars, 1)
    return on_talib("NATR", high, low, close, timeperiod=window_bars)[0]
