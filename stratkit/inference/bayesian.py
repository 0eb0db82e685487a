"""`Posterior`: where the mean difference of two arms lies after the data, and how likely it is worth having.

The prior is Jeffreys' and says nothing. The likelihood takes differences for independent and normal: with
autocorrelation the scale is too small. No number of comparisons is corrected for. Source: A. Benavoli, G. Corani, J.
Demsar, M. Zaffalon, Time for a Change: a Tutorial for Comparing Multiple Classifiers Through Bayesian Analysis, Journal
of Machine Learning Research 18 (2017), sections 3.1 and 3.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.interval import Interval
from stratkit.panel import FloatArray


@dataclass(frozen=True)
class RopeShares:
    """How likely the first arm is worse, alike or better, by more or less than the margin of practical equivalence."""

    worse: float
    alike: float
    better: float


@dataclass(frozen=True)
class Posterior:
    """A Student t of `degrees` of freedom around `center`, its `scale` in the unit of the differences.

    >>> paired_posterior(np.array([1.0, 2.0, 3.0])).degrees
    2
    """

    center: float
    scale: float
    degrees: int

    def above(self, value: float) -> float:
        """Return how likely the mean difference exceeds `value`."""
        from scipy.special import stdtr  # a tenth of a second to import

        if self.scale == 0:
            return float(self.center > value)
        return float(stdtr(self.degrees, (self.center - value) / self.scale))

    def interval(self, level: float = 0.95) -> Interval:
        """Return the central interval that holds the mean difference with the probability `level`."""
        from scipy.special import stdtrit  # a tenth of a second to import

        if not 0 < level < 1:
            raise UsageError(f"a level must lie between 0 and 1, such as 0.95; found {level:g}")
        width = float(stdtrit(self.degrees, (1 + level) / 2)) * self.scale
        return Interval(self.center, self.center - width, self.center + width, level, "posterior, Jeffreys prior")

    def rope(self, margin: float) -> RopeShares:
        """Return the shares below, within and above the region of practical equivalence, +-`margin`."""
        if not margin >= 0:
            raise UsageError(f"the margin of practical equivalence must not be below 0; found {margin:g}")
        better, not_worse = self.above(margin), self.above(-margin)
        return RopeShares(1 - not_worse, not_worse - better, better)


def paired_posterior(differences: FloatArray) -> Posterior:
    """Return the posterior of the mean of (n,) independent paired differences: t of n - 1 at mean, scale s/sqrt(n).

    NaN is refused with `UsageError`, like less than two differences.

    >>> round(paired_posterior(np.array([0.5, 1.0, -0.2, 0.8])).above(0.0), 2)
    0.93
    """
    return correlated_posterior(differences, 0.0)


def correlated_posterior(differences: FloatArray, correlation: float) -> Posterior:
    """Return the posterior of the mean of (n,) differences that share a `correlation`, such as those of folds.

    The variance of the mean is ``s^2 (1/n + rho/(1 - rho))`` (Nadeau and Bengio 2003); of k folds that share their
    training data rho is 1/k.

    >>> alone, folds = (correlated_posterior(np.array([0.5, 1.0, -0.2, 0.8]), rho).scale for rho in (0.0, 0.25))
    >>> folds > alone
    True
    """
    if differences.ndim != 1 or len(differences) < 2 or not np.isfinite(differences).all():
        raise UsageError(f"at least two differences must be given, all finite, (n,); found {differences.shape}")
    if not 0 <= correlation < 1:
        raise UsageError(f"a correlation of the differences must be at least 0 and below 1; found {correlation:g}")
    n = len(differences)
    inflated = 1 / n + correlation / (1 - correlation)
    scale = float(differences.std(ddof=1)) * math.sqrt(inflated)
    return Posterior(float(differences.mean()), scale, n - 1)
