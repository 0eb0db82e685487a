"""Tests of a Sharpe difference: the authors' own figures, R's, and a plain twin of the HAC estimators."""

from __future__ import annotations

import math

import numpy as np
import pytest
from paired_samples import columns, factor, funds, pair
from public_series import twenty_stocks

from stratkit.errors import UsageError
from stratkit.inference.comparison import ComparedMetric
from stratkit.inference.hac import long_run_variance_parzen, newey_west, prewhitened_variance
from stratkit.inference.sharpe_difference import hac_difference, iid_difference, jobson_korkie
from stratkit.inference.signed_rank import wilcoxon
from stratkit.inference.smooth_metrics import smooth_metric
from stratkit.panel import FloatArray
from stratkit.seeds import generator

SHARPE = smooth_metric("sharpe")


# Memmel (2003), Finance Letters 1, 21-23, on the returns of Ledoit and Wolf (2008); R and Python agree
@pytest.mark.parametrize(
    ("kind", "se", "z", "p"),
    [
        pytest.param("hedge", 0.1727630305937809, -2.583413506421861, 0.00978279932488798, id="jkm-hedge"),
        pytest.param("mutual", 0.0469708728219857, 2.0588567387157695, 0.0395079644038252, id="jkm-mutual"),
    ],
)
def test_jobson_korkie_memmel_is_reproduced(kind: str, se: float, z: float, p: float) -> None:
    found = jobson_korkie(*funds(kind))
    assert (found.se, found.statistic, found.p_value) == pytest.approx((se, z, p), rel=1e-9)


# Ledoit and Wolf (2008): the authors' R code Sharpe.RData, hac.inference
@pytest.mark.parametrize(
    ("kind", "prewhiten", "difference", "se", "p"),
    [
        pytest.param("hedge", False, -0.446318346646, 0.317627146509, 0.159972408874, id="lw2008-hedge-hac"),
        pytest.param("hedge", True, -0.446318346646, 0.387269369189, 0.249125851865, id="lw2008-hedge-hac-pw"),
        pytest.param("mutual", False, 0.096706298033, 0.052553498539, 0.065746280601, id="lw2008-mutual-hac"),
        pytest.param("mutual", True, 0.096706298033, 0.053377531719, 0.070026122963, id="lw2008-mutual-hac-pw"),
    ],
)
def test_the_hac_tests_of_ledoit_and_wolf_are_reproduced(
    kind: str, prewhiten: bool, difference: float, se: float, p: float
) -> None:
    first, second = funds(kind)
    found = hac_difference(columns(first), columns(second), SHARPE, prewhiten=prewhiten)
    assert (found.statistic * found.se, found.se, found.p_value) == pytest.approx((difference, se, p), rel=1e-9)


@pytest.mark.parametrize("vector", ["peerperformance-iid-ff600"])
def test_the_iid_test_is_that_of_peerperformance(vector: str) -> None:
    # R PeerPerformance sharpeTestAsymptotic(hac = FALSE, ttype = 1)
    found = iid_difference(factor("Mkt-RF"), factor("HML"))
    expected = (0.00127976558769854, 0.0661573508532615, 0.019344268946577, 0.984566469013299)
    assert (found.statistic * found.se, found.se, found.statistic, found.p_value) == pytest.approx(expected, rel=1e-9)


# PeerPerformance's example data hfdata, columns 1 and 2: 60 months (randomised there)
FUND_1 = """0.026288712401 0.019421945204 0.024603785002 -0.009895157895 0.023326055328 0.02728171098 0.03299004002
0.000883448097 -0.002575771312 -0.01535774916 0.021014206384 0.030282189709 -0.014079625528 0.002514207763
-0.024011435813 0.007233502287 -0.044598172693 0.023271940529 0.017017934167 -0.01687176318 -0.036854401726
0.011469366165 -0.069064016536 -0.089072705048 -0.047105351987 0.008887365393 -0.009989987644 -0.016601784459
0.046749692818 0.049589681429 0.076663124797 0.0141195222 0.015542408439 0.018434233041 0.029286241525 -0.026080200121
0.023555352379 0.026643648418 -0.013277989233 0.002451742146 0.032916926002 0.010448715981 -0.027442524154
-0.013632558619 0.017595636489 -0.017518540063 0.02612019073 0.017739435043 -0.002540771154 0.028748881929
-0.00160175325 -0.002034338655 -0.001985031409 0.01732710625 -0.019639382531 -0.022628868435 -0.001124018433
-0.097769986764 -0.077163285423 0.030252402575"""
FUND_2 = """0.032836280307 0.036557762421 0.029981021563 -0.010718460023 0.004152092668 0.019795017589 0.038927164937
0.003516838298 0.007475798479 -0.019980337715 0.005643422499 0.00693070443 -0.06420897405 0.004683981227
-0.041558009379 -0.07856635696 -0.075760935123 -0.046458315014 0.064026959807 -0.0645973628 -0.042820015262
0.077829096092 -0.083945027402 -0.237894799086 -0.079943830752 0.013794693682 -0.079035206852 -0.060837072199
0.07339302549 0.177574887372 -0.020634882178 -0.028092353429 0.125046983401 0.014109187212 0.051677995659
-0.028460156062 0.017952361621 0.076032379207 0.010029039156 0.054462304379 0.047711354943 0.045309437753
-0.049784263807 -0.056565436295 0.039896494494 -0.020548025275 0.046153842742 0.080959509791 -0.014663822687
0.022071755779 -0.022034320353 0.021611084984 -0.019491149851 0.039450133837 0.002240876182 -0.014464101481
-0.055238583246 -0.076135192035 -0.083159285016 0.094634467914"""


@pytest.mark.parametrize("vector", ["peerperformance-hfdata-1-2"])
def test_both_tests_of_peerperformance_on_its_own_data_are_reproduced(vector: str) -> None:
    first, second = (np.array([float(each) for each in text.split()]) for text in (FUND_1, FUND_2))
    iid = iid_difference(first, second)
    expected = (0.0438686697942229, 0.0961962810463269, 0.648366314282918)
    assert (iid.statistic * iid.se, iid.se, iid.p_value) == pytest.approx(expected, rel=1e-6)
    hac = hac_difference(columns(first), columns(second), SHARPE, prewhiten=False)
    assert (hac.se, hac.p_value) == pytest.approx((0.093008216565767, 0.637166312043684), rel=1e-6)


@pytest.mark.parametrize(
    ("lag", "se", "t"),
    [
        pytest.param(0, 0.19109410993016, 2.0079111812511257, id="nw-mkt-smb-L0"),
        pytest.param(10, 0.207805548125932, 1.8464377080417238, id="nw-mkt-smb-L10"),
    ],
)
def test_newey_west_is_that_of_rs_sandwich(lag: int, se: float, t: float) -> None:
    found = newey_west(factor("Mkt-RF") - factor("SMB"), lags=lag)
    assert (found.statistic * found.se, found.se, found.statistic) == pytest.approx((0.3837, se, t), rel=1e-9)


def test_newey_west_is_that_of_statsmodels_at_its_default_lags() -> None:
    import statsmodels.api as sm

    difference = generator(0, "newey-west").standard_normal(1500).cumsum() * 0.01
    fitted = sm.OLS(difference, np.ones(1500)).fit(cov_type="HAC", cov_kwds={"maxlags": 7}, use_t=True)
    found = newey_west(difference)  # 4 (1500/100)^(2/9) = 7.3
    assert found.name.endswith("(7)")
    assert (found.se, found.p_value) == pytest.approx((float(fitted.bse[0]), float(fitted.pvalues[0])), rel=1e-9)


def test_a_difference_that_does_not_vary_has_a_reason_and_no_p_value() -> None:
    found = newey_west(np.full(50, 0.001))
    assert math.isnan(found.p_value)
    assert "does not vary" in found.reason


def test_the_panel_of_two_stocks_is_that_of_the_statistics_page() -> None:
    # LLY against JPM, last 1500 days: p values printed there to three places, its yearly SE .490
    first, second = (twenty_stocks()[-1500:, column] for column in (10, 8))
    x, y = columns(first), columns(second)
    hac, whitened = (hac_difference(x, y, SHARPE, prewhiten=prewhiten) for prewhiten in (False, True))
    found = [hac.p_value, whitened.p_value, jobson_korkie(first, second).p_value, newey_west(first - second).p_value]
    assert [round(p, 3) for p in found] == [0.175, 0.177, 0.178, 0.217]
    assert round(whitened.se * math.sqrt(252), 3) == 0.490
    assert round(wilcoxon(first - second).test.p_value, 3) == 0.041


def plain_parzen(v: FloatArray) -> FloatArray:
    """The authors' R code, line by line."""
    T, p = v.shape
    numerator = denominator = 0.0
    for i in range(p):
        x, y = v[:-1, i], v[1:, i]
        rho = np.cov(x, y)[0, 1] / x.var(ddof=1)
        sig = math.sqrt(np.mean((y - y.mean() - rho * (x - x.mean())) ** 2))
        numerator += 4 * rho**2 * sig**4 / (1 - rho) ** 8
        denominator += sig**4 / (1 - rho) ** 4
    S_star = min(2.6614 * (numerator / denominator * T) ** 0.2, T - 1)
    psi = v.T @ v / T
    j = 1
    while j < S_star:
        z = j / S_star
        k = 1 - 6 * z**2 + 6 * z**3 if z <= 0.5 else 2 * (1 - z) ** 3
        gamma = sum(np.outer(v[t], v[t - j]) for t in range(j, T)) / T
        psi = psi + k * (gamma + gamma.T)
        j += 1
    return np.asarray(T / (T - p) * psi)


@pytest.mark.parametrize("persistence", [0.0, 0.6, -0.4])
def test_the_long_run_variance_is_that_of_a_plain_twin(persistence: float) -> None:
    v = generator(0, "twin").standard_normal((300, 4))
    for t in range(1, 300):
        v[t] += persistence * v[t - 1]
    v -= v.mean(axis=0)
    np.testing.assert_allclose(long_run_variance_parzen(v), plain_parzen(v), rtol=1e-10)


def test_prewhitening_finds_the_variance_of_a_strong_autoregression() -> None:
    # an AR(1) of .9 with unit shocks: long-run variance 1/(1 - .9)^2 = 100, which the bare kernel misses by a third
    shocks = generator(0, "ar").standard_normal(40_000)
    series = np.zeros((40_000, 1))
    for t in range(1, 40_000):
        series[t] = 0.9 * series[t - 1] + shocks[t]
    assert float(prewhitened_variance(series - series.mean())[0, 0]) == pytest.approx(100, rel=0.1)


def test_a_unit_root_is_capped_so_that_the_variance_stays_finite() -> None:
    explosive = np.cumsum(np.linspace(1.0, 4.0, 200) ** 2)[:, None]
    assert np.isfinite(prewhitened_variance(explosive - explosive.mean())).all()


def test_two_arms_that_differ_by_a_constant_have_a_small_but_positive_error() -> None:
    first, _ = pair(800, "constant")
    for prewhiten in (False, True):
        found = hac_difference(columns(first + 0.001), columns(first), SHARPE, prewhiten=prewhiten)
        assert 0 < found.se < 0.01
        assert found.statistic > 20


def test_a_multiple_of_an_arm_has_its_sharpe_ratio_and_no_p_value() -> None:
    first, _ = pair(800, "multiple")
    for found in (jobson_korkie(2 * first, first), iid_difference(2 * first, first)):
        assert math.isnan(found.p_value)
        assert "does not vary" in found.reason


def test_identical_constant_and_unequal_series_are_refused() -> None:
    first, second = pair(100, "refused")
    for test in (jobson_korkie, iid_difference):
        with pytest.raises(UsageError, match="identical"):
            test(first, first)
        with pytest.raises(UsageError, match="second series do not vary"):
            test(first, np.full(100, 0.01))
        with pytest.raises(UsageError, match="two series"):
            test(first, second[:50])
        with pytest.raises(UsageError, match="finite"):
            test(first, np.where(second > 0, np.nan, second))
    with pytest.raises(UsageError, match="periods"):
        hac_difference(columns(first[:8]), columns(second[:8]), SHARPE, prewhiten=True)


@pytest.mark.parametrize(("metric", "name"), [("sharpe", "Sharpe difference, HAC"), ("mean", "Mean difference, HAC")])
def test_the_name_of_a_check_begins_with_a_capital_as_those_beside_it(metric: ComparedMetric, name: str) -> None:
    returns = np.random.default_rng(0).normal(0.0, 0.01, (2, 60, 1))
    x, y = (np.column_stack([one, one**2]) if metric == "sharpe" else one for one in returns)
    assert hac_difference(x, y, smooth_metric(metric), prewhiten=False).name == name
