"""`Reproduction`: a run made again from what its folder says, and whether the same came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.store import load_bars
from stratkit.engine.run import Progress
from stratkit.engine.tables import Columns
from stratkit.errors import DataError, StratkitError, UsageError
from stratkit.research.changed_inputs import InputChange, changed_inputs
from stratkit.research.provenance import STATE_PATH, TABLES, located, path_settings, run_manifest, run_tables
from stratkit.research.walk_forward_record import FOLDS, decided_by, played_again
from stratkit.runs.adaptive_state import StateFile, state_of_run
from stratkit.runs.facts import read_json
from stratkit.runs.folder import RunRecord
from stratkit.runs.manifest import read_manifest
from stratkit.runs.places import find_place, working_folders
from stratkit.runs.table_difference import TableDifference, first_difference
from stratkit.runs.table_digest import Column, read_columns, rows_of, table_digest

Verdict = Literal["identical", "different", "another run", "damaged"]
Stored = Literal["whole", "changed", "missing", "unreadable"]
_TOLD: Final = 3  # changes that an error names
_SAID: Final = {
    "identical": "identical",
    "different": "not identical",
    "another run": "the same came out, but of other inputs",
    "damaged": "identical to its manifest, but its folder is damaged",
}


@dataclass(frozen=True)
class TableCheck:
    """One table then and now: rows, whether every bit is the same, and the first cell that is not.

    `stored` says what became of the file in the run's folder: "whole", "changed" = it no longer
    holds what the manifest says, "missing", "unreadable". `difference` is None where the tables are
    the same, and where the old one cannot be read.
    """

    name: str
    rows_then: int | None
    rows_now: int
    sha256_then: str | None
    sha256_now: str
    stored: Stored
    difference: TableDifference | None

    @property
    def same(self) -> bool:
        """Whether the new table is the old one, bit by bit."""
        return self.sha256_then == self.sha256_now


@dataclass(frozen=True)
class Reproduction:
    """A run made again: its tables checked, the inputs that changed, and notes to read beside the verdict."""

    run_id: str
    folder: Path
    tables: tuple[TableCheck, ...]
    changes: tuple[InputChange, ...]
    notes: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """What weighs most: other results, other inputs, a folder that was changed; else identical."""
        if not all(table.same for table in self.tables):
            return "different"
        if any(change.is_another_run for change in self.changes):
            return "another run"
        return "damaged" if any(table.stored in ("changed", "unreadable") for table in self.tables) else "identical"

    @property
    def said(self) -> str:
        """The verdict in words."""
        return _SAID[self.verdict]

    @property
    def first(self) -> TableCheck | None:
        """The table that parts first in time; of several in one bar the one that the others follow from."""
        apart = [table for table in self.tables if table.difference is not None]
        timed = [table for table in apart if table.difference and table.difference.time_ns is not None]
        return min(timed, key=_when) if timed else next(iter(apart), None)


def reproduce_run(
    record: RunRecord, plain: Mapping[str, Any], data: str | None = None, progress: Progress | None = None
) -> Reproduction:
    """Run again what the folder of `record` says and compare what comes out, bit by bit.

    `plain` is the configuration in its config.yaml, resolved; `data` is where its bars are now, when
    they moved. Raises `DataError` when the bars or another file are gone, `UsageError` when its
    strategy's file is, and whatever stops the run, with what changed since.
    """
    then = read_manifest(record.path("manifest.json"))
    folders = working_folders(record.folder)
    config = config_of(record, plain, folders, data)
    bars = load_bars(config.data)
    command = [str(word) for word in then.get("command", [])]
    now = run_manifest(config, plain, bars, {}, command, folders)
    state = state_of_run(record.folder, then["inputs"])
    if record.path(FOLDS).is_file():
        now["inputs"] |= decided_by(read_json(record.path(FOLDS)))
    changes = changed_inputs(then, now, bars)
    tables = run_tables(_replayed(record, config, bars, state, changes, progress))
    checks = tuple(_check(record, then["outputs"], name, tables[name]) for name in TABLES if name in tables)
    notes = (*_notes(then, checks), *_moved(plain, config, folders))
    return Reproduction(record.run_id, record.folder, checks, tuple(changes), notes)


def config_of(
    record: RunRecord, plain: Mapping[str, Any], folders: tuple[Path, ...], data: str | None = None
) -> RunConfig:
    """Return the configuration of a kept run with every file where it is now, seen from `folders`.

    `plain` and `data` as in `reproduce_run`. Raises `DataError` when its bars or another file are gone, `UsageError`
    when its strategy's file is.
    """
    if data is not None:
        plain = {**plain, "data": {**plain["data"], "path": str(Path(data).expanduser().resolve())}}
    for keys, text in path_settings(plain):
        place = find_place(text.partition(".py:")[0] + ".py" if ".py:" in text else text, folders)
        if not place.exists() and keys[-1] != STATE_PATH:  # a run keeps what it went on from
            raise _gone(keys, place, record)
    return located(plain, folders)


def _gone(keys: tuple[str, ...], place: Path, record: RunRecord) -> StratkitError:
    if keys == ("data", "path"):
        return DataError(
            f"the bars of {record.run_id} must be where they were; found none at {place}: "
            "name their new place with --data PATH, or run this in the folder from which their path leads to them"
        )
    if keys[0] == "strategies":
        return UsageError(
            f"the strategy file of {record.run_id} must be where it was; found none at {place}: bring it back, or run "
            "this in the folder from which its path leads to it"
        )
    return DataError(f"{'.'.join(keys)} of {record.run_id} must name a file; found none at {place}: bring it back")


def _replayed(
    record: RunRecord, config: RunConfig, bars: Bars, state: StateFile | None, changes: list[InputChange],
    progress: Progress | None,
) -> Any:  # fmt: skip
    folds = record.path(FOLDS)
    try:
        if folds.is_file():  # of a walk-forward: an account that changed its parameters on the way
            return played_again(read_json(folds), config, bars, progress)
        return run_backtest(config, bars, progress, learned=None if state is None else state.learned)
    except StratkitError as error:
        if not changes:
            raise
        more = f"; and {len(changes) - _TOLD} more changes" if len(changes) > _TOLD else ""
        since = "; ".join(change.text for change in changes[:_TOLD]) + more
        raise type(error)(f"{error}; since that run: {since}") from error


def _check(record: RunRecord, outputs: Mapping[str, Any], name: str, columns: Columns) -> TableCheck:
    now = table_digest(columns)
    known = outputs.get(name)
    kept, stored = _stored(record.path(f"{name}.parquet"))
    digest = None if kept is None else table_digest(kept)
    if known is None:  # version 1 kept no digests: the stored table is all that tells
        if digest is None:
            raise DataError(
                f"{record.run_id} must have a table {name}.parquet that can be read, or its digest in the manifest; "
                "found neither: there is nothing to compare with, run the backtest again"
            )
        then, rows = digest, None if kept is None else rows_of(kept)
    else:
        then, rows = str(known["sha256"]), int(known["rows"])
    if stored == "whole" and digest != then:
        stored = "changed"
    trusted = stored == "whole" and kept is not None and then != now
    difference = first_difference(kept, columns) if trusted and kept is not None else None
    return TableCheck(name, rows, rows_of(columns), then, now, stored, difference)


def _stored(path: Path) -> tuple[dict[str, Column] | None, Stored]:
    if not path.is_file():
        return None, "missing"
    try:
        return read_columns(path), "whole"
    except DataError:
        return None, "unreadable"


def _notes(then: Mapping[str, Any], checks: tuple[TableCheck, ...]) -> list[str]:
    notes = []
    if then["manifest_version"] == 1:
        notes.append("its manifest is of an older version: compared with the tables in its folder, not with digests")
    for check in checks:
        if check.stored == "changed":
            notes.append(f"the stored table {check.name}.parquet no longer matches its manifest: it was changed")
        elif check.stored == "unreadable":
            notes.append(f"the stored table {check.name}.parquet cannot be read: it is damaged")
        elif check.stored == "missing":
            notes.append(f"the stored table {check.name}.parquet is gone: compared by its digest alone")
    return notes


def _moved(plain: Mapping[str, Any], config: RunConfig, folders: tuple[Path, ...]) -> list[str]:
    """Return a note when the bars came from elsewhere than the run had them."""
    before = plain["data"].get("path")
    if before is None or config.data.path is None or Path(config.data.path) == folders[0] / Path(before).expanduser():
        return []
    return [f"bars read from {config.data.path}"]


def _when(check: TableCheck) -> tuple[int, int]:
    assert check.difference is not None  # chosen so
    assert check.difference.time_ns is not None
    return check.difference.time_ns, TABLES.index(check.name)
