"""A damaged, newer, busy or read-only database costs no run and says what happened."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_runs import asked, states, write_run

from stratkit.errors import OutputError
from stratkit.runs import database
from stratkit.runs.database import DATABASE
from stratkit.runs.folder import RunRecord
from stratkit.runs.remarks import Remarks
from stratkit.runs.store import register_run, remark_run

ONE, TWO = "20240102-030405-aaaaaa", "20240102-030406-bbbbbb"


def damages() -> Iterator[Any]:
    yield pytest.param(lambda content: b"", id="empty")
    yield pytest.param(lambda content: b"garbage" * 100, id="garbage")
    yield pytest.param(lambda content: content[:100], id="header only")
    for part in (0.25, 0.5, 0.75):
        yield pytest.param(lambda content, part=part: content[: int(len(content) * part)], id=f"first {part:.0%}")
    yield pytest.param(lambda content: content[:100] + bytes(len(content) - 100), id="zeros behind the header")
    for seed in range(12):
        yield pytest.param(lambda content, seed=seed: scribbled(content, seed), id=f"scribbled {seed}")


def scribbled(content: bytes, seed: int) -> bytes:
    """Overwrite four pages, the first among them every other time."""
    rng = np.random.default_rng(seed)
    pages = rng.choice(np.arange(seed % 2, len(content) // 4096), 4, replace=False)
    changed = bytearray(content)
    for page in pages:
        changed[page * 4096 : (page + 1) * 4096] = rng.bytes(4096)
    return bytes(changed)


@pytest.mark.parametrize("damage", list(damages()))
def test_a_damaged_database_is_set_aside_and_rebuilt_from_the_folders(damage: Any, reports: Path) -> None:
    remark_run(RunRecord(ONE, reports / ONE, ()), Remarks(("a",), "kept"))
    whole = asked(reports, "SELECT id, state, note, sharpe FROM backtest_results ORDER BY id")
    path = reports / DATABASE
    path.write_bytes(damage(path.read_bytes()))
    found, notices = states(reports)
    assert found == {ONE: "whole", TWO: "whole"}
    register_run(write_run(reports, "20240102-030407-cccccc"))  # touches every table
    assert asked(reports, "SELECT id, state, note, sharpe FROM backtest_results ORDER BY id")[:2] == whole
    assert asked(reports, "SELECT tag FROM tags") == [("a",)]
    set_aside = list(reports.glob(f"{DATABASE}.damaged-*"))
    assert len(notices) <= len(set_aside) <= 1
    assert all("is damaged" in notice and "was set aside as" in notice for notice in notices)
    assert asked(reports, "PRAGMA integrity_check") == [("ok",)]


def test_a_damaged_database_that_cannot_be_set_aside_is_said_and_the_folders_are_read(
    reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    (reports / DATABASE).write_bytes(b"garbage" * 100)
    monkeypatch.setattr("stratkit.runs.database.set_aside", read_only)
    found, notices = states(reports, for_reading=True)
    assert found == {ONE: "whole", TWO: "whole"}
    assert notices[0].endswith("cannot be set aside: Permission denied; the runs are read from their folders instead")
    with pytest.raises(OutputError, match="cannot be set aside"):
        states(reports)


def test_a_database_of_a_newer_stratkit_is_refused_and_left_alone(reports: Path) -> None:
    connection = sqlite3.connect(reports / DATABASE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (reports / DATABASE).read_bytes()
    with pytest.raises(OutputError, match=r"runs\.sqlite3 must be of version \d+ or older; found 99.*upgrade stratkit"):
        states(reports, for_reading=True)
    assert (reports / DATABASE).read_bytes() == before


def test_a_database_that_stays_busy_is_said_and_reading_goes_on(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    third = write_run(reports, "20240102-030407-cccccc")
    other = sqlite3.connect(reports / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutputError, match=r"in use by another process"):
        register_run(third)
    found, notices = states(reports, for_reading=True)
    assert set(found) == {ONE, TWO, third.run_id}
    assert notices[0].endswith("the runs are read from their folders instead")
    other.close()
    assert states(reports) == (dict.fromkeys(found, "whole"), [])


def test_a_writer_waits_for_another(reports: Path) -> None:
    other = sqlite3.connect(reports / DATABASE, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.2, other.close)
    release.start()
    register_run(write_run(reports, "20240102-030407-cccccc"))
    release.join()
    assert len(asked(reports, "SELECT id FROM backtest_results")) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="another user is a process of its own")
def test_in_a_read_only_folder_runs_are_listed_and_writing_says_why_not() -> None:
    folder = Path(tempfile.mkdtemp(prefix="stratkit-read-only-"))
    try:
        register_run(write_run(folder, ONE))
        write_run(folder, TWO)  # not in the database yet
        for path in (folder, folder / ONE, folder / TWO):
            path.chmod(0o555)
        read, write = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads; the child has none
            child = os.fork()
        if child == 0:
            os.write(write, _seen_without_rights(folder).encode())
            os._exit(0)
        os.close(write)
        os.waitpid(child, 0)
        seen = os.read(read, 65536).decode()
        os.close(read)
        listed, refused, noted = seen.split("|")
        assert listed == f"{ONE} {TWO}"
        assert "cannot be written" in refused
        assert "must be writable" in noted
    finally:
        for path in (folder, folder / ONE, folder / TWO):
            path.chmod(0o755)
        shutil.rmtree(folder)


def _seen_without_rights(folder: Path) -> str:
    if os.geteuid() == 0:
        os.seteuid(65534)  # root may write anywhere
    found, _ = states(folder, for_reading=True)
    said = []
    try:
        register_run(RunRecord(TWO, folder / TWO, ()))
    except OutputError as error:
        said.append(str(error))
    try:
        remark_run(RunRecord(TWO, folder / TWO, ()), Remarks(("a",), ""))
    except OutputError as error:
        said.append(str(error))
    return "|".join([" ".join(sorted(found)), *said])
