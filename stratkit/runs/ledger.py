"""`TrialLedger`: every trial that was ever made, counted by strategies and symbols, in a file beside the runs.

Nothing takes a trial off it. A run that could not be entered, or was copied in, is entered from its folder when the
ledger is next opened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from stratkit.errors import DataError, UsageError
from stratkit.inference.trial_pool import TrialPool
from stratkit.panel import FloatArray, IntArray
from stratkit.runs.ab_looks import ABLook, ab_test_names, folder_look, looks_of, put_looks
from stratkit.runs.database import DamagedDatabaseError, Database, UnwritableDatabaseError, Work, put_aside
from stratkit.runs.find import judgement_names, missing_files, run_names
from stratkit.runs.ledger_entry import LedgerEntry, LedgerKey
from stratkit.runs.ledger_rows import entries_of, groups_of, pool_of, put_entries, series_of
from stratkit.runs.ledger_schema import LEDGER_MIGRATIONS
from stratkit.runs.ledger_table import ENTRIES, read_entries
from stratkit.runs.own_trial import folder_trials

LEDGER: Final = "ledger.sqlite"
NOT_COUNTED: Final = "trials not counted"
_AT_ONCE: Final = 50  # run folders that are entered in one transaction

T = TypeVar("T")


@dataclass
class NullLedger:
    """Counts nothing, and says so: `told` gets the sentence when trials are first handed to it."""

    told: Callable[[str], None]
    _has_told: bool = field(default=False, repr=False)

    def add(self, entries: Sequence[LedgerEntry]) -> int:
        """Say that nothing is counted and return 0."""
        if not self._has_told:
            self._has_told = True
            self.told(NOT_COUNTED)
        return 0

    def pool(self, key: LedgerKey, edges: IntArray | None, count: IntArray | None) -> TrialPool | None:
        """Return None: nobody counts."""
        return None


@dataclass
class TrialLedger:
    """The ledger of the runs in `folder`; `notices` are sentences about what was found and put right."""

    folder: Path
    database: Database
    notices: list[str] = field(default_factory=list)

    def add(self, entries: Sequence[LedgerEntry], folders: Sequence[str] = ()) -> int:
        """Keep those that are not kept yet, in one transaction, and return how many these were.

        An entry whose identity is known adds nothing to the count; sums and returns that it did not have are kept.
        `folders` names runs whose trials these are: their folders need not be looked into. Raises `OutputError` when
        the ledger cannot be written, `DataError` for an entry that does not fit it.
        """
        return self._safely(lambda: self.database.write(lambda c: put_entries(c, entries, folders)))

    def pool(self, key: LedgerKey, edges: IntArray | None, count: IntArray | None) -> TrialPool:
        """Return what is kept of all trials that count together with `key`.

        `edges` and `count` are those of the trial that is judged: which others are on the same bars.
        """
        return self.read(lambda c: pool_of(c, groups_of(c, key), edges, count))

    def add_look(self, look: ABLook) -> None:
        """Keep that an experiment was looked at; raise `OutputError` when the ledger cannot be written."""
        self._safely(lambda: self.database.write(lambda c: put_looks(c, [look])))

    def looks(self, experiment: str) -> list[ABLook]:
        """Return when an experiment was looked at, the oldest first."""
        return self.read(lambda c: looks_of(c, experiment))

    def alike(self, key: LedgerKey) -> list[LedgerEntry]:
        """Return all trials that count together with `key`, without sums and returns."""
        return self.read(lambda c: [entry for group in groups_of(c, key) for entry in entries_of(c, group)])

    def trials(self, group: int) -> list[LedgerEntry]:
        """Return the trials of a group, the newest first, without sums and returns."""
        return self.read(lambda c: entries_of(c, group))

    def groups(self) -> list[int]:
        """Return the numbers of all groups, in the order of their first trials."""
        return self.read(lambda c: [row[0] for row in c.execute("SELECT DISTINCT group_id FROM keys ORDER BY 1")])

    def series(self, identity: str) -> tuple[FloatArray | None, IntArray, IntArray] | None:
        """Return a trial's returns, None where they are not kept, and edges and counts of its buckets.

        None for a trial without sums, which was stopped early.
        """
        return self.read(lambda c: series_of(c, identity))

    def count(self) -> int:
        """Return how many trials there are in all."""
        return self.read(lambda c: int(c.execute("SELECT count(*) FROM trials").fetchone()[0]))

    def read(self, work: Work[T]) -> T:
        """Return what `work` makes of one consistent state of the database."""
        return self._safely(lambda: self.database.read(work))

    def catch_up(self) -> None:
        """Enter the trials of all run folders that were not entered yet."""
        self._safely(self._catch_up)

    def _catch_up(self) -> None:
        known = {row[0] for row in self.database.read(lambda c: c.execute("SELECT run_id FROM folders").fetchall())}
        new = [name for name in run_names(self.folder) if name not in known and not missing_files(self.folder / name)]
        for first in range(0, len(new), _AT_ONCE):
            names = new[first : first + _AT_ONCE]
            found = [entry for name in names for entry in self._trials_in(name)]
            self.database.write(lambda c, found=found, names=names: put_entries(c, found, names))  # type: ignore[misc]  # a lambda's defaults have no types
        for name in (name for name in ab_test_names(self.folder) if name not in known):
            self._enter_test(name)
        for name in (name for name in judgement_names(self.folder) if name not in known):
            self._enter_judgement(name)

    def _enter_judgement(self, name: str) -> None:
        """Enter the trials of a judgement of what adapts."""
        trials = self.folder / name / ENTRIES
        try:
            entries = read_entries(trials) if trials.exists() else []
        except DataError as error:
            self.notices.append(f"the judgement {name} cannot be counted: {error}")
            return
        self.database.write(lambda c: put_entries(c, entries, [name]))

    def _enter_test(self, name: str) -> None:
        """Enter the trials of an A/B test, and that it was made."""
        trials, folder = self.folder / name / ENTRIES, self.folder / name
        try:
            look, entries = folder_look(folder), read_entries(trials) if trials.exists() else []
        except DataError as error:
            self.notices.append(f"the A/B test {name} cannot be counted: {error}")
            return

        def put(connection: sqlite3.Connection) -> None:
            put_entries(connection, entries, [name])
            put_looks(connection, [look])

        self.database.write(put)

    def _trials_in(self, name: str) -> list[LedgerEntry]:
        try:
            return folder_trials(self.folder / name)
        except (DataError, UsageError) as error:  # the second: a newer stratkit wrote it
            self.notices.append(f"the trial of {name} cannot be counted: {error}")
            return []

    def _safely(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except DamagedDatabaseError as damage:
            instead = "is made again from the run folders; trials whose folders are gone are lost"
            if notice := put_aside(self.database, damage, instead):
                self.notices.append(notice)
            self._catch_up()
            return work()


@contextmanager
def open_ledger(folder: Path, *, for_reading: bool = False) -> Iterator[TrialLedger]:
    """Yield the ledger of the runs in `folder`, with every run that is there entered.

    With `for_reading` a ledger that cannot be written is no obstacle: the folders are read into one in memory. Raises
    `OutputError` when it cannot be written or is of a newer stratkit.
    """
    path = folder / LEDGER
    has_trials = path.exists() or bool(run_names(folder)) or bool(ab_test_names(folder))
    on_disk = folder.is_dir() and (not for_reading or has_trials)
    ledger = TrialLedger(folder, Database(path if on_disk else None, LEDGER_MIGRATIONS))
    try:
        try:
            ledger.catch_up()
        except UnwritableDatabaseError as error:
            if not for_reading:
                raise
            ledger.notices.append(f"{error}; only the trials of runs whose folders are there are counted")
            ledger.database.close()
            ledger.database = Database(None, LEDGER_MIGRATIONS)
            ledger.catch_up()
        yield ledger
    finally:
        ledger.database.close()
