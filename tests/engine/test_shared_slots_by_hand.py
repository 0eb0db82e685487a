"""Cases computed by hand of strategies that share a slot; both engines must give them.

Strategies are A = 0, B = 1 and C = 2; `table` holds a plan of each, and `plan_panel` says who leads an intent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import FLAT_100, Engine, approx, log, play
from identities import Run

from stratkit.engine.layout import FILL_REASONS, OUTCOMES, RULES
from stratkit.risk.targets import FRACTION, KELLY, UNITS

Table = list[dict[str, Any]]

A, B, C = 0, 1, 2
NAMES = ({"strategy": A}, {"strategy": B}, {"strategy": C})  # no more than whose intent it is


def owned(run: Run) -> list[tuple[Any, ...]]:
    """Return the fills as (bar, slot, units bought or sold, price, reason, owner)."""
    return [
        (int(row.bar), int(row.slot), float(row.direction * row.quantity), float(row.price), FILL_REASONS[row.reason],
         int(row.strategy))
        for row in run.fills
    ]  # fmt: skip


def asked(run: Run) -> list[tuple[Any, ...]]:
    """Return the decision log as (bar, slot, side, outcome and rule, strategy)."""
    return [
        (int(row.bar), int(row.slot), int(row.side), f"{OUTCOMES[row.outcome]} {RULES[row.rule]}".strip(),
         int(row.strategy))
        for row in run.decisions
    ]  # fmt: skip


def at(*opens: float) -> list[tuple[float, ...]]:
    """Return bars that do not move."""
    return [(price,) * 4 for price in opens]


# ---- whose a position is


def test_what_another_closes_is_the_gain_of_the_one_who_led_the_entry(engine: Engine) -> None:
    run = play(
        engine, at(100, 100, 105, 110), {0: 1, 2: 2}, size=10.0, table=NAMES, plan_panel={0: A, 2: B},
        commission_per_order=1.0,
    )  # fmt: skip
    assert owned(run) == [(1, 0, 10.0, 100.0, "entry", A), (3, 0, -10.0, 110.0, "exit_signal", A)]
    assert asked(run) == [(0, 0, 1, "filled", A), (2, 0, 2, "filled", B)]
    assert (run.trades["strategy"].tolist(), run.trades["pnl"].tolist()) == ([A], [98.0])
    # marked at 105 less the fee of the entry, then closed
    assert run.by_strategy.tolist() == [[0, 0, 0], [-1, 0, 0], [49, 0, 0], [98, 0, 0]]


def test_a_reversal_closes_the_one_and_opens_for_the_other(engine: Engine) -> None:
    run = play(engine, at(100, 100, 105, 110, 104), {0: 1, 2: -1}, size=10.0, table=NAMES, plan_panel={0: A, 2: B})
    assert owned(run) == [
        (1, 0, 10.0, 100.0, "entry", A),
        (3, 0, -10.0, 110.0, "reverse", A),
        (3, 0, -10.0, 110.0, "entry", B),
    ]
    assert asked(run) == [(0, 0, 1, "filled", A), (2, 0, -1, "filled", B)]
    assert run.by_strategy.tolist() == [[0, 0, 0], [0, 0, 0], [50, 0, 0], [100, 0, 0], [100, 60, 0]]


def test_carry_and_dividends_are_those_of_the_owner(engine: Engine) -> None:
    # B's short of 10 at 100 over 73 days: borrow 20, and 1.5 a share to pay; interest belongs to nobody
    run = play(
        engine, at(100, 100, 100, 100), {0: -1, 1: 2}, size=10.0, hours=[0, 24, 24 + 73 * 24, 48 + 73 * 24],
        borrow_ann=0.1, dividend={2: 1.5}, table=NAMES, plan_panel={0: B, 1: A},
    )  # fmt: skip
    assert run.by_strategy[-1].tolist() == pytest.approx([0.0, -35.0, 0.0])


def test_an_add_stays_with_the_owner_its_plan_and_its_multiplier(engine: Engine) -> None:
    # A's 10 with R = 5 and a stop at 95; B asks for more on bar 1: 10, not 30, and no stop at 90
    table: Table = [{"strategy": A, "sl": 1.0}, {"strategy": B, "sl": 2.0}]
    bars = [*at(100, 100, 100), (100.0, 100.0, 94.0, 96.0)]
    run = play(
        engine, bars, {0: 1, 1: 1}, size=10.0, table=table, plan_panel={0: A, 1: B}, multipliers=[1.0, 3.0],
        panels={"risk_unit": {0: 5.0, 1: 5.0}}, max_adds=1,
    )  # fmt: skip
    assert owned(run) == [
        (1, 0, 10.0, 100.0, "entry", A),
        (2, 0, 10.0, 100.0, "add", A),
        (3, 0, -20.0, 95.0, "stop", A),
    ]
    assert asked(run) == [(0, 0, 1, "filled", A), (1, 0, 1, "filled", B)], "who asked for it"
    assert run.by_strategy[-1].tolist() == [-100.0, 0.0]


def test_more_of_a_weight_that_is_held_stays_with_the_owner(engine: Engine) -> None:
    weight = {0: 0.2, 1: 0.5, 2: 0.3, 3: -0.1}
    run = play(engine, at(100, 100, 100, 100, 100), weight=weight, table=NAMES, plan_panel={0: A, 1: B, 2: C, 3: B})
    assert owned(run) == approx([
        (1, 0, 20.0, 100.0, "entry", A),
        (2, 0, 30.0, 100.0, "rebalance_in", A),
        (3, 0, -20.0, 100.0, "rebalance_out", A),
        (4, 0, -30.0, 100.0, "reverse", A),
        (4, 0, -10.0, 100.0, "entry", B),
    ])  # fmt: skip
    assert [row[-1] for row in asked(run)] == [A, B, C, B]


def test_a_position_that_left_leaves_no_owner_behind(engine: Engine) -> None:
    # the slot's own strategy is A; B opens and closes; the intent of bar 4 names no plan, that of bar 6 no strategy
    table: Table = [{"strategy": B}, {"sl": 1.0}]
    sides = {0: 1, 1: 2, 2: 1, 3: 2, 4: 1}
    run = play(
        engine, at(*[100] * 7), sides, table=table, plan_panel={0: 0, 1: 0, 4: 1}, panels={"risk_unit": {4: 5.0}},
    )  # fmt: skip
    assert [(row[0], row[-1]) for row in owned(run)] == [(1, B), (2, B), (3, A), (4, A), (5, A)]
    assert [row[-1] for row in asked(run)] == [B, B, A, A, A]


# ---- plans


def test_two_entries_of_one_slot_have_each_the_stop_of_its_plan(engine: Engine) -> None:
    # R = 5. A: stop 95, met on bar 2 and gone; B: stop 90, which 94 does not meet
    table: Table = [{"strategy": A, "sl": 1.0}, {"strategy": B, "sl": 2.0}]
    bars = [*at(100, 100), (100.0, 100.0, 94.0, 100.0), *at(100), (100.0, 100.0, 94.0, 95.0), (95.0, 95.0, 89.0, 92.0)]
    run = play(engine, bars, {0: 1, 2: 1}, table=table, plan_panel={0: A, 2: B}, panels={"risk_unit": {0: 5.0, 2: 5.0}})
    assert owned(run) == [
        (1, 0, 1.0, 100.0, "entry", A),
        (2, 0, -1.0, 95.0, "stop", A),
        (3, 0, 1.0, 100.0, "entry", B),
        (5, 0, -1.0, 90.0, "stop", B),
    ]


def test_a_plan_stays_with_its_position_whoever_speaks_later(engine: Engine) -> None:
    # A's time stop of two bars holds, although B, whose plan has none, speaks on the bars between
    table: Table = [{"strategy": A, "time_stop_bars": 2}, {"strategy": B, "sl": 1.0}]
    run = play(engine, at(*[100] * 5), {0: 1, 1: 1, 2: 1}, table=table, plan_panel={0: A, 1: B, 2: B})
    assert owned(run) == [(1, 0, 1.0, 100.0, "entry", A), (3, 0, -1.0, 100.0, "time_stop", A)]


def test_where_no_plan_is_named_the_slot_has_its_own(engine: Engine) -> None:
    # -1: the slot's own plan and strategy; a plan that only names B: none at all
    bars = [*at(100, 100), (100.0, 100.0, 94.0, 100.0), *at(100), (100.0, 100.0, 94.0, 95.0)]
    run = play(
        engine, bars, {0: 1, 2: 1}, plan={"sl": 1.0}, table=NAMES, plan_panel={2: B},
        panels={"risk_unit": {0: 5.0, 2: 5.0}},
    )  # fmt: skip
    assert owned(run) == [
        (1, 0, 1.0, 100.0, "entry", A),
        (2, 0, -1.0, 95.0, "stop", A),
        (3, 0, 1.0, 100.0, "entry", B),
    ]


# ---- sizes, caps and rank


@pytest.mark.parametrize(("size", "rule"), [(10.0, UNITS), (0.1, FRACTION)])
def test_the_multiplier_is_that_of_the_strategy_who_asks(engine: Engine, size: float, rule: int) -> None:
    # 10 units, or a tenth of 10,000 at 100, times 0.5 for A and 2 for B
    run = play(
        engine, at(*[100] * 5), {0: 1, 1: 2, 2: 1}, table=NAMES, plan_panel={0: A, 1: C, 2: B},
        multipliers=[0.5, 2.0, 7.0], size=size, rule=rule,
    )  # fmt: skip
    assert [row[2] for row in owned(run)] == [5.0, -5.0, 20.0]


def test_a_weight_is_the_whole_request_without_a_multiplier(engine: Engine) -> None:
    run = play(engine, at(100, 100), weight={0: 0.2}, table=NAMES, plan_panel={0: B}, multipliers=[1.0, 3.0, 1.0])
    assert [row[2] for row in owned(run)] == [20.0]


def test_the_kelly_record_is_that_of_the_owner(engine: Engine) -> None:
    # half of 10,000 at 100: 50 units, which lose 500. A has no win: no edge; B has no record yet: 0.5 x 9,500 / 95
    run = play(
        engine, at(100, 100, 90, 90, 95), {0: 1, 1: 2, 2: 1, 3: 1}, size=1.0, rule=KELLY, kelly_min_trades=1,
        table=NAMES, plan_panel={0: A, 1: B, 2: A, 3: B},
    )  # fmt: skip
    assert owned(run) == [
        (1, 0, 50.0, 100.0, "entry", A),
        (2, 0, -50.0, 90.0, "exit_signal", A),
        (4, 0, 50.0, 95.0, "entry", B),
    ]
    assert asked(run)[2:] == [(2, 0, 1, "refused no_edge", A), (3, 0, 1, "filled", B)]


THREE = [[FLAT_100] * 3] * 3


@pytest.mark.parametrize(("first", "outcome"), [(B, "refused max_at_risk"), (A, "filled")])
def test_the_cap_of_a_strategy_counts_what_it_owns(engine: Engine, first: int, outcome: str) -> None:
    # a tenth of the equity each, and B may have 0.15: its second one is too much, unless the first was A's
    run = play(
        engine, THREE, {(0, 0): 1, (1, 1): 1, (1, 2): 1}, size=10.0, caps=[np.nan, 0.15, np.nan], table=NAMES,
        plan_panel={(0, 0): first, (1, 1): B, (1, 2): A},
    )  # fmt: skip
    assert asked(run)[0][3] == "filled"
    assert sorted(asked(run)[1:]) == [(1, 1, 1, outcome, B), (1, 2, 1, "filled", A)]


def test_an_add_is_held_to_the_cap_of_the_owner(engine: Engine) -> None:
    # B's add to A's position is A's: A has 0.15
    for caps, outcome in (([0.15, np.nan, np.nan], "refused max_at_risk"), ([np.nan, 0.05, np.nan], "filled")):
        run = play(
            engine, at(100, 100, 100), {0: 1, 1: 1}, size=10.0, caps=caps, max_adds=1, table=NAMES,
            plan_panel={0: A, 1: B},
        )  # fmt: skip
        assert asked(run)[1] == (1, 0, 1, outcome, B)


def test_the_place_of_the_strategy_ranks_before_the_symbol(engine: Engine) -> None:
    # cash for 100 units, 80 asked for by B in the first symbol and by A in the second
    two = [[FLAT_100] * 2] * 2
    sides, plans = {(0, 0): 1, (0, 1): 1}, {(0, 0): B, (0, 1): A}
    run = play(engine, two, sides, size=80.0, table=NAMES, plan_panel=plans)
    assert owned(run) == [(1, 1, 80.0, 100.0, "entry", A), (1, 0, 20.0, 100.0, "entry", B)]
    # confidence comes first
    sure = {"confidence": {(0, 1): 0.5}}
    run = play(engine, two, sides, size=80.0, table=NAMES, plan_panel=plans, panels=sure)
    assert owned(run) == [(1, 0, 80.0, 100.0, "entry", B), (1, 1, 20.0, 100.0, "entry", A)]
    # of one strategy the symbols count
    run = play(engine, two, sides, size=80.0, table=NAMES, plan_panel={(0, 0): B, (0, 1): B})
    assert [row[1] for row in owned(run)] == [0, 1]


# ---- the log


def test_an_exit_that_waits_for_a_bar_is_of_the_one_who_asked(engine: Engine) -> None:
    bars = [FLAT_100, FLAT_100, None, FLAT_100, FLAT_100]
    run = play(engine, bars, {0: 1, 1: 2, 3: 1}, table=NAMES, plan_panel={0: A, 1: B, 2: C, 3: C})
    assert asked(run) == [(0, 0, 1, "filled", A), (1, 0, 2, "filled", B), (3, 0, 1, "filled", C)]
    assert [row[-1] for row in owned(run)] == [A, A, C]


def test_what_no_intent_asks_for_is_of_the_owner(engine: Engine) -> None:
    # volume fills 10 of A's 20; B's exit cancels the rest, which is A's
    bars = [FLAT_100, (*FLAT_100[:4], 100.0), (*FLAT_100[:4], 1000.0), FLAT_100]
    run = play(engine, bars, {0: 1, 1: 2}, size=20.0, max_volume_share=0.1, table=NAMES, plan_panel={0: A, 1: B})
    assert asked(run) == [
        (0, 0, 1, "reduced volume", A),
        (1, 0, 1, "expired cancelled", A),
        (1, 0, 2, "filled", B),
    ]
    # half of A's one lot is none: the target is skipped on the bar on which B speaks
    table: Table = [{"strategy": A, "tp1": 1.0, "f1": 0.5}, {"strategy": B}]
    risen = [*at(100, 100), (100.0, 106.0, 100.0, 100.0), *at(100)]
    run = play(
        engine, risen, {0: 1, 2: 2}, lot_size=1.0, table=table, plan_panel={0: A, 2: B}, panels={"risk_unit": {0: 5.0}}
    )
    assert asked(run)[1:] == [(2, 0, 2, "skipped target_rounded_to_zero", A), (2, 0, 2, "filled", B)]


def test_refusals_expiries_and_breakers_name_who_asked(engine: Engine) -> None:
    # A is long; B's short is refused, C's intent on the last bar expires; the breaker is nobody's
    run = play(
        engine, at(100, 100, 80, 80), {0: 1, 2: -1, 3: 2}, size=50.0, max_drawdown=0.05, table=NAMES,
        plan_panel={0: A, 2: B, 3: C},
    )  # fmt: skip
    assert asked(run) == [
        (0, 0, 1, "filled", A),
        (2, -1, 0, "breaker_closed breaker_drawdown", -1),
        (2, 0, -1, "refused breaker_drawdown", B),
    ]
    run = play(engine, at(100, 100), {0: 1, 1: 2}, table=NAMES, plan_panel={0: A, 1: C})
    assert asked(run)[1] == (1, 0, 2, "expired end_of_data", C)


# ---- what one strategy alone earns


def test_one_strategy_has_no_shares_in_the_account(engine: Engine) -> None:
    run = play(engine, at(100, 100, 110), {0: 1})
    assert run.by_strategy.shape == (0, 1)
    assert log(run) == [(0, 1, 1.0, "filled")]
    assert (
        run.fills["strategy"].tolist() == run.trades["strategy"].tolist() == run.decisions["strategy"].tolist() == [0]
    )
