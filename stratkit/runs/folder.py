"""`RunRecord`: the folder of one run, whole or not there at all.

Files are written into a hidden folder beside the final name, which is renamed when everything is
in it. A run that fails, is interrupted or runs out of disk leaves nothing behind.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from stratkit.errors import OutputError
from stratkit.runs.json_text import json_text
from stratkit.runs.writer_lock import WriterLock, take_lock

if TYPE_CHECKING:
    import numpy.typing as npt

    from stratkit.panel import IntArray

    Column: TypeAlias = npt.NDArray[Any] | tuple[IntArray, Sequence[str]]  # values, or the codes and names of labels

DRAFT: Final = ".partial"  # .<run id>.partial is being written, or was when its writer died
REMOVED: Final = ".removed"  # .<run id>.removed is being taken away
WRITER: Final = ".writer"  # the file in a draft that is locked while its writer lives


@dataclass(frozen=True)
class RunRecord:
    """A finished run on disk: its id, its folder and the files in it by name."""

    run_id: str
    folder: Path
    files: tuple[str, ...]

    def path(self, name: str) -> Path:
        """Return the path of the file called `name`."""
        return self.folder / name


@dataclass
class RunDraft:
    """A run being written: put files into `folder`; `record` is there once the draft is kept."""

    run_id: str
    folder: Path
    lock: WriterLock = field(repr=False)
    record: RunRecord | None = field(default=None, init=False)

    def write_text(self, name: str, text: str) -> None:
        """Write `text` as UTF-8 with Unix line ends."""
        # a path may hold bytes that are no text: they are written as escapes, which JSON reads as well
        (self.folder / name).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write plain values as JSON; NaN becomes null."""
        self.write_text(name, json_text(value))

    def write_table(self, name: str, columns: Mapping[str, Column]) -> None:
        """Write columns of one length as Parquet: the same rows give the same bytes.

        Numbers become float64, int64 or bool, times UTC nanoseconds, labels text; NaN and NaT become null.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        from stratkit.data.arrow_arrays import arrow_text, arrow_values

        texts = [column for column, values in columns.items() if isinstance(values, tuple)]
        arrays = [
            arrow_text(*values) if isinstance(values, tuple) else arrow_values(values) for values in columns.values()
        ]
        # a dictionary of floats costs time and saves nothing
        settings: dict[str, Any] = {"compression": "zstd", "version": "2.6", "use_dictionary": texts}
        pq.write_table(pa.Table.from_arrays(arrays, names=list(columns)), self.folder / name, **settings)


@contextmanager
def new_run(parent: Path, name: str) -> Iterator[RunDraft]:
    """Yield the draft of a run and keep it as ``parent/<run id>`` when the block ends well.

    The run id is `name`, with ``-2``, ``-3`` ... behind it while another run has that name. Raises
    `OutputError` when `parent` cannot be written or the disk is full; whatever goes wrong, Ctrl-C
    included, no file of the draft is left.
    """
    made = _missing_parents(parent)
    draft: RunDraft | None = None
    try:
        with _writing(parent):
            parent.mkdir(parents=True, exist_ok=True)
            draft = _reserve(parent, name)
        with _writing(draft.folder):
            yield draft
            draft.record = _keep(draft, parent / draft.run_id)
    finally:
        if draft is None or draft.record is None:
            _remove(draft, made)


def _reserve(parent: Path, name: str) -> RunDraft:
    # mkdir is atomic: whoever makes the hidden folder owns the name, also among several processes
    count = 1
    while True:
        run_id = name if count == 1 else f"{name}-{count}"
        folder = parent / f".{run_id}{DRAFT}"
        count += 1
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        lock = None
        try:
            lock = None if (parent / run_id).exists() else _signed(folder)
        finally:  # Ctrl-C included: nobody else would know whose folder it is
            if lock is None:
                shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            return RunDraft(run_id, folder, lock)


def _signed(folder: Path) -> WriterLock | None:
    try:
        return take_lock(folder / WRITER)
    except FileNotFoundError:  # swept away in this very moment
        return None


def _keep(draft: RunDraft, final: Path) -> RunRecord:
    files = sorted(path.relative_to(draft.folder).as_posix() for path in draft.folder.rglob("*") if path.is_file())
    record = RunRecord(draft.run_id, final, tuple(name for name in files if name != WRITER))
    draft.lock.release()
    draft.folder.rename(final)
    return record


def _missing_parents(parent: Path) -> list[Path]:
    return [folder for folder in (parent, *parent.parents) if not folder.exists()]


def _remove(draft: RunDraft | None, made: list[Path]) -> None:
    if draft is not None:
        draft.lock.release()
        shutil.rmtree(draft.folder, ignore_errors=True)
    for folder in made:  # folders of ours that are empty again, the deepest first
        try:
            folder.rmdir()
        except OSError:
            return


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # standard output, not a file of ours
            raise
        where = error.filename or folder
        raise OutputError(
            f"results must be writable; {where}: {error.strerror or error}; "
            f"free some space or choose another folder with --out"
        ) from error
