"""`bar_permutation`: a run, or the search that it came from, against the same bars in random order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from stratkit.analytics.definitions import DEFINITIONS
from stratkit.data.permuted import bar_steps
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.errors import DataError, UsageError
from stratkit.panel import FloatArray
from stratkit.research.monte_carlo_record import PathRow, Procedure
from stratkit.research.monte_carlo_replay import Replayed
from stratkit.research.monte_carlo_rows import histogram, histograms, path_row
from stratkit.research.monte_carlo_run import StudiedRun
from stratkit.research.monte_carlo_settings import PERMUTATIONS, SEARCHES, MonteCarloSettings
from stratkit.research.monte_carlo_words import REOPTIMIZED, WORDS
from stratkit.research.monte_carlo_workers import Cut, worked_off
from stratkit.research.permuted_replays import NUMBER, PermutedReplays
from stratkit.research.search_settings import SearchSettings
from stratkit.research.trials import Outcome
from stratkit.research.walk_forward import plan_walk_forward
from stratkit.research.walk_forward_settings import WalkForwardSettings

Told = Callable[[int, int], None]
Say = Callable[[str], None]
_QUICK_CELLS: Final = 10_000_000  # bars x symbols x permutations: some seconds
_WORTH_IT: Final = 99  # permutations; fewer cannot give a p value below 0.01
_FIGURES: Final = ("sharpe", "total_return", "profit_factor")
_SETTLED: Final = 0.9  # share of the bars that must move
_LONG_S: Final = 10.0  # nobody asks how long less than that takes
_MINUTE_S: Final = 60.0


def bar_permutation(
    run: StudiedRun, settings: MonteCarloSettings, told: Told | None = None, say: Say | None = None
) -> Procedure:
    """Replay a run on permuted bars, or with `settings.reoptimize` make its search again on each.

    `say` hears how long it will take where that is long.
    Raises `DataError` where the bars are gone, or cannot be permuted with what stands beside them, `UsageError` where
    there is no search to be made again. Stopped by a signal it raises `Cut` with the permutations that are done.
    """
    replayed = _permutable(run)
    count = _count(settings, replayed)
    evaluator = permuted_replays(run, replayed, settings)
    moved = bar_steps(evaluator.bars, evaluator.start).moved
    own, each = _timed(evaluator)
    seconds = count * each / settings.workers
    if say is not None and seconds > _LONG_S:
        say(f"{count:,} bar permutations take about {_duration(seconds)}; Ctrl-C keeps those that are done")
    numbers = [{NUMBER: number} for number in range(1, count + 1)]
    done, stopped = worked_off(evaluator, numbers, settings.workers, told)
    if stopped is not None and not done:
        raise stopped
    found = _made(run, evaluator, own, [one for one in done if isinstance(one, Outcome)], moved)
    failed = len(done) - found.paths
    more = [f"{failed} permutations could not be replayed and are left out"] if failed else []
    if stopped is None:
        return _noted(found, more)
    raise Cut(_noted(found, [*more, f"stopped after {len(done):,} of {count:,} permutations"]), stopped)


def _timed(evaluator: PermutedReplays) -> tuple[Outcome, float]:
    """Return what the bars as they are come to, and how many seconds that takes once everything is compiled."""
    begun = time.perf_counter()
    own = evaluator.outcome(evaluator.bars)
    each = time.perf_counter() - begun
    if evaluator.search is not None:  # dwarfs what compiling takes
        return own, each
    begun = time.perf_counter()
    evaluator.outcome(evaluator.bars)
    return own, min(each, time.perf_counter() - begun)


def permuted_replays(run: StudiedRun, replayed: Replayed, settings: MonteCarloSettings) -> PermutedReplays:
    """Return what evaluates the permutations of a run.

    A plain run keeps its history; a search is made on the bars that it was made on; a walk-forward keeps all bars up
    to the first that it tests, the first training among them.
    """
    plain = PermutedReplays(
        replayed.config, replayed.bars, replayed.history, settings.seed, run.folds, learned=replayed.learned
    )
    if not settings.reoptimize:
        return plain
    if run.searched is not None:
        config = run.searched.config.model_copy(update={"data": _data_of(run.searched.config.data, replayed)})
        start = Replayed(config, bars := load_bars(config.data)).history
        return PermutedReplays(config, bars, start, settings.seed, search=run.searched.settings)
    if run.folds is None:
        raise UsageError(f"--reoptimize makes the search of a run again; {run.run_id} came from no search")
    config, walk, search = _walked(run.folds, replayed)
    bars = load_bars(config.data)
    plan = plan_walk_forward(config, bars, walk)
    return PermutedReplays(config, bars, plan.history + plan.first, settings.seed, search=search, walk=walk)


def usual_count(replayed: Replayed) -> int:
    """Return how many permutations are quick, by the size of the run alone, so that each machine makes as many."""
    return 0 if replayed.is_slow else min(PERMUTATIONS, _QUICK_CELLS // max(replayed.cells, 1))


def _count(settings: MonteCarloSettings, replayed: Replayed) -> int:
    if settings.permutations is not None:
        return settings.permutations
    if settings.reoptimize:
        return SEARCHES
    if settings.procedures is not None:
        return PERMUTATIONS
    count = usual_count(replayed)
    if count < _WORTH_IT:
        raise DataError(
            f"{PERMUTATIONS} replays of this run take long, so they are made when asked for: --procedure "
            "bar_permutation, with --permutations N for another number"
        )
    return count


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _MINUTE_S else f"{seconds / _MINUTE_S:.0f} minutes"


def _permutable(run: StudiedRun) -> Replayed:
    replayed = run.replayed
    if replayed is None:
        raise DataError(run.unplayable)
    data = replayed.config.data
    for key in ("detail_path", "actions_path"):
        if getattr(data, key) is not None:
            what = {"detail_path": "finer bars inside the bars", "actions_path": "splits and dividends"}[key]
            raise DataError(f"bars can be permuted when nothing dated hangs on them; data.{key} gives {what}")
    if bar_steps(replayed.bars, replayed.history).moved < 1 - _SETTLED:
        raise DataError(
            "rows of bars are exchanged where the same symbols have a bar; on these bars hardly any may move"
        )
    return replayed


def _walked(folds: Any, replayed: Replayed) -> tuple[Any, WalkForwardSettings, SearchSettings]:
    try:
        data = _data_of(DataSettings.model_validate(folds["data"]), replayed)
        walk = WalkForwardSettings.model_validate(folds["walkforward"])
        search = SearchSettings.model_validate(folds["search"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"folds.json must say how the folds were searched; {error}") from None
    return (
        replayed.config.model_copy(update={"data": data}),
        walk,
        search.model_copy(update={"time_limit_seconds": None}),
    )


def _data_of(before: DataSettings, replayed: Replayed) -> DataSettings:
    """Return which bars a search had, where they are now."""
    return replayed.config.data.model_copy(
        update={"start": before.start, "end": before.end, "trade_start": before.trade_start}
    )


def _made(
    run: StudiedRun, evaluator: PermutedReplays, own: Outcome, outcomes: Sequence[Outcome], moved: float
) -> Procedure:
    search = evaluator.search
    words = WORDS["bar_permutation"] if search is None else REOPTIMIZED
    objectives = () if search is None or evaluator.walk is not None else search.objectives[:1]
    names = tuple(dict.fromkeys((*objectives, *_FIGURES)))
    drawn = {name: np.array([_figure(one, name) for one in outcomes]) for name in names}
    rows = tuple(_row(name, _figure(own, name), drawn[name]) for name in names)
    shown = [histogram(row.name, row.unit, row.observed, drawn[name]) for name, row in zip(names, rows)]
    return Procedure(
        "bar_permutation", words.title, words.tests, words.varies, len(outcomes), False, rows,
        histograms=histograms(*shown), notes=tuple(_notes(run, evaluator, moved)),
        not_answered=words.not_answered,
    )  # fmt: skip


def _figure(outcome: Outcome, name: str) -> float:
    """Return a figure; an undefined one stands where it belongs: nothing traded earns 0, no loss is the best."""
    value = outcome.metrics.get(name, math.nan)
    if name == "sharpe" and math.isnan(value):
        return 0.0
    if name == "profit_factor" and math.isnan(value) and outcome.metrics.get("win_rate", math.nan) > 0:
        return math.inf
    return value


def _row(name: str, own: float, drawn: FloatArray) -> PathRow:
    definition = DEFINITIONS[name]
    unit = definition.unit if definition.unit in ("fraction", "ratio", "bars", "money", "count") else "ratio"
    better = "lower" if definition.better == "lower" else "higher"
    return path_row(definition.label, unit, better, own, drawn, tests=True)  # type: ignore[arg-type]  # one of those


def _notes(run: StudiedRun, evaluator: PermutedReplays, moved: float) -> list[str]:
    notes = []
    if moved < _SETTLED:
        notes.append(
            f"only {moved:.0%} of the bars move: rows are exchanged where the same symbols have a bar, so the test is "
            "blunter than its number of permutations says"
        )
    if evaluator.search is not None:
        notes.append(
            f"each permutation is searched by {evaluator.search.trials:,} trials of {evaluator.search.sampler}"
        )
        if evaluator.walk is None:
            notes.append("all figures are those of the best trial on the bars that were searched, not of the whole run")
    elif run.is_chosen:
        notes.append(
            "the parameters were chosen on these bars: the p values are too small unless --reoptimize is given"
        )
    if evaluator.start:
        notes.append(f"the first {evaluator.start:,} bars stay as they are")
    if evaluator.config.data.series:
        notes.append("external series keep their dates: what they said of the bars is destroyed with the order")
    return notes


def _noted(procedure: Procedure, more: Sequence[str]) -> Procedure:
    return replace(procedure, notes=(*procedure.notes, *more))
