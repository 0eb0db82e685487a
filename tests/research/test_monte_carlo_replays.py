"""Replays of a run: on permuted bars, with trades entered at random, a little beside its parameters, at other costs."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from made_study import FREE, cross_config, study_of

from stratkit.data.bars import Bars
from stratkit.data.planted import planted_market
from stratkit.errors import DataError, UsageError
from stratkit.research.monte_carlo import STOPPED, monte_carlo
from stratkit.research.monte_carlo_entries import entries_at_random, held_trades
from stratkit.research.monte_carlo_jitter import parameter_jitter
from stratkit.research.monte_carlo_permutations import bar_permutation, usual_count
from stratkit.research.monte_carlo_plain import monte_carlo_record, summary
from stratkit.research.monte_carlo_record import PathRow, Procedure
from stratkit.research.monte_carlo_replay import Replayed, Searched
from stratkit.research.monte_carlo_run import StudiedRun
from stratkit.research.monte_carlo_settings import PROCEDURES, MonteCarloSettings
from stratkit.research.monte_carlo_stress import cost_stress
from stratkit.research.monte_carlo_workers import Cut, worked_off
from stratkit.research.permuted_replays import NUMBER, PermutedReplays
from stratkit.research.search_settings import RangeSettings, SearchSettings
from stratkit.research.search_space import search_space_of
from stratkit.research.trials import Assignment, Evaluation, Outcome, Unfinished
from stratkit.runs.json_text import json_text

FEW = MonteCarloSettings(paths=500, permutations=59, jitters=12)
PLANTED = planted_market(1500, seed=5, sharpe_ann=2.5, fast=5, slow=20)


@pytest.fixture(scope="module")
def planted() -> StudiedRun:
    return study_of(cross_config(5, 20), PLANTED)


def row(procedure: Procedure, name: str) -> PathRow:
    return next(one for one in procedure.rows if one.name == name)


def test_a_planted_edge_is_found_by_bar_permutation_and_by_random_entries(planted: StudiedRun) -> None:
    permuted = bar_permutation(planted, FEW)
    assert row(permuted, "Sharpe ratio").p_value == pytest.approx(1 / 60)  # as small as 59 permutations can say
    assert row(permuted, "Total return").p_value == pytest.approx(1 / 60)
    entered = entries_at_random(planted, FEW)
    assert row(entered, "P&L of the trades, of the start").p_value < 0.02


def test_p_values_on_noise_are_spread_over_all_of_their_range() -> None:
    """On 40 markets without an edge few p values are small and few are large; their mean has an error of 0.046.

    Random entries are a little conservative for a rule that follows the trend: it has entered after rises that random
    entries may still catch.
    """
    runs = [study_of(cross_config(3, 12), planted_market(400, seed=100 + seed)) for seed in range(40)]
    few = replace(FEW, permutations=19, paths=99)
    permuted = np.array([row(bar_permutation(run, few), "Sharpe ratio").p_value for run in runs])
    entered = np.array([entries_at_random(run, few).rows[0].p_value for run in runs])
    for p_values in (permuted, entered):
        assert 0 < p_values.min() < 0.2
        assert p_values.max() > 0.8
        assert 0.36 < p_values.mean() < 0.70
        assert (p_values <= 0.2).mean() < 0.4


def test_random_entries_keep_holding_times_sizes_and_costs(planted: StudiedRun) -> None:
    dear = study_of(cross_config(5, 20, costs={**FREE, "commission_bps": 50.0}), PLANTED)
    assert dear.replayed is not None
    held = held_trades(dear.trades, dear.replayed)
    assert held.exit_bar - held.entry_bar == pytest.approx(dear.trades.exit_bar - dear.trades.entry_bar)
    # half a percent in and out, of what was held at the entry
    assert held.cost == pytest.approx(0.01, rel=0.2)
    cheap, paid = (row(entries_at_random(run, FEW), "Mean trade, of its size") for run in (planted, dear))
    assert cheap.q50 - paid.q50 == pytest.approx(0.01, rel=0.3)
    assert not (held.at_close).any()  # the crossing leaves at the next open


def test_a_stop_fills_inside_its_bar_and_so_is_held_to_its_close() -> None:
    run = study_of(cross_config(5, 20, exit_plan={"risk_basis": "atr", "sl": 1.0}), planted_market(600, seed=2))
    assert run.replayed is not None
    held = held_trades(run.trades, run.replayed)
    stopped = np.array([reason == "stop" for reason in run.trades.exit_reason])
    assert stopped.any()
    assert held.at_close[stopped].all()
    assert entries_at_random(run, FEW).paths == 500


def test_workers_and_order_of_work_change_no_byte(planted: StudiedRun) -> None:
    few = replace(FEW, permutations=12)
    assert json_text({"rows": [vars(one) for one in bar_permutation(planted, few).rows]}) == json_text(
        {"rows": [vars(one) for one in bar_permutation(planted, replace(few, workers=2)).rows]}
    )
    assert bar_permutation(planted, replace(few, seed=1)).rows != bar_permutation(planted, few).rows


def searched(run: StudiedRun, **settings: Any) -> StudiedRun:
    small = {"fast": RangeSettings(low=2, high=30), "slow": RangeSettings(low=31, high=90)}
    found = SearchSettings(
        sampler="random", trials=8, batch=8, fixed=("direction",), space={**small}, **settings
    )  # fmt: skip
    space = search_space_of(run.config, found)
    return replace(run, searched=Searched(run.config, found, space, 0))


def test_a_search_inside_each_permutation_is_judged_by_its_best_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of eight trials on noise has a good Sharpe ratio, and so has that on permuted noise."""
    noise = planted_market(400, seed=11)
    run = searched(study_of(cross_config(5, 40), noise))
    monkeypatch.setattr("stratkit.research.monte_carlo_permutations.load_bars", lambda _data: noise)
    few = replace(FEW, procedures=("bar_permutation",), permutations=19)
    alone, with_search = (bar_permutation(run, replace(few, reoptimize=again)) for again in (False, True))
    assert "search" in with_search.tests
    assert row(with_search, "Sharpe ratio").q50 > row(alone, "Sharpe ratio").q50  # the best of several is better
    assert row(with_search, "Sharpe ratio").p_value > 0.02
    assert any("the parameters were chosen on these bars" in note for note in alone.notes)


def test_only_runs_of_a_search_can_be_searched_again(planted: StudiedRun) -> None:
    with pytest.raises(UsageError, match="--reoptimize makes the search of a run again; made came from no search"):
        monte_carlo(planted, replace(FEW, reoptimize=True))
    with pytest.raises(UsageError, match="add --procedure bar_permutation"):
        MonteCarloSettings(procedures=("ruin",), reoptimize=True)


def test_history_stays_as_it_is_in_every_permutation() -> None:
    config = cross_config(5, 20, data={"trade_start": "1991-01-01"})
    run = study_of(config, planted_market(600, seed=4))
    assert run.replayed is not None
    found = bar_permutation(run, replace(FEW, permutations=3))
    assert f"the first {run.replayed.history} bars stay as they are" in found.notes
    evaluator = PermutedReplays(config, run.replayed.bars, run.replayed.history, 0)
    first, again, other = (evaluator.evaluate([{NUMBER: number}])[0] for number in (1, 1, 2))
    digests = [one.digest for one in (first, again, other) if isinstance(one, Outcome)]
    assert digests[0] == digests[1] != digests[2]


def test_bars_beside_which_something_dated_stands_are_not_permuted(planted: StudiedRun) -> None:
    assert planted.replayed is not None
    dated = cross_config(data={"actions_path": "splits.csv"})
    with pytest.raises(DataError, match=r"data\.actions_path gives splits and dividends"):
        bar_permutation(replace(planted, replayed=replace(planted.replayed, config=dated)), FEW)


def test_how_many_permutations_are_made_unasked_hangs_on_the_size_of_the_run_alone(planted: StudiedRun) -> None:
    assert planted.replayed is not None
    assert usual_count(planted.replayed) == 999
    large = Replayed(planted.config, planted.replayed.bars, {"reigns": [{"values": {}}] * 30})
    assert usual_count(large) == 74
    with pytest.raises(DataError, match="made when asked for"):
        bar_permutation(replace(planted, replayed=large), MonteCarloSettings())


def test_the_time_told_leaves_out_what_compiling_took(planted: StudiedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 30.0, 100.0, 100.5])  # half a minute compiles, half a second replays
    here = "stratkit.research.monte_carlo_permutations"
    monkeypatch.setattr(f"{here}.time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(f"{here}.worked_off", lambda *_: ([], KeyboardInterrupt()))
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        bar_permutation(planted, FEW, None, said.append)
    assert said == ["59 bar permutations take about 30 s; Ctrl-C keeps those that are done"]


def test_neighbours_differ_and_choices_stay(planted: StudiedRun) -> None:
    found = parameter_jitter(planted, replace(FEW, jitters=30))
    sharpe = row(found, "Sharpe ratio")
    assert sharpe.q05 < sharpe.q95
    assert "moved: fast, slow;" in found.notes[0]
    assert found.paths <= 30
    assert parameter_jitter(planted, replace(FEW, jitters=30, seed=3)).rows != found.rows


def test_a_run_without_numbers_has_no_neighbours() -> None:
    config = cross_config(strategies={"hold": {"enabled": True, "type": "buy_and_hold"}})
    with pytest.raises(DataError, match="a number with bounds"):
        parameter_jitter(study_of(config, PLANTED), FEW)


def test_dearer_trading_leaves_less_and_slippage_is_told_apart() -> None:
    costs = {**FREE, "commission_bps": 5.0, "slippage_bps": 20.0}
    run = study_of(cross_config(5, 20, costs=costs), PLANTED)
    found = cost_stress(run)
    totals = [row(found, f"Total return, {at}").observed for at in ("no costs", "as it is", "costs x2", "costs x5")]
    assert totals == sorted(totals, reverse=True)
    assert row(found, "Total return, costs x2").observed < row(found, "Total return, slippage alone x2").observed
    assert row(found, "Paid on average").observed == pytest.approx(25.0, rel=0.01)
    zero = row(found, "Break-even cost").observed
    assert run.replayed is not None
    flat = run.config.model_copy(update={"costs": run.config.costs.model_copy(update={**FREE, "commission_bps": zero})})
    assert run.replayed.result(config=flat).equity[-1] == pytest.approx(run.initial_cash, rel=0.1)


@dataclass(frozen=True)
class Interrupted:
    """Evaluates until it is stopped at a place."""

    bars: Bars
    at: int

    def evaluate(self, values: Sequence[Assignment], stop_below: Any = None) -> list[Evaluation]:
        if any(one["place"] == self.at for one in values):
            signal.raise_signal(signal.SIGINT)
        return [Unfinished("failed", str(one["place"])) for one in values]


def test_a_stop_keeps_what_was_done_up_to_it() -> None:
    values = [{"place": place} for place in range(5)]
    done, stopped = worked_off(Interrupted(PLANTED, 3), values)
    assert [one.reason for one in done if isinstance(one, Unfinished)] == ["0", "1", "2"]
    assert isinstance(stopped, KeyboardInterrupt)


def test_a_stopped_course_keeps_finished_procedures_and_the_permutations_that_are_done(
    planted: StudiedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = PermutedReplays.evaluate

    def stopped_at_five(self: PermutedReplays, values: Sequence[Assignment], stop_below: Any = None) -> Any:
        if values[0][NUMBER] == 6:
            raise KeyboardInterrupt
        return plain(self, values, stop_below)

    monkeypatch.setattr(PermutedReplays, "evaluate", stopped_at_five)
    few = replace(FEW, procedures=("trade_shuffle", "bar_permutation"))
    course = monte_carlo(planted, few)
    assert isinstance(course.signal, KeyboardInterrupt)
    assert [(one.name, one.paths) for one in course.study.procedures] == [
        ("trade_shuffle", 500),
        ("bar_permutation", 5),
    ]
    assert course.study.procedures[1].notes[-1] == "stopped after 5 of 59 permutations"
    assert STOPPED in dict(course.study.warnings)
    monkeypatch.undo()
    whole = monte_carlo(planted, replace(few, permutations=5)).study
    assert whole.procedures[1].rows == course.study.procedures[1].rows


def test_a_stop_before_anything_is_finished_is_a_stop(planted: StudiedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_given: object, **_more: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("stratkit.research.monte_carlo.trade_shuffle", stop)
    with pytest.raises(KeyboardInterrupt):
        monte_carlo(planted, FEW)
    assert not issubclass(Cut, Exception)


def test_what_needs_bars_says_why_and_the_others_go_on(planted: StudiedRun) -> None:
    gone = replace(planted, replayed=None, unplayable="the bars are gone")
    study = monte_carlo(gone, replace(FEW, procedures=PROCEDURES)).study
    reasons = {one.name: one.reason for one in study.procedures}
    need = {"random_entries", "cost_stress", "parameter_jitter", "bar_permutation"}
    assert {name for name, reason in reasons.items() if reason == "the bars are gone"} == need
    assert all(one.rows for one in study.procedures if one.name not in need)
    assert "NO_REPLAY" in dict(study.warnings)
    with pytest.raises(DataError, match="no procedure can be made of made: the bars are gone"):
        monte_carlo(gone, replace(FEW, procedures=("cost_stress",)))


def test_every_procedure_says_what_it_tests_and_the_record_holds_all(planted: StudiedRun) -> None:
    study = monte_carlo(planted, replace(FEW, procedures=PROCEDURES, permutations=9)).study
    assert {one.name for one in study.procedures} == set(PROCEDURES)
    for one in study.procedures:
        assert one.tests.startswith("tests ")
        assert one.not_answered
        assert one.rows, one.reason
        assert all(not row.p_value <= 0 for row in one.rows)
    record = monte_carlo_record(study)
    assert record["procedures"]["bar_permutation"]["paths"] == 9
    assert '"seed": 0' in json_text(record)
    assert {name for name, _ in summary(study)} >= {"edge", "Sharpe", "drawdown"}
    # two procedures speak of the edge: both are in the record as on the screen
    assert [(line["about"], line["text"]) for line in record["summary"]] == list(summary(study))
