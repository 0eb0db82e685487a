"""Trials come to the same bits whoever computes them, and whoever dies meanwhile."""

from __future__ import annotations

import mmap
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pytest
from dask_cluster import local_cluster

from stratkit.backtest import RunConfig
from stratkit.data.bars import FIELDS, Bars
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.errors import RunError, UsageError
from stratkit.panel import FloatArray
from stratkit.research import scheduler
from stratkit.research.agreement import agreed, difference
from stratkit.research.cluster import Cluster
from stratkit.research.cluster_worker import ClusterJob, evaluate_chunk
from stratkit.research.evaluation import Evaluator
from stratkit.research.executors import InProcess, executor_for
from stratkit.research.process_pool import ProcessPool
from stratkit.research.shared_bars import open_bars, write_bars
from stratkit.research.trials import Assignment, Evaluation, Outcome, Unfinished

# notes each call beside itself; takes a moment, so that there is a middle in which something can happen
OWN = """
import os, time
from pathlib import Path
import numpy as np
from stratkit.strategies import Parameters, Signals, Strategy, bounded

class OwnParams(Parameters):
    every: int = bounded(5, low=1, high=500, description="bars between two changes of side")
    wait: float = bounded(0.0, low=0.0, high=60.0, description="seconds that it takes")

class Own(Strategy):
    "Long and short in turns."
    name = "own"
    Params = OwnParams

    def signals(self, context):
        with open(Path(__file__).parent / "calls.txt", "a") as calls:
            calls.write(f"{self.params.every} {os.getpid()}\\n")
        if self.params.every == 13:
            raise ValueError("thirteen is not lucky")
        if self.params.every == 14:
            os.kill(os.getpid(), 9)
        time.sleep(self.params.wait)
        side = np.zeros(context.shape, np.int8)
        side[:: 2 * self.params.every] = 1
        side[self.params.every :: 2 * self.params.every] = -1
        return Signals(self.name, side)
"""

# decides in Python, on each bar anew, from its own position
ASKED = """
from stratkit.strategies import BarStrategy, Parameters, Proposal, bounded

class AskedParams(Parameters):
    every: int = bounded(5, low=1, high=500, description="bars between two entries")

class Asked(BarStrategy):
    "Buys every few bars unless it holds something."
    name = "asked"
    Params = AskedParams
    needs_state = True

    def proposals(self, context):
        if context.cycle_number % self.params.every or context.state["positions"]:
            return []
        return [Proposal(context.universe.get_all_eligible()[0].symbol, "BUY", size_pct=2.0, stop_loss_pct=1.0)]
"""


@pytest.fixture(scope="module")
def bars() -> Bars:
    return load_bars(DataSettings()).slice(0, 700)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    path = tmp_path / "asked.py"
    path.write_text(ASKED)
    return path


def config_of(kind: str | Path, **params: float | str) -> RunConfig:
    strategy = {"enabled": True, "type": str(kind), "params": params}
    return RunConfig.model_validate({"strategies": {"one": strategy}, "analytics": {"benchmark": None}})


CROSS = config_of("sma_cross", fast=20, slow=50)
PAIRS: list[Assignment] = [
    {"strategies.one.params.fast": fast, "strategies.one.params.slow": slow}
    for fast in (2, 3, 5, 8, 13, 21, 34)
    for slow in (10, 20, 30, 40)
]  # of which some break the rule that fast is below slow


def every(*values: int) -> list[Assignment]:
    return [{"strategies.one.params.every": value} for value in values]


def bits(found: Sequence[Evaluation]) -> list[object]:
    """All that a search keeps, so that equal means equal to the last bit."""
    return [
        one
        if isinstance(one, Unfinished)
        else (
            one.digest, one.count.tobytes(), one.total.tobytes(), one.squares.tobytes(),
            list(one.metrics), np.array(list(one.metrics.values())).tobytes(),
        )
        for one in found
    ]  # fmt: skip


def plainly(config: RunConfig, bars: Bars, values: list[Assignment]) -> list[object]:
    return bits(Evaluator(config, bars).evaluate(values))


@pytest.fixture(scope="module")
def dask() -> Iterator[distributed.LocalCluster]:
    with local_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def evaluator(bars: Bars) -> Evaluator:
    return Evaluator(CROSS, bars, metrics=("omega",))


@pytest.fixture(scope="module")
def pool(evaluator: Evaluator) -> Iterator[ProcessPool]:
    with ProcessPool(evaluator, 2) as pool:
        yield pool


def calls(own: Path) -> dict[int, set[int]]:
    """The processes that each value was asked for in."""
    found: dict[int, set[int]] = {}
    for line in (own.parent / "calls.txt").read_text().splitlines():
        value, pid = line.split()
        found.setdefault(int(value), set()).add(int(pid))
    return found


def test_processes_find_the_bits_of_this_process(evaluator: Evaluator, pool: ProcessPool) -> None:
    heard: dict[int, Evaluation] = {}
    found = pool.evaluate(PAIRS, told=heard.__setitem__)
    assert pool.evaluate([]) == []
    again = pool.evaluate(PAIRS[::-1])
    expected = bits(evaluator.evaluate(PAIRS))
    assert {type(one) for one in found} == {Outcome, Unfinished}
    assert bits(found) == expected == bits(again)[::-1]
    assert [heard[place] for place in range(len(PAIRS))] == found


def test_a_cluster_finds_the_bits_of_this_process(bars: Bars, dask: distributed.LocalCluster) -> None:
    heard: dict[int, Evaluation] = {}
    with Cluster(Evaluator(CROSS, bars), dask.scheduler_address) as cluster:
        found = cluster.evaluate(PAIRS, told=heard.__setitem__)
        assert cluster.evaluate([]) == []
        again = cluster.evaluate(PAIRS[::-1])
    assert bits(found) == plainly(CROSS, bars, PAIRS) == bits(again)[::-1]
    assert [heard[place] for place in range(len(PAIRS))] == found


def test_what_stops_a_trial_and_what_is_kept_of_it_reach_every_worker(
    evaluator: Evaluator, pool: ProcessPool, dask: distributed.LocalCluster
) -> None:
    stop_below = np.array([np.nan, 0.0, 0.0])
    here = evaluator.evaluate(PAIRS, stop_below)
    assert {one.state for one in here if isinstance(one, Unfinished)} == {"pruned", "infeasible"}
    assert "omega" in {name for one in here if isinstance(one, Outcome) for name in one.metrics}
    with Cluster(evaluator, dask.scheduler_address) as cluster:
        assert bits(pool.evaluate(PAIRS, stop_below)) == bits(cluster.evaluate(PAIRS, stop_below)) == bits(here)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_each_thread_gets_a_set_from_the_first_chunk_on(
    bars: Bars, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks: list[int] = []
    evaluate = Evaluator.evaluate

    def noted(self: Evaluator, values: Sequence[Assignment], stop_below: FloatArray | None = None) -> list[Evaluation]:
        chunks.append(len(values))
        time.sleep(0.6 * len(values) / workers)  # as slow as two sets in a second and a bit
        return evaluate(self, values, stop_below)

    expected = plainly(CROSS, bars, PAIRS[:7])
    monkeypatch.setattr(Evaluator, "evaluate", noted)
    with executor_for(Evaluator(CROSS, bars), workers=workers) as here:
        assert bits(here.evaluate(PAIRS[:7])) == expected
    assert chunks == {1: [1] * 7, 2: [2, 2, 2, 1], 3: [3, 3, 1]}[workers]


def test_this_process_tells_each_trial_when_it_is_done(bars: Bars) -> None:
    heard: dict[int, Evaluation] = {}
    with InProcess(Evaluator(CROSS, bars)) as here:
        found = here.evaluate(PAIRS, told=heard.__setitem__)
    assert bits(found) == plainly(CROSS, bars, PAIRS)
    assert list(heard.values()) == found


VALUES = [*range(1, 13), *range(15, 27)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_process_that_is_killed_costs_no_finished_trial(bars: Bars, own: Path, number: int) -> None:
    config = config_of(own, every=5, wait=0.1)
    finished: list[int] = []
    with ProcessPool(Evaluator(config, bars), 2) as pool:
        first = pool.pids

        def told(place: int, _: Evaluation) -> None:
            finished.append(place)
            if len(finished) == 5:
                os.kill(first[0], number)

        found = pool.evaluate(every(*VALUES), told=told)
        assert len(pool.pids) == 2
        assert first[0] not in pool.pids
        assert first[1] in pool.pids
    asked = calls(own)
    assert sorted(finished) == list(range(len(VALUES)))
    assert all(len(asked[VALUES[place]]) == 1 for place in finished[:5])
    assert bits(found) == plainly(config_of(own, every=5), bars, every(*VALUES))


def test_a_worker_of_a_cluster_that_is_killed_costs_no_finished_trial(
    bars: Bars, own: Path, dask: distributed.LocalCluster
) -> None:
    config = config_of(own, every=5, wait=0.1)
    finished: list[int] = []
    victim = dask.workers[0].pid

    def told(place: int, _: Evaluation) -> None:
        finished.append(place)
        if len(finished) == 5:
            os.kill(victim, signal.SIGKILL)

    with Cluster(Evaluator(config, bars), dask.scheduler_address) as cluster:
        found = cluster.evaluate(every(*VALUES), told=told)
    asked = calls(own)
    assert sorted(finished) == list(range(len(VALUES)))
    assert all(len(asked[VALUES[place]]) == 1 for place in finished[:5])
    assert bits(found) == plainly(config_of(own, every=5), bars, every(*VALUES))


def test_bars_that_vanish_with_all_workers_are_sent_again(bars: Bars, own: Path) -> None:
    config = config_of(own, every=5, wait=0.1)
    heard: list[int] = []
    with local_cluster(1) as dask:

        def told(place: int, _: Evaluation) -> None:
            heard.append(place)
            if len(heard) == 2:
                os.kill(dask.workers[0].pid, signal.SIGKILL)

        with Cluster(Evaluator(config, bars), dask.scheduler_address) as cluster:
            found = cluster.evaluate(every(*range(1, 9)), told=told)
    assert bits(found) == plainly(config_of(own, every=5), bars, every(*range(1, 9)))


def test_a_strategy_that_is_asked_bar_by_bar_comes_to_the_same_in_processes(bars: Bars, asked: Path) -> None:
    config, values = config_of(asked, every=5), every(1, 2, 3, 50)
    with executor_for(Evaluator(config, bars), workers=2) as pool:
        found = pool.evaluate(values)
    assert bits(found) == plainly(config, bars, values)
    assert len({one.digest for one in found if isinstance(one, Outcome)}) == 4


def test_a_strategy_that_raises_fails_its_own_trial_only(bars: Bars, own: Path, dask: distributed.LocalCluster) -> None:
    config, values = config_of(own, every=5), every(5, 13, 7)
    here = Evaluator(config, bars).evaluate(values)
    with (
        ProcessPool(Evaluator(config, bars), 2) as pool,
        Cluster(Evaluator(config, bars), dask.scheduler_address) as cluster,
    ):
        assert bits(pool.evaluate(values)) == bits(cluster.evaluate(values)) == bits(here)
    assert isinstance(here[1], Unfinished)
    assert here[1].state == "failed"
    assert "thirteen is not lucky" in here[1].reason


def test_a_trial_that_kills_every_process_has_failed_and_the_others_are_done(bars: Bars, own: Path) -> None:
    config = config_of(own, every=5)
    with ProcessPool(Evaluator(config, bars), 2) as pool:
        found = pool.evaluate(every(5, 14, 7))
    assert [type(one) for one in found] == [Outcome, Unfinished, Outcome]
    assert isinstance(found[1], Unfinished)
    assert "its worker process must live" in found[1].reason


def test_an_error_outside_the_trials_is_raised_here_and_leaves_a_pool_that_works(
    evaluator: Evaluator, pool: ProcessPool
) -> None:
    no_values: Any = {1: 2}  # a defect of the caller
    with pytest.raises(RunError, match="a worker must compute a trial or say why not; found AttributeError"):
        pool.evaluate([no_values, *PAIRS])
    assert bits(pool.evaluate(PAIRS)) == bits(evaluator.evaluate(PAIRS))


def test_a_pool_whose_workers_cannot_start_says_so(
    bars: Bars, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("stratkit.research.process_pool.write_bars", lambda bars, folder: (folder / "x").touch())
    with pytest.raises(RunError, match="must start"), ProcessPool(Evaluator(CROSS, bars), 1) as pool:
        pool.evaluate(PAIRS)


def test_a_worker_that_is_killed_while_it_starts_is_replaced(bars: Bars) -> None:
    with ProcessPool(Evaluator(CROSS, bars), 2) as pool:
        for pid in pool.pids:
            os.kill(pid, signal.SIGKILL)
        assert bits(pool.evaluate(PAIRS)) == plainly(CROSS, bars, PAIRS)


def test_bars_in_files_are_the_same_bars(bars: Bars, tmp_path: Path) -> None:
    write_bars(bars, tmp_path)
    mapped = open_bars(tmp_path)
    assert mapped.digest == bars.digest
    assert (mapped.source, mapped.frequency) == (bars.source, bars.frequency)
    assert all(isinstance(owner_of(getattr(mapped, name)), mmap.mmap) for name in ("times", *FIELDS))


def owner_of(array: object) -> object:
    """What the memory of an array belongs to in the end."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array


def test_a_pool_leaves_nothing_behind(bars: Bars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = dict(os.environ)
    with ProcessPool(Evaluator(CROSS, bars), 2) as pool:
        pool.evaluate(PAIRS[:2])
        pids = pool.pids
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
    assert not any(is_alive(pid) for pid in pids)
    assert dict(os.environ) == before


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


SCRIPT = """
import sys
from pathlib import Path
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.research.evaluation import Evaluator
from stratkit.research.process_pool import ProcessPool
from test_executors import config_of, every

def main():
    config = config_of(sys.argv[1], every=5, wait=60.0)
    with ProcessPool(Evaluator(config, load_bars(DataSettings()).slice(0, 300)), 2) as pool:
        print(*pool.pids, flush=True)
        pool.evaluate(every(1, 2, 3, 4))

if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


@contextmanager
def searching(own: Path, is_computing: bool) -> Iterator[tuple[subprocess.Popen[str], list[int], Path]]:
    """A process of its own group whose workers start, or compute for a minute; their ids; where it keeps its files."""
    temporary = own.parent / "temporary"
    temporary.mkdir()
    script = own.parent / "script.py"
    script.write_text(SCRIPT)
    root = Path(__file__).parents[2]
    modules = (root, Path(__file__).parent, root / "tests" / "tools")
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(map(str, modules))}
    with subprocess.Popen(
        [sys.executable, str(script), str(own)], env=environment, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert len(pids) == 2
        while is_computing and not ((own.parent / "calls.txt").exists() and len(calls(own)) == 2):
            time.sleep(0.02)
        yield process, pids, temporary


def ended(pids: list[int]) -> bool:
    """Whether all are gone after some seconds."""
    until = time.monotonic() + 20  # they may still be starting
    while any(is_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(is_alive(pid) for pid in pids)


@pytest.mark.parametrize("is_computing", [True, False])
def test_ctrl_c_ends_all_workers_at_once_and_without_a_word(own: Path, is_computing: bool) -> None:
    with searching(own, is_computing) as (process, pids, temporary):
        begun = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - begun < 5
    assert (out, err, process.returncode) == ("stopped\n", "", 0)
    assert ended(pids)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("is_computing", [True, False])
def test_workers_of_a_process_that_was_killed_end_and_take_its_files_away(own: Path, is_computing: bool) -> None:
    with searching(own, is_computing) as (process, pids, temporary):
        process.kill()
        process.wait()
        assert ended(pids)
    assert not list(temporary.iterdir())


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_scheduler_that_does_not_answer_is_one_clear_error(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "ANSWER_SECONDS", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    begun = time.monotonic()
    with pytest.raises(RunError, match=f"a Dask scheduler must answer at {address} within 0.5 s; found no answer"):
        Cluster(Evaluator(CROSS, bars), address).__enter__()
    assert time.monotonic() - begun < 5


def test_what_is_no_scheduler_is_said(bars: Bars, dask: distributed.LocalCluster) -> None:
    with pytest.raises(RunError, match="found a Worker"):
        Cluster(Evaluator(CROSS, bars), dask.workers[0].worker_address).__enter__()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def chatter() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 what do you want?\r\n\r\n" * 20)

        thread = threading.Thread(target=chatter)
        thread.start()
        with pytest.raises(RunError, match="a Dask scheduler must answer at"):
            Cluster(Evaluator(CROSS, bars), f"tcp://127.0.0.1:{server.getsockname()[1]}").__enter__()
        thread.join()


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:80", "tcp://127.0.0.1"])
def test_what_is_no_address_is_said(bars: Bars, address: str) -> None:
    with pytest.raises(UsageError, match=f"--cluster must be the address .* found '{address}'"):
        Cluster(Evaluator(CROSS, bars), address).__enter__()


def test_a_scheduler_without_workers_is_said(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "WORKER_SECONDS", 0.3)
    with local_cluster(0) as dask, pytest.raises(RunError, match="must have a worker; found none within"):
        Cluster(Evaluator(CROSS, bars), dask.scheduler_address).__enter__()


def test_a_scheduler_that_goes_away_is_said(bars: Bars, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratkit.research.cluster._LOOK_SECONDS", 0.5)
    config = config_of(own, every=5, wait=0.1)
    with local_cluster(1) as dask, Cluster(Evaluator(config, bars), dask.scheduler_address) as cluster:
        end: Any = dask.close
        with pytest.raises(RunError, match="must stay until the end; found that it is gone"):
            cluster.evaluate(every(*VALUES), told=lambda place, _: end())


def test_a_worker_with_other_code_is_refused(
    bars: Bars, dask: distributed.LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratkit.research.agreement.code_digests", lambda *_: {"engine": "0123456789abcdef"})
    refused = pytest.raises(
        RunError, match=r"must have the code and files .* stratkit's engine \(0123456789abcdef here"
    )
    with refused, Cluster(Evaluator(CROSS, bars), dask.scheduler_address) as cluster:
        cluster.evaluate(PAIRS)


def test_a_worker_without_stratkit_is_refused(
    bars: Bars, dask: distributed.LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_READY", "stratkit_that_is_elsewhere:READY")
    with pytest.raises(RunError, match="every worker must have this version of stratkit"):
        Cluster(Evaluator(CROSS, bars), dask.scheduler_address).__enter__()


def test_a_strategy_that_a_worker_cannot_see_is_said(bars: Bars, own: Path) -> None:
    config = config_of(own, every=5)
    job = ClusterJob(Evaluator(config, bars), agreed(config, bars))
    own.rename(own.with_name("gone.py"))
    found, _ = evaluate_chunk(job, every(5), None)
    assert isinstance(found, RunError)
    assert str(found).startswith("a worker of the cluster must have the code and files that are here")
    assert "a strategy file must exist" in str(found)


def test_a_strategy_that_is_another_one_there_is_said(bars: Bars, own: Path) -> None:
    config = config_of(own, every=5)
    job = ClusterJob(Evaluator(config, bars), agreed(config, bars))
    own.write_text(OWN + "\n# changed\n")
    found, _ = evaluate_chunk(job, every(5), None)
    assert isinstance(found, RunError)
    assert "the source of strategy one" in str(found)


def test_a_relative_path_leads_to_the_same_strategy_on_the_workers(
    bars: Bars, own: Path, dask: distributed.LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own.parent)
    config = config_of("own.py", every=5)
    with Cluster(Evaluator(config, bars), dask.scheduler_address) as cluster:
        assert bits(cluster.evaluate(every(5, 13))) == plainly(config, bars, every(5, 13))


def test_code_that_agrees_says_nothing_and_a_package_that_is_missing_is_named(bars: Bars) -> None:
    here = agreed(CROSS, bars)
    assert {"stratkit's ground", "stratkit's engine", "stratkit's research", "the source of strategy one"} < set(here)
    assert difference(here, here) is None
    assert difference(here, {**here, "the version of numpy": "1.0"}) is not None
    fewer = {name: value for name, value in here.items() if name != "the version of numpy"}
    assert str(difference(here, fewer)).endswith("none there)")
    assert str(difference(here, {})).endswith(f"and {len(here) - 3} more")


def test_without_the_extra_it_is_named(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"this needs: pip install 'stratkit\[cluster\]'"):
        Cluster(Evaluator(CROSS, bars), "tcp://127.0.0.1:8786").__enter__()


def test_one_worker_is_this_process(bars: Bars) -> None:
    assert isinstance(executor_for(Evaluator(CROSS, bars)), InProcess)


def test_compiled_strategies_get_threads(bars: Bars) -> None:
    assert isinstance(executor_for(Evaluator(CROSS, bars), workers=2), InProcess)


def test_strategies_asked_bar_by_bar_get_processes(bars: Bars, asked: Path) -> None:
    assert isinstance(executor_for(Evaluator(config_of(asked), bars), workers=2), ProcessPool)


def test_a_cluster_is_taken_when_there_is_one(bars: Bars) -> None:
    assert isinstance(executor_for(Evaluator(CROSS, bars), cluster="tcp://127.0.0.1:8786"), Cluster)


def test_what_contradicts_itself_is_refused(bars: Bars) -> None:
    with pytest.raises(UsageError, match="--workers must be 1 or more; found 0"):
        executor_for(Evaluator(CROSS, bars), workers=0)
    with pytest.raises(UsageError, match="give one"):
        executor_for(Evaluator(CROSS, bars), workers=2, cluster="tcp://127.0.0.1:8786")
