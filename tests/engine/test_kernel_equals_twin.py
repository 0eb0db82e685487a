"""The compiled kernel and the plain-Python engine give the same replay, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from random_markets import FEATURES, Case, cases, random_case
from replays import assert_same_run, played, rule_array

from stratkit.engine.layout import FILL_REASONS, OUTCOMES, RULES, Records
from stratkit.engine.profiles import PROFILE_NAMES, fill_codes
from stratkit.engine.reference import replay
from stratkit.engine.run import Replay
from stratkit.engine.settings import ExecutionSettings


def check(case: Case) -> Replay:
    run = played(case)
    assert_same_run(run, replay(*case), same_order=False)
    return run


@settings(max_examples=1_000)
@given(cases())
def test_any_small_case_is_played_alike(case: Case) -> None:
    check(case)


@settings(max_examples=600)
@given(st.integers(0, 2**32 - 1))
@example(0)
def test_any_mix_of_features_is_played_alike(seed: int) -> None:
    check(random_case(seed))


@settings(max_examples=500)
@given(st.integers(0, 2**32 - 1), st.sampled_from(FEATURES), st.sampled_from(FEATURES), st.booleans())
def test_any_two_features_are_played_alike(seed: int, one: str, other: str, at_close: bool) -> None:
    on = {one, other, "exits", "plan_stop", *(["close_profile"] if at_close else [])}
    check(random_case(seed, bars=40, features=sorted(on)))


def test_an_account_in_debt_is_played_alike() -> None:
    features = ["leverage", "interest", "borrow", "funding", "maintenance", "weights", "exits", "risk_unit"]
    runs = [check(random_case(seed, features=features)) for seed in range(500)]
    assert sum(run.account_carry > 0 for run in runs) > 100
    assert sum(run.bankrupt_bar >= 0 for run in runs) > 5


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_the_shortest_markets_are_played_alike(bars: int) -> None:
    for seed in range(200):
        check(random_case(seed, bars=bars))


NETTED = (
    "shared_slots", "multiplier", "strategy_cap", "kelly", "confidence", "exits", "adds", "plan_stop", "plan_targets",
    "plan_trailing", "plan_time_stop", "risk_unit", "commission",
)  # fmt: skip


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize(
    "others",
    [
        (),
        ("resting_entries", "limit_entries", "ticks"),
        ("weights", "min_trade_weight", "netted_strategies"),
        ("volume_limit", "zero_volume", "lots"),
        ("weights", "resting_entries", "volume_limit", "missing_bars", "splits", "detail", "scale_on_breach"),
    ],
    ids=lambda names: "-".join(names[:1]) or "sides",
)
def test_strategies_that_share_their_slots_are_played_alike(profile: str, others: tuple[str, ...]) -> None:
    codes = fill_codes(ExecutionSettings.model_validate({"profile": profile}))
    fills, askers = 0, set()
    for seed in range(25):
        case = random_case(seed, strategies=2 + seed % 2, features=[*NETTED, *others])
        run = check(case._replace(rules=rule_array(case.rules, **codes)[0]))
        fills += len(run.fills)
        askers |= set(run.decisions["strategy"])
        assert run.by_strategy.shape == (len(run.equity), 2 + seed % 2)
    assert fills > 200
    assert askers >= {0, 1, 2}


def test_many_slots_are_played_alike() -> None:
    for seed in range(8):
        check(random_case(seed, bars=60, symbols=12, strategies=4, features=[*FEATURES[:12], "books"]))


def test_the_cases_reach_every_reason_outcome_and_rule() -> None:
    runs = [check(random_case(seed)) for seed in range(1_500)]

    def seen(records: Sequence[Records], name: str, words: tuple[str, ...]) -> set[str]:
        return {words[code] for code in np.unique(np.concatenate([rows[name] for rows in records]))}

    assert seen([run.fills for run in runs], "reason", FILL_REASONS) == set(FILL_REASONS)
    assert seen([run.decisions for run in runs], "outcome", OUTCOMES) == set(OUTCOMES)
    # decided above kernel and twin: packages in tests/engine/test_packages.py, what adapts in tests/backtest
    above = {"legs", "quality", "suspended", "losing_streak", "not_chosen"}
    assert seen([run.decisions for run in runs], "rule", RULES) == set(RULES) - above
    assert sum(run.bankrupt_bar >= 0 for run in runs) >= 10
    assert sum(run.account_carry > 0 for run in runs) > 3
