"""`Agreement`: how far two labellings of the same bars say the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import FloatArray, IntArray


@dataclass(frozen=True)
class Agreement:
    """Two labellings on the `bars` that both label.

    `equal` is the share of them on which both name the same state, once states are matched by volatility; it says
    little alone, for two labellings that know nothing of each other can have most bars in one state. `rand` is the
    adjusted Rand index, which needs no matching: 1 = the same up to names, 0 = what chance gives. NaN where undefined.
    """

    bars: int
    equal: float
    rand: float


def agreement(first: IntArray, second: IntArray, returns: FloatArray) -> Agreement:
    """Return how far labels (n,) of two methods agree, -1 = no label; `returns` (n,) measure the states' volatility."""
    if not len(first) == len(second) == len(returns):
        raise UsageError(
            f"labels of two methods must be of the same bars; found {len(first)}, {len(second)} and {len(returns)}"
        )
    both = (first >= 0) & (second >= 0)
    a, b, moved = first[both], second[both], returns[both]
    if not len(a):
        return Agreement(0, math.nan, math.nan)
    return Agreement(len(a), float((matched(a, b, moved) == b).mean()), adjusted_rand(a, b))


def matched(first: IntArray, second: IntArray, returns: FloatArray) -> IntArray:
    """Return `first` (n,) in the states of `second`, matched by the deviation of the `returns` (n,) in each.

    Where both show as many states, the calmest is the calmest, and so on up. Else each state is the one whose log
    deviation is nearest; a state of `first` in which nothing moved is the calmest.

    >>> matched(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), np.array([1.0, -1.0, 3.0, -3.0])).tolist()
    [1, 1, 0, 0]
    """
    mine, yours = np.unique(first), np.unique(second)
    wild, calm = (_deviations(labels, states, returns) for labels, states in ((first, mine), (second, yours)))
    if len(mine) == len(yours):
        pairs = np.empty_like(mine)
        pairs[np.argsort(wild, kind="stable")] = yours[np.argsort(calm, kind="stable")]
    else:
        pairs = yours[np.abs(np.log(wild)[:, None] - np.log(calm)[None, :]).argmin(axis=1)]
    return np.asarray(pairs[np.searchsorted(mine, first)])


def adjusted_rand(first: IntArray, second: IntArray) -> float:
    """Return the adjusted Rand index of two labellings (n,); NaN below two bars, 1 where both have one state only.

    Of the pairs of bars, those that both put together, less what is expected by chance, over the most that there could
    be less the same. Source: L. Hubert and P. Arabie, Journal of Classification 2 (1985) 193, eq. 5.

    >>> round(adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])), 4)
    0.5714
    """
    if len(first) < 2:
        return math.nan
    _, a = np.unique(first, return_inverse=True)
    _, b = np.unique(second, return_inverse=True)
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    together, in_first, in_second = (
        float((count * (count - 1) / 2).sum()) for count in (table, table.sum(axis=1), table.sum(axis=0))
    )
    chance = in_first * in_second / (len(a) * (len(a) - 1) / 2)
    most = (in_first + in_second) / 2
    return 1.0 if most == chance else (together - chance) / (most - chance)


def _deviations(labels: IntArray, states: IntArray, returns: FloatArray) -> FloatArray:
    """Return (R,) the root of the mean square of the returns in each state, at least the smallest number above 0."""
    squares = np.nan_to_num(returns) ** 2
    place = np.searchsorted(states, labels)
    mean = np.bincount(place, squares, len(states)) / np.bincount(place, minlength=len(states))
    return np.maximum(np.sqrt(mean), float(np.finfo(np.float64).tiny))
