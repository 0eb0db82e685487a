"""How strategies and machine fared: by hand on a made trade stream, apart for account and shadow book."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from made_attribution import daily, made_decisions, made_trades

from stratkit.analytics.attributed import attributed
from stratkit.analytics.attribution import attribute
from stratkit.analytics.performance import Asking, Performance, Usage, performance_of
from stratkit.engine.adapted import Adapted
from stratkit.engine.layout import FILL_DTYPE, FILLED, NO_RULE, QUALITY, REFUSED
from stratkit.engine.result import BacktestResult
from stratkit.errors import DataError
from stratkit.panel import NS_PER_DAY, parse_time

ASKED = {
    "a": Asking(7, times_asked=5, faults=1, seconds=0.05, bar_seconds=np.array([0.001, 0.002, 0.003, 0.004, 0.04])),
    "b": Asking(3, times_asked=1, faults=0, seconds=0.01),
}  # fmt: skip
USAGE = Usage(seconds=0.5, cpu_seconds=0.75, peak_memory_mb=100.0, memory_share=0.25)
TRADES = made_trades(
    {"strategy": 0, "entry_bar": 0, "exit_bar": 1, "pnl": 30, "r_multiple": 1.5},
    {"strategy": 0, "entry_bar": 1, "exit_bar": 3, "pnl": -25, "r_multiple": -1.0},
    {"strategy": 0, "entry_bar": 4, "exit_bar": -1, "pnl": 20},
)
SHADOW = made_trades(
    {"strategy": 1, "exit_bar": 2, "pnl": 4, "r_multiple": 0.5},
    {"strategy": 1, "exit_bar": 3, "pnl": -8, "r_multiple": -1.0},
    {"strategy": 1, "exit_bar": 4, "pnl": 1},  # without an R
    {"strategy": 1, "exit_bar": -1, "pnl": 9, "r_multiple": 9.0},  # open: counts nowhere
)
STATUS = {
    "by_state": {"active": ["a"], "degraded": [], "suspended": ["b"], "retired": []},
    "raw_weights": {"a": 1.2, "b": 0.9},
    "normalised_weights": {"a": 1.0, "b": 0.0},
}
FUNNEL: Any = ((1, FILLED, NO_RULE), (1, REFUSED, QUALITY), (-1, FILLED, NO_RULE), (2, FILLED, NO_RULE))


def made(adapts: bool = True) -> Performance:
    """Five days, two strategies on two symbols; only the first one traded in the account."""
    pnl = np.array([[0.0, 0], [30, 0], [10, 0], [5, 0], [25, 0]])
    equity = 1000 + pnl.sum(axis=1)
    decisions: Any = made_decisions(*FUNNEL)
    decisions["strategy"] = 0
    shadow = Adapted(STATUS, {}, "", SHADOW, np.array([0]), np.zeros(4, np.int64), updates=4, update_seconds=0.002)
    result = BacktestResult(
        times=parse_time("2024-01-01") + np.arange(5) * NS_PER_DAY, symbols=("X", "Y"), strategies=("a", "b"),
        slot_symbol=np.array([0]), slot_strategy=np.array([0]), initial_cash=1000.0, equity=equity, cash=equity,
        gross=np.zeros(5), net=np.zeros(5), carry=np.zeros((0, 3)), fills=np.zeros(0, FILL_DTYPE).view(np.recarray),
        trades=TRADES, decisions=decisions, counts={}, account_carry=0.0, bankrupt_bar=-1, stale=(), provenance={},
        by_strategy=pnl, adapted=shadow if adapts else None,
    )  # fmt: skip
    run = attributed(result, pnl, TRADES["strategy"], decisions["strategy"])
    return performance_of(result, attribute(run, daily(5)), ASKED, USAGE)


def test_a_strategy_has_its_signals_entries_trades_and_state() -> None:
    a, b = made().strategies
    assert (a.state, a.raw_weight, a.normalised_weight) == ("active", 1.2, 1.0)
    assert (b.state, b.raw_weight, b.normalised_weight) == ("suspended", 0.9, 0.0)
    assert (a.signals, a.entries_asked, a.entries_taken) == (7, 3, 2)  # the exit is no entry
    assert (a.closed, a.open, a.accuracy, a.expectancy_r) == (2, 1, 0.5, 0.25)
    assert (a.pnl, a.max_drawdown, a.last_trade) == (25.0, -0.025, "2024-01-05")  # the entry of the open one
    returns = np.array([30 / 1000, -20 / 1030, -5 / 1010, 20 / 1005])
    assert a.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(252))
    assert (b.closed, b.accuracy, b.expectancy_r, b.sharpe, b.last_trade) == (0, None, None, None, None)


def test_trades_of_the_shadow_book_stand_apart_and_only_closed_ones_count() -> None:
    a, b = made().strategies
    assert (a.shadow_closed, a.shadow_accuracy, a.shadow_expectancy_r) == (0, None, None)
    assert (b.shadow_closed, b.shadow_accuracy, b.shadow_expectancy_r) == (3, 2 / 3, -0.25)


def test_latency_is_per_bar_and_uptime_per_ask() -> None:
    a, b = made().strategies
    assert (a.latency_ms, a.latency_max_ms) == (10.0, 40.0)
    assert a.latency_p95_ms == pytest.approx(32.8)  # 80 % of the way from the fourth to the fifth of five
    assert (b.latency_ms, b.latency_p95_ms, b.latency_max_ms) == (2.0, None, None)
    assert (a.uptime, b.uptime) == (0.8, 1.0)


def test_the_system_has_throughput_processor_errors_memory_and_updates() -> None:
    system = made().system
    assert (system.bars, system.symbols, system.bars_per_second, system.symbol_bars_per_second) == (5, 2, 10.0, 20.0)
    assert (system.cpu_seconds, system.cores_used) == (0.75, 1.5)
    assert (system.times_asked, system.faults, system.error_rate) == (6, 1, 1 / 6)
    assert (system.peak_memory_mb, system.memory_share) == (100.0, 0.25)
    assert (system.updates, system.update_ms) == (4, 0.5)


def test_where_nothing_adapts_there_is_no_state_and_no_shadow() -> None:
    plain = made(adapts=False)
    assert [(one.state, one.raw_weight, one.shadow_closed) for one in plain.strategies] == [(None, None, 0)] * 2
    assert (plain.system.updates, plain.system.update_ms) == (None, None)


def test_it_survives_json_and_a_later_record_may_say_more() -> None:
    found = made()
    plain = json.loads(json.dumps(found.plain()))
    assert Performance.from_plain(plain) == found
    plain["system"]["electricity"] = 3
    plain["strategies"][0]["mood"] = "good"
    assert Performance.from_plain({**plain, "alerts": []}) == found


@pytest.mark.parametrize("broken", [{}, {"strategies": [{}], "system": {}}, {"strategies": [], "system": None}])
def test_a_record_that_lacks_something_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="performance record must hold what stratkit writes"):
        Performance.from_plain(broken)
