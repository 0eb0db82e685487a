"""`Pair`: a strategy's returns beside its benchmark's, and the metrics that compare the two.

`per_year` is P; `risk_free` is a rate per period; capture and beta are ratios, the rest fractions a year.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stratkit.analytics.returns import annual_growth, annual_rate, cagr, geometric_sharpe, needs_returns
from stratkit.analytics.summary import ReturnSummary, summarise
from stratkit.errors import UsageError
from stratkit.inference.estimate import Estimate
from stratkit.inference.sharpe import ROUNDING
from stratkit.panel import BoolArray, FloatArray

_FLAT_BENCHMARK = "the benchmark does not vary"


@dataclass(frozen=True)
class Pair:
    """Returns (n,) of a strategy and of its benchmark over the same periods, no NaN."""

    returns: FloatArray
    benchmark: FloatArray

    @property
    def n(self) -> int:
        """Number of pairs."""
        return len(self.returns)


def paired(returns: npt.ArrayLike, benchmark: npt.ArrayLike) -> Pair:
    """Return the pair of two (n,) series; rows where either is NaN are dropped."""
    own, other = np.asarray(returns, dtype=np.float64), np.asarray(benchmark, dtype=np.float64)
    if own.shape != other.shape:
        raise UsageError(f"a strategy and its benchmark need the same periods; found {own.shape} and {other.shape}")
    both = ~(np.isnan(own) | np.isnan(other))
    return Pair(own[both], other[both])


def information_ratio(pair: Pair, per_year: float) -> Estimate:
    """Return mean(r - b)/sd(r - b, ddof=1) sqrt(P)."""
    if pair.n < 2:
        return needs_returns(pair.n, 2)
    active = pair.returns - pair.benchmark
    sd = float(active.std(ddof=1))
    if sd <= ROUNDING:
        return Estimate.undefined("the difference to the benchmark does not vary")
    return Estimate(float(active.mean()) / sd * math.sqrt(per_year))


def tracking_error(pair: Pair, per_year: float) -> Estimate:
    """Return sd(r - b, ddof=1) sqrt(P)."""
    if pair.n < 2:
        return needs_returns(pair.n, 2)
    return Estimate(float((pair.returns - pair.benchmark).std(ddof=1)) * math.sqrt(per_year))


def correlation(pair: Pair) -> Estimate:
    """Return the correlation of r and b."""
    slope = beta(pair)
    if not slope.is_defined:
        return slope
    own, other = float(pair.returns.std()), float(pair.benchmark.std())
    if own <= ROUNDING:
        return Estimate.undefined("the returns do not vary")
    return Estimate(max(-1.0, min(1.0, slope.value * other / own)))


def beta(pair: Pair) -> Estimate:
    """Return cov(r, b)/var(b)."""
    if pair.n < 2:
        return needs_returns(pair.n, 2)
    away = pair.benchmark - pair.benchmark.mean()
    square = float(away @ away)
    if math.sqrt(square / (pair.n - 1)) <= ROUNDING:
        return Estimate.undefined(_FLAT_BENCHMARK)
    return Estimate(float(away @ (pair.returns - pair.returns.mean())) / square)


def alpha(pair: Pair, per_year: float, risk_free: float = 0.0) -> Estimate:
    """Return (mean(r - f) - beta mean(b - f)) P: arithmetic, not compounded."""
    slope = beta(pair)
    if not slope.is_defined:
        return slope
    own, other = float(pair.returns.mean()), float(pair.benchmark.mean())
    return Estimate((own - risk_free - slope.value * (other - risk_free)) * per_year)


def treynor(pair: Pair, per_year: float, risk_free: float = 0.0) -> Estimate:
    """Return mean(r - f) P / beta."""
    slope = _nonzero_beta(pair)
    if not slope.is_defined:
        return slope
    return Estimate((float(pair.returns.mean()) - risk_free) * per_year / slope.value)


def modified_treynor(pair: Pair, per_year: float, risk_free: float = 0.0) -> Estimate:
    """Return (cagr - yearly risk-free)/(beta x sd(b, ddof=0) sqrt(P)) (Bacon 2nd ed. ch. 4)."""
    slope, growth = _nonzero_beta(pair), cagr(_own(pair), per_year)
    if not slope.is_defined:
        return slope
    if not growth.is_defined:
        return growth
    systematic = slope.value * float(pair.benchmark.std()) * math.sqrt(per_year)
    return Estimate((growth.value - annual_rate(risk_free, per_year)) / systematic)


def jensen(pair: Pair, per_year: float, risk_free: float = 0.0) -> Estimate:
    """Return Jensen's alpha of compound yearly returns: (cagr - f) - beta (cagr_b - f)."""
    slope = beta(pair)
    own, other = cagr(_own(pair), per_year), cagr(_other(pair), per_year)
    for part in (slope, own, other):
        if not part.is_defined:
            return part
    rate = annual_rate(risk_free, per_year)
    return Estimate(own.value - rate - slope.value * (other.value - rate))


def m2(pair: Pair, per_year: float, risk_free: float = 0.0) -> Estimate:
    """Return Modigliani's M2: the cagr at the benchmark's risk, f + (cagr - f) sd(b)/sd(r)."""
    ratio = geometric_sharpe(_own(pair), per_year, risk_free)
    if not ratio.is_defined:
        return ratio
    risk = float(pair.benchmark.std(ddof=1)) * math.sqrt(per_year)
    return Estimate(annual_rate(risk_free, per_year) + ratio.value * risk)


def up_capture(pair: Pair, per_year: float) -> Estimate:
    """Return the annualised growth of r over that of b, over the periods in which b > 0."""
    return _capture(pair, pair.benchmark > 0, per_year, "the benchmark never rose")


def down_capture(pair: Pair, per_year: float) -> Estimate:
    """Return the annualised growth of r over that of b, over the periods in which b < 0."""
    return _capture(pair, pair.benchmark < 0, per_year, "the benchmark never fell")


def _capture(pair: Pair, chosen: BoolArray, per_year: float, reason: str) -> Estimate:
    n = int(chosen.sum())
    if n == 0:
        return Estimate.undefined(reason)
    own, other = (
        annual_growth(summarise(series[chosen]).growth, n, per_year) for series in (pair.returns, pair.benchmark)
    )
    if not own.is_defined or not other.is_defined:
        return Estimate.undefined(own.reason or other.reason)
    return Estimate(own.value / other.value)


def _nonzero_beta(pair: Pair) -> Estimate:
    slope = beta(pair)
    return Estimate.undefined("beta is zero") if slope.value == 0 else slope


def _own(pair: Pair) -> ReturnSummary:
    return summarise(pair.returns)


def _other(pair: Pair) -> ReturnSummary:
    return summarise(pair.benchmark)
