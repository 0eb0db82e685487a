"""Bounds for a comparison that is looked at a few times, at shares of a horizon that was planned before.

`times` (K,) are the shares of the planned periods at each look, rising to 1 at most; a bound is what the z statistic of
all data so far must exceed. Chances are computed and not drawn: the recursion of P. Armitage, C. K. McPherson, B. C.
Rowe, Journal of the Royal Statistical Society A 132 (1969), by Gauss-Legendre quadrature.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.comparison import Alternative
from stratkit.inference.power import critical_z
from stratkit.panel import FloatArray

_FAR: Final = 9.0  # standard deviations beyond which no probability is left to integrate
_HIGHEST: Final = 40.0  # no z statistic is higher: the search for a bound begins here
_HALVINGS: Final = 60  # of that range leave less than a rounding error


def crossing(
    times: FloatArray, bounds: FloatArray, drift: float = 0.0, alternative: Alternative = "two-sided"
) -> FloatArray:
    """Return (K,) how likely a bound has been crossed by each look; `drift` is the mean of z at time 1, 0 = no effect.

    >>> thrice = np.array([1.0, 2.0, 3.0]) / 3
    >>> crossing(thrice, np.full(3, 1.96)).round(3).tolist()
    [0.05, 0.083, 0.107]
    """
    path = _Path(_checked(times), drift, alternative)
    chances = []
    for bound in bounds:
        chances.append(path.beyond(float(bound)))
        path.go_on(float(bound))
    return np.cumsum(chances)


def spending_bounds(times: FloatArray, spent: FloatArray, alternative: Alternative = "two-sided") -> FloatArray:
    """Return (K,) bounds that use up the error `spent` (K,), the chance of any false alarm by each look.

    A look that may spend nothing has an infinite bound. With `obrien_fleming_spending` these are the bounds of K. K. G.
    Lan, D. L. DeMets, Biometrika 70 (1983); looks need not be planned, only the horizon.

    >>> fifths = np.arange(1, 6) / 5
    >>> spending_bounds(fifths, obrien_fleming_spending(fifths)).round(2).tolist()
    [4.88, 3.36, 2.68, 2.29, 2.03]
    """
    path = _Path(_checked(times), 0.0, alternative)
    allowed = np.diff(spent, prepend=0.0)
    if len(spent) != len(times) or not np.all(allowed >= 0) or not 0 < spent[-1] < 1:
        raise UsageError(f"the error spent must rise from look to look and stay below 1; found {spent}")
    bounds = np.empty(len(times))
    for look, budget in enumerate(allowed):
        bounds[look] = _solved(path.beyond, float(budget))
        path.go_on(float(bounds[look]))
    return bounds


def obrien_fleming_spending(
    times: FloatArray, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> FloatArray:
    """Return (K,) the error spent by each look, next to nothing early: each tail ``2 (1 - Phi(z/sqrt(t)))``.

    z is the normal quantile of 1 less half the tail's error. Source: Lan and DeMets (1983), alpha 1.

    >>> obrien_fleming_spending(np.array([0.5, 1.0])).round(4).tolist()
    [0.0031, 0.05]
    """
    from scipy.special import ndtr  # a tenth of a second to import

    tails = 2 if alternative == "two-sided" else 1
    return np.asarray(tails * 2 * ndtr(-critical_z(alpha / tails) / np.sqrt(_checked(times))))


def pocock_spending(times: FloatArray, alpha: float = 0.05) -> FloatArray:
    """Return (K,) the error spent by each look, early ones as readily as late ones: ``alpha log(1 + (e - 1) t)``.

    Source: Lan and DeMets (1983), alpha 2.

    >>> pocock_spending(np.array([0.5, 1.0])).round(3).tolist()
    [0.031, 0.05]
    """
    critical_z(alpha)  # refuses what is no level
    return np.asarray(alpha * np.log1p((math.e - 1) * _checked(times)))


def pocock_bounds(times: FloatArray, alpha: float = 0.05, alternative: Alternative = "two-sided") -> FloatArray:
    """Return (K,) one and the same bound for every look. Source: S. J. Pocock, Biometrika 64 (1977).

    >>> pocock_bounds(np.arange(1, 6) / 5).round(2).tolist()
    [2.41, 2.41, 2.41, 2.41, 2.41]
    """
    return _of_shape(times, np.ones(len(times)), alpha, alternative)


def obrien_fleming_bounds(times: FloatArray, alpha: float = 0.05, alternative: Alternative = "two-sided") -> FloatArray:
    """Return (K,) bounds ``C / sqrt(t)``, very high early. Source: P. C. O'Brien, T. R. Fleming, Biometrics 35 (1979).

    >>> obrien_fleming_bounds(np.arange(1, 6) / 5).round(2).tolist()
    [4.56, 3.23, 2.63, 2.28, 2.04]
    """
    return _of_shape(times, 1 / np.sqrt(_checked(times)), alpha, alternative)


def _of_shape(times: FloatArray, shape: FloatArray, alpha: float, alternative: Alternative) -> FloatArray:
    """Return the multiple of `shape` that is crossed with the chance `alpha` by the last look."""
    critical_z(alpha)  # refuses what is no level
    constant = _solved(lambda factor: float(crossing(times, factor * shape, 0.0, alternative)[-1]), alpha)
    return np.asarray(constant * shape)


def _solved(chance: Callable[[float], float], wanted: float) -> float:
    """Return where a falling `chance` is `wanted`; infinity when it is lower than any bound can make it."""
    if wanted <= chance(_HIGHEST):
        return math.inf
    low, high = 0.0, _HIGHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) > wanted else (low, middle)
    return (low + high) / 2


class _Path:
    """A Brownian path that has crossed no bound yet: where it may be, as points with their probabilities."""

    def __init__(self, times: FloatArray, drift: float, alternative: Alternative) -> None:
        self.times, self.drift, self.both = times, drift, alternative == "two-sided"
        self.steps = np.diff(times, prepend=0.0)
        self.look = 0
        self.place, self.mass = np.zeros(1), np.ones(1)

    def beyond(self, bound: float) -> float:
        """Return how likely the path crosses `bound` at this look and did not before."""
        from scipy.special import ndtr  # a tenth of a second to import

        edge, root = bound * math.sqrt(self.times[self.look]), math.sqrt(self.steps[self.look])
        mean = self.place + self.drift * self.steps[self.look]
        over = ndtr((mean - edge) / root)
        return float(self.mass @ (over + ndtr((-edge - mean) / root) if self.both else over))

    def go_on(self, bound: float) -> None:
        """Move to the next look, on paths that stayed within `bound` at this one."""
        time, step = self.times[self.look], self.steps[self.look]
        far = _FAR * math.sqrt(time)
        low, high = self.drift * time - far, self.drift * time + far
        high = min(high, bound * math.sqrt(time))
        low = max(low, -bound * math.sqrt(time)) if self.both else low
        self.look += 1
        if self.look == len(self.times):
            return
        narrow = math.sqrt(min(step, self.steps[self.look]))
        nodes, weights = _quadrature(48 + 16 * math.ceil(max(high - low, 0.0) / narrow / 4))
        place = (low + high) / 2 + (high - low) / 2 * nodes
        away = (place[:, None] - self.place - self.drift * step) ** 2 / (2 * step)
        density = np.exp(-away) @ self.mass / math.sqrt(2 * math.pi * step)
        self.place, self.mass = place, (high - low) / 2 * weights * density


@cache
def _quadrature(points: int) -> tuple[FloatArray, FloatArray]:
    """Return Gauss and Legendre's nodes and weights on -1 to 1; kept, for they take longer than the integral."""
    return np.polynomial.legendre.leggauss(points)


def _checked(times: FloatArray) -> FloatArray:
    times = np.asarray(times, dtype=np.float64)
    if times.ndim != 1 or not len(times) or not np.all(np.diff(times, prepend=0.0) > 0) or times[-1] > 1 + 1e-9:
        raise UsageError(f"looks must be rising shares of the planned horizon, above 0 and at most 1; found {times}")
    return times
