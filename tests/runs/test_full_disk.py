"""A disk that is full at any write: the run is whole or not there, earlier runs are intact, and it is said."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_runs import check_store, write_run

from stratkit.errors import OutputError, StratkitError
from stratkit.runs import database, folder, writer_lock
from stratkit.runs.folder import RunDraft
from stratkit.runs.store import open_store, register_run

FIRST, SECOND = "20240102-030405-aaaaaa", "20240102-030406-bbbbbb"


class FullDisk:
    """Lets `room` writes happen and fails every one after them."""

    def __init__(self, room: int) -> None:
        self.room = room

    def limited(self, real: Callable[..., Any], after_a_part: Callable[..., Any] | None = None) -> Callable[..., Any]:
        def write(*arguments: Any, **more: Any) -> Any:
            self.room -= 1
            if self.room < 0:
                if after_a_part is not None:
                    after_a_part(*arguments)
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments, **more)

        return write


def _half_a_file(draft: RunDraft, name: str, *_content: object) -> None:
    (draft.folder / name).write_bytes(b"PAR1")


def _refused(*_arguments: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


def test_a_disk_that_is_full_at_the_nth_write_for_every_n(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register_run(write_run(tmp_path, FIRST))
    said: list[str] = []
    outcomes: list[str] = []
    for room in range(40):
        disk = FullDisk(room)
        with monkeypatch.context() as full:
            full.setattr(RunDraft, "write_table", disk.limited(RunDraft.write_table, _half_a_file))
            full.setattr(RunDraft, "write_text", disk.limited(RunDraft.write_text, _half_a_file))
            full.setattr(folder, "take_lock", disk.limited(writer_lock.take_lock))
            full.setattr(Path, "mkdir", disk.limited(Path.mkdir))
            full.setattr(Path, "rename", disk.limited(Path.rename))
            full.setattr(database, "_within", disk.limited(database._within, _refused))
            try:
                outcome = "kept"
                record = write_run(tmp_path, SECOND)
                outcome = "whole"
                register_run(record)
                outcome = "listed"
            except StratkitError as error:
                said.append(str(error))
        outcomes.append(outcome)
        assert (tmp_path / SECOND).exists() == (outcome != "kept")
        assert not list(tmp_path.glob(".*"))
        check_store(tmp_path, [FIRST] if outcome == "kept" else [FIRST, SECOND])
        if outcome == "listed":
            break
        if outcome == "whole":
            (tmp_path / SECOND).rename(tmp_path / f"20240102-030406-{room:06d}")
            forget(tmp_path, SECOND)
    assert outcomes[-1] == "listed"
    assert outcomes.count("kept") >= 10  # a lock, two folders, eight files, the name
    assert "whole" in outcomes
    assert all("No space left" in text or "disk is full" in text for text in said)


def forget(parent: Path, run_id: str) -> None:
    """Forget a run whose folder has another name now."""
    with open_store(parent) as store:
        store.remove(run_id)


def test_a_database_that_may_not_grow_is_full_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register_run(write_run(tmp_path, FIRST))
    real = database._prepare

    def no_page_more(connection: sqlite3.Connection, *more: Any) -> None:
        real(connection, *more)
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")

    with monkeypatch.context() as full:
        full.setattr(database, "_prepare", no_page_more)
        with pytest.raises(OutputError, match=r"runs\.sqlite3 cannot be written: database or disk is full"):
            register_run(write_run(tmp_path, SECOND, decisions=3_000, bars=3_000))
    check_store(tmp_path, [FIRST, SECOND])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a limit on file sizes is set for a forked process")
def test_a_process_whose_files_may_not_grow_leaves_a_whole_run_or_none(tmp_path: Path) -> None:
    register_run(write_run(tmp_path, FIRST))
    outcomes = []
    for size in (0, 10, 200, 700, 1_200, 1_500, 2_500, 6_000, 20_000, 60_000, 10_000_000):
        outcome = _with_files_up_to(size, tmp_path)
        outcomes.append(outcome.partition(":")[0])
        assert outcome.startswith(("listed", "whole", "none")), outcome
        kept = [run.name for run in tmp_path.glob("2024*")]
        assert len(kept) == 1 + len([one for one in outcomes if one != "none"])
        check_store(tmp_path, kept)
    assert outcomes[0] == "none"
    assert outcomes[-1] == "listed"
    assert "whole" in outcomes  # the database is the largest file


def _with_files_up_to(size: int, parent: Path) -> str:
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads; the child has none
        child = os.fork()
    if child == 0:
        os.write(write, _attempt(size, parent).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    said = os.read(read, 65536).decode()
    os.close(read)
    return said


def _attempt(size: int, parent: Path) -> str:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        record = write_run(parent, SECOND)
    except OutputError as error:
        return f"none: {error}"
    except BaseException as error:
        return f"wrong: {error!r}"
    try:
        register_run(record)
    except OutputError as error:
        return f"whole: {error}"
    except BaseException as error:
        return f"wrong: {error!r}"
    return "listed"
