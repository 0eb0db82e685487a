"""Drawdown table, monthly table and rolling lines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.analytics.drawdowns import drawdown_series, worst_drawdowns
from stratkit.analytics.months import monthly_returns
from stratkit.analytics.rolling import rolling_sharpe, rolling_volatility
from stratkit.errors import UsageError
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray

curves = st.lists(st.floats(1.0, 200.0), min_size=1, max_size=80).map(np.array)


def days(n: int, first: str = "2020-01-01") -> IntArray:
    start = np.datetime64(first, "ns").astype(np.int64)
    return np.asarray(start + np.arange(n, dtype=np.int64) * NS_PER_DAY)


def test_drawdowns_are_told_from_peak_to_recovery() -> None:
    equity = np.array([90.0, 100.0, 120.0, 60.0, 90.0, 120.0, 108.0])
    worst = worst_drawdowns(days(7), equity, 100.0)
    assert [row.depth for row in worst] == pytest.approx([-0.5, -0.1, -0.1])
    deep, first, last = worst
    assert (deep.peak_bar, deep.trough_bar, deep.recovery_bar) == (2, 3, 5)
    assert (deep.bars_down, deep.bars_to_recover) == (1, 2)
    assert deep.recovery_time == int(days(7)[5])
    assert (first.peak_bar, first.trough_bar, first.recovery_bar) == (-1, 0, 1)
    assert first.peak_time == int(days(7)[0])
    assert (last.peak_bar, last.trough_bar, last.is_open) == (5, 6, True)
    assert (last.recovery_bar, last.recovery_time, last.bars_to_recover) == (None, None, None)


def test_count_keeps_the_deepest() -> None:
    equity = np.array([100.0, 95.0, 100.0, 80.0, 100.0])
    (only,) = worst_drawdowns(days(5), equity, 100.0, count=1)
    assert only.trough_bar == 3


def test_rising_equity_has_no_drawdown() -> None:
    assert worst_drawdowns(days(3), np.array([100.0, 101.0, 102.0]), 100.0) == ()


def test_a_count_below_one_and_unequal_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1; found 0"):
        worst_drawdowns(days(2), np.ones(2), 1.0, count=0)
    with pytest.raises(UsageError, match="found 3 and 2"):
        worst_drawdowns(days(3), np.ones(2), 1.0)
    with pytest.raises(UsageError, match="found 0 and 0"):
        monthly_returns(days(0), np.ones(0), 1.0)


@given(curves)
def test_drawdowns_cover_every_bar_under_water_once(equity: FloatArray) -> None:
    depth = drawdown_series(equity, 100.0)
    rows = worst_drawdowns(days(len(equity)), equity, 100.0, count=1000)
    under = [bar for row in rows for bar in range(row.peak_bar + 1, row.recovery_bar or len(equity))]
    assert sorted(under) == np.flatnonzero(depth < 0).tolist()
    assert min((row.depth for row in rows), default=0.0) == min(depth.min(), 0.0)
    assert [row.depth for row in rows] == sorted(row.depth for row in rows)


def test_months_run_from_close_to_close_and_a_year_is_their_product() -> None:
    times = days(91, "2019-12-31")  # the last day of December, then January, February (leap year), 30 of March
    equity = np.full(91, 110.0)
    equity[32:61], equity[61:] = 99.0, 121.0
    table = monthly_returns(times, equity, 100.0)
    assert table.years.tolist() == [2019, 2020]
    assert table.values[0, 11] == pytest.approx(0.1)
    assert table.values[1, :3].tolist() == pytest.approx([0.0, -0.1, 121 / 99 - 1])
    assert np.isnan(table.values[1, 3:]).all()
    assert np.isnan(table.values[0, :11]).all()
    assert table.total.tolist() == pytest.approx([0.1, 0.1])


def test_a_month_without_a_bar_is_nan_and_the_next_one_spans_it() -> None:
    times = np.array([np.datetime64(day, "ns").astype(np.int64) for day in ("2018-01-15", "2018-03-15", "2020-02-01")])
    table = monthly_returns(times, np.array([100.0, 120.0, 60.0]), 100.0)
    assert np.isnan(table.values[0, 1])
    assert table.values[0, 2] == pytest.approx(0.2)
    assert table.values[2, 1] == pytest.approx(-0.5)
    assert math.isnan(table.total[1])


def test_months_after_ruin_return_zero() -> None:
    times = days(3, "2020-01-31")[[0, 1, 2]] + np.array([0, 0, 31 * NS_PER_DAY])
    table = monthly_returns(times, np.array([50.0, -5.0, -4.0]), 100.0)
    assert table.values[0, :3].tolist() == pytest.approx([-0.5, -1.1, 0.0])


@pytest.mark.parametrize("window", [2, 5, 20, 60])
def test_rolling_lines_equal_a_fresh_computation_of_every_window(window: int) -> None:
    returns = np.random.default_rng(6).normal(0.001, 0.01, 147)
    sharpe, volatility = rolling_sharpe(returns, window, 252, 0.0002), rolling_volatility(returns, window, 252)
    assert np.isnan(sharpe[: window - 1]).all()
    for bar in range(window - 1, 147):
        last = returns[bar - window + 1 : bar + 1]
        assert volatility[bar] == pytest.approx(last.std(ddof=1) * math.sqrt(252), rel=1e-11)
        assert sharpe[bar] == pytest.approx((last.mean() - 0.0002) / last.std(ddof=1) * math.sqrt(252), rel=1e-9)


def test_rolling_lines_never_look_ahead() -> None:
    returns = np.random.default_rng(7).normal(0.0, 0.01, 100)
    changed = returns.copy()
    changed[60:] = 5.0
    before, after = rolling_sharpe(returns, 10, 252), rolling_sharpe(changed, 10, 252)
    assert np.array_equal(before[:60], after[:60], equal_nan=True)


def test_an_outlier_or_a_nan_leaves_no_trace_once_it_is_out_of_the_window() -> None:
    returns = np.zeros(60)
    returns[7], returns[20] = 1e6, np.nan
    volatility = rolling_volatility(returns, 5, 252)
    assert np.isnan(volatility[20:25]).all()
    assert (volatility[12:20] == 0).all()
    assert (volatility[25:] == 0).all()
    assert np.isnan(rolling_sharpe(returns, 5, 252)[12:20]).all()


def test_a_series_shorter_than_its_window_is_all_nan() -> None:
    assert np.isnan(rolling_sharpe([0.1, 0.2], 3, 252)).all()


def test_a_window_of_one_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 2 returns; found 1"):
        rolling_volatility([0.1, 0.2], 1, 252)
