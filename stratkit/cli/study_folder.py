"""`StudyFolder`: where a search keeps what it needs to go on, until it is finished and becomes a run."""

from __future__ import annotations

import shlex
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stratkit.errors import OutputError, UsageError
from stratkit.runs.writer_lock import WriterLock, take_lock

STUDIES: Final = ".studies"  # in the folder of runs; hidden, so that none of them is taken for a run
JOURNAL: Final = "journal.log"
_CONFIG: Final = "config.yaml"
_FINISHING: Final = "finishing"
_PAUSE_S: Final = 0.05


@dataclass(frozen=True)
class StudyFolder:
    """The folder of one search below the folder of runs."""

    out: Path
    name: str

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.out / STUDIES / self.name

    @property
    def journal(self) -> Path:
        """The file of finished trials."""
        return self.path / JOURNAL

    @property
    def is_run(self) -> bool:
        """Whether the search has become a run."""
        return (self.out / self.name).is_dir()

    def begin(self, config_text: str) -> None:
        """Make the folder, with the configuration by which it can be gone on with."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / _CONFIG).write_text(config_text, encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            raise self.unwritable(error) from error

    def unwritable(self, error: OSError) -> OutputError:
        """Return that the folder cannot be written."""
        return OutputError(
            f"results must be writable; {self.path}: {error.strerror or error}; choose another folder with --out"
        )

    def finishing(self) -> WriterLock | None:
        """Wait until nobody else turns the search into a run; None when somebody has done so."""
        while True:
            try:
                lock = take_lock(self.path / _FINISHING)
            except FileNotFoundError:  # it took the folder away
                return None
            if lock is not None and not self.is_run:
                return lock
            if self.is_run:
                return None
            time.sleep(_PAUSE_S)

    def remove(self) -> None:
        """Take the folder away: the run has everything that was in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        studies = self.path.parent
        if not any(studies.iterdir()):
            studies.rmdir()

    def resume_command(self, storage: str | None, default_out: Path) -> str:
        """Return the command that goes on with the search."""
        words = ["stratkit", "optimize", "--resume", self.name]
        words += [] if self.out == default_out else ["--out", str(self.out)]
        words += [] if storage is None else ["--storage", storage]
        return shlex.join(words)


def new_study(out: Path, name: str) -> StudyFolder:
    """Make and return a folder that nobody has: of `name`, with ``-2``, ``-3`` ... behind it while one has that name.

    A run may have it as well: a search of a moment is over within the second that its name is made of.
    """
    count = 1
    while True:
        folder = StudyFolder(out, name if count == 1 else f"{name}-{count}")
        try:
            folder.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise folder.unwritable(error) from error
        try:
            folder.path.mkdir()  # atomic: whoever makes it owns the name
        except FileNotFoundError:  # the last other study took the folder of all away in this moment
            continue
        except FileExistsError:
            count += 1
            continue
        except OSError as error:
            raise folder.unwritable(error) from error
        if not folder.is_run:
            return folder
        folder.path.rmdir()
        count += 1


def kept_config(out: Path, run: str) -> Path:
    """Return the configuration of a search that was stopped; raise `UsageError` when there is no such search."""
    path = StudyFolder(out, run).path / _CONFIG
    if path.is_file():
        return path
    if StudyFolder(out, run).is_run:
        raise UsageError(f"{run} is finished: its report is in {out / run}; a search is resumed while it is not")
    studies = out / STUDIES
    names = sorted(entry.name for entry in studies.iterdir()) if studies.is_dir() else []
    found = f"found {', '.join(names[-5:])}" if names else "found none"
    raise UsageError(f"--resume must name a search that was stopped, in {studies}; {found}: {run!r} is none")
