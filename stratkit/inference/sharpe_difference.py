"""Tests that two Sharpe ratios are the same, each with what it assumes: the panel beside the primary test.

All ratios are per period. The tests are for pairs: row t of both series is one period.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.hac import difference_error, two_sided
from stratkit.inference.sharpe import ROUNDING
from stratkit.inference.smooth_metrics import SmoothMetric, check_columns, smooth_metric
from stratkit.inference.studentized_bootstrap import influence
from stratkit.inference.test_result import TestResult
from stratkit.panel import FloatArray

# of a difference: smaller than this share of what it is a difference of, it is rounding
_NOTHING: Final = 1e-12


def jobson_korkie(x: FloatArray, y: FloatArray) -> TestResult:
    """Test that x and y (n,) have one Sharpe ratio: Jobson and Korkie (1981) as corrected by Memmel (2003).

    ``z = (SR1 - SR2)/sqrt(theta/n)`` with ``theta = 2 - 2 rho + (SR1^2 + SR2^2 - 2 SR1 SR2 rho^2)/2`` (Finance Letters
    1, 21-23). Raises `UsageError` for returns that do not vary, differ in number or are not finite.
    """
    _check_pair(x, y)
    first, second = _sharpe(x), _sharpe(y)
    rho = float(np.corrcoef(x, y)[0, 1])
    theta = 2 - 2 * rho + (first**2 + second**2 - 2 * first * second * rho**2) / 2
    return _answer("Jobson-Korkie-Memmel", first, second, theta / len(x), "iid normal returns")


def iid_difference(x: FloatArray, y: FloatArray) -> TestResult:
    """Test that x and y (n,) have one Sharpe ratio by the delta method with the moments of iid returns.

    As R's ``PeerPerformance::sharpeTestAsymptotic(hac = FALSE, ttype = 1)``; skewness and fat tails are allowed for,
    autocorrelation is not.
    """
    _check_pair(x, y)
    each = influence(_powers(x), _powers(y), smooth_metric("sharpe"))
    variance = float(np.mean(each**2)) / (len(x) - 1)  # covariances there have the divisor n - 1
    return _answer("Sharpe difference, iid", _sharpe(x), _sharpe(y), variance, "iid returns")


def hac_difference(x: FloatArray, y: FloatArray, metric: SmoothMetric, *, prewhiten: bool) -> TestResult:
    """Test that a metric of the means of columns x and y (n, m) is the same, with Parzen's kernel.

    For the Sharpe ratio these are the two HAC tests of O. Ledoit, M. Wolf, Journal of Empirical Finance 15 (2008),
    section 3.1; p from the normal.
    """
    check_columns(x, y)
    scale = metric.small_sample(len(x))
    first, second = (float(metric.value(columns.mean(axis=0))) * scale for columns in (x, y))
    se = difference_error(x, y, metric, prewhiten=prewhiten)
    kind = "prewhitened HAC" if prewhiten else "HAC"
    name = metric.name[0].upper() + metric.name[1:]
    return _answer(f"{name} difference, {kind}", first, second, se**2, "stationary returns")


def _answer(name: str, first: float, second: float, variance: float, assumes: str) -> TestResult:
    difference = first - second
    se = math.sqrt(max(variance, 0.0))
    if se > _NOTHING * (abs(first) + abs(second)):
        return TestResult(name, difference / se, two_sided(difference / se), assumes, se)
    return TestResult(name, math.nan, math.nan, assumes, se, reason="the difference does not vary with the sample")


def _powers(returns: FloatArray) -> FloatArray:
    return np.column_stack([returns, returns**2])


def _sharpe(returns: FloatArray) -> float:
    return float(returns.mean() / returns.std(ddof=1))


def _check_pair(x: FloatArray, y: FloatArray) -> None:
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
        raise UsageError(f"two series of at least two periods must be given, (n,); found {x.shape} and {y.shape}")
    check_columns(x[:, None], y[:, None])
    for name, returns in (("first", x), ("second", y)):
        if float(returns.std(ddof=1)) <= ROUNDING:
            raise UsageError(f"the returns of the {name} series do not vary: it has no Sharpe ratio")
