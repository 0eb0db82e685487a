"""The order of a fit's states: by volatility at first, then as in the fit before, as long as their names stay true.

A fit numbers its states as it likes. Without an order that lasts, the label 1 of one quarter is label 0 of the next.
Where the fit before found states that differ in little but their means, what continues them may be calm under a wild
name: names that say what is not so are worse than one change of them.
"""

from __future__ import annotations

from itertools import combinations, permutations
from typing import Final

import numpy as np

from stratkit.panel import FloatArray, IntArray

# times as large as that of a state with a higher name: the error of a deviation from a year of days is 4 %
_CLEARLY: Final = 1.1
_STEPS = ("low", "medium", "high", "extreme", "utmost", "outermost")


def ordered_names(states: int, figure: str = "volatility") -> tuple[str, ...]:
    """Return the names of states that were ordered by a figure at the first fit.

    >>> ordered_names(2)
    ('low_volatility', 'high_volatility')
    """
    steps = ("low", "high") if states == 2 else _STEPS[:states]
    return tuple(f"{step}_{figure}" for step in steps)


def by_volatility(variances: FloatArray) -> IntArray:
    """Return (R,) the states in ascending order of variance."""
    return np.argsort(variances, kind="stable")


def as_before(
    means: FloatArray, variances: FloatArray, means_before: FloatArray, variances_before: FloatArray
) -> IntArray:
    """Return (R,) for each state of the fit before the state of this fit that continues it.

    Of all pairings the one with the least sum of squared distances: of means in standard deviations of the state
    before, and of log standard deviations.

    >>> as_before(np.zeros(2), np.array([4.1, 0.9]), np.zeros(2), np.array([1.0, 4.0])).tolist()
    [1, 0]
    """
    apart = (means[None, :] - means_before[:, None]) ** 2 / variances_before[:, None]
    apart = apart + (0.5 * np.log(variances[None, :] / variances_before[:, None])) ** 2
    return nearest(apart)


def are_out_of_order(deviations: FloatArray) -> bool:
    """Return whether of (R,) deviations, in the order of their names, one is clearly larger than a later one.

    >>> are_out_of_order(np.array([1.05, 1.0])), are_out_of_order(np.array([2.0, 1.0]))
    (False, True)
    """
    return any(float(earlier) > _CLEARLY * float(later) for earlier, later in combinations(deviations, 2))


def with_true_names(continued: IntArray, deviations: FloatArray) -> tuple[IntArray, bool]:
    """Return an order (R,) of states, and whether it is another one than that of the states which they continue.

    `deviations` (R,) are those of the states as the fit numbers them. Where one that is `continued` would have clearly
    more than one whose name says more, states go by their deviations again.

    >>> with_true_names(np.array([0, 1]), np.array([2.0, 1.0]))
    (array([1, 0]), True)
    """
    if are_out_of_order(deviations[continued]):
        return by_volatility(deviations), True
    return continued, False


def nearest(apart: FloatArray) -> IntArray:
    """Return (R,) for each row the column that is its own, with the least sum of `apart` (R, R) over all pairings."""
    rows = np.arange(len(apart))
    pairings = np.array(list(permutations(rows)))  # six states have 720
    return np.asarray(pairings[apart[rows, pairings].sum(axis=1).argmin()])
