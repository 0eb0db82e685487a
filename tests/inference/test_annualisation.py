"""Sharpe ratios of a year under autocorrelation: Lo's table and formula, and Ljung and Box against statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from paired_samples import factor

from stratkit.errors import UsageError
from stratkit.inference.annualisation import annual_sharpe_autocorrelated, autocorrelations, eta, ljung_box
from stratkit.panel import FloatArray
from stratkit.seeds import generator


def remembering(n: int, persistence: float) -> FloatArray:
    series = 0.0005 + 0.01 * generator(0, "remembering").standard_normal(n)
    for t in range(1, n):
        series[t] += persistence * series[t - 1]
    return series


@pytest.mark.parametrize("vector", ["lo2002-table2-iid"])
def test_without_autocorrelation_the_factor_is_the_root_of_time_as_in_los_table(vector: str) -> None:
    # Lo (2002), table 2, the row of rho = 0
    periods = [2, 3, 4, 6, 12, 24, 36, 48, 125, 250]
    printed = [1.41, 1.73, 2.0, 2.45, 3.46, 4.9, 6.0, 6.93, 11.18, 15.81]
    assert [eta(q, 0.0) for q in periods] == pytest.approx(printed, abs=0.0051)
    assert eta(250, np.zeros(249)) == pytest.approx(math.sqrt(250))


@pytest.mark.parametrize("vector", ["lo-eta-ff-hml-q12"])
def test_a_year_of_value_returns_is_that_of_los_formula(vector: str) -> None:
    # Lo (2002), eq. 20, with all eleven sample autocorrelations
    found = annual_sharpe_autocorrelated(factor("HML", 1109), 12)
    assert found.lags == 11
    assert (found.eta, found.value) == pytest.approx((3.1121308022835636, 0.3296485933347632), rel=1e-6)
    assert found.by_root == pytest.approx(0.36693066491965326, rel=1e-6)
    assert found.by_root / math.sqrt(12) == pytest.approx(0.10592375908264509, rel=1e-6)


@pytest.mark.parametrize("rho", [-0.4, 0.0, 0.3])
def test_an_autoregression_has_powers_of_its_first_autocorrelation(rho: float) -> None:
    # Lo (2002), eq. 21, the sum written out
    q = 12
    closed = q / math.sqrt(q * (1 + 2 * rho / (1 - rho) * (1 - (1 - rho**q) / (q * (1 - rho)))))
    assert eta(q, rho) == pytest.approx(closed, rel=1e-12)
    assert eta(q, np.array([rho**lag for lag in range(1, q)])) == pytest.approx(closed, rel=1e-12)


def test_trends_make_a_year_less_than_its_root_and_reversals_more() -> None:
    trend = annual_sharpe_autocorrelated(remembering(2000, 0.3), 252, memory="ar1")
    reversal = annual_sharpe_autocorrelated(remembering(2000, -0.3), 252, memory="ar1")
    assert trend.value < trend.by_root
    assert reversal.value > reversal.by_root
    assert trend.eta == eta(252, float(autocorrelations(remembering(2000, 0.3), 1)[0]))


def test_lags_of_daily_returns_are_capped_unless_all_are_asked_for() -> None:
    returns = remembering(2000, 0.1)
    capped, everything = (
        annual_sharpe_autocorrelated(returns, 252),
        annual_sharpe_autocorrelated(returns, 252, most_lags=None),
    )
    assert (capped.lags, everything.lags) == (20, 251)
    assert capped.eta == eta(252, autocorrelations(returns, 20))
    assert everything.eta != capped.eta


def test_a_risk_free_rate_lowers_the_ratio_and_leaves_the_factor() -> None:
    returns = remembering(500, 0.2)
    free, charged = (annual_sharpe_autocorrelated(returns, 252, risk_free=rate) for rate in (0.0, 0.0002))
    assert charged.value < free.value
    assert charged.eta == free.eta


def test_autocorrelations_that_leave_no_variance_have_no_factor() -> None:
    assert math.isnan(eta(12, np.array([-0.9])))


@pytest.mark.parametrize("persistence", [0.0, 0.2])
@pytest.mark.parametrize("lags", [1, 10])
def test_ljung_box_is_that_of_statsmodels(persistence: float, lags: int) -> None:
    from statsmodels.stats.diagnostic import acorr_ljungbox

    series = remembering(400, persistence)
    oracle = acorr_ljungbox(series, lags=[lags])
    found = ljung_box(series, lags)
    expected = float(oracle["lb_stat"].iloc[0]), float(oracle["lb_pvalue"].iloc[0])
    assert (found.statistic, found.p_value) == pytest.approx(expected, rel=1e-9)


def test_series_without_autocorrelation_to_measure_are_refused() -> None:
    with pytest.raises(UsageError, match="do not vary"):
        ljung_box(np.full(50, 0.01), 5)
    with pytest.raises(UsageError, match="lags below n"):
        ljung_box(np.array([0.1, 0.2]), 5)
    with pytest.raises(UsageError, match="at least one lag"):
        ljung_box(remembering(50, 0.0), 0)
    with pytest.raises(UsageError, match="at least two returns"):
        annual_sharpe_autocorrelated(np.array([0.1]), 12)
    with pytest.raises(UsageError, match="between -1 and 1"):
        eta(12, 1.0)
    with pytest.raises(UsageError, match="at least one period"):
        eta(0, 0.1)
