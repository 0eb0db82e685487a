"""Health of strategies on made-up streams of trades: every path between the four states, and cooldowns."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from closed_trades import closed, controls, terms
from hypothesis import given
from hypothesis import strategies as st

from stratkit.adaptive.adaptation import Adaptation, adapt, open_adaptation
from stratkit.adaptive.cooldowns import no_cooldowns, rested
from stratkit.adaptive.health import STATE_NAMES, violations
from stratkit.adaptive.measures import measured, no_trades, with_trades
from stratkit.adaptive.outcomes import no_outcomes
from stratkit.adaptive.settings import HealthSettings, OptimizationSettings, PauseSettings

HEALTH = {"degraded_bars": 2, "suspended_bars": 6, "min_new_trades": 0}
WON, LOST = [0.5] * 20, [-1.0] * 20
QUIET: tuple[list[float], bool] = ([], False)


class Life:
    """One strategy updated on every bar."""

    def __init__(self, **health: float) -> None:
        settings = OptimizationSettings.model_validate({"enabled": True, "health": {**HEALTH, **health}})
        self.terms = terms(optimization=settings)
        self.base = controls([1.0])
        self.now: Adaptation = open_adaptation(self.terms, self.base)
        self.held = self.base
        self.bar = -1

    def may_trade(self) -> bool:
        return bool(self.held.enabled[0])

    def after(self, r: Sequence[float] = (), *, shadow: bool = False) -> str:
        """The state after one more bar on which trades closed."""
        self.bar += 1
        new = closed(r, shadow=shadow) if len(r) else no_outcomes()
        self.now, self.held = adapt(self.terms, self.now, new, self.base, self.bar)
        return ("active", "degraded", "suspended", "retired")[int(self.now.health.state[0])]


def test_a_strategy_that_fails_and_recovers_in_the_shadow_book_is_active_again() -> None:
    life = Life()
    assert life.after(WON) == "active"
    assert life.after(LOST) == "degraded"  # (10 - 20) / 40 = -.25 R
    assert life.may_trade()
    assert life.after() == "degraded"
    assert life.after() == "suspended"  # two bars later
    assert not life.may_trade()
    assert life.after([1.0], shadow=True) == "suspended"  # -9 / 41 = -.220, less than 15 % better than -.25
    assert life.after([1.0], shadow=True) == "active"  # -8 / 42 = -.190 >= -.2125
    assert life.may_trade()
    assert [(change.before, change.after) for change in life.now.health_changes] == [
        ("active", "degraded"), ("degraded", "suspended"), ("suspended", "active"),
    ]  # fmt: skip


def test_a_strategy_that_does_not_recover_is_retired_for_good() -> None:
    life = Life()
    states = [life.after(LOST), *(life.after() for _ in range(8))]
    assert states == ["degraded"] * 2 + ["suspended"] * 6 + ["retired"]
    assert life.after([5.0] * 50, shadow=True) == "retired"
    assert not life.may_trade()


def test_a_degraded_strategy_whose_figures_mend_is_active_again() -> None:
    life = Life()
    assert life.after([0.4, -0.5] * 10) == "degraded"  # -.05 R
    assert life.after([1.0] * 5) == "active"  # (4 - 5 + 5) / 25 = .16 R
    assert life.now.health_changes[-1].reasons == ("all figures within bounds",)


def hourly(*trades: tuple[Sequence[float], bool]) -> list[str]:
    """The states of a strategy under the published figures on hourly bars, after each day with these trades."""
    judged = terms(optimization=OptimizationSettings(enabled=True), bar_seconds=3_600.0)
    base = controls([1.0])
    now, states = open_adaptation(judged, base), []
    for day, (r, shadow) in enumerate(trades, start=1):
        new = closed(r, shadow=shadow) if len(r) else no_outcomes()
        now, _ = adapt(judged, now, new, base, day * judged.update_bars - 1)
        states.append(STATE_NAMES[int(now.health.state[0])])
    return states


def test_under_the_published_figures_a_day_degraded_suspends_and_three_days_suspended_retire() -> None:
    lost, shadow = (LOST, False), ([-1.0] * 5, True)
    assert hourly((WON, False), lost, ([-1.0] * 5, False), shadow, QUIET, QUIET) == [
        "active", "degraded", "suspended", "suspended", "suspended", "retired",
    ]  # fmt: skip
    # (10 - 25) / 45 = -.333 R at suspension, and then (10 - 25 + 5) / 50 = -.2 R: 40 % better
    assert hourly((WON, False), lost, ([-1.0] * 5, False), ([1.0] * 5, True))[-1] == "active"


def test_every_step_down_waits_for_new_trades() -> None:
    assert hourly((LOST, False), *[QUIET] * 9) == ["degraded"] * 10
    assert hourly((LOST, False), ([-1.0] * 4, False), ([-1.0], False), *[QUIET] * 9)[1:3] == ["degraded", "suspended"]
    assert hourly((LOST, False), ([-1.0] * 5, False), *[QUIET] * 9, ([-1.0] * 4, True), ([-1.0], True))[-2:] == [
        "suspended", "retired",
    ]  # fmt: skip
    back = hourly((LOST, False), ([-1.0] * 5, False), ([1.0] * 5, True), *[QUIET] * 9)
    assert back[2:] == ["active"] * 10  # its figures are out of bounds still, but nothing is known that was not before


@given(st.lists(st.lists(st.sampled_from([-1.0, 0.5, 1.5]), max_size=8), min_size=10, max_size=60), st.integers(1, 12))
def test_on_daily_bars_nobody_steps_down_without_evidence_or_before_its_time(
    days: list[list[float]], needed: int
) -> None:
    health = HealthSettings(min_new_trades=needed, min_expectancy_r=0.4)
    judged = terms(optimization=OptimizationSettings(enabled=True, health=health))
    base = controls([1.0])
    now, waits = open_adaptation(judged, base), {"active": 0, "degraded": 1, "suspended": 3}
    since, heard = 0, 0
    for bar, r in enumerate(days):
        before = now
        heard += len(r)
        now, _ = adapt(judged, now, closed(r, shadow=not before.health.may_trade[0]) if r else no_outcomes(), base, bar)
        if now.health_changes == before.health_changes:
            continue
        change = now.health_changes[-1]
        if STATE_NAMES.index(change.after) > STATE_NAMES.index(change.before):
            assert heard >= needed
            assert bar - since >= waits[change.before]
        since, heard = bar, 0


def test_nobody_is_judged_by_fewer_than_twenty_trades() -> None:
    life = Life()
    assert life.after(LOST[:19]) == "active"
    assert life.after(LOST[:1]) == "degraded"


def test_without_new_trades_a_suspended_strategy_does_not_come_back() -> None:
    life = Life(min_expectancy_r=0.5, suspended_bars=3)
    assert [life.after([0.0] * 20), *(life.after() for _ in range(5))][-1] == "retired"  # 0 R then, 0 R now: no rise


def test_trades_of_another_strategy_change_nothing() -> None:
    judged = terms(("trend", "trend"), optimization=OptimizationSettings(enabled=True))
    now, held = adapt(judged, open_adaptation(judged, controls([1, 1])), closed(LOST, strategy=1), controls([1, 1]), 0)
    assert now.health.state.tolist() == [0, 1]
    assert held.enabled.tolist() == [True, True]


@pytest.mark.parametrize(
    ("r", "pnl", "said"),
    [
        ([0.5, -0.36] * 10, None, "expectancy 0.07 R < 0.1 R"),
        ([1.0] * 8 + [-1.0, 0.0] * 6, [0.01] * 8 + [-0.03, 0.0] * 6, "drawdown 18.0 % > 15 %"),
        ([3.0] * 6 + [-1.0, 0.0] * 7, None, "win rate 30 % < 35 %"),
        ([3.0] * 11 + [-1.0] * 10, None, "10 losses in a row >= 10"),
        (
            [3.0] * 9 + [-1.0, 0.0] * 8 + [-1.0],
            None,
            "win rate 34.6 % < 35 %",
        ),  # 9 of 26; without a digit more it is 35
        ([0.9, -0.701] * 10, None, "expectancy 0.0995 R < 0.1 R"),
    ],
)
def test_one_figure_out_of_bounds_is_enough_and_is_said(r: list[float], pnl: list[float] | None, said: str) -> None:
    account, _ = measured(with_trades(no_trades(1, 50), closed(r, pnl=pnl)))
    assert violations(account, 0, HealthSettings()) == (said,)


def test_a_low_profit_factor_is_said() -> None:
    account, _ = measured(with_trades(no_trades(1, 50), closed([1.0, -1.5] * 10)))
    assert "profit factor 0.67 < 0.8" in violations(account, 0, HealthSettings())


def test_hours_become_bars_rounded_up() -> None:
    settings = OptimizationSettings(enabled=True)
    daily, hourly, slow = (terms(optimization=settings, bar_seconds=one) for one in (86_400.0, 3_600.0, 50_000.0))
    assert (daily.update_bars, daily.degraded_bars, daily.suspended_bars) == (1, 1, 3)
    assert (hourly.update_bars, hourly.degraded_bars, hourly.suspended_bars) == (24, 24, 72)
    assert (slow.update_bars, slow.degraded_bars, slow.suspended_bars) == (2, 2, 6)
    each = OptimizationSettings(enabled=True, update_interval_seconds=3_600)
    assert terms(optimization=each, bar_seconds=900.0).update_bars == 4
    assert terms(optimization=OptimizationSettings(enabled=True, update_every_bars=5)).update_bars == 5


def test_three_losses_in_a_row_in_a_symbol_rest_the_strategy_there() -> None:
    pause = PauseSettings(losses_in_row=3, bars=4)
    lost = closed([-1, -1, -1, -1], symbol=[0, 0, 1, 0], bar=[1, 2, 2, 5])
    held = rested(no_cooldowns(1, 2), lost, pause)
    assert [held.resting(bar).tolist() for bar in (9, 10)] == [[[True, False]], [[False, False]]]  # bars 6 to 9
    assert held.losses_in_row.tolist() == [[0, 1]]


def test_a_gain_between_and_the_shadow_book_break_or_add_nothing() -> None:
    pause = PauseSettings(losses_in_row=2, bars=4)
    trades = closed([-1, 1, -1, -1], bar=[1, 2, 3, 4], shadow=[False, False, False, True])
    held = rested(no_cooldowns(1, 1), trades, pause)
    assert not held.resting(5).any()
    assert rested(held, closed([-1], shadow=True), pause) is held
