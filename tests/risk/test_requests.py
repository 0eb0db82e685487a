"""`requested_targets`: what signals and settings ask of the engine, slot by slot."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.plans import ExitPlan
from stratkit.risk.plan_table import plan_records
from stratkit.risk.requests import requested_targets
from stratkit.risk.settings import RiskSettings, SizingSettings
from stratkit.risk.targets import (
    BASIS_PERCENT,
    BASIS_PRICE,
    FRACTION,
    KELLY,
    PLAN_DTYPE,
    RISK,
    UNITS,
    Targets,
)
from stratkit.strategies.signals import Signals

NAN = math.nan
SIDES = np.array([[1, 0], [0, -1], [2, 0], [0, 2]])
PER_BAR = ("side", "weight", "confidence", "size", "risk_unit", "stop_level", "target_level", "exit_fraction")


def bars_of(close: FloatArray, spread: float = 1.0) -> Bars:
    times = (20_000 + np.arange(len(close))) * NS_PER_DAY
    symbols = tuple("ABCDE"[: close.shape[1]])
    return Bars(times, symbols, close, close + spread, close - spread, close, np.ones_like(close), "1d")


BARS = bars_of(np.array([[10.0, 20.0], [11.0, 20.0], [12.0, 21.0], [12.0, 22.0]]))


def asked(*signals: Signals, plan: ExitPlan | None = None, **sizing: Any) -> Targets:
    return requested_targets(BARS, signals, RiskSettings(sizing=SizingSettings.model_validate(sizing)), plan)


def panel(value: float) -> Any:
    return np.full((4, 2), value)


# ---- slots


def test_one_strategy_has_one_slot_per_symbol() -> None:
    targets = asked(Signals("mine", side=SIDES))
    assert targets.slot_symbol.tolist() == [0, 1]
    assert targets.slot_strategy.tolist() == [0, 0]
    assert targets.slot_kind.tolist() == [0, 0]
    np.testing.assert_array_equal(targets.side, SIDES)
    assert targets.side.dtype == np.int8


def test_several_strategies_have_slots_of_their_own_strategy_by_strategy() -> None:
    weight = np.array([[0.5, NAN], [NAN, NAN], [0.0, 0.2], [NAN, NAN]])
    targets = asked(Signals("one", side=SIDES), Signals("two", weight=weight), Signals("three", side=SIDES % 2))
    assert targets.slot_symbol.tolist() == [0, 1, 0, 1, 0, 1]
    assert targets.slot_strategy.tolist() == [0, 0, 1, 1, 2, 2]
    assert targets.slot_kind.tolist() == [0, 0, 1, 1, 0, 0]
    np.testing.assert_array_equal(targets.side, np.hstack([SIDES, np.zeros((4, 2)), SIDES % 2]))
    np.testing.assert_array_equal(targets.weight, np.hstack([panel(NAN), weight, panel(NAN)]))
    assert np.isnan(targets.strategy_cap).tolist() == [True, True, True]


def test_panels_that_nobody_gives_are_absent() -> None:
    targets = asked(Signals("mine", side=SIDES))
    assert {name for name in PER_BAR if getattr(targets, name).size} == {"side"}
    assert asked(Signals("mine", weight=panel(0.1))).side.size == 0


def test_panels_that_one_strategy_gives_are_filled_for_the_others() -> None:
    full: dict[str, Any] = {
        name: panel(0.5) for name in ("confidence", "size", "risk_unit", "stop_level", "target_level")
    }
    targets = asked(Signals("one", side=SIDES), Signals("two", side=SIDES, exit_fraction=panel(0.3), **full))
    for name in ("size", "risk_unit", "stop_level", "target_level", "exit_fraction"):
        values = getattr(targets, name)
        assert np.isnan(values[:, :2]).all(), name
        assert (values[:, 2:] == (0.3 if name == "exit_fraction" else 0.5)).all(), name
    assert (targets.confidence[:, :2] == 1).all(), "no confidence is full confidence"
    assert targets.confidence.dtype == np.float32


def test_every_panel_is_contiguous_and_of_the_type_that_the_kernel_reads() -> None:
    full: dict[str, Any] = {name: np.asfortranarray(panel(0.5)) for name in PER_BAR if name not in ("side", "weight")}
    for signals in ([Signals("one", side=SIDES, **full)], [Signals("one", side=SIDES, **full)] * 3):
        targets = asked(*signals)
        for name in PER_BAR:
            values = getattr(targets, name)
            assert values.flags.c_contiguous, name
            assert values.dtype == {"side": np.int8, "confidence": np.float32}.get(name, np.float64), name


def test_signals_of_other_bars_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"signals of 'wrong' must have the shape of the bars, \(4, 2\)"):
        asked(Signals("right", side=SIDES), Signals("wrong", side=SIDES[:3]))


# ---- sizes


@pytest.mark.parametrize(
    ("sizing", "size", "rule"),
    [
        ({}, 1.0, FRACTION),
        ({"fraction": 0.3}, 0.3, FRACTION),
        ({"rule": "equal_weight"}, 0.5, FRACTION),
        ({"rule": "equal_weight", "positions": 8}, 0.125, FRACTION),
        ({"rule": "fractional_kelly", "kelly_fraction": 0.25}, 0.25, KELLY),
        ({"rule": "fixed_units", "units": 7}, 7.0, UNITS),
        ({"rule": "risk_per_trade", "risk_pct": 2}, 0.02, RISK),
    ],
)
def test_a_rule_becomes_a_number_and_a_code(sizing: dict[str, Any], size: float, rule: int) -> None:
    targets = asked(Signals("mine", side=SIDES, stop_level=panel(1.0)), **sizing)
    assert targets.slot_size.tolist() == [size, size]
    assert targets.slot_rule.tolist() == [rule, rule]


def test_a_size_of_the_strategy_replaces_the_number_where_it_is_given() -> None:
    own = np.array([[0.2, NAN], [NAN, NAN], [NAN, 0.0], [NAN, NAN]])
    targets = asked(Signals("mine", side=SIDES, size=own), fraction=0.7)
    np.testing.assert_array_equal(targets.size, own)
    assert targets.slot_size.tolist() == [0.7, 0.7]


def test_the_volatility_target_is_a_size_per_bar_capped_and_zero_before_there_is_an_estimate() -> None:
    closes = np.array([[100.0, 50.0], [101.0, 50.0], [100.0, 50.0], [102.0, 50.0]])
    first = np.array([0.01, 100 / 101 - 1])
    second = np.array([100 / 101 - 1, 0.02])
    targets = requested_targets(
        bars_of(closes), [Signals("mine", side=SIDES)],
        RiskSettings(sizing=SizingSettings(rule="volatility_target", vol_bars=2, vol_target_ann=0.1, max_fraction=0.5)),
        None,
    )  # fmt: skip
    per_year = 252.0  # of daily bars, whatever the calendar of these few
    by_hand = [0.1 / (np.std(pair, ddof=1) * math.sqrt(per_year)) for pair in (first, second)]
    np.testing.assert_allclose(targets.size[:, 0], [0, 0, *np.minimum(by_hand, 0.5)], rtol=1e-9)
    assert targets.size[:, 1].tolist() == [0, 0, 0.5, 0.5], "a price that stands still takes the largest fraction"
    assert 0 < by_hand[1] < 0.5


def test_a_volatility_target_on_intraday_bars_must_be_told_their_number_a_year() -> None:
    price = np.full((4, 1), 10.0)
    hours = Bars(np.arange(4) * 3_600 * 10**9, ("ABC",), price, price, price, price, price, "1h")
    side = Signals("mine", side=np.array([[0], [0], [1], [0]]))
    with pytest.raises(UsageError, match=r"on 1h bars needs risk\.sizing\.bars_per_year"):
        requested_targets(hours, [side], RiskSettings(sizing=SizingSettings(rule="volatility_target")), None)


def test_a_size_of_the_strategy_goes_before_the_volatility_target() -> None:
    own = np.array([[NAN, 0.3]] * 4)
    targets = asked(Signals("mine", side=SIDES, size=own), Signals("other", side=SIDES), rule="volatility_target")
    assert (targets.size[:, 1] == 0.3).all()
    assert not np.isnan(targets.size).any()
    assert targets.size.shape == (4, 4)


@pytest.mark.parametrize("plan", [None, ExitPlan(tp1=2), ExitPlan(time_stop_bars=3)])
def test_sizing_by_risk_needs_a_stop(plan: ExitPlan | None) -> None:
    with pytest.raises(UsageError, match=r"strategy 'mine' gives none: set exit_plan\.sl"):
        asked(Signals("mine", side=SIDES), plan=plan, rule="risk_per_trade")


def test_sizing_by_risk_takes_a_stop_from_the_plan_the_strategy_or_its_levels() -> None:
    stop = ExitPlan(sl=1)
    for signals, plan in (
        (Signals("mine", side=SIDES), stop),
        (Signals("mine", side=SIDES, exit_plan=stop), None),
        (Signals("mine", side=SIDES, stop_level=panel(1.0)), None),
    ):
        assert asked(signals, plan=plan, rule="risk_per_trade").slot_rule.tolist() == [RISK, RISK]


def test_every_strategy_needs_its_own_stop() -> None:
    with pytest.raises(UsageError, match="'bare'"):
        asked(Signals("good", side=SIDES, exit_plan=ExitPlan(sl=1)), Signals("bare", side=SIDES), rule="risk_per_trade")


# ---- plans


def test_a_configured_plan_goes_before_the_plan_of_the_strategy() -> None:
    own, given = ExitPlan(sl=3, risk_basis="percent"), ExitPlan(sl=2, risk_basis="percent")
    signals = Signals("mine", side=SIDES, exit_plan=own)
    assert asked(signals).plans["sl"][1] == 3
    assert asked(signals, plan=given).plans["sl"][1] == 2


def test_strategies_without_a_plan_point_at_no_plan() -> None:
    plan = ExitPlan(sl=3, risk_basis="percent")
    targets = asked(Signals("one", side=SIDES), Signals("two", side=SIDES, exit_plan=plan))
    assert targets.slot_plan.tolist() == [0, 0, 2, 2]
    assert targets.plans.shape == (3,)
    assert targets.plans["sl"][2] == 3


def test_no_plan_has_no_level_and_leaves_the_size_alone() -> None:
    records = plan_records([None])
    assert records.dtype == PLAN_DTYPE
    for record in records:
        assert all(np.isnan(record[name]) for name in ("sl", "tp1", "tp2", "tp3", "be", "trail_at", "trail_by"))
        assert record["risk_multiplier"] == 1.0
        assert [record[name] for name in ("last_target", "last_takes_rest", "time_stop_bars")] == [0, 0, 0]


def test_a_plan_is_read_field_by_field() -> None:
    plan = ExitPlan(
        risk_basis="percent", risk=4, sl=1, tp1=1.5, tp2=2.5, tp3=4, f1=0.5, f2=0.3, f3=0.1, be=0.7, trail_at=1.1,
        trail_by=0.9, time_stop_bars=12, risk_multiplier=0.6,
    )  # fmt: skip
    record = plan_records([plan])[1]
    expected = {
        "exists": 1, "strategy": -1, "basis": BASIS_PERCENT, "risk": 0.04, "needs_risk_unit": 1, "sl": 1, "tp1": 1.5,
        "tp2": 2.5, "tp3": 4,
        "f1": 0.5, "f2": 0.3, "f3": 0.1, "last_takes_rest": 0, "last_target": 3, "be": 0.7, "trail_at": 1.1,
        "trail_by": 0.9, "time_stop_bars": 12, "risk_multiplier": 0.6,
    }  # fmt: skip
    assert set(expected) == set(PLAN_DTYPE.names or ())
    assert {name: record[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("plan", "last", "rest"),
    [
        (ExitPlan(tp1=1), 1, 1),
        (ExitPlan(tp1=1, f1=0.5), 1, 0),
        (ExitPlan(tp1=1, f1=0.5, tp2=2, f2=0.5), 2, 1),
        (ExitPlan(tp1=1, f1=0.1, tp2=2, f2=0.2, tp3=3, f3=0.7), 3, 1),  # 0.1 + 0.2 + 0.7 is not 1 in binary
        (ExitPlan(sl=1), 0, 0),
        (ExitPlan(tp1=1, f1=0.4, tp2=2, f2=0.2, f3=0.4), 2, 0),  # f3 without tp3 closes nothing
    ],
)
def test_the_last_target_takes_the_rest_when_the_fractions_sum_to_one(plan: ExitPlan, last: int, rest: int) -> None:
    record = plan_records([plan])[1]
    assert (record["last_target"], record["last_takes_rest"]) == (last, rest)


def test_a_time_stop_alone_needs_no_risk_unit() -> None:
    assert plan_records([ExitPlan(time_stop_bars=3)])[1]["needs_risk_unit"] == 0
    assert asked(Signals("mine", side=SIDES), plan=ExitPlan(time_stop_bars=3)).risk_unit.size == 0


# ---- R


def test_a_distance_is_the_risk_unit_of_every_bar() -> None:
    targets = asked(Signals("mine", side=SIDES), plan=ExitPlan(risk_basis="distance", risk=2.5, sl=1))
    assert (targets.risk_unit == 2.5).all()
    assert targets.plans["basis"][1] == BASIS_PRICE


def test_a_percentage_needs_the_entry_price_and_so_no_panel() -> None:
    targets = asked(Signals("mine", side=SIDES), plan=ExitPlan(risk_basis="percent", risk=2.5, sl=1))
    assert targets.risk_unit.size == 0
    assert targets.plans["risk"][1] == pytest.approx(0.025)


def test_an_atr_multiple_is_that_of_the_decision_bar_and_nan_before() -> None:
    closes = np.array([[10.0], [11.0], [13.0], [13.0]])
    targets = requested_targets(
        bars_of(closes),
        [Signals("mine", side=np.zeros((4, 1), np.int8))],
        RiskSettings(),
        ExitPlan(risk=3, atr_bars=2, sl=1),
    )
    # ranges, high and low one from the close: 2 on bar 1, 3 on bar 2 (14 less 11), 2 on bar 3
    wilder = [(2 + 3) / 2, ((2 + 3) / 2 + 2) / 2]
    np.testing.assert_allclose(targets.risk_unit[:, 0], [NAN, NAN, 3 * wilder[0], 3 * wilder[1]])


def test_the_risk_unit_of_the_strategy_goes_before_the_plan() -> None:
    own = np.array([[NAN, 0.7]] * 4)
    plan = ExitPlan(risk_basis="distance", risk=2.5, sl=1)
    targets = asked(Signals("mine", side=SIDES, risk_unit=own), plan=plan)
    np.testing.assert_array_equal(targets.risk_unit, [[2.5, 0.7]] * 4)
    bare = asked(Signals("mine", side=SIDES, risk_unit=own))
    np.testing.assert_array_equal(bare.risk_unit, own)


def test_strategies_with_and_without_a_risk_unit_stand_side_by_side() -> None:
    plan = ExitPlan(risk_basis="distance", risk=2.5, sl=1)
    targets = asked(Signals("one", side=SIDES), Signals("two", side=SIDES, exit_plan=plan))
    assert np.isnan(targets.risk_unit[:, :2]).all()
    assert (targets.risk_unit[:, 2:] == 2.5).all()
