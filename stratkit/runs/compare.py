"""`Comparison`: what differs between runs: configuration, data, makers, and every metric side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stratkit.errors import UsageError
from stratkit.runs.facts import RunFacts

_SHOWN_DIGITS: Final = 12  # of a digest
_NOTHING: Final[tuple[Any, ...]] = (None, [], {})
# steady losses are stable too, and doing nothing is calm; the files of older runs call one side better
_NEITHER: Final = ("stability", "ann_vol", "ann_vol_bar")
_WORDS: Final = ("description", "enabled")  # settings of a strategy that decide nothing


@dataclass(frozen=True)
class Difference:
    """One key and its value in each run, None in a run that does not have it."""

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class MetricLine:
    """One metric in each run, None where it is undefined; `best` are the places of the better ones, none in a tie."""

    name: str
    label: str
    unit: str
    better: str
    values: tuple[float | None, ...]
    best: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """Two or more runs: only the keys that differ, but every metric; `notes` are sentences to read first."""

    runs: tuple[RunFacts, ...]
    config: tuple[Difference, ...]
    data: tuple[Difference, ...]
    makers: tuple[Difference, ...]
    metrics: tuple[MetricLine, ...]
    notes: tuple[str, ...]


def compare_runs(runs: Sequence[RunFacts]) -> Comparison:
    """Return what differs between two or more runs; raise `UsageError` when they are not two.

    The keys of the strategy that ran stand under `strategy`, whatever it is called, so that the same
    strategy under two names differs in its name only. Those of several stand under ``strategies`` and their names.
    """
    if len({run.record.folder.resolve() for run in runs}) < max(2, len(runs)):
        raise UsageError("compare needs two or more different runs; found one of them twice, or one alone")
    return Comparison(
        runs=tuple(runs),
        config=differences([_config(run) for run in runs]),
        data=differences([_data(run) for run in runs]),
        makers=differences([_makers(run) for run in runs]),
        metrics=_metric_lines(runs),
        notes=_notes(runs),
    )


def differences(records: Sequence[Mapping[str, Any]]) -> tuple[Difference, ...]:
    """Return the keys whose values are not the same in all records, in the order in which they are met.

    >>> differences([{"fast": 50, "slow": 200}, {"fast": 20, "slow": 200}])
    (Difference(key='fast', values=(50, 20)),)
    """
    keys = dict.fromkeys(key for record in records for key in record)
    found = [Difference(key, tuple(record.get(key) for record in records)) for key in keys]
    return tuple(one for one in found if any(_differ(one.values[0], value) for value in one.values[1:]))


def flattened(value: Any, name: str = "") -> dict[str, Any]:
    """Return nested mappings as one, keys joined by dots.

    >>> flattened({"costs": {"commission_bps": 1.0}, "seed": 0})
    {'costs.commission_bps': 1.0, 'seed': 0}
    """
    if not isinstance(value, Mapping) or not value:
        return {name: value}
    joined: dict[str, Any] = {}
    for key, item in value.items():
        joined |= flattened(item, f"{name}.{key}" if name else str(key))
    return joined


def _differ(one: Any, other: Any) -> bool:
    if one in _NOTHING and other in _NOTHING:  # a key that an older version did not have
        return False
    return bool(one != other) or isinstance(one, bool) != isinstance(other, bool)  # True == 1


def _config(run: RunFacts) -> dict[str, Any]:
    others = {key: value for key, value in run.config.items() if key not in ("strategies", "report")}
    blocks = {name: _deciding(block) for name, block in run.strategies.items()}
    if len(blocks) > 1:
        return flattened({"strategy": {"name": run.strategy}, "strategies": blocks, **others})
    return flattened({"strategy": {"name": run.strategy, **_deciding(run.settings)}, **others})


def _deciding(block: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if key not in _WORDS}


def _data(run: RunFacts) -> dict[str, Any]:
    digests = {symbol: str(digest)[:_SHOWN_DIGITS] for symbol, digest in run.data_digests.items()}
    return {"first bar": run.start, "last bar": run.end, "bars": run.bars, **digests}


def _makers(run: RunFacts) -> dict[str, Any]:
    sources = run.manifest.get("strategy_digests")
    known = sources if isinstance(sources, Mapping) else {}
    source = known.get(run.strategy)
    several = {f"{name} source": str(known[name])[:_SHOWN_DIGITS] for name in run.strategies if name in known}
    versions = run.manifest.get("versions")
    return {
        "strategy source": None if source is None else str(source)[:_SHOWN_DIGITS],
        **(several if len(run.strategies) > 1 else {}),
        "engine semantics": run.manifest.get("engine_semantics"),
        **(versions if isinstance(versions, Mapping) else {}),
    }


def _metric_lines(runs: Sequence[RunFacts]) -> tuple[MetricLine, ...]:
    described = {str(metric["name"]): metric for run in reversed(runs) for metric in run.metrics}
    order = dict.fromkeys(str(metric["name"]) for run in runs for metric in run.metrics)
    values = [run.values() for run in runs]
    lines = []
    for name in order:
        metric, found = described[name], tuple(_number(one.get(name)) for one in values)
        better = "neither" if name in _NEITHER else str(metric.get("better", "neither"))
        lines.append(
            MetricLine(
                name,
                str(metric.get("label", name)),
                str(metric.get("unit", "ratio")),
                better,
                found,
                best_of(found, better),
            )
        )
    return tuple(lines)


def best_of(values: Sequence[float | None], better: str) -> tuple[int, ...]:
    """Return the places of the best values; none when all are equal, or when neither direction is better.

    >>> best_of((0.5, 0.7, None), "higher"), best_of((1.0, 1.0), "lower")
    ((1,), ())
    """
    known = [value for value in values if value is not None]
    if better not in ("higher", "lower") or len(known) < 2 or min(known) == max(known):
        return ()
    best = max(known) if better == "higher" else min(known)
    return tuple(place for place, value in enumerate(values) if value == best)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _notes(runs: Sequence[RunFacts]) -> tuple[str, ...]:
    notes = []
    outputs = [run.manifest.get("outputs") for run in runs]
    if outputs[0] and all(one == outputs[0] for one in outputs):
        notes.append("the runs came out the same: trades, fills, decisions and equity are equal")
    if len({tuple(sorted(run.data_digests.items())) for run in runs}) > 1:
        notes.append("the runs saw different bars: part of what differs below is the market, not the strategy")
    if len({run.card.get("periods_per_year") for run in runs}) > 1:
        notes.append("yearly figures were made with different numbers of periods a year")
    if len({run.manifest.get("engine_semantics") for run in runs}) > 1:
        notes.append("the runs were made by engines that play a bar differently: make the older ones again")
    if any(not run.config for run in runs):
        notes.append("a run does not tell its configuration: what differs there is not shown in full")
    return tuple(notes)
