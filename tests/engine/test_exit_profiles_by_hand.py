"""Every exit profile on a path written out by hand: R is 2, so that a level of 1.5 R lies 3 from the entry at 100."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hand_bars import ONE_UNIT, Row, bars_of, fills, opinion

from stratkit.engine.layout import FILL_REASONS, RULES
from stratkit.engine.result import BacktestResult
from stratkit.engine.settings import AccountSettings
from stratkit.engine.simulate import simulate
from stratkit.plans import PROFILES
from stratkit.risk.settings import RiskSettings, SizingSettings

RICH = AccountSettings(initial_cash=1e6)
THOUSAND = RiskSettings(sizing=SizingSettings(rule="fixed_units", units=1000.0))
R = 2.0
FLAT: Row = (100.0, 100.5, 99.5, 100.0)

# name: stop, target 1, target 2, target 3 and the trailing stop after target 2, all as prices; units; then what
# comes of four paths in R: trailed out after two targets, back to the entry after one, all three targets, stopped
HAND = {
    "defensive": ((98.0, 103.0, 105.0, 108.0, 103.4), (800.0, 400.0, 240.0, 160.0), (1.84, 0.75, 2.30, -1.0)),
    "moderate": ((98.0, 104.0, 107.0, 111.0, 105.0), (1000.0, 500.0, 300.0, 200.0), (2.55, 1.00, 3.15, -1.0)),
    "moderate_aggressive": ((98.0, 105.0, 108.0, 112.0, 106.0), (1100.0, 550.0, 330.0, 220.0),
                            (3.05, 1.25, 3.65, -1.0)),
    "balanced_aggressive": ((97.0, 108.0, 112.0, 120.0, 109.6), (1200.0, 600.0, 360.0, 240.0),
                            (4.76, 2.00, 5.80, -1.5)),
    "ultra_aggressive": ((98.0, 106.0, 110.0, 116.0, 108.0), (1000.0, 500.0, 300.0, 200.0), (3.80, 1.50, 4.60, -1.0)),
    "scalp": ((98.4, 102.4, 103.6, 105.0, 102.4), (700.0, 420.0, 210.0, 70.0), (1.38, 0.72, 1.51, -0.8)),
    "trend_rider": ((96.0, 110.0, 116.0, 124.0, 113.0), (1300.0, 390.0, 390.0, 520.0), (6.50, 1.50, 8.70, -2.0)),
}  # fmt: skip


def played(name: str, rows: Sequence[Row]) -> BacktestResult:
    """Enter at the open of bar 1 at 100, decided on bar 0, where R is 2."""
    signals = opinion(len(rows), {0: 1}, {"risk_unit": {0: R}})
    return simulate(bars_of(rows), signals, account=RICH, risk=THOUSAND, exit_plan=PROFILES[name].plan)


def outcome(result: BacktestResult) -> tuple[float, str]:
    """Return the R multiple of the one trade and why it ended."""
    (trade,) = result.trades
    return float(trade.r_multiple), FILL_REASONS[trade.exit_reason]


def approximately(r: float, why: str) -> tuple[object, str]:
    return pytest.approx(r), why


def approx(rows: list[tuple[int, float, float, str]]) -> list[tuple[object, ...]]:
    return [(bar, pytest.approx(units), pytest.approx(price), why) for bar, units, price, why in rows]


def test_every_profile_but_the_one_without_risk_is_worked_out_here() -> None:
    assert [*HAND, "none"] == list(PROFILES)


@pytest.mark.parametrize("name", HAND)
def test_two_targets_then_the_trailing_stop(name: str) -> None:
    (_, first, second, _, trailed), (units, at_first, at_second, rest), (r, *_) = HAND[name]
    rows: list[Row] = [
        FLAT, FLAT,
        (100.0, first, 99.5, first - 0.1),  # target 1; the extreme has also passed the break-even trigger
        (first - 0.1, second, first - 0.2, second - 0.1),  # target 2; trailing begins on the next bar
        (second - 0.1, second - 0.1, trailed - 0.3, trailed),
    ]  # fmt: skip
    result = played(name, rows)
    assert fills(result) == approx(
        [
            (1, units, 100.0, "entry"), (2, -at_first, first, "target"), (3, -at_second, second, "target"),
            (4, -rest, trailed, "trailing"),
        ]
    )  # fmt: skip
    assert outcome(result) == approximately(r, "trailing")


@pytest.mark.parametrize("name", HAND)
def test_one_target_then_back_to_the_entry_ends_at_break_even(name: str) -> None:
    (_, first, *_), (units, at_first, *_), (_, r, *_) = HAND[name]
    rows: list[Row] = [FLAT, FLAT, (100.0, first, 99.5, first - 0.1), (first - 0.1, first - 0.1, 99.0, 99.5)]
    result = played(name, rows)
    left = units - at_first
    assert fills(result)[1:] == approx([(2, -at_first, first, "target"), (3, -left, 100.0, "break_even")])
    assert outcome(result) == approximately(r, "break_even")


@pytest.mark.parametrize("name", HAND)
def test_all_three_targets_in_one_bar_leave_nothing(name: str) -> None:
    (_, first, second, third, _), (_, at_first, at_second, rest), (*_, r, _) = HAND[name]
    result = played(name, [FLAT, FLAT, (100.0, third, 99.5, third)])
    assert fills(result)[1:] == approx(
        [(2, -at_first, first, "target"), (2, -at_second, second, "target"), (2, -rest, third, "target")]
    )
    assert outcome(result) == approximately(r, "target")


@pytest.mark.parametrize("name", HAND)
def test_the_stop_loses_what_it_says(name: str) -> None:
    (stop, *_), (units, *_), (*_, r) = HAND[name]
    result = played(name, [FLAT, FLAT, (100.0, 100.2, stop, stop)])
    assert fills(result)[1:] == approx([(2, -units, stop, "stop")])
    assert outcome(result) == approximately(r, "stop")


@pytest.mark.parametrize("name", HAND)
def test_the_extremes_met_are_kept_in_r(name: str) -> None:
    (stop, *_), _, (*_, r) = HAND[name]
    trade = played(name, [FLAT, (100.0, 101.0, 99.5, 100.0), (100.0, 100.2, stop - 1, stop - 1)]).trades_frame().iloc[0]
    assert trade["mfe_r"] == pytest.approx(0.5)  # 101 on the entry bar
    assert trade["mae_r"] == pytest.approx(r)  # the stop itself: nobody was in the market below it


def test_the_profile_without_risk_enters_nothing() -> None:
    result = played("none", [FLAT, FLAT, FLAT])
    assert len(result.fills) == 0
    assert [RULES[row.rule] for row in result.decisions] == ["lot"]


def test_r_is_the_atr_of_the_decision_bar_frozen_at_the_entry() -> None:
    # 20 bars with a true range of exactly 2, then one of 30: the decision is on bar 19, the wild bar comes after
    calm: list[Row] = [(100.0, 101.0, 99.0, 100.0)] * 21
    rows: list[Row] = [*calm, (100.0, 103.0, 99.0, 103.0), (103.0, 130.0, 100.5, 120.0)]
    signals = opinion(len(rows), {19: 1})
    result = simulate(bars_of(rows), signals, account=RICH, risk=ONE_UNIT, exit_plan=PROFILES["defensive"].plan)
    assert result.trades["risk_unit"][0] == pytest.approx(2.0)
    assert fills(result) == approx(
        [(20, 0.8, 100.0, "entry"), (21, -0.4, 103.0, "target"), (22, -0.24, 105.0, "target"),
         (22, -0.16, 108.0, "target")]
    )  # fmt: skip


def test_confidence_and_markets_stand_beside_the_plans() -> None:
    # read off the table of record by hand
    assert {name: profile.min_confidence for name, profile in PROFILES.items()} == {
        "defensive": 0.45, "moderate": 0.48, "moderate_aggressive": 0.50, "balanced_aggressive": 0.52,
        "ultra_aggressive": 0.53, "scalp": 0.55, "trend_rider": 0.60, "none": 1.0,
    }  # fmt: skip
    assert {name: "".join(profile.suits) for name, profile in PROFILES.items()} == {
        "defensive": "TRL", "moderate": "TRHL", "moderate_aggressive": "TH", "balanced_aggressive": "TH",
        "ultra_aggressive": "TH", "scalp": "RL", "trend_rider": "TH", "none": "",
    }  # fmt: skip
    assert np.isfinite([profile.min_confidence for profile in PROFILES.values()]).all()
