"""`trials_table`, `search_record`: a search as a table and as plain values, exact enough to replay any trial of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.engine.layout import ENGINE_SEMANTICS
from stratkit.errors import DataError, UsageError
from stratkit.research.search_result import SearchResult
from stratkit.research.search_settings import SearchSettings
from stratkit.research.trials import Assignment, Trial
from stratkit.runs.manifest import data_digests, versions
from stratkit.strategies.catalog import build_strategy, source_digest
from stratkit.strategies.parameters import SearchParameter

if TYPE_CHECKING:
    from stratkit.runs.folder import Column

# how long a search lasts is no part of what its trials are; where they are kept neither
BUDGET = ("trials", "time_limit_seconds", "patience", "storage", "pick")
_VALUE = "value."
_METRIC = "metric."
_OBJECTIVE = "objective."


def search_facts(config: RunConfig, settings: SearchSettings, bars: Bars) -> dict[str, Any]:
    """Return what decides the trials of a search: configuration, bars, sources and versions, as plain values."""
    panels = [bars.open, bars.high, bars.low, bars.close, bars.volume]
    return {
        "versions": versions(("optuna", "cmaes")),
        "engine_semantics": ENGINE_SEMANTICS,
        "config": config.model_dump(mode="json", by_alias=True),
        "search": settings.model_dump(mode="json", exclude=set(BUDGET)),
        "data": data_digests(bars.times, bars.symbols, panels),
        "strategies": {
            name: source_digest(build_strategy(one.spec, one.params)) for name, one in config.enabled().items()
        },
    }


def trials_table(result: SearchResult) -> dict[str, Column]:
    """Return the columns of trials.parquet: number, state, values, objectives, violation, metrics, digest, reason.

    A choice stands as JSON, so that true, 1 and "1" stay apart.
    """
    trials = result.trials
    columns: dict[str, Column] = {
        "number": np.array([trial.number for trial in trials], np.int64),
        "state": _texts([trial.state for trial in trials]),
    }
    for dimension in result.space:
        values = [trial.values[dimension.name] for trial in trials]
        columns[_VALUE + dimension.name] = _values(dimension, values)
    for place, objective in enumerate(result.objectives):
        own = [trial.objectives[place] if trial.objectives else math.nan for trial in trials]
        columns[_OBJECTIVE + objective.metric] = np.array(own)
    columns["violation"] = np.array([trial.violation for trial in trials])
    columns["best"] = np.array([trial.number == result.best for trial in trials], np.bool_)
    columns["front"] = np.array([trial.number in result.front for trial in trials], np.bool_)
    for name in result.metrics:
        own = [math.nan if trial.outcome is None else trial.outcome.metrics.get(name, math.nan) for trial in trials]
        columns[_METRIC + name] = np.array(own)
    columns["digest"] = _texts(["" if trial.outcome is None else trial.outcome.digest for trial in trials])
    columns["reason"] = _texts([trial.reason for trial in trials])
    return columns


def search_record(result: SearchResult, settings: SearchSettings, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what search.json says: space, goal, how it ended, and what it was made from."""
    states = [trial.state for trial in result.trials]
    return {
        "sampler": result.sampler,
        "seed": result.seed,
        "settings": settings.model_dump(mode="json"),
        "space": [dimension_record(dimension) for dimension in result.space],
        "objectives": [{"metric": one.metric, "direction": one.direction} for one in result.objectives],
        "counts": {state: states.count(state) for state in ("complete", "pruned", "infeasible", "failed")},
        "ended": result.ended,
        "best": result.best,
        "front": list(result.front),
        "facts": dict(facts),
    }


def dimension_record(dimension: SearchParameter) -> dict[str, Any]:
    """Return a dimension as plain values."""
    return {
        "key": dimension.name,
        "kind": dimension.kind,
        "default": dimension.default,
        "low": dimension.low,
        "high": dimension.high,
        "step": dimension.step,
        "log": dimension.log,
        "choices": list(dimension.choices),
    }


def kept_dimension(record: Mapping[str, Any]) -> SearchParameter:
    """Return a dimension from its plain values."""
    return SearchParameter(
        str(record["key"]), record["kind"], record["default"], "", record["low"], record["high"], record["step"],
        record["log"], tuple(record["choices"]),
    )  # fmt: skip


def trial_record(trial: Trial, result: SearchResult) -> dict[str, Any]:
    """Return a trial as plain values."""
    names = [objective.metric for objective in result.objectives]
    return {
        "number": trial.number,
        "state": trial.state,
        "values": dict(trial.values),
        "objectives": dict(zip(names, trial.objectives)) if trial.objectives else None,
        "violation": trial.violation,
        "metrics": None if trial.outcome is None else dict(trial.outcome.metrics),
        "digest": None if trial.outcome is None else trial.outcome.digest,
        "reason": trial.reason,
    }


def kept_trial(columns: Mapping[str, Any], record: Mapping[str, Any], number: int) -> Trial:
    """Return a trial from trials.parquet and search.json, without its sums; raise `UsageError` when there is none."""
    numbers = [int(each) for each in columns["number"]]
    if number not in numbers:
        raise UsageError(f"there is no trial {number}; the search has 0 to {max(numbers, default=-1)}")
    row = numbers.index(number)
    values: dict[str, Any] = {}
    for dimension in record["space"]:
        column = columns.get(_VALUE + dimension["key"])
        if column is None:
            raise DataError(f"trials.parquet must have the values of {dimension['key']}: the search was cut or changed")
        values[dimension["key"]] = _value(dimension["kind"], column, row)
    return Trial(number, values, _text(columns["state"], row), reason=_text(columns["reason"], row))  # type: ignore[arg-type]  # one of the states, as written


def kept_digest(columns: Mapping[str, Any], number: int) -> str:
    """Return the digest that the replay of a trial had; empty for one that was not replayed to the end."""
    return _text(columns["digest"], [int(each) for each in columns["number"]].index(number))


def kept_metrics(columns: Mapping[str, Any], number: int) -> dict[str, float]:
    """Return the metrics that a trial had."""
    row = [int(each) for each in columns["number"]].index(number)
    return {
        name.removeprefix(_METRIC): float(column[row]) for name, column in columns.items() if name.startswith(_METRIC)
    }


def _values(dimension: SearchParameter, values: Sequence[Any]) -> Column:
    if dimension.kind == "int":
        return np.array(values, np.int64)
    if dimension.kind == "float":
        return np.array(values, np.float64)
    return _texts([json.dumps(value) for value in values])


def _value(kind: str, column: Any, row: int) -> Assignment | Any:
    if kind == "int":
        return int(column[row])
    return float(column[row]) if kind == "float" else json.loads(_text(column, row))


def _texts(texts: Sequence[str]) -> Column:
    names = list(dict.fromkeys(texts))
    places = {text: place for place, text in enumerate(names)}
    return np.array([places[text] for text in texts], np.int64), names


def _text(column: Any, row: int) -> str:
    codes, names = column
    return str(names[int(codes[row])])
