"""`close_location`: where in its range a bar closed, from -1 at its low to +1 at its high."""

from __future__ import annotations

import numpy as np

from stratkit.panel import FloatArray


def close_location(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Return ((close - low) - (high - close)) / (high - low), a number from -1 to 1; 0 for a bar without a range.

    NaN where there is no bar. Source: the close location value behind M. Chaikin's accumulation line, as in
    S. B. Achelis, Technical Analysis from A to Z (2001).

    >>> close_location(np.array([[12.0], [12.0], [10.0]]), np.array([[8.0], [8.0], [10.0]]),
    ...                np.array([[12.0], [9.0], [10.0]])).ravel()
    array([ 1. , -0.5,  0. ])
    """
    width = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        location = ((close - low) - (high - close)) / width
    return np.where(width == 0, 0.0, np.clip(location, -1.0, 1.0))
