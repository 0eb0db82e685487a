"""`walk_record`, `fold_columns`: a walk-forward as plain values and as tables, exact enough to play it again."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.engine.result import BacktestResult
from stratkit.engine.run import Progress
from stratkit.errors import DataError
from stratkit.inference.verdict import RULE, Verdict
from stratkit.panel import IntArray, format_time
from stratkit.research.assignment import assigned
from stratkit.research.fold_choice import Choice
from stratkit.research.search_record import dimension_record, kept_dimension
from stratkit.research.search_settings import SearchSettings
from stratkit.research.splits import Span
from stratkit.research.stitched import Reign, stitched
from stratkit.research.walk_forward import Path, Plan, WalkForward
from stratkit.research.walk_forward_folds import Fold, mean_stability, profitable_share, stability

if TYPE_CHECKING:
    from stratkit.runs.folder import Column

FOLDS: Final = "folds.json"
FORMULAS: Final = {
    "efficiency": "yearly return of the test / yearly return of the training; undefined unless the latter is above 0",
    "walk_forward_efficiency": "yearly return of the account / mean of the trainings' yearly returns",
    "stability": "1 - mean step between neighbouring folds as a share of the range; of a choice a change counts 1",
    "dsr": "DSR of one trial, which is PSR: the walk-forward as a whole is one",
    "pbo": "median over the folds of the PBO of each fold's search, by CSCV",
}


def walk_record(walk: WalkForward, search: SearchSettings, seed: int) -> dict[str, Any]:
    """Return what folds.json says: folds, who decided when in the account, and what all of it is worth."""
    plan = walk.plan
    moves = stability(walk.folds)
    return {
        "version": 1,
        "method": plan.settings.method,
        "walkforward": plan.settings.model_dump(mode="json"),
        "search": search.model_dump(mode="json"),
        "seed": seed,
        "data": plan.config.data.model_dump(mode="json"),
        "folds": [fold_record(walk, fold) for fold in walk.folds],
        "reigns": [
            {
                "start": reign.start,
                "stop": reign.stop,
                "first": _date(plan, plan.first + reign.start),
                "last": _date(plan, plan.first + reign.stop - 1),
                "values": dict(values),
            }
            for reign, values in zip(walk.reigns, _values_of_reigns(walk), strict=True)
        ],
        "sharpe": {
            "estimate": walk.sharpe.estimate,
            "low": walk.sharpe.low,
            "high": walk.sharpe.high,
            "level": walk.sharpe.level,
            "periods": walk.periods,
            "method": walk.sharpe.method,
        },
        "walk_forward_efficiency": walk.efficiency,
        "profitable_share": profitable_share(walk.folds),
        "stability": {**moves, "mean": mean_stability(walk.folds)},
        "evidence": {
            "psr": walk.probabilistic,
            "pbo": walk.overfit,
            "spa_p": walk.superior_p,
        },
        "paths": None
        if plan.settings.method != "combinatorial"
        else {
            "shown": walk.shown,
            "sharpes": [path.sharpe for path in walk.paths],
            "splits": [list(path.splits) for path in walk.paths],
        },
        "formulas": FORMULAS,
    }


def walk_verdict(walk: WalkForward, evidence: Mapping[str, Any] | None) -> Verdict:
    """Return the verdict on a walk-forward whose account stands in the ledger; `evidence` is what evidence.json says.

    Where trials were not counted DSR is not known.
    """
    deflated = (evidence or {}).get("deflated_sharpe")
    return walk.verdict(math.nan if deflated is None else float(deflated))


def verdict_record(walk: WalkForward, evidence: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what evidence.json says beside the figures of the ledger: PBO of the searches inside, and the verdict."""
    word = walk_verdict(walk, evidence)
    return {
        "pbo": walk.overfit,
        "spa_p": walk.superior_p,
        "sharpe_low": walk.sharpe.low,
        "verdict": word.word,
        "rule": RULE,
        "reasons": list(word.reasons),
    }


def decided_by(record: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return what decided the account of a walk-forward, as an input of its run: the digest of who decided when.

    With it a manifest tells two walk-forwards of one configuration apart. Raises `DataError` for a damaged record.
    """
    try:
        deciding = [
            record["walkforward"]["on_switch"],
            *([one["start"], one["stop"], dict(one["values"])] for one in record["reigns"]),
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{FOLDS} must say who decided when; {type(error).__name__}: {error}") from None
    text = json.dumps(deciding, separators=(",", ":"), sort_keys=True)
    return {"folds": {"path": FOLDS, "sha256": hashlib.sha256(text.encode()).hexdigest()}}


def fold_record(walk: WalkForward, fold: Fold) -> dict[str, Any]:
    """Return one fold as plain values."""
    plan, choice = walk.plan, fold.choice
    return {
        "number": fold.number,
        "train": [_span(plan, span) for span in fold.split.train],
        "test": [_span(plan, span) for span in fold.split.test],
        "values": dict(fold.values),
        "chosen": bool(choice.values),
        "objective": choice.objective,
        "trials": choice.trials,
        "feasible": choice.feasible,
        "ended": choice.ended,
        "dsr": choice.deflated,
        "pbo": choice.overfit,
        "in_sample": dict(fold.inside),
        "out_of_sample": dict(fold.outside),
        "efficiency": fold.efficiency,
        "profitable": fold.is_profitable,
    }


def fold_columns(walk: WalkForward) -> dict[str, Column]:
    """Return the columns of folds.parquet: one row per fold; of spans with holes the first and the last bar."""
    folds, plan = walk.folds, walk.plan
    times = plan.bars.times
    edges = {
        "train_first": [fold.split.train[0][0] for fold in folds],
        "train_last": [fold.split.train[-1][1] - 1 for fold in folds],
        "test_first": [fold.split.test[0][0] for fold in folds],
        "test_last": [fold.split.test[-1][1] - 1 for fold in folds],
    }
    columns: dict[str, Column] = {"number": np.arange(len(folds))}
    columns |= {name: times[plan.history + np.array(places)].astype("datetime64[ns]") for name, places in edges.items()}
    for key in stability(folds):
        columns[f"value.{key}"] = _column([fold.values.get(key) for fold in folds])
    columns["trials"] = np.array([fold.choice.trials for fold in folds])
    columns["objective"] = np.array([fold.choice.objective for fold in folds])
    for name in folds[0].inside:
        columns[f"in_sample.{name}"] = np.array([fold.inside[name] for fold in folds])
        columns[f"out_of_sample.{name}"] = np.array([fold.outside[name] for fold in folds])
    columns["efficiency"] = np.array([fold.efficiency for fold in folds])
    columns["pbo"] = np.array([fold.choice.overfit for fold in folds])
    return columns


def path_columns(walk: WalkForward) -> dict[str, Column]:
    """Return the columns of paths.parquet: the equity of each path at each close."""
    times: IntArray = walk.result.times
    return {
        "time": times.astype("datetime64[ns]"),
        **{f"path {number}": path.result.equity for number, path in enumerate(walk.paths)},
    }


def choice_record(choice: Choice) -> dict[str, Any]:
    """Return a choice as plain values, from which `kept_choice` makes it again."""
    return {
        "values": dict(choice.values),
        "objective": choice.objective,
        "trials": choice.trials,
        "feasible": choice.feasible,
        "deflated": choice.deflated,
        "overfit": choice.overfit,
        "ended": choice.ended,
        "space": [dimension_record(dimension) for dimension in choice.space],
    }


def kept_choice(record: Mapping[str, Any]) -> Choice:
    """Return a choice from its plain values; raise `DataError` when they are not those of one."""
    try:
        space = tuple(kept_dimension(one) for one in record["space"])
        return Choice(
            dict(record["values"]), _number(record["objective"]), int(record["trials"]), int(record["feasible"]),
            _number(record["deflated"]), _number(record["overfit"]), str(record["ended"]), space,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"a kept fold must hold what was chosen; {type(error).__name__}: {error}") from None


def played_again(
    record: Mapping[str, Any], config: RunConfig, bars: Bars, progress: Progress | None = None
) -> BacktestResult:
    """Return the account of a walk-forward, played again by what folds.json says of who decided when.

    `config` is that of its run, on `bars`. Raises `DataError` when the record does not hold it.
    """
    try:
        reigns = [
            Reign(assigned(config, dict(one["values"])), int(one["start"]), int(one["stop"]))
            for one in record["reigns"]
        ]
        on_switch = record["walkforward"]["on_switch"]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"folds.json must say who decided when; {type(error).__name__}: {error}") from None
    return stitched(reigns, bars, on_switch, progress)


def _values_of_reigns(walk: WalkForward) -> list[Mapping[str, Any]]:
    order: Sequence[int] = range(len(walk.folds))
    if walk.plan.settings.method == "combinatorial":
        shown: Path = walk.paths[walk.shown]
        order = shown.splits
    return [walk.folds[number].values for number in order]


def _span(plan: Plan, span: Span) -> dict[str, Any]:
    start, stop = span
    return {"first": _date(plan, start), "last": _date(plan, stop - 1), "bars": stop - start}


def _date(plan: Plan, bar: int) -> str:
    return format_time(int(plan.bars.times[plan.history + bar]))


def _column(values: Sequence[Any]) -> Column:
    """Return values as numbers where all of them are, else as JSON text."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values)
    texts = [json.dumps(value) for value in values]
    names = list(dict.fromkeys(texts))
    return np.array([names.index(text) for text in texts], np.int64), names


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
