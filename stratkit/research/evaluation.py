"""`Evaluator`: replays sets of values through the engine and keeps of each what a search needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stratkit.analytics.basis import basis_of
from stratkit.analytics.streamed import score_stream, stream_result
from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.engine.result import BacktestResult
from stratkit.errors import StratkitError, UsageError
from stratkit.frequency import return_periods
from stratkit.inference.trial_sums import BUCKETS, trial_sums
from stratkit.panel import FloatArray
from stratkit.research.assignment import assigned
from stratkit.research.trials import Assignment, Evaluation, Outcome, Unfinished


@dataclass(frozen=True)
class Evaluator:
    """Evaluates sets of values in the place of those of `config`, on `bars`."""

    config: RunConfig
    bars: Bars

    def evaluate(self, values: Sequence[Assignment], stop_below: FloatArray | None = None) -> list[Evaluation]:
        """Return what each set came to, in their order, whatever computes it.

        `stop_below` (folds - 1,) stops a replay at the end of an equal part of the bars when its Sharpe ratio so far is
        below; NaN stops none.
        """
        return [self._evaluated(one) for one in values]

    def _evaluated(self, values: Assignment) -> Evaluation:
        try:
            config = assigned(self.config, values)
            return outcome_of(config, self.bars, run_backtest(config, self.bars))
        except UsageError as error:
            return Unfinished("infeasible", str(error))
        except StratkitError as error:
            return Unfinished("failed", str(error))


def outcome_of(config: RunConfig, bars: Bars, result: BacktestResult) -> Outcome:
    """Return what is kept of a recorded run as a trial."""
    periods = return_periods(result.times, bars.frequency, config.analytics.periods_per_year)
    stream = stream_result(result, periods, basis_of(periods, config.analytics))
    card = score_stream(stream, periods, config.analytics)
    ends = np.flatnonzero(periods.period_end)
    level = np.concatenate(([result.initial_cash], result.equity[ends]))
    returns = np.where(level[:-1] > 0, level[1:] / np.where(level[:-1] > 0, level[:-1], 1.0) - 1.0, 0.0)
    sums = trial_sums(returns[:, None], BUCKETS)
    return Outcome(
        {metric.name: metric.value for metric in card},
        sums.count, sums.total[:, 0], sums.squares[:, 0], hashlib.sha256(stream.tobytes()).hexdigest(),
    )  # fmt: skip
