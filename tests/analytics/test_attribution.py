"""Who earned what: tables checked by hand, and rows that always sum to what the portfolio earned."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_attribution import daily, made_run, made_trades, random_run

from stratkit.analytics.attributed import ACCOUNT, attributed
from stratkit.analytics.attribution import attribute, contributed_pnl
from stratkit.analytics.calendar_periods import calendar_periods
from stratkit.analytics.footing import footed_cents
from stratkit.analytics.groups import GroupKind, by_group, deepest_fall
from stratkit.analytics.review import review
from stratkit.engine.layout import DECISION_DTYPE, FILL_DTYPE, TRADE_DTYPE
from stratkit.engine.result import BacktestResult
from stratkit.errors import UsageError
from stratkit.panel import NS_PER_DAY, parse_time

NAN = math.nan


def test_a_strategy_has_its_pnl_its_closed_trades_and_the_deepest_fall_of_its_curve() -> None:
    table = by_group(made_run(), "strategy")
    assert table.names == ("a", "b", ACCOUNT)
    assert table.pnl.tolist() == [25, -15, -2]
    assert table.share.tolist() == [25 / 8, -15 / 8, -2 / 8]
    assert table.closed.tolist() == [2, 1, 0]
    assert table.open.tolist() == [1, 0, 0]
    assert table.win_rate[:2].tolist() == [0.5, 0.0]
    assert table.profit_factor[:2].tolist() == [30 / 25, 0.0]
    assert table.expectancy[:2].tolist() == [2.5, -15.0]
    assert table.expectancy_r[0] == 0.25
    assert np.isnan(table.expectancy_r[1:]).all()  # the risk of b's trade is not known; the account has no trade
    assert table.avg_bars_held[:2].tolist() == [3.0, 3.0]
    assert np.isnan(table.win_rate[2])
    assert table.costs.tolist() == [1 + 2 + 0.5, 0.25, 2.0]
    assert table.max_drawdown.tolist() == [-25.0, -20.0, -2.0]
    assert table.max_drawdown_frac.tolist() == [-0.025, -0.02, -0.002]


def test_a_symbol_that_never_traded_has_no_row_and_an_open_trade_counts_at_its_mark() -> None:
    table = by_group(made_run(), "symbol")
    assert table.names == ("X", "Z", ACCOUNT)
    assert table.pnl.tolist() == [50.0, -40.0, -2.0]
    assert table.open.tolist() == [1, 0, 0]
    assert table.profit_factor[0] == math.inf
    assert table.max_drawdown.tolist() == [0.0, -40.0, -2.0]


def test_the_drawdown_of_a_symbol_follows_its_trades_in_order_of_their_ends() -> None:
    trades = made_trades({"pnl": -30, "exit_bar": 4}, {"pnl": 50, "exit_bar": 1}, {"pnl": -5, "exit_bar": -1})
    run = made_run(trades=trades, trade_strategy=np.array([0, 0, 0]), trade_symbol=np.array([1, 1, 1]))
    assert by_group(run, "symbol").max_drawdown[0] == -35.0  # 50, 20, 15; in the order of the rows -30


def test_exit_reasons_are_named_and_what_is_still_open_is_called_so() -> None:
    table = by_group(made_run(), "exit_reason")
    assert table.names == ("stop", "exit_signal", "open", ACCOUNT)
    assert table.pnl.tolist() == [-40.0, 30.0, 20.0, -2.0]
    assert table.closed.tolist() == [2, 1, 0, 0]
    assert table.open.tolist() == [0, 0, 1, 0]


def test_trades_count_in_the_regime_that_decided_them_and_those_of_none_stand_last() -> None:
    run = made_run(trade_regime=np.array([2, 0, -1, 0]), regimes=("up", "never", "down"))
    table = by_group(run, "regime")
    assert table.names == ("up", "down", "not known", ACCOUNT)
    assert table.pnl.tolist() == [-40.0, 30.0, 20.0, -2.0]
    assert table.closed.tolist() == [2, 1, 0, 0]
    assert table.open.tolist() == [0, 0, 1, 0]
    assert table.expectancy_r[:2].tolist() == [-1.0, 1.5]
    assert table.max_drawdown.tolist() == [-40.0, 0.0, 0.0, -2.0]


def test_bars_without_labels_have_no_table_of_regimes() -> None:
    assert attribute(made_run(), daily(5)).by_regime is None
    labelled = attribute(made_run(trade_regime=np.array([1, 0, -1, 0]), regimes=("up", "down")), daily(5))
    assert labelled.by_regime is not None
    assert labelled.by_regime.kind == "regime"


def test_a_month_runs_from_close_to_close_open_trades_included() -> None:
    table = by_group(made_run(), "month")
    assert table.names == ("2020-01", "2020-02", ACCOUNT)
    assert table.pnl.tolist() == [10.0, 0.0, -2.0]  # 10 until the end of January, -15 and 10 after it
    assert table.closed.tolist() == [1, 2, 0]
    assert table.open.tolist() == [0, 1, 0]
    assert table.max_drawdown.tolist() == [0.0, -25.0, -2.0]


def test_shares_of_a_total_that_is_no_profit_are_nan() -> None:
    run = made_run()
    lost = made_run(equity=np.where(np.arange(5) < 4, run.equity, 990.0))
    assert by_group(lost, "strategy").pnl.sum() == -10.0
    assert np.isnan(by_group(lost, "strategy").share).all()
    flat = made_run(equity=np.where(np.arange(5) < 4, run.equity, 1000.0))
    assert np.isnan(by_group(flat, "strategy").share).all()


def test_a_run_without_a_trade_has_the_strategies_and_the_account_alone() -> None:
    run = made_run(
        trades=made_trades(), trade_strategy=np.zeros(0, np.int64), trade_symbol=np.zeros(0, np.int64),
        by_strategy=np.zeros((5, 2)), equity=np.full(5, 1000.0),
    )  # fmt: skip
    assert by_group(run, "strategy").closed.tolist() == [0, 0, 0]
    assert by_group(run, "symbol").names == (ACCOUNT,)
    assert np.isnan(by_group(run, "exit_reason").win_rate).all()
    assert review(run, "month").trades.tolist() == [[0, 0, 0]] * 2


@pytest.mark.parametrize("kind", get_args(GroupKind))
@given(seed=st.integers(0, 10_000))
def test_rows_of_every_table_sum_to_what_the_portfolio_earned(kind: GroupKind, seed: int) -> None:
    run = random_run(seed)
    table = by_group(run, kind)
    assert math.fsum(table.pnl) == pytest.approx(run.total, abs=1e-8)
    assert table.closed.sum() == len(run.closed)
    assert table.closed.sum() + table.open.sum() == len(run.trades)
    assert table.pnl[-1] == pytest.approx(-run.interest, abs=1e-7)
    assert footed_cents(table.pnl, run.total).sum() == round(run.total * 100)


@given(seed=st.integers(0, 10_000), every=st.sampled_from(["week", "month"]))
def test_a_review_sums_to_each_strategy_downwards_and_to_the_portfolio_across(seed: int, every: str) -> None:
    run = random_run(seed)
    table = review(run, "week" if every == "week" else "month")
    last = calendar_periods(run.times, table.every).last_bar
    assert table.pnl.sum(axis=0) == pytest.approx(by_group(run, "strategy").pnl, abs=1e-8)
    assert table.pnl.sum(axis=1) == pytest.approx(np.diff(run.equity[last], prepend=run.initial_cash), abs=1e-8)
    assert table.trades.sum() == len(run.closed)


def test_a_review_has_the_pnl_the_trades_and_the_winners_of_each_period() -> None:
    table = review(made_run(), "month")
    assert (table.periods, table.names) == (("2020-01", "2020-02"), ("a", "b", ACCOUNT))
    assert table.pnl.tolist() == [[30, -20, 0], [-5, 5, -2]]
    assert table.trades.tolist() == [[1, 0, 0], [1, 1, 0]]
    assert table.win_rate[0, 0] == 1.0
    assert table.win_rate[1, :2].tolist() == [0.0, 0.0]
    assert np.isnan(table.win_rate[0, 1])


def test_a_week_begins_on_monday_and_only_periods_with_bars_count() -> None:
    friday = parse_time("2021-01-01")
    weeks = calendar_periods(friday + np.array([0, 2, 3, 24]) * NS_PER_DAY, "week")
    assert weeks.labels == ("2020-12-28", "2021-01-04", "2021-01-25")
    assert weeks.code.tolist() == [0, 0, 1, 2]
    assert weeks.last_bar.tolist() == [1, 2, 3]


def test_pnl_by_contribution_splits_each_trade_by_the_shares_in_its_opinion() -> None:
    shares = np.array([[0.5, 0.5], [1.0, 0.0], [NAN, NAN], [0.2, 0.8]])
    split = contributed_pnl(made_run(contribution=shares))
    assert split is not None
    # 15 - 25 + 20 (unknown: its owner's) - 3 = 7, and 15 - 12 = 3; the account pays the interest
    assert split.tolist() == pytest.approx([7.0, 3.0, -2.0])
    assert contributed_pnl(made_run()) is None


def test_the_deepest_fall_starts_from_zero_and_never_is_positive() -> None:
    assert deepest_fall(np.array([-3.0, -1.0])) == -3.0
    assert deepest_fall(np.array([1.0, 2.0])) == 0.0
    assert deepest_fall(np.zeros(0)) == 0.0


amounts = st.lists(st.floats(-1e7, 1e7), min_size=1, max_size=40)


@given(amounts)
def test_footed_cents_sum_to_the_total_and_stay_within_a_cent(values: list[float]) -> None:
    total = math.fsum(values)
    cents = footed_cents(np.array(values), total)
    assert cents.sum() == round(total * 100)
    assert np.abs(cents - np.array(values) * 100).max() < 1 + 1e-6


def test_the_missing_cents_go_to_those_that_lost_most() -> None:
    assert footed_cents(np.array([0.004, 0.008, 0.006, -0.008]), 0.01).tolist() == [0, 1, 1, -1]
    assert footed_cents(np.array([-1 / 3, -1 / 3, -1 / 3]), -1.0).tolist() == [-33, -33, -34]
    assert footed_cents(np.array([0.29, 0.57]), 0.86).tolist() == [29, 57]
    assert footed_cents(np.zeros(0), 0.0).tolist() == []


def test_a_missing_row_or_an_endless_amount_is_not_footed() -> None:
    with pytest.raises(UsageError, match=r"rows must sum to their total of 3\.000000; found 2\.000000"):
        footed_cents(np.array([1.0, 1.0]), 3.0)
    with pytest.raises(UsageError, match="must be finite"):
        footed_cents(np.array([1.0, NAN]), 3.0)


def test_amounts_too_large_for_cents_still_foot() -> None:
    values = np.array([1e15, 1 / 3, -2e14])
    assert footed_cents(values, float(values.sum())).sum() == round(float(values.sum()) * 100)


def test_the_whole_attribution_is_made_of_its_parts() -> None:
    run = made_run(contribution=np.full((4, 2), 0.5))
    whole = attribute(run, daily(5))
    assert whole.total == 8.0
    assert whole.by_month.kind == "month"
    assert whole.weeks.every == "week"
    assert whole.account[-1] == -2.0
    assert whole.contributed is not None
    assert whole.contributed.sum() == pytest.approx(8.0)
    for array in (whole.by_strategy.pnl, whole.curves, whole.account, whole.months.pnl, whole.risk.correlation):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def made_result() -> BacktestResult:
    run = made_run()
    trades, fills = (np.zeros(2, dtype).view(np.recarray) for dtype in (TRADE_DTYPE, FILL_DTYPE))
    decisions = np.zeros(2, DECISION_DTYPE).view(np.recarray)
    trades["slot"], decisions["slot"] = [2, 1], [0, -1]
    return BacktestResult(
        times=run.times, symbols=("X", "Y"), strategies=("a", "b"), slot_symbol=np.array([0, 1, 0]),
        slot_strategy=np.array([0, 0, 1]), initial_cash=1000.0, equity=run.equity, cash=run.equity, gross=run.equity,
        net=run.equity, carry=np.zeros((0, 3)), fills=fills, trades=trades, decisions=decisions, counts={},
        account_carry=2.0, bankrupt_bar=-1, stale=(), provenance={},
    )  # fmt: skip


def test_a_result_is_attributed_by_the_strategy_of_its_slots_unless_owners_are_given() -> None:
    result, curves = made_result(), made_run().by_strategy
    by_slot = attributed(result, curves)
    assert by_slot.trade_strategy.tolist() == [1, 0]
    assert by_slot.trade_symbol.tolist() == [0, 1]
    assert by_slot.decision_strategy.tolist() == [0, -1]
    assert by_slot.interest == 2.0
    assert attributed(result, curves, trade_strategy=np.array([0, 0])).trade_strategy.tolist() == [0, 0]


def test_an_array_that_does_not_fit_the_run_is_named() -> None:
    result, curves = made_result(), made_run().by_strategy
    with pytest.raises(UsageError, match=r"by_strategy must have the shape \(5, 2\)"):
        attributed(result, curves[:4])
    with pytest.raises(UsageError, match=r"contribution must have the shape \(2, 2\)"):
        attributed(result, curves, contribution=np.ones((2, 3)))


def test_exit_profiles_hold_whole_trades_and_foot_to_the_total() -> None:
    table = by_group(made_run(trade_profile=np.array([0, 1, 0, -1]), profiles=("scalp", "moderate", "idle")), "profile")
    assert table.names == ("scalp", "moderate", "none chosen", ACCOUNT)
    assert table.pnl.tolist() == [50.0, -25.0, -15.0, -2.0]
    assert (table.closed.tolist(), table.open.tolist()) == ([1, 1, 1, 0], [1, 0, 0, 0])
