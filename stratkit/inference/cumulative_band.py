"""`CumulativeBand`: the sum of differences so far, and where it would lie if the arms earned the same on average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from stratkit.panel import FloatArray


@dataclass(frozen=True)
class CumulativeBand:
    """`total` (n,) is the sum so far, +-`reach` (n,) the band around 0 at `level`, in the unit of the differences."""

    total: FloatArray
    reach: FloatArray
    level: float


def cumulative_band(difference: FloatArray, block: int, level: float = 0.95) -> CumulativeBand:
    """Return the running sum of differences and the normal band of sums whose mean is 0.

    `difference` (n,) is finite, per period. After t periods the reach is ``z s sqrt(t)``; ``s^2`` is the long-run
    variance by circular blocks: the mean square of all n sums of `block` neighbours around their mean, over `block`
    (Lahiri 2003, Resampling Methods for Dependent Data, section 2.5). The band holds at each single period, not at all
    at once: a sum that may be looked at whenever leaves it more often.

    >>> band = cumulative_band(np.array([1.0, -1.0, 1.0, -1.0]), 1)
    >>> band.total.tolist(), band.reach.round(2).tolist()
    ([1.0, 0.0, 1.0, 0.0], [1.96, 2.77, 3.39, 3.92])
    """
    n = len(difference)
    centred = difference - difference.mean()
    wrapped = np.concatenate(([0.0], np.cumsum(np.concatenate((centred, centred[: block - 1])))))
    sums = wrapped[block:] - wrapped[:-block]
    spread = math.sqrt(float(np.mean(sums**2)) / block)
    z = NormalDist().inv_cdf((1 + level) / 2)
    return CumulativeBand(np.cumsum(difference), z * spread * np.sqrt(np.arange(1, n + 1)), level)
