"""`shocks`: how large a change is beside the changes before it, in deviations."""

from __future__ import annotations

import numpy as np

from stratkit.compiled import compiled
from stratkit.errors import UsageError
from stratkit.features.own_bars import on_own_bars
from stratkit.features.specs import indicator
from stratkit.panel import FloatArray


@indicator("close", lookback=lambda change_bars, window_bars: change_bars + window_bars)
def shocks(values: FloatArray, change_bars: int = 1, window_bars: int = 60) -> FloatArray:
    """Return the change over `change_bars` own bars, divided by the root mean square of the `window_bars` before it.

    Those are the changes over as many bars that ended on the `window_bars` own bars before this one: a shock takes no
    part in its own yardstick. Deviations are counted from 0, not from a mean. NaN before both windows are full, and
    where nothing had changed at all. Raises `UsageError` for windows below 1 and 2 bars.

    >>> shocks(np.array([[0.0], [3.0], [-1.0], [9.0]]), 1, 2).ravel().round(3)
    array([  nan,   nan,   nan, 2.828])
    """
    if change_bars < 1 or window_bars < 2:
        raise UsageError(
            f"change_bars must be 1 or more and window_bars 2 or more; found {change_bars!r} and {window_bars!r}"
        )
    return on_own_bars(lambda series: (_shocks(series, change_bars, window_bars),), values)[0]


@compiled
def _shocks(series: FloatArray, change_bars: int, window_bars: int) -> FloatArray:
    found = np.full(len(series), np.nan)
    for bar in range(change_bars + window_bars, len(series)):
        squares = 0.0
        for earlier in range(bar - window_bars, bar):
            squares += (series[earlier] - series[earlier - change_bars]) ** 2
        if squares > 0.0:
            found[bar] = (series[bar] - series[bar - change_bars]) / np.sqrt(squares / window_bars)
    return found
