"""A process that is killed or interrupted at any point of writing loses no run and shows no half of one."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sqlite3
import time
import warnings
from pathlib import Path

import pytest
from small_runs import check_store, keep_many, write_run

from stratkit.runs.database import DATABASE
from stratkit.runs.find import whole_runs
from stratkit.runs.folder import WRITER
from stratkit.runs.store import register_run
from stratkit.runs.sweep import hidden_runs
from stratkit.seeds import generator

KILLS = 50
INTERRUPTIONS = 20
WARM_RUNS = 3

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes to be killed are forked")


class Writer:
    """A process that writes runs until it is ended; `told` are those that it said were finished."""

    def __init__(self, parent: Path, name: str) -> None:
        self.told: list[str] = []
        self.read, write = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads; the child has none
            self.pid = os.fork()
        if self.pid == 0:
            _write_for_ever(parent, name, write)
        os.close(write)
        self.rest = b""

    def listen(self, seconds: float) -> None:
        """Note what it tells for some time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self.read], [], [], left)
            if ready:
                self._take(os.read(self.read, 65536))

    def hear(self, runs: int) -> None:
        """Wait until it has told of so many runs."""
        while len(self.told) < runs:
            self.listen(0.002)

    def end(self, number: int) -> int:
        """Send a signal, wait for the end, note what was told before, and return the exit status."""
        os.kill(self.pid, number)
        _, status = os.waitpid(self.pid, 0)
        while chunk := os.read(self.read, 65536):
            self._take(chunk)
        os.close(self.read)
        return status

    def _take(self, chunk: bytes) -> None:
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        self.told += [line.decode() for line in lines]


def _write_for_ever(parent: Path, name: str, descriptor: int) -> None:
    os.dup2(descriptor, 1)
    gc.callbacks.clear()  # what another test library has python call there swallows an interrupt
    gc.freeze()  # what the whole suite has made is not this process's to look through
    with contextlib.suppress(KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        keep_many(parent, name)
    os._exit(0)


@pytest.fixture(scope="module")
def pace_s(tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long one run takes here and now; what its code imports is loaded before anybody is forked."""
    register_run(write_run(tmp_path_factory.mktemp("warm"), "20240102-030405-warm"))
    writer = Writer(tmp_path_factory.mktemp("pace"), "20240102-030405-pace")
    writer.hear(1)
    begun = time.monotonic()
    writer.hear(1 + WARM_RUNS)
    writer.end(signal.SIGKILL)
    return (time.monotonic() - begun) / WARM_RUNS


def rows(folder: Path) -> set[str]:
    """The ids in the database as it was left, before the store is opened."""
    connection = sqlite3.connect(folder / DATABASE)
    with contextlib.closing(connection), contextlib.suppress(sqlite3.OperationalError):  # not a table yet
        return {row[0] for row in connection.execute("SELECT id FROM backtest_results")}
    return set()


@pytest.mark.timeout(120)
def test_a_process_killed_50_times_at_random_points_loses_no_run_and_leaves_no_half_of_one(
    tmp_path: Path, pace_s: float
) -> None:
    rng = generator(7, "kills")
    told: list[str] = []
    drafts = between = 0
    for kill in range(KILLS):
        writer = Writer(tmp_path, f"20240102-0304{kill % 60:02d}-k{kill}")
        writer.hear(int(rng.integers(0, 3)))
        writer.listen(float(rng.uniform(0.0, 1.5 * pace_s)))
        assert os.WIFSIGNALED(writer.end(signal.SIGKILL))
        told += writer.told
        drafts += any((tmp_path / f".{run}.partial" / WRITER).exists() for run in hidden_runs(tmp_path, ".partial"))
        between += set(whole_runs(tmp_path)) > rows(tmp_path)
        check_store(tmp_path, told)
        assert not [
            run for run in hidden_runs(tmp_path, ".partial") if (tmp_path / f".{run}.partial" / WRITER).exists()
        ]
    print(f"{KILLS} kills: {len(told)} runs told of, none lost; {drafts} drafts cut off, {between} runs without rows")
    assert len(told) > KILLS / 4
    assert drafts > KILLS / 10  # else the kills did not meet what is tested
    assert between


def test_a_process_interrupted_at_random_points_takes_its_draft_away_itself(tmp_path: Path, pace_s: float) -> None:
    rng = generator(8, "interruptions")
    told: list[str] = []
    for number in range(INTERRUPTIONS):
        writer = Writer(tmp_path, f"20240102-0304{number:02d}-i{number}")
        writer.hear(1)  # it deals with signals from here on
        writer.listen(float(rng.uniform(0.0, 2.0 * pace_s)))
        assert writer.end(signal.SIGINT) == 0
        told += writer.told
        check_store(tmp_path, told)
    # a signal between two lines of Python may come before anybody owns the draft: hidden, and swept when it is old
    assert len(hidden_runs(tmp_path, ".partial")) <= INTERRUPTIONS // 4


def test_two_writers_and_a_reader_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [Writer(tmp_path, f"20240102-03040{number}-w") for number in range(2)]
    for writer in writers:
        writer.hear(1)
    for _ in range(5):
        writers[0].listen(0.1)
        told = [run for writer in writers for run in writer.told]
        known = rows(tmp_path)
        assert set(told) <= known
    for writer in writers:
        writer.end(signal.SIGKILL)
    told = [run for writer in writers for run in writer.told]
    assert all(len(writer.told) > 1 for writer in writers)
    check_store(tmp_path, told)


def test_writers_that_make_the_same_name_at_once_share_nothing(tmp_path: Path) -> None:
    writers = [Writer(tmp_path, "20240102-030405-same") for _ in range(2)]
    for writer in writers:
        writer.hear(5)
    for writer in writers:
        writer.end(signal.SIGKILL)
    told = [run for writer in writers for run in writer.told]
    assert len(set(told)) == len(told) > 5
    check_store(tmp_path, told)


def test_opening_the_store_while_others_write_takes_nothing_from_them(tmp_path: Path) -> None:
    writer = Writer(tmp_path, "20240102-030405-w")
    for count in range(1, 11):
        writer.hear(count)
        check_store(tmp_path, writer.told, others_write=True)
    writer.end(signal.SIGKILL)
    check_store(tmp_path, writer.told)
