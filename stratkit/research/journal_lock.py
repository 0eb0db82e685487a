"""`JournalLock`: who may write to the journal of a study; the system lets go of it however that process ends.

Optuna's own locks are files that a killed process leaves behind, and everybody then waits half a minute for it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from stratkit.runs.writer_lock import WriterLock, take_lock

_PAUSE_S: Final = 0.002  # a line is written in about that time


class JournalLock:
    """Held while lines are written; whoever takes it takes away a last line that was never finished."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self.path = journal.with_name(f"{journal.name}.lock")
        self.held: WriterLock | None = None

    def acquire(self) -> bool:
        """Wait until nobody else writes."""
        while self.held is None:
            self.held = take_lock(self.path)
            if self.held is None:
                time.sleep(_PAUSE_S)
        _mend(self.journal)
        return True

    def release(self) -> None:
        """Let others write."""
        held, self.held = self.held, None
        if held is not None:
            held.let_go()


def _mend(journal: Path) -> None:
    """Cut off a line that has no end: nobody else writes now, so that its writer is dead."""
    try:
        with journal.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            if size == 0:
                return
            file.seek(size - 1)
            if file.read(1) == b"\n":
                return
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
    except FileNotFoundError:
        return
