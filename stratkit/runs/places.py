"""`working_folders`: where the relative paths in a run's configuration lead, from any working directory."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_THERE = "working_directory"
_SEEN_FROM_RUN = "working_directory_from_run"


def places_record(folder: Path) -> dict[str, Any]:
    """Return the working directory as the run in `folder` keeps it: as it is, and as seen from that folder.

    The second still leads there when the whole project is moved.
    """
    here = Path.cwd()
    try:
        seen = Path(os.path.relpath(here, folder.resolve())).as_posix()
    except ValueError:  # another drive of Windows
        seen = None
    return {_THERE: str(here), _SEEN_FROM_RUN: seen}


def working_folders(folder: Path) -> tuple[Path, ...]:
    """Return the folders from which a run's relative paths may be seen, the likeliest first.

    The working directory that it was run in, the same as seen from the run's folder, the present one.
    """
    try:
        kept = json.loads((folder / "system.json").read_text("utf-8"))
    except (OSError, ValueError):
        kept = {}
    if not isinstance(kept, dict):
        kept = {}
    places = [Path(kept[_THERE])] if isinstance(kept.get(_THERE), str) else []
    if isinstance(kept.get(_SEEN_FROM_RUN), str):
        places.append(Path(os.path.normpath(folder.resolve() / kept[_SEEN_FROM_RUN])))
    return tuple(dict.fromkeys((*places, Path.cwd())))


def find_place(text: str, folders: tuple[Path, ...]) -> Path:
    """Return where the path `text` leads: from the first of `folders` where there is something, else from the first."""
    path = Path(text).expanduser()
    if path.is_absolute():
        return path
    found = [folder / path for folder in folders if (folder / path).exists()]
    return found[0] if found else folders[0] / path
