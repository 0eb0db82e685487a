"""`Crew`: threads that work jobs off, their outcomes put in the places that were asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from stratkit.research.trials import Evaluation

Job = Callable[[], Sequence[Evaluation]]


class Crew:
    """Does jobs on `workers` threads, with one worker at once and in the caller's own; a context manager.

    What a job raises goes up when its outcomes are due, and ends the rest.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = None if workers == 1 else ThreadPoolExecutor(workers)
        self._waiting: deque[tuple[Sequence[int], Future[Sequence[Evaluation]]]] = deque()
        self._done: dict[int, Evaluation] = {}

    def do(self, places: Sequence[int], job: Job) -> None:
        """Let a job be done, whose outcomes belong in `places`."""
        if self._pool is None:
            self.put(places, job())
            return
        self._waiting.append((places, self._pool.submit(job)))
        while len(self._waiting) > 2 * self._workers:  # what waits holds opinions on every bar
            self._collect()

    def put(self, places: Sequence[int], outcomes: Sequence[Evaluation]) -> None:
        """Put outcomes that are known in their places."""
        self._done.update(zip(places, outcomes, strict=True))

    def outcomes(self) -> list[Evaluation]:
        """Wait for all jobs, and return every outcome in the order of the places."""
        while self._waiting:
            self._collect()
        return [self._done[place] for place in sorted(self._done)]

    def _collect(self) -> None:
        places, future = self._waiting.popleft()
        self.put(places, future.result())

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
