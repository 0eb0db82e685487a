"""`Labels`: what followed each bar, and the bar on which that became known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratkit.features.settings import Target
from stratkit.panel import FloatArray, IntArray


@dataclass(frozen=True)
class Labels:
    """The return that followed each bar, as a target.

    `values` (T, N) float64, NaN where there is no bar or the return has not ended; `known_bar` (T, N) int64 is the
    bar at whose close it ended, T where it has not. A fit at bar r may use labels with ``known_bar <= r``
    and no other: this is the purge.
    """

    values: FloatArray
    known_bar: IntArray


def forward_labels(close: FloatArray, horizon_bars: int, target: Target) -> Labels:
    """Return the labels of the return over the next `horizon_bars` own bars of each symbol.

    ``sign``: 1 above zero, else 0; ``return``: the simple return, a fraction; ``size``: its absolute value.

    >>> forward_labels(np.array([[1.0], [np.nan], [2.0], [1.0]]), 1, "return").values.ravel()
    array([ 1. ,  nan, -0.5,  nan])
    """
    bars, symbols = close.shape
    values = np.full((bars, symbols), np.nan)
    known_bar = np.full((bars, symbols), bars, dtype=np.int64)
    for column in range(symbols):
        own = np.flatnonzero(np.isfinite(close[:, column]))
        start, end = own[:-horizon_bars], own[horizon_bars:]
        values[start, column] = close[end, column] / close[start, column] - 1.0
        known_bar[start, column] = end
    if target == "sign":
        values = np.where(np.isnan(values), np.nan, (values > 0).astype(np.float64))
    elif target == "size":
        values = np.abs(values)
    return Labels(values, known_bar)
