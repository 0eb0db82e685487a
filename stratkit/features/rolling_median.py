"""`rolling_median`: the middle of the recent values, which one odd value does not move."""

from __future__ import annotations

import numpy as np

from stratkit.compiled import compiled
from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_window
from stratkit.panel import FloatArray


def rolling_median(values: FloatArray, window_bars: int) -> FloatArray:
    """Return (T, N) the median of the last `window_bars` own values, this one included; NaN before there are as many.

    >>> rolling_median(np.array([[1.0], [9.0], [2.0], [4.0]]), 3).ravel()
    array([nan, nan,  2.,  4.])
    """
    check_window("window_bars", window_bars, 1)
    return on_own_bars(lambda series: (_medians(series, window_bars),), values)[0]


@compiled
def _medians(series: FloatArray, window_bars: int) -> FloatArray:
    medians = np.full(len(series), np.nan)
    ordered = np.zeros(window_bars + 1)
    held = 0
    for bar in range(len(series)):
        place = held
        while place > 0 and ordered[place - 1] > series[bar]:
            ordered[place] = ordered[place - 1]
            place -= 1
        ordered[place] = series[bar]
        held += 1
        if held > window_bars:
            for place in range(np.searchsorted(ordered[:held], series[bar - window_bars]), held - 1):
                ordered[place] = ordered[place + 1]
            held -= 1
        if held == window_bars:
            medians[bar] = (ordered[(held - 1) // 2] + ordered[held // 2]) / 2.0
    return medians
