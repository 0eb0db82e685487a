"""`expanding_rank`: how a value stands among all values before it, from 0 (the lowest) to 1 (the highest)."""

from __future__ import annotations

import numpy as np

from stratkit.compiled import compiled
from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_window
from stratkit.panel import FloatArray, IntArray


def expanding_rank(values: FloatArray, least_bars: int) -> FloatArray:
    """Return (T, N) the fraction of all own values before t that lie below the one at t; equal ones count half.

    A rank above q is a value above the q quantile, linearly interpolated, of the values up to and including it. NaN
    as long as there are fewer than `least_bars` values, this one included.

    >>> expanding_rank(np.array([[1.0], [2.0], [3.0], [2.0], [0.0]]), 2).ravel()
    array([nan, 1. , 1. , 0.5, 0. ])
    """
    check_window("least_bars", least_bars, 2)

    def series(own: FloatArray) -> tuple[FloatArray]:
        # where each value stands among all, later ones too, only names its place in the count of those that were
        place = np.unique(own, return_inverse=True)[1].astype(np.int64)
        return (_ranks(place, least_bars),)

    return on_own_bars(series, values)[0]


@compiled
def _ranks(place: IntArray, least_bars: int) -> FloatArray:
    bars = len(place)
    ranks = np.full(bars, np.nan)
    counts = np.zeros(bars + 1, np.int64)  # a Fenwick tree: sums over places are read and changed in log(T) steps
    for bar in range(bars):
        if bar + 1 >= least_bars:
            below, up_to = _sum(counts, place[bar]), _sum(counts, place[bar] + 1)
            ranks[bar] = (below + up_to) / (2.0 * bar)
        node = place[bar] + 1
        while node <= bars:
            counts[node] += 1
            node += node & -node
    return ranks


@compiled
def _sum(counts: IntArray, places: int) -> int:
    total = 0
    while places > 0:
        total += counts[places]
        places -= places & -places
    return total
