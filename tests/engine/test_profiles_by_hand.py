"""The fill profiles and the resting entries by hand, from docs/execution.md; both engines must give them.

Each expectation stands beside the arithmetic that it comes from. O H L C is the bar, S the stop, T the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from by_hand import FLAT_100, Bar, Cells, Engine, approx, fills, log, play
from identities import Run

from stratkit.engine.layout import ALONG_PATH, TARGET_FIRST
from stratkit.engine.profiles import OPTIONS, PROFILE_NAMES, fill_codes
from stratkit.engine.settings import ExecutionSettings
from stratkit.risk.targets import FRACTION, LIMIT_ORDER, STOP_ORDER

CLOSERS = ("close", "vectorbt")  # their intents fill at the close that decided them
STOP = {"sl": 1.0}
STOP_AND_TARGET = {"sl": 1.0, "tp1": 1.0, "f1": 1.0}
TARGET = {"tp1": 1.0, "f1": 1.0}
PATH: dict[str, Any] = {"same_bar": ALONG_PATH}


def codes(profile: str) -> dict[str, Any]:
    """Return the rules of a named profile."""
    return dict(fill_codes(ExecutionSettings.model_validate({"profile": profile})))


def held(profile: str, bars: list[Bar], plan: Mapping[str, float] | None, side: int = 1) -> dict[str, Any]:
    """Return what `play` is given for one unit entered at 100 on bar 1, with R = 5, whenever its profile fills it."""
    decided = 1 if profile in CLOSERS else 0
    return {
        "bars": [FLAT_100, FLAT_100, *bars],
        "side": {decided: side},
        "plan": plan,
        "panels": {"risk_unit": {decided: 5.0}},
        **codes(profile),
    }


def after(run: Run, entries: int = 1) -> list[tuple[Any, ...]]:
    """Return the fills behind the first ones as (bar, price, reason)."""
    return [(row[0], *row[2:]) for row in fills(run)[entries:]]


# ---- the table: one row per option, one column per profile


def intents_fill_at(engine: Engine, profile: str) -> list[tuple[Any, ...]]:
    # decided at the close of bar 0, at 100; bar 1 opens at 102
    run = play(engine, [FLAT_100, (102.0, 104.0, 101.0, 103.0)], {0: 1}, **codes(profile))
    return after(run, 0)


def gapped_stop(engine: Engine, profile: str) -> list[tuple[Any, ...]]:
    # S = 95 is passed by the open, 90; H = 97 comes back to it
    return after(play(engine, **held(profile, [(90.0, 97.0, 88.0, 92.0)], STOP)))


def gapped_target(engine: Engine, profile: str) -> list[tuple[Any, ...]]:
    # T = 105 is passed by the open, 112; L = 104, so min(max(105, 104), 113) = 105
    return after(play(engine, **held(profile, [(112.0, 113.0, 104.0, 112.0)], TARGET)))


def same_bar(engine: Engine, profile: str) -> list[tuple[Any, ...]]:
    # trailing by 5, T = 110. Bar 2 takes the extreme to 106, S = 101, without touching it (L = 101.5).
    # Bar 3 holds both: H - O = 4 < O - L = 6, so a path rises first, to T; the stop that is a trailing one goes last
    bars: list[Bar] = [(102.0, 106.0, 101.5, 106.0), (106.0, 110.0, 100.0, 105.0)]
    run = play(engine, **held(profile, bars, {"trail_by": 1.0, "tp1": 2.0, "f1": 1.0}))
    assert run.trades["ambiguous"].tolist() == [1]
    return after(run)


def entry_bar_exits(engine: Engine, profile: str) -> list[tuple[Any, ...]]:
    # a buy limit at 98 during bar 1, stop 95: L = 94 holds both; a path goes O-H-L-C, over 98 down to 95
    bars: list[Bar] = [FLAT_100, (100.0, 101.0, 94.0, 99.0), (99.0, 99.0, 99.0, 99.0)]
    panels = {"entry_level": {0: 98.0}, "stop_level": {0: 95.0}}
    return after(play(engine, bars, {0: 1}, order=LIMIT_ORDER, panels=panels, **codes(profile)))


def trailing_moves(engine: Engine, profile: str) -> list[tuple[Any, ...]]:
    # trailing by 5: S = 95 after bar 1. Bar 2, H = 106, L = 96: moved before the test S = 101, min(101, 106); on the
    # path H - O = 4 < O - L = 6, so O-H-L-C: S = 101 at the top, hit on the way down. Else L > 95, and 101 is for bar 3
    bars: list[Bar] = [(102.0, 106.0, 96.0, 105.0), (105.0, 105.0, 100.0, 104.0)]
    return after(play(engine, **held(profile, bars, {"trail_by": 1.0})))


def opposite_in_bar(engine: Engine, profile: str) -> list[tuple[Any, ...]]:
    # T = 105 closes the long on bar 3, then H = 109 comes to the sell limit at 108 that rested against it. The short's
    # own T = 103 is under the close, 107: a path, O-L-H-C, does not meet it, and no other profile tests it in that bar
    given = held(profile, [FLAT_100, (100.0, 109.0, 99.0, 107.0)], TARGET)
    given["side"] = {**given["side"], 2: -1}
    given["panels"] = {"risk_unit": {0: 5.0, 1: 5.0, 2: 5.0}, "entry_level": {2: 108.0}}
    run = play(engine, order=LIMIT_ORDER, **given)
    return [*after(run), log(run)[-1][1:]]


def slippage_on_stops(engine: Engine, profile: str) -> list[tuple[Any, ...]]:
    # S = 95, 1 % of spread: 95 x 0.99 = 94.05
    decided = 1 if profile in CLOSERS else 0
    bars: list[Bar] = [FLAT_100, FLAT_100, (100.0, 100.0, 94.0, 95.0)]
    run = play(
        engine, bars, {decided: 1}, panels={"stop_level": {decided: 95.0}}, spread_frac=0.01, **codes(profile)
    )  # fmt: skip
    return after(run)


SCENES = {
    scene.__name__: scene
    for scene in (
        intents_fill_at, gapped_stop, gapped_target, same_bar, entry_bar_exits, trailing_moves, opposite_in_bar,
        slippage_on_stops,
    )
}  # fmt: skip
SHORT_AT_108 = [(3, 105.0, "target"), (3, 108.0, "entry"), (-1, 1.0, "filled")]
CELLS: dict[str, dict[str, list[tuple[Any, ...]]]] = {
    "intents_fill_at": {
        "conservative": [(1, 102.0, "entry")],
        "close": [(0, 100.0, "entry")],
        "tradingview": [(1, 102.0, "entry")],
        "vectorbt": [(0, 100.0, "entry")],
        "freqtrade": [(1, 102.0, "entry")],
    },
    "gapped_stop": {
        "conservative": [(2, 90.0, "stop")],
        "close": [(2, 90.0, "stop")],
        "tradingview": [(2, 90.0, "stop")],
        "vectorbt": [(2, 90.0, "stop")],
        "freqtrade": [(2, 95.0, "stop")],
    },
    "gapped_target": {
        "conservative": [(2, 112.0, "target")],
        "close": [(2, 112.0, "target")],
        "tradingview": [(2, 112.0, "target")],
        "vectorbt": [(2, 112.0, "target")],
        "freqtrade": [(2, 105.0, "target")],
    },
    "same_bar": {
        "conservative": [(3, 101.0, "trailing")],
        "close": [(3, 101.0, "trailing")],
        "tradingview": [(3, 110.0, "target")],
        "vectorbt": [(3, 101.0, "trailing")],
        "freqtrade": [(3, 110.0, "target")],
    },
    "entry_bar_exits": {
        "conservative": [(1, 95.0, "stop")],
        "close": [(1, 95.0, "stop")],
        "tradingview": [(1, 95.0, "stop")],
        "vectorbt": [],
        "freqtrade": [(1, 95.0, "stop")],
    },
    "trailing_moves": {
        "conservative": [(3, 101.0, "trailing")],
        "close": [(3, 101.0, "trailing")],
        "tradingview": [(2, 101.0, "trailing")],
        "vectorbt": [(3, 101.0, "trailing")],
        "freqtrade": [(2, 101.0, "trailing")],
    },
    "opposite_in_bar": {
        "conservative": [(3, 105.0, "target"), (-1, 0.0, "refused exited_this_bar")],
        "close": SHORT_AT_108,
        "tradingview": SHORT_AT_108,
        "vectorbt": SHORT_AT_108,
        "freqtrade": SHORT_AT_108,
    },
    "slippage_on_stops": {
        "conservative": [(2, 94.05, "stop")],
        "close": [(2, 94.05, "stop")],
        "tradingview": [(2, 94.05, "stop")],
        "vectorbt": [(2, 95.0, "stop")],
        "freqtrade": [(2, 95.0, "stop")],
    },
}


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize("option", OPTIONS)
def test_every_cell_of_the_table_is_what_the_engine_does(engine: Engine, option: str, profile: str) -> None:
    assert SCENES[option](engine, profile) == approx(CELLS[option][profile])


# ---- further faces of the options


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_fixed_stop_comes_first_but_on_a_path_that_rises_first(engine: Engine, profile: str) -> None:
    # S = 95, T = 105; H - O = 5 < O - L = 10: O-H-L-C
    run = play(engine, **held(profile, [(100.0, 105.0, 90.0, 100.0)], STOP_AND_TARGET))
    assert after(run) == ([(2, 105.0, "target")] if profile == "tradingview" else [(2, 95.0, "stop")])
    assert run.trades["ambiguous"].tolist() == [1]


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_an_order_passed_by_the_open_makes_an_ordinary_entry_bar(engine: Engine, profile: str) -> None:
    # a buy limit at 101 under an open of 100: bought at 100; S = 95 is met by L = 94 unless the entry bar has no exits
    panels = {"entry_level": {0: 101.0}, "stop_level": {0: 95.0}}
    bars: list[Bar] = [FLAT_100, (100.0, 101.0, 94.0, 99.0), (99.0, 99.0, 99.0, 99.0)]
    run = play(engine, bars, {0: 1}, order=LIMIT_ORDER, panels=panels, **codes(profile))
    assert fills(run)[0] == (1, 1.0, 100.0, "entry")
    assert after(run) == ([] if profile == "vectorbt" else [(1, 95.0, "stop")])


def test_a_gapped_stop_fills_at_its_level_only_if_the_bar_comes_back(engine: Engine) -> None:
    for bar, price in (((90.0, 95.0, 88.0, 92.0), 95.0), ((90.0, 94.5, 88.0, 92.0), 90.0)):
        run = play(engine, **held("freqtrade", [bar], STOP))
        assert after(run) == [(2, price, "stop")]
        assert run.trades["worst_price"][0] == 90.0, "the open was met, wherever the stop filled"
    # a short's S = 105: L comes down to it, or does not
    for bar, price in (((110.0, 112.0, 105.0, 108.0), 105.0), ((110.0, 112.0, 105.5, 108.0), 110.0)):
        assert after(play(engine, **held("freqtrade", [bar], STOP, side=-1))) == [(2, price, "stop")]


def test_a_gapped_target_is_held_to_the_bar(engine: Engine) -> None:
    # T = 105, the whole bar above it: min(max(105, 111), 113) = 111; a short's T = 95: max(min(95, 89), 87) = 89
    assert after(play(engine, **held("freqtrade", [(112.0, 113.0, 111.0, 112.0)], TARGET))) == [(2, 111.0, "target")]
    run = play(engine, **held("freqtrade", [(88.0, 89.0, 87.0, 88.0)], TARGET, side=-1))
    assert after(run) == [(2, 89.0, "target")]


def test_target_first_takes_targets_then_the_stop_and_counts_the_bar(engine: Engine) -> None:
    # 4 units, half at T1 = 105, then S = 95 takes the rest; the worst price is the stop's, the best the target's
    plan = {"sl": 1.0, "tp1": 1.0, "f1": 0.5}
    bars: list[Bar] = [FLAT_100, FLAT_100, (100.0, 108.0, 90.0, 100.0)]
    run = play(
        engine, bars, {0: 1}, plan=plan, size=4.0, panels={"risk_unit": {0: 5.0}}, same_bar=TARGET_FIRST
    )  # fmt: skip
    assert fills(run)[1:] == [(2, -2.0, 105.0, "target"), (2, -2.0, 95.0, "stop")]
    trade = run.trades[0]
    assert (trade.worst_price, trade.best_price, trade.ambiguous) == (95.0, 105.0, 1)


def test_the_worst_path_of_an_entry_bar_moves_the_stop_just_as_trailing_begins(engine: Engine) -> None:
    # bought at 100, R = 5; trailing begins at 105, which H = 109 reaches: (100 + 5) - 3 = 102, met by L = 99
    plan = {"sl": 2.0, "be": 0.5, "trail_at": 1.0, "trail_by": 0.6}
    bars: list[Bar] = [FLAT_100, (100.0, 109.0, 99.0, 103.0)]
    run = play(engine, bars, {0: 1}, plan=plan, panels={"risk_unit": {0: 5.0}}, trailing_first=1)
    assert after(run) == [(1, 102.0, "trailing")]
    # H = 104 does not reach it; break-even at 102.5 would, but does not move before the entry bar's test
    bars = [FLAT_100, (100.0, 104.0, 99.0, 103.0), (101.0, 101.0, 99.5, 101.0)]
    run = play(engine, bars, {0: 1}, plan=plan, panels={"risk_unit": {0: 5.0}}, trailing_first=1)
    assert after(run) == [(2, 100.0, "break_even")]


def test_break_even_moves_before_the_test_of_a_later_bar(engine: Engine) -> None:
    # bar 2: H = 106 reaches 105: S = 100 before L = 99 is met, though the open, 99.5, is under it: min(100, 106)
    plan = {"sl": 1.0, "be": 1.0}
    assert after(play(engine, **held("freqtrade", [(99.5, 106.0, 99.0, 105.0)], plan))) == [(2, 100.0, "break_even")]
    assert after(play(engine, **held("conservative", [(99.5, 106.0, 99.0, 105.0)], plan))) == []


def test_a_path_falls_first_when_the_low_is_as_near_as_the_high(engine: Engine) -> None:
    # H - O = 5 and O - L = 5: not nearer, so O-L-H-C
    run = play(engine, **held("tradingview", [(100.0, 105.0, 95.0, 100.0)], STOP_AND_TARGET))
    assert after(run) == [(2, 95.0, "stop")]


def test_a_path_moves_the_stop_at_the_end_of_each_rising_leg(engine: Engine) -> None:
    # trailing by 5, S = 95. O 102, L 101, H 110: S = 105 at the top, and the close, 104, is the leg that hits it
    run = play(engine, **held("tradingview", [(102.0, 110.0, 101.0, 104.0)], {"trail_by": 1.0}))
    assert after(run) == [(2, 105.0, "trailing")]
    assert (run.trades["worst_price"][0], run.trades["best_price"][0]) == (100.0, 110.0)


def test_a_stop_above_the_start_of_its_leg_fills_at_that_start(engine: Engine) -> None:
    # bought at 100 x 1.01 = 101, so S = 100.5 is over the open. O-L first: min(100.5, 100) x 0.99; O-H first, up to
    # 100.25: min(100.5, 100.25) x 0.99
    for bar, base in (((100.0, 102.0, 99.0, 101.0), 100.0), ((100.0, 100.25, 98.0, 99.0), 100.25)):
        run = play(engine, [FLAT_100, bar], {0: 1}, panels={"stop_level": {0: 100.5}}, spread_frac=0.01, **PATH)
        assert run.fills["base_price"].tolist() == [100.0, base]
        assert after(run) == approx([(1, base * 0.99, "stop")])


def test_a_short_walks_the_mirrored_path(engine: Engine) -> None:
    # S = 105, T = 95; H - O = 10 > O - L = 5: O-L-H-C, T first
    run = play(engine, **held("tradingview", [(100.0, 110.0, 95.0, 100.0)], STOP_AND_TARGET, side=-1))
    assert after(run) == [(2, 95.0, "target")]


# ---- section 9 of the contract: one unit at 100 on bar 2, stop 95, target 105 where given


CALM = (100.0, 102.0, 98.0, 100.0)
WILD = (100.0, 102.0, 90.0, 96.0)
NINE: dict[str, tuple[dict[str, float], Bar, Bar, dict[str, tuple[Any, ...]]]] = {
    # freqtrade: H = 97 comes back to 95
    "gapped": (STOP, CALM, (90.0, 97.0, 88.0, 92.0), {"": (3, 90.0, "stop"), "freqtrade": (3, 95.0, "stop")}),
    # H = 82 does not
    "gapped_far": (STOP, CALM, (80.0, 82.0, 78.0, 81.0), {"": (3, 80.0, "stop")}),
    # a path: H - O = 10, O - L = 10, the low first
    "both": (STOP_AND_TARGET, CALM, (100.0, 110.0, 90.0, 100.0), {"": (3, 95.0, "stop")}),
    # entered at the close there is nothing left of the entry bar: S holds until the end
    "entry_bar": (STOP, WILD, (96.0, 97.0, 95.5, 96.0), {"": (2, 95.0, "stop"), "close": (), "vectorbt": ()}),
    # freqtrade: min(max(105, 111), 113) = 111
    "better_open": (
        TARGET, CALM, (112.0, 113.0, 111.0, 112.0), {"": (3, 112.0, "target"), "freqtrade": (3, 111.0, "target")}
    ),
}  # fmt: skip


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize("case", NINE)
def test_the_cases_of_the_contract_under_each_profile(engine: Engine, case: str, profile: str) -> None:
    plan, entry_bar, bar, expected = NINE[case]
    decided = 2 if profile in CLOSERS else 1
    # at the close of bar 2: 100, or 96 with R = 5 and S = 91
    entry = float(entry_bar[3]) if profile in CLOSERS and entry_bar else 100.0
    run = play(
        engine, [FLAT_100, FLAT_100, entry_bar, bar], {decided: 1}, plan=plan, panels={"risk_unit": {decided: 5.0}},
        **codes(profile),
    )  # fmt: skip
    left = expected.get(profile, expected[""])
    assert fills(run)[0] == (2, 1.0, entry, "entry")
    assert after(run) == ([left] if left else [])
    assert run.trades["ambiguous"][0] == (case == "both")


# ---- resting entries


REACHED = [
    # order, side, level, bar 1, price of the fill; None = not reached
    ("buy stop inside", STOP_ORDER, 1, 102.0, (100.0, 103.0, 99.0, 101.0), 102.0),
    ("buy stop exactly at the high", STOP_ORDER, 1, 103.0, (100.0, 103.0, 99.0, 101.0), 103.0),
    ("buy stop passed by the open", STOP_ORDER, 1, 102.0, (104.0, 105.0, 101.0, 103.0), 104.0),
    ("buy stop exactly at the open", STOP_ORDER, 1, 104.0, (104.0, 105.0, 101.0, 103.0), 104.0),
    ("buy stop above the bar", STOP_ORDER, 1, 103.5, (100.0, 103.0, 99.0, 101.0), None),
    ("sell stop inside", STOP_ORDER, -1, 98.0, (100.0, 101.0, 97.0, 99.0), 98.0),
    ("sell stop exactly at the low", STOP_ORDER, -1, 97.0, (100.0, 101.0, 97.0, 99.0), 97.0),
    ("sell stop passed by the open", STOP_ORDER, -1, 98.0, (96.0, 99.0, 95.0, 97.0), 96.0),
    ("sell stop below the bar", STOP_ORDER, -1, 96.5, (100.0, 101.0, 97.0, 99.0), None),
    ("buy limit inside", LIMIT_ORDER, 1, 98.0, (100.0, 101.0, 97.0, 99.0), 98.0),
    ("buy limit exactly at the low", LIMIT_ORDER, 1, 97.0, (100.0, 101.0, 97.0, 99.0), 97.0),
    ("buy limit passed by the open", LIMIT_ORDER, 1, 98.0, (96.0, 99.0, 95.0, 97.0), 96.0),
    ("buy limit below the bar", LIMIT_ORDER, 1, 96.5, (100.0, 101.0, 97.0, 99.0), None),
    ("sell limit inside", LIMIT_ORDER, -1, 102.0, (100.0, 103.0, 99.0, 101.0), 102.0),
    ("sell limit passed by the open", LIMIT_ORDER, -1, 102.0, (104.0, 105.0, 101.0, 103.0), 104.0),
    ("sell limit above the bar", LIMIT_ORDER, -1, 103.5, (100.0, 103.0, 99.0, 101.0), None),
]


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize(
    ("order", "side", "level", "bar", "price"), [row[1:] for row in REACHED], ids=[str(row[0]) for row in REACHED]
)
def test_an_order_fills_at_its_level_or_at_the_open_or_not(
    engine: Engine, profile: str, order: int, side: int, level: float, bar: Bar, price: float | None
) -> None:
    run = play(
        engine, [FLAT_100, bar, FLAT_100], {0: side}, order=order, panels={"entry_level": {0: level}}, **codes(profile)
    )
    if price is None:
        # it is gone after that bar, though bar 2 might reach it
        assert fills(run) == []
        assert log(run) == [(0, side, 0.0, "expired not_reached")]
    else:
        assert fills(run) == [(1, float(side), price, "entry")]
        assert log(run) == [(0, side, 1.0, "filled")]


def test_a_stop_order_pays_slippage_and_a_limit_order_does_not(engine: Engine) -> None:
    inside, passed = (100.0, 103.0, 97.0, 100.0), (104.0, 105.0, 95.0, 100.0)
    # at 102 x 1.01 = 103.02 and 98 x 0.99 = 97.02; passed by the open, 104 x 1.01 = 105.04
    for order, side, level, bar, price in (
        (STOP_ORDER, 1, 102.0, inside, 103.02),
        (STOP_ORDER, -1, 98.0, inside, 97.02),
        (STOP_ORDER, 1, 102.0, passed, 105.04),
        (LIMIT_ORDER, 1, 98.0, inside, 98.0),
        (LIMIT_ORDER, -1, 102.0, inside, 102.0),
        (LIMIT_ORDER, -1, 102.0, passed, 104.0),
    ):
        panels = {"entry_level": {0: level}}
        run = play(engine, [FLAT_100, bar], {0: side}, order=order, panels=panels, spread_frac=0.01, impact_frac=0.0)
        assert fills(run) == approx([(1, float(side), price, "entry")])
    # impact: 40 of a volume of 1,000 at 0.1: 0.1 x sqrt(0.04) = 2 %, for the stop order only
    for order, level, price in ((STOP_ORDER, 102.0, 104.04), (LIMIT_ORDER, 98.0, 98.0)):
        panels = {"entry_level": {0: level}}
        run = play(engine, [FLAT_100, inside], {0: 1}, order=order, panels=panels, size=40.0, impact_frac=0.1)
        assert fills(run) == approx([(1, 40.0, price, "entry")])


def test_levels_go_to_the_tick_that_is_harder_to_reach(engine: Engine) -> None:
    # ticks of 0.5: 102.2 becomes 102.5 going up, 97.8 becomes 97.5 going down; the bar ends between
    bar = (100.0, 102.4, 97.6, 100.0)
    for order, side, level in (
        (STOP_ORDER, 1, 102.2), (STOP_ORDER, -1, 97.8), (LIMIT_ORDER, 1, 97.8), (LIMIT_ORDER, -1, 102.2)
    ):  # fmt: skip
        panels = {"entry_level": {0: level}}
        run = play(engine, [FLAT_100, bar], {0: side}, order=order, panels=panels, tick_size=0.5)
        assert log(run) == [(0, side, 0.0, "expired not_reached")]
        far = (100.0, 103.0, 97.0, 100.0)
        run = play(engine, [FLAT_100, far], {0: side}, order=order, panels=panels, tick_size=0.5)
        assert [row[2] for row in fills(run)] == [102.5 if level > 100 else 97.5]


def test_a_limit_order_at_an_open_off_the_tick_pays_the_adverse_tick(engine: Engine) -> None:
    # a buy limit of 101 over an open of 100.2: 100.5 on ticks of 0.5
    run = play(
        engine, [FLAT_100, (100.2, 101.0, 99.0, 100.0)], {0: 1}, order=LIMIT_ORDER, panels={"entry_level": {0: 101.0}},
        tick_size=0.5, spread_frac=0.01,
    )  # fmt: skip
    assert fills(run) == [(1, 1.0, 100.5, "entry")]


def test_a_level_beside_an_exit_or_no_opinion_means_nothing(engine: Engine) -> None:
    run = play(engine, [FLAT_100] * 4, {0: 1, 2: 2}, panels={"entry_level": {1: 100.0, 2: 200.0}})
    assert fills(run) == [(1, 1.0, 100.0, "entry"), (3, -1.0, 100.0, "exit_signal")]


def test_orders_are_turned_away_like_any_intent(engine: Engine) -> None:
    buy: dict[str, Any] = {"panels": {"entry_level": {0: 100.0, 1: 102.0}}}
    up = (100.0, 103.0, 99.0, 101.0)
    # no bar to reach it in, no price where it was decided
    assert log(play(engine, [FLAT_100, FLAT_100, None, up], {1: 1}, **buy)) == [(1, 1, 0.0, "expired no_bar")]
    assert log(play(engine, [FLAT_100, None, up], {1: 1}, **buy)) == [(1, 1, 0.0, "refused no_price")]
    # the last bar closes all at its open; at its close it still enters, and leaves at once
    run = play(engine, [FLAT_100, FLAT_100, up], {1: 1}, close_at_end=1, **buy)
    assert log(run) == [(1, 1, 0.0, "expired end_of_data")]
    run = play(engine, [FLAT_100, FLAT_100, up], {1: 1}, close_at_end=2, **buy)
    assert fills(run) == [(2, 1.0, 102.0, "entry"), (2, -1.0, 101.0, "end")]
    # stamped on the last bar there is no bar left, in either kind of profile
    for profile in PROFILE_NAMES:
        run = play(engine, [FLAT_100, FLAT_100], {1: 1}, **buy, **codes(profile))
        assert log(run) == [(1, 1, 0.0, "expired end_of_data")]
    # shorts that are not allowed, whether the level is reached or not
    for level in (98.0, 90.0):
        run = play(
            engine, [FLAT_100, (100.0, 101.0, 97.0, 99.0)], {0: -1}, panels={"entry_level": {0: level}}, allow_short=0
        )
        assert log(run) == [(0, -1, 0.0, "refused short_not_allowed")]
    # what is held already is a no-op, reached or not
    run = play(engine, [FLAT_100, FLAT_100, up], {0: 1, 1: 1}, panels={"entry_level": {1: 102.0}})
    assert (len(run.fills), run.no_op) == (1, 1)


def test_a_slot_that_left_its_side_at_the_open_may_not_come_back_in_the_bar(engine: Engine) -> None:
    # S = 95 is gapped at 94 on bar 2; the buy stop at 97 of bar 1 would be reached
    bars: list[Bar] = [FLAT_100, FLAT_100, (94.0, 98.0, 93.0, 97.0)]
    panels: dict[str, Cells] = {"stop_level": {0: 95.0}, "entry_level": {1: 97.0}}
    run = play(engine, bars, {0: 1, 1: 1}, panels=panels, max_adds=1)
    assert log(run)[1:] == [(1, 1, 0.0, "refused exited_this_bar")]


def test_an_add_at_a_level_keeps_levels_and_must_be_on_this_side_of_the_stop(engine: Engine) -> None:
    # 1 at 100 with S = 95; a buy limit at 98 adds 1 at 98 during bar 2, where nothing else happens: average 99
    bars: list[Bar] = [FLAT_100, FLAT_100, (100.0, 101.0, 97.0, 99.0), (99.0, 100.0, 94.0, 95.0)]
    panels: dict[str, Cells] = {"stop_level": {0: 95.0, 1: 90.0}, "entry_level": {1: 98.0}}
    run = play(engine, bars, {0: 1, 1: 1}, order=LIMIT_ORDER, panels=panels, max_adds=1)
    assert fills(run) == [(1, 1.0, 100.0, "entry"), (2, 1.0, 98.0, "add"), (3, -2.0, 95.0, "stop")]
    assert run.trades["entry_price"][0] == 99.0
    # at the stop itself: refused before the stop takes the position
    panels = {"stop_level": {0: 95.0}, "entry_level": {1: 95.0}}
    bars[2] = (100.0, 101.0, 94.0, 99.0)
    run = play(engine, bars, {0: 1, 1: 1}, order=LIMIT_ORDER, panels=panels, max_adds=1)
    assert log(run)[1] == (1, 1, 0.0, "refused stop_beyond_entry")
    assert fills(run)[1] == (2, -1.0, 95.0, "stop")


# ---- the own bar of a resting entry


@pytest.mark.parametrize(
    ("rules", "left", "ambiguous"),
    [
        ({}, [(1, 95.0, "stop")], 1),
        ({"same_bar": TARGET_FIRST}, [(1, 108.0, "target")], 1),
        ({"entry_bar_exits": 0}, [], 0),
        # H - O = 9, O - L = 6: O-L-H-C: the low comes before 102, then T = 108 on the rest of the leg
        (PATH, [(1, 108.0, "target")], 1),
    ],
    ids=["stop_first", "target_first", "no_exits", "path"],
)
def test_its_own_bar_meets_the_stop_though_the_low_may_have_come_before(
    engine: Engine, rules: dict[str, Any], left: list[tuple[Any, ...]], ambiguous: int
) -> None:
    # a buy stop at 102 with S = 95 and T = 108
    panels: dict[str, Cells] = {"entry_level": {0: 102.0}, "stop_level": {0: 95.0}, "target_level": {0: 108.0}}
    run = play(engine, [FLAT_100, (100.0, 109.0, 94.0, 103.0)], {0: 1}, panels=panels, **rules)
    assert fills(run)[0] == (1, 1.0, 102.0, "entry")
    assert after(run) == left
    assert run.trades["ambiguous"].tolist() == [ambiguous]


def test_its_own_bar_moves_nothing_but_from_the_fill_price(engine: Engine) -> None:
    # a buy stop at 102, R = 5: H = 110 does not count; break-even at once (be 0) at the end of the bar: S = 102
    plan = {"sl": 1.0, "be": 0.0, "trail_at": 1.0, "trail_by": 1.0}
    bars: list[Bar] = [FLAT_100, (100.0, 110.0, 98.0, 106.0), (106.0, 106.5, 101.0, 102.0)]
    panels: dict[str, Cells] = {"entry_level": {0: 102.0}, "risk_unit": {0: 5.0}}
    run = play(engine, bars, {0: 1}, plan=plan, panels=panels)
    assert after(run) == [(2, 102.0, "break_even")]
    # the low may have come after, so it is the worst price; the high may have come before: the best is bar 2's
    assert (run.trades["worst_price"][0], run.trades["best_price"][0]) == (98.0, 102.0)
    # on a path, O-L-H-C: 98 was before; then up to 110, S = 105, and the close, 106, is above it; bar 2 hits 105
    run = play(engine, bars, {0: 1}, plan=plan, panels=panels, **PATH)
    assert after(run) == [(2, 105.0, "trailing")]
    assert (run.trades["worst_price"][0], run.trades["best_price"][0]) == (102.0, 110.0)


def test_on_a_path_a_limit_entry_goes_on_down_its_leg(engine: Engine) -> None:
    # H - O = 2 < O - L = 6: O-H-L-C; bought at 97 on the way down, S = 95 further down
    panels: dict[str, Cells] = {"entry_level": {0: 97.0}, "stop_level": {0: 95.0}, "target_level": {0: 101.0}}
    run = play(engine, [FLAT_100, (100.0, 102.0, 94.0, 101.0)], {0: 1}, order=LIMIT_ORDER, panels=panels, **PATH)
    assert after(run) == [(1, 95.0, "stop")]
    # with S = 93 the low leaves it alone, and the close's leg goes up to T = 101
    panels["stop_level"] = {0: 93.0}
    run = play(engine, [FLAT_100, (100.0, 102.0, 94.0, 101.0)], {0: 1}, order=LIMIT_ORDER, panels=panels, **PATH)
    assert after(run) == [(1, 101.0, "target")]
    assert (run.trades["worst_price"][0], run.trades["best_price"][0]) == (94.0, 101.0)


# ---- an order of the other side against a held position


REVERSALS = [
    # a long at 100 with S and T meets a sell order on bar 2
    # name, order, level, S, T, bar 2, rules, exit, then what the order did
    ("stop order before the stop", STOP_ORDER, 97.0, 95.0, 105.0, (100.0, 101.0, 94.0, 96.0), {},
     (97.0, "reverse"), 97.0),
    ("stop order at the stop", STOP_ORDER, 95.0, 95.0, 105.0, (100.0, 101.0, 94.0, 96.0), {},
     (95.0, "stop"), "refused exited_this_bar"),
    ("stop order behind the stop", STOP_ORDER, 94.5, 95.0, 105.0, (100.0, 101.0, 94.0, 96.0), {"opposite_in_bar": 1},
     (95.0, "stop"), 94.5),
    ("stop order behind the stop, not reached", STOP_ORDER, 93.0, 95.0, 105.0, (100.0, 101.0, 94.0, 96.0), {},
     (95.0, "stop"), "expired not_reached"),
    ("stop order and no stop", STOP_ORDER, 97.0, None, None, (100.0, 101.0, 94.0, 96.0), {}, (97.0, "reverse"), 97.0),
    ("stop order before the target", STOP_ORDER, 97.0, 95.0, 105.0, (100.0, 106.0, 96.0, 100.0), {},
     (97.0, "reverse"), 97.0),
    ("stop order behind the target", STOP_ORDER, 97.0, 95.0, 105.0, (100.0, 106.0, 96.0, 100.0),
     {"same_bar": TARGET_FIRST}, (105.0, "target"), "refused exited_this_bar"),
    ("limit order before the target", LIMIT_ORDER, 103.0, 95.0, 105.0, (100.0, 106.0, 99.0, 104.0), {},
     (103.0, "reverse"), 103.0),
    ("limit order at the target", LIMIT_ORDER, 105.0, 95.0, 105.0, (100.0, 106.0, 99.0, 104.0), {},
     (105.0, "target"), "refused exited_this_bar"),
    ("limit order behind the target", LIMIT_ORDER, 105.5, 95.0, 105.0, (100.0, 106.0, 99.0, 104.0),
     {"opposite_in_bar": 1}, (105.0, "target"), 105.5),
    ("limit order, stop first", LIMIT_ORDER, 103.0, 95.0, 105.0, (100.0, 106.0, 94.0, 104.0), {},
     (95.0, "stop"), "refused exited_this_bar"),
    ("limit order, target first", LIMIT_ORDER, 103.0, 95.0, 105.0, (100.0, 106.0, 94.0, 104.0),
     {"same_bar": TARGET_FIRST}, (103.0, "reverse"), 103.0),
    ("limit order, not reached", LIMIT_ORDER, 107.0, 95.0, 108.0, (100.0, 106.0, 96.0, 104.0), {},
     None, "expired not_reached"),
    # H - O = 6, O - L = 6: O-L-H-C
    ("path down to the stop, then up to the limit", LIMIT_ORDER, 103.0, 95.0, 105.0, (100.0, 106.0, 94.0, 104.0),
     {**PATH, "opposite_in_bar": 1}, (95.0, "stop"), 103.0),
    # H - O = 5 < O - L = 6: O-H-L-C
    ("path up to the limit", LIMIT_ORDER, 103.0, 95.0, 105.0, (100.0, 105.0, 94.0, 102.0), PATH,
     (103.0, "reverse"), 103.0),
    ("path up to the target, then down to the stop order", STOP_ORDER, 97.0, 95.0, 105.0, (100.0, 105.0, 94.0, 96.0),
     {**PATH, "opposite_in_bar": 1}, (105.0, "target"), 97.0),
    ("path down over the stop to the stop order", STOP_ORDER, 94.5, 95.0, 105.0, (100.0, 106.0, 94.0, 96.0),
     {**PATH, "opposite_in_bar": 1}, (95.0, "stop"), 94.5),
    ("path down to the stop order at the stop", STOP_ORDER, 95.0, 95.0, 105.0, (100.0, 106.0, 94.0, 96.0), PATH,
     (95.0, "stop"), "refused exited_this_bar"),
    ("path, the limit not reached", LIMIT_ORDER, 106.5, 95.0, 105.0, (100.0, 106.0, 94.0, 96.0), PATH,
     (95.0, "stop"), "expired not_reached"),
]  # fmt: skip


@pytest.mark.parametrize("mirrored", [False, True], ids=["long", "short"])
@pytest.mark.parametrize(
    ("order", "level", "stop", "target", "bar", "rules", "exit_", "then"),
    [row[1:] for row in REVERSALS],
    ids=[str(row[0]) for row in REVERSALS],
)
def test_an_order_of_the_other_side_meets_a_held_position(
    engine: Engine, order: int, level: float, stop: float | None, target: float | None, bar: tuple[float, ...],
    rules: dict[str, Any], exit_: tuple[float, str] | None, then: float | str, mirrored: bool,
) -> None:  # fmt: skip
    def at(price: float) -> float:
        return 200.0 - price if mirrored else price

    side = -1 if mirrored else 1
    levels = {"stop_level": stop, "target_level": target}
    panels: dict[str, Cells] = {name: {0: at(price)} for name, price in levels.items() if price is not None}
    panels["entry_level"] = {1: at(level)}
    second = tuple(at(price) if mirrored else price for price in bar)
    high, low = max(second), min(second)
    if mirrored and rules.get("same_bar") == ALONG_PATH and high - second[0] == second[0] - low:
        low -= 0.25  # equal distances fall first, which is no mirror image: let the high be the nearer one
    run = play(
        engine, [FLAT_100, FLAT_100, (second[0], high, low, second[3])], {0: side, 1: -side}, order=order,
        panels=panels, **rules,
    )  # fmt: skip
    expected: list[tuple[Any, ...]] = [(2, -float(side), at(exit_[0]), exit_[1])] if exit_ else []
    if isinstance(then, str):
        row = (1, -side, 0.0, then)
    else:
        expected.append((2, -float(side), at(then), "entry"))
        row = (1, -side, 1.0, "filled")
    assert fills(run)[1:] == expected
    assert log(run)[-1] == row


def test_targets_before_a_limit_order_fill_and_those_behind_it_do_not(engine: Engine) -> None:
    # 4 units, half at T1 = 102.5; the sell limit at 104 takes the 2 that are left, T2 = 105 nothing
    plan = {"tp1": 0.5, "f1": 0.5, "tp2": 1.0, "f2": 0.5}
    bars: list[Bar] = [FLAT_100, FLAT_100, (100.0, 106.0, 99.0, 105.0)]
    panels: dict[str, Cells] = {"risk_unit": {0: 5.0, 1: 5.0}, "entry_level": {1: 104.0}}
    run = play(engine, bars, {0: 1, 1: -1}, order=LIMIT_ORDER, plan=plan, size=4.0, panels=panels)
    assert fills(run)[1:] == [
        (2, -2.0, 102.5, "target"),
        (2, -2.0, 104.0, "reverse"),
        (2, -4.0, 104.0, "entry"),
    ]
    # the long met the low before, and left at 104; the short's own bar meets neither of its targets
    assert (run.trades["worst_price"][0], run.trades["best_price"][0]) == (99.0, 104.0)


def test_the_exit_half_pays_what_its_order_pays_and_needs_no_entry(engine: Engine) -> None:
    bars: list[Bar] = [FLAT_100, FLAT_100, (100.0, 103.0, 97.0, 100.0)]
    # 1 % of spread: out of the long at 98 x 0.99 by a stop order, at 102 by a limit order; no short is allowed
    for order, level, price in ((STOP_ORDER, 98.0, 97.02), (LIMIT_ORDER, 102.0, 102.0)):
        run = play(
            engine, bars, {0: 1, 1: -1}, order=order, panels={"entry_level": {1: level}}, spread_frac=0.01,
            allow_short=0,
        )  # fmt: skip
        assert fills(run)[1:] == approx([(2, -1.0, price, "reverse")])
        assert log(run)[-1] == (1, -1, 0.0, "refused short_not_allowed")


def test_the_new_side_meets_its_stop_in_the_bar_of_the_reversal(engine: Engine) -> None:
    # out of the long and short at 97, S of the short 102: H = 103 may have come after
    bars: list[Bar] = [FLAT_100, FLAT_100, (100.0, 103.0, 96.0, 98.0)]
    panels: dict[str, Cells] = {"entry_level": {1: 97.0}, "stop_level": {1: 102.0}}
    run = play(engine, bars, {0: 1, 1: -1}, panels=panels)
    assert fills(run)[1:] == [(2, -1.0, 97.0, "reverse"), (2, -1.0, 97.0, "entry"), (2, 1.0, 102.0, "stop")]
    # on the path, H - O = 3 < O - L = 4, the high came before
    run = play(engine, bars, {0: 1, 1: -1}, panels=panels, **PATH)
    assert fills(run)[1:] == [(2, -1.0, 97.0, "reverse"), (2, -1.0, 97.0, "entry")]


def test_an_order_passed_by_the_open_reverses_there(engine: Engine) -> None:
    # the sell stop at 97 is passed by 96: out and short at 96 x 0.99; a sell limit at 97 by 98, without slippage
    for order, open_, price in ((STOP_ORDER, 96.0, 95.04), (LIMIT_ORDER, 98.0, 98.0)):
        bars: list[Bar] = [FLAT_100, FLAT_100, (open_, 99.0, 95.0, 97.0)]
        run = play(engine, bars, {0: 1, 1: -1}, order=order, panels={"entry_level": {1: 97.0}}, spread_frac=0.01)
        assert fills(run)[1:] == approx([(2, -1.0, price, "reverse"), (2, -1.0, price, "entry")])


def test_volume_that_holds_back_the_exit_half_refuses_the_entry(engine: Engine) -> None:
    # 4 of 10 leave at 97 with a tenth of a volume of 40, the others at the next open
    bars: list[Bar] = [FLAT_100, FLAT_100, (100.0, 101.0, 96.0, 98.0, 40.0), (99.0, 99.0, 99.0, 99.0)]
    run = play(
        engine, bars, {0: 1, 1: -1}, size=10.0, panels={"entry_level": {1: 97.0}}, max_volume_share=0.1
    )  # fmt: skip
    assert fills(run)[1:] == [(2, -4.0, 97.0, "reverse"), (3, -6.0, 99.0, "reverse")]
    assert log(run)[1:] == [(1, -1, 0.0, "refused exit_pending")]


def test_an_exit_that_waits_already_refuses_the_order(engine: Engine) -> None:
    # the stop takes 4 of 10 on bar 2, the 6 that wait take all of bar 3's 6; the order of bar 2 finds no long left
    thin = (100.0, 101.0, 94.0, 98.0, 40.0)
    bars: list[Bar] = [FLAT_100, FLAT_100, thin, (99.0, 101.0, 95.0, 96.0, 10.0), FLAT_100]
    run = play(
        engine, bars, {0: 1, 2: -1}, size=10.0, panels={"stop_level": {0: 95.0}, "entry_level": {2: 97.0}},
        max_volume_share=0.1,
    )  # fmt: skip
    # bar 3 gives 1 of a volume of 10, so 5 still wait
    assert fills(run)[1:] == [(2, -4.0, 95.0, "stop"), (3, -1.0, 99.0, "stop"), (4, -5.0, 100.0, "stop")]
    assert log(run)[1:] == [(2, -1, 0.0, "refused exit_pending")]


def test_a_cooldown_bars_the_other_side_after_the_stop_of_the_same_bar(engine: Engine) -> None:
    bars: list[Bar] = [FLAT_100, FLAT_100, (100.0, 101.0, 94.0, 96.0)]
    panels: dict[str, Cells] = {"stop_level": {0: 95.0}, "entry_level": {1: 94.5}}
    run = play(engine, bars, {0: 1, 1: -1}, panels=panels, opposite_in_bar=1, cooldown_bars=1)
    assert fills(run)[1:] == [(2, -1.0, 95.0, "stop")]
    assert log(run)[1:] == [(1, -1, 0.0, "refused cooldown")]


# ---- money: one equity, batches, cash


def test_orders_are_sized_on_the_equity_of_the_open(engine: Engine) -> None:
    # slot 0 holds 50 from 100; bar 2 opens at 110: E = 10,500. Slot 1 buys 0.5 x 10,500 / 50 = 105 at its stop of 50,
    # though slot 0 falls to 80 inside the bar
    bars: list[Any] = [
        [FLAT_100, FLAT_100, (110.0, 110.0, 80.0, 80.0)],
        [(40.0,) * 4, (40.0,) * 4, (40.0, 51.0, 40.0, 50.0)],
    ]
    run = play(engine, bars, {(0, 0): 1, (1, 1): 1}, rule=FRACTION, size=0.5, panels={"entry_level": {(1, 1): 50.0}})
    # 5,000 in cash are left: 100 of the 105
    assert fills(run) == [(1, 0, 50.0, 100.0, "entry"), (2, 1, 100.0, 50.0, "entry")]
    assert log(run)[-1] == (1, 1, 1, 100.0, "reduced cash")
    assert run.decisions["requested"][-1] == 105.0


def test_money_that_leaves_inside_the_bar_is_not_the_batches_to_spend(engine: Engine) -> None:
    # slot 0 puts all into the market and leaves by its target inside bar 2: slot 1's order has no cash
    bars: list[Any] = [
        [FLAT_100, FLAT_100, (100.0, 106.0, 100.0, 105.0)],
        [FLAT_100, FLAT_100, (100.0, 102.0, 100.0, 101.0)],
    ]
    panels: dict[str, Cells] = {"entry_level": {(1, 1): 101.0}, "target_level": {(0, 0): 105.0}}
    run = play(engine, bars, {(0, 0): 1, (1, 1): 1}, size=100.0, panels=panels)
    assert fills(run) == [(1, 100.0, 100.0, "entry"), (2, -100.0, 105.0, "target")]  # of slot 0 alone
    assert log(run)[-1] == (1, 1, 1, 0.0, "refused cash")


def test_a_reversal_spends_the_cash_that_its_own_exit_brought(engine: Engine) -> None:
    # 100 bought at 100 with all the cash; out at 102 by the buy side's opposite, a sell limit, and short 100 there:
    # buying power is the equity of 10,200 less nothing held, which 100 x 102 fits exactly
    bars: list[Bar] = [FLAT_100, FLAT_100, (100.0, 103.0, 99.0, 101.0)]
    run = play(engine, bars, {0: 1, 1: -1}, order=LIMIT_ORDER, size=100.0, panels={"entry_level": {1: 102.0}})
    assert fills(run)[1:] == [(2, -100.0, 102.0, "reverse"), (2, -100.0, 102.0, "entry")]


def test_market_entries_go_before_resting_ones_and_caps_count_them(engine: Engine) -> None:
    # one position at most: slot 1's market entry is made at the open, slot 0's order then finds the cap full
    bars: list[Any] = [[FLAT_100, (100.0, 103.0, 99.0, 101.0)], [FLAT_100, FLAT_100]]
    panels: dict[str, Cells] = {"entry_level": {(0, 0): 102.0}, "confidence": {(0, 0): 1.0, (0, 1): 0.25}}
    run = play(engine, bars, {(0, 0): 1, (0, 1): 1}, panels=panels, max_open_positions=1)
    assert fills(run) == [(1, 1, 1.0, 100.0, "entry")]
    assert log(run) == [(0, 1, 1, 1.0, "filled"), (0, 0, 1, 0.0, "refused max_open_positions")]


def test_resting_entries_are_ranked_among_themselves(engine: Engine) -> None:
    # both are reached; the surer one, slot 1, takes the only place though slot 0 comes first
    reached = (100.0, 103.0, 99.0, 101.0)
    panels: dict[str, Cells] = {
        "entry_level": {(0, 0): 102.0, (0, 1): 101.0}, "confidence": {(0, 0): 0.5, (0, 1): 0.75}
    }  # fmt: skip
    run = play(
        engine, [[FLAT_100, reached], [FLAT_100, reached]], {(0, 0): 1, (0, 1): 1}, panels=panels, max_open_positions=1
    )
    assert fills(run) == [(1, 1, 1.0, 101.0, "entry")]


# ---- this-close: orders rest in the next bar there too


def test_with_intents_at_the_close_an_order_rests_in_the_next_bar(engine: Engine) -> None:
    # the buy stop of bar 0 fills inside bar 1; bar 1's own intent, an exit, leaves at that bar's close
    bars: list[Bar] = [FLAT_100, (100.0, 103.0, 99.0, 101.0), FLAT_100]
    run = play(engine, bars, {0: 1, 1: 2}, panels={"entry_level": {0: 102.0}}, intents_fill_at=1)
    assert fills(run) == [(1, 1.0, 102.0, "entry"), (1, -1.0, 101.0, "exit_signal")]
    # passed by the open, it reverses what was entered at the close before
    bars = [FLAT_100, (100.0, 101.0, 99.0, 100.0), (96.0, 97.0, 95.0, 96.0)]
    run = play(engine, bars, {0: 1, 1: -1}, panels={"entry_level": {1: 97.0}}, intents_fill_at=1)
    assert fills(run) == [(0, 1.0, 100.0, "entry"), (2, -1.0, 96.0, "reverse"), (2, -1.0, 96.0, "entry")]


def test_with_intents_at_the_close_a_waiting_rest_is_tried_at_the_close_only(engine: Engine) -> None:
    # 4 of 10 are bought at bar 0's close with a tenth of a volume of 40; the open of bar 1, 90, is left alone
    bars: list[Bar] = [(100.0, 100.0, 100.0, 100.0, 40.0), (90.0, 96.0, 89.0, 95.0, 1000.0), FLAT_100]
    run = play(engine, bars, {0: 1}, size=10.0, max_volume_share=0.1, intents_fill_at=1)
    assert fills(run) == [(0, 4.0, 100.0, "entry"), (1, 6.0, 95.0, "entry")]


def test_with_new_edge_an_order_of_the_side_that_lasts_is_a_no_op(engine: Engine) -> None:
    # stopped on bar 1 while bar 0 shows the side; bar 1 shows it too, bar 2 does not, bar 3 is fresh
    bars: list[Bar] = [FLAT_100, (100.0, 100.0, 94.0, 96.0), *[(100.0, 103.0, 99.0, 100.0)] * 3]
    panels: dict[str, Cells] = {"stop_level": {0: 95.0}, "entry_level": {1: 102.0, 3: 102.0}}
    run = play(engine, bars, {0: 1, 1: 1, 3: 1}, panels=panels, reenter=1)
    assert [row[0] for row in fills(run)] == [1, 1, 4]
    assert run.no_op == 1
