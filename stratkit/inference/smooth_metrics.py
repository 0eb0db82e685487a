"""`SmoothMetric`: a metric that is a smooth function of the means of a few columns, with its gradient.

What can be written so has a standard error by the delta method, under autocorrelation as well, and resamples of it need
no more than sums of blocks. A Calmar ratio cannot: it depends on the order of the returns.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.block_resampling import DOWNSIDE, LEVEL, QUOTIENT, SHARPE
from stratkit.inference.comparison import Arm, ComparedMetric, TradeFlows
from stratkit.inference.sharpe import ROUNDING
from stratkit.panel import FloatArray


@dataclass(frozen=True)
class SmoothMetric:
    """A metric of one arm as a function of column means, all per period.

    `value` takes means (..., m) to (...) and `gradient` to (..., m), over any leading axes. `small_sample` of n periods
    is the factor from the function of means to the metric of record (a Sharpe ratio divides by n - 1). `annual` takes
    (value, periods a year) to what is shown. `form` is the same function to the compiled loop.
    """

    name: ComparedMetric
    form: int
    value: Callable[[FloatArray], FloatArray]
    gradient: Callable[[FloatArray], FloatArray]
    small_sample: Callable[[int], float]
    annual: Callable[[float, float], float]


def smooth_metric(name: ComparedMetric) -> SmoothMetric:
    """Return the metric called `name`; raises `UsageError` for the Calmar ratio.

    >>> sharpe = smooth_metric("sharpe")
    >>> float(sharpe.value(np.array([0.5, 4.25])))
    0.25
    >>> sharpe.annual(0.1, 252.0) == 0.1 * 252**0.5
    True
    """
    if name not in _METRICS:
        raise UsageError(
            f"{name} is no function of means: it depends on the order of the returns; resample whole paths"
        )
    return _METRICS[name]


def metric_columns(metric: ComparedMetric, arm: Arm, risk_free: float) -> FloatArray:
    """Return (n, m), the columns whose means `metric` is a function of; `risk_free` is a rate per period.

    With excess returns e: sharpe (e, e^2); mean (e,); sortino (e, min(e, 0)^2); win_rate (won, closed) and
    profit_factor (gross profit, gross loss) by the period in which trades were closed. Raises `UsageError` for returns
    that are not finite, for an arm that has no such metric (returns that do not vary, no losing period, no trade), and
    where trades are unknown.
    """
    if not np.isfinite(arm.returns).all():
        raise UsageError(f"returns must be finite: those of {arm.name} have gaps; pair the arms on periods of both")
    excess = arm.returns - risk_free
    if metric == "sharpe":
        _must_vary(arm)
        return np.column_stack([excess, excess**2])
    if metric == "mean":
        return excess[:, None].copy()
    if metric == "sortino":
        below = np.minimum(excess, 0.0)
        if not below.any():
            raise UsageError(f"{arm.name} has no period below the risk-free rate: it has no Sortino ratio")
        return np.column_stack([excess, below**2])
    if metric == "win_rate":
        flows = _known_flows(arm, metric)
        _must_exist(flows.closed, f"{arm.name} closed no trade: it has no win rate")
        return np.column_stack([flows.won, flows.closed])
    if metric == "profit_factor":
        flows = _known_flows(arm, metric)
        _must_exist(flows.gross_loss, f"{arm.name} lost on no trade: it has no profit factor")
        return np.column_stack([flows.gross_profit, flows.gross_loss])
    raise UsageError(f"{metric} is no function of means: it depends on the order of the returns; resample whole paths")


def check_columns(x: FloatArray, y: FloatArray) -> None:
    """Refuse columns of two arms that differ in shape, are not finite or are the very same."""
    if x.ndim != 2 or x.shape != y.shape:
        raise UsageError(f"columns of both arms must have one shape, (n, m); found {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UsageError("columns must be finite: pair the arms on the periods that both of them have")
    if np.array_equal(x, y):
        raise UsageError("the two series are identical: there is no difference to test")


def _must_vary(arm: Arm) -> None:
    if len(arm.returns) < 2 or float(np.std(arm.returns, ddof=1)) <= ROUNDING:
        raise UsageError(f"the returns of {arm.name} do not vary: it has no Sharpe ratio")


def _must_exist(amounts: FloatArray, sentence: str) -> None:
    if not float(amounts.sum()) > 0:
        raise UsageError(sentence)


def _known_flows(arm: Arm, metric: ComparedMetric) -> TradeFlows:
    if arm.flows is None:
        raise UsageError(
            f"{metric} needs closed trades; of {arm.name} only returns are known: give a run or its trades"
        )
    return arm.flows


def _sharpe_value(means: FloatArray) -> FloatArray:
    return np.asarray(means[..., 0] / np.sqrt(means[..., 1] - means[..., 0] ** 2))


def _sharpe_gradient(means: FloatArray) -> FloatArray:
    # Ledoit and Wolf (2008), section 3: gamma / (gamma - mu^2)^1.5 and -mu / (2 (gamma - mu^2)^1.5)
    mean, square = means[..., 0], means[..., 1]
    cube = (square - mean**2) ** 1.5
    return np.stack([square / cube, -0.5 * mean / cube], axis=-1)


def _downside_value(means: FloatArray) -> FloatArray:
    return np.asarray(means[..., 0] / np.sqrt(means[..., 1]))


def _downside_gradient(means: FloatArray) -> FloatArray:
    mean, square = means[..., 0], means[..., 1]
    return np.stack([square**-0.5, -0.5 * mean * square**-1.5], axis=-1)


def _quotient_value(means: FloatArray) -> FloatArray:
    return np.asarray(means[..., 0] / means[..., 1])


def _quotient_gradient(means: FloatArray) -> FloatArray:
    return np.stack([1 / means[..., 1], -means[..., 0] / means[..., 1] ** 2], axis=-1)


def _level_value(means: FloatArray) -> FloatArray:
    return np.asarray(means[..., 0])


def _level_gradient(means: FloatArray) -> FloatArray:
    return np.ones_like(means)


def _by_root(value: float, periods: float) -> float:
    return value * math.sqrt(periods)


def _by_year(value: float, periods: float) -> float:
    return value * periods


def _as_is(value: float, _periods: float) -> float:
    return value


def _bessel(n: int) -> float:
    return math.sqrt((n - 1) / n)


def _none(_n: int) -> float:
    return 1.0


_METRICS: Final[dict[str, SmoothMetric]] = {
    "sharpe": SmoothMetric("sharpe", SHARPE, _sharpe_value, _sharpe_gradient, _bessel, _by_root),
    "mean": SmoothMetric("mean", LEVEL, _level_value, _level_gradient, _none, _by_year),
    "sortino": SmoothMetric("sortino", DOWNSIDE, _downside_value, _downside_gradient, _none, _by_root),
    "win_rate": SmoothMetric("win_rate", QUOTIENT, _quotient_value, _quotient_gradient, _none, _as_is),
    "profit_factor": SmoothMetric("profit_factor", QUOTIENT, _quotient_value, _quotient_gradient, _none, _as_is),
}
