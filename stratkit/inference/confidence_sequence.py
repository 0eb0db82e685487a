"""`ConfidenceSequence`: intervals and p values of a running comparison that stay valid however often it is looked at.

The normal mixture: H. Robbins, Annals of Mathematical Statistics 41 (1970); as a test (mSPRT) R. Johari, P. Koomen, L.
Pekelis, D. Walsh, Operations Research 70 (2022). It asks for independent values of known variance. Differences of
returns are neither, so they are added up in blocks and scaled by a long-run variance: valid asymptotically, I.
Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, Annals of Statistics 52 (2024).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.power import critical_z
from stratkit.panel import FloatArray, IntArray

_LEAST_BLOCKS: Final = 20  # a variance of fewer is too rough to divide by: until then nothing is said


@dataclass(frozen=True)
class ConfidenceSequence:
    """Looks at a running mean, one at the end of each block, (m,) each.

    `n` counts the periods so far. A true mean outside `low` to `high` at ANY look has a chance of at most alpha;
    `p_value` never rises. Before there are enough blocks the bounds are infinite and the p value is 1.
    """

    n: IntArray
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray


def mixture_ratio(total: FloatArray, n: FloatArray, variance: float, tau: float, null: float = 0.0) -> FloatArray:
    """Return (m,) likelihood ratios of "the mean is near `null`, spread by `tau`" to "it is `null`".

    `total` (m,) are the sums of n independent values of that `variance`; one differs from `null` at level alpha as soon
    as a ratio reaches 1/alpha. ``sqrt(s2/(s2 + n t2)) exp(n^2 t2 (mean - null)^2 / (2 s2 (s2 + n t2)))``. Of the
    differences of two independent groups the variance is twice that of one.

    >>> mixture_ratio(np.array([0.0, 5.0]), np.array([1.0, 4.0]), 1.0, 1.0).round(3).tolist()
    [0.707, 5.448]
    """
    if not (variance > 0 and tau > 0):
        raise UsageError(f"the variance and the spread tau must be above 0; found {variance:g} and {tau:g}")
    both = variance + n * tau**2
    away = total - n * null
    return np.asarray(np.sqrt(variance / both) * np.exp(tau**2 * away**2 / (2 * variance * both)))


def always_valid_p(ratios: FloatArray) -> FloatArray:
    """Return (m,) p values that hold at every look: one over the largest ratio so far, at most 1.

    >>> always_valid_p(np.array([0.5, 20.0, 4.0])).tolist()
    [1.0, 0.05, 0.05]
    """
    return np.asarray(1.0 / np.maximum(1.0, np.maximum.accumulate(ratios)))


def mixture_periods(planned_n: float, alpha: float = 0.05) -> float:
    """Return rho in periods, the mixture whose interval at `alpha` is about narrowest after `planned_n` of them.

    ``n / (2 log(1/alpha) + log(1 + 2 log(1/alpha)))``: decide it before the first look. In the units of
    `mixture_ratio` it is variance / tau^2.

    >>> round(mixture_periods(250), 1)
    31.5
    """
    critical_z(alpha)  # refuses what is no level
    if not planned_n > 0:
        raise UsageError(f"a number of periods must be planned, above 0; found {planned_n:g}")
    twice = 2 * math.log(1 / alpha)
    return planned_n / (twice + math.log(1 + twice))


def mixture_width(n: FloatArray | IntArray, variance: FloatArray, rho: float, alpha: float = 0.05) -> FloatArray:
    """Return (m,) half widths of the interval of a mean of n values, valid at all looks together.

    ``sqrt((V + r) log((V + r)/(r alpha^2))) / n``, V = n s2, r = s2 rho; `rho` in periods, as of `mixture_periods`.

    >>> mixture_width(np.array([100.0]), np.array([1.0]), 31.5).round(3).tolist()
    [0.312]
    """
    return np.asarray(np.sqrt(variance * (n + rho) * np.log((n + rho) / (rho * alpha**2))) / n)


def confidence_sequence(
    series: FloatArray, *, block: int, planned_n: float, alpha: float = 0.05, null: float = 0.0
) -> ConfidenceSequence:
    """Return the looks at the mean of a series (n,), one after each `block` of periods, such as 5 days.

    The series is a difference of returns, or the influence series of another difference around its value. Its long-run
    variance is estimated anew at each look, from the blocks so far (Newey and West 1994, their default lags). Periods
    after the last whole block wait for the next look. `planned_n` only says where the interval is about narrowest.
    Raises `UsageError` for a series that is not finite.

    >>> looks = confidence_sequence(np.random.default_rng(0).standard_normal(500) + 0.5, block=5, planned_n=250)
    >>> bool(looks.low[-1] > 0), int(looks.n[np.argmax(looks.p_value < 0.05)])
    (True, 100)
    """
    if series.ndim != 1 or not np.isfinite(series).all():
        raise UsageError(f"a series must be finite, (n,); found the shape {series.shape}")
    if block < 1:
        raise UsageError(f"a block must hold at least one period; found {block}")
    rho = mixture_periods(planned_n, alpha)
    blocks = series[: len(series) // block * block].reshape(-1, block).mean(axis=1)
    looks = np.arange(1, len(blocks) + 1)
    n = looks * block
    estimate = blocks.cumsum() / looks
    # of the series per period: a mean of `block` of them has a block-th of it
    variance = block * np.array([_long_run_variance(blocks[:count]) for count in looks])
    width = mixture_width(n, variance, rho, alpha)
    ratios = _ratios(estimate - null, n, variance, rho)
    return ConfidenceSequence(n, estimate, estimate - width, estimate + width, always_valid_p(ratios))


def _ratios(away: FloatArray, n: IntArray, variance: FloatArray, rho: float) -> FloatArray:
    """Return the mixture's ratios with the variance of each look; 0 where it is infinite, infinity where it is 0."""
    ratios = np.zeros(len(n))
    known = np.isfinite(variance) & (variance > 0)
    z_squared = n[known] * away[known] ** 2 / variance[known]
    exponent = z_squared * n[known] / (2 * (n[known] + rho))
    ratios[known] = np.sqrt(rho / (n[known] + rho)) * np.exp(np.minimum(exponent, 700.0))  # e^709 overflows
    ratios[(variance == 0) & (away != 0)] = math.inf
    return ratios


def _long_run_variance(values: FloatArray) -> float:
    """Return Newey and West's variance of sqrt(m) x mean, Bartlett's weights; infinity of too few values."""
    m = len(values)
    if m < _LEAST_BLOCKS:
        return math.inf
    away = values - values.mean()
    lags = np.arange(1, int(4 * (m / 100) ** (2 / 9)) + 1)
    covariance = np.array([away[lag:] @ away[: m - lag] for lag in lags])
    return float(away @ away + 2 * (1 - lags / (len(lags) + 1)) @ covariance) / (m - 1)
