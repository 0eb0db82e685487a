"""`ArmSource`: where an arm of an A/B test comes from, with what it earned and what the ledger may know of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stratkit.data.return_file import ReturnFile, read_return_file
from stratkit.errors import DataError
from stratkit.research.ab_replay import ReplayedArm
from stratkit.research.ab_series import ArmSeries, file_series, replayed_series, run_series, trade_days, trade_series
from stratkit.research.ab_test import ArmKind
from stratkit.runs.ab_looks import arm_of_manifest
from stratkit.runs.facts import read_json
from stratkit.runs.folder import RunRecord
from stratkit.runs.ledger_entry import LedgerEntry
from stratkit.runs.own_trial import folder_trials, own_trial
from stratkit.runs.trial_identity import tried_values


@dataclass(frozen=True)
class TriedArm:
    """An arm that the ledger knows or shall know: its entry, and what its run's manifest and scorecard say."""

    entry: LedgerEntry
    manifest: Mapping[str, Any]
    card: Mapping[str, Any]


@dataclass(frozen=True)
class ArmSource:
    """One arm: `name` is what it is called, `typed` the word for it, `identity` what it is, whatever the dates.

    `file` is given for a file, whose `series` is None while it is one of trades: these have no periods of their own.
    `record` is the folder of an arm that is a run; `tried` None where the ledger knows nothing of it.
    """

    name: str
    typed: str
    kind: ArmKind
    identity: str
    series: ArmSeries | None
    tried: TriedArm | None = None
    record: RunRecord | None = None
    file: ReturnFile | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        """The parameters of its strategies, by their dotted keys."""
        return {} if self.tried is None else tried_values(self.tried.manifest["config"])


def replayed_source(name: str, typed: str, kind: ArmKind, arm: ReplayedArm, test_id: str, number: int) -> ArmSource:
    """Return the source of an arm that was replayed; its trial is that of `number` in the A/B test `test_id`."""
    result = arm.result
    entry = own_trial(arm.manifest, arm.card, result.times, result.equity, run_id=test_id, kind="abtest")
    tried = TriedArm(replace(entry, number=number), arm.manifest, arm.card)
    series = replayed_series(result, arm.bars.frequency)
    return ArmSource(name, typed, kind, arm_of_manifest(arm.manifest), series, tried)


def run_source(name: str, typed: str, record: RunRecord) -> ArmSource:
    """Return the source of an arm that is a kept run; raise `DataError` when its tables cannot be read."""
    manifest, card = read_json(record.path("manifest.json")), read_json(record.path("metrics.json"))
    try:
        tried = TriedArm(folder_trials(record.folder)[0], manifest, card)
        identity = arm_of_manifest(manifest)
    except DataError:  # of a version that did not say what was tried: its account can be compared all the same
        tried, identity = None, f"run {record.run_id}"
    return ArmSource(name, typed, "run", identity, run_series(record), tried, record)


def file_source(name: str, typed: str, path: Path) -> ArmSource:
    """Return the source of an arm that is a file; raise `DataError` when it cannot be one."""
    file = read_return_file(path.expanduser())
    place = hashlib.sha256(str(path.expanduser().resolve()).encode(errors="backslashreplace")).hexdigest()
    series = None if file.kind == "trades" else file_series(file)
    return ArmSource(name, typed, file.kind, place, series, file=file)


def on_periods(sources: Sequence[ArmSource]) -> tuple[ArmSource, ...]:
    """Return the arms with files of trades laid on the periods of the first arm that has some, or on days."""
    known = next((one.series for one in sources if one.series is not None), None)
    files = [one.file for one in sources if one.series is None and one.file is not None]
    if not files:
        return tuple(sources)
    times, frequency = (trade_days(files), "1d") if known is None else (known.times, known.frequency)
    return tuple(
        replace(one, series=trade_series(one.file, times, frequency))
        if one.series is None and one.file is not None
        else one
        for one in sources
    )


def names_apart(names: Sequence[str], letters: Sequence[str]) -> tuple[str, ...]:
    """Return names of which no two are alike: those that are get their letters.

    >>> names_apart(["sma_cross", "sma_cross", "c"], "ABC")
    ('sma_cross (A)', 'sma_cross (B)', 'c')
    """
    count = Counter(names)
    return tuple(f"{name} ({letter})" if count[name] > 1 else name for name, letter in zip(names, letters, strict=True))
