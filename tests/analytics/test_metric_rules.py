"""Hand-computed metrics on tiny series, their invariances, and where they are undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stratkit.analytics import relative, tail, underwater
from stratkit.analytics import returns as ratios
from stratkit.analytics.summary import summarise
from stratkit.errors import UsageError
from stratkit.inference.estimate import Estimate
from stratkit.inference.sharpe import Moments

TINY = [0.10, -0.05, 0.02, -0.01]  # mean 0.015, squares around it .007225 + .004225 + .000025 + .000625 = .0121
many = st.lists(st.floats(-0.2, 0.2), min_size=5, max_size=60).filter(lambda r: float(np.std(r)) > 1e-4)


def reason_of(estimate: Estimate) -> str:
    assert math.isnan(estimate.value)
    return estimate.reason


def test_return_metrics_by_hand() -> None:
    summary = summarise(TINY)
    sd = math.sqrt(0.0121 / 3)
    assert ratios.total_return(summary).value == pytest.approx(1.1 * 0.95 * 1.02 * 0.99 - 1, rel=1e-14)
    assert ratios.cagr(summary, 8).value == pytest.approx((1.1 * 0.95 * 1.02 * 0.99) ** 2 - 1, rel=1e-13)
    assert ratios.ann_vol(summary, 4).value == pytest.approx(2 * sd, rel=1e-13)
    assert ratios.sharpe(summary, 4).value == pytest.approx(2 * 0.015 / sd, rel=1e-13)
    assert ratios.sharpe(summary, 4, risk_free=0.005).value == pytest.approx(2 * 0.01 / sd, rel=1e-13)
    assert ratios.downside_deviation(summary).value == pytest.approx(math.sqrt(0.0026 / 4), rel=1e-13)
    assert ratios.sortino(summary, 4).value == pytest.approx(2 * 0.015 / math.sqrt(0.0026 / 4), rel=1e-13)
    assert ratios.omega(summary).value == pytest.approx(0.12 / 0.06, rel=1e-13)


def test_the_minimum_acceptable_return_moves_sortino_and_omega_by_hand() -> None:
    summary = summarise(TINY, mar=0.02)  # beyond it: +.08, 0; below: -.07, -.03
    assert ratios.omega(summary).value == pytest.approx(0.08 / 0.10, rel=1e-12)
    assert ratios.sortino(summary, 1).value == pytest.approx(-0.005 / math.sqrt((0.0049 + 0.0009) / 4), rel=1e-12)


def test_trend_metrics_equal_linear_regression() -> None:
    returns = np.random.default_rng(3).normal(0.001, 0.01, 300)
    summary, level = summarise(returns), np.log(np.cumprod(1 + returns))
    fit = stats.linregress(np.arange(300), level)
    assert ratios.stability(summary).value == pytest.approx(fit.rvalue**2, rel=1e-10)
    assert ratios.k_ratio(summary, 252).value == pytest.approx(fit.slope / fit.stderr * math.sqrt(252) / 300, rel=1e-10)


def test_moments_of_a_summary_equal_scipy() -> None:
    returns = 0.01 * np.random.default_rng(4).standard_t(4, 400)
    moments = summarise(returns).moments
    assert moments.skewness == pytest.approx(stats.skew(returns), rel=1e-11)
    assert moments.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-11)
    assert ratios.excess_kurtosis(summarise(returns)).value == pytest.approx(stats.kurtosis(returns), rel=1e-9)
    assert ratios.skewness(summarise(returns)).value == moments.skewness


def test_tail_metrics_by_hand() -> None:
    returns = np.arange(-10, 11) / 100  # 21 values: the 5 % quantile is the second, -0.09
    assert tail.var_hist(returns).value == pytest.approx(-0.09)
    assert tail.cvar_hist(returns).value == pytest.approx(-0.095)
    assert tail.tail_ratio(returns).value == pytest.approx(1.0)
    assert tail.var_hist(returns, 0.9).value == pytest.approx(-0.08)
    moments = summarise(returns).moments
    assert tail.var_gauss(moments).value == pytest.approx(-1.6448536269514722 * returns.std(ddof=1), rel=1e-12)
    assert tail.cvar_gauss(moments).value == pytest.approx(-2.0627128075074253 * returns.std(ddof=1), rel=1e-9)


def test_cornish_fisher_equals_gaussian_for_normal_moments() -> None:
    normal = Moments(1000, 0.001, 0.01, 0.0, 3.0)
    expected = 0.001 - 1.6448536269514722 * 0.01 * math.sqrt(0.999)
    assert tail.var_cf(normal).value == pytest.approx(expected, rel=1e-12)


def test_cornish_fisher_that_falls_at_its_quantile_is_undefined() -> None:
    # the slope at z = -1.645 for S = 3, K = 2: 1 - 1.645 + 0.426 - 2.809 = -3.03
    assert "not monotone" in reason_of(tail.var_cf(Moments(1000, 0.0, 0.01, 3.0, 5.0)))


def test_cornish_fisher_is_undefined_when_a_milder_quantile_would_lose_more() -> None:
    # S = 0: z' = z + (z^3 - 3z)K/24 rises at z = -1.3 for K = 20 (slope 2.7), but there it is above 0 = z'(0)
    assert -1.3 + (-(1.3**3) + 3.9) * 20 / 24 > 0
    assert "not monotone" in reason_of(tail.var_cf(Moments(1000, 0.0, 0.01, 0.0, 23.0), float(stats.norm.cdf(1.3))))


@given(st.floats(-2, 2), st.floats(1, 20), st.floats(0.55, 0.999))
def test_the_monotonicity_check_agrees_with_a_fine_grid(skew: float, kurtosis: float, confidence: float) -> None:
    z = float(stats.norm.ppf(1 - confidence))
    grid, excess = np.linspace(z, 0, 4001), kurtosis - 3
    moved = grid + (grid**2 - 1) * skew / 6 + (grid**3 - 3 * grid) * excess / 24
    moved -= (2 * grid**3 - 5 * grid) * skew**2 / 36
    slope = 1 + z * skew / 3 + (z**2 - 1) * excess / 8 - (6 * z**2 - 5) * skew**2 / 36
    least = float((moved[1:] - moved[0]).min())
    if abs(slope) > 1e-3 and abs(float((moved[400:] - moved[0]).min())) > 1e-4:
        expected = slope > 0 and least >= 0
        assert tail.var_cf(Moments(100, 0.0, 0.01, skew, kurtosis), confidence).is_defined == expected


def test_benchmark_metrics_by_hand() -> None:
    pair = relative.paired([0.02, -0.01, 0.03, 0.0], [0.01, -0.02, 0.02, 0.01])
    # means 0.01 and 0.005; benchmark squares around it .000025 + .000625 + .000225 + .000025 = .0009
    covariance = 0.01 * 0.005 + 0.02 * 0.025 + 0.02 * 0.015 - 0.01 * 0.005
    slope = covariance / 0.0009
    assert relative.beta(pair).value == pytest.approx(slope, rel=1e-12)
    assert relative.alpha(pair, 10).value == pytest.approx((0.01 - slope * 0.005) * 10, rel=1e-12)
    assert relative.alpha(pair, 10, 0.001).value == pytest.approx((0.009 - slope * 0.004) * 10, rel=1e-12)
    assert relative.treynor(pair, 10).value == pytest.approx(0.1 / slope, rel=1e-12)
    # differences .01 .01 .01 -.01: mean .005, sd .01
    assert relative.information_ratio(pair, 4).value == pytest.approx(1.0, rel=1e-12)
    assert relative.tracking_error(pair, 4).value == pytest.approx(0.02, rel=1e-12)
    assert relative.correlation(pair).value == pytest.approx(np.corrcoef(pair.returns, pair.benchmark)[0, 1])
    up = ((1.02 * 1.03 * 1.0) ** (3 / 3) - 1) / ((1.01 * 1.02 * 1.01) ** (3 / 3) - 1)
    assert relative.up_capture(pair, 3).value == pytest.approx(up, rel=1e-12)
    assert relative.down_capture(pair, 1).value == pytest.approx(0.5, rel=1e-12)


def test_m2_of_the_benchmark_itself_is_its_own_growth() -> None:
    returns = np.random.default_rng(5).normal(0.001, 0.01, 50)
    pair = relative.paired(returns, returns)
    growth = ratios.cagr(summarise(returns), 252).value
    assert relative.m2(pair, 252, 0.0001).value == pytest.approx(growth, rel=1e-10)
    assert relative.jensen(pair, 252, 0.0001).value == pytest.approx(0.0, abs=1e-12)
    assert relative.beta(pair).value == pytest.approx(1.0)
    assert "does not vary" in reason_of(relative.information_ratio(pair, 252))


def test_one_return_has_growth_but_no_spread() -> None:
    summary = summarise([0.01])
    assert ratios.total_return(summary).value == pytest.approx(0.01)
    for estimate in (
        ratios.ann_vol(summary, 252),
        ratios.sharpe(summary, 252),
        ratios.psr(summary),
        ratios.k_ratio(summary, 252),
        ratios.skewness(summary),
        tail.var_gauss(summary.moments),
        tail.var_cf(summary.moments),
    ):
        assert "there are 1" in reason_of(estimate)


def test_no_return_at_all_is_undefined_with_a_reason() -> None:
    summary, none = summarise([]), np.array([])
    for estimate in (
        ratios.total_return(summary),
        ratios.cagr(summary, 252),
        ratios.sortino(summary, 252),
        ratios.omega(summary),
        ratios.downside_deviation(summary),
        tail.var_hist(none),
        tail.cvar_hist(none),
        tail.tail_ratio(none),
    ):
        assert "no return period" in reason_of(estimate)


@pytest.mark.parametrize("constant", [0.001, 0.0, -0.02, 1 / 3])
def test_constant_returns_have_no_ratio(constant: float) -> None:
    summary = summarise([constant] * 50)
    assert ratios.ann_vol(summary, 252).value == 0
    assert "do not vary" in reason_of(ratios.sharpe(summary, 252))
    assert "do not vary" in reason_of(ratios.psr(summary))
    assert "do not vary" in reason_of(ratios.min_track_record(summary))
    assert "do not vary" in reason_of(ratios.adjusted_sharpe(summary, 252))
    assert "do not vary" in reason_of(tail.var_cf(summary.moments))
    assert "do not vary" in reason_of(ratios.skewness(summary))
    assert not ratios.k_ratio(summary, 252).is_defined


def test_equity_that_grows_at_a_constant_rate_counts_as_constant_despite_rounding() -> None:
    equity = 100_000 * 1.0007 ** np.arange(500)
    returns = equity[1:] / equity[:-1] - 1
    assert returns.std() > 0
    assert "do not vary" in reason_of(ratios.sharpe(summarise(returns), 252))
    assert ratios.stability(summarise(returns)).value == pytest.approx(1.0)
    assert "straight line" in reason_of(ratios.k_ratio(summarise(returns), 252))


def test_equity_that_does_not_move_has_no_trend() -> None:
    assert "does not move" in reason_of(ratios.stability(summarise([0.0] * 10)))


def test_only_gains_leave_downside_ratios_undefined_rather_than_infinite() -> None:
    summary = summarise([0.01, 0.02, 0.03])
    assert "no return fell below" in reason_of(ratios.sortino(summary, 252))
    assert "no return fell below" in reason_of(ratios.omega(summary))
    assert ratios.downside_deviation(summary).value == 0


def test_only_losses_give_an_omega_of_zero() -> None:
    assert ratios.omega(summarise([-0.01, -0.02])).value == 0


def test_a_ruined_account_has_a_total_return_but_no_growth_a_year() -> None:
    summary = summarise([0.1, -1.5, 0.0, 0.0])
    assert ratios.total_return(summary).value == pytest.approx(1.1 * -0.5 - 1)
    assert "zero or below" in reason_of(ratios.cagr(summary, 252))
    assert "zero or below" in reason_of(ratios.stability(summary))
    assert "zero or below" in reason_of(ratios.k_ratio(summary, 252))
    assert "zero or below" in reason_of(ratios.adjusted_sharpe(summary, 252))
    assert ratios.cagr(summarise([0.1, -1.0]), 252).value == -1


def test_growth_past_all_numbers_is_undefined_rather_than_an_error() -> None:
    assert "too large" in reason_of(ratios.cagr(summarise([1e300]), 252))


def test_flat_benchmarks_leave_comparisons_undefined() -> None:
    pair = relative.paired([0.01, -0.01, 0.02], [0.0, 0.0, 0.0])
    for estimate in (
        relative.beta(pair), relative.alpha(pair, 252), relative.jensen(pair, 252), relative.correlation(pair),
        relative.treynor(pair, 252), relative.modified_treynor(pair, 252),
    ):  # fmt: skip
        assert "benchmark does not vary" in reason_of(estimate)
    assert "never rose" in reason_of(relative.up_capture(pair, 252))
    assert "never fell" in reason_of(relative.down_capture(pair, 252))


def test_a_beta_of_zero_has_no_treynor_ratio() -> None:
    pair = relative.paired([0.0, 0.0, 0.0], [0.01, -0.01, 0.02])
    assert "beta is zero" in reason_of(relative.treynor(pair, 252))
    assert "beta is zero" in reason_of(relative.modified_treynor(pair, 252))


def test_series_of_different_lengths_cannot_be_paired() -> None:
    with pytest.raises(UsageError, match="same periods"):
        relative.paired([0.1, 0.2], [0.1])


def test_a_tail_at_zero_has_no_ratio() -> None:
    assert "5th percentile is zero" in reason_of(tail.tail_ratio(np.zeros(10)))


def test_no_drawdown_leaves_calmar_and_martin_undefined() -> None:
    from stratkit.analytics.summary import BarSummary

    flat = BarSummary(3, 0.0, 0, 3, 0.0, 1.0, 1.0, 0.0, 0.0, False, Moments(0, 0.0, 0.0, 0.0, 0.0))
    assert "no drawdown" in reason_of(underwater.calmar(flat, Estimate(0.1)))
    assert "no drawdown" in reason_of(underwater.martin(flat, Estimate(0.1)))


@given(many, st.floats(0.1, 4.0))
def test_ratios_do_not_change_with_the_size_of_all_returns(returns: list[float], factor: float) -> None:
    one, other = summarise(returns), summarise(np.array(returns) * factor)
    assert ratios.sharpe(other, 252).value == pytest.approx(ratios.sharpe(one, 252).value, rel=1e-7, abs=1e-9)
    if ratios.sortino(one, 252).is_defined and one.shortfall_square > 1e-12:
        assert ratios.sortino(other, 252).value == pytest.approx(ratios.sortino(one, 252).value, rel=1e-7, abs=1e-9)


@given(many)
def test_the_sharpe_ratio_changes_sign_with_the_returns(returns: list[float]) -> None:
    one, other = summarise(returns), summarise(-np.array(returns))
    assert ratios.sharpe(other, 252).value == pytest.approx(-ratios.sharpe(one, 252).value, rel=1e-9, abs=1e-9)


@given(many)
def test_the_order_of_returns_matters_to_nothing_but_the_trend(returns: list[float]) -> None:
    shuffled = np.random.default_rng(len(returns)).permutation(returns)
    one, other = summarise(returns), summarise(shuffled)
    for metric in (ratios.sharpe, ratios.cagr, ratios.ann_vol, ratios.sortino):
        ours, theirs = metric(one, 252).value, metric(other, 252).value
        assert ours == pytest.approx(theirs, rel=1e-8, abs=1e-9, nan_ok=True)


@given(many, st.integers(0, 4))
def test_nan_rows_change_nothing(returns: list[float], place: int) -> None:
    holes = np.insert(np.array(returns), [place, place], np.nan)
    assert summarise(holes) == summarise(returns)
