"""Cases computed by hand from docs/execution.md; both engines must give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import FLAT_100, Bar, Cells, Engine, approx, fills, log, play

from stratkit.engine.layout import OUTCOMES, RULES
from stratkit.risk.targets import FRACTION, KELLY, RISK

CLOSE_PROFILE: dict[str, Any] = {"intents_fill_at": 1}


# ---- section 9 of docs/execution.md: long 1 unit at 100 on bar 2, stop 95, target 105 where given


STOP_ONLY = {"sl": 1.0}
STOP_AND_TARGET = {"sl": 1.0, "tp1": 1.0, "f1": 1.0}
TARGET_ONLY = {"tp1": 1.0, "f1": 1.0}
CALM = (100.0, 102.0, 98.0, 100.0)


@pytest.mark.parametrize(
    ("plan", "entry_bar", "bar", "expected", "ambiguous"),
    [
        # the open is the first price anyone got
        (STOP_ONLY, CALM, (90.0, 97.0, 88.0, 92.0), (3, -1.0, 90.0, "stop"), 0),
        (STOP_ONLY, CALM, (80.0, 82.0, 78.0, 81.0), (3, -1.0, 80.0, "stop"), 0),
        # adverse first
        (STOP_AND_TARGET, CALM, (100.0, 110.0, 90.0, 100.0), (3, -1.0, 95.0, "stop"), 1),
        # the entry bar counts
        (STOP_ONLY, (100.0, 102.0, 90.0, 96.0), (96.0, 97.0, 95.5, 96.0), (2, -1.0, 95.0, "stop"), 0),
        # a limit gets the better open
        (TARGET_ONLY, CALM, (112.0, 113.0, 111.0, 112.0), (3, -1.0, 112.0, "target"), 0),
    ],
)
def test_the_five_cases_of_the_contract(
    engine: Engine, plan: dict[str, float], entry_bar: Bar, bar: Bar, expected: tuple[Any, ...], ambiguous: int
) -> None:
    run = play(engine, [FLAT_100, FLAT_100, entry_bar, bar], {1: 1}, plan=plan, panels={"risk_unit": {1: 5.0}})
    assert fills(run) == [(2, 1.0, 100.0, "entry"), expected]
    assert run.trades["ambiguous"][0] == ambiguous


# ---- exit plans


def test_two_partial_targets_then_break_even_then_a_trailing_exit(engine: Engine) -> None:
    plan = {"sl": 1.0, "tp1": 1.0, "f1": 0.5, "tp2": 2.0, "f2": 0.25, "be": 1.0, "trail_at": 2.0, "trail_by": 1.0}
    bars = [
        FLAT_100,
        (100.0, 104.0, 99.0, 103.0),  # R = 5: stop 95, targets 105 and 110; extreme 104
        (103.0, 106.0, 102.0, 105.0),  # 4 at 105; extreme 106 >= 105: stop to 100
        (105.0, 111.0, 104.0, 110.0),  # 2 at 110; extreme 111 >= 110: stop to 111 - 5 = 106
        (109.0, 110.0, 105.0, 107.0),  # 105 <= 106: the last 2 at 106
    ]
    run = play(engine, bars, {0: 1}, plan=plan, size=8.0, panels={"risk_unit": {0: 5.0}})
    assert fills(run) == [
        (1, 8.0, 100.0, "entry"),
        (2, -4.0, 105.0, "target"),
        (3, -2.0, 110.0, "target"),
        (4, -2.0, 106.0, "trailing"),
    ]
    trade = run.trades[0]
    assert trade.pnl == 4 * 5 + 2 * 10 + 2 * 6
    assert trade.r_multiple == 52 / (5 * 8)
    assert trade.exit_price == (4 * 105 + 2 * 110 + 2 * 106) / 8
    assert (trade.worst_price, trade.best_price) == (99.0, 111.0)  # of bar 4 only the stop's 106
    assert (trade.entry_bar, trade.exit_bar, trade.decision_bar, trade.bars_held) == (1, 4, 0, 3)


def test_the_last_target_of_a_whole_plan_closes_what_the_lots_left(engine: Engine) -> None:
    # 5 units in lots of 1: half is 2.5, so 2 leave at 102 and the last target takes 3 at 104
    plan = {"tp1": 1.0, "f1": 0.5, "tp2": 2.0, "f2": 0.5}
    bars = [FLAT_100, (100.0, 105.0, 99.0, 104.0)]
    run = play(engine, bars, {0: 1}, plan=plan, size=5.0, panels={"risk_unit": {0: 2.0}}, lot_size=1.0)
    assert fills(run) == [(1, 5.0, 100.0, "entry"), (1, -2.0, 102.0, "target"), (1, -3.0, 104.0, "target")]


def test_a_target_rounded_to_zero_lots_is_skipped_and_logged(engine: Engine) -> None:
    # a tenth of 5 units is half a lot; the second target closes 0.4 x 5 = 2 of them
    plan = {"tp1": 1.0, "f1": 0.1, "tp2": 2.0, "f2": 0.4}
    bars = [FLAT_100, (100.0, 105.0, 99.0, 104.0)]
    run = play(engine, bars, {0: 1}, plan=plan, size=5.0, panels={"risk_unit": {0: 2.0}}, lot_size=1.0)
    assert fills(run) == [(1, 5.0, 100.0, "entry"), (1, -2.0, 104.0, "target")]
    assert log(run)[-1][2:] == (0.0, "skipped target_rounded_to_zero")


def test_break_even_moves_the_stop_for_the_next_bar_only(engine: Engine) -> None:
    plan = {"sl": 1.0, "be": 1.0}
    bars = [
        FLAT_100,
        (100.0, 106.0, 99.0, 101.0),  # extreme 106 >= 105, yet this bar's 99 was met with the stop at 95
        (101.0, 103.0, 98.0, 99.0),  # 98 <= 100
    ]
    run = play(engine, bars, {0: 1}, plan=plan, panels={"risk_unit": {0: 5.0}})
    assert fills(run)[1] == (2, -1.0, 100.0, "break_even")


def test_trailing_without_activation_starts_at_once_and_never_loosens(engine: Engine) -> None:
    plan = {"trail_by": 1.0}
    bars = [
        FLAT_100,
        (100.0, 104.0, 99.5, 103.0),  # no stop yet; extreme 104: stop 99
        (103.0, 103.5, 99.5, 100.0),  # extreme stays 104: stop stays 99
        (100.0, 101.0, 98.0, 98.5),  # 98 <= 99
    ]
    run = play(engine, bars, {0: 1}, plan=plan, panels={"risk_unit": {0: 5.0}})
    assert fills(run)[1] == (3, -1.0, 99.0, "trailing")


def test_a_short_is_the_mirror_image(engine: Engine) -> None:
    plan = {"sl": 1.0, "tp1": 1.0, "f1": 0.5, "be": 1.0}
    bars = [
        FLAT_100,
        (100.0, 101.0, 94.0, 96.0),  # stop 105, target 95: 2 of 4 bought back at 95; extreme 94 <= 95: stop to 100
        (102.0, 103.0, 98.0, 101.0),  # the open has passed 100: at 102, the worse price
    ]
    run = play(engine, bars, {0: -1}, plan=plan, size=4.0, panels={"risk_unit": {0: 5.0}})
    assert fills(run) == [(1, -4.0, 100.0, "entry"), (1, 2.0, 95.0, "target"), (2, 2.0, 102.0, "break_even")]
    assert run.trades["pnl"][0] == 2 * 5 - 2 * 2
    assert (run.trades["worst_price"][0], run.trades["best_price"][0]) == (102.0, 94.0)


@pytest.mark.parametrize(("profile", "price"), [({}, 103.0), (CLOSE_PROFILE, 104.0)])
def test_a_time_stop_leaves_at_the_second_own_bar(engine: Engine, profile: dict[str, Any], price: float) -> None:
    # entered on bar 1 at its open or close; bar 2 is missing, so the second own bar after it is bar 4
    bars = [FLAT_100, FLAT_100, None, (101.0, 101.0, 101.0, 101.0), (103.0, 105.0, 102.0, 104.0), FLAT_100]
    decided = 1 if profile else 0
    run = play(engine, bars, {decided: 1}, plan={"time_stop_bars": 2}, **profile)
    assert fills(run) == [(1, 1.0, 100.0, "entry"), (4, -1.0, price, "time_stop")]


def test_given_levels_replace_the_plan_and_make_r(engine: Engine) -> None:
    # entry 100, stop level 96: R = 4; target level 103 stands for tp1, with its fraction of a half
    plan = {"sl": 1.0, "tp1": 2.0, "f1": 0.5}
    levels = {"risk_unit": {0: 5.0}, "stop_level": {0: 96.0}, "target_level": {0: 103.0}}
    bars = [FLAT_100, (100.0, 104.0, 99.0, 103.0), (100.0, 101.0, 95.0, 97.0)]
    run = play(engine, bars, {0: 1}, plan=plan, size=2.0, panels=levels)
    assert fills(run) == [(1, 2.0, 100.0, "entry"), (1, -1.0, 103.0, "target"), (2, -1.0, 96.0, "stop")]
    assert run.trades["risk_unit"][0] == 4.0
    assert run.trades["r_multiple"][0] == (3 - 4) / (4 * 2)


@pytest.mark.parametrize(
    ("panels", "plan", "reason"),
    [
        ({"stop_level": {0: 100.0}}, None, "stop_beyond_entry"),
        ({"target_level": {0: 100.0}}, None, "target_beyond_entry"),
        ({"risk_unit": {0: 0.0}}, STOP_ONLY, "no_risk_unit"),
        ({"risk_unit": {}}, STOP_ONLY, "no_risk_unit"),
        ({"size": {0: 0.0}}, None, "lot"),
    ],
)
def test_an_entry_that_cannot_be_sized_is_refused_with_its_rule(
    engine: Engine, panels: dict[str, Cells], plan: dict[str, float] | None, reason: str
) -> None:
    run = play(engine, [FLAT_100] * 3, {0: 1}, plan=plan, panels=panels)
    assert log(run) == [(0, 1, 0.0, f"refused {reason}")]
    assert len(run.fills) == 0


# ---- sides: no-ops, reversals, exits, missing bars


def test_a_side_that_is_held_is_a_no_op_and_the_opposite_one_reverses(engine: Engine) -> None:
    bars = [FLAT_100, FLAT_100, (110.0,) * 4, (120.0,) * 4]
    run = play(engine, bars, {0: 1, 1: 1, 2: -1}, size=10.0)
    assert fills(run) == [(1, 10.0, 100.0, "entry"), (3, -10.0, 120.0, "reverse"), (3, -10.0, 120.0, "entry")]
    # the exit half has no row
    assert log(run) == [(0, 1, 10.0, "filled"), (2, -1, 10.0, "filled")]
    assert run.no_op == 1
    assert run.equity.tolist() == [10_000.0, 10_000.0, 10_100.0, 10_200.0]
    assert run.net.tolist() == [0.0, 1_000.0, 1_100.0, -1_200.0]


def test_an_exit_leaves_its_fraction_of_what_is_held(engine: Engine) -> None:
    run = play(
        engine, [FLAT_100] * 5, {0: 1, 1: 2, 2: 2, 3: 2}, size=8.0, panels={"exit_fraction": {1: 0.25, 2: 0.5, 3: 1.5}}
    )
    assert [row[1] for row in fills(run)] == [8.0, -2.0, -3.0, -3.0]
    assert log(run)[1:] == [(1, 2, 2.0, "filled"), (2, 2, 3.0, "filled"), (3, 2, 3.0, "filled")]


def test_without_a_bar_an_entry_expires_and_an_exit_waits(engine: Engine) -> None:
    bars = [FLAT_100, FLAT_100, None, (90.0,) * 4, None, FLAT_100]
    run = play(engine, bars, {0: 1, 1: 2, 3: 1})
    assert fills(run) == [(1, 1.0, 100.0, "entry"), (3, -1.0, 90.0, "exit_signal")]
    # the exit's row comes when it fills, with its own decision bar
    assert log(run) == [(0, 1, 1.0, "filled"), (1, 2, 1.0, "filled"), (3, 1, 0.0, "expired no_bar")]


def test_without_a_bar_a_reversal_waits_with_its_exit_and_loses_its_entry(engine: Engine) -> None:
    bars = [FLAT_100, FLAT_100, None, (90.0,) * 4, FLAT_100]
    run = play(engine, bars, {0: 1, 1: -1})
    assert fills(run) == [(1, 1.0, 100.0, "entry"), (3, -1.0, 90.0, "reverse")]
    assert log(run)[1:] == [(1, -1, 0.0, "expired no_bar")]


def test_a_side_stamped_on_a_bar_without_a_price_is_refused(engine: Engine) -> None:
    run = play(engine, [FLAT_100, None, FLAT_100], {1: 1})
    assert log(run) == [(1, 1, 0.0, "refused no_price")]


def test_the_side_just_stopped_out_waits_for_another_bar(engine: Engine) -> None:
    # stopped at the open of bar 2, where bar 1 asks for the same side; bar 2 asks again and gets in on bar 3
    bars = [FLAT_100, FLAT_100, (94.0, 96.0, 93.0, 95.0), (95.0,) * 4]
    run = play(engine, bars, {0: 1, 1: 1, 2: 1}, panels={"stop_level": {0: 95.0, 2: 90.0}})
    assert fills(run) == [(1, 1.0, 100.0, "entry"), (2, -1.0, 94.0, "stop"), (3, 1.0, 95.0, "entry")]
    # bar 1 asked while the position was still open at that close, and finds it gone
    assert log(run)[1] == (1, 1, 0.0, "refused exited_this_bar")


def test_with_new_edge_the_side_must_first_be_absent(engine: Engine) -> None:
    bars = [FLAT_100, (100.0, 100.0, 94.0, 96.0), FLAT_100, FLAT_100, FLAT_100, FLAT_100]
    sides = {0: 1, 1: 1, 2: 1, 4: 1}
    levels = {"stop_level": {0: 95.0}}
    run = play(engine, bars, sides, panels=levels, reenter=1)
    # stopped on bar 1 while bar 0 showed the side; bars 1 and 2 go on showing it, bar 3 does not
    assert fills(run) == [(1, 1.0, 100.0, "entry"), (1, -1.0, 95.0, "stop"), (5, 1.0, 100.0, "entry")]
    assert run.no_op == 2
    # by default the next signal is enough
    assert [row[0] for row in fills(play(engine, bars, sides, panels=levels))] == [1, 1, 2]


def test_shorts_can_be_forbidden_while_longs_still_leave(engine: Engine) -> None:
    run = play(engine, [FLAT_100] * 4, {0: 1, 1: -1, 2: -1}, allow_short=0)
    assert fills(run) == [(1, 1.0, 100.0, "entry"), (2, -1.0, 100.0, "reverse")]
    assert [row[3] for row in log(run)] == ["filled", "refused short_not_allowed", "refused short_not_allowed"]


def test_adds_move_the_average_but_not_the_levels(engine: Engine) -> None:
    # R = 5 from the first fill at 100: target 110 for half of all 4 units; a third entry is a no-op
    bars = [FLAT_100, FLAT_100, (104.0,) * 4, (104.0, 110.0, 104.0, 110.0), (110.0,) * 4]
    panels = {"risk_unit": {0: 5.0, 1: 9.0}}
    run = play(engine, bars, {0: 1, 1: 1, 2: 1}, plan={"tp1": 2.0, "f1": 0.5}, size=2.0, panels=panels, max_adds=1)
    assert fills(run) == [(1, 2.0, 100.0, "entry"), (2, 2.0, 104.0, "add"), (3, -2.0, 110.0, "target")]
    assert run.trades["entry_price"][0] == 102.0
    assert run.trades["quantity"][0] == 4.0
    assert run.no_op == 1


def test_cooldown_bars_a_slot_after_its_stop(engine: Engine) -> None:
    bars = [FLAT_100, (100.0, 100.0, 94.0, 96.0), FLAT_100, FLAT_100, FLAT_100]
    sides, levels = {0: 1, 1: 1, 2: 1, 3: 1}, {"stop_level": {0: 95.0}}
    run = play(engine, bars, sides, panels=levels, cooldown_bars=2)
    # stopped on bar 1: bars 2 and 3 are barred, bar 4 is free
    assert [row[0] for row in fills(run)] == [1, 1, 4]
    assert [row[3] for row in log(run)] == ["filled", "refused cooldown", "refused cooldown", "filled"]
    assert [row[0] for row in fills(play(engine, bars, sides, panels=levels))] == [1, 1, 2]


def test_a_stop_that_was_never_set_never_fires_with_ticks(engine: Engine) -> None:
    run = play(engine, [FLAT_100, (100.0, 120.0, 60.0, 90.0), FLAT_100], {0: 1}, tick_size=0.5)
    assert fills(run) == [(1, 1.0, 100.0, "entry")]


# ---- costs and rounding


def test_slippage_is_spread_plus_volatility_plus_impact(engine: Engine) -> None:
    # buy 40 of a volume of 1,000: 0.001 + 0.5 x 0.004 + 0.1 x sqrt(0.04) = 0.023: 102.3
    # sell at bar 2, volatility of bar 1: 0.001 + 0.5 x 0.008 + 0.1 x 0.2 = 0.025: 97.5
    run = play(
        engine, [FLAT_100] * 3, {0: 1, 1: 2}, size=40.0, volatility=[0.004, 0.008, 0.5], spread_frac=0.001,
        volatility_multiple=0.5, impact_frac=0.1,
    )  # fmt: skip
    assert fills(run) == approx([(1, 40.0, 102.3, "entry"), (2, -40.0, 97.5, "exit_signal")])
    assert run.fills["slippage"].tolist() == pytest.approx([92.0, 100.0])
    assert run.trades["pnl"][0] == pytest.approx(40 * (97.5 - 102.3))


def test_commission_adds_its_parts_and_has_a_minimum(engine: Engine) -> None:
    # 10 x 100: 1 + 10 x 0.05 + 1,000 x 0.001 = 2.5; selling half, 1 + 0.25 + 0.5 = 1.75 is under the least, 2
    run = play(
        engine, [FLAT_100] * 4, {0: 1, 1: 2}, size=10.0, panels={"exit_fraction": {1: 0.5}},
        commission_per_order=1.0, commission_per_share=0.05, commission_frac=0.001, commission_minimum=2.0,
    )  # fmt: skip
    assert run.fills["commission"].tolist() == [2.5, 2.0]
    assert run.cash[-1] == 10_000 - 1_000 - 2.5 + 500 - 2


@pytest.mark.parametrize(("slips", "price"), [(1, 94.05), (0, 95.0)])
def test_stops_pay_slippage_unless_told_otherwise_and_targets_never(engine: Engine, slips: int, price: float) -> None:
    bars = [FLAT_100, (100.0, 103.0, 100.0, 102.0), (100.0, 100.0, 94.0, 95.0)]
    plan = {"sl": 1.0, "tp1": 0.2, "f1": 0.5}
    run = play(
        engine, bars, {0: 1}, plan=plan, size=2.0, panels={"stop_level": {0: 95.0}}, spread_frac=0.01,
        slippage_on_stops=slips,
    )  # fmt: skip
    # entry 101, R = 101 - 95 = 6: target 101 + 1.2; the stop sells at 95 x 0.99
    assert fills(run) == approx([(1, 2.0, 101.0, "entry"), (1, -1.0, 102.2, "target"), (2, -1.0, price, "stop")])


def test_a_stop_above_the_entry_bars_open_fills_at_that_open(engine: Engine) -> None:
    # bought at 100 with 1 % slippage: 101, so a stop at 100.5 is below the fill yet above the open: 100 x 0.99
    bars = [FLAT_100, (100.0, 102.0, 99.0, 101.0)]
    run = play(engine, bars, {0: 1}, panels={"stop_level": {0: 100.5}}, spread_frac=0.01)
    assert fills(run) == approx([(1, 1.0, 101.0, "entry"), (1, -1.0, 99.0, "stop")])
    assert run.fills["base_price"].tolist() == [100.0, 100.0]


def test_ticks_round_against_the_trader(engine: Engine) -> None:
    # 100.1 buys at 100.25; R 1.1: stop 99.15 falls to 99, target 101.35 rises to 101.5; 99 x 0.999 sells at 98.75
    bars = [FLAT_100, (100.1, 101.5, 100.0, 101.0), (101.0, 101.0, 98.0, 98.0)]
    run = play(
        engine, bars, {0: 1}, plan={"sl": 1.0, "tp1": 1.0, "f1": 0.5}, size=2.0, panels={"risk_unit": {0: 1.1}},
        tick_size=0.25, spread_frac=0.001,
    )  # fmt: skip
    assert fills(run) == [(1, 2.0, 100.25, "entry"), (1, -1.0, 101.5, "target"), (2, -1.0, 98.75, "stop")]


def test_lots_round_down_and_nothing_is_refused(engine: Engine) -> None:
    # 0.5 x 10,000 / 100 = 50 units: 49 in lots of 7; 0.05 of it is 5 units, not one lot
    run = play(engine, [FLAT_100] * 4, {0: 1}, rule=FRACTION, size=0.5, lot_size=7.0)
    assert fills(run) == [(1, 49.0, 100.0, "entry")]
    assert run.decisions["requested"][0] == 50.0
    run = play(engine, [FLAT_100] * 4, {0: 1}, rule=FRACTION, size=0.05, lot_size=7.0)
    assert log(run) == [(0, 1, 0.0, "refused lot")]


def test_an_entry_shrinks_to_what_cash_pays_for_with_its_fee(engine: Engine) -> None:
    # 10,000 at 100 with 1 % commission and 10 per order: (10,000 - 10) / 101 = 98.91, in lots 98:
    # 9,800 + 10 + 98 = 9,908
    run = play(
        engine, [FLAT_100] * 3, {0: 1}, rule=FRACTION, commission_frac=0.01, commission_per_order=10.0, lot_size=1.0
    )
    assert fills(run) == [(1, 98.0, 100.0, "entry")]
    assert log(run) == [(0, 1, 98.0, "reduced cash")]
    assert run.cash[-1] == 10_000 - 9_908


# ---- sizing


def test_risk_per_trade_divides_by_the_stop_distance(engine: Engine) -> None:
    # 1 % of 10,000 over a stop of 2 x R = 2 x 2.5: 20 units
    run = play(engine, [FLAT_100] * 3, {0: 1}, plan={"sl": 2.0}, rule=RISK, size=0.01, panels={"risk_unit": {0: 2.5}})
    assert fills(run) == [(1, 20.0, 100.0, "entry")]
    # percent of the entry fill, 101 with slippage: R = 2.02, 100 / 2.02 units
    run = play(
        engine, [FLAT_100] * 3, {0: 1}, plan={"sl": 1.0, "basis": 1, "risk": 0.02}, rule=RISK, size=0.01,
        spread_frac=0.01,
    )  # fmt: skip
    assert fills(run) == approx([(1, 100 / 2.02, 101.0, "entry")])
    # without a stop there is nothing to divide by
    run = play(engine, [FLAT_100] * 3, {0: 1}, rule=RISK, size=0.01)
    assert log(run) == [(0, 1, 0.0, "refused no_risk_unit")]


def test_confidence_and_the_plan_multiply_the_size(engine: Engine) -> None:
    run = play(
        engine, [FLAT_100] * 3, {0: 1}, plan={"risk_multiplier": 2.0}, size=8.0, panels={"confidence": {0: 0.25}},
        scale_by_confidence=1,
    )  # fmt: skip
    assert fills(run) == [(1, 4.0, 100.0, "entry")]


def test_kelly_learns_from_the_closed_trades(engine: Engine) -> None:
    opens = [100.0, 100.0, 120.0, 100.0, 90.0, 100.0, 100.0]
    bars = [(price,) * 4 for price in opens]
    run = play(engine, bars, {0: 1, 1: 2, 2: 1, 3: 2, 4: 1}, rule=KELLY, size=1.0, kelly_min_trades=2, kelly_start=0.1)
    # a tenth of 10,000 at 100; + 20 %, then a tenth of 10,200 at 100, - 10 %: equity 10,098
    # W = 1/2, average win 0.2, average loss 0.1: 1/2 - 1/2 / 2 = 1/4
    assert fills(run) == approx(
        [
            (1, 10.0, 100.0, "entry"),
            (2, -10.0, 120.0, "exit_signal"),
            (3, 10.2, 100.0, "entry"),
            (4, -10.2, 90.0, "exit_signal"),
            (5, 25.245, 100.0, "entry"),
        ]
    )
    # with the loss first there is no win, hence no edge
    bars = [(price,) * 4 for price in [100.0, 100.0, 90.0, 90.0, 80.0, 80.0]]
    run = play(engine, bars, {0: 1, 1: 2, 2: 1, 3: 2, 4: 1}, rule=KELLY, kelly_min_trades=2, kelly_start=0.1)
    assert log(run)[-1] == (4, 1, 0.0, "refused no_edge")


# ---- caps, rank and cash among several entries


TWO: list[list[Bar]] = [[FLAT_100] * 4, [(50.0, 50.0, 50.0, 50.0)] * 4]
BOTH = {(0, 0): 1, (0, 1): 1}


def test_the_more_confident_entry_is_served_first(engine: Engine) -> None:
    # each wants 0.8 of 10,000: the second slot gets its 160 units of 50, the first the 2,000 that are left
    run = play(engine, TWO, BOTH, rule=FRACTION, size=0.8, panels={"confidence": {(0, 0): 0.5, (0, 1): 0.75}})
    assert fills(run) == [(1, 1, 160.0, 50.0, "entry"), (1, 0, 20.0, 100.0, "entry")]
    # at equal confidence the lower slot goes first
    run = play(engine, TWO, BOTH, rule=FRACTION, size=0.8)
    assert fills(run) == [(1, 0, 80.0, 100.0, "entry"), (1, 1, 40.0, 50.0, "entry")]


@pytest.mark.parametrize(
    ("cap", "rule", "units"),
    [
        # 4,000 and 4,000 of 10,000 are asked for; with `scale` the second gets the room, in units of 50
        ({"max_total_at_risk": 0.5}, "max_total_at_risk", 20.0),
        ({"max_gross_leverage": 0.6}, "max_gross_leverage", 40.0),
        ({"max_net": 0.7}, "max_net", 60.0),
        ({"max_open_positions": 1}, "max_open_positions", 0.0),
    ],
)
def test_what_does_not_fit_a_cap_is_refused_or_cut(
    engine: Engine, cap: dict[str, Any], rule: str, units: float
) -> None:
    run = play(engine, TWO, BOTH, rule=FRACTION, size=0.4, **cap)
    assert log(run) == [(0, 0, 1, 40.0, "filled"), (0, 1, 1, 0.0, f"refused {rule}")]
    run = play(engine, TWO, BOTH, rule=FRACTION, size=0.4, on_breach=1, **cap)
    assert log(run)[1] == (0, 1, 1, units, f"reduced {rule}" if units else f"refused {rule}")


def test_a_cap_per_symbol_cuts_each_alone(engine: Engine) -> None:
    run = play(engine, TWO, BOTH, rule=FRACTION, size=0.4, on_breach=1, max_symbol=0.3)
    assert log(run) == [(0, 0, 1, 30.0, "reduced max_symbol"), (0, 1, 1, 60.0, "reduced max_symbol")]


def test_a_net_cap_lets_an_entry_through_that_shrinks_the_net(engine: Engine) -> None:
    # 4,000 long is over a cap of 0.3 x 10,000, then 4,000 short brings the net from 3,000 to -1,000
    run = play(engine, TWO, {(0, 0): 1, (0, 1): -1}, rule=FRACTION, size=0.4, on_breach=1, max_net=0.3)
    assert log(run) == [(0, 0, 1, 30.0, "reduced max_net"), (0, 1, -1, 80.0, "filled")]


def test_at_risk_by_stop_counts_the_distance(engine: Engine) -> None:
    # 40 x 5 = 200 and 80 x 5 = 400 at risk of 10,000: a cap of 0.03 leaves 100 to the second, 20 units
    run = play(
        engine, TWO, BOTH, rule=FRACTION, size=0.4, on_breach=1, risk_basis=1, max_total_at_risk=0.03,
        plan={"sl": 1.0}, panels={"risk_unit": {(0, 0): 5.0, (0, 1): 5.0}},
    )  # fmt: skip
    assert log(run) == approx([(0, 0, 1, 40.0, "filled"), (0, 1, 1, 20.0, "reduced max_total_at_risk")])


def test_a_strategys_cap_refuses_or_scales_all_its_entries(engine: Engine) -> None:
    # both belong to strategy 0 and ask for 8,000 of its 0.5 x 10,000: each keeps 5/8
    run = play(engine, TWO, BOTH, rule=FRACTION, size=0.4, caps=[0.5])
    assert [row[4] for row in log(run)] == ["refused max_at_risk"] * 2
    run = play(engine, TWO, BOTH, rule=FRACTION, size=0.4, caps=[0.5], on_breach=1)
    assert log(run) == [(0, 0, 1, 25.0, "reduced max_at_risk"), (0, 1, 1, 50.0, "reduced max_at_risk")]
    # two strategies, each within its own
    run = play(engine, TWO, BOTH, rule=FRACTION, size=0.4, strategies=[0, 1], caps=[0.5, 0.3])
    assert [row[4] for row in log(run)] == ["refused max_at_risk", "filled"]


def test_an_entry_under_the_minimum_notional_is_refused(engine: Engine) -> None:
    run = play(engine, [FLAT_100] * 3, {0: 1}, size=4.0, min_notional=401.0)
    assert log(run) == [(0, 1, 0.0, "refused min_notional")]


def test_leverage_buys_more_than_the_cash_and_shorts_use_it_too(engine: Engine) -> None:
    # buying power 2 x 10,000: 150 units of 100 fit, then 100 of the 200 asked for at 50 short
    run = play(engine, TWO, {(0, 0): 1, (0, 1): -1}, rule=FRACTION, size=[1.5, 1.0], leverage=2.0)
    assert fills(run) == [(1, 0, 150.0, 100.0, "entry"), (1, 1, -100.0, 50.0, "entry")]
    assert run.cash[1] == 10_000 - 15_000 + 5_000


# ---- weights


def test_weights_reduce_at_the_open_and_then_increase(engine: Engine) -> None:
    # 60 units at 100 are 6,000 of 10,000; at 120 equity is 11,200: 0.3 asks for 28 units, 32 leave at 120
    # the other: 0.3 x 11,200 / 50 = 67.2 units
    bars = [[FLAT_100, FLAT_100, (120.0,) * 4], TWO[1][:3]]
    run = play(engine, bars, weight={(0, 0): 0.6, (1, 0): 0.3, (1, 1): 0.3})
    assert fills(run)[1:] == approx([(2, 0, -32.0, 120.0, "rebalance_out"), (2, 1, 67.2, 50.0, "entry")])
    assert log(run) == approx([(0, 0, 1, 60.0, "filled"), (1, 0, -1, 32.0, "filled"), (1, 1, 1, 67.2, "filled")])


def test_increases_shrink_by_one_factor_when_cash_falls_short(engine: Engine) -> None:
    # 0.9 and 0.6 of 10,000 with a fee of 100 each: (10,000 - 200) / 15,000 of 90 and 120 units
    factor = 9_800 / 15_000
    run = play(engine, TWO, weight={(0, 0): 0.9, (0, 1): 0.6}, commission_per_order=100.0)
    assert log(run) == approx([(0, 0, 1, 90 * factor, "reduced cash"), (0, 1, 1, 120 * factor, "reduced cash")])
    assert run.cash[1] == pytest.approx(0.0, abs=1e-9)


def test_a_weight_of_zero_closes_and_the_other_sign_turns(engine: Engine) -> None:
    run = play(engine, [FLAT_100] * 5, weight={0: 0.5, 1: -0.5, 2: 0.0, 3: 0.0})
    assert fills(run) == [
        (1, 50.0, 100.0, "entry"),
        (2, -50.0, 100.0, "reverse"),
        (2, -50.0, 100.0, "entry"),
        (3, 50.0, 100.0, "rebalance_out"),
    ]
    assert log(run) == [(0, 1, 50.0, "filled"), (1, -1, 50.0, "filled"), (2, 1, 50.0, "filled")]
    assert run.no_op == 1


def test_a_weight_buys_only_what_is_lacking(engine: Engine) -> None:
    # 20 units at 100; at 110 equity is 10,200: 0.55 asks for 51 units, 31 more
    run = play(engine, [FLAT_100, FLAT_100, (110.0,) * 4, FLAT_100], weight={0: 0.2, 1: 0.55})
    assert fills(run) == approx([(1, 20.0, 100.0, "entry"), (2, 31.0, 110.0, "rebalance_in")])
    assert run.trades["entry_price"][0] == pytest.approx((20 * 100 + 31 * 110) / 51)


@pytest.mark.parametrize(
    ("limit", "rule"), [({"min_trade_weight": 0.05}, "min_trade_weight"), ({"min_notional": 500.0}, "min_notional")]
)
def test_small_changes_of_weight_are_skipped(engine: Engine, limit: dict[str, Any], rule: str) -> None:
    # from 0.5 down to 0.46 and up to 0.54: 4 units or 400 each
    run = play(engine, [FLAT_100] * 5, weight={0: 0.5, 1: 0.46, 2: 0.54}, **limit)
    assert len(run.fills) == 1
    assert log(run)[1:] == [(1, -1, 0.0, f"skipped {rule}"), (2, 1, 0.0, f"skipped {rule}")]


def test_without_a_bar_a_reduction_waits_and_an_increase_expires(engine: Engine) -> None:
    bars = [[FLAT_100, FLAT_100, None, (80.0,) * 4, FLAT_100], [FLAT_100, FLAT_100, None, FLAT_100, FLAT_100]]
    run = play(engine, bars, weight={(0, 0): 0.5, (1, 0): 0.2, (1, 1): 0.2})
    # bar 3: equity 9,000 at the open: 0.2 x 9,000 / 80 = 22.5 units stay of 50
    assert fills(run)[1:] == approx([(3, -27.5, 80.0, "rebalance_out")])
    assert log(run)[1:] == approx([(1, 1, 1, 0.0, "expired no_bar"), (1, 0, -1, 27.5, "filled")])


# ---- volume


def test_a_volume_limit_fills_in_parts_and_the_rest_waits_or_is_cancelled(engine: Engine) -> None:
    bars = [FLAT_100, (*FLAT_100[:4], 100.0), (110.0, 110.0, 110.0, 110.0, 50.0), FLAT_100, FLAT_100]
    run = play(engine, bars, {0: 1}, size=25.0, max_volume_share=0.1)
    # 10 of 100, then 5 of 50, then the last 10
    assert [row[:3] for row in fills(run)] == [(1, 10.0, 100.0), (2, 5.0, 110.0), (3, 10.0, 100.0)]
    assert log(run) == [(0, 1, 10.0, "reduced volume")]
    run = play(engine, bars, {0: 1}, size=25.0, max_volume_share=0.1, partial=1)
    assert [row[:3] for row in fills(run)] == [(1, 10.0, 100.0)]


def test_what_volume_keeps_from_leaving_waits_with_its_reason(engine: Engine) -> None:
    thin = (100.0, 100.0, 94.0, 95.0, 40.0)
    bars = [FLAT_100, FLAT_100, thin, (90.0, 91.0, 89.0, 90.0, 1000.0), FLAT_100]
    run = play(engine, bars, {0: 1}, size=10.0, panels={"stop_level": {0: 95.0}}, max_volume_share=0.1)
    assert fills(run)[1:] == [(2, -4.0, 95.0, "stop"), (3, -6.0, 90.0, "stop")]
    assert run.trades["exit_price"][0] == pytest.approx((4 * 95 + 6 * 90) / 10)


def test_an_exit_that_waits_keeps_its_first_reason(engine: Engine) -> None:
    # the stop sells 4 of 10 on bar 2; on bar 3, the time stop's, nobody trades; bar 4 takes the rest for the stop
    back, nobody = (97.0, 98.0, 96.0, 97.0, 1000.0), (97.0, 98.0, 96.0, 97.0, 0.0)
    bars = [FLAT_100, FLAT_100, (100.0, 100.0, 94.0, 97.0, 40.0), nobody, back]
    run = play(
        engine, bars, {0: 1}, size=10.0, plan={"time_stop_bars": 2}, panels={"stop_level": {0: 95.0}},
        max_volume_share=0.1,
    )  # fmt: skip
    assert fills(run)[1:] == [(2, -4.0, 95.0, "stop"), (4, -6.0, 97.0, "stop")]


def test_an_exit_intent_cut_by_volume_has_one_row(engine: Engine) -> None:
    bars = [FLAT_100, FLAT_100, (*FLAT_100[:4], 40.0), FLAT_100]
    run = play(engine, bars, {0: 1, 1: 2}, size=10.0, max_volume_share=0.1)
    assert fills(run)[1:] == [(2, -4.0, 100.0, "exit_signal"), (3, -6.0, 100.0, "exit_signal")]
    assert log(run)[1:] == [(1, 2, 4.0, "reduced volume")]


def test_a_bar_without_volume_fills_nothing(engine: Engine) -> None:
    bars = [FLAT_100, (*FLAT_100[:4], 0.0), FLAT_100]
    options: list[dict[str, Any]] = [{"max_volume_share": 0.1}, {"impact_frac": 0.01}]
    for option in options:
        run = play(engine, bars, {0: 1}, **option)
        assert log(run) == [(0, 1, 0.0, "expired volume")]


# ---- carry, margin, bankruptcy


def test_borrow_funding_and_interest_are_charged_on_the_last_close(engine: Engine) -> None:
    # a short of 10 at 100, held over 73 days to bar 2: 1,000 x 0.1 x 73 / 365 = 20; funding pays the short
    # 1,000 x 0.002 = 2 on the way; the trade: 0 - 20 + 2
    bars = [FLAT_100] * 3
    rates = [0.5, 0.5, 0.002]
    run = play(engine, bars, {0: -1}, size=10.0, hours=[0, 24, 24 + 73 * 24], borrow_ann=0.1, funding=rates)
    assert run.carry.ravel().tolist() == pytest.approx([0, 0, 0, 0, 0, 0, 20, -2, 0])
    assert run.trades["pnl"][0] == pytest.approx(-18.0)
    # 200 bought with 10,000: 10,000 owed for 36.5 days at 5 %: 50, which is no trade's
    run = play(engine, bars, {0: 1}, size=200.0, hours=[0, 24, 24 + 36.5 * 24], leverage=3.0, margin_rate_ann=0.05)
    assert run.carry.ravel().tolist() == pytest.approx([0, 0, 0, 0, 0, 0, 0, 0, 50])
    assert run.account_carry == pytest.approx(50.0)
    assert run.trades["pnl"][0] == 0.0


def test_an_account_below_its_margin_is_liquidated_at_the_next_open(engine: Engine) -> None:
    # 40,000 with 10,000: at 80 equity is 2,000 of 32,000 gross, under 10 %
    bars = [FLAT_100, FLAT_100, (100.0, 100.0, 80.0, 80.0), (79.0,) * 4, FLAT_100]
    run = play(engine, bars, {0: 1}, size=400.0, leverage=4.0, maintenance_margin=0.1)
    assert fills(run) == [(1, 400.0, 100.0, "entry"), (3, -400.0, 79.0, "liquidation")]
    assert run.equity[-1] == 1_600.0


def test_isolated_margin_is_gone_inside_the_bar(engine: Engine) -> None:
    # 100 x (1 - 1/4) / (1 - 0.25) = 100 would be at the entry; with 0.0625: 75 / 0.9375 = 80
    bars = [FLAT_100, FLAT_100, (95.0, 96.0, 79.0, 90.0)]
    run = play(engine, bars, {0: 1}, size=10.0, leverage=4.0, maintenance_margin=0.0625, isolated=1)
    assert fills(run)[1] == (2, -10.0, 80.0, "liquidation")
    # the tighter stop comes first
    run = play(
        engine, bars, {0: 1}, size=10.0, leverage=4.0, maintenance_margin=0.0625, isolated=1,
        panels={"stop_level": {0: 90.0}},
    )  # fmt: skip
    assert fills(run)[1] == (2, -10.0, 90.0, "stop")


def test_a_bankrupt_account_leaves_at_that_close_and_stops(engine: Engine) -> None:
    # 30,000 with 10,000: at 60 equity is -2,000
    bars = [FLAT_100, FLAT_100, (100.0, 100.0, 60.0, 60.0), FLAT_100, FLAT_100]
    run = play(engine, bars, {0: 1, 3: 1}, size=300.0, leverage=3.0)
    assert fills(run) == [(1, 300.0, 100.0, "entry"), (2, -300.0, 60.0, "bankrupt")]
    assert run.bankrupt_bar == 2
    assert run.equity.tolist() == [10_000, 10_000, -2_000, -2_000, -2_000]


# ---- breakers


def test_the_drawdown_breaker_closes_and_reopens_with_a_new_peak(engine: Engine) -> None:
    closes = [100.0, 100.0, 89.0, 89.0, 89.0, 89.0, 89.0]
    bars = [[(price,) * 4 for price in closes], [FLAT_100] * 7]
    sides = {(0, 0): 1, (2, 1): 1, (3, 1): 1, (4, 1): 1}
    run = play(engine, bars, sides, size=100.0, max_drawdown=0.1, reopen_after_bars=2, leverage=3.0)
    # 100 units fall by 11: equity 8,900 <= 9,000 at close 2; open again at close 4, with 8,900 as the peak
    assert [(int(row.bar), int(row.slot), OUTCOMES[row.outcome], RULES[row.rule]) for row in run.decisions[1:]] == [
        (2, -1, "breaker_closed", "breaker_drawdown"),
        (2, 1, "refused", "breaker_drawdown"),
        (3, 1, "refused", "breaker_drawdown"),
        (4, -1, "breaker_opened", "breaker_drawdown"),
        (4, 1, "filled", ""),
    ]


def test_the_daily_loss_breaker_bars_what_is_decided_on_that_day(engine: Engine) -> None:
    # bars of 8 hours, three a day; 50 units lose 6 on bar 2: 9,700 <= 10,000 x 0.98 on day 0
    opens = [100.0, 100.0, 94.0, 94.0, 94.0]
    bars = [[(price,) * 4 for price in opens], [FLAT_100] * 5]
    run = play(engine, bars, {(0, 0): 1, (2, 1): 1, (3, 1): 1}, size=50.0, hours=8.0, max_daily_loss=0.02)
    assert [(int(row.bar), int(row.slot), OUTCOMES[row.outcome], RULES[row.rule]) for row in run.decisions[1:]] == [
        (2, -1, "breaker_closed", "breaker_daily_loss"),
        (2, 1, "refused", "breaker_daily_loss"),
        (3, -1, "breaker_opened", "breaker_daily_loss"),
        (3, 1, "filled", ""),
    ]


def test_losses_in_a_row_close_the_breaker_for_good_without_a_reopening(engine: Engine) -> None:
    prices = [100.0, 100.0, 99.0, 99.0, 98.0, 98.0, 98.0]
    bars = [(price,) * 4 for price in prices]
    run = play(engine, bars, {0: 1, 1: 2, 2: 1, 3: 2, 4: 1, 5: 1}, max_consecutive_losses=2)
    assert [row[3] for row in log(run)] == [
        "filled", "filled", "filled", "filled", "breaker_closed breaker_consecutive_losses",
        "refused breaker_consecutive_losses", "refused breaker_consecutive_losses",
    ]  # fmt: skip


# ---- the profile close, the end of the data, delistings


def test_the_close_profile_fills_at_the_close_that_made_the_signal(engine: Engine) -> None:
    plan = {"sl": 1.0, "be": 0.0}
    bars = [
        (100.0, 110.0, 90.0, 100.0),  # entered at 100, after this bar's extremes; be 0 moves the stop to 100 at once
        (101.0, 103.0, 100.5, 102.0),
        (102.0, 104.0, 99.0, 101.0),  # 99 <= 100
        (101.0, 102.0, 100.0, 101.0),
    ]
    run = play(engine, bars, {0: 1}, plan=plan, panels={"risk_unit": {0: 5.0}}, **CLOSE_PROFILE)
    assert fills(run) == [(0, 1.0, 100.0, "entry"), (2, -1.0, 100.0, "break_even")]
    assert (run.trades["worst_price"][0], run.trades["best_price"][0]) == (100.0, 103.0)
    # a reversal at one close; the slot that left its side inside the bar may not come back at its close
    run = play(engine, bars, {0: 1, 1: -1, 2: 2}, **CLOSE_PROFILE)
    assert [row[:3] for row in fills(run)] == [(0, 1.0, 100.0), (1, -1.0, 102.0), (1, -1.0, 102.0), (2, 1.0, 101.0)]
    run = play(engine, bars, {0: 1, 2: 1}, plan=plan, panels={"risk_unit": {0: 5.0}}, **CLOSE_PROFILE)
    assert log(run)[1] == (2, 1, 0.0, "refused exited_this_bar")


@pytest.mark.parametrize(("code", "price"), [(1, 105.0), (2, 108.0)])
def test_positions_can_be_closed_at_the_last_open_or_close(engine: Engine, code: int, price: float) -> None:
    bars = [FLAT_100, FLAT_100, (105.0, 110.0, 104.0, 108.0)]
    run = play(engine, bars, {0: 1}, close_at_end=code, commission_per_order=1.0)
    assert fills(run) == [(1, 1.0, 100.0, "entry"), (2, -1.0, price, "end")]
    assert run.equity[-1] == 10_000 + price - 100 - 2
    # an entry that would be closed at the very same price is not made
    run = play(engine, bars, {1: 1}, close_at_end=code)
    assert log(run)[0] == ((1, 1, 0.0, "expired end_of_data") if code == 1 else (1, 1, 1.0, "filled"))


def test_open_positions_are_marked_and_the_last_intents_expire(engine: Engine) -> None:
    run = play(engine, [FLAT_100, FLAT_100, (100.0, 105.0, 99.0, 104.0)], {0: 1, 2: -1}, size=10.0)
    assert log(run) == [(0, 1, 10.0, "filled"), (2, -1, 0.0, "expired end_of_data")]
    trade = run.trades[0]
    assert (trade.exit_bar, trade.pnl, trade.bars_held) == (-1, 40.0, 1)
    assert np.isnan(trade.exit_price)


def test_a_symbol_without_bars_leaves_at_its_last_close_when_stale(engine: Engine) -> None:
    # the last own bar is 1; bar 4 is the third union bar after it: 100 x (1 - 0.3), free of costs
    bars = [[FLAT_100, FLAT_100, None, None, None, None], [FLAT_100] * 6]
    run = play(
        engine, bars, {0: 1}, size=10.0, stale_after_bars=3, delisting_return=-0.3, commission_per_order=5.0,
        spread_frac=0.01,
    )  # fmt: skip
    assert fills(run)[1] == (4, -10.0, 70.0, "delisted")
    assert run.fills["commission"].tolist() == [5.0, 0.0]


def test_a_dated_delisting_takes_the_position_on_its_bar(engine: Engine) -> None:
    bars = [[FLAT_100, FLAT_100, (98.0,) * 4, None, None], [FLAT_100] * 5]
    run = play(engine, bars, {0: 1}, size=10.0, delist_bar=3)
    assert fills(run)[1] == (3, -10.0, 98.0, "delisted")
    assert run.equity[-1] == 9_980.0


# ---- splits and dividends


def test_a_dividend_is_income_of_a_long_and_a_cost_of_a_short(engine: Engine) -> None:
    # 10 held over the gap to bar 2, 1.5 a share; what enters at bar 2's open gets nothing
    for side in (1, -1):
        run = play(engine, [FLAT_100] * 4, {0: side}, size=10.0, dividend={2: 1.5})
        assert (run.trades["dividend"][0], run.trades["pnl"][0]) == (15.0 * side, 15.0 * side)
        assert run.equity.tolist() == [10_000.0, 10_000.0, 10_000.0 + 15 * side, 10_000.0 + 15 * side]
        assert play(engine, [FLAT_100] * 4, {1: side}, dividend={2: 1.5}).equity[-1] == 10_000.0


def test_a_split_turns_shares_and_levels_into_those_of_its_bar(engine: Engine) -> None:
    # 10 at 100 with R = 5: S = 95, T1 = 105 for half. Two for one on bar 3: 20 at 50, S = 47.5, T1 = 52.5.
    # bar 2 pays 0.4 for each of the 10, bar 3 pays 0.2 for each of the 10 that were held before its split
    plan = {"sl": 1.0, "tp1": 1.0, "f1": 0.5}
    bars = [FLAT_100, FLAT_100, FLAT_100, (50.0, 53.0, 49.0, 52.0), (50.0, 51.0, 47.0, 48.0)]
    run = play(
        engine, bars, {0: 1}, plan=plan, size=10.0, panels={"risk_unit": {0: 5.0}}, split={3: 2.0},
        dividend={2: 0.4, 3: 0.2},
    )  # fmt: skip
    assert fills(run)[1:] == [(3, -10.0, 52.5, "target"), (4, -10.0, 47.5, "stop")]
    trade = run.trades[0]
    assert (trade.quantity, trade.entry_price, trade.exit_price, trade.risk_unit) == (20.0, 50.0, 50.0, 2.5)
    assert (trade.dividend, trade.pnl) == (4.0 + 2.0, 6.0)
    assert (trade.worst_price, trade.best_price) == (47.5, 53.0)


def test_what_a_split_leaves_of_a_lot_is_paid_in_cash(engine: Engine) -> None:
    # 15 at 100, three for two: 22.5 at 66.67; half a share is paid at the new mark, 100 / 1.5, without costs
    bars = [FLAT_100, FLAT_100, (66.0, 67.0, 65.0, 66.0)]
    run = play(
        engine, bars, {0: 1}, size=15.0, lot_size=1.0, split={2: 1.5}, commission_per_order=1.0, spread_frac=0.0
    )  # fmt: skip
    assert fills(run)[1:] == approx([(2, -0.5, 100 / 1.5, "split_cash")])
    assert run.fills["commission"].tolist() == [1.0, 0.0]
    assert run.gross[-1] == 22 * 66.0
