"""`rank_correlation`: whether one figure tends to rise with another one, by their ranks."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from stratkit.inference.interval import Interval
from stratkit.inference.midranks import midranks
from stratkit.panel import FloatArray

_METHOD: Final = "Spearman, Bonett-Wright"
FEWEST: Final = 10  # pairs: below, the interval reaches from -1 to 1


def rank_correlation(first: FloatArray, second: FloatArray, level: float = 0.95) -> Interval:
    """Return Spearman's correlation of K pairs with its interval; ties share the mean of their ranks.

    The interval is tanh(atanh(r) +- z sqrt((1 + r^2 / 2) / (n - 3))) (D. Bonett, T. Wright, Psychometrika 65 (2000),
    p. 24); it counts the pairs as independent. NaN with fewer than 10 pairs, or where one of the two does not vary.

    >>> steps = np.arange(12.0)
    >>> rank_correlation(steps, steps**3).estimate
    1.0
    """
    n = len(first)
    if n < FEWEST:
        return _undefined(level, f"at least {FEWEST} pairs are needed; there are {n}")
    (one, _), (other, _) = midranks(first), midranks(second)
    if one.min() == one.max() or other.min() == other.max():
        return _undefined(level, "one of the two figures does not vary")
    found = float(np.corrcoef(one, other)[0, 1])
    held = min(max(found, -1.0), 1.0)
    if abs(held) > 1.0 - 1e-12:  # a rounding away from a perfect order, whose interval is a point
        return Interval(math.copysign(1.0, held), held, held, level, _METHOD)
    reach = NormalDist().inv_cdf(0.5 + level / 2.0) * math.sqrt((1.0 + held * held / 2.0) / (n - 3))
    low, high = (math.tanh(math.atanh(held) + sign * reach) for sign in (-1.0, 1.0))
    return Interval(held, low, high, level, _METHOD)


def _undefined(level: float, reason: str) -> Interval:
    return Interval(math.nan, math.nan, math.nan, level, _METHOD, reason)
