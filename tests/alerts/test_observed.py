"""What rules read of a run is what the run holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stratkit.alerts.judge import raise_alerts, unjudged
from stratkit.alerts.memory import peak_memory_share
from stratkit.alerts.observed import Faults, asked_bars, observe
from stratkit.alerts.rules import DEFAULT_RULES, AlertRule
from stratkit.analytics.scorecard import Metric, Scorecard
from stratkit.backtest import run_backtest, score_backtest
from stratkit.config import load_config
from stratkit.data.store import load_bars
from stratkit.engine.adapted import Adapted
from stratkit.engine.layout import (
    CAP_SYMBOL,
    CASH,
    DECISION_DTYPE,
    EXPIRED,
    FILL_DTYPE,
    FILLED,
    NO_RULE,
    REDUCED,
    REFUSED,
    TRADE_DTYPE,
)
from stratkit.engine.result import BacktestResult
from stratkit.errors import UsageError
from stratkit.strategies.signals import Signals

CARD = Scorecard((Metric("sharpe", "Sharpe ratio", 0.4, "ratio", "higher", "", 5, "returns"),), 252, "", "day", "")
NONE: Any = np.zeros(0, dtype=np.int64)


def records(dtype: np.dtype[Any], rows: list[dict[str, Any]]) -> Any:
    table = np.zeros(len(rows), dtype=dtype)
    for place, row in enumerate(rows):
        for name, value in row.items():
            table[name][place] = value
    return table.view(np.recarray)


def result(
    trades: list[dict[str, Any]] | None = None,
    decisions: list[dict[str, Any]] | None = None,
    strategies: tuple[str, ...] = ("trend", "fade"),
) -> BacktestResult:
    """Five bars; slot 0 is the first strategy's, slot 1 the last one's."""
    equity = np.array([100.0, 105, 95, 102, 101])
    return BacktestResult(
        times=np.arange(5), symbols=("A",), strategies=strategies, slot_symbol=np.array([0, 0]),
        slot_strategy=np.array([0, len(strategies) - 1]), initial_cash=100.0, equity=equity, cash=equity,
        gross=np.zeros(5), net=np.zeros(5), carry=np.zeros((0, 3)), fills=records(FILL_DTYPE, []),
        trades=records(TRADE_DTYPE, trades or []), decisions=records(DECISION_DTYPE, decisions or []), counts={},
        account_carry=0.0, bankrupt_bar=-1, stale=(), provenance={},
    )  # fmt: skip


def test_trades_are_the_closed_ones_in_order_of_their_exit() -> None:
    rows: list[dict[str, Any]] = [
        {"slot": 0, "exit_bar": 4, "pnl": 1},
        {"slot": 1, "exit_bar": 2, "pnl": 2},
        {"slot": 1, "exit_bar": -1, "pnl": 3},
    ]
    seen = observe(result(rows), CARD)
    assert seen.trade_exit_bar.tolist() == [2, 4]
    assert seen.trade_pnl.tolist() == [2, 1]
    assert seen.trade_strategy.tolist() == [1, 0]
    told = observe(result(rows), CARD, trade_strategy=np.array([1, 0, 0]))
    assert told.trade_strategy.tolist() == [0, 1]


DECISIONS: list[dict[str, Any]] = [
    {"bar": 0, "slot": 0, "side": 1, "outcome": FILLED, "rule": NO_RULE},
    {"bar": 1, "slot": 1, "side": -1, "outcome": REFUSED, "rule": CAP_SYMBOL},
    {"bar": 2, "slot": 1, "side": 1, "outcome": REFUSED, "rule": CASH},
    {"bar": 2, "slot": 1, "side": 1, "outcome": REDUCED, "rule": CAP_SYMBOL},
    {"bar": 3, "slot": 0, "side": 2, "outcome": EXPIRED, "rule": NO_RULE},
    {"bar": 3, "slot": -1, "side": 0, "outcome": FILLED, "rule": NO_RULE},
]


def test_decisions_tell_entries_and_what_a_cap_refused() -> None:
    seen = observe(result(decisions=DECISIONS), CARD)
    assert seen.decision_strategy.tolist() == [0, 1, 1, 1, 0, -1]
    assert seen.decision_bar.tolist() == [0, 1, 2, 2, 3, 3]
    assert seen.decision_is_entry.tolist() == [True, True, True, True, False, False]
    assert seen.decision_capped.tolist() == [False, True, False, False, False, False]
    told = observe(result(decisions=DECISIONS), CARD, decision_strategy=np.zeros(6, dtype=np.int64))
    assert told.decision_strategy.tolist() == [0] * 6


def test_what_was_asked_for_comes_from_the_log_unless_it_is_given() -> None:
    seen = observe(result(decisions=DECISIONS), CARD)
    assert {name: bars.tolist() for name, bars in seen.asked.items()} == {"trend": [0, 3], "fade": [1, 2]}
    told = observe(result(decisions=DECISIONS), CARD, asked={"trend": np.array([4])}, warmup_bars={"trend": 2})
    assert {name: bars.tolist() for name, bars in told.asked.items()} == {"trend": [4]}
    assert told.warmup_bars == {"trend": 2}


@pytest.mark.parametrize(
    "signals",
    [
        Signals("trend", side=np.array([[0, 0], [0, 1], [0, 0], [2, 0]], dtype=np.int8)),
        Signals("trend", weight=np.array([[np.nan, np.nan], [0.0, np.nan], [np.nan, np.nan], [0.1, 0.2]])),
    ],
    ids=["side", "weight"],
)
def test_a_strategy_asks_on_bars_with_any_opinion(signals: Signals) -> None:
    assert asked_bars(signals).tolist() == [1, 3]


def test_profit_by_strategy_is_given_or_that_of_the_account_for_an_only_strategy() -> None:
    assert observe(result(), CARD).pnl is None
    alone = observe(result(strategies=("trend",)), CARD).pnl
    assert alone is not None
    assert alone.tolist() == [[0], [5], [-5], [2], [1]]
    by_strategy = np.ones((5, 2))
    assert observe(result(), CARD, by_strategy=by_strategy).pnl is by_strategy
    with pytest.raises(
        UsageError, match=r"by_strategy must have the shape \(5, 2\), bars x strategies; found \(5, 1\)"
    ):
        observe(result(), CARD, by_strategy=np.ones((5, 1)))


def test_time_becomes_milliseconds_per_bar_and_the_rest_is_handed_on() -> None:
    counted = {"trend": Faults.in_all(1, 2, 4)}
    seen = observe(result(), CARD, faults=counted, seconds_by_strategy={"trend": 0.1}, memory_share=0.25)
    assert seen.bar_ms == {"trend": 20.0}
    assert (seen.faults, seen.memory_share, seen.metrics) == (counted, 0.25, {"sharpe": 0.4})


def test_states_are_counted_from_the_first_bar_of_the_run_and_an_earlier_one_is_kept() -> None:
    trend = {"bar": 102, "strategy": "trend", "before": "active", "after": "degraded", "reasons": ("one", "two")}
    fade = {"bar": 90, "strategy": "fade", "before": "active", "after": "suspended", "reasons": ("earlier",)}
    ended = {"degraded": ["trend"], "suspended": ["fade"]}
    status = {"bars_before": 100, "by_state": ended, "health_changes": [fade, trend]}
    adapted = Adapted(status, {}, "", records(TRADE_DTYPE, []), NONE, NONE)
    seen = observe(replace(result(), adapted=adapted), CARD)
    assert [(one.strategy, one.bar, one.value) for one in raise_alerts([AlertRule(when="state")], seen)] == [
        ("fade", 0, 2.0), ("trend", 2, 1.0),
    ]  # fmt: skip
    assert observe(result(), CARD).health is None


def test_the_share_of_memory_is_a_fraction_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratkit.alerts.memory.peak_memory_mb", lambda: None)
    assert peak_memory_share() is None
    monkeypatch.undo()
    share = peak_memory_share()
    assert share is None or 0 < share < 1


def test_a_real_run_is_watched_from_its_result_alone() -> None:
    config = load_config(settings=["data.end=2010-12-31"])
    bars = load_bars(config.data)
    run = run_backtest(config, bars)
    card, _ = score_backtest(config, bars, run)
    rules = (*DEFAULT_RULES, AlertRule(when="drawdown", limit_pct=10))
    seen = observe(run, card)
    alerts = raise_alerts(rules, seen)
    # the longest stretch without a decision and the deepest fall, by other means
    decided = np.unique([0, *run.decisions["bar"], len(run.times)])
    assert any(alert.kind == "no_proposals" for alert in alerts) is bool((np.diff(decided) > 250).any())
    worst = max(alert.worst for alert in alerts if alert.kind == "drawdown")
    assert worst == pytest.approx(-card.value("max_drawdown"))
    assert [alert.time for alert in alerts] == run.times[[alert.bar for alert in alerts]].tolist()
    assert {line.partition("(")[0] for line in unjudged(rules, seen)} >= {"latency", "error_rate", "memory"}


def test_an_only_strategy_falls_as_the_account_does() -> None:
    run = replace(result(strategies=("trend",)), initial_cash=100.0)
    (alert,) = raise_alerts([AlertRule(when="strategy_drawdown", limit_pct=10)], observe(run, CARD))
    assert (alert.strategy, alert.bar, alert.until_bar, alert.value) == ("trend", 2, 3, 0.1)
