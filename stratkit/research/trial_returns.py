"""`trial_returns`: the returns per period that a trial's sums are made of."""

from __future__ import annotations

import numpy as np

from stratkit.analytics.basis import basis_of
from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.engine.result import BacktestResult
from stratkit.frequency import ReturnPeriods, return_periods
from stratkit.panel import FloatArray


def trial_returns(config: RunConfig, bars: Bars, result: BacktestResult) -> FloatArray:
    """Return (n,) simple returns of every period of a recorded run, the first against the initial cash.

    0 where nothing was left. They are those that `evaluation.outcome_of` adds up.
    """
    periods = return_periods(result.times, bars.frequency, config.analytics.periods_per_year)
    level = np.concatenate(([result.initial_cash], result.equity[periods.period_end]))
    before = np.where(level[:-1] > 0, level[:-1], 1.0)
    return np.where(level[:-1] > 0, level[1:] / before - 1.0, 0.0)


def risk_free(config: RunConfig, periods: ReturnPeriods) -> float:
    """Return the rate per period that cash earns."""
    return basis_of(periods, config.analytics).risk_free
