"""`sweep`: takes away drafts whose writer died and runs whose removal was cut short; never a living writer's draft."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Final

from stratkit.runs.folder import DRAFT, REMOVED, WRITER
from stratkit.runs.writer_lock import take_lock

# a draft without a lock is being born or about to get its name, or was left by a process that died just then
_UNCERTAIN_S: Final = 3600.0


def sweep(folder: Path) -> list[str]:
    """Remove what dead processes left in `folder` and return the ids of the drafts among it."""
    for run_id in hidden_runs(folder, REMOVED):
        shutil.rmtree(folder / f".{run_id}{REMOVED}", ignore_errors=True)
    swept = []
    for run_id in hidden_runs(folder, DRAFT):
        draft = folder / f".{run_id}{DRAFT}"
        if _is_abandoned(draft):
            shutil.rmtree(draft, ignore_errors=True)
            swept.append(run_id)
    return swept


def hidden_runs(folder: Path, suffix: str) -> list[str]:
    """Return the ids of the hidden folders in `folder` that end in `suffix`, in order."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name[1 : -len(suffix)] for name in names if name.startswith(".") and name.endswith(suffix))


def _is_abandoned(draft: Path) -> bool:
    try:
        lock = take_lock(draft / WRITER, create=False)
    except FileNotFoundError:
        return _is_old(draft)
    except OSError:  # no permission, say: it is somebody else's
        return False
    if lock is None:
        return False
    if not lock.certain:
        lock.let_go()
        return _is_old(draft)
    lock.release()
    return True


def _is_old(draft: Path) -> bool:
    try:
        return time.time() - draft.stat().st_mtime > _UNCERTAIN_S
    except FileNotFoundError:
        return False
