"""`Evaluator`: replays sets of values through the engine and keeps of each what a search needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, TypeVar

from stratkit.backtest import Inputs, RunConfig, gather, play_through, prepare, replay
from stratkit.data.bars import Bars
from stratkit.engine.layout import Market
from stratkit.engine.market import market_of
from stratkit.errors import StratkitError, UsageError
from stratkit.frequency import return_periods
from stratkit.panel import FloatArray
from stratkit.research.assignment import assigned
from stratkit.research.crew import Crew
from stratkit.research.lane import Batch, Lane
from stratkit.research.outcomes import Yardstick, check_metrics
from stratkit.research.pruning import Stopped, judged, sharpes_so_far, watch
from stratkit.research.trials import Assignment, Evaluation, Unfinished
from stratkit.strategies.signals import Signals

R = TypeVar("R")
Job = Callable[[], Evaluation]
_SHARE = 4  # batches that each worker has at least, so that none waits long for the last one


@dataclass(frozen=True)
class Evaluator:
    """Evaluates sets of values in the place of those of `config`, on `bars`.

    An outcome has the metrics of `KEPT_FIGURES` and, beside them, `metrics`. With several `workers` strategies are
    still asked one after the other, and that many threads replay what they want: nothing changes but the time it
    takes. What a set of values does not touch is read, computed and laid out once; sets that change nothing but
    parameters of the one strategy that runs are replayed many in one call (`Lane`). Raises `UsageError` for a metric
    that does not exist.
    """

    config: RunConfig
    bars: Bars
    workers: int = 1
    metrics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_metrics(self.metrics)

    def evaluate(self, values: Iterable[Assignment], stop_below: FloatArray | None = None) -> list[Evaluation]:
        """Return what each set came to, in their order, whatever computes it.

        `stop_below` (folds - 1,) stops a replay at the end of an equal part of the bars when its Sharpe ratio so far
        (`sharpes_so_far`) is below; NaN stops none. An error of a strategy or of its data ends its own set only,
        ``failed``; values that cannot go together are ``infeasible``. Memory grows with the sets alone: of the bars
        of their opinions a few batches are held at a time.
        """
        listed = values if isinstance(values, Sequence) else tuple(values)
        most = max(1, len(listed) // (_SHARE * self.workers)) if self.workers > 1 else len(listed)
        batch: Batch | None = None
        with Crew(self.workers) as crew:
            for place, one in enumerate(listed):
                said = ended(partial(self._said, one))
                if isinstance(said, Unfinished):
                    crew.put([place], [said])
                elif said is None:
                    left = ended(partial(self._asked, one, stop_below))
                    if callable(left):
                        crew.do([place], partial(_alone, left))
                    else:
                        crew.put([place], [left])
                else:
                    batch = batch or self._open_lane.batch(most)
                    if batch.add(place, said):
                        crew.do(batch.places, partial(batch.replay, stop_below))
                        batch = None
            if batch is not None:
                crew.do(batch.places, partial(batch.replay, stop_below))
            return crew.outcomes()

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without what was prepared here."""
        return Evaluator, (self.config, self.bars, self.workers, self.metrics)

    # ---- many at a time

    @cached_property
    def _lane(self) -> Lane | None:
        try:
            return Lane.of(self.config, self._around, self._yard)
        except StratkitError:  # of the configuration as it is: a set of values may mend it, and is told if it does not
            return None

    @property
    def _open_lane(self) -> Lane:
        assert self._lane is not None  # somebody spoke in it
        return self._lane

    def _said(self, values: Assignment) -> Signals | None:
        """Return what the one strategy says, None for a trial that is to be replayed alone."""
        lane = self._lane
        if lane is None or not lane.is_open:
            return None
        parameters = lane.parameters(values)
        if parameters is None:
            return None
        if lane.template is None:
            self._learn(lane, values)
        return None if lane.template is None else lane.says(parameters)

    def _learn(self, lane: Lane, values: Assignment) -> None:
        """Set up one trial the plain way and show it to the lane."""
        config = assigned(self.config, values)
        inputs = self._inputs(config)
        if inputs.desk.needs_state or any(one.legs is not None for one in inputs.desk.signals):
            lane.is_open = False
            return
        through = play_through(config, inputs, tally=self._yard.tally(config.account.initial_cash))
        lane.learn(inputs.desk.signals[0], through.stage, blended=through.blending is not None)

    # ---- one by one

    def _asked(self, values: Assignment, stop_below: FloatArray | None) -> Evaluation | Job:
        """Ask the strategies; return what is left to do, or what it came to where nothing is."""
        config = assigned(self.config, values)
        inputs = self._inputs(config)
        yardstick = self._yardstick(config)
        legs = any(one.legs is not None for one in inputs.desk.signals)
        if inputs.desk.needs_state or legs or yardstick.needs_record or config.adapts:
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
        around = self._around
        periods = return_periods(around.bars.times, around.bars.frequency)
        return market_of(
            around.bars, periods, self.config.costs, self.config.execution, funding=around.funding,
            events=around.events, signal_bars=around.signal_bars, detail=around.detail, history=around.history,
        )  # fmt: skip

    @cached_property
    def _yard(self) -> Yardstick:
        return Yardstick(self.config, self.bars, self.metrics)

    def _yardstick(self, config: RunConfig) -> Yardstick:
        # a benchmark is bought with the data and the cash of the run
        same = config.analytics == self.config.analytics and not self._yard.needs_record
        return self._yard if same else replace(self._yard, config=config)


def _summed_up(
    config: RunConfig, inputs: Inputs, yardstick: Yardstick, stop_below: FloatArray | None
) -> Evaluation:  # fmt: skip
    tally = yardstick.tally(config.account.initial_cash)
    stage = play_through(config, inputs, None if stop_below is None else watch(tally, stop_below), tally).stage
    return yardstick.outcomes(stage.sums())[0]


def _alone(job: Job) -> list[Evaluation]:
    return [ended(job)]


def ended(one: Callable[[], R]) -> R | Unfinished:
    """Return what a call gives, or why it ended its trial; what is no error of stratkit goes up."""
    try:
        return one()
    except Stopped as stop:
        return stop.why
    except UsageError as error:
        return Unfinished("infeasible", str(error))
    except StratkitError as error:
        return Unfinished("failed", str(error))
