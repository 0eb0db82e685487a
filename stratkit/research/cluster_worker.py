"""`ClusterJob`: what every worker of a cluster holds of a search, and how it computes a chunk of trials from it."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from stratkit.errors import RunError, StratkitError
from stratkit.panel import FloatArray
from stratkit.research.agreement import Agreement, agreed, difference
from stratkit.research.evaluation import Evaluator
from stratkit.research.trials import Assignment
from stratkit.research.worker_process import Answer, as_stratkit_error

READY: Final = "ready"  # what a worker answers that can import this module

# a strategy may do what two threads of a process cannot do at a time: redirect output, import, keep state
_one_at_a_time = threading.Lock()


@dataclass
class ClusterJob:
    """What evaluates, whose paths lead somewhere from any folder, and what the sender's code and files are."""

    evaluator: Evaluator
    expected: Agreement

    @cached_property
    def checked(self) -> Evaluator:
        """The evaluator; raises `RunError` when its code or files are not the sender's."""
        try:
            found = difference(self.expected, agreed(self.evaluator.config, self.evaluator.bars))
        except StratkitError as error:
            found = str(error)
        if found is not None:
            raise RunError(
                "a worker of the cluster must have the code and files that are here, under the same paths; found on "
                f"{platform.node()}: {found}. Start the workers in the same environment, and put files "
                "where all of them see them"
            )
        return self.evaluator

    def __getstate__(self) -> dict[str, object]:
        """Leave out that it was checked in this process: Dask moves jobs between workers."""
        return {"evaluator": self.evaluator, "expected": self.expected}


def evaluate_chunk(job: ClusterJob, values: Sequence[Assignment], stop_below: FloatArray | None) -> Answer:
    """Return what a chunk came to and how many seconds it took; an error of a defect is returned, not raised.

    Dask would compute a task again that raises, on other workers.
    """
    with _one_at_a_time:
        begun = time.perf_counter()
        try:
            return job.checked.evaluate(values, stop_below), time.perf_counter() - begun
        except Exception as error:  # whatever it is, it is raised where the trial was asked for
            return as_stratkit_error(error), time.perf_counter() - begun
