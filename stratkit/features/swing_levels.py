"""`swing_levels`: support and resistance from past swing points, each known only some bars after it was made."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stratkit.compiled import compiled
from stratkit.errors import UsageError
from stratkit.features.indicators import atr
from stratkit.features.own_bars import on_own_bars
from stratkit.panel import FloatArray


class SwingLevels(NamedTuple):
    """The nearest level below the close and the nearest above it, in price units, and how often each was touched."""

    support: FloatArray
    resistance: FloatArray
    support_touches: FloatArray
    resistance_touches: FloatArray


def swing_levels(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    confirm_bars: int = 3,
    window_bars: int = 120,
    zone_atr: float = 0.5,
    atr_bars: int = 14,
) -> SwingLevels:
    """Return the nearest swing levels on both sides of the close, from the swing points of the last `window_bars`.

    A swing high is a high above the `confirm_bars` highs before it and not below the `confirm_bars` after it: it is
    known, and used, only from its last confirming bar on. Swing lows are the mirror. Every swing point is a level,
    whichever side it came from: a broken resistance is a support. The touches of a level are the swing points within
    `zone_atr` x ATR of it, itself included. NaN before the window is full, where there is no bar, and on a side
    that has no level. Raises `UsageError` for windows that make no sense.
    Source: the trading range and the tests of its edges in R. D. Edwards, J. Magee, Technical Analysis of Stock
    Trends (1948), on support and resistance; the confirmation by bars on both sides is that of fractals.
    """
    if confirm_bars < 1 or window_bars <= 2 * confirm_bars or zone_atr < 0:
        raise UsageError(
            "confirm_bars must be 1 or more, window_bars above twice as many, zone_atr 0 or more; "
            f"found {confirm_bars}, {window_bars}, {zone_atr:g}"
        )
    zone = zone_atr * atr(high, low, close, atr_bars)

    def levels(highs: FloatArray, lows: FloatArray, closes: FloatArray, zones: FloatArray) -> tuple[FloatArray, ...]:
        return tuple(_levels(highs, lows, closes, zones, confirm_bars, window_bars, max(window_bars, atr_bars)))

    known = np.where(np.isnan(zone), 0.0, zone)  # a bar without an ATR is a bar all the same; it lies before the window
    return SwingLevels(*on_own_bars(levels, high, low, close, known, outputs=4))


@compiled
def _levels(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    zone: FloatArray,
    confirm_bars: int,
    window_bars: int,
    first: int,
) -> FloatArray:
    """Return (4, T): support, resistance, and the touches of each."""
    bars = len(close)
    levels = np.full((4, bars), np.nan)
    price, known_from = _swing_points(high, low, confirm_bars)
    oldest = newest = 0
    for bar in range(first, bars):
        while newest < len(price) and known_from[newest] <= bar:
            newest += 1
        while oldest < newest and known_from[oldest] - confirm_bars < bar - window_bars:
            oldest += 1
        for point in range(oldest, newest):
            if price[point] < close[bar] and not price[point] <= levels[0, bar]:
                levels[0, bar] = price[point]
            elif price[point] > close[bar] and not price[point] >= levels[1, bar]:
                levels[1, bar] = price[point]
        for side in range(2):
            touches = 0
            for point in range(oldest, newest):
                if abs(price[point] - levels[side, bar]) <= zone[bar]:
                    touches += 1
            if touches > 0:
                levels[2 + side, bar] = touches
    return levels


@compiled
def _swing_points(high: FloatArray, low: FloatArray, confirm_bars: int) -> tuple[FloatArray, FloatArray]:
    """Return the prices of all swing points and the bars from which each is known, in the order of those bars."""
    most = 2 * len(high)
    price, known_from = np.empty(most), np.empty(most)
    count = 0
    for bar in range(2 * confirm_bars, len(high)):
        middle = bar - confirm_bars
        is_high = is_low = True
        for step in range(1, confirm_bars + 1):
            is_high &= high[middle - step] < high[middle] and high[middle + step] <= high[middle]
            is_low &= low[middle - step] > low[middle] and low[middle + step] >= low[middle]
        if is_high:
            price[count], known_from[count] = high[middle], bar
            count += 1
        if is_low:
            price[count], known_from[count] = low[middle], bar
            count += 1
    return price[:count], known_from[:count]
