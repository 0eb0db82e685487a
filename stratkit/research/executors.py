"""`Executor`: who computes the trials of a search; which one does changes how long it takes, never what comes out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self

from stratkit.backtest import RunConfig
from stratkit.errors import UsageError
from stratkit.panel import FloatArray
from stratkit.research.cluster import Cluster
from stratkit.research.evaluation import Evaluator
from stratkit.research.process_pool import ProcessPool
from stratkit.research.trials import Assignment, Evaluation
from stratkit.research.worklist import Pace, Told, Worklist
from stratkit.strategies.bar_strategy import BarStrategy
from stratkit.strategies.catalog import find_strategy


class Executor(Protocol):
    """Computes trials while its context is open."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def evaluate(
        self, values: Sequence[Assignment], stop_below: FloatArray | None = None, told: Told | None = None
    ) -> list[Evaluation]:
        """Return what `Evaluator.evaluate` returns, in the order of `values`.

        `told` hears of each set as soon as it is done, in any order, so that it can be kept before the others are.
        """
        ...


class InProcess:
    """Lets `evaluator` work in this process, a second's worth at a time, so that a stop loses no more than that."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator, self._pace = evaluator, Pace()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def evaluate(
        self, values: Sequence[Assignment], stop_below: FloatArray | None = None, told: Told | None = None
    ) -> list[Evaluation]:
        """Return what the evaluator does, in the order of `values`."""
        work = Worklist(len(values), told)
        threads = self._evaluator.workers
        while places := work.take(Pace(self._pace.size * threads), hands=1):
            begun = time.perf_counter()
            work.finish(places, self._evaluator.evaluate([values[place] for place in places], stop_below))
            self._pace = self._pace.after(-(-len(places) // threads), time.perf_counter() - begun)
        return work.results()


def executor_for(evaluator: Evaluator, workers: int = 1, cluster: str | None = None) -> Executor:
    """Return what lets `evaluator` work on the workers of the Dask scheduler at `cluster`, or on `workers` here.

    Strategies that are asked bar by bar hold Python's lock, so `workers` are processes for them. Others spend their
    time in compiled code, which threads of this process run side by side without copying anything. Raises `UsageError`
    when there is no such number of workers, or when both are given.
    """
    if workers < 1:
        raise UsageError(f"--workers must be 1 or more; found {workers}")
    if cluster is not None:
        if workers > 1:
            raise UsageError("--workers counts processes of this machine, --cluster uses others; found both: give one")
        return Cluster(replace(evaluator, workers=1), cluster)
    if workers > 1 and is_asked_bar_by_bar(evaluator.config):
        return ProcessPool(replace(evaluator, workers=1), workers)
    return InProcess(replace(evaluator, workers=workers))


def is_asked_bar_by_bar(config: RunConfig) -> bool:
    """Whether one of the strategies that run is written for one bar at a time."""
    return any(issubclass(find_strategy(settings.spec), BarStrategy) for settings in config.enabled().values())
