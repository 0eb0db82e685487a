"""`StateFile`: the file in which a run leaves what it learned for the next, as this run found it.

Whoever reads it, or whatever kills its writer, finds one whole state; and none that somebody wrote is ever lost.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from stratkit.adaptive.record import START_FRESH
from stratkit.errors import DataError, OutputError
from stratkit.runs.json_text import json_text
from stratkit.runs.writer_lock import WriterLock, take_lock

STATE_BEFORE: Final = "state_before.json"  # in a run's folder: what it went on from
STATE_INPUT: Final = "state"  # its role in the manifest
_PATIENCE_S: Final = 5.0  # a state is written within milliseconds
_PAUSE_S: Final = 0.02


@dataclass(frozen=True)
class StateFile:
    """A state file as a run found it: `content` is None where there was none, `is_fresh` starts from nothing anyway."""

    path: Path
    content: bytes | None
    is_fresh: bool = False

    @property
    def is_used(self) -> bool:
        """Whether anything in it is gone on from."""
        return self.content is not None and not self.is_fresh

    @property
    def learned(self) -> object | None:
        """What it holds, None for nothing; whether it is a state is for `adaptive.record.from_record` to say.

        Raises `DataError` when it is no JSON.
        """
        if self.content is None or self.is_fresh:
            return None
        try:
            found: object = json.loads(self.content)
        except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, or brackets without end
            raise DataError(f"the adaptive state {self.path} must be JSON; found {error}: {START_FRESH}") from error
        return found

    def inputs(self) -> dict[str, dict[str, str]]:
        """Return path and digest of what is gone on from, by its role, for a manifest; nothing where nothing is."""
        if self.content is None or self.is_fresh:
            return {}
        return {STATE_INPUT: {"path": str(self.path), "sha256": hashlib.sha256(self.content).hexdigest()}}


class KeptState(NamedTuple):
    """The file that what a run learned is in now, and what is to be said of it, if anything."""

    path: Path
    said: str = ""


def read_state(path: Path, *, is_fresh: bool = False) -> StateFile:
    """Return the state file at `path` as it is now; raise `DataError` when it cannot be read."""
    return StateFile(path, _content(path), is_fresh)


def check_writable(path: Path) -> None:
    """Raise `OutputError` where no state could be saved at `path`; leaves nothing behind, no folder either."""
    folder = _real(path).parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # the rest of it is made when there is something to save
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error


def state_of_run(folder: Path, inputs: Mapping[str, Mapping[str, str]]) -> StateFile | None:
    """Return what the run in a folder went on from by the `inputs` of its manifest; None for nothing.

    Raises `DataError` when its copy in the folder is gone or was changed.
    """
    if STATE_INPUT not in inputs:
        return None
    found = read_state(folder / STATE_BEFORE)
    if found.inputs().get(STATE_INPUT, {}).get("sha256") != inputs[STATE_INPUT]["sha256"]:
        raise DataError(
            f"{found.path} must be the adaptive state that the run went on from; it is gone or was changed: bring it "
            "back, for what was learned before decides what is traded"
        )
    return StateFile(Path(inputs[STATE_INPUT]["path"]), found.content)


def keep_state(found: StateFile, record: Mapping[str, Any]) -> KeptState:
    """Write what a run learned in the place of what it `found`, and return where it is and what is to be said of it.

    The same record gives the same bytes; they are written beside the file and then take its place. A file that somebody
    changed meanwhile stays, and the record goes to a new one beside it. A file that a fresh start ignored gets another
    name first. Raises `OutputError` when the folder cannot be written.
    """
    path = _real(found.path)
    text = json_text(record)
    with _draft(path, found.path, text) as draft, _sole_writer(path) as is_sole:
        now = _content(path)
        if now == text.encode():
            return KeptState(found.path)
        if not is_sole or now != found.content:
            target = _numbered(path, lambda number: f"{path.stem}-{number}{path.suffix}", 2, _reserve)
            draft.replace(target)
            return KeptState(
                target,
                f"the adaptive state {found.path} was changed by another run since this one read it: it stays as it "
                f"is, and what this run learned is in {target}",
            )
        if now is None or not found.is_fresh:
            draft.replace(path)
            return KeptState(found.path)
        aside = _numbered(
            path, lambda number: f"{path.name}.bak{number if number > 1 else ''}", 1, lambda to: _linked(path, to)
        )
        draft.replace(path)
        return KeptState(found.path, f"the adaptive state that was in {found.path} is in {aside} now")


def _real(path: Path) -> Path:
    """Return where a link leads, so that it stays one."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _unwritable(path: Path, error: OSError) -> OutputError:
    do = "free some space" if error.errno == errno.ENOSPC else "make its folder writable"
    return OutputError(
        f"the adaptive state must be writable; {path}: {error.strerror or error}: {do}, or name another file in "
        "state_path"
    )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(
            f"the adaptive state must be readable; {path}: {error.strerror or error}: check the path"
        ) from error


@contextmanager
def _draft(path: Path, named: Path, text: str) -> Iterator[Path]:
    """Yield a file beside `path` that holds a text for good; it is gone afterwards unless it got another name.

    What fails is said of the file as it was `named`, never of this one.
    """
    draft: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        draft = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    except OSError as error:
        raise _unwritable(named, error) from error
    finally:
        if draft is not None:
            with contextlib.suppress(OSError):  # what stopped the writing has been said
                draft.unlink(missing_ok=True)


@contextmanager
def _sole_writer(path: Path) -> Iterator[bool]:
    """Yield whether nobody else writes this state meanwhile; another writer is waited for, but not for ever."""
    lock: WriterLock | None = None
    until = time.monotonic() + _PATIENCE_S
    while lock is None and time.monotonic() < until:
        lock = take_lock(path.with_name(f".{path.name}.lock"))
        if lock is None:
            time.sleep(_PAUSE_S)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.release()


def _numbered(path: Path, name: Callable[[int], str], first: int, claim: Callable[[Path], None]) -> Path:
    """Return the first path beside `path` that could be claimed, of which nobody has a file yet."""
    for number in count(first):
        target = path.with_name(name(number))
        try:
            claim(target)
        except FileExistsError:
            continue
        return target
    raise AssertionError  # there are numbers enough


def _reserve(target: Path) -> None:
    target.touch(exist_ok=False)


def _linked(path: Path, target: Path) -> None:
    """Give a file a second name that nobody has yet, so that it is never without one; else move it."""
    try:
        os.link(path, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        _reserve(target)
        path.replace(target)
