"""`newey_west` and long-run variances: standard errors of means that hold under autocorrelation.

Parzen's kernel with the bandwidth of D. W. K. Andrews, Econometrica 59 (1991), bare and prewhitened by a VAR(1)
(Andrews and Monahan, Econometrica 60 (1992)), as O. Ledoit and M. Wolf (2008) use them; Bartlett's kernel as
W. K. Newey and K. D. West (1987).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.smooth_metrics import SmoothMetric
from stratkit.inference.test_result import TestResult
from stratkit.panel import FloatArray

# Andrews (1991), eq. 6.2: the constant of Parzen's kernel
_PARZEN_BANDWIDTH: Final = 2.6614
# Andrews and Monahan (1992) cap the singular values of the VAR(1) at .97, so that it stays clear of a unit root
_LARGEST_SINGULAR_VALUE: Final = 0.97


def long_run_variance_parzen(columns: FloatArray) -> FloatArray:
    """Return (p, p) the long-run covariance of `columns` (T, p), which must have been centred.

    ``T/(T - p) sum_j k(j/S) Gamma(j)`` with Parzen's k and ``S = min(2.6614 (alpha T)^(1/5), T - 1)``, alpha from an
    AR(1) fitted to each column. Raises `UsageError` when there are no more rows than columns.

    >>> white = np.random.default_rng(0).standard_normal((2000, 1))
    >>> 0.9 < float(long_run_variance_parzen(white - white.mean(axis=0))[0, 0]) < 1.1
    True
    """
    rows, p = columns.shape
    if rows <= p + 1:
        raise UsageError(f"a long-run covariance of {p} series needs more than {p + 1} periods; found {rows}")
    bandwidth = min(_PARZEN_BANDWIDTH * (_andrews_alpha(columns) * rows) ** 0.2, rows - 1.0)
    total = columns.T @ columns / rows
    for lag in range(1, math.ceil(bandwidth)):
        covariance = columns[lag:].T @ columns[:-lag] / rows
        total += _parzen(lag / bandwidth) * (covariance + covariance.T)
    return np.asarray(total * rows / (rows - p))


def prewhitened_variance(columns: FloatArray) -> FloatArray:
    """Return (p, p) the long-run covariance of centred `columns` (T, p) by way of the residuals of a VAR(1).

    The VAR has no constant; where columns are collinear the smallest coefficients that fit are taken. As in the
    authors' code its coefficients, and so the cap on their singular values, are in the units of the columns.
    """
    if len(columns) <= 2 * columns.shape[1]:
        raise UsageError(
            f"a VAR(1) of {columns.shape[1]} series needs more than {2 * columns.shape[1]} periods; "
            f"found {len(columns)}"
        )
    before, after = columns[:-1], columns[1:]
    fitted = np.linalg.lstsq(before, after, rcond=None)[0].T
    left, singular, right = np.linalg.svd(fitted)
    var = (left * np.minimum(singular, _LARGEST_SINGULAR_VALUE)) @ right
    recolour = np.linalg.inv(np.eye(columns.shape[1]) - var)
    return np.asarray(recolour @ long_run_variance_parzen(after - before @ var.T) @ recolour.T)


def standard_error(columns: FloatArray, gradient: FloatArray, *, prewhiten: bool) -> float:
    """Return ``sqrt(gradient' Psi gradient / T)`` of a function of the means of `columns` (T, p)."""
    centred = columns - columns.mean(axis=0)
    psi = prewhitened_variance(centred) if prewhiten else long_run_variance_parzen(centred)
    return math.sqrt(max(float(gradient @ psi @ gradient), 0.0) / len(columns))


def difference_error(x: FloatArray, y: FloatArray, metric: SmoothMetric, *, prewhiten: bool) -> float:
    """Return the HAC standard error of the difference of a metric of columns x and y (n, m)."""
    both = np.concatenate([metric.gradient(x.mean(axis=0)), -metric.gradient(y.mean(axis=0))])
    return standard_error(np.column_stack([x, y]), both, prewhiten=prewhiten)


def newey_west(difference: FloatArray, lags: int | None = None) -> TestResult:
    """Test that the mean of `difference` (n,) is zero, with Newey and West's standard error.

    p from Student's t with n - 1 degrees. Bartlett weights up to `lags`; None takes ``floor(4 (n/100)^(2/9))`` (Newey
    and West 1994). No small-sample factor, as in R's ``sandwich::NeweyWest(prewhite = FALSE, adjust = FALSE)``.

    >>> newey_west(np.array([0.01, 0.03, -0.01, 0.02]), lags=0).name
    'Mean difference, Newey-West(0)'
    """
    from scipy.special import stdtr  # a tenth of a second to import, for this test only

    n = len(difference)
    if n < 2 or not np.isfinite(difference).all():
        raise UsageError("at least two differences are needed, all of them finite")
    taken = math.floor(4 * (n / 100) ** (2 / 9)) if lags is None else lags
    if not 0 <= taken < n:
        raise UsageError(f"lags must lie between 0 and n - 1 = {n - 1}; found {taken}")
    mean = float(difference.mean())
    away = difference - mean
    total = float(away @ away)
    for lag in range(1, taken + 1):
        total += 2 * (1 - lag / (taken + 1)) * float(away[lag:] @ away[:-lag])
    name, assumes = f"Mean difference, Newey-West({taken})", "autocorrelation dies out within the lags"
    # away is rounding only when every difference is the same
    if not total / n > (1e-12 * float(np.abs(difference).max())) ** 2:
        return TestResult(name, math.nan, math.nan, assumes, 0.0, reason="the difference does not vary")
    se = math.sqrt(total) / n
    return TestResult(name, mean / se, 2 * float(stdtr(n - 1, -abs(mean / se))), assumes, se)


def two_sided(z: float) -> float:
    """Return the two-sided p value of a standard normal statistic.

    >>> round(two_sided(1.959964), 4)
    0.05
    """
    return 2 * NormalDist().cdf(-abs(z))


def _andrews_alpha(columns: FloatArray) -> float:
    """Return Andrews' alpha(2) of AR(1) fits with a constant (1991, eq. 6.4); 0 when no column varies."""
    before, after = columns[:-1], columns[1:]
    x, y = before - before.mean(axis=0), after - after.mean(axis=0)
    square = np.einsum("tp,tp->p", x, x)
    varies = square > 0
    x, y = x[:, varies], y[:, varies]
    rho = np.einsum("tp,tp->p", x, y) / square[varies]
    variance = np.mean((y - x * rho) ** 2, axis=0)
    away = np.maximum(np.abs(1 - rho), 1e-6)  # a root of one would divide by zero; the bandwidth is T - 1 long before
    weight = float(np.sum(variance**2 / away**4))
    return float(np.sum(4 * rho**2 * variance**2 / away**8)) / weight if weight > 0 else 0.0


def _parzen(z: float) -> float:
    return 1 - 6 * z**2 + 6 * z**3 if z <= 0.5 else 2 * (1 - z) ** 3
