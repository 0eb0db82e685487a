"""What a comparison could have found: the smallest difference it detects, its power, the periods it needs.

Differences and standard errors are in one unit, per period where nothing else is said. Power at the difference that was
observed says no more than its p value: judge by `detectable` instead.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.comparison import Alternative
from stratkit.inference.estimate import Estimate
from stratkit.inference.sharpe import sharpe_se
from stratkit.panel import FloatArray

_NORMAL: Final = NormalDist()


def detectable(se: float, alpha: float = 0.05, power: float = 0.8, alternative: Alternative = "two-sided") -> float:
    """Return the smallest true difference that is detected with probability `power`: ``(z_alpha + z_power) SE``.

    >>> round(detectable(0.006616503824) * 252**0.5, 3)
    0.294
    """
    return (critical_z(alpha, alternative) + _z(power, "power")) * se


def power_at(gap: FloatArray, se: float, alpha: float = 0.05, alternative: Alternative = "two-sided") -> FloatArray:
    """Return (g,) with which probability a test at level `alpha` rejects when the true difference is each `gap` (g,).

    >>> power_at(np.array([0.0, 2.8]), 1.0).round(2).tolist()
    [0.05, 0.8]
    """
    if not se > 0:
        raise UsageError(f"a standard error must be above 0; found {se:g}")
    from scipy.special import ndtr  # a tenth of a second to import

    critical, size = critical_z(alpha, alternative), np.asarray(gap, dtype=np.float64) / se
    above = ndtr(size - critical)
    return np.asarray(above + ndtr(-size - critical) if alternative == "two-sided" else above)


def needed_jkm(
    sharpe_a: float,
    sharpe_b: float,
    correlation: float,
    alpha: float = 0.05,
    power: float = 0.8,
    alternative: Alternative = "two-sided",
) -> Estimate:
    """Return how many periods detect the difference of two Sharpe ratios per period, were returns normal and iid.

    ``theta (z_alpha + z_power)^2 / (SR1 - SR2)^2`` with the variance of Jobson and Korkie (1981) as corrected by Memmel
    (2003): ``theta = 2 - 2 rho + (SR1^2 + SR2^2 - 2 SR1 SR2 rho^2)/2``. Not rounded.

    >>> years = float(needed_jkm(1 / 252**0.5, 0.5 / 252**0.5, 0.5)) / 252
    >>> round(years, 1)
    31.5
    """
    squares = sharpe_a**2 + sharpe_b**2 - 2 * sharpe_a * sharpe_b * correlation**2
    theta = 2 - 2 * correlation + squares / 2
    return _needed(theta, sharpe_a - sharpe_b, alpha, power, alternative)


def needed_hac(
    se: float,
    n: int,
    difference: float,
    alpha: float = 0.05,
    power: float = 0.8,
    alternative: Alternative = "two-sided",
) -> Estimate:
    """Return how many periods detect `difference`, when n periods leave it the standard error `se`.

    As `needed_jkm`, with theta = n SE^2 of whatever figure, so that a robust `se` counts. Not rounded.

    >>> round(float(needed_hac(0.05, 400, 0.05 * 2.8015852181129214)), 6)
    400.0
    """
    return _needed(n * se**2, difference, alpha, power, alternative)


def _needed(theta: float, difference: float, alpha: float, power: float, alternative: Alternative) -> Estimate:
    if math.isnan(difference) or not theta > 0:
        return Estimate.undefined("there is no variance of the difference")
    if difference == 0 or (alternative == "greater" and difference < 0):
        return Estimate.undefined("no number of periods detects a difference that is not there")
    return Estimate(theta * ((critical_z(alpha, alternative) + _z(power, "power")) / difference) ** 2)


def paired_t_power(effect: float, n: int, alpha: float = 0.05) -> float:
    """Return the power of a two-sided paired t test of n differences whose mean is `effect` standard deviations.

    >>> round(paired_t_power(0.2, 60, 0.1), 4)
    0.4556
    """
    from statsmodels.stats.power import TTestPower  # slow to import, for this test only

    return float(TTestPower().power(effect, n, alpha))


def paired_t_needed(effect: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return how many pairs give a two-sided paired t test its `power` at `effect` standard deviations; not rounded.

    >>> round(paired_t_needed(0.5), 2)
    33.37
    """
    from statsmodels.stats.power import TTestPower  # slow to import, for this test only

    return float(TTestPower().solve_power(effect, power=power, alpha=alpha))


def sharpe_power(
    true_sharpe: float,
    n: int,
    threshold: float = 0.0,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    autocorrelation: float = 0.0,
    alpha: float = 0.05,
) -> Estimate:
    """Return how likely n periods show that a Sharpe ratio exceeds `threshold` when it is `true_sharpe`, per period.

    One-sided, each standard error at its own hypothesis. Source: M. Lopez de Prado, A. Lipton, V. Zoonekynd, Sharpe
    Ratio Inference (2025), SSRN 5520741; they print beta, which is 1 less this.

    >>> round(1 - float(sharpe_power(0.5, 24, 0.0, -2.448, 10.164)), 3)
    0.315
    """
    null = sharpe_se(threshold, n, skewness, kurtosis, autocorrelation)
    other = sharpe_se(true_sharpe, n, skewness, kurtosis, autocorrelation)
    if null.reason or other.reason:
        return Estimate.undefined(null.reason or other.reason)
    critical = threshold + critical_z(alpha, "greater") * float(null)
    return Estimate(_NORMAL.cdf((true_sharpe - critical) / float(other)))


def planned_fdr(prior: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return pFDR, how likely a discovery is to be false before any data: `prior` is the share of true hypotheses.

    ``alpha (1 - P1) / (alpha (1 - P1) + power P1)``; source as of `sharpe_power`.

    >>> round(planned_fdr(0.05, 0.05, 1 - 0.315), 3)
    0.581
    """
    false = alpha * (1 - _probability(prior, "prior"))
    return false / (false + power * prior)


def observed_fdr(
    sharpe: float,
    n: int,
    true_sharpe: float,
    prior: float,
    threshold: float = 0.0,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    autocorrelation: float = 0.0,
) -> Estimate:
    """Return oFDR, how likely it is that there is no skill although a Sharpe ratio this high or higher was observed.

    The alternative is a ratio of `true_sharpe` per period, `prior` the share of such strategies. Source as of
    `sharpe_power`.

    >>> round(float(observed_fdr(0.036 / 0.079, 24, 0.5, 0.05, 0.0, -2.448, 10.164)), 3)
    0.306
    """
    null = sharpe_se(threshold, n, skewness, kurtosis, autocorrelation)
    other = sharpe_se(true_sharpe, n, skewness, kurtosis, autocorrelation)
    if null.reason or other.reason:
        return Estimate.undefined(null.reason or other.reason)
    _probability(prior, "prior")
    # survival as the cumulative probability of the negative: 1 - cdf loses digits far out
    false = (1 - prior) * _NORMAL.cdf((threshold - sharpe) / float(null))
    right = prior * _NORMAL.cdf((true_sharpe - sharpe) / float(other))
    if false + right == 0:
        return Estimate.undefined("the observed ratio is out of reach of both hypotheses")
    return Estimate(false / (false + right))


def critical_z(alpha: float, alternative: Alternative = "two-sided") -> float:
    """Return what a standard normal statistic must exceed at level `alpha`.

    >>> round(critical_z(0.05), 2), round(critical_z(0.05, "greater"), 3)
    (1.96, 1.645)
    """
    level = _probability(alpha, "alpha")
    return _NORMAL.inv_cdf(1 - (level / 2 if alternative == "two-sided" else level))


def _z(probability: float, name: str) -> float:
    return _NORMAL.inv_cdf(_probability(probability, name))


def _probability(value: float, name: str) -> float:
    if not 0 < value < 1:
        raise UsageError(f"{name} must lie between 0 and 1, such as 0.05; found {value:g}")
    return value
