"""`RunStore`: the runs in one folder. The folders are the truth; the database beside them is what is asked.

A run is there once its folder has its name. Its rows follow in one transaction; whatever is killed
in between, copied in, deleted by hand or damaged is put right when the store is next brought up to date.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from stratkit.errors import DataError, OutputError
from stratkit.runs.database import (
    DATABASE,
    DamagedDatabaseError,
    Database,
    UnwritableDatabaseError,
    Work,
    put_aside,
)
from stratkit.runs.facts import TABLES, ReadConfig
from stratkit.runs.find import ESSENTIAL, match_run, missing_files, read_record, run_names, whole_runs
from stratkit.runs.folder import REMOVED, RunRecord
from stratkit.runs.remarks import Remarks, noted_at, write_remarks
from stratkit.runs.rows import RunRows, put_remarks, put_run, remove_run, run_rows
from stratkit.runs.sweep import hidden_runs, sweep

_RUN_ID: Final = re.compile(r"\d{8}-\d{6}-.*")
_KNOWN: Final = "SELECT id, state, noted_at FROM backtest_results"
_MARK: Final = "UPDATE backtest_results SET state = ?, problem = ? WHERE id = ?"
_OBJECTS: Final = ("manifest.json", "metrics.json")
_NAMED: Final = 3  # ids that a notice names at most
_LATER: Final = "the next command that can write the list takes it off"

T = TypeVar("T")


@dataclass
class RunStore:
    """The runs in `folder`; `notices` are sentences about what was found and put right."""

    folder: Path
    read_config: ReadConfig | None
    database: Database
    notices: list[str] = field(default_factory=list)

    def keep(self, record: RunRecord) -> None:
        """Write the rows of a run whose folder has its name, and take away those of removals that were cut short."""
        rows = run_rows(record, self.read_config)
        self._write(_putting(rows, self._half_removed()))

    def remove(self, run_id: str) -> list[str]:
        """Take a run away and return notices: hide its folder, delete its files, then its rows.

        The files go first, for they free the space that the database may need. The empty hidden folder
        stays until the rows are gone: whatever is cut short is finished by the next use of the store.
        Raises `OutputError` when the folder cannot be hidden, or when there is none and the rows stay.
        """
        final, hidden = self.folder / run_id, self.folder / f".{run_id}{REMOVED}"
        if final.exists():
            shutil.rmtree(hidden, ignore_errors=True)
            _rename(final, hidden)
        _empty(hidden)
        try:
            self._write(_removal(run_id))
        except UnwritableDatabaseError as error:
            if not hidden.exists():
                raise
            return [f"{error}; the files of {run_id} are gone, and {_LATER}"]
        if self.database.path is None and hidden.exists():  # the one on disk could not be opened
            return [f"the files of {run_id} are gone, and {_LATER}"]
        shutil.rmtree(hidden, ignore_errors=True)
        return []

    def match(self, run: str) -> str:
        """Return the id that `run` is or begins, of a vanished run as well; raise `UsageError` otherwise."""
        known = self.read(lambda connection: [row[0] for row in connection.execute(_KNOWN)])
        return match_run(run, sorted({*known, *whole_runs(self.folder)}), f"in {self.folder}")

    def read(self, work: Work[T]) -> T:
        """Return what `work` makes of one consistent state of the database."""
        return self._safely(lambda: self.database.read(work))

    def refresh(self) -> None:
        """Bring the database up to date with the folders, and take away what dead processes left."""
        for run_id in self._half_removed():
            self._write(_removal(run_id))
        if swept := sweep(self.folder):
            self.notices.append(f"{_listed(swept, 'half-written run')} of a stopped process removed")
        self._safely(self._compare)

    def read_folders(self, why: str) -> None:
        """Go on with a database in memory, made from the folders; `why` becomes a notice."""
        self.notices.append(f"{why}; the runs are read from their folders instead")
        self.database = Database(None)
        self._compare()

    def _half_removed(self) -> list[str]:
        return [run_id for run_id in hidden_runs(self.folder, REMOVED) if not (self.folder / run_id).exists()]

    def _write(self, work: Work[T]) -> T:
        return self._safely(lambda: self.database.write(work))

    def _safely(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except DamagedDatabaseError as damage:
            self._rebuild(damage)
            return work()

    def _rebuild(self, damage: DamagedDatabaseError) -> None:
        if notice := put_aside(self.database, damage, "is rebuilt from the run folders"):
            self.notices.append(notice)
        self._compare()

    def _compare(self) -> None:
        # rows before folders: a run that is kept in this moment may lack its row, never its folder
        known = {row[0]: row[1:] for row in self.database.read(lambda c: c.execute(_KNOWN).fetchall())}
        names = run_names(self.folder)
        self._adopt([name for name in names if name not in known])
        changed, marks = [], []
        for name, (state, noted) in known.items():
            now, problem = _state(self.folder / name)
            if now == "whole" and (state != now or noted_at(self.folder / name) != noted):
                changed.append(name)
            elif now not in ("whole", state):
                marks.append((now, problem, name))
        self._put(changed)
        if marks:
            self.database.write(lambda connection: connection.executemany(_MARK, marks))
            self.notices += [f"{name}: {problem}" for _, problem, name in marks]

    def _adopt(self, names: Sequence[str]) -> None:
        whole = []
        for name in names:
            missing = missing_files(self.folder / name)
            if not missing:
                whole.append(name)
            elif len(missing) < len(ESSENTIAL) or _RUN_ID.fullmatch(name):  # other folders are not ours to judge
                self.notices.append(f"{self.folder / name} is no whole run and not listed: {_state_words(missing)}")
        self._put(whole)

    def _put(self, names: Sequence[str]) -> None:
        for name in names:
            try:
                record = read_record(self.folder / name)
                rows = run_rows(record, self.read_config, with_signals=self.database.path is not None)
                self.database.write(_putting(rows))
            except DataError as error:
                self.notices.append(f"{name} cannot be listed: {error}")


@contextmanager
def open_store(folder: Path, read_config: ReadConfig | None = None, *, for_reading: bool = False) -> Iterator[RunStore]:
    """Yield the store of the runs in `folder`, brought up to date.

    `read_config` reads the configuration of runs whose manifest does not hold it. With `for_reading`
    a database that cannot be written, or a folder without runs, is no obstacle: the folders are read.
    Raises `OutputError` when the database cannot be written or is of a newer stratkit.
    """
    store = RunStore(folder, read_config, Database(_place(folder)))
    try:
        try:
            store.refresh()
        except UnwritableDatabaseError as error:
            if not for_reading:
                raise
            store.read_folders(str(error))
        yield store
    finally:
        store.database.close()


def register_run(record: RunRecord, read_config: ReadConfig | None = None) -> list[str]:
    """Write the rows of one finished run beside its folder and return notices; nothing else is looked at.

    Raises `OutputError` when the database cannot be written: the run itself is whole, and the next
    use of the store lists it.
    """
    folder = record.folder.parent
    store = RunStore(folder, read_config, Database(folder / DATABASE))
    try:
        store.keep(record)
    finally:
        store.database.close()
    sweep(folder)
    return store.notices


def remark_run(record: RunRecord, remarks: Remarks) -> list[str]:
    """Write the tags and the note of a run, to its folder first, and return notices.

    Raises `OutputError` when its folder cannot be written. A database that cannot be is no
    obstacle: the store reads the folder again when it is next used.
    """
    write_remarks(record.folder, remarks)
    noted = noted_at(record.folder)
    database = Database(record.folder.parent / DATABASE)
    if database.path is None or not database.path.exists():
        return []
    try:
        database.write(lambda connection: put_remarks(connection, record.run_id, remarks, noted))
    except OutputError as error:
        return [f"{error}; the tags and the note are in {record.folder}, and listed when the database is in order"]
    finally:
        database.close()
    return []


def _place(folder: Path) -> Path | None:
    # a folder that was never used for runs is left as it is
    path = folder / DATABASE
    return path if path.exists() or whole_runs(folder) else None


def _putting(rows: RunRows, gone: Sequence[str] = ()) -> Work[None]:
    def put(connection: sqlite3.Connection) -> None:
        for run_id in gone:
            remove_run(connection, run_id)
        put_run(connection, rows)

    return put


def _removal(run_id: str) -> Work[None]:
    return lambda connection: remove_run(connection, run_id)


def _state(folder: Path) -> tuple[str, str]:
    """Return the state of a run and what is wrong, by names and ends of files: of thousands none is read through."""
    try:
        with os.scandir(folder) as entries:
            there = {entry.name for entry in entries if entry.is_file()}
    except (FileNotFoundError, NotADirectoryError):
        return "missing", "its folder has vanished; stratkit runs remove forgets it"
    if missing := [name for name in (*ESSENTIAL, *TABLES) if name not in there]:
        return "damaged", _state_words(missing)
    cut = [name for name in _OBJECTS if not _is_closed(folder / name)]
    return ("damaged", f"{', '.join(cut)} cannot be read or was cut off") if cut else ("whole", "")


def _is_closed(path: Path) -> bool:
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return text[:1] == b"{" and text[-8:].rstrip().endswith(b"}")


def _state_words(missing: Sequence[str]) -> str:
    return f"it has no {', '.join(missing)}"


def _listed(names: Sequence[str], noun: str) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names[:_NAMED])}{more}"


def _empty(folder: Path) -> None:
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            with suppress(OSError):  # what stays is tried again by the next use of the store
                entry.unlink()


def _rename(path: Path, target: Path) -> None:
    try:
        path.rename(target)
    except OSError as error:
        raise OutputError(f"{path} must be removable: {error.strerror or error}; check its permissions") from error
