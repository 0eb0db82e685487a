"""`Evaluator`: replays sets of values through the engine and keeps of each what a search needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from stratkit.backtest import Inputs, RunConfig, gather, play_through, prepare, replay
from stratkit.data.bars import Bars
from stratkit.engine.layout import Market
from stratkit.engine.market import market_of
from stratkit.errors import StratkitError, UsageError
from stratkit.frequency import return_periods
from stratkit.panel import FloatArray
from stratkit.research.assignment import assigned
from stratkit.research.outcomes import Yardstick, check_metrics
from stratkit.research.pruning import Stopped, judged, sharpes_so_far, watch
from stratkit.research.trials import Assignment, Evaluation, Unfinished

Job = Callable[[], Evaluation]


@dataclass(frozen=True)
class Evaluator:
    """Evaluates sets of values in the place of those of `config`, on `bars`.

    An outcome has the metrics of `KEPT_FIGURES` and, beside them, `metrics`. With several `workers` strategies are
    still asked one after the other, and that many threads replay what they want: nothing changes but the time it
    takes. What a set of values does not touch is read, computed and laid out once. Raises `UsageError` for a metric that does not exist.
    """

    config: RunConfig
    bars: Bars
    workers: int = 1
    metrics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_metrics(self.metrics)

    def evaluate(self, values: Sequence[Assignment], stop_below: FloatArray | None = None) -> list[Evaluation]:
        """Return what each set came to, in their order, whatever computes it.

        `stop_below` (folds - 1,) stops a replay at the end of an equal part of the bars when its Sharpe ratio so far
        (`sharpes_so_far`) is below; NaN stops none. An error of a strategy or of its data ends its own set only,
        ``failed``; values that cannot go together are ``infeasible``.
        """
        return in_order([partial(self._asked, one, stop_below) for one in values], self.workers)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without what was prepared here."""
        return Evaluator, (self.config, self.bars, self.workers, self.metrics)

    def _asked(self, values: Assignment, stop_below: FloatArray | None) -> Evaluation | Job:
        """Ask the strategies; return what is left to do, or what it came to where nothing is."""
        config = assigned(self.config, values)
        inputs = self._inputs(config)
        yardstick = self._yardstick(config)
        legs = any(one.legs is not None for one in inputs.desk.signals)
        if inputs.desk.needs_state or legs or yardstick.needs_record:
            outcome = yardstick.recorded(replay(config, inputs))
            if stop_below is None:
                return outcome
            return judged(sharpes_so_far(outcome, len(stop_below) + 1), stop_below) or outcome
        return partial(_summed_up, config, inputs, yardstick, stop_below)

    def _inputs(self, config: RunConfig) -> Inputs:
        base = self.config
        if config.data != base.data or config.costs.funding_path != base.costs.funding_path:
            return prepare(config, self.bars)
        inputs = prepare(config, self.bars, self._around)
        same = config.costs == base.costs and config.execution == base.execution
        return replace(inputs, market=self._market) if same else inputs

    @cached_property
    def _around(self) -> Inputs:
        return gather(self.config, self.bars)

    @cached_property
    def _market(self) -> Market:
        around, periods = self._around, return_periods(self.bars.times, self.bars.frequency)
        return market_of(
            self.bars, periods, self.config.costs, self.config.execution, funding=around.funding,
            events=around.events, signal_bars=around.signal_bars, detail=around.detail,
        )  # fmt: skip

    @cached_property
    def _yard(self) -> Yardstick:
        return Yardstick(self.config, self.bars, self.metrics)

    def _yardstick(self, config: RunConfig) -> Yardstick:
        # a benchmark is held with the data and the cash of the run
        return self._yard if config.analytics == self.config.analytics and not self._yard.needs_record else replace(
            self._yard, config=config
        )  # fmt: skip


def _summed_up(
    config: RunConfig, inputs: Inputs, yardstick: Yardstick, stop_below: FloatArray | None
) -> Evaluation:  # fmt: skip
    tally = yardstick.tally(config.account.initial_cash)
    stage, _, _ = play_through(config, inputs, None if stop_below is None else watch(tally, stop_below), tally)
    return yardstick.outcome(stage.sums())


def in_order(asked: Iterable[Callable[[], Evaluation | Job]], workers: int) -> list[Evaluation]:
    """Ask one after the other, do what is left of each on `workers` threads, and return the outcomes in order.

    What ends one of them is its outcome; what is no error of stratkit ends all at once.
    """
    if workers == 1:
        return [_ended(one) for one in asked]
    done: list[Evaluation] = []
    waiting: deque[Future[Evaluation]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for one in asked:
            left = _ended_or_left(one)
            waiting.append(pool.submit(_ended, left if callable(left) else _known(left)))
            while len(waiting) > 2 * workers:  # bars of opinions wait in memory
                done.append(waiting.popleft().result())
        done.extend(future.result() for future in waiting)
    finally:
        pool.shutdown(cancel_futures=True)
    return done


def _known(evaluation: Evaluation) -> Job:
    return lambda: evaluation


def _ended(one: Callable[[], Evaluation | Job]) -> Evaluation:
    left = _ended_or_left(one)
    return _ended(left) if callable(left) else left


def _ended_or_left(one: Callable[[], Evaluation | Job]) -> Evaluation | Job:
    try:
        return one()
    except Stopped as stop:
        return stop.why
    except UsageError as error:
        return Unfinished("infeasible", str(error))
    except StratkitError as error:
        return Unfinished("failed", str(error))
