"""`window_sums`, `window_moments`, `quotient`: what indicators do to one series without holes.

A sum that runs on, adding what comes and subtracting what leaves, keeps the rounding of every large
value that it ever held and never returns to exactly 0. These do not run on: a value that has left the
window has left no trace, and a NaN is only in the windows that hold it.
"""

from __future__ import annotations

import numpy as np

from stratkit.compiled import compiled
from stratkit.panel import FloatArray


@compiled
def window_sums(values: FloatArray, window_bars: int) -> FloatArray:
    """Return (T,) the sum of the last `window_bars` values, NaN before there are as many.

    The series is cut into blocks of a window's length: every window is the end of one block and the
    beginning of the next, so two passes give every sum out of at most `window_bars` additions.
    """
    bars = len(values)
    sums = np.full(bars, np.nan)
    to_end = np.zeros(window_bars + 1)  # of the block before: the sum from each place to its end
    for start in range(0, bars, window_bars):
        stop = min(start + window_bars, bars)
        from_start = 0.0
        for bar in range(start, stop):
            from_start += values[bar]
            if bar >= window_bars - 1:
                sums[bar] = to_end[bar - start + 1] + from_start
        total = 0.0
        for bar in range(stop - 1, start - 1, -1):
            total += values[bar]
            to_end[bar - start] = total
    return sums


@compiled
def window_moments(values: FloatArray, window_bars: int) -> tuple[FloatArray, FloatArray]:
    """Return (T,) mean and population deviation of the last `window_bars` values, NaN before.

    Deviations are taken from the window's own mean, in a second look: the difference of two large
    sums of squares would leave nothing of a small deviation of large values. Of equal values it is 0.
    """
    bars = len(values)
    mean, deviation = np.full(bars, np.nan), np.full(bars, np.nan)
    for bar in range(window_bars - 1, bars):
        first = values[bar - window_bars + 1]
        shift = 0.0
        for place in range(bar - window_bars + 1, bar + 1):
            shift += values[place] - first
        shift /= window_bars
        squares = 0.0
        for place in range(bar - window_bars + 1, bar + 1):
            squares += (values[place] - first - shift) ** 2
        mean[bar] = first + shift
        deviation[bar] = np.sqrt(squares / window_bars)
    return mean, deviation


def quotient(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return numerator / denominator, NaN where the denominator is 0 or either is NaN.

    >>> quotient(np.array([6.0, 0.0]), np.array([3.0, 0.0]))
    array([ 2., nan])
    """
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result
