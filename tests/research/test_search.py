"""A search: batches, budget, repetitions, constraints, patience, pruning, the ledger."""

from __future__ import annotations

import math

import numpy as np
import pytest
from search_cases import DIRECTION, FAST, SAMPLERS, SLOW, Counted, Formula, few_bars, peak, run_search, shown

from stratkit.errors import UsageError
from stratkit.inference.trial_sums import TrialSums
from stratkit.research.pruning import stop_below
from stratkit.research.search import SearchProgress
from stratkit.research.search_settings import (
    ConstraintSettings,
    GeneticSettings,
    PruningSettings,
    RangeSettings,
    SearchSettings,
)
from stratkit.research.trials import Assignment, Unfinished

GRID = {
    FAST: RangeSettings(low=5, high=25, step=5, log=False),
    SLOW: RangeSettings(low=50, high=150, step=25, log=False),
}
SMALL = {"space": GRID, "fixed": ("direction",)}  # 25 points


def settings(sampler: str = "random", **more: object) -> SearchSettings:
    return SearchSettings.model_validate({"sampler": sampler, "fixed": ("direction",), "trials": 40, **more})


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_set_of_values_is_replayed_twice_and_numbers_count_up(sampler: str) -> None:
    evaluator = Formula(peak)
    result = run_search(settings(sampler, **SMALL), evaluator)
    asked = [tuple(values.items()) for values in evaluator.calls]
    assert len(set(asked)) == len(asked)
    assert [trial.number for trial in result.trials] == list(range(len(result.trials)))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_small_space_is_tried_whole_and_then_the_search_ends(sampler: str) -> None:
    result = run_search(settings(sampler, trials=500, **SMALL), Formula(peak))
    tried = {(trial.values[FAST], trial.values[SLOW]) for trial in result.trials}
    assert tried == {(fast, slow) for fast in range(5, 26, 5) for slow in range(50, 151, 25)}
    assert len(result.trials) == 25
    assert "25 points" in result.ended
    assert result.trials[result.best or 0].values == {FAST: 20, SLOW: 100}


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_same_seed_gives_the_same_search_and_another_seed_another(sampler: str) -> None:
    small = SMALL if sampler == "grid" else {}
    first, again = (run_search(settings(sampler, **small), Formula(peak)) for _ in range(2))
    assert shown(first) == shown(again)
    other = run_search(settings(sampler, **small), Formula(peak), seed=1)
    assert (shown(first) == shown(other)) == (sampler == "grid")


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name not in ("grid", "random", "qmc")])
def test_a_sampler_that_learns_finds_the_top_better_than_chance(sampler: str) -> None:
    budget = settings(sampler, trials=150, genetic=GeneticSettings(population=20))
    found = [run_search(budget, Formula(peak), seed=seed) for seed in range(3)]
    late = [trial.objectives[0] for result in found for trial in result.complete[75:]]
    early = [trial.objectives[0] for result in found for trial in result.complete[:16]]
    assert np.median(late) > np.median(early)
    assert all(result.trials[result.best or 0].objectives[0] > -0.1 for result in found)


def test_the_budget_counts_replays_and_refused_sets_cost_nothing() -> None:
    rules = ConstraintSettings(parameters=("fast * 4 < slow",))
    result = run_search(settings(constraints=rules), Formula(peak))
    assert len(result.complete) == 40
    refused = [trial for trial in result.trials if trial.state == "infeasible"]
    assert refused
    assert all(trial.values[FAST] * 4 >= trial.values[SLOW] for trial in refused)  # type: ignore[operator]  # both are numbers
    assert all(trial.violation > 0 and trial.reason == "fast * 4 < slow does not hold" for trial in refused)
    assert all(trial.outcome is None for trial in refused)


def test_a_batch_is_asked_whole_so_that_more_trials_begin_like_fewer() -> None:
    few, more = (run_search(settings("tpe", trials=trials), Formula(peak)) for trials in (20, 45))
    assert len(few.trials) == 20
    assert shown(more)[:20] == shown(few)


def test_another_batch_size_is_another_search_for_a_sampler_that_learns() -> None:
    one, other = (run_search(settings("tpe", trials=60, batch=batch), Formula(peak)) for batch in (4, 16))
    assert shown(one) != shown(other)


def test_the_best_keeps_the_constraints_on_results() -> None:
    def answer(values: Assignment) -> dict[str, float]:
        fast = float(values[FAST] or 0)
        return {"sharpe": fast, "trades": 100 - 4 * fast, "max_drawdown": -fast / 100}

    within = ConstraintSettings(min_trades=50, max_drawdown_pct=20, metrics=("sharpe <= 11",))
    result = run_search(settings("grid", constraints=within, **SMALL), Formula(answer))
    assert result.trials[result.best or 0].values[FAST] == 10
    missed = next(trial for trial in result.trials if trial.values[FAST] == 25)
    # 0 trades of 50, a drawdown 5 points deeper than 20, and a ratio of 25 instead of 11
    assert missed.violation == pytest.approx(1.0 + 5 / 25 + 14 / 25)
    assert missed.reason.count("does not hold") == 3
    assert not missed.is_feasible


def test_no_feasible_trial_has_no_best() -> None:
    result = run_search(settings(constraints=ConstraintSettings(min_trades=10)), Formula(peak))
    assert result.best is None
    assert result.front == ()


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "cmaes", "genetic"])
def test_samplers_that_learn_leave_what_misses_a_constraint(sampler: str) -> None:
    def answer(values: Assignment) -> dict[str, float]:
        return {"sharpe": peak(values), "trades": float(values[FAST] or 0)}

    free = settings(sampler, trials=150, genetic=GeneticSettings(population=20))
    bound = free.model_copy(update={"constraints": ConstraintSettings(min_trades=60)})

    def share(of: SearchSettings) -> float:
        late = run_search(of, Formula(answer)).complete[75:]
        return float(np.mean([trial.values[FAST] >= 60 for trial in late]))  # type: ignore[operator]  # a number

    assert share(bound) > share(free) + 0.2


def test_two_objectives_give_a_front_that_nothing_beats() -> None:
    def answer(values: Assignment) -> dict[str, float]:
        fast, slow = float(values[FAST] or 0), float(values[SLOW] or 0)
        return {"sharpe": fast, "max_dd_duration": fast + slow}

    result = run_search(settings("grid", objectives=("sharpe", "max_dd_duration"), **SMALL), Formula(answer))
    # the fewest slow bars with each of the fast ones: best first by the first objective
    assert [result.trials[number].values for number in result.front] == [
        {FAST: fast, SLOW: 50} for fast in (25, 20, 15, 10, 5)
    ]
    assert result.best == result.front[0]


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "nsga3", "genetic", "random", "qmc"])
def test_several_objectives_work_with(sampler: str) -> None:
    result = run_search(settings(sampler, objectives=("sharpe", "total_return"), trials=60), Formula(peak))
    assert len(result.complete) == 60
    assert result.front


def test_cmaes_says_that_it_takes_one_objective() -> None:
    with pytest.raises(UsageError, match="cmaes takes one objective; found 2"):
        run_search(settings("cmaes", objectives=("sharpe", "cagr")), Formula(peak))


def test_an_undefined_objective_is_never_best_and_stops_no_sampler() -> None:
    def answer(values: Assignment) -> float:
        return math.nan if values[FAST] != 15 else 1.0

    for sampler in SAMPLERS:
        result = run_search(settings(sampler, **SMALL), Formula(answer))
        assert result.trials[result.best or 0].values[FAST] == 15


def test_patience_ends_a_search_that_finds_nothing_better() -> None:
    result = run_search(settings(patience=20, trials=500), Formula(lambda _values: 0.5))
    assert result.ended == "20 trials in a row brought nothing better"
    assert 21 <= len(result.trials) <= 48  # one improvement, the first, and whole batches


def test_a_time_limit_ends_before_the_next_batch() -> None:
    result = run_search(settings(time_limit_seconds=1e-9), Formula(peak))
    assert not result.trials
    assert "s are over" in result.ended


def test_a_search_where_nothing_keeps_the_rules_ends() -> None:
    rules = ConstraintSettings(parameters=("fast > slow + 1000",))
    evaluator = Formula(peak)
    result = run_search(settings(constraints=rules), evaluator)
    assert not evaluator.calls
    assert "keeps the rules" in result.ended


def test_what_fails_is_a_trial_with_its_reason() -> None:
    evaluator = Formula(lambda values: Unfinished("failed", "it broke") if values[FAST] == 5 else peak(values))
    result = run_search(settings("grid", **SMALL), evaluator)
    failed = [trial for trial in result.trials if trial.state == "failed"]
    assert len(failed) == 5
    assert {trial.reason for trial in failed} == {"it broke"}


def test_the_ledger_is_told_of_every_replay_once_batch_by_batch() -> None:
    ledger = Counted()
    evaluator = Formula(lambda values: Unfinished("pruned", "poor") if values[FAST] == 5 else peak(values))
    result = run_search(settings("grid", **SMALL), evaluator, ledger=ledger)
    assert [len(call) for call in ledger.calls] == [16, 9]
    entries = [entry for call in ledger.calls for entry in call]
    assert [entry.number for entry in entries] == [trial.number for trial in result.trials]
    assert len({entry.identity for entry in entries}) == 25
    assert {entry.key.implementations for entry in entries} == {("sma_cross",)}
    whole = next(entry for entry in entries if entry.values[FAST] == 10)
    assert whole.edges is not None
    assert whole.edges[0] == few_bars().times[0]
    assert next(entry for entry in entries if entry.values[FAST] == 5).total is None


def test_progress_is_told_after_each_batch() -> None:
    told: list[SearchProgress] = []
    run_search(settings(trials=40), Formula(peak), told=told.append)
    assert [one.done for one in told] == [16, 32, 40]
    assert {one.total for one in told} == {40}
    best = [one.best.objectives[0] for one in told if one.best]
    assert best == sorted(best)
    assert all(one.rate > 0 for one in told)


def test_thresholds_are_percentiles_of_the_sharpe_ratios_that_others_had() -> None:
    # 3 trials, 4 buckets of 2 returns: after half of them the means are 1, 2, 3 and the variances alike
    total = np.array([[2.0, 4.0, 6.0]] * 4)
    squares = total**2 / 2 + 0.5
    sums = TrialSums(np.full(4, 2), total, squares)
    found = stop_below(sums, PruningSettings(folds=2, percentile=50, startup_trials=3))
    deviation = math.sqrt(0.25 * 4 / 3)  # each return lies 0.5 from the mean
    assert found == pytest.approx([2.0 / deviation])
    assert stop_below(sums, PruningSettings(folds=2, startup_trials=4)) is None
    assert stop_below(sums, None) is None


def test_pruning_judges_by_earlier_batches_only() -> None:
    evaluator = Formula(peak)
    run_search(settings(pruning=PruningSettings(folds=4, startup_trials=10)), evaluator)
    assert evaluator.thresholds[0] is None  # of the first batch
    assert all(one is not None and len(one) == 3 for one in evaluator.thresholds[1:])


def test_choices_and_other_keys_are_searched_too() -> None:
    space = {"risk.sizing.fraction": RangeSettings(low=0.25, high=1.0, step=0.25)}
    result = run_search(settings("random", space=space, fixed=(), trials=60), Formula(peak))
    assert {trial.values[DIRECTION] for trial in result.trials} == {"both", "long_only"}
    assert {trial.values["risk.sizing.fraction"] for trial in result.trials} == {0.25, 0.5, 0.75, 1.0}
