"""Correlation and risk by strategy: by hand, against independent formulas, and summing to the metrics of record."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_attribution import daily, made_run, random_run
from scipy.stats import norm, pearsonr

from stratkit.analytics.attributed import Attributed
from stratkit.analytics.basis import period_returns
from stratkit.analytics.strategy_risk import strategy_returns, strategy_risk
from stratkit.analytics.tail import cvar_hist, var_gauss
from stratkit.frequency import ReturnPeriods
from stratkit.inference.sharpe import sample_moments


def of_curves(*curves: list[float], initial: float = 100.0) -> Attributed:
    """Return a run whose strategies have these cumulative P&Ls and which pays no interest."""
    by_strategy = np.array(curves, dtype=float).T
    return made_run(
        times=np.arange(len(by_strategy)) * 86_400_000_000_000, by_strategy=by_strategy, initial_cash=initial,
        equity=initial + by_strategy.sum(axis=1), strategies=tuple("abcdef"[: len(curves)]), interest=0.0,
    )  # fmt: skip


def test_a_return_of_a_strategy_is_its_pnl_over_the_equity_before() -> None:
    returns = strategy_returns(made_run(), daily(5))
    # equity 1000, 1005, 1010, 984, 1008; the first bar changed nothing and is the baseline
    assert returns[:, 0] == pytest.approx([10 / 1000, 20 / 1005, -25 / 1010, 20 / 984])
    assert returns[:, 1] == pytest.approx([-5 / 1000, -15 / 1005, 0.0, 5 / 984])
    assert returns[:, 2] == pytest.approx([0, 0, -1 / 1010, -1 / 984])


def test_periods_of_several_bars_are_measured_from_close_to_close() -> None:
    ends = np.array([False, True, False, False, True])
    returns = strategy_returns(made_run(), ReturnPeriods(ends, 252.0, "session day", 504.0, "given"))
    assert returns[:, 0] == pytest.approx([10 / 1000, 15 / 1005])


def test_two_opposite_strategies_correlate_at_minus_one_and_cancel() -> None:
    # equity stays 100, so the returns are P&L changes of a and minus those of b, over 100
    risk = strategy_risk(of_curves([0, 1, 0, 2], [0, -1, 0, -2]), daily(4))
    assert risk.correlation == pytest.approx(np.array([[1, -1], [-1, 1]]))
    assert math.isnan(risk.diversification_ratio)
    assert np.isnan(risk.volatility).all()
    assert risk.var_gauss == pytest.approx([2 / 300, -2 / 300, 0.0])  # no spread is left: the means


def test_independent_equal_strategies_diversify_by_the_root_of_two() -> None:
    # returns over an equity of about a million: a moves +1 -1 +1 -1, b +1 +1 -1 -1
    risk = strategy_risk(of_curves([0, 1, 0, 1, 0], [0, 1, 2, 1, 0], initial=1e6), daily(5))
    assert risk.n == 4
    assert risk.correlation[0, 1] == pytest.approx(0.0, abs=1e-5)
    assert risk.diversification_ratio == pytest.approx(math.sqrt(2), rel=1e-5)
    assert risk.volatility == pytest.approx([0.5, 0.5, 0.0], abs=1e-5)
    assert risk.sd[0] == pytest.approx(math.sqrt(4 / 3) * 1e-6, rel=1e-5)


def test_a_strategy_that_never_moved_has_no_correlation_and_no_overlap() -> None:
    risk = strategy_risk(of_curves([0, 1, 0, 2], [0, 0, 0, 0], [0, 0, 3, 2]), daily(4))
    assert np.isnan(risk.correlation[1]).all()
    assert np.isnan(risk.correlation[:, 1]).all()
    assert risk.correlation[0, 0] == 1.0
    assert risk.overlap.tolist() == [[3, 0, 2], [0, 0, 0], [2, 0, 2]]
    assert risk.volatility[1] == 0.0


def test_the_historical_shortfall_is_the_mean_over_the_portfolios_worst_periods() -> None:
    # returns of 100, about: a loses 10 and b earns 1 in the worst of 20 days, VaR 95 % lies above it alone
    a, b = np.ones(20), np.zeros(20)
    a[7], b[7] = -10, 1
    run = of_curves([0, *np.cumsum(a)], [0, *np.cumsum(b)], initial=1e6)
    risk = strategy_risk(run, daily(21))
    assert risk.cvar_hist == pytest.approx([-10e-6, 1e-6, 0.0], rel=1e-4, abs=1e-15)


def test_a_higher_confidence_looks_further_into_the_tail() -> None:
    run = random_run(5)
    mild, severe = strategy_risk(run, daily(90), 0.9), strategy_risk(run, daily(90), 0.99)
    assert severe.cvar_hist.sum() < mild.cvar_hist.sum()
    assert severe.var_gauss.sum() < mild.var_gauss.sum()
    assert severe.confidence == 0.99


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-3, 1.0, 100.0]))
def test_contributions_sum_to_the_metrics_of_record(seed: int, scale: float) -> None:
    run, periods = random_run(seed, scale=scale), daily(90)
    returns = period_returns(run.equity, run.initial_cash, periods)
    risk = strategy_risk(run, periods)
    assert strategy_returns(run, periods).sum(axis=1) == pytest.approx(returns, abs=1e-15)
    assert risk.cvar_hist.sum() == pytest.approx(float(cvar_hist(returns)), rel=1e-9, abs=1e-15)
    assert risk.var_gauss.sum() == pytest.approx(float(var_gauss(sample_moments(returns))), rel=1e-9, abs=1e-15)
    if returns.std() > 1e-12:
        assert risk.volatility.sum() == pytest.approx(1.0)


@given(seed=st.integers(0, 10_000))
def test_correlations_and_the_euler_parts_agree_with_independent_formulas(seed: int) -> None:
    run, periods = random_run(seed, strategies=3), daily(90)
    parts, risk = strategy_returns(run, periods), strategy_risk(run, periods)
    total = parts.sum(axis=1)
    for one in range(3):
        if parts[:, one].std() == 0:
            continue
        for two in range(3):
            if parts[:, two].std() > 0:
                expected = pearsonr(parts[:, one], parts[:, two]).statistic
                assert risk.correlation[one, two] == pytest.approx(expected, abs=1e-9)
        # the Euler part is the slope of VaR when the strategy grows a little (Tasche 1999)
        grown, shrunk = total + 1e-4 * parts[:, one], total - 1e-4 * parts[:, one]
        slope = (gauss(grown) - gauss(shrunk)) / 2e-4
        assert risk.var_gauss[one] == pytest.approx(slope, rel=1e-5, abs=1e-12)


def gauss(returns: np.ndarray) -> float:
    return float(returns.mean() + norm.ppf(0.05) * returns.std(ddof=1))


@pytest.mark.parametrize("bars", [1, 2])
def test_too_few_periods_leave_risk_undefined(bars: int) -> None:
    risk = strategy_risk(of_curves([0.0, 1.0][:bars], [0.0, -1.0][:bars]), daily(bars))
    assert risk.n == bars - 1
    assert np.isnan(risk.correlation).all()
    assert np.isnan(risk.sd).all()
    assert np.isnan(risk.var_gauss).all()
    assert np.isnan(risk.cvar_hist).all() == (bars == 1)


def test_after_a_ruin_nothing_moves() -> None:
    run = of_curves([0, -100, -90], [0, -20, 40])
    assert strategy_returns(run, daily(3)).tolist() == [[-1.0, -0.2, pytest.approx(0.0)], [0.0, 0.0, 0.0]]
