"""`Choice`: what a search found on the training bars of one fold, and how its trials hang together there."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.history import traded_bars
from stratkit.frequency import return_periods
from stratkit.inference.evidence import Evidence, evidence
from stratkit.research.assignment import assigned
from stratkit.research.evaluation import Evaluator
from stratkit.research.executors import executor_for
from stratkit.research.objectives import goal_of
from stratkit.research.plateau import robust_choice
from stratkit.research.search import Evaluates, SearchProgress, search
from stratkit.research.search_result import SearchResult
from stratkit.research.search_settings import SearchSettings
from stratkit.research.search_space import search_space_of
from stratkit.research.spliced import SpanEvaluator, spliced, spliced_bars
from stratkit.research.splits import Span
from stratkit.research.trial_returns import risk_free, trial_returns
from stratkit.research.trials import Assignment
from stratkit.runs.ledger import NullLedger
from stratkit.seeds import generator
from stratkit.strategies.parameters import SearchParameter

_SEEDS = 2**31


@dataclass(frozen=True)
class Training:
    """The bars of one fold's training: `config` ends with the last of them, and `bars` too.

    `spans` are those of the bars that trade under `config`; None = all of them, without a hole.
    """

    number: int
    config: RunConfig
    bars: Bars
    spans: tuple[Span, ...] | None = None


@dataclass(frozen=True)
class Choice:
    """What was chosen on a training: `values`, {} where no trial could be, and the `objective` that they reached.

    `trials` were replayed, `feasible` of them kept every constraint. `deflated` is DSR and `overfit` PBO of the search,
    NaN where unknown; `ended` says why it ended. `space` are its dimensions.
    """

    values: Assignment
    objective: float
    trials: int
    feasible: int
    deflated: float = math.nan
    overfit: float = math.nan
    ended: str = ""
    space: tuple[SearchParameter, ...] = field(default=())


Choose = Callable[[Training], Choice]


def _untold(_said: str) -> None:
    """Say nothing of trials that are not counted: they are no trials, only the walk-forward as a whole is one."""


def chosen_by_search(
    settings: SearchSettings, workers: int = 1, told: Callable[[int, SearchProgress], None] | None = None
) -> Choose:
    """Return what chooses by a search, each fold with a seed of its own; `told` hears of the fold and its progress.

    The trials of a fold are not counted in the ledger: what is judged out of sample is the procedure as a whole, and
    that is one trial.
    """

    def choose(training: Training) -> Choice:
        config = training.config
        goal = goal_of(config, settings, search_space_of(config, settings))
        executor: AbstractContextManager[Evaluates] = (
            executor_for(Evaluator(config, training.bars, metrics=goal.metrics), workers)
            if training.spans is None
            else nullcontext(SpanEvaluator(config, training.bars, training.spans, goal.metrics))
        )
        seed = int(generator(config.seed, "research", "walkforward", training.number).integers(_SEEDS))
        number = training.number
        with executor as evaluator:
            result = search(
                config.model_copy(update={"seed": seed}), training.bars, settings, evaluator=evaluator,
                ledger=NullLedger(_untold), progress=None if told is None else lambda now: told(number, now),
                kind="walkforward",
            )  # fmt: skip
        return _choice(training, result, settings.pick)

    return choose


def _choice(training: Training, result: SearchResult, pick: str) -> Choice:
    replayed = sum(trial.state != "infeasible" for trial in result.trials)
    counts = {"trials": replayed, "feasible": len(result.feasible)}
    if result.best is None:
        return Choice({}, math.nan, **counts, ended=result.ended, space=result.space)
    best = result.trials[robust_choice(result) if pick == "robust" else result.best]
    found = _evidence(training, result, best.values)
    overfit = math.nan if found is None or found.overfitting is None else found.overfitting.probability
    deflated = math.nan if found is None else float(found.deflated)
    return Choice(best.values, best.objectives[0], **counts, deflated=deflated, overfit=overfit, ended=result.ended,
                  space=result.space)  # fmt: skip


def _evidence(training: Training, result: SearchResult, values: Assignment) -> Evidence | None:
    sums = result.sums()
    if sums is None:
        return None
    config = assigned(training.config, values)
    replayed, bars = run_backtest(config, training.bars), training.bars
    if training.spans is not None:
        replayed, bars = spliced(replayed, training.spans), spliced_bars(bars, training.spans)
    traded = traded_bars(config.data, training.bars)
    periods = return_periods(traded.times, traded.frequency, config.analytics.periods_per_year)
    unfinished = sum(trial.state == "pruned" for trial in result.trials)
    returns = trial_returns(config, bars, replayed)
    return evidence(returns, sums, unfinished=unfinished, risk_free=risk_free(config, periods))
