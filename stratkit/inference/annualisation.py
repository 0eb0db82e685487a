"""`YearlySharpe`: a Sharpe ratio of a year from one of a period, when returns remember.

A. W. Lo, The Statistics of Sharpe Ratios, Financial Analysts Journal 58 (2002): the root of time is right only for
returns without autocorrelation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.sharpe import ROUNDING
from stratkit.inference.test_result import TestResult
from stratkit.panel import FloatArray

Memory = Literal["sample", "ar1"]

# 251 autocorrelations of daily returns are mostly noise, and so would their sum be: a month of them is kept
MOST_LAGS: Final = 20


@dataclass(frozen=True)
class YearlySharpe:
    """`value` = `eta` x the Sharpe ratio per period; `by_root` is what the root of time would have said.

    `lags` autocorrelations were taken; with `memory` "ar1" all that follow from the first one.
    """

    value: float
    eta: float
    by_root: float
    lags: int
    memory: Memory


def eta(q: int, rho: float | FloatArray) -> float:
    """Return ``q / sqrt(q + 2 sum_{k<q} (q - k) rho_k)`` (Lo 2002, eq. 20), from one period to q.

    A number is the first autocorrelation of an AR(1), ``rho_k = rho^k``; an array holds rho_1, rho_2, ... and those
    beyond it count as zero. Returns NaN where the sum is not positive: such autocorrelations leave no variance.

    >>> eta(4, 0.0)
    2.0
    >>> round(eta(12, 0.2), 3)
    2.879
    """
    if q < 1:
        raise UsageError(f"a ratio is carried over at least one period; found {q}")
    lag = np.arange(1, q)
    if isinstance(rho, float | int):
        if not -1 < rho < 1:
            raise UsageError(f"an autocorrelation must lie between -1 and 1; found {rho:g}")
        taken = float(rho) ** lag
    else:
        taken = np.zeros(q - 1)
        known = rho[: q - 1]
        taken[: len(known)] = known
    variance = q + 2 * float((q - lag) @ taken)
    return q / math.sqrt(variance) if variance > 0 else math.nan


def autocorrelations(returns: FloatArray, lags: int) -> FloatArray:
    """Return (lags,) the first sample autocorrelations of (n,) returns, covariances with the divisor n.

    >>> autocorrelations(np.array([1.0, -1.0, 1.0, -1.0]), 2)
    array([-0.75,  0.5 ])
    """
    n = len(returns)
    if not 0 <= lags < n or not np.isfinite(returns).all():
        raise UsageError(f"finite returns and lags below n = {n} are needed; found {lags} lags")
    away = returns - returns.mean()
    square = float(away @ away)
    if math.sqrt(square / n) <= ROUNDING:
        raise UsageError("the returns do not vary: they have no autocorrelation")
    return np.array([float(away[lag:] @ away[:-lag]) / square for lag in range(1, lags + 1)])


def annual_sharpe_autocorrelated(
    returns: FloatArray, q: int, *, memory: Memory = "sample", most_lags: int | None = MOST_LAGS, risk_free: float = 0.0
) -> YearlySharpe:
    """Return the Sharpe ratio of `q` periods (a year's) from (n,) returns, by their autocorrelation.

    `memory` "sample" takes the first ``min(q - 1, n - 1, most_lags)`` sample autocorrelations (None = all), "ar1" the
    first one and its powers. `risk_free` is a rate per period. Raises `UsageError` for returns that do not vary.

    >>> found = annual_sharpe_autocorrelated(np.array([0.02, -0.01, 0.02, -0.01, 0.02, -0.01]), 12, memory="ar1")
    >>> found.value > found.by_root
    True
    """
    n = len(returns)
    if n < 2:
        raise UsageError(f"at least two returns are needed; there are {n}")
    lags = 1 if memory == "ar1" else min(q - 1, n - 1, q if most_lags is None else most_lags)
    rho = autocorrelations(returns, lags)
    factor = eta(q, float(rho[0])) if memory == "ar1" else eta(q, rho)
    ratio = float((returns.mean() - risk_free) / returns.std(ddof=1))
    return YearlySharpe(factor * ratio, factor, math.sqrt(q) * ratio, lags, memory)


def ljung_box(series: FloatArray, lags: int) -> TestResult:
    """Test that `series` (n,) has no autocorrelation up to `lags`; `statistic` is Q, p from chi-squared.

    ``Q = n (n + 2) sum rho_k^2/(n - k)`` (G. M. Ljung, G. E. P. Box, Biometrika 65, 1978).

    >>> ljung_box(np.tile([1.0, -1.0], 50), 1).p_value < 0.001
    True
    """
    from scipy.special import chdtrc  # a tenth of a second to import, for this test only

    n = len(series)
    if lags < 1:
        raise UsageError(f"at least one lag is needed; found {lags}")
    rho = autocorrelations(series, lags)
    q = n * (n + 2) * float(np.sum(rho**2 / (n - np.arange(1, lags + 1))))
    return TestResult(f"Ljung-Box({lags})", q, float(chdtrc(lags, q)), "finite variance")
