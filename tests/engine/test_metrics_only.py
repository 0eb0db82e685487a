"""A replay that keeps running sums only gives every figure of a recorded one, from the same kernel."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_markets import Case, cases, random_case
from replays import frozen

from stratkit.analytics.basis import basis_of
from stratkit.analytics.score import score_run
from stratkit.analytics.scorecard import Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.analytics.streamed import score_stream
from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_minutes
from stratkit.engine import kernel, playing, tally
from stratkit.engine.layout import Market, Records
from stratkit.engine.market import market_of
from stratkit.engine.result import BacktestResult
from stratkit.engine.rules import rule_record
from stratkit.engine.run import play, stream
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import result_of
from stratkit.frequency import ReturnPeriods, return_periods
from stratkit.plans import ExitPlan
from stratkit.risk.requests import requested_targets
from stratkit.risk.settings import RiskSettings
from stratkit.risk.targets import Targets
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy

ARRAYS_NEEDED = {"var_hist", "cvar_hist", "tail_ratio", "avg_mae", "avg_mfe", "avg_mae_r", "avg_mfe_r"}
ANALYTICS = AnalyticsSettings(risk_free_ann=0.02, mar_ann=0.03)
MINUTES = 100_000


def close_enough(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-12, abs_tol=0.0)


def assert_same_figures(recorded: Scorecard, streamed: Scorecard) -> None:
    """Assert that all metrics but those that need arrays are there, and equal to twelve digits."""
    assert {row.name for row in recorded} - {row.name for row in streamed} == ARRAYS_NEEDED
    for row in streamed:
        other = recorded[row.name]
        assert close_enough(row.value, other.value), (row.name, row.value, other.value)
        assert (row.n, row.reason, row.unit, row.formula) == (other.n, other.reason, other.unit, other.formula)
        assert (row.interval is None) == (other.interval is None)
        if row.interval is not None and other.interval is not None:
            assert all(map(close_enough, row.interval, other.interval)), row.name


def bars_of(market: Market, hours: int) -> Bars:
    symbols = tuple(f"S{column}" for column in range(market.close.shape[1]))
    prices = (market.open, market.high, market.low, market.close, market.volume)
    return Bars(market.times, symbols, *prices, frequency="1d" if hours == 24 else f"{hours}h")


def periods_of(market: Market, intraday: bool) -> ReturnPeriods:
    ends = np.ones(len(market.times), np.bool_)
    if intraday:
        ends[:-1] = market.day[1:] != market.day[:-1]
    return ReturnPeriods(ends, 252.0, "session day" if intraday else "day", 1512.0 if intraday else 252.0, "this test")


def both(market: Market, targets: Targets, rules: Records, bars: Bars, periods: ReturnPeriods) -> list[Scorecard]:
    """Return the scorecards of one replay, recorded and streamed."""
    cash = float(rules[0].initial_cash)
    result: BacktestResult = result_of(bars, ("one", "two", "three"), targets, cash, play(market, targets, rules), {})
    basis = basis_of(periods, ANALYTICS)
    sums = stream(market, targets, rules, mar=basis.mar, intraday=basis.intraday)
    return [score_run(result, periods, ANALYTICS), score_stream(sums, periods, ANALYTICS)]


def compare(case: Case, intraday: bool) -> None:
    periods = periods_of(case.market, intraday)
    market, targets, rules = frozen(case._replace(market=case.market._replace(period_end=periods.period_end)))
    assert_same_figures(*both(market, targets, rules, bars_of(market, 4 if intraday else 24), periods))


@settings(max_examples=500)
@given(cases(), st.booleans())
def test_streamed_and_recorded_figures_agree_on_any_market(case: Case, intraday: bool) -> None:
    compare(case, intraday)


@settings(max_examples=500)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_streamed_and_recorded_figures_agree_on_any_mix(seed: int, intraday: bool) -> None:
    compare(random_case(seed), intraday)


def minute_market() -> tuple[Bars, Market, Targets, Records, ReturnPeriods]:
    bars = synthetic_minutes(MINUTES, seed=3)
    periods = return_periods(bars.times, bars.frequency)
    costs = CostSettings(commission_bps=1, half_spread_bps=0.5, slippage_volatility=0.05, borrow_ann=0.02)
    plan = ExitPlan(sl=3, tp1=2, tp2=4, f1=0.5, f2=0.5, be=1.5)
    market = market_of(bars, periods, costs, ExecutionSettings())
    signals = run_strategy(build_strategy("sma_cross", {"fast": 20, "slow": 60}), Context(bars))
    targets = requested_targets(bars, [signals], RiskSettings(), plan)
    rules = rule_record(bars.frequency, AccountSettings(lot_size=0.001), costs, ExecutionSettings(), RiskSettings())
    return bars, market, targets, rules, periods


def test_a_hundred_thousand_minutes_give_the_same_figures_streamed_in_no_memory() -> None:
    bars, market, targets, rules, periods = minute_market()
    recorded, streamed = both(market, targets, rules, bars, periods)
    assert recorded.value("trades") > 1_000
    assert recorded.value("cost_total") > 0
    assert_same_figures(recorded, streamed)

    def peak(replay: Any) -> int:
        tracemalloc.start()
        kept = replay(market, targets, rules)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        del kept
        return used

    assert peak(play) > 4 * 8 * MINUTES, "four floats a bar are recorded"
    assert peak(stream) < MINUTES, "less than a byte a bar"
    assert stream(market, targets, rules).nbytes < 2_000


def test_streamed_memory_does_not_grow_with_the_bars() -> None:
    used = []
    for bars in (50, 5_000):
        market, targets, rules = frozen(random_case(3, bars=bars, symbols=2, features=["exits", "plan_targets"]))
        stream(market, targets, rules)
        tracemalloc.start()
        stream(market, targets, rules)
        used.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert used[1] <= used[0] + 4_000, "one panel of 5,000 bars takes 40,000 bytes"


def test_recording_and_streaming_are_one_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def watched(module: Any, name: str) -> None:
        real = vars(kernel)[name]
        assert vars(module)[name] is real

        def told(*given: Any) -> Any:
            calls.append(name)
            return real(*given)

        monkeypatch.setattr(module, name, told)

    many: Any = kernel.advance_books
    assert "advance_book" in many.py_func.__code__.co_names
    assert "advance_book" in kernel.advance.__code__.co_names
    assert "advance_books" in kernel.advance_many.__code__.co_names
    watched(playing, "advance")
    watched(tally, "advance_many")
    market, targets, rules = frozen(random_case(7))
    play(market, targets, rules)
    assert calls == ["advance"]
    stream(market, targets, rules)
    assert calls == ["advance", "advance_many"]
