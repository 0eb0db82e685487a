"""What hangs on bars whose inside nobody knows: both orders replayed, and what finer bars settle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hand_runs import BOTH, CALM, Row, inputs_of, run_config

from stratkit.backtest import Inputs, RunConfig, replay, score_backtest
from stratkit.reports.ambiguity_words import ambiguity_lead, ambiguity_lines, ambiguity_rows
from stratkit.research import ambiguity as room
from stratkit.research.ambiguity import NOT_A_BOUND, Ambiguity, ambiguity_of
from stratkit.strategies.desk import desk_of

# long 100 units at 100 on bar 1, stop 95, target 105; bar 2 holds both
ONE_AMBIGUOUS = [CALM, CALM, BOTH, CALM]
UP: Row = (100.0, 106.0, 99.5, 100.0)
DOWN: Row = (100.0, 100.5, 94.0, 100.0)


def judged(inputs: Inputs, **execution: Any) -> Ambiguity:
    config = run_config(execution=execution)
    result = replay(config, inputs)
    return ambiguity_of(config, inputs, result, score_backtest(config, inputs.bars, result)[0])


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The `same_bar` of every replay that the ambiguity asks for."""
    asked: list[str | None] = []

    def watched(config: RunConfig, inputs: Inputs) -> Any:
        asked.append(config.execution.same_bar)
        return replay(config, inputs)

    monkeypatch.setattr(room, "replay", watched)
    return asked


def test_one_ambiguous_bar_is_worth_the_way_from_stop_to_target() -> None:
    found = judged(inputs_of(ONE_AMBIGUOUS, {0: 1}))
    assert (found.bars, found.trades) == (1, 1)
    # 100 units lose or win 5 each of 100,000
    assert found.stop_first["total_return"] == pytest.approx(-0.005, rel=1e-12)
    assert found.target_first["total_return"] == pytest.approx(0.005, rel=1e-12)
    assert found.spread["total_return"] == pytest.approx(0.01, rel=1e-12)
    # the only fall is the stop; with the target first there is none
    assert found.stop_first["max_drawdown"] == pytest.approx(-0.005, rel=1e-12)
    assert found.target_first["max_drawdown"] == 0.0
    assert found.spread["max_drawdown"] == pytest.approx(0.005, rel=1e-12)
    assert found.stop_first["sharpe"] == pytest.approx(-found.target_first["sharpe"])
    assert found.spread["sharpe"] == pytest.approx(2 * abs(found.stop_first["sharpe"]))
    assert found.note == NOT_A_BOUND
    assert found.detail is None


def test_two_ambiguous_bars_of_one_trade_are_counted_apart_from_the_trade() -> None:
    # half leaves at the target of bar 2; with the stop first all leaves at once, so the path of events is another
    plan = {"risk_basis": "distance", "risk": 5, "sl": 1, "tp1": 1, "f1": 0.5, "tp2": 1.1, "f2": 0.5}
    config = run_config(execution={"same_bar": "target_first"}, exit_plan=plan)
    inputs = inputs_of([CALM, CALM, (100.0, 105.2, 96.0, 100.0), BOTH, CALM], {0: 1})
    result = replay(config, inputs)
    found = ambiguity_of(config, inputs, result, score_backtest(config, inputs.bars, result)[0])
    assert (found.bars, found.trades) == (1, 1)
    # 50 units at 105; then 50 at 105.5, or stopped at 95
    assert found.target_first["total_return"] == pytest.approx(0.00525, rel=1e-12)
    assert found.stop_first["total_return"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("execution", "replayed"),
    [
        ({}, ["target_first"]),
        ({"same_bar": "target_first"}, ["stop_first"]),
        ({"profile": "tradingview"}, ["stop_first", "target_first"]),
        ({"profile": "freqtrade"}, ["stop_first", "target_first"]),
    ],
)
def test_only_the_orders_that_the_run_did_not_have_are_replayed(
    execution: dict[str, Any], replayed: list[str], orders: list[str | None]
) -> None:
    found = judged(inputs_of(ONE_AMBIGUOUS, {0: 1}), **execution)
    assert orders == replayed
    assert found.stop_first["total_return"] == pytest.approx(-0.005)
    assert found.target_first["total_return"] == pytest.approx(0.005)


def test_nothing_is_replayed_when_nothing_is_ambiguous(orders: list[str | None]) -> None:
    found = judged(inputs_of([CALM, CALM, DOWN, CALM], {0: 1}))
    assert orders == []
    assert (found.bars, found.trades) == (0, 0)
    assert found.stop_first == found.target_first
    assert found.stop_first["total_return"] == pytest.approx(-0.005)
    assert set(found.spread.values()) == {0.0}
    assert not ambiguity_lines(found)
    assert not ambiguity_rows(found)


@pytest.mark.parametrize(
    ("pieces", "flipped", "left"),
    [
        ((UP, DOWN), 1, 0),  # the target came first
        ((DOWN, UP), 0, 0),  # the stop did, as assumed
        ((CALM, BOTH), 0, 1),  # nobody knows it any better
    ],
)
def test_finer_bars_say_how_many_outcomes_they_flipped(pieces: tuple[Row, Row], flipped: int, left: int) -> None:
    found = judged(inputs_of(ONE_AMBIGUOUS, {0: 1}, [CALM] * 4 + [*pieces] + [CALM] * 2))
    assert found.detail is not None
    assert (found.detail.flipped, found.detail.ambiguous_without, found.bars) == (flipped, 1, left)
    assert (found.detail.frequency, found.detail.bars_walked, found.detail.bars_whole) == ("12h", 4, 0)


def test_a_trade_that_stays_open_only_with_finer_bars_is_flipped() -> None:
    # a stop of 95 is touched before the entry rests at 103: without pieces the entry's own bar stops it
    rows = [CALM, (100.0, 104.0, 94.0, 103.5), (103.5, 104.0, 103.0, 103.5)]
    pieces: list[Row] = [CALM, CALM, DOWN, (100.0, 104.0, 99.5, 103.5), (103.5, 104.0, 103.0, 103.5)]
    inputs = inputs_of(rows, {0: 1}, [*pieces, pieces[-1]])
    levels = inputs.bars.close * float("nan")
    levels[0] = 103.0
    found = judged(replace(inputs, desk=desk_of(replace(inputs.desk.signals[0], entry_level=levels))))
    assert found.detail is not None
    assert found.detail.flipped == 1


def test_bars_without_pieces_are_counted_as_played_whole() -> None:
    found = judged(inputs_of(ONE_AMBIGUOUS, {0: 1}, [CALM] * 4))
    assert found.detail is not None
    assert (found.detail.bars_walked, found.detail.bars_whole, found.detail.flipped) == (2, 2, 0)


def test_the_words_name_both_results_and_say_that_they_are_no_bound() -> None:
    found = judged(inputs_of(ONE_AMBIGUOUS, {0: 1}, [CALM] * 5 + [BOTH, CALM, CALM]))
    walked, spread = ambiguity_lines(found)
    assert walked == "4 bars walked through 12h bars: 0 trades ended otherwise, 1 ambiguous bar became 1"
    assert spread.startswith("1 bar in 1 trade; stop first or target first: return −0.50% or +0.50%, Sharpe ")
    assert spread.endswith("drawdown −0.50% or 0.00% (not a bound)")
    assert ambiguity_rows(found)[0] == ("return", "−0.50%", "+0.50%", "1.00%")
    assert ambiguity_lines(None) == []


def test_the_page_says_above_its_table_what_the_table_is() -> None:
    found = judged(inputs_of(ONE_AMBIGUOUS, {0: 1}))
    assert ambiguity_lead(found) == [
        "1 bar in 1 trade held two levels, and nobody knows which came first; the run with either order"
    ]
    assert ambiguity_lead(judged(inputs_of([CALM] * 3, {0: 1}))) == ambiguity_lead(None) == []


def test_a_trade_that_is_open_either_way_is_not_flipped() -> None:
    found = judged(inputs_of([CALM] * 3, {0: 1}, [CALM] * 6))
    assert found.detail is not None
    assert found.detail.flipped == 0
