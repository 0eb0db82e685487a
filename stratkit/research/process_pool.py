"""`ProcessPool`: an executor that computes trials in worker processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from stratkit.errors import RunError, StratkitError
from stratkit.panel import FloatArray
from stratkit.research.interrupts import interrupted_later
from stratkit.research.shared_bars import write_bars
from stratkit.research.trials import Assignment, Evaluation
from stratkit.research.worker_process import WorksOnBars, serve
from stratkit.research.worklist import Pace, Told, Worklist

# several workers with several threads each are slower than one thread each
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_STILLBORN: Final = 2  # workers in a row that may die before they are ready: by chance, not for a reason that stays


@dataclass
class _Worker:
    """A worker process, this end of its pipe, and the places of the chunk that it computes; none before it is ready."""

    process: BaseProcess
    connection: Connection
    places: tuple[int, ...] = ()
    is_ready: bool = False


class ProcessPool:
    """Lets `evaluator` work in `workers` processes, which start on entering and end on leaving the context.

    One that dies is replaced and its chunk computed again. Not on `concurrent.futures`, whose pool is lost as a whole
    with one of its processes, does not say whose chunk that was, and cannot be ended at once.
    """

    def __init__(self, evaluator: WorksOnBars, workers: int) -> None:
        self._bars, self._count = evaluator.bars, workers
        self._evaluator = replace(evaluator, bars=replace(self._bars.slice(0, 0), findings=()))
        self._workers: list[_Worker] = []
        self._pace, self._stillborn = Pace(), 0

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="stratkit-bars-"))
        try:
            write_bars(self._bars, self._folder)
            self._fill_up()
        except BaseException:  # Ctrl-C too: what was started must end
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers."""
        return tuple(worker.process.pid for worker in self._workers if worker.process.pid is not None)

    def evaluate(
        self, values: Sequence[Assignment], stop_below: FloatArray | None = None, told: Told | None = None
    ) -> list[Evaluation]:
        """Return what the evaluator itself would, computed by the workers; `told` hears of each set when it is done.

        Raises the error of a worker that could not be started, or that met a defect.
        """
        work = Worklist(len(values), told)
        try:
            while not work.is_done:
                self._fill_up()
                for worker in self._workers:
                    if worker.is_ready and not worker.places:
                        self._hand_out(worker, work, values, stop_below)
                for connection in wait([worker.connection for worker in self._workers]):
                    self._hear(next(one for one in self._workers if one.connection is connection), work)
        except BaseException:  # Ctrl-C too: what workers still compute belongs to nobody
            self._end_workers()
            raise
        return work.results()

    def _hand_out(
        self, worker: _Worker, work: Worklist, values: Sequence[Assignment], stop_below: FloatArray | None
    ) -> None:
        worker.places = work.take(self._pace, self._count)
        if worker.places:
            with suppress(OSError):  # it died while it waited, which is heard next
                worker.connection.send(([values[place] for place in worker.places], stop_below))

    def _hear(self, worker: _Worker, work: Worklist) -> None:
        """Take what a worker sends: that it is ready, what its chunk came to, or, when it died, nothing more."""
        try:
            answer = worker.connection.recv()
        except (EOFError, OSError):
            self._mourn(worker, work)
            return
        if not worker.is_ready:
            worker.is_ready, self._stillborn = True, 0
            return
        found, seconds = answer
        if isinstance(found, StratkitError):
            raise found
        places, worker.places = worker.places, ()
        self._pace = self._pace.after(len(places), seconds)
        work.finish(places, found)

    def _mourn(self, worker: _Worker, work: Worklist) -> None:
        """Take a dead worker from the pool, and let its chunk be computed by another."""
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.kill()  # a pipe may break before its process has gone
        worker.process.join()
        self._stillborn += not worker.is_ready
        if self._stillborn > _STILLBORN:
            raise RunError(
                f"a worker process must start; found that {self._stillborn} in a row ended before they could compute, "
                f"the last with code {worker.process.exitcode}: "
                "what they printed says why. A script of your own starts workers below "
                "`if __name__ == '__main__':` only; --workers 1 starts none"
            )
        if worker.places:
            work.give_back(worker.places)

    def _fill_up(self) -> None:
        """Start as many workers as are missing."""
        while len(self._workers) < self._count:
            self._begin()

    def _begin(self) -> None:
        spawn = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        ours, its = spawn.Pipe()
        # a daemon is ended with this process, should nobody leave the context
        process = spawn.Process(target=serve, args=(its, self._evaluator, self._folder), daemon=True)
        with _one_thread_each(), interrupted_later():
            process.start()
            self._workers.append(_Worker(process, ours))
        its.close()

    def _end_workers(self) -> None:
        """End all workers at once, whatever they do: they own nothing."""
        with interrupted_later():
            for worker in self._workers:
                worker.process.kill()
            for worker in self._workers:
                worker.process.join()
                worker.connection.close()
            self._workers.clear()

    def _close(self) -> None:
        with interrupted_later():
            self._end_workers()
            shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let a process that is started inside give its numerical libraries one thread."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
