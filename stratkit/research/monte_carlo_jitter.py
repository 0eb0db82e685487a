"""`parameter_jitter`: the run beside what its neighbours in parameter space come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.errors import ConfigError, DataError, StratkitError, UsageError
from stratkit.panel import FloatArray
from stratkit.research.assignment import value_at
from stratkit.research.fragility import JITTER
from stratkit.research.jitter import jittered
from stratkit.research.monte_carlo_record import PathRow, Procedure, Unit
from stratkit.research.monte_carlo_replay import Replayed
from stratkit.research.monte_carlo_rows import histogram, histograms, path_row
from stratkit.research.monte_carlo_run import StudiedRun
from stratkit.research.monte_carlo_settings import MonteCarloSettings
from stratkit.research.monte_carlo_words import WORDS
from stratkit.research.monte_carlo_workers import Cut, worked_off
from stratkit.research.search_settings import SearchSettings
from stratkit.research.search_space import search_space_of
from stratkit.research.trials import Assignment, Evaluation, Outcome, Unfinished
from stratkit.research.worklist import Told as ToldOfEach
from stratkit.seeds import generator
from stratkit.strategies.parameters import SearchParameter

Told = Callable[[int, int], None]
_FIGURES: Final[tuple[tuple[str, str, Unit], ...]] = (
    ("sharpe", "Sharpe ratio", "ratio"),
    ("total_return", "Total return", "fraction"),
    ("max_drawdown", "Maximum drawdown", "fraction"),
)
_SHARP: Final = 0.5  # of the run's Sharpe ratio: a median neighbour below it makes a spike
_NUMBER: Final = "neighbour"


@dataclass(frozen=True)
class Neighbours:
    """Evaluates sets of values near those of a run: of a walk-forward one set for each reign."""

    config: RunConfig
    bars: Bars
    folds: Mapping[str, Any] | None
    drawn: tuple[tuple[Assignment, ...], ...]
    learned: object | None = None

    def evaluate(
        self, values: Sequence[Assignment], stop_below: FloatArray | None = None, told: ToldOfEach | None = None
    ) -> list[Evaluation]:
        """Return what each neighbour came to, in their order; nothing is stopped early, whatever `stop_below` says."""
        found = [self._evaluated(int(one[_NUMBER] or 0)) for one in values]
        for place, one in enumerate(found):
            if told is not None:
                told(place, one)
        return found

    def _evaluated(self, number: int) -> Evaluation:
        replayed = Replayed(self.config, self.bars, self.folds, learned=self.learned)
        try:
            return replayed.outcome(replayed.result(values=self.drawn[number]))
        except UsageError as error:  # a rule between parameters
            return Unfinished("infeasible", str(error))
        except StratkitError as error:
            return Unfinished("failed", str(error))


def parameter_jitter(run: StudiedRun, settings: MonteCarloSettings, told: Told | None = None) -> Procedure:
    """Replay the run with every numeric parameter a little off, many times.

    The dimensions are those of the search that a run came from, else the parameters with bounds of its strategies.
    Raises `DataError` where there is none, or where the bars are gone.
    """
    replayed = run.replayed
    if replayed is None:
        raise DataError(run.unplayable)
    space = tuple(one for one in space_of(run, replayed) if one.kind in ("int", "float") and one.low != one.high)
    if not space:
        raise DataError("at least one parameter must be a number with bounds; found none")
    drawn = tuple(_drawn(replayed, space, settings))
    numbers = [{_NUMBER: number} for number in range(len(drawn))]
    neighbours = Neighbours(replayed.config, replayed.bars, run.folds, drawn, replayed.learned)
    done, stopped = worked_off(neighbours, numbers, settings.workers, told)
    outcomes = [one for one in done if isinstance(one, Outcome)]
    if not outcomes:
        if stopped is not None:
            raise stopped
        raise DataError("no neighbour of the parameters could be replayed: rules between them, or too few bars")
    found = _made(replayed.outcome(replayed.result()), outcomes, space, len(done), stopped is not None)
    if stopped is not None:
        raise Cut(found, stopped)
    return found


def space_of(run: StudiedRun, replayed: Replayed) -> tuple[SearchParameter, ...]:
    """Return the dimensions in which a run has neighbours."""
    if run.searched is not None:
        return run.searched.space
    settings = SearchSettings()
    if run.folds is not None:
        settings = SearchSettings.model_validate(run.folds["search"])
    try:
        return search_space_of(replayed.config, settings)
    except ConfigError:  # nothing to search is nothing to jitter
        return ()


def _drawn(
    replayed: Replayed, space: Sequence[SearchParameter], settings: MonteCarloSettings
) -> list[tuple[Assignment, ...]]:
    plain = replayed.config.model_dump(mode="json", by_alias=True)
    by_reign = []
    for number, reign in enumerate(replayed.reigns):
        own = {one.name: _number(reign.get(one.name), plain, one) for one in space}
        draw = generator(settings.seed, "montecarlo", "jitter", number)
        moved = jittered(space, own, JITTER, draw, settings.jitters)
        by_reign.append([{**reign, **each} for each in moved])
    return list(zip(*by_reign, strict=True))


def _number(chosen: Any, plain: Mapping[str, Any], one: SearchParameter) -> Any:
    """Return where a parameter is: as chosen, as configured, or its default."""
    if chosen is not None:
        return chosen
    try:
        found = value_at(plain, one.name)
    except ConfigError:  # a parameter that nobody set
        found = None
    return one.default if found is None else found


def _made(
    own: Outcome, outcomes: Sequence[Outcome], space: Sequence[SearchParameter], tried: int, cut: bool
) -> Procedure:
    words = WORDS["parameter_jitter"]
    drawn = {name: np.array([one.metrics[name] for one in outcomes]) for name, _, _ in _FIGURES}
    rows = tuple(path_row(label, unit, "higher", own.metrics[name], drawn[name]) for name, label, unit in _FIGURES)
    better = float((drawn["sharpe"] > own.metrics["sharpe"]).mean())
    keys = ", ".join(one.name.rpartition(".")[2] for one in space)
    notes = [
        f"moved: {keys}; {better:.0%} of the neighbours have a better Sharpe ratio than the run",
        _verdict(rows[0]),
    ]
    if tried > len(outcomes):
        notes.append(f"{tried - len(outcomes)} of {tried} neighbours break a rule between parameters, or failed")
    if cut:
        notes.append(f"stopped after {tried} neighbours")
    shown = [histogram(row.name, row.unit, row.observed, drawn[name]) for row, (name, _, _) in zip(rows, _FIGURES)]
    return Procedure(
        "parameter_jitter", words.title, words.tests, words.varies, len(outcomes), False, rows,
        histograms=histograms(*shown), notes=tuple(notes), not_answered=words.not_answered,
    )  # fmt: skip


def _verdict(sharpe: PathRow) -> str:
    if not sharpe.observed > 0:
        return "the Sharpe ratio of the run is not above 0: there is nothing to fall off from"
    if sharpe.q50 < _SHARP * sharpe.observed:
        return "the median neighbour has less than half of the run's Sharpe ratio: a spike"
    return f"the median neighbour keeps {sharpe.q50 / sharpe.observed:.0%} of the run's Sharpe ratio"
