"""`volume_profile`: at which prices the volume of the recent bars was traded."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from stratkit.compiled import compiled, inner
from stratkit.errors import UsageError
from stratkit.features.on_talib import talib_series
from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_window
from stratkit.features.specs import indicator
from stratkit.panel import FloatArray

# Bars enter and leave the bins, until the range of the window changes or one of these makes them be
# filled anew. What rounding then can leave behind, 2 x STEPS x 1e-16 / FADED of the volume, is below EQUAL.
_STEPS: Final = 256
_FADED: Final = 1e-4  # of the largest volume since the bins were filled
_EQUAL: Final = 1e-9  # of the window's volume: bins that differ by less are equally full


class VolumeProfile(NamedTuple):
    """The price with most volume, and the edges of the value area; price units."""

    point_of_control: FloatArray
    value_low: FloatArray
    value_high: FloatArray


@indicator("high", "low", "close", "volume", lookback=lambda window_bars, bins, value_share: window_bars - 1)
def volume_profile(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    window_bars: int = 200,
    bins: int = 24,
    value_share: float = 0.70,
) -> VolumeProfile:
    """Return where the volume of the last `window_bars` own bars was traded: its fullest price, and its value area.

    The range from the window's lowest low to its highest high is cut into `bins` of width w; a price p
    is in bin floor((p - lowest low) / w), the highest high in the last. The volume of each bar is
    spread evenly over the bins from that of its low to that of its high.

    Point of control: the middle of the fullest bin; of equally full ones that nearest to the middle of
    the range, and of two as near the lower. Value area: that bin, and then always the fuller of the two
    bins next to the area, the lower one of equals, until it holds `value_share` of the volume; from the
    lower edge of its lowest bin to the upper edge of its highest. Bins whose volumes differ by less than
    a billionth of the window's are equally full. All three are that price where the window has only one,
    and NaN where it has no volume. A bar of unknown volume is no bar.
    Source: J. P. Steidlmayer's Market Profile (CBOT, 1985), with volume in place of time.
    """
    check_window("window_bars", window_bars, 2)
    check_window("bins", bins, 1)
    if not 0 < value_share <= 1:
        raise UsageError(f"value_share must be above 0 and at most 1; found {value_share}")

    def series(top: FloatArray, bottom: FloatArray, _: FloatArray, traded: FloatArray) -> tuple[FloatArray, ...]:
        highest = talib_series("MAX", top, timeperiod=window_bars)[0]
        lowest = talib_series("MIN", bottom, timeperiod=window_bars)[0]
        return _profiles(top, bottom, traded, highest, lowest, window_bars, bins, value_share)

    return VolumeProfile(*on_own_bars(series, high, low, close, volume, outputs=3))


@compiled
def _profiles(
    high: FloatArray,
    low: FloatArray,
    volume: FloatArray,
    highest: FloatArray,
    lowest: FloatArray,
    window_bars: int,
    bins: int,
    value_share: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    bars = len(high)
    control, value_low, value_high = np.full(bars, np.nan), np.full(bars, np.nan), np.full(bars, np.nan)
    held = np.zeros(bins)
    filled, most = -_STEPS, 0.0
    total = 0.0
    for bar in range(window_bars - 1, bars):
        bottom, width = lowest[bar], (highest[bar] - lowest[bar]) / bins
        same = bar > window_bars - 1 and bottom == lowest[bar - 1] and highest[bar] == highest[bar - 1]
        if same and bar - filled < _STEPS:
            _spread(held, high[bar], low[bar], volume[bar], bottom, width)
            gone = bar - window_bars
            _spread(held, high[gone], low[gone], -volume[gone], bottom, width)
            total = held.sum()
            most = max(most, total)
        if not same or bar - filled >= _STEPS or total < _FADED * most:
            held[:] = 0.0
            for place in range(bar - window_bars + 1, bar + 1):
                _spread(held, high[place], low[place], volume[place], bottom, width)
            total = held.sum()
            filled, most = bar, total
        if total > 0:
            fullest = _fullest(held, _EQUAL * total)
            first, last = _value_area(held, fullest, value_share * total, _EQUAL * total)
            control[bar] = bottom + (fullest + 0.5) * width
            value_low[bar] = bottom + first * width
            value_high[bar] = bottom + (last + 1) * width
    return control, value_low, value_high


@inner
def _spread(held: FloatArray, high: float, low: float, volume: float, bottom: float, width: float) -> None:
    """Add a bar's volume to the bins from that of its low to that of its high."""
    top = len(held) - 1
    first = min(int((low - bottom) / width), top) if width > 0 else 0
    last = min(int((high - bottom) / width), top) if width > 0 else 0
    share = volume / (last - first + 1)
    for place in range(first, last + 1):
        held[place] += share


@inner
def _fullest(held: FloatArray, equal: float) -> int:
    """Return the fullest bin; of equals the one nearest to the middle, then the lower."""
    bins, most = len(held), held[0]
    for place in range(1, bins):
        most = max(most, held[place])
    found, distance = 0, 2 * bins
    for place in range(bins):
        away = abs(2 * place + 1 - bins)
        if held[place] >= most - equal and away < distance:
            found, distance = place, away
    return found


@inner
def _value_area(held: FloatArray, fullest: int, wanted: float, equal: float) -> tuple[int, int]:
    """Return the first and last bin of the area grown from the fullest bin until it holds `wanted`."""
    first, last, inside = fullest, fullest, held[fullest]
    while inside < wanted - equal and (first > 0 or last < len(held) - 1):
        below = held[first - 1] if first > 0 else -np.inf
        above = held[last + 1] if last < len(held) - 1 else -np.inf
        if below >= above - equal:
            first -= 1
            inside += below
        else:
            last += 1
            inside += above
    return first, last
