"""What always holds of a replay, whatever the market, the orders and the rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identities import check_identities
from random_markets import FEATURES, Case, cases, random_case
from replays import played, rule_array

from stratkit.engine.layout import (
    ADD,
    BREAK_EVEN,
    ENTRY,
    EXIT_SIDE,
    EXIT_SIGNAL,
    FILLED,
    LIQUIDATION,
    REBALANCE_IN,
    REDUCED,
    STOP,
    TRAILING,
)
from stratkit.engine.profiles import PROFILE_NAMES, fill_codes
from stratkit.engine.run import Replay
from stratkit.engine.settings import ExecutionSettings

AWKWARD = (
    "missing_bars", "late_listing", "stale_end", "delist_event", "exits", "exit_fraction", "plan_stop", "plan_percent",
    "plan_targets",
    "plan_partial", "spread", "commission", "borrow", "funding", "interest", "leverage", "weights", "adds",
    "stale_rule",
)  # fmt: skip
SHARED = ("shared_slots", "multiplier", "strategy_cap", "confidence")


def check(case: Case, profile: str) -> Replay:
    """Replay under a named profile."""
    codes = fill_codes(ExecutionSettings.model_validate({"profile": profile}))
    run = played(case, **codes)
    check_identities(case.market, case.targets, rule_array(case.rules, **codes)[0], run)
    check_log_tells_the_entries(case, run)
    check_account_ends_with_ruin(run)
    return run


def check_log_tells_the_entries(case: Case, run: Replay) -> None:
    """What the log granted to sides is what they bought and sold; a refusal grants nothing."""
    fills, rows = run.fills, run.decisions
    done = np.isin(rows["outcome"], (FILLED, REDUCED))
    assert (rows["granted"] >= 0).all()
    assert (rows["granted"][~done] == 0).all()
    if case.rules.max_volume_share > 0 or case.rules.impact_frac > 0:
        return  # an exit may begin with nothing, and the rest of an entry fills without a row
    assert (rows["granted"][done] > 0).all()
    by_side = case.targets.slot_kind == 0
    entered = np.isin(fills["reason"], (ENTRY, ADD)) & by_side[fills["slot"]]
    granted = done & np.isin(rows["side"], (1, -1)) & by_side[rows["slot"]]
    assert sorted(rows["granted"][granted]) == sorted(fills["quantity"][entered])


def check_account_ends_with_ruin(run: Replay) -> None:
    """After a bankruptcy nothing is held and nothing moves."""
    if run.bankrupt_bar < 0:
        return
    after = slice(run.bankrupt_bar, None)
    assert (run.equity[after] == run.equity[run.bankrupt_bar]).all()
    assert (run.gross[after] == 0).all()
    assert (run.fills["bar"] <= run.bankrupt_bar).all()
    assert (run.trades["exit_bar"] >= 0).all()


@settings(max_examples=700)
@given(cases(), st.sampled_from(PROFILE_NAMES))
def test_cash_positions_trades_prices_and_caps_add_up(case: Case, profile: str) -> None:
    check(case, profile)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@settings(max_examples=500)
@given(seed=st.integers(0, 2**32 - 1), others=st.lists(st.sampled_from(FEATURES), max_size=6))
def test_gaps_holes_shorts_and_partial_exits_add_up(profile: str, seed: int, others: list[str]) -> None:
    check(random_case(seed, bars=50, features=[*AWKWARD, *others]), profile)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@settings(max_examples=200)
@given(seed=st.integers(0, 2**32 - 1), strategies=st.integers(2, 3), others=st.lists(st.sampled_from(FEATURES)))
def test_strategies_that_share_their_slots_add_up(profile: str, seed: int, strategies: int, others: list[str]) -> None:
    on = [name for name in (*AWKWARD, *SHARED, *others) if name != "books"]
    check(random_case(seed, bars=50, strategies=strategies, features=on), profile)


def test_a_position_is_often_left_by_another_than_its_owner() -> None:
    led_by_others = both = 0
    for seed in range(60):
        run = check(random_case(seed, bars=50, strategies=3, features=["exits", *SHARED]), "conservative")
        owners = {(fill.bar - 1, fill.slot): fill.strategy for fill in run.fills if fill.reason == EXIT_SIGNAL}
        exits = run.decisions[(run.decisions["side"] == EXIT_SIDE) & (run.decisions["outcome"] == FILLED)]
        led_by_others += sum(owners.get((row.bar, row.slot), row.strategy) != row.strategy for row in exits)
        both += int((run.by_strategy != 0).any(axis=0).sum() > 1)
    assert led_by_others > 50
    assert both > 40


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_the_checked_runs_are_not_empty(profile: str) -> None:
    cases_ = [random_case(seed, bars=50, features=AWKWARD) for seed in range(150)]
    runs = [check(case, profile) for case in cases_]
    trades = np.concatenate([run.trades for run in runs])
    assert len(trades) > 1_000
    assert (trades["side"] < 0).mean() > 0.2
    assert sum(np.isnan(case.market.close).any() for case in cases_) > 140
    exits = [int(((run.fills["trade"] == trade) & ~np.isin(run.fills["reason"], (ENTRY, ADD, REBALANCE_IN))).sum())
             for run in runs for trade in run.trades["trade"][:20]]  # fmt: skip
    assert np.mean(np.array(exits) > 1) > 0.05, "trades that left in parts"
    gapped = sum(stops_at_the_open(case, run) for case, run in zip(cases_, runs, strict=True))
    assert gapped > 50, "stops that the open had passed"
    assert any((run.decisions["side"] == EXIT_SIDE).any() for run in runs)


def stops_at_the_open(case: Case, run: Replay) -> int:
    """Count the stops that the open had passed."""
    stops = run.fills[np.isin(run.fills["reason"], (STOP, BREAK_EVEN, TRAILING, LIQUIDATION))]
    opens = case.market.open[stops["bar"], case.targets.slot_symbol[stops["slot"]]]
    return int((stops["base_price"] == opens).sum())
