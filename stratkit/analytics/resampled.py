"""`METRICS_OF_RETURNS`, `metrics_of_returns`: the figures of a scorecard that returns alone give, by its formulas.

Resampled returns have no bars inside their periods: what a scorecard measures bar by bar (drawdowns) is measured here
from period to period. For daily bars that is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from stratkit.analytics.basis import Basis
from stratkit.analytics.curve import quantile_metrics
from stratkit.analytics.definitions import DEFINITIONS
from stratkit.analytics.streamed import equity_metrics, stream_equity
from stratkit.analytics.summary import bar_summary, return_summary
from stratkit.errors import UsageError, did_you_mean
from stratkit.frequency import ReturnPeriods
from stratkit.panel import FloatArray

_PER_BAR: Final = ("sharpe_bar", "ann_vol_bar")  # of the bars inside a period, which are not there
METRICS_OF_RETURNS: Final = tuple(
    name for name, one in DEFINITIONS.items() if one.group in ("returns", "risk") and name not in _PER_BAR
)


def check_metrics_of_returns(names: Sequence[str]) -> None:
    """Raise `UsageError` for a metric that returns alone do not give."""
    for name in names:
        if name in DEFINITIONS and name not in METRICS_OF_RETURNS:
            raise UsageError(
                f"{name} needs more than returns, so resampled returns cannot give it; "
                f"those that can: {', '.join(METRICS_OF_RETURNS)}"
            )
        if name not in DEFINITIONS:
            raise UsageError(f"there is no metric {name!r}; {did_you_mean(name, METRICS_OF_RETURNS)}")


def metrics_of_returns(returns: FloatArray, basis: Basis, names: Sequence[str]) -> FloatArray:
    """Return (len(names),) metrics of (n,) simple returns per period; NaN where one is undefined."""
    equity = np.concatenate(([1.0], np.cumprod(1.0 + returns)))  # a baseline, so that the first return counts
    ends, plain = np.ones(len(equity), np.bool_), replace(basis, intraday=False)
    periods = ReturnPeriods(ends, basis.per_year, basis.unit, basis.per_year, basis.source)
    stream = stream_equity(equity, np.zeros_like(equity), 1.0, periods, plain)
    found = equity_metrics(return_summary(stream), bar_summary(stream), plain)
    if any(name in ("var_hist", "cvar_hist", "tail_ratio") for name in names):
        found += quantile_metrics(returns, basis)
    by_name = {metric.name: metric.value for metric in found}
    return np.array([by_name[name] for name in names])
