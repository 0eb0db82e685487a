"""The Sharpe ratio of one sample: its standard error, interval, PSR and least track record.

Every ratio here is PER PERIOD and every `n` counts periods: annualise for display only. Skewness
and kurtosis are those of the population formulas (divisor n), kurtosis is raw: 3 for a normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from stratkit.errors import UsageError
from stratkit.inference.estimate import Estimate
from stratkit.inference.interval import Interval

Convention = Literal["2012", "2025"]

# A return is a quotient near one, so it carries a rounding error of up to 1.5 eps however small
# it is; a spread no larger than this is that error and not a risk.
ROUNDING: Final = 4 * float(np.finfo(np.float64).eps)

_NORMAL = NormalDist()
_TERM_REASON = "1 - g3 SR + (g4 - 1)/4 SR^2 is not positive: skewness is too large for this Sharpe ratio"


@dataclass(frozen=True)
class Moments:
    """Moments of n returns: `sd` with divisor n - 1, `skewness` and raw `kurtosis` with divisor n.

    What cannot be computed (too few returns, returns that do not vary) is NaN.
    """

    n: int
    mean: float
    sd: float
    skewness: float
    kurtosis: float


def sample_moments(returns: npt.ArrayLike) -> Moments:
    """Return the moments of (n,) returns; NaN rows are dropped.

    >>> sample_moments([0.01, -0.01, float("nan")]).n
    2
    """
    kept = np.asarray(returns, dtype=np.float64)
    kept = kept[~np.isnan(kept)]
    n = len(kept)
    if n < 2:
        return Moments(n, float(kept[0]) if n else math.nan, math.nan, math.nan, math.nan)
    mean = float(kept.mean())
    away = kept - mean
    variance = float(np.mean(away**2))
    sd = math.sqrt(variance * n / (n - 1))
    if sd <= ROUNDING:
        return Moments(n, mean, 0.0, math.nan, math.nan)
    return Moments(n, mean, sd, float(np.mean(away**3)) / variance**1.5, float(np.mean(away**4)) / variance**2)


def sharpe_ratio(moments: Moments, risk_free: float = 0.0) -> Estimate:
    """Return (mean - risk_free) / sd per period; `risk_free` is a rate per period.

    >>> round(float(sharpe_ratio(sample_moments([0.03, 0.01, 0.02]))), 3)
    2.0
    """
    if moments.n < 2:
        return Estimate.undefined(f"at least two returns are needed; there are {moments.n}")
    if moments.sd <= ROUNDING:
        return Estimate.undefined("the returns do not vary")
    return Estimate((moments.mean - risk_free) / moments.sd)


def sharpe_variance_term(sharpe: float, skewness: float, kurtosis: float, autocorrelation: float = 0.0) -> float:
    """Return n x Var(SR), the bracket that the standard error, PSR and MinTRL share.

    ``1 - g3 SR + (g4 - 1)/4 SR^2`` (Mertens 2002); with a first-order `autocorrelation` each of the
    three terms has its factor (Lopez de Prado, Lipton, Zoonekynd 2025, SSRN 5520741).
    """
    rho = autocorrelation
    if not -1 < rho < 1:
        raise UsageError(f"an autocorrelation must lie between -1 and 1; found {rho:g}")
    level = 1 + 2 * rho / (1 - rho)
    tilt = 1 + rho / (1 - rho) + rho**2 / (1 - rho**2)
    curve = 1 + 2 * rho**2 / (1 - rho**2)
    return level - tilt * skewness * sharpe + curve * (kurtosis - 1) / 4 * sharpe**2


def sharpe_se(
    sharpe: float, n: int, skewness: float = 0.0, kurtosis: float = 3.0, autocorrelation: float = 0.0
) -> Estimate:
    """Return the standard error of a per-period Sharpe ratio, divisor n (Mertens 2002).

    With the default moments it is Lo's (2002) ``sqrt((1 + SR^2/2)/n)`` of normal returns.

    >>> round(float(sharpe_se(0.036 / 0.079, 24)), 3)
    0.214
    """
    if n < 2:
        return Estimate.undefined(f"at least two returns are needed; there are {n}")
    term = sharpe_variance_term(sharpe, skewness, kurtosis, autocorrelation)
    return Estimate(math.sqrt(term / n)) if term > 0 else _no_variance(term)


def sharpe_interval(
    sharpe: float, n: int, skewness: float = 0.0, kurtosis: float = 3.0, level: float = 0.95
) -> Interval:
    """Return ``SR -/+ z SE`` of a per-period Sharpe ratio, SE as in `sharpe_se`.

    >>> interval = sharpe_interval(0.0, 100)
    >>> round(interval.low, 3), round(interval.high, 3)
    (-0.196, 0.196)
    """
    _check_probability(level, "a level")
    se = sharpe_se(sharpe, n, skewness, kurtosis)
    half = _NORMAL.inv_cdf((1 + level) / 2) * se.value
    return Interval(sharpe, sharpe - half, sharpe + half, level, "Mertens (2002)", se.reason)


def probabilistic_sharpe(
    sharpe: float,
    n: int,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    threshold: float = 0.0,
    convention: Convention = "2012",
    autocorrelation: float = 0.0,
) -> Estimate:
    """Return PSR, the probability that the true per-period Sharpe ratio exceeds `threshold`.

    Convention 2012 (the record): variance at the estimate, divisor n - 1 (Bailey and Lopez de Prado
    2012, The Sharpe Ratio Efficient Frontier, eq. 11). Convention 2025: variance under the hypothesis,
    at the threshold, divisor n (SSRN 5520741).

    >>> round(float(probabilistic_sharpe(1.585 / 12**0.5, 24, -2.448, 10.164)), 3)
    0.913
    """
    if n < 2:
        return Estimate.undefined(f"at least two returns are needed; there are {n}")
    at, divisor = (sharpe, n - 1) if convention == "2012" else (threshold, n)
    term = sharpe_variance_term(at, skewness, kurtosis, autocorrelation)
    if not term > 0:
        return _no_variance(term)
    return Estimate(_NORMAL.cdf((sharpe - threshold) * math.sqrt(divisor / term)))


def minimum_track_record(
    sharpe: float,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    threshold: float = 0.0,
    confidence: float = 0.95,
    convention: Convention = "2012",
) -> Estimate:
    """Return MinTRL, the number of periods after which PSR(threshold) reaches `confidence`.

    Not rounded. 2012: ``1 + term (z/(SR - SR0))^2``; 2025: the same without the 1, its term at the
    threshold. Sources as in `probabilistic_sharpe`.

    >>> round(float(minimum_track_record(2 / 250**0.5, threshold=1 / 250**0.5)) / 250, 2)
    2.73
    """
    _check_probability(confidence, "a confidence")
    if math.isnan(sharpe):
        return Estimate.undefined("there is no Sharpe ratio")
    if not sharpe > threshold:
        return Estimate.undefined("no track record is long enough: the Sharpe ratio does not exceed its threshold")
    first, at = (1.0, sharpe) if convention == "2012" else (0.0, threshold)
    term = sharpe_variance_term(at, skewness, kurtosis)
    if not term > 0:
        return _no_variance(term)
    return Estimate(first + term * (_NORMAL.inv_cdf(confidence) / (sharpe - threshold)) ** 2)


def _no_variance(term: float) -> Estimate:
    return Estimate.undefined("there is no Sharpe ratio" if math.isnan(term) else _TERM_REASON)


def _check_probability(value: float, name: str) -> None:
    if not 0 < value < 1:
        raise UsageError(f"{name} must lie between 0 and 1, such as 0.95; found {value:g}")
