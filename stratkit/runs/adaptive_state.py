"""`save_state` and `load_state`: the file in which a run leaves what it learned for the next, whole or as it was."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stratkit.errors import DataError, OutputError
from stratkit.runs.json_text import json_text


def save_state(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record of plain values as JSON, the same bytes for the same record.

    It is written beside the file and then takes its place, so that whoever reads, or whatever kills this process, finds
    the old one or the new one. Raises `OutputError` when the folder cannot be written.
    """
    draft: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        draft = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(json_text(record))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        draft = None
    except OSError as error:
        raise OutputError(
            f"the adaptive state must be writable; {error.filename or path}: {error.strerror or error}; "
            "free some space or name another file"
        ) from error
    finally:
        if draft is not None:
            with contextlib.suppress(OSError):  # what stopped the writing has been said
                draft.unlink()


def load_state(path: Path) -> object:
    """Return what a state file holds; whether it is a state is for `adaptive.record.from_record` to say.

    Raises `DataError` when it cannot be read, or is no JSON.
    """
    start_fresh = "give back a copy that was not changed, or start fresh: delete it or name another file"
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(
            f"the adaptive state must be readable; {path}: {error.strerror or error}: check the path"
        ) from error
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, or brackets without end
        raise DataError(f"the adaptive state {path} must be JSON; found {error}: {start_fresh}") from error


def load_state_if_any(path: Path | None) -> object | None:
    """Return what a state file holds, as `load_state` does; None where none is named or it is not there yet."""
    return None if path is None or not path.exists() else load_state(path)
