"""Legs of a package are entered and left together or not at all: by hand, and on random markets with everything on."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from random_markets import Case, random_case
from replays import assert_same_rows, frozen

from stratkit.data.bars import Bars
from stratkit.engine import legs as played_legs
from stratkit.engine.layout import ENTRY, FILL_REASONS, LEGS, OUTCOMES, REBALANCE_OUT, RULES
from stratkit.engine.profiles import PROFILE_NAMES
from stratkit.engine.reference import replay
from stratkit.engine.result import BacktestResult
from stratkit.engine.run import Replay, begin, finish, peeked, play, play_on, played_weights, stream
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import simulate
from stratkit.errors import StrategyError
from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.plans import ExitPlan
from stratkit.risk.settings import CapSettings, RiskSettings
from stratkit.strategies.signals import Signals

NAN = np.nan


# ---- by hand


def market(a: list[float], b: list[float], **panels: Any) -> Bars:
    """Bars of two symbols that open, close and stand at the given prices; NaN = no bar."""
    price = np.array([a, b]).T
    volume = np.where(np.isfinite(price), 1e6, NAN)
    given = {"open": price, "high": price, "low": price, "close": price, "volume": volume, **panels}
    times = np.arange(len(price)) * NS_PER_DAY
    return Bars(times, ("A", "B"), frequency="1d", source="by hand", **given)


def pair(rows: dict[int, tuple[float, float]], bars: int) -> Signals:
    """A package of two legs on some bars."""
    weight = np.full((bars, 2), NAN)
    for bar, both in rows.items():
        weight[bar] = both
    return Signals("pair", weight=weight, legs=np.isfinite(weight).astype(np.int16))


def story(result: BacktestResult) -> list[tuple[int, str, int, float, str]]:
    """Return (bar, symbol, direction, quantity, reason) of every fill."""
    return [
        (int(f.bar), result.symbols[result.slot_symbol[f.slot]], int(f.direction), round(float(f.quantity), 9),
         FILL_REASONS[f.reason])
        for f in result.fills
    ]  # fmt: skip


def log(result: BacktestResult) -> list[tuple[int, int, int, str]]:
    """Return (bar, slot, side, outcome and rule) of every decision."""
    return [
        (int(d.bar), int(d.slot), int(d.side), f"{OUTCOMES[d.outcome]} {RULES[d.rule]}".strip())
        for d in result.decisions
    ]


IN, OUT = (0.4, -0.4), (0.0, 0.0)


def test_both_legs_enter_and_leave_at_the_next_open_with_equal_values() -> None:
    result = simulate(market([10, 10, 10, 12], [20, 20, 20, 20]), pair({0: IN, 2: OUT}, 4))
    assert story(result) == [
        (1, "A", 1, 4000, "entry"), (1, "B", -1, 2000, "entry"),
        (3, "A", -1, 4000, "rebalance_out"), (3, "B", 1, 2000, "rebalance_out"),
    ]  # fmt: skip
    assert result.equity[-1] == 100_000 + 4000 * 2


def test_a_package_is_refused_whole_when_one_leg_has_no_bar_to_enter_on() -> None:
    result = simulate(market([10, 10, 10], [20, NAN, 20]), pair({0: IN}, 3))
    assert story(result) == []
    assert log(result) == [(0, 0, 1, "refused legs"), (0, 1, -1, "refused legs")]


def test_leaving_waits_until_every_leg_has_a_bar() -> None:
    result = simulate(market([10, 10, 10, 11, 12], [20, 20, 20, NAN, 20]), pair({0: IN, 2: OUT}, 5))
    assert story(result)[2:] == []  # bar 3 has no close of B to decide on, and bar 4 is the last row


def test_leaving_goes_on_once_both_legs_have_bars_again() -> None:
    result = simulate(market([10, 10, 10, 11, 12, 13], [20, 20, 20, NAN, 20, 20]), pair({0: IN, 2: OUT}, 6))
    assert story(result)[2:] == [(5, "A", -1, 4000, "rebalance_out"), (5, "B", 1, 2000, "rebalance_out")]


def test_a_leg_without_a_bar_on_the_row_of_the_exit_is_not_left_behind() -> None:
    result = simulate(market([10] * 7, [20, 20, 20, NAN, 20, 20, 20]), pair({0: IN, 3: (0.0, NAN)}, 7))
    # decided on bar 3 without B; on bar 4 B has no close before it; both leave on bar 5
    assert story(result)[2:] == [(5, "A", -1, 4000, "rebalance_out"), (5, "B", 1, 2000, "rebalance_out")]


def test_what_another_package_speaks_for_follows_when_that_one_is_refused() -> None:
    price = np.full((6, 3), 10.0)
    price[3, 2] = NAN  # C has no bar when A is to leave B for it
    panels: Any = dict.fromkeys(("open", "high", "low", "close", "volume"), price)
    bars = Bars(np.arange(6) * NS_PER_DAY, ("A", "B", "C"), frequency="1d", source="by hand", **panels)
    weight, number = np.full((6, 3), NAN), np.zeros((6, 3), np.int16)
    weight[0, :2], number[0, :2] = (0.4, -0.4), 1
    weight[2], number[2] = (0.4, 0.0, -0.4), (2, 1, 2)
    result = simulate(bars, Signals("pairs", weight=weight, legs=number))
    assert story(result)[2:] == [(3, "A", -1, 4000, "rebalance_out"), (3, "B", 1, 4000, "rebalance_out")]


def test_a_leg_that_the_next_package_does_not_name_leaves_when_it_can() -> None:
    price = np.full((7, 3), 10.0)
    price[2, 1] = NAN  # B has no bar on which anything could be said of it
    panels: Any = dict.fromkeys(("open", "high", "low", "close", "volume"), price)
    bars = Bars(np.arange(7) * NS_PER_DAY, ("A", "B", "C"), frequency="1d", source="by hand", **panels)
    weight, number = np.full((7, 3), NAN), np.zeros((7, 3), np.int16)
    weight[0, :2], number[0, :2] = (0.3, -0.3), 1
    weight[2, [0, 2]], number[2, [0, 2]] = (0.3, -0.3), 1
    result = simulate(bars, Signals("ranking", weight=weight, legs=number))
    assert [fill[:3] for fill in story(result)] == [(1, "A", 1), (1, "B", -1), (3, "C", -1), (4, "B", 1)]


def test_a_cap_that_cuts_one_leg_refuses_the_package() -> None:
    # 0.2 of equity in A fits below 30 %, 0.5 in B does not
    risk = RiskSettings(caps=CapSettings(max_symbol_pct=30.0))
    result = simulate(market([10] * 3, [20] * 3), pair({0: (0.2, -0.5)}, 3), risk=risk)
    assert story(result) == []
    assert [entry[3] for entry in log(result)] == ["refused legs", "refused max_symbol"]


def test_cash_that_is_short_shrinks_all_legs_alike_and_is_no_refusal() -> None:
    result = simulate(market([10] * 3, [20] * 3), pair({0: (0.75, -0.75)}, 3))
    value = [float(fill.quantity * fill.price) for fill in result.fills]
    assert value == pytest.approx([50_000, 50_000])


@pytest.mark.parametrize("leverage", [1.0, 1.5, 2.0, 3.0])
def test_fees_that_cash_is_short_of_break_no_package(leverage: float) -> None:
    result = simulate(
        market([10] * 4, [20] * 4), pair({0: (1.0, -1.0)}, 4), costs=CostSettings(commission_bps=5),
        account=AccountSettings(leverage=leverage),
    )  # fmt: skip
    value = [float(fill.quantity * fill.price) for fill in result.fills]
    assert value == pytest.approx([50_000 * min(leverage, 2.0)] * 2, rel=2e-3)


def test_a_small_change_that_nobody_could_pay_breaks_no_package() -> None:
    # B has risen: its share is cut, and A's tiny increase finds no cash
    bars = market([10, 10, 10, 10, 10], [20, 20, 20.02, 20.02, 20.02])
    result = simulate(bars, pair({0: (0.5, -0.5), 2: (0.5001, -0.5)}, 5), costs=CostSettings(commission_bps=1))
    assert [entry[3] for entry in log(result) if entry[0] == 2 and "legs" in entry[3]] == []


def test_the_other_leg_follows_one_that_its_stop_took_out() -> None:
    panels = {"low": np.array([[10, 20], [10, 20], [8.5, 20], [10, 20], [10, 20]], dtype=float)}
    plan = ExitPlan(risk_basis="percent", risk=0.10, sl=1.0)  # stop of A at 9
    result = simulate(market([10] * 5, [20] * 5, **panels), pair({0: IN}, 5), exit_plan=plan)
    assert story(result) == [
        (1, "A", 1, 4000, "entry"), (1, "B", -1, 2000, "entry"),
        (2, "A", -1, 4000, "stop"), (3, "B", 1, 2000, "rebalance_out"),
    ]  # fmt: skip


def test_the_other_leg_follows_one_that_was_delisted() -> None:
    bars = market([10] * 6, [20, 20, 20, 20, NAN, NAN])
    result = simulate(bars, pair({0: IN}, 6), delistings={"B": int(bars.times[4])})
    assert story(result)[2:] == [(4, "B", 1, 2000, "delisted"), (5, "A", -1, 4000, "rebalance_out")]


def test_a_package_that_is_refused_leaves_room_for_the_next() -> None:
    # two packages of two symbols each; the second lacks a bar: the first enters alone
    price = np.full((3, 4), 10.0)
    price[1, 3] = NAN
    panels: Any = dict.fromkeys(("open", "high", "low", "close", "volume"), price)
    bars = Bars(np.arange(3) * NS_PER_DAY, ("A", "B", "C", "D"), frequency="1d", source="by hand", **panels)
    weight = np.full((3, 4), NAN)
    weight[0] = (0.2, -0.2, 0.2, -0.2)
    number = np.where(np.isfinite(weight), [1, 1, 2, 2], 0)
    result = simulate(bars, Signals("pairs", weight=weight, legs=number))
    assert [fill[1] for fill in story(result)] == ["A", "B"]
    assert [entry[1] for entry in log(result) if entry[3] == "refused legs"] == [2, 3]


def test_legs_without_weights_are_refused() -> None:
    with pytest.raises(StrategyError, match="legs belong to weight"):
        Signals("pair", side=np.zeros((2, 2), np.int8), legs=np.zeros((2, 2), np.int16))
    with pytest.raises(StrategyError, match="legs must be 0 or more; found -1 at bar 0, column 0"):
        Signals("pair", weight=np.zeros((2, 2)), legs=np.full((2, 2), -1, np.int16))


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_every_profile_trades_packages_whole(profile: Any) -> None:
    execution = ExecutionSettings(profile=profile)
    costs = CostSettings(commission_bps=5, slippage_bps=5)
    bars = market([10, 11, 12, 11, 10, 12], [20, 21, 20, 22, 20, 20])
    result = simulate(bars, pair({0: IN, 3: OUT}, 6), execution=execution, costs=costs, account=AccountSettings())
    when = [fill[0] for fill in story(result)]
    assert when == ([0, 0, 3, 3] if execution.profile in ("close", "vectorbt") else [1, 1, 4, 4])


# ---- on random markets

WITH = (
    "fine_prices", "missing_bars", "late_listing", "stale_end", "delist_event", "weights", "plan_stop", "plan_targets",
    "plan_trailing", "plan_time_stop", "plan_percent", "spread", "commission", "commission_minimum", "close_profile",
    "leverage", "maintenance", "lots", "ticks", "min_notional", "end_at_open", "end_at_close", "stale_rule",
    "delisting_return", "scale_on_breach", "total_at_risk", "open_positions", "symbol_cap", "gross_cap", "net_cap",
    "strategy_cap", "drawdown", "cooldown", "borrow", "tiny_account",
)  # fmt: skip


def package_case(seed: int, bars: int, features: list[str]) -> Case:
    """A random market of four symbols on which two packages, (0, 1) and (2, 3) or all four, come and go."""
    case = random_case(seed, bars, 4, 1, ["weights", *features])
    draw = np.random.default_rng(seed)
    weight = np.full((bars, 4), NAN)
    legs = np.zeros((bars, 4), np.int16)
    for row in np.flatnonzero(draw.random(bars) < 0.35):
        for mine, number in ((slice(0, 4), 3),) if draw.random() < 0.2 else ((slice(0, 2), 1), (slice(2, 4), 2)):
            if draw.random() < 0.3:
                continue
            size = float(draw.choice([0.0, 0.1, 0.2, 0.45]))
            sides = np.tile([1.0, -1.0], 2)[mine] * draw.choice([-1.0, 1.0])
            present = np.isfinite(case.market.close[row, mine])
            if present.all():
                weight[row, mine], legs[row, mine] = size * sides, number
    targets = case.targets._replace(
        slot_kind=np.ones(4, np.int64), slot_symbol=np.arange(4), slot_strategy=np.zeros(4, np.int64), weight=weight,
        side=np.zeros((bars, 4), np.int8), entry_level=np.zeros((0, 0)), confidence=np.zeros((0, 0), np.float32),
        legs=legs,
    )  # fmt: skip
    return Case(case.market, targets, case.rules)


package_cases = st.builds(
    package_case, st.integers(0, 2**32 - 1), st.integers(3, 40),
    st.lists(st.sampled_from(WITH), unique=True, max_size=12),
)  # fmt: skip


def positions(run: Replay, bars: int) -> FloatArray:
    """(T + 1, 4) signed units held before bar t."""
    held = np.zeros((bars + 1, 4))
    for fill in run.fills:
        held[fill.bar + 1 :, fill.slot] += fill.direction * fill.quantity
    held[np.abs(held) < 1e-9 * (1 + np.abs(held).max())] = 0.0
    return held


def leave_bars(run: Replay, slot: int) -> list[int]:
    return sorted(int(trade.exit_bar) for trade in run.trades if trade.slot == slot and trade.exit_bar >= 0)


def packages_of(case: Case) -> list[tuple[int, np.ndarray[Any, Any]]]:
    """(row, slots) of every package that was asked for."""
    legs = case.targets.legs
    return [
        (row, np.flatnonzero(legs[row] == number))
        for row in range(len(legs))
        for number in np.unique(legs[row][legs[row] > 0])
    ]


@settings(max_examples=400, deadline=None)
@given(package_cases)
@example(package_case(7, 40, ["missing_bars", "stale_rule", "plan_stop", "commission"]))
@example(package_case(11, 40, ["close_profile", "missing_bars", "symbol_cap", "lots"]))
def test_legs_are_entered_together_or_not_at_all_and_of_equal_value(case: Case) -> None:
    run = play(*frozen(case))
    bars = len(case.market.close)
    held, later = positions(run, bars), 1 - int(case.rules.intents_fill_at)
    lot = float(case.rules.lot_size)
    entries = {(int(f.bar), int(f.slot)): f for f in run.fills if f.reason == ENTRY}
    asked = {(row + later, int(slot)): (row, slots) for row, slots in packages_of(case) for slot in slots}
    for (bar, slot), fill in entries.items():
        row, slots = asked[bar, slot]
        weight = case.targets.weight[row]
        share = []
        for leg in slots:
            if weight[leg] == 0:
                continue
            entered = entries.get((bar, int(leg)))
            already = np.sign(held[bar, leg]) == np.sign(weight[leg])
            assert entered is not None or already, (row, slots, leg)
            if entered is not None:
                least, most = entered.quantity * entered.price, (entered.quantity + lot) * entered.price
                share.append((least / abs(weight[leg]), most / abs(weight[leg])))
        assert max(low for low, _ in share) <= min(high for _, high in share) * 1.0101, (row, share)
        assert fill.direction == np.sign(weight[slot])


@settings(max_examples=400, deadline=None)
@given(package_cases)
@example(package_case(3, 40, ["missing_bars", "stale_rule", "plan_stop", "plan_targets"]))
def test_legs_are_left_together(case: Case) -> None:
    with mock.patch.object(played_legs, "_causes", return_value={}):  # every row of a refused package then says `legs`
        run = play(*frozen(case))
    bars = len(case.market.close)
    next_open = int(case.rules.intents_fill_at) == 0
    prices = case.market.open if next_open else case.market.close
    if run.bankrupt_bar >= 0:
        return  # everything leaves at once
    held = positions(run, bars)
    number = np.zeros(4, np.int64)  # the package each position came from
    acts: dict[int, list[tuple[int, Any]]] = {}
    for row, slots in packages_of(case):
        acts.setdefault(row + int(next_open), []).append((row, slots))
    waiting = np.zeros(4, np.bool_)
    for bar in range(bars):
        before = held[bar] != 0
        came_from, spoken = np.zeros(0, np.int64), np.zeros(4, np.bool_)
        was = number.copy()
        for row, slots in acts.get(bar, []):
            if any(d.bar == row and d.rule == LEGS and d.slot in slots for d in run.decisions):
                continue
            if (case.targets.weight[row, slots] == 0).all():  # what leaves takes the rest of its package along
                named = np.isin(np.arange(4), np.concatenate([each for _, each in acts[bar]]))
                along = np.isin(was, was[slots][was[slots] > 0]) & before & ~named
                slots = np.union1d(slots, np.flatnonzero(along))
                waiting[slots] = before[slots]
            else:
                waiting[slots] = False
            came_from = np.append(came_from, was[slots])
            spoken[slots] = True
            number[slots] = row * 10 + case.targets.legs[row, slots[0]]
        waiting |= np.isin(was, came_from[came_from > 0]) & ~spoken & before
        row = bar - int(next_open)
        for package in np.unique(number[waiting]):
            slots = np.flatnonzero(waiting & (number == package) & before)
            priced = np.isfinite(case.market.close[row, slots]) & np.isfinite(prices[bar, slots])
            gone = held[bar + 1, slots] == 0
            if row >= 0 and priced.all():
                assert gone.all(), (bar, slots, "all legs had a price, and some stayed")
            else:
                alone = [
                    trade.exit_reason for trade in run.trades if trade.slot in slots[gone] and trade.exit_bar == bar
                ]
                assert REBALANCE_OUT not in alone, (bar, slots, "a leg had no price, and another left")
        after = held[bar + 1] != 0
        waiting &= after
        for slot in np.flatnonzero((number > 0) & ~after):
            if any(leave_bar == bar for leave_bar in leave_bars(run, int(slot))):
                waiting |= (number == number[slot]) & after
            number[slot] = 0


@settings(max_examples=150, deadline=None)
@given(package_cases, st.integers(1, 9))
def test_chunks_and_the_metrics_only_mode_play_packages_alike(case: Case, chunk: int) -> None:
    whole, parts = play(*frozen(case)), play(*frozen(case), stretch_bars=chunk)
    for name in ("fills", "trades", "decisions"):
        assert_same_rows(getattr(whole, name), getattr(parts, name))
    np.testing.assert_array_equal(whole.equity, parts.equity)
    assert stream(*frozen(case))[0].equity == pytest.approx(float(whole.equity[-1]), rel=1e-12)


@settings(max_examples=150, deadline=None)
@given(package_cases)
def test_the_twin_given_the_packages_that_went_through_fills_alike(case: Case) -> None:
    """Packages are decided above the kernel; below, kernel and plain twin are the same engine."""
    arguments = frozen(case)
    weight = played_weights(*arguments)
    plain = case.targets._replace(weight=weight, legs=np.zeros((0, 0), np.int16))
    twin = replay(case.market, plain, case.rules)
    assert_same_rows(play(*arguments).fills, twin.fills)


@settings(max_examples=150, deadline=None)
@given(package_cases, st.integers(1, 38))
def test_later_bars_change_no_earlier_fill(case: Case, cut: int) -> None:
    bars = len(case.market.close)
    cut = min(cut, bars - 1)
    whole = play(*frozen(case))
    changed = {name: getattr(case.market, name).copy() for name in ("open", "high", "low", "close")}
    for panel in changed.values():
        panel[cut:] *= 1.7
    other = play(*frozen(Case(case.market._replace(**changed), case.targets, case.rules)))
    assert_same_rows(whole.fills[whole.fills["bar"] < cut], other.fills[other.fills["bar"] < cut])
    np.testing.assert_array_equal(whole.equity[:cut], other.equity[:cut])


def test_a_peek_leaves_packages_as_they_were() -> None:
    arguments = frozen(package_case(3, 30, ["missing_bars", "plan_stop"]))
    plain, peeking = begin(*arguments), begin(*arguments)
    for bar in range(30):
        peeked(peeking)
        play_on(peeking, bar + 1)
    play_on(plain, 30)
    assert_same_rows(finish(plain).fills, finish(peeking).fills)
