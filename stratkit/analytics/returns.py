"""Return metrics: formulas of record on a `ReturnSummary`, each an `Estimate`.

`per_year` is P, the return periods a year; rates are per period. Where a formula is undefined the
estimate is NaN with a reason, never an infinity.
"""

from __future__ import annotations

import math

from stratkit.analytics.summary import ReturnSummary
from stratkit.inference.estimate import Estimate
from stratkit.inference.interval import Interval
from stratkit.inference.sharpe import (
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_interval,
    sharpe_ratio,
)

_NO_RETURNS = "there is no return period"
_RUINED = "equity fell to zero or below"
_NO_SHORTFALL = "no return fell below the minimum acceptable return"


def needs_returns(n: int, least: int) -> Estimate:
    """Return the undefined estimate of a sample that is too small."""
    return Estimate.undefined(f"at least {least} returns are needed; there are {n}" if n else _NO_RETURNS)


def total_return(summary: ReturnSummary) -> Estimate:
    """Return prod(1 + r) - 1 as a fraction."""
    return Estimate(summary.growth - 1.0) if summary.n else needs_returns(0, 1)


def annual_growth(growth: float, n: int, per_year: float) -> Estimate:
    """Return ``growth^(P/n) - 1``; -1 when nothing is left, NaN below zero or past all numbers.

    >>> round(float(annual_growth(1.21, 2, 1)), 12)
    0.1
    """
    if n == 0:
        return needs_returns(0, 1)
    if growth <= 0:
        return Estimate(-1.0) if growth == 0 else Estimate.undefined(_RUINED)
    try:
        return Estimate(growth ** (per_year / n) - 1.0)
    except OverflowError:
        return Estimate.undefined(f"the growth of {n} periods is too large to state a year")


def cagr(summary: ReturnSummary, per_year: float) -> Estimate:
    """Return prod(1 + r)^(P/n) - 1, a fraction a year."""
    return annual_growth(summary.growth, summary.n, per_year)


def ann_vol(summary: ReturnSummary, per_year: float) -> Estimate:
    """Return sd(r, ddof=1) sqrt(P), a fraction a year."""
    if summary.n < 2:
        return needs_returns(summary.n, 2)
    return Estimate(summary.moments.sd * math.sqrt(per_year))


def sharpe(summary: ReturnSummary, per_year: float, risk_free: float = 0.0) -> Estimate:
    """Return mean(r - f)/sd(r - f, ddof=1) sqrt(P)."""
    ratio = sharpe_ratio(summary.moments, risk_free)
    return Estimate(ratio.value * math.sqrt(per_year), ratio.reason)


def sharpe_range(summary: ReturnSummary, per_year: float, risk_free: float = 0.0, level: float = 0.95) -> Interval:
    """Return the interval of the yearly Sharpe ratio (Mertens 2002, made per period, then annualised)."""
    moments = summary.moments
    ratio = sharpe_ratio(moments, risk_free)
    interval = sharpe_interval(ratio.value, summary.n, moments.skewness, moments.kurtosis, level)
    return interval.scaled(math.sqrt(per_year))


def psr(summary: ReturnSummary, risk_free: float = 0.0) -> Estimate:
    """Return PSR(0): the probability that the true Sharpe ratio is above zero (2012 convention)."""
    ratio = sharpe_ratio(summary.moments, risk_free)
    if not ratio.is_defined:
        return ratio
    return probabilistic_sharpe(ratio.value, summary.n, summary.moments.skewness, summary.moments.kurtosis)


def min_track_record(summary: ReturnSummary, risk_free: float = 0.0, confidence: float = 0.95) -> Estimate:
    """Return the periods after which PSR(0) reaches `confidence` at this Sharpe ratio."""
    ratio = sharpe_ratio(summary.moments, risk_free)
    if not ratio.is_defined:
        return ratio
    return minimum_track_record(ratio.value, summary.moments.skewness, summary.moments.kurtosis, confidence=confidence)


def adjusted_sharpe(summary: ReturnSummary, per_year: float, risk_free: float = 0.0) -> Estimate:
    """Return ``SR (1 + S/6 SR - K/24 SR^2)`` with SR = (cagr - yearly risk-free)/ann_vol.

    S is the skewness, K the EXCESS kurtosis, both population (Pezier 2004; Bacon 2nd ed. ch. 4).
    """
    ratio = geometric_sharpe(summary, per_year, risk_free)
    if not ratio.is_defined:
        return ratio
    skewness, excess = summary.moments.skewness, summary.moments.kurtosis - 3.0
    return Estimate(ratio.value * (1 + skewness / 6 * ratio.value - excess / 24 * ratio.value**2))


def geometric_sharpe(summary: ReturnSummary, per_year: float, risk_free: float = 0.0) -> Estimate:
    """Return (cagr - yearly risk-free)/ann_vol, the ratio that Bacon's adjustments start from."""
    growth, arithmetic = cagr(summary, per_year), sharpe_ratio(summary.moments)
    if not growth.is_defined:
        return growth
    if not arithmetic.is_defined:
        return arithmetic
    return Estimate((growth.value - annual_rate(risk_free, per_year)) / float(ann_vol(summary, per_year)))


def annual_rate(rate: float, per_year: float) -> float:
    """Return the compound yearly rate of a rate per period."""
    return float((1.0 + rate) ** per_year - 1.0)


def downside_deviation(summary: ReturnSummary) -> Estimate:
    """Return sqrt(mean(min(r - MAR, 0)^2)) per period, mean over ALL n."""
    return Estimate(math.sqrt(summary.shortfall_square)) if summary.n else needs_returns(0, 1)


def sortino(summary: ReturnSummary, per_year: float) -> Estimate:
    """Return (mean(r) - MAR)/downside deviation x sqrt(P)."""
    if not summary.n:
        return needs_returns(0, 1)
    if summary.shortfall_square <= 0:
        return Estimate.undefined(_NO_SHORTFALL)
    away = summary.moments.mean - summary.mar
    return Estimate(away / math.sqrt(summary.shortfall_square) * math.sqrt(per_year))


def omega(summary: ReturnSummary) -> Estimate:
    """Return sum (r - MAR)+ / sum (MAR - r)+, the MAR per period."""
    if not summary.n:
        return needs_returns(0, 1)
    return Estimate(summary.gain / summary.loss) if summary.loss > 0 else Estimate.undefined(_NO_SHORTFALL)


def stability(summary: ReturnSummary) -> Estimate:
    """Return R^2 of log equity on time, equity at the end of each period."""
    return _of_trend(summary, summary.trend.r_squared, "equity does not move")


def k_ratio(summary: ReturnSummary, per_year: float) -> Estimate:
    """Return slope/SE(slope) sqrt(P)/n of log equity on time (Kestner 2013)."""
    if summary.n < 3:
        return needs_returns(summary.n, 3)
    value = summary.trend.slope_t * math.sqrt(per_year) / summary.n
    return _of_trend(summary, value, "log equity is a straight line")


def _of_trend(summary: ReturnSummary, value: float, reason: str) -> Estimate:
    if summary.n < 3:
        return needs_returns(summary.n, 3)
    if summary.ruined:
        return Estimate.undefined(_RUINED)
    return Estimate.undefined(reason) if math.isnan(value) else Estimate(value)


def skewness(summary: ReturnSummary) -> Estimate:
    """Return the population skewness of returns."""
    return _of_moments(summary, summary.moments.skewness)


def excess_kurtosis(summary: ReturnSummary) -> Estimate:
    """Return the population kurtosis of returns less 3."""
    return _of_moments(summary, summary.moments.kurtosis - 3.0)


def _of_moments(summary: ReturnSummary, value: float) -> Estimate:
    if summary.n < 2:
        return needs_returns(summary.n, 2)
    return Estimate.undefined("the returns do not vary") if math.isnan(value) else Estimate(value)
