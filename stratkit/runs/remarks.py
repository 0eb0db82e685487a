"""`Remarks`: the tags and the note that a person gives a run, kept in its folder as ``notes.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stratkit.errors import DataError, OutputError, UsageError
from stratkit.runs.json_text import json_text

REMARKS_FILE: Final = "notes.json"
_TAG: Final = re.compile(r"[\w.+:/=@-]{1,64}")


@dataclass(frozen=True)
class Remarks:
    """What a person said of a run: `tags` in order, each once, and a `note`."""

    tags: tuple[str, ...] = ()
    note: str = ""

    def tagged(self, tags: Iterable[str]) -> Remarks:
        """Return these remarks with `tags` added; raise `UsageError` for what cannot be one.

        >>> Remarks(("b",)).tagged(["a", "b"]).tags
        ('a', 'b')
        """
        return Remarks(tuple(sorted({*self.tags, *map(_checked, tags)})), self.note)

    def noted(self, note: str) -> Remarks:
        """Return these remarks with another note; bytes in it that are no text become escapes."""
        return Remarks(self.tags, note.strip().encode(errors="backslashreplace").decode())

    def untagged(self, tags: Iterable[str]) -> Remarks:
        """Return these remarks without `tags`; those that are not there are no matter."""
        gone = set(tags)
        return Remarks(tuple(tag for tag in self.tags if tag not in gone), self.note)


def read_remarks(folder: Path) -> Remarks:
    """Return the remarks on the run in `folder`, none when nobody made any; raise `DataError` for a damaged file."""
    path = folder / REMARKS_FILE
    try:
        said = json.loads(path.read_text("utf-8"))
        return Remarks(tuple(str(tag) for tag in said["tags"]), str(said["note"]))
    except FileNotFoundError:
        return Remarks()
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} must hold the tags and the note of the run as JSON; found {_found(path)}: mend or remove it"
        ) from error


def noted_at(folder: Path) -> int | None:
    """Return when the remarks on the run in `folder` were last changed [ns]; None when there are none."""
    try:
        return (folder / REMARKS_FILE).stat().st_mtime_ns
    except OSError:
        return None


def write_remarks(folder: Path, remarks: Remarks) -> None:
    """Write the remarks on the run in `folder`, the new ones or the old ones but never half of them."""
    path = folder / REMARKS_FILE
    draft = folder / f".{REMARKS_FILE}"
    try:
        draft.write_text(json_text({"tags": remarks.tags, "note": remarks.note}), encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"tags and notes are kept in the run's folder, which must be writable; {path}: {error.strerror or error}"
        ) from error


def _checked(tag: str) -> str:
    if not _TAG.fullmatch(tag):
        raise UsageError(f"a tag must be 1 to 64 letters, digits or . + : / = @ _ -; found {tag!r}")
    return tag


def _found(path: Path) -> str:
    text = path.read_text("utf-8", errors="replace")
    return f"{text[:40]!r}" if text else "an empty file"
