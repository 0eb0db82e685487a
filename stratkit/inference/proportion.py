"""`wilson_interval`: where a share lies of which some successes out of n were seen."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

from stratkit.inference.interval import Interval

_METHOD: Final = "Wilson score"


def wilson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    """Return the score interval of a share (E. B. Wilson, JASA 22 (1927), p. 209); NaN without an observation.

    (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), with p = successes / n. It stays within
    [0, 1] and says something of shares of 0 and 1 too. It counts the n observations as independent.

    >>> one = wilson_interval(1, 1)
    >>> round(one.low, 4), one.high
    (0.2065, 1.0)
    """
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, level, _METHOD, "there is no observation")
    share, z = successes / n, NormalDist().inv_cdf(0.5 + level / 2.0)
    middle = share + z * z / (2.0 * n)
    reach = z * math.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    low, high = ((middle + sign * reach) / (1.0 + z * z / n) for sign in (-1.0, 1.0))
    # at the ends the formula gives 0 and 1, and rounding something beside them
    return Interval(share, 0.0 if successes == 0 else low, 1.0 if successes == n else high, level, _METHOD)
