"""`rolling_rank`: how a value stands among the values before it, from 0 (the lowest) to 1 (the highest)."""

from __future__ import annotations

import numpy as np

from stratkit.compiled import compiled
from stratkit.errors import UsageError
from stratkit.features.own_bars import on_own_bars
from stratkit.features.specs import indicator
from stratkit.panel import FloatArray


@indicator("close", lookback=lambda window_bars: window_bars)
def rolling_rank(values: FloatArray, window_bars: int) -> FloatArray:
    """Return the fraction of the `window_bars` own values before t that lie below the one at t; equal ones count half.

    Against a threshold q this is the causal quantile: a rank of at least q means "at or above the q quantile of the
    window before", and the value itself takes no part in its own yardstick. NaN before the window is full.
    Raises `UsageError` for a window below 2 bars.

    >>> rolling_rank(np.array([[1.0], [2.0], [3.0], [2.0], [0.0]]), 2).ravel()
    array([ nan,  nan, 1.  , 0.25, 0.  ])
    """
    if window_bars < 2:
        raise UsageError(f"window_bars must be a whole number of bars from 2 up; found {window_bars!r}")
    return on_own_bars(lambda series: (_ranks(series, window_bars),), values)[0]


@compiled
def _ranks(series: FloatArray, window_bars: int) -> FloatArray:
    ranks = np.full(len(series), np.nan)
    for bar in range(window_bars, len(series)):
        below = 0.0
        for earlier in range(bar - window_bars, bar):
            if series[earlier] < series[bar]:
                below += 1.0
            elif series[earlier] == series[bar]:
                below += 0.5
        ranks[bar] = below / window_bars
    return ranks
