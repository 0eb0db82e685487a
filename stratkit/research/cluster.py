"""`Cluster`: an executor that computes trials on the workers of a Dask scheduler."""

from __future__ import annotations

import queue
import uuid
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from stratkit.errors import RunError, StratkitError
from stratkit.panel import FloatArray
from stratkit.research.agreement import agreed
from stratkit.research.cluster_worker import ClusterJob, evaluate_chunk
from stratkit.research.evaluation import Evaluator
from stratkit.research.provenance import located
from stratkit.research.scheduler import check_that_stratkit_is_there, closed, connected, wait_for_worker
from stratkit.research.trials import Assignment, Evaluation
from stratkit.research.worklist import WORKER_DIED, Pace, Told, Worklist

_LOOK_SECONDS: Final = 5.0  # without a result, after which is looked whether scheduler and workers are there
_LOST: Final = 3  # times in a row that the bars may vanish with their workers before the search gives up
_RETRIES: Final = 2  # of a chunk that a worker could not read or send
_PER_WORKER: Final = 2  # chunks under way for each worker, so that it need not wait for an answer


class Cluster:
    """Lets `evaluator` work on the workers of the scheduler at `address`, such as ``tcp://10.0.0.5:8786``.

    It is connected while its context is open. Configuration and bars go to every worker once; a chunk names values
    only. Raises `UsageError` without the extra ``cluster`` or for an address that is none; `RunError` when no scheduler
    answers there, when no worker joins, and when one has other code or files than this process.
    """

    def __init__(self, evaluator: Evaluator, address: str) -> None:
        self._evaluator, self._address = evaluator, address
        self._pace, self._lost = Pace(), 0

    def __enter__(self) -> Self:
        self._client = connected(self._address)
        try:
            wait_for_worker(self._client, self._address)
            check_that_stratkit_is_there(self._client)
            plain = self._evaluator.config.model_dump(mode="json", by_alias=True)
            config, bars = located(plain, (Path.cwd(),)), replace(self._evaluator.bars, findings=())
            self._job = ClusterJob(replace(self._evaluator, config=config, bars=bars), agreed(config, bars))
            self._send_job()
        except BaseException:  # Ctrl-C too: the client has a thread that must end
            closed(self._client)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        closed(self._client)

    def evaluate(
        self, values: Sequence[Assignment], stop_below: FloatArray | None = None, told: Told | None = None
    ) -> list[Evaluation]:
        """Return what `Evaluator.evaluate` would, computed by the workers; `told` hears of each set when it is done.

        Raises the error of a worker that met a defect, and `RunError` when the scheduler is gone.
        """
        work = Worklist(len(values), told)
        running: dict[Any, tuple[int, ...]] = {}
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        hands = self._hands()
        try:
            while not work.is_done:
                while len(running) < hands and (places := work.take(self._pace, hands)):
                    future = self._submitted([values[place] for place in places], stop_below)
                    running[future] = places
                    future.add_done_callback(done.put)
                if not _heard(done):
                    hands = self._hands()
                for future in [future for future in running if future.done()]:
                    self._take(future, running.pop(future), work)
        finally:
            for future in running:
                future.release()  # what nobody waits for is not begun
        return work.results()

    def _submitted(self, chunk: Sequence[Assignment], stop_below: FloatArray | None) -> Any:
        return self._client.submit(
            evaluate_chunk, self._sent, chunk, stop_below,
            key=f"stratkit-{uuid.uuid4().hex}", pure=False, retries=_RETRIES,
        )  # fmt: skip

    def _take(self, future: Any, places: tuple[int, ...], work: Worklist) -> None:
        """Note what a chunk came to, or let it be computed again when its workers or its bars are gone."""
        import distributed

        try:
            found, seconds = future.result()
        except distributed.KilledWorker:  # several died of it, as the scheduler counts
            if len(places) == 1:
                work.finish(places, [WORKER_DIED])
            else:
                work.give_back(places)
        except CancelledError:
            self._send_job_again()
            work.give_back(places)
        else:
            self._lost = 0
            if isinstance(found, StratkitError):
                raise found
            self._pace = self._pace.after(len(places), seconds)
            work.finish(places, found)

    def _hands(self) -> int:
        """Return how many chunks may be under way; raise `RunError` when the scheduler or all workers are gone."""
        if self._client.status != "running":
            raise RunError(
                f"the Dask scheduler at {self._address} must stay until the end; found that it is gone: start it again "
                "and resume, finished trials are kept"
            )
        wait_for_worker(self._client, self._address)
        return _PER_WORKER * len(self._client.scheduler_info(n_workers=-1)["workers"])

    def _send_job(self) -> None:
        self._sent = self._client.scatter(self._job, broadcast=True, hash=False)

    def _send_job_again(self) -> None:
        """Send the bars to workers that took the place of all that had them."""
        self._hands()
        self._lost += 1
        if self._lost > _LOST:
            raise RunError(
                f"workers of the scheduler at {self._address} must live; found that all of them died {_LOST} times "
                "before one finished anything: their log says why, often for want of memory"
            )
        self._send_job()


def _heard(done: queue.SimpleQueue[Any]) -> bool:
    """Wait for a chunk to end; return whether one did before the scheduler should be looked after."""
    try:
        done.get(timeout=_LOOK_SECONDS)
    except queue.Empty:
        return False
    return True
