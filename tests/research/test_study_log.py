"""Interrupted and resumed, killed, or worked on by two: a search comes out as if nothing had happened."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from search_cases import FAST, SAMPLERS, SLOW, Formula, peak, run_search, shown

from stratkit.errors import DataError, RunError, UsageError
from stratkit.research.search_settings import GeneticSettings, RangeSettings, SearchSettings
from stratkit.research.study_log import StudyLog, open_study
from stratkit.research.trials import Assignment, Outcome, Unfinished

FACTS = {"version": "1", "config": {"seed": 0, "search": {"trials": 60}}}
WORKER = Path(__file__).with_name("study_worker.py")


def searched(sampler: str) -> SearchSettings:
    grid = {
        FAST: RangeSettings(low=5, high=40, step=5, log=False),
        SLOW: RangeSettings(low=50, high=150, step=20, log=False),
    }
    more = {"space": grid} if sampler == "grid" else {}
    return SearchSettings.model_validate(
        {"sampler": sampler, "fixed": ("direction",), "trials": 60, "genetic": GeneticSettings(population=12), **more}
    )


def opened(folder: Path, *, resume: bool = False, url: str | None = None) -> StudyLog:
    return open_study("study", FACTS, folder / "journal.log", url, resume=resume)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_interrupted_and_resumed_is_uninterrupted(sampler: str, tmp_path: Path) -> None:
    settings = searched(sampler)
    whole = Formula(peak)
    expected = shown(run_search(settings, whole))
    stopped = Formula(peak, after=27)  # in the middle of a batch
    with pytest.raises(KeyboardInterrupt):
        run_search(settings, stopped, log=opened(tmp_path))
    kept = len(opened(tmp_path, resume=True).finished())
    assert kept == 27
    going_on = Formula(peak)
    resumed = run_search(settings, going_on, log=opened(tmp_path, resume=True))
    assert shown(resumed) == expected
    assert len(going_on.calls) == len(whole.calls) - kept


def test_gaussian_processes_are_resumed_like_the_others(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch, which Optuna's GPSampler needs, is not installed")
    test_interrupted_and_resumed_is_uninterrupted("gp", tmp_path)


def test_an_sql_database_keeps_a_study_as_well(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    settings = searched("tpe")
    with pytest.raises(KeyboardInterrupt):
        run_search(settings, Formula(peak, after=30), log=opened(tmp_path, url=url))
    going_on = Formula(peak)
    resumed = run_search(settings, going_on, log=opened(tmp_path, url=url, resume=True))
    assert shown(resumed) == shown(run_search(settings, Formula(peak)))
    assert len(going_on.calls) == 60 - 30


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    metrics = {"sharpe": math.nan, "profit_factor": math.inf, "cagr": 0.1 + 0.2, "payoff": -math.inf}
    outcome = Outcome(metrics, np.array([3, 2]), np.array([0.1, -1e-300]), np.array([1e-9, 2.0]), "ab")
    values: Assignment = {"a": 0.1 + 0.2, "b": None, "c": True, "d": "x", "e": 7}
    log = opened(tmp_path)
    log.keep(3, values, outcome)
    log.keep(4, values, Unfinished("pruned", "poor"))
    log.keep(3, values, Unfinished("failed", "a second process finished it as well"))
    found = opened(tmp_path, resume=True).finished()
    assert found[4] == (values, Unfinished("pruned", "poor"))
    read = found[3][1]
    assert isinstance(read, Outcome)
    assert found[3][0] == values
    assert type(found[3][0]["c"]) is bool
    assert math.isnan(read.metrics.pop("sharpe"))  # type: ignore[attr-defined]  # read into a dict
    assert read.metrics == {name: value for name, value in metrics.items() if name != "sharpe"}
    for name in ("count", "total", "squares"):
        assert np.array_equal(getattr(read, name), getattr(outcome, name))
    assert read.digest == "ab"


@pytest.mark.parametrize("cut", [1, 5, 400])
def test_a_half_written_last_line_does_not_hurt(cut: int, tmp_path: Path) -> None:
    settings = searched("tpe")
    log = opened(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_search(settings, Formula(peak, after=20), log=log)
    journal = tmp_path / "journal.log"
    text = journal.read_bytes()
    journal.write_bytes(text + text.splitlines()[-1][:cut])
    resumed = run_search(settings, Formula(peak), log=opened(tmp_path, resume=True))
    assert shown(resumed) == shown(run_search(settings, Formula(peak)))
    log.keep(999, {"a": 1}, Unfinished("failed", ""))  # who had it open before goes on writing whole lines
    assert 999 in opened(tmp_path, resume=True).finished()


def test_a_line_half_written_by_another_is_taken_away_by_who_writes_next(tmp_path: Path) -> None:
    mine = opened(tmp_path)
    with (tmp_path / "journal.log").open("ab") as file:
        file.write(b'{"op_code": 4, "worker')
    mine.keep(0, {"a": 1}, Unfinished("failed", ""))
    assert 0 in opened(tmp_path, resume=True).finished()


def test_a_study_is_resumed_with_what_it_began_with_only(tmp_path: Path) -> None:
    opened(tmp_path)
    changed = {"version": "2", "config": {"seed": 1, "search": {"trials": 60}}}
    with pytest.raises(UsageError, match=r"version: 1 -> 2; config.seed: 0 -> 1"):
        open_study("study", changed, tmp_path / "journal.log", None, resume=True)
    with pytest.raises(UsageError, match="no study 'other' to resume; found study"):
        open_study("other", FACTS, tmp_path / "journal.log", None, resume=True)
    with pytest.raises(UsageError, match="is there already: go on with it by --resume study"):
        opened(tmp_path)


def test_another_proposal_than_the_kept_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_search(searched("tpe"), Formula(peak, after=20), log=opened(tmp_path))
    with pytest.raises(RunError, match="trial 0 of the study must be"):
        run_search(searched("tpe"), Formula(peak), log=opened(tmp_path, resume=True), seed=5)


def test_a_database_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be the URL of a database that can be reached"):
        opened(tmp_path, url="nosuch://here")


def started(folder: Path, sampler: str, name: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), str(folder), sampler, name, *options]
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "tools")])
    return subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def test_killed_and_resumed_is_uninterrupted(tmp_path: Path) -> None:
    victim = started(tmp_path, "genetic", "victim", "--slow")
    deadline = time.monotonic() + 60
    while lines(tmp_path / "journal.log") < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL
    kept = len(opened(tmp_path, resume=True).finished())
    assert 0 < kept < 60
    going_on = Formula(peak)
    resumed = run_search(searched("genetic"), going_on, log=opened(tmp_path, resume=True))
    assert shown(resumed) == shown(run_search(searched("genetic"), Formula(peak)))
    assert len(going_on.calls) == 60 - kept


@pytest.mark.parametrize("sampler", ["tpe", "genetic"])
def test_two_processes_on_one_study_give_the_trials_of_one(sampler: str, tmp_path: Path) -> None:
    opened(tmp_path)
    both = [started(tmp_path, sampler, name, "--slow") for name in ("a", "b")]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    expected = repr(shown(run_search(searched(sampler), Formula(peak))))
    assert (tmp_path / "a.txt").read_text("utf-8") == expected
    assert (tmp_path / "b.txt").read_text("utf-8") == expected
    replays = [int(text.split()[-1]) for text in said]
    assert sum(replays) >= 60
    assert min(replays) >= 10  # both worked
    assert sum(replays) < 100  # and not each for itself


@pytest.mark.parametrize("line", ["garbage", "{}", "[]"])
def test_a_line_that_was_damaged_is_said_with_what_to_do(line: str, tmp_path: Path) -> None:
    settings = searched("random")
    with pytest.raises(KeyboardInterrupt):
        run_search(settings, Formula(peak, after=27), log=opened(tmp_path))
    journal = tmp_path / "journal.log"
    lines = journal.read_text("utf-8").splitlines(keepends=True)
    journal.write_text("".join([*lines[:12], f"{line}\n", *lines[13:]]), "utf-8")
    with pytest.raises(DataError, match=r"journal\.log: each line must be an entry that Optuna wrote.*cut it off"):
        opened(tmp_path, resume=True)
    journal.write_text("".join(lines[:12]), "utf-8")
    kept = opened(tmp_path, resume=True)
    assert 0 < len(kept.finished()) < 27
    assert shown(run_search(settings, Formula(peak), log=kept)) == shown(run_search(settings, Formula(peak)))
