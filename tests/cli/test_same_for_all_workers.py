"""Who works on a search changes how long it takes: not a trial, not the choice, not a bit of the ledger."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest
from command_line import Stratkit
from dask_cluster import local_cluster

from stratkit.cli.study_folder import STUDIES
from stratkit.runs.ledger import LEDGER

TRIALS = 24
# every column of the ledger, of every trial, but the run's name and the time: bytes are floats, so they are compared
# by their bits
LEDGER_ROWS = """
SELECT identity, kind, number, seed, tried, metrics, first_ns, last_ns, sharpe, total, squares,
       digest, edges, counts, implementations, sources, symbols, series
FROM trials JOIN keys ON keys.id = trials.key_id LEFT JOIN bars ON bars.id = trials.bars_id
LEFT JOIN returns USING (identity) ORDER BY identity
"""
# notes whom it was asked by; takes its time, so that there is a middle in which something can happen
SLOW = """
import os, time
from pathlib import Path
from stratkit.strategies.library.sma_cross import SmaCross
class Slow(SmaCross):
    "A cross that takes its time."
    def signals(self, context):
        with open(Path(__file__).parent / "calls.txt", "a") as calls:
            calls.write(f"{os.getpid()} {self.params.fast} {self.params.slow} {self.params.direction}\\n")
        time.sleep(0.05)
        return super().signals(context)
"""
# asked bar by bar, so that several workers are several processes
ASKED = """
from stratkit.strategies import BarStrategy, Parameters, Proposal, bounded
class AskedParams(Parameters):
    every: int = bounded(5, low=1, high=100, description="bars between two entries")
    stop: float = bounded(1.0, low=0.2, high=5.0, description="percent to the stop")
class Asked(BarStrategy):
    "Buys every few bars unless it holds something."
    Params = AskedParams
    needs_state = True
    def proposals(self, context):
        if context.cycle_number % self.params.every or context.state["positions"]:
            return []
        symbol = context.universe.get_all_eligible()[0].symbol
        return [Proposal(symbol, "BUY", size_pct=2.0, stop_loss_pct=self.params.stop)]
"""


@pytest.fixture(scope="module")
def dask() -> Iterator[distributed.LocalCluster]:
    with local_cluster() as cluster:
        yield cluster


def own(folder: Path, text: str, name: str, years: int) -> Path:
    (folder / f"{name}.py").write_text(text)
    config = folder / f"{name}.yaml"
    config.write_text(
        f"data: {{symbols: [SP500], start: {2019 - years}-01-01}}\nreport: {{html: false, png: false}}\n"
        f"strategies:\n  {name}: {{enabled: true, type: '{name}.py:{name.title()}'}}\n"
    )
    return config


def found(stratkit: Stratkit, out: str, *options: str | Path) -> dict[str, Any]:
    """What a search leaves behind that does not tell when and by whom it was made."""
    done = stratkit("optimize", *options, "--trials", str(TRIALS), "--out", out, "--no-report", "--json")
    assert done.code == 0, done.err
    record = done.json
    with sqlite3.connect(Path(out, LEDGER)) as ledger:
        rows = ledger.execute(LEDGER_ROWS).fetchall()
    ledger.close()
    assert sum(trial["state"] == "complete" for trial in record["trials"]) == TRIALS
    assert len(rows) == len(record["trials"]) - refused(record) + 1, "every replay, and the choice over all bars"
    assert sum(row[-1] is not None for row in rows) > TRIALS // 2, "the returns of the best are kept"
    return {
        "ledger": rows,
        "trials": Path(record["folder"], "trials.parquet").read_bytes(),
        "search": Path(record["folder"], "search.json").read_bytes(),
        **{name: record[name] for name in ("chosen", "front", "trials", "evidence", "metrics")},
    }


def refused(record: dict[str, Any]) -> int:
    """How many sets broke a rule, and were not replayed."""
    return sum(trial["state"] == "infeasible" for trial in record["trials"])


@pytest.mark.parametrize("kind", ["built in", "asked"])
def test_one_worker_two_and_a_cluster_leave_the_same_ledger(
    kind: str, stratkit: Stratkit, tmp_path: Path, dask: distributed.LocalCluster
) -> None:
    what = ["--from", "2015-01-01"] if kind == "built in" else [own(tmp_path, ASKED, "asked", years=1)]
    one = found(stratkit, "one", *what, "--workers", "1")
    two = found(stratkit, "two", *what, "--workers", "2")
    cluster = found(stratkit, "cluster", *what, "--cluster", dask.scheduler_address)
    assert one == two == cluster
    assert found(stratkit, "other", *what, "--seed", "1")["ledger"] != one["ledger"]


def test_a_worker_that_is_killed_meanwhile_costs_no_finished_trial_and_changes_nothing(
    stratkit: Stratkit, tmp_path: Path
) -> None:
    config = own(tmp_path, SLOW, "slow", years=4)
    whole = found(stratkit, "whole", config)
    (tmp_path / "calls.txt").unlink()
    with local_cluster() as dask:
        kept: list[str] = []
        killer = threading.Thread(target=kill_in_the_middle, args=(Path("hit").resolve(), dask, kept))
        killer.start()
        hit = found(stratkit, "hit", config, "--cluster", dask.scheduler_address)
        killer.join()
    assert hit == whole
    asked: dict[str, set[int]] = {}
    for line in (tmp_path / "calls.txt").read_text().splitlines():
        pid, _, values = line.partition(" ")
        if int(pid) != os.getpid():  # where the choice is looked at, not searched
            asked.setdefault(values, set()).add(int(pid))
    assert 0 < len(kept) < TRIALS, "it was hit in the middle"
    assert len(set().union(*asked.values())) >= 2
    assert {len(asked[values]) for values in kept} == {1}, "what was kept is not asked for again"


def kill_in_the_middle(out: Path, dask: distributed.LocalCluster, kept: list[str]) -> None:
    """Kill a worker when a few trials are kept, and note these."""
    victim, deadline = dask.workers[0].pid, time.monotonic() + 120
    while not kept and time.monotonic() < deadline:
        for journal in (out / STUDIES).glob("*/journal.log"):
            finished = kept_trials(journal)
            if len(finished) >= 5:
                os.kill(victim, signal.SIGKILL)
                kept.extend(finished)
        time.sleep(0.02)


def kept_trials(journal: Path) -> list[str]:
    """The replayed sets that are kept in a journal, as the strategy notes them."""
    found = []
    for line in journal.read_bytes().split(b"\n")[:-1]:
        if b"stratkit:trial" not in line:
            continue
        trial = json.loads(line)["user_attrs"]["stratkit:trial"]
        if "digest" in trial:
            values = {key.rpartition(".")[2]: value for key, value in trial["values"].items()}
            found.append(f"{values['fast']} {values['slow']} {values['direction']}")
    return found
