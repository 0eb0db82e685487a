"""`new_results`: a folder of further results inside the folder of a kept run, whole or as it was before.

A manifest lists the tables of its run alone, so that whatever is put beside them leaves the run as it is.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stratkit.errors import OutputError
from stratkit.runs.folder import RunRecord


@contextmanager
def new_results(record: RunRecord, name: str) -> Iterator[Path]:
    """Yield a hidden folder that becomes the folder `name` of a run when the block ends well, in the place of an older.

    Raises `OutputError` when it cannot be written; whatever goes wrong, Ctrl-C included, what was there stays.
    """
    final = record.path(name)
    draft: Path | None = None
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{name}-", suffix=".partial", dir=record.folder))
        draft.chmod(record.folder.stat().st_mode & 0o777)  # a temporary folder is nobody else's
        yield draft
        _put(draft, final)
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # standard output, not a file of ours
            raise
        raise OutputError(
            f"results are kept in the run's folder, which must be writable; {error.filename or final}: "
            f"{error.strerror or error}: free some space, or copy the run to where you may write and name the copy"
        ) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def _put(draft: Path, final: Path) -> None:
    """Rename the draft; a folder cannot replace one that is not empty, so the older one steps aside first."""
    older = draft.with_suffix(".older")
    if final.exists():
        final.rename(older)
    try:
        draft.rename(final)
    except OSError:
        if older.exists():
            older.rename(final)
        raise
    shutil.rmtree(older, ignore_errors=True)
