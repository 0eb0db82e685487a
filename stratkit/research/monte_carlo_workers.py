"""`worked_off`: many replays one after the other or on worker processes, of which a stop keeps those that are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stratkit.errors import Terminated
from stratkit.research.monte_carlo_record import Procedure
from stratkit.research.process_pool import ProcessPool
from stratkit.research.trials import Assignment, Evaluation
from stratkit.research.worker_process import WorksOnBars

Told = Callable[[int, int], None]


class Cut(BaseException):
    """A procedure that a signal stopped, with what it had by then; `signal` is what was raised.

    No error: like the signal itself it is caught by nobody but who keeps the results.
    """

    def __init__(self, procedure: Procedure, signal: BaseException) -> None:
        super().__init__()
        self.procedure, self.signal = procedure, signal


def worked_off(
    evaluator: WorksOnBars, values: Sequence[Assignment], workers: int = 1, told: Told | None = None
) -> tuple[list[Evaluation], BaseException | None]:
    """Return what each set of values came to, in their order, whoever computed it.

    Stopped by a signal it returns the first ones, up to the first that is missing, and the signal: what
    fewer sets would have come to.
    """
    found: dict[int, Evaluation] = {}

    def keep(place: int, evaluation: Evaluation) -> None:
        found[place] = evaluation
        if told is not None:
            told(len(found), len(values))

    stopped: BaseException | None = None
    try:
        if workers == 1:
            for place, one in enumerate(values):
                keep(place, *evaluator.evaluate([one]))
        else:
            with ProcessPool(evaluator, workers) as pool:
                pool.evaluate(values, None, keep)
    except (KeyboardInterrupt, Terminated) as signal:
        stopped = signal
    done = next((place for place in range(len(values)) if place not in found), len(values))
    return [found[place] for place in range(done)], stopped
