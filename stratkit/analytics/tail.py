"""Tail risk: value at risk, its shortfall and the tail ratio, as returns of one period.

All are RETURNS, so losses are negative. `confidence` is a fraction such as 0.95.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from stratkit.analytics.returns import needs_returns
from stratkit.inference.estimate import Estimate
from stratkit.inference.sharpe import Moments
from stratkit.panel import FloatArray

_NORMAL = NormalDist()


def var_hist(returns: FloatArray, confidence: float = 0.95) -> Estimate:
    """Return the (1 - confidence) linear quantile of (n,) returns without NaN.

    >>> round(float(var_hist(np.array([-0.02, 0.0, 0.02]), 0.75)), 12)
    -0.01
    """
    if not len(returns):
        return needs_returns(0, 1)
    return Estimate(float(np.quantile(returns, 1.0 - confidence)))


def cvar_hist(returns: FloatArray, confidence: float = 0.95) -> Estimate:
    """Return the mean of the returns at or below `var_hist`."""
    if not len(returns):
        return needs_returns(0, 1)
    worst = returns[returns <= var_hist(returns, confidence).value]
    # between two equal values the interpolated quantile can round to just below both
    return Estimate(float(worst.mean() if len(worst) else returns.min()))


def var_gauss(moments: Moments, confidence: float = 0.95) -> Estimate:
    """Return mean + z sd (ddof=1), z the normal quantile of 1 - confidence."""
    if moments.n < 2:
        return needs_returns(moments.n, 2)
    return Estimate(moments.mean + _NORMAL.inv_cdf(1.0 - confidence) * moments.sd)


def cvar_gauss(moments: Moments, confidence: float = 0.95) -> Estimate:
    """Return mean - phi(z)/(1 - confidence) sd (ddof=1)."""
    if moments.n < 2:
        return needs_returns(moments.n, 2)
    density = _NORMAL.pdf(_NORMAL.inv_cdf(1.0 - confidence))
    return Estimate(moments.mean - density / (1.0 - confidence) * moments.sd)


def var_cf(moments: Moments, confidence: float = 0.95) -> Estimate:
    """Return the Cornish-Fisher (modified) VaR: mean + z' sd (ddof=0).

    ``z' = z + (z^2 - 1)S/6 + (z^3 - 3z)K/24 - (2z^3 - 5z)S^2/36`` with population skewness S and
    EXCESS kurtosis K (Favre and Galeano 2002). With fat tails z' at 95 % moves INWARD: that is the
    expansion, not an error. Undefined where z' falls as z rises, at the quantile itself or so far
    between it and 0 that a milder quantile would lose more.
    """
    if moments.n < 2:
        return needs_returns(moments.n, 2)
    if np.isnan(moments.skewness):
        return Estimate.undefined("the returns do not vary")
    z = _NORMAL.inv_cdf(1.0 - confidence)
    # Daily equity returns bend z' slightly around z = 0 (excess kurtosis near 9), far from where it is
    # read; to refuse every bend would leave the S&P 500 without a figure.
    skew, excess = moments.skewness, moments.kurtosis - 3.0
    moved, least, slope = _cornish_fisher(z, skew, excess)
    if slope <= 0 or least < moved:
        return Estimate.undefined(
            "the Cornish-Fisher expansion is not monotone for this skewness and kurtosis "
            f"({moments.skewness:.2f}, {moments.kurtosis:.2f})"
        )
    return Estimate(moments.mean + moved * moments.sd * math.sqrt((moments.n - 1) / moments.n))


def _cornish_fisher(z: float, skew: float, excess: float) -> tuple[float, float, float]:
    """Return z' at a negative z, the least z' between z and 0 where it turns or ends, and its slope at z."""
    level, tilt, curve = 1 - excess / 8 + 5 * skew**2 / 36, skew / 6, excess / 24 - skew**2 / 18

    def moved(at: float) -> float:
        return -skew / 6 + at * (level + at * (tilt + at * curve))

    within = tilt**2 - 3 * curve * level  # of the roots of level + 2 tilt z + 3 curve z^2
    turns = [(-tilt + sign * math.sqrt(within)) / (3 * curve) for sign in (1, -1)] if within > 0 and curve else []
    least = min(moved(place) for place in (0.0, *turns) if z < place <= 0)
    return moved(z), least, level + z * (2 * tilt + 3 * curve * z)


def tail_ratio(returns: FloatArray) -> Estimate:
    """Return abs(95th percentile)/abs(5th percentile) of (n,) returns without NaN."""
    if not len(returns):
        return needs_returns(0, 1)
    low, high = np.abs(np.quantile(returns, [0.05, 0.95]))
    return Estimate(float(high / low)) if low > 0 else Estimate.undefined("the 5th percentile is zero")
