"""`Database`: one SQLite file in WAL mode, safe for several writers; what goes wrong is told by its kind."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from stratkit.errors import DataError, OutputError, StratkitError
from stratkit.runs.schema import Steps, migrate
from stratkit.runs.writer_lock import take_lock

DATABASE: Final = "runs.sqlite3"
BUSY_S: Final = 10.0  # how long another writer is waited for
_PAUSE_S: Final = 0.02
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_UNWRITABLE: Final = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_IOERR,
)
_REFUSED: Final = (sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG)

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class DamagedDatabaseError(OutputError):
    """A database whose content cannot be trusted: it must be rebuilt."""


class UnwritableDatabaseError(OutputError):
    """A database that is busy, read-only or on a full disk: what it holds is right."""


@dataclass
class Database:
    """The database at `path`, opened when it is first needed; None keeps one in memory.

    `migrations` lead from an empty file to its tables; None = those of the run store.
    """

    path: Path | None
    migrations: Steps | None = field(default=None, repr=False)
    _connection: sqlite3.Connection | None = field(default=None, repr=False)

    def read(self, work: Work[T]) -> T:
        """Return what `work` makes of one consistent state."""
        return self._patiently(lambda connection: _within(connection, "BEGIN", work))

    def write(self, work: Work[T]) -> T:
        """Return what `work` makes in one transaction, which happens whole or not at all."""
        return self._patiently(lambda connection: _within(connection, "BEGIN IMMEDIATE", work))

    def close(self) -> None:
        """Close the file; the last one to do so folds the log into it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _patiently(self, work: Work[T]) -> T:
        until = time.monotonic() + BUSY_S
        while True:
            try:
                return work(self._open())
            except sqlite3.Error as error:
                code = _kind(error)
                if code in _BUSY and time.monotonic() < until:
                    time.sleep(_PAUSE_S)
                    continue
                raise self._explained(error, code) from error
            except (OverflowError, UnicodeEncodeError) as error:  # from binding a value, before SQLite sees it
                raise self._explained(error, sqlite3.SQLITE_MISMATCH) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            target = ":memory:" if self.path is None else self.path
            connection = sqlite3.connect(target, timeout=BUSY_S / 2, isolation_level=None)
            try:
                _prepare(connection, str(target), self.migrations)
            except BaseException:  # Ctrl-C included: an open file would stay
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _explained(self, error: Exception, code: int) -> StratkitError:
        if code in _REFUSED:
            return DataError(f"its values do not fit the tables of {self.path}: {error}")
        if code in _BUSY:
            return UnwritableDatabaseError(f"{self.path} is in use by another process for more than {BUSY_S:g} s")
        if code in _UNWRITABLE:
            return UnwritableDatabaseError(f"{self.path} cannot be written: {error}")
        return DamagedDatabaseError(f"{self.path} is damaged: {error}")


def _kind(error: sqlite3.Error) -> int:
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):  # a value of a kind that has no column
        return sqlite3.SQLITE_MISMATCH
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # without: text that is no text
    return sqlite3.SQLITE_CORRUPT if code == sqlite3.SQLITE_IOERR_SHORT_READ else code & 0xFF  # the rest is detail


def _prepare(connection: sqlite3.Connection, where: str, migrations: Steps | None = None) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")  # in WAL mode: a power cut may cost the last rows, never the file
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    migrate(connection, where, migrations)


def _within(connection: sqlite3.Connection, begin: str, work: Work[T]) -> T:
    connection.execute(begin)
    try:
        made = work(connection)
        connection.execute("COMMIT")
    except BaseException:  # Ctrl-C included: half of a transaction would stay open
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return made


def put_aside(database: Database, damage: DamagedDatabaseError, instead: str) -> str:
    """Set a damaged database aside and return a notice, empty when another process did it; `instead` says what follows.

    Raises `UnwritableDatabaseError` when its file cannot be renamed.
    """
    database.close()
    assert database.path is not None  # memory is not damaged
    try:
        aside = set_aside(database.path)
    except OSError as error:
        raise UnwritableDatabaseError(f"{damage}, and cannot be set aside: {error.strerror or error}") from error
    return "" if aside is None else f"{damage}: it was set aside as {aside.name} and {instead}"


def set_aside(path: Path) -> Path | None:
    """Rename a damaged database with its log and return its new name; None when another process did it already."""
    until = time.monotonic() + BUSY_S
    before = path.stat().st_ino if path.exists() else None
    while (lock := take_lock(path.with_name(f".{path.name}.repair"))) is None:
        if time.monotonic() > until:
            raise UnwritableDatabaseError(f"{path} is being rebuilt by another process for more than {BUSY_S:g} s")
        time.sleep(_PAUSE_S)
    try:
        if not path.exists() or path.stat().st_ino != before:
            return None
        stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        aside = path.with_name(f"{path.name}.damaged-{stamp}")
        for suffix in ("-wal", "-shm", ""):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        return aside
    finally:
        lock.release()
