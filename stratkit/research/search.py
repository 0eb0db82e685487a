"""`search`: asks a sampler for batches of trials, has them replayed, and tells it what came of them.

A batch has a fixed size and is told whole and in order, so that the result depends on the seed and on the settings,
never on who computed what how fast.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import numpy as np

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.inference.trial_sums import TrialSums
from stratkit.panel import FloatArray
from stratkit.research.dimensions import Point, point_key
from stratkit.research.evaluation import Evaluator
from stratkit.research.executors import InProcess
from stratkit.research.ledger_entries import Counting
from stratkit.research.objectives import Goal, best_of, front_of, goal_of
from stratkit.research.proposer import grid_point, point_count
from stratkit.research.pruning import stop_below
from stratkit.research.samplers import open_proposer
from stratkit.research.search_result import SearchResult
from stratkit.research.search_settings import SearchSettings
from stratkit.research.search_space import search_space_of
from stratkit.research.study_log import KeepsTrials, NoLog, check_same
from stratkit.research.trials import Assignment, Evaluation, Outcome, Trial
from stratkit.research.worklist import Told
from stratkit.runs.ledger_entry import Kind, Ledger
from stratkit.seeds import generator
from stratkit.strategies.parameters import SearchParameter

_IDLE: Final = 50  # batches in a row without a replay, after which nothing new is to be expected
_LISTED: Final = 20_000  # points of a space that are looked through for one that was not tried
_PARTS: Final = 4  # of a batch: between them is looked what another process on the study has finished


class Evaluates(Protocol):
    """Replays sets of values; an `Executor` does."""

    def evaluate(
        self, values: Sequence[Assignment], stop_below: FloatArray | None = None, told: Told | None = None
    ) -> list[Evaluation]:
        """Return what each set came to, in their order; `told` hears of each as soon as it is done."""


@dataclass(frozen=True)
class SearchProgress:
    """How far a search is: replays `done` of at most `total`, the best trial so far, and the seconds it took."""

    done: int
    total: int
    best: Trial | None
    seconds: float

    @property
    def rate(self) -> float:
        """Replays a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0


@dataclass
class _Search:
    """What a search knows; `turn` counts the processes that joined the study before this one."""

    space: tuple[SearchParameter, ...]
    goal: Goal
    settings: SearchSettings
    evaluator: Evaluates
    log: KeepsTrials
    turn: int
    trials: list[Trial] = field(default_factory=list)
    by_point: dict[Point, Trial] = field(default_factory=dict)
    replayed: int = 0
    idle: int = 0  # batches in a row without a replay
    improved: int = 0  # replays when something better was found last
    best: tuple[int, ...] = ()


def search(
    config: RunConfig,
    bars: Bars,
    settings: SearchSettings,
    *,
    evaluator: Evaluates | Evaluator,
    ledger: Ledger,
    log: KeepsTrials | None = None,
    progress: Callable[[SearchProgress], None] | None = None,
    run_id: str = "",
    kind: Kind = "optimize",
    turn: int = 0,
) -> SearchResult:
    """Search the space of `config` and return every trial.

    `evaluator` replays on `bars`: they must end where the search may look no further. Every trial that was replayed is
    added to the `ledger`, batch by batch, under `run_id` and `kind`. Trials that the `log` has are not replayed again.
    A set of values that was tried before takes its outcome, and is no new trial. Sets that break a rule between
    parameters are trials that cost nothing: they do not count to `settings.trials`. Raises `UsageError` for settings
    that do not hold together. Of several processes on one study each has another `turn`: it decides which part of a
    batch is begun with, and nothing else.
    """
    space = search_space_of(config, settings)
    goal = goal_of(config, settings, space)
    proposer = open_proposer(space, goal, settings, config.seed)
    counting = Counting(config, bars, ledger, run_id, kind)
    executor = InProcess(evaluator) if isinstance(evaluator, Evaluator) else evaluator
    state = _Search(space, goal, settings, executor, log or NoLog(), turn)
    points, begun, batch = point_count(space), time.monotonic(), 0
    while not (ended := _ended(state, points, begun)):
        asked = proposer.ask(settings.batch)
        if not asked:
            ended = f"all {len(state.by_point):,} points of the grid were tried"
            break
        if points is not None and all(point_key(values) in state.by_point for values in asked):
            asked = [*asked, *_fresh(state, points, config.seed, batch)]
        first = len(state.trials)
        told = _tried(state, asked)
        counting.add(state.trials[first:])
        _note(state, first)
        proposer.tell(told)
        batch += 1
        if progress is not None:
            best = state.best[0] if state.best else None
            progress(
                SearchProgress(
                    state.replayed, settings.trials, None if best is None else state.trials[best],
                    time.monotonic() - begun,
                )
            )  # fmt: skip
    return SearchResult(
        space, goal.objectives, settings.sampler, config.seed, tuple(state.trials),
        best_of(state.trials, goal.objectives), front_of(state.trials, goal.objectives), ended,
    )  # fmt: skip


def _ended(state: _Search, points: int | None, begun: float) -> str:
    """Return why the search is over, nothing while it is not."""
    settings = state.settings
    if state.replayed >= settings.trials:
        return "1 trial was replayed" if state.replayed == 1 else f"{state.replayed:,} trials were replayed"
    if points is not None and len(state.by_point) >= points:
        return f"all {points:,} points of the space were tried"
    if settings.patience is not None and state.replayed - state.improved >= settings.patience:
        return f"{settings.patience:,} trials in a row brought nothing better"
    if settings.time_limit_seconds is not None and time.monotonic() - begun >= settings.time_limit_seconds:
        return f"{settings.time_limit_seconds:g} s are over"
    if state.idle >= _IDLE:
        return f"{_IDLE} batches in a row held nothing that was new and keeps the rules between parameters"
    return ""


def _tried(state: _Search, asked: Sequence[Assignment]) -> list[Trial]:
    """Try what is new of a batch, and return what came of each set asked for; the last batch may be cut short."""
    new: dict[int, Assignment] = {}
    number = len(state.trials)
    ready: dict[int, Trial] = {}
    place_of: list[int | None] = []  # the number of each set's trial; None: tried in an earlier batch
    numbers: dict[Point, int] = {}
    for values in asked:
        key = point_key(values)
        if key in state.by_point:
            place_of.append(None)
            continue
        if key not in numbers:
            numbers[key] = number
            if broken := state.goal.broken(values):
                reason = "; ".join(f"{text} does not hold" for text in broken)
                ready[number] = Trial(number, values, "infeasible", violation=sum(broken.values()), reason=reason)
            else:
                new[number] = values
            number += 1
        place_of.append(numbers[key])
    left = state.settings.trials - state.replayed
    thresholds = stop_below(_sums(state), state.settings.pruning)
    waiting = list(new)
    while waiting and left > 0:
        now, waiting = waiting[:left], waiting[left:]
        for each, evaluation in _evaluated(state, {one: new[one] for one in now}, thresholds).items():
            ready[each] = _trial(state.goal, each, new[each], evaluation)
            left -= ready[each].state != "infeasible"
    cut = min(waiting, default=number)  # what the budget has no room for was never tried, nor was what follows it
    for each in range(len(state.trials), cut):
        state.trials.append(ready[each])
        state.by_point[point_key(ready[each].values)] = ready[each]
    return [state.by_point[point_key(values)] for values, place in zip(asked, place_of) if place is None or place < cut]


def _evaluated(state: _Search, new: dict[int, Assignment], thresholds: FloatArray | None) -> dict[int, Evaluation]:
    """Return what came of new trials by number: from the log what is done, the rest replayed part by part."""
    found: dict[int, Evaluation] = {}
    for part in _parts(list(new), state.turn) if state.log.is_shared else [list(new)]:
        finished = state.log.finished()
        for number in part:
            if number in finished:
                check_same(number, new[number], finished[number][0])
                found[number] = finished[number][1]
        todo = [number for number in part if number not in found]
        if todo:
            keep = partial(_keep, state.log, todo, new)
            done = state.evaluator.evaluate([new[number] for number in todo], thresholds, keep)
            found |= dict(zip(todo, done, strict=True))
    return {number: found[number] for number in new}


def _keep(
    log: KeepsTrials, numbers: Sequence[int], new: Mapping[int, Assignment], place: int, evaluation: Evaluation
) -> None:
    log.keep(numbers[place], new[numbers[place]], evaluation)


def _parts(numbers: list[int], turn: int) -> Iterator[list[int]]:
    """Yield the numbers in parts: every other process begins at the end, so that two meet in the middle."""
    size = max(1, math.ceil(len(numbers) / _PARTS))
    parts = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    begin = turn // 2 % max(len(parts), 1)
    parts = [*parts[begin:], *parts[:begin]]
    yield from reversed(parts) if turn % 2 else parts


def _trial(goal: Goal, number: int, values: Assignment, evaluation: Evaluation) -> Trial:
    if not isinstance(evaluation, Outcome):
        violation = 1.0 if evaluation.state == "infeasible" else 0.0
        return Trial(number, values, evaluation.state, violation=violation, reason=evaluation.reason)
    missed = goal.missed(evaluation.metrics)
    return Trial(
        number, values, "complete", goal.values_of(evaluation.metrics), sum(missed.values()), evaluation,
        "; ".join(f"{text} does not hold" for text in missed),
    )  # fmt: skip


def _note(state: _Search, first: int) -> None:
    """Count what a batch brought, and whether anything in it is better than all before."""
    replays = [trial for trial in state.trials[first:] if trial.state != "infeasible"]
    state.idle = 0 if replays else state.idle + 1
    state.replayed += len(replays)
    objectives = state.goal.objectives
    candidates = [*(state.trials[number] for number in state.best), *state.trials[first:]]
    best = front_of(candidates, objectives)
    if len(objectives) == 1 and best:
        best = best[:1]
    if best != state.best:
        state.best, state.improved = best, state.replayed


def _sums(state: _Search) -> TrialSums | None:
    """Return the sums of all complete trials so far."""
    if state.settings.pruning is None:
        return None
    outcomes = [trial.outcome for trial in state.trials if trial.outcome is not None]
    if not outcomes:
        return None
    total, squares = (np.column_stack([getattr(one, name) for one in outcomes]) for name in ("total", "squares"))
    return TrialSums(outcomes[0].count, total, squares)


def _fresh(state: _Search, points: int, seed: int, batch: int) -> list[Assignment]:
    """Return points that were not tried yet, drawn at random: the sampler has nothing but repetitions to propose."""
    if points > _LISTED:
        return []
    untried = [values for values in map(_at(state.space), range(points)) if point_key(values) not in state.by_point]
    draw = generator(seed, "research", "search", "fresh", batch)
    chosen = draw.permutation(len(untried))[: state.settings.batch]
    return [untried[place] for place in chosen]


def _at(space: Sequence[SearchParameter]) -> Callable[[int], Assignment]:
    return lambda place: grid_point(space, place)
