"""`score_equity`: the scorecard of an equity curve alone, such as a benchmark's."""

from __future__ import annotations

import numpy as np

from stratkit.analytics import tail
from stratkit.analytics.basis import Basis, basis_of, period_returns
from stratkit.analytics.definitions import metric
from stratkit.analytics.scorecard import Metric, Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.analytics.streamed import equity_metrics, sample_warnings, scorecard_of, stream_equity
from stratkit.analytics.summary import bar_summary, return_summary
from stratkit.frequency import ReturnPeriods
from stratkit.panel import FloatArray, IntArray, format_time


def score_equity(
    times: IntArray, equity: FloatArray, initial: float, periods: ReturnPeriods, settings: AnalyticsSettings
) -> Scorecard:
    """Return the metrics of groups returns and risk of an equity curve (T,) that began with `initial`."""
    basis = basis_of(periods, settings)
    stream = stream_equity(equity, np.zeros_like(equity), initial, periods, basis)
    summary = return_summary(stream)
    rows = [
        *equity_metrics(summary, bar_summary(stream), basis),
        *quantile_metrics(period_returns(equity, initial, periods), basis),
    ]
    return scorecard_of(rows, basis, span(times), tuple(sample_warnings(summary.n, basis)))


def quantile_metrics(returns: FloatArray, basis: Basis) -> list[Metric]:
    """Return the metrics that need every return (n,) of the run."""
    estimates = {
        "var_hist": tail.var_hist(returns, basis.confidence),
        "cvar_hist": tail.cvar_hist(returns, basis.confidence),
        "tail_ratio": tail.tail_ratio(returns),
    }
    return [metric(name, estimate, len(returns), basis) for name, estimate in estimates.items()]


def span(times: IntArray) -> str:
    """Return the dates of some bars for a basis line."""
    return f" from {format_time(int(times[0]))} to {format_time(int(times[-1]))}"
