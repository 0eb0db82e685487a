"""Each kind of rule by hand: when it starts, clears, starts again, and what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.alerts.alert import Alert
from stratkit.alerts.judge import raise_alerts, unjudged
from stratkit.alerts.observed import Faults, Observed
from stratkit.alerts.rules import DEFAULT_RULES, AlertRule
from stratkit.analytics.learned_times import HealthStep
from stratkit.panel import NS_PER_DAY, parse_time

INITIAL = 100.0


def ints(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


def seen(bars: int, **known: Any) -> Observed:
    """A quiet run of one strategy on days from 2024-01-01."""
    times = parse_time("2024-01-01") + np.arange(bars) * NS_PER_DAY
    return Observed(**{"times": times, "strategies": ("trend",), "initial_cash": INITIAL,
                       "equity": np.full(bars, INITIAL), **known})  # fmt: skip


def spans(alerts: tuple[Alert, ...]) -> list[tuple[int, int | None]]:
    return [(alert.bar, alert.until_bar) for alert in alerts]


def only(rule: AlertRule, observed: Observed) -> Alert:
    (alert,) = raise_alerts([rule], observed)
    return alert


# ---- drawdown

FALLS = np.array([100.0, 110, 99, 95, 108, 120, 105, 115])  # 10 % below 110 is 99, 5 % is 104.5; of 120: 108 and 114


def test_a_drawdown_that_starts_clears_and_starts_again_is_two_alerts() -> None:
    alerts = raise_alerts([AlertRule(when="drawdown", limit_pct=10)], seen(8, equity=FALLS))
    assert spans(alerts) == [(2, 4), (6, 7)]
    first = alerts[0]
    assert first.value == pytest.approx(0.1)
    assert first.worst == pytest.approx(1 - 95 / 110)
    assert first.threshold == 0.1
    assert first.strategy is None
    assert first.time == parse_time("2024-01-03")
    assert first.until == parse_time("2024-01-05")
    assert first.message == (
        "the account: expected equity less than 10 % below its peak; found 10 %, from 2024-01-03 until 2024-01-05, "
        "13.64 % at worst."
    )


def test_a_drawdown_that_lasts_has_no_end() -> None:
    alert = only(AlertRule(when="drawdown", limit_pct=10), seen(4, equity=FALLS[:4]))
    assert (alert.bar, alert.until_bar, alert.until) == (2, None, None)
    assert alert.message.endswith("found 10 %, since 2024-01-03, 13.64 % at worst.")


def test_the_peak_of_a_drawdown_starts_at_the_initial_cash() -> None:
    alert = only(AlertRule(when="drawdown", limit_pct=10), seen(2, equity=np.array([90.0, 96])))
    assert (alert.bar, alert.until_bar) == (0, 1)


def test_a_drawdown_that_hovers_about_its_limit_is_one_alert() -> None:
    equity = np.array([100.0, 90, 91, 90, 94, 90, 96, 90])  # clears above 95, where half of 10 % is left
    alerts = raise_alerts([AlertRule(when="drawdown", limit_pct=10)], seen(8, equity=equity))
    assert spans(alerts) == [(1, 6), (7, None)]


def test_a_larger_limit_is_not_reached() -> None:
    assert not raise_alerts([AlertRule(when="drawdown", limit_pct=14)], seen(8, equity=FALLS))


# ---- drawdown of a strategy


def test_the_drawdown_of_a_strategy_is_measured_on_its_profit_in_initial_cash() -> None:
    pnl = np.array([[0.0, 0], [20, -5], [9, -4], [11, -10], [10, 0]])
    observed = seen(5, strategies=("trend", "fade"), pnl=pnl)
    alerts = raise_alerts([AlertRule(when="strategy_drawdown", limit_pct=10)], observed)
    # trend: 11 below 20, then 9, then 10, never above half of that; fade: never earned, 10 below 0 on bar 3
    assert [(alert.strategy, alert.bar, alert.until_bar) for alert in alerts] == [("trend", 2, None), ("fade", 3, 4)]
    assert alerts[0].value == pytest.approx(0.11)
    assert alerts[0].message == (
        "trend: expected P&L less than 10 % of the initial cash below its peak; found 11 %, since 2024-01-03."
    )


def test_the_peak_of_a_strategy_starts_without_profit() -> None:
    pnl = np.array([[-10.0], [-4]])
    alert = only(AlertRule(when="strategy_drawdown", limit_pct=10), seen(2, pnl=pnl))
    assert (alert.bar, alert.until_bar) == (0, 1)


def test_without_profit_by_strategy_it_is_said_that_nothing_was_judged() -> None:
    rule = AlertRule(when="strategy_drawdown", limit_pct=10)
    assert not raise_alerts([rule], seen(5))
    assert unjudged([rule], seen(5)) == (
        "strategy_drawdown(limit_pct=10) was not judged for trend: P&L by strategy is not known.",
    )


# ---- no proposals


def test_silence_is_counted_from_the_last_request_and_ends_with_the_next() -> None:
    observed = seen(10, asked={"trend": ints(1, 5)})
    alerts = raise_alerts([AlertRule(when="no_proposals", bars=3)], observed)
    # silent on 2, 3, 4: the third is bar 4; then on 6, 7, 8, 9
    assert spans(alerts) == [(4, 5), (8, None)]
    assert [(alert.value, alert.worst) for alert in alerts] == [(3, 3), (3, 4)]
    assert alerts[1].message == (
        "trend: expected to ask for something within 3 bars; found nothing for 3 bars, since 2024-01-09, "
        "4 bars at worst."
    )


def test_silence_before_the_first_request_counts_from_the_first_bar() -> None:
    alert = only(AlertRule(when="no_proposals", bars=3), seen(5, asked={"trend": ints(4)}))
    assert (alert.bar, alert.until_bar) == (2, 4)


def test_silence_in_the_warm_up_does_not_count() -> None:
    observed = seen(5, asked={"trend": ints(4)}, warmup_bars={"trend": 2})
    assert not raise_alerts([AlertRule(when="no_proposals", bars=3)], observed)


def test_a_strategy_that_never_asks_is_one_alert() -> None:
    alert = only(AlertRule(when="no_proposals", bars=3), seen(9, asked={"trend": ints()}))
    assert (alert.bar, alert.until_bar, alert.worst) == (2, None, 9)


def test_a_run_too_short_for_silence_is_not_judged() -> None:
    rule = AlertRule(when="no_proposals", bars=6)
    assert unjudged([rule], seen(5, asked={"trend": ints()})) == (
        "no_proposals(bars=6) was not judged for trend: it could ask on 5 bars, 6 are needed.",
    )
    assert "not known on which bars" in unjudged([rule], seen(5))[0]


# ---- accuracy


def trades(*closed: tuple[int, float]) -> dict[str, Any]:
    bars, pnl = zip(*closed)
    return {"trade_strategy": ints(*(0 for _ in closed)), "trade_exit_bar": ints(*bars), "trade_pnl": np.array(pnl)}


def test_accuracy_looks_at_the_last_trades_once_there_are_enough() -> None:
    # wins of the last four: bar 4: 2 of 4, bar 5: 1 of 4, bar 6: 2 of 4, bar 8: 2 of 4, bar 9: 1 of 4
    closed = trades((1, 5), (2, -1), (3, 2), (4, -1), (5, 0), (6, 3), (8, 1), (9, -1), (9, -1))
    alerts = raise_alerts([AlertRule(when="accuracy", least=0.5, trades=4)], seen(10, **closed))
    # bar 5: of -1, 2, -1, 0 one won, for a trade without profit has not; bar 6: 2, -1, 0, 3; bar 9: 3, 1, -1, -1
    assert spans(alerts) == [(5, 6)]
    assert (alerts[0].value, alerts[0].threshold) == (0.25, 0.5)
    assert alerts[0].message == (
        "trend: expected at least 50 % of the last 4 trades to win; found 25 %, from 2024-01-06 until 2024-01-07."
    )


def test_the_worst_accuracy_of_an_episode_is_the_lowest() -> None:
    # of the last four: 2, 1, 0, 1, 2 won
    closed = trades((0, 1), (0, 1), (0, -1), (0, -1), (1, -1), (2, -1), (3, 1), (4, 1))
    alert = only(AlertRule(when="accuracy", least=0.5, trades=4), seen(6, **closed))
    assert (alert.bar, alert.until_bar, alert.value, alert.worst) == (1, 4, 0.25, 0.0)
    assert alert.message.endswith("found 25 %, from 2024-01-02 until 2024-01-05, 0 % at worst.")


def test_accuracy_that_falls_twice_is_two_alerts() -> None:
    closed = trades((0, 1), (1, -1), (2, 1), (3, 1), (5, -1))
    alerts = raise_alerts([AlertRule(when="accuracy", least=0.55, trades=2)], seen(7, **closed))
    assert spans(alerts) == [(1, 3), (5, None)]


def test_trades_of_one_bar_are_judged_together() -> None:
    closed = trades((0, 1), (1, -1), (1, 1), (1, 1))
    assert not raise_alerts([AlertRule(when="accuracy", least=0.55, trades=2)], seen(2, **closed))


def test_each_strategy_has_its_own_trades_and_a_rule_may_look_at_one() -> None:
    closed = {
        "trade_strategy": ints(0, 1, 0, 1),
        "trade_exit_bar": ints(0, 0, 1, 1),
        "trade_pnl": np.array([1.0, -1, 1, -1]),
    }
    observed = seen(3, strategies=("trend", "fade"), **closed)
    assert only(AlertRule(when="accuracy", trades=2), observed).strategy == "fade"
    assert not raise_alerts([AlertRule(when="accuracy", trades=2, strategy="trend")], observed)


def test_too_few_trades_are_not_judged() -> None:
    observed = seen(3, **trades((0, -1), (1, -1)))
    assert not raise_alerts([AlertRule(when="accuracy", trades=3)], observed)
    assert unjudged([AlertRule(when="accuracy", trades=3)], observed) == (
        "accuracy(least=0.55, trades=3) was not judged for trend: 2 of its trades closed, 3 are needed.",
    )


# ---- error rate


def faults(*bars: int, asked: int = 10) -> dict[str, Any]:
    return {"faults": {"trend": Faults(ints(*bars), np.arange(asked))}}


def test_the_error_rate_is_running_and_starts_again() -> None:
    # asked on each bar, one in four allowed, judged from the fourth request on
    alerts = raise_alerts([AlertRule(when="error_rate", most=0.25)], seen(10, **faults(0, 3, 8, 9)))
    # bar 3: 2/4; 4: 2/5; 5: 2/6; 6: 2/7; 7: 2/8 is allowed; 8: 3/9; 9: 4/10
    assert spans(alerts) == [(3, 7), (8, None)]
    assert [alert.value for alert in alerts] == [0.5, pytest.approx(1 / 3)]
    assert alerts[1].message == (
        "trend: expected faults in at most 25 % of the times it was asked; found 33.33 %, since 2024-01-09, "
        "40 % at worst."
    )


def test_one_early_fault_of_many_requests_is_no_alert() -> None:
    assert not raise_alerts([AlertRule(when="error_rate")], seen(100, **faults(0, asked=100)))
    assert raise_alerts([AlertRule(when="error_rate")], seen(100, **faults(0, 1, asked=100)))


def test_few_requests_are_judged_at_the_end_of_the_run() -> None:
    alert = only(AlertRule(when="error_rate"), seen(5, faults={"trend": Faults(ints(0), ints(0))}))
    assert (alert.bar, alert.value) == (4, 1.0)


def test_when_no_fault_is_allowed_the_first_one_counts() -> None:
    assert only(AlertRule(when="error_rate", most=0), seen(10, **faults(2))).bar == 2


def test_faults_known_only_in_all_stand_at_the_last_bar() -> None:
    observed = seen(5, faults={"trend": Faults.in_all(3, 100, 4)})
    alert = only(AlertRule(when="error_rate"), observed)
    assert (alert.bar, alert.value) == (4, 0.03)
    assert not raise_alerts([AlertRule(when="error_rate", most=0.03)], observed)


def test_uncounted_faults_are_not_judged() -> None:
    rule = AlertRule(when="error_rate")
    assert unjudged([rule], seen(5)) == (
        "error_rate(most=0.01) was not judged for trend: its faults were not counted.",
    )


# ---- refused by caps


def test_refusals_by_caps_are_a_share_of_the_entries_in_a_window() -> None:
    observed = seen(
        9,
        decision_strategy=ints(0, 0, 0, 0, 0, 0),
        decision_bar=ints(0, 2, 3, 3, 7, 8),
        decision_is_entry=np.array([True, True, True, False, True, True]),
        decision_capped=np.array([True, False, True, False, True, False]),
    )
    rule = AlertRule(when="cap_refusals", most=0.4, bars=3)
    # windows of three bars: bar 2: 1 of 2; 3: 1 of 2; 4: 1 of 2; 5: 1 of 1; 6: none; 7: 1 of 1; 8: 1 of 2
    alerts = raise_alerts([rule], observed)
    assert spans(alerts) == [(2, 6), (7, None)]
    assert (alerts[0].value, alerts[0].worst) == (0.5, 1.0)
    assert alerts[1].message == (
        "trend: expected caps to refuse at most 40 % of the entries within 3 bars; found 100 %, since 2024-01-08."
    )
    assert spans(raise_alerts([rule.model_copy(update={"most": 0.5})], observed)) == [(5, 6), (7, 8)]
    assert spans(raise_alerts([rule.model_copy(update={"bars": 9})], observed)) == [(8, None)]  # 3 of 5


def test_refusals_clear_when_nothing_is_asked_for_any_more() -> None:
    yes = np.array([True])
    observed = seen(
        6, decision_strategy=ints(0), decision_bar=ints(2), decision_is_entry=yes, decision_capped=yes
    )  # fmt: skip
    alert = only(AlertRule(when="cap_refusals", bars=2), observed)
    assert (alert.bar, alert.until_bar, alert.worst) == (2, 4, 1.0)


def test_entries_of_another_strategy_do_not_count_as_ones_own() -> None:
    observed = seen(
        3,
        strategies=("trend", "fade"),
        decision_strategy=ints(0, 1, -1),
        decision_bar=ints(0, 0, 1),
        decision_is_entry=np.array([True, True, False]),
        decision_capped=np.array([True, False, False]),
    )
    assert only(AlertRule(when="cap_refusals", bars=2), observed).strategy == "trend"


def test_a_run_shorter_than_the_window_is_not_judged() -> None:
    assert unjudged([AlertRule(when="cap_refusals", bars=6)], seen(5)) == (
        "cap_refusals(most=0.5, bars=6) was not judged for trend: the run has 5 bars, 6 are needed.",
    )


# ---- states of what adapts

PATH = (  # degraded, better, degraded again, suspended, back
    HealthStep(0, "active"),
    HealthStep(2, "degraded", "active", ("win rate 20 % < 35 %",)),
    HealthStep(4, "active", "degraded", ("all figures within bounds",)),
    HealthStep(6, "degraded", "active", ("expectancy 0.01 R < 0.1 R",)),
    HealthStep(8, "suspended", "degraded", ("2 bars degraded",)),
    HealthStep(11, "active", "suspended", ("expectancy 0.20 R after 0.01 R at suspension",)),
)


@pytest.mark.parametrize(
    ("state", "found"),
    [("degraded", [(2, 4, 1.0, 1.0), (6, 11, 1.0, 2.0)]), ("suspended", [(8, 11, 2.0, 2.0)]), ("retired", [])],
)
def test_a_state_is_told_from_the_bar_where_it_began_until_it_is_better(
    state: Any, found: list[tuple[int, int, float, float]]
) -> None:
    alerts = raise_alerts([AlertRule(when="state", state=state)], seen(12, health={"trend": PATH}))
    assert [(alert.bar, alert.until_bar, alert.value, alert.worst) for alert in alerts] == found
    assert [Alert.from_plain(json.loads(json.dumps(alert.plain()))) for alert in alerts] == list(alerts)


def test_the_alert_of_a_state_says_what_made_it() -> None:
    observed = seen(9, strategies=("trend", "fade"), health={"trend": PATH[:5]})
    assert [alert.message for alert in raise_alerts([AlertRule(when="state")], observed)] == [
        "trend: expected to stay active; found degraded, from 2024-01-03 until 2024-01-05: win rate 20 % < 35 %.",
        "trend: expected to stay active; found degraded, since 2024-01-07, suspended at worst: "
        "expectancy 0.01 R < 0.1 R.",
    ]
    assert only(AlertRule(when="state", state="suspended"), observed).message == (
        "trend: expected not to become suspended; found suspended, since 2024-01-09: 2 bars degraded."
    )


def test_where_nothing_adapts_no_state_is_judged() -> None:
    assert unjudged([AlertRule(when="state")], seen(5)) == (
        "state(state=degraded) was not judged for trend: nothing adapts in this run, so that no strategy has a state.",
    )
    assert unjudged([AlertRule(when="state")], seen(5, health={})) == ()


# ---- figures of the whole run


def test_latency_above_the_limit_is_an_alert_at_the_last_bar() -> None:
    observed = seen(5, strategies=("trend", "fade"), bar_ms={"trend": 12.5, "fade": 10.0})
    alert = only(AlertRule(when="latency"), observed)
    assert (alert.strategy, alert.bar, alert.until_bar, alert.value) == ("trend", 4, None, 12.5)
    assert alert.message == "trend: expected at most 10 ms per bar; found 12.5 ms, over the whole run."
    assert not raise_alerts([AlertRule(when="latency", most=12.5)], observed)
    assert unjudged([AlertRule(when="latency")], seen(5)) == (
        "latency(most=10) was not judged for trend: its time was not measured.",
    )


def test_memory_above_the_limit_is_an_alert_of_the_account() -> None:
    alert = only(AlertRule(when="memory"), seen(5, memory_share=0.9))
    assert (alert.strategy, alert.bar, alert.value, alert.threshold) == (None, 4, 0.9, 0.8)
    assert alert.message == (
        "the account: expected at most 80 % of the machine's memory in use; found 90 %, over the whole run."
    )
    assert not raise_alerts([AlertRule(when="memory", most=0.9)], seen(5, memory_share=0.9))
    assert unjudged([AlertRule(when="memory")], seen(5)) == (
        "memory(most=0.8) was not judged for the account: the peak memory of the run was not measured.",
    )


@pytest.mark.parametrize(
    ("bound", "raised"),
    [({"below": 0.5}, True), ({"below": 0.4}, False), ({"above": 0.3}, True), ({"above": 0.4}, False)],
)
def test_any_metric_may_be_bound_from_either_side(bound: dict[str, float], raised: bool) -> None:
    rule = AlertRule.model_validate({"when": "metric", "metric": "sharpe", **bound})
    assert bool(raise_alerts([rule], seen(5, metrics={"sharpe": 0.4}))) is raised


def test_a_metric_says_its_bound_and_its_value() -> None:
    observed = seen(5, metrics={"sharpe": 0.4})
    low = only(AlertRule(when="metric", metric="sharpe", below=0.5), observed)
    assert low.message == "the account: expected sharpe at least 0.5; found 0.4, over the whole run."
    assert (low.value, low.worst, low.threshold) == (0.4, 0.4, 0.5)
    high = only(AlertRule(when="metric", metric="sharpe", above=0.3), observed)
    assert high.message == "the account: expected sharpe at most 0.3; found 0.4, over the whole run."


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        ({}, "the scorecard of the run has no sharpe"),
        ({"sharpe": np.nan}, "sharpe is undefined in this run"),
        ({"sharpe": np.inf}, "sharpe is undefined in this run"),
    ],
)
def test_a_metric_without_a_value_is_not_judged(metrics: dict[str, float], reason: str) -> None:
    rule = AlertRule(when="metric", metric="sharpe", above=0)
    assert not raise_alerts([rule], seen(5, metrics=metrics))
    assert unjudged([rule], seen(5, metrics=metrics))[0].endswith(f"for the account: {reason}.")


# ---- all of them


def test_a_rule_for_a_strategy_that_took_no_part_is_said_to_be_idle() -> None:
    assert unjudged([AlertRule(when="latency", strategy="trand")], seen(5, bar_ms={"trend": 1.0})) == (
        "latency(most=10, strategy=trand) was not judged for trand: no strategy 'trand' took part, "
        "did you mean 'trend'.",
    )


def test_alerts_stand_in_order_of_bar_then_rule_then_strategy() -> None:
    observed = seen(
        8, equity=FALLS, strategies=("trend", "fade"), bar_ms={"trend": 20.0, "fade": 30.0}, memory_share=1.0
    )
    rules = [
        AlertRule(when="memory", name="b"),
        AlertRule(when="latency", name="a"),
        AlertRule(when="drawdown", limit_pct=10, name="c", severity="critical"),
    ]
    alerts = raise_alerts(rules, observed)
    assert [(alert.bar, alert.rule, alert.strategy) for alert in alerts] == [
        (2, "c", None),
        (6, "c", None),
        (7, "b", None),
        (7, "a", "trend"),
        (7, "a", "fade"),
    ]
    assert [alert.severity for alert in alerts][:3] == ["critical", "critical", "warning"]


def test_a_run_without_bars_raises_nothing() -> None:
    assert not raise_alerts(DEFAULT_RULES, seen(0))
    assert len(unjudged(DEFAULT_RULES, seen(0))) == len(DEFAULT_RULES)


@given(st.lists(st.floats(50, 150), min_size=1, max_size=40), st.integers(1, 60))
def test_the_vectorized_episodes_are_those_of_a_loop(equity: list[float], limit: int) -> None:
    expected: list[tuple[int, int | None]] = []
    peak, inside = INITIAL, False
    for bar, value in enumerate(equity):
        peak = max(peak, value)
        if value * 100 <= peak * (100 - limit) and not inside:
            expected.append((bar, None))
            inside = True
        elif inside and value * 100 > peak * (100 - limit / 2):
            expected[-1] = (expected[-1][0], bar)
            inside = False
    found = raise_alerts([AlertRule(when="drawdown", limit_pct=limit)], seen(len(equity), equity=np.array(equity)))
    assert spans(found) == expected


def cut(observed: Observed, bars: int) -> Observed:
    """What was known of a run when `bars` of it had been played."""
    closed, decided = observed.trade_exit_bar < bars, observed.decision_bar < bars
    return replace(
        observed,
        times=observed.times[:bars],
        equity=observed.equity[:bars],
        trade_strategy=observed.trade_strategy[closed],
        trade_exit_bar=observed.trade_exit_bar[closed],
        trade_pnl=observed.trade_pnl[closed],
        decision_strategy=observed.decision_strategy[decided],
        decision_bar=observed.decision_bar[decided],
        decision_is_entry=observed.decision_is_entry[decided],
        decision_capped=observed.decision_capped[decided],
        asked={name: at[at < bars] for name, at in observed.asked.items()},
    )


@given(st.integers(0, 1_000), st.integers(1, 29))
def test_what_an_alert_says_was_known_at_its_bar(seed: int, bars: int) -> None:
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(0, 30, 25))
    observed = seen(
        30,
        equity=100 + np.cumsum(rng.normal(0, 5, 30)).clip(-50),
        trade_strategy=np.zeros(25, np.int64), trade_exit_bar=at, trade_pnl=rng.normal(0, 1, 25),
        decision_strategy=np.zeros(25, np.int64), decision_bar=at,
        decision_is_entry=rng.random(25) < 0.8, decision_capped=rng.random(25) < 0.5,
        asked={"trend": np.unique(rng.integers(0, 30, 6))},
    )  # fmt: skip
    rules = [
        AlertRule(when="drawdown", limit_pct=5),
        AlertRule(when="accuracy", trades=3),
        AlertRule(when="no_proposals", bars=3),
        AlertRule(when="cap_refusals", bars=4, most=0.3),
    ]

    def known(alerts: tuple[Alert, ...]) -> list[tuple[str, int, float]]:
        return [(alert.rule, alert.bar, alert.value) for alert in alerts if alert.bar < bars]

    assert known(raise_alerts(rules, observed)) == known(raise_alerts(rules, cut(observed, bars)))
