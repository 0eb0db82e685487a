"""`ReportSeries`: the lines of a report, thinned for the eye, as bar numbers and values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stratkit.analytics.basis import counts_first_bar
from stratkit.analytics.basis import period_returns as returns_of_periods
from stratkit.analytics.drawdowns import drawdown_series
from stratkit.analytics.rolling import rolling_sharpe, rolling_volatility
from stratkit.analytics.settings import per_period
from stratkit.engine.result import BacktestResult
from stratkit.frequency import return_periods
from stratkit.panel import FloatArray, IntArray
from stratkit.reports.content import ReportContent
from stratkit.reports.settings import ReportSettings
from stratkit.reports.thinning import extreme_points


@dataclass(frozen=True)
class Line:
    """One line of a chart: `values` at the closes of the bars numbered `bar`, both (n,)."""

    name: str
    bar: IntArray
    values: FloatArray


@dataclass(frozen=True)
class PeriodReturns:
    """Simple returns (P,) per return period, which closes at the bars numbered `bar`.

    `risk_free` is a fraction per period.
    """

    bar: IntArray
    values: FloatArray
    per_year: float
    unit: str
    risk_free: float


@dataclass(frozen=True)
class ReportSeries:
    """Everything that is drawn over time, and the returns behind the distribution.

    `benchmark` stands on the same bars as `equity`. `rolling_periods` is the window in use.
    """

    equity: Line
    benchmark: Line | None
    drawdown: Line
    benchmark_drawdown: Line | None
    gross: Line
    net: Line
    costs: tuple[Line, ...]
    returns: PeriodReturns
    rolling_periods: int
    rolling_sharpe: Line
    rolling_volatility: Line
    benchmark_sharpe: Line | None
    benchmark_volatility: Line | None


def prepare_series(content: ReportContent, settings: ReportSettings) -> ReportSeries:
    """Return the lines of a report."""
    result, points = content.result, settings.max_points
    equity, benchmark = _equity_lines(content, points)
    returns = period_returns(content, result.equity)
    window = rolling_window(len(returns.values), settings.rolling_periods)
    against = None if content.benchmark is None else content.benchmark.equity
    versus = None if against is None else period_returns(content, against)
    return ReportSeries(
        equity=equity,
        benchmark=benchmark,
        drawdown=_thinned("drawdown", drawdown_series(result.equity, result.initial_cash), points),
        benchmark_drawdown=None
        if against is None
        else _thinned("benchmark drawdown", drawdown_series(against, result.initial_cash), points),
        gross=_thinned("gross", result.exposure, points),
        net=_thinned("net", _of_equity(result.net, result.equity), points),
        costs=cost_lines(result, points),
        returns=returns,
        rolling_periods=window,
        rolling_sharpe=_rolling("sharpe", returns, window, points),
        rolling_volatility=_rolling("volatility", returns, window, points),
        benchmark_sharpe=None if versus is None else _rolling("sharpe", versus, window, points),
        benchmark_volatility=None if versus is None else _rolling("volatility", versus, window, points),
    )


def period_returns(content: ReportContent, equity: FloatArray) -> PeriodReturns:
    """Return the returns of an equity curve per return period, on the scorecard's own basis."""
    result, card = content.result, content.scorecard
    periods = return_periods(result.times, content.bars.frequency, card.periods_per_year)
    values = returns_of_periods(equity, result.initial_cash, periods)
    bar = np.flatnonzero(periods.period_end)
    if not counts_first_bar(equity, result.initial_cash, periods):
        bar = bar[1:]
    risk_free = per_period(content.risk_free_ann, card.periods_per_year)
    return PeriodReturns(bar, values, card.periods_per_year, card.period_unit, risk_free)


def rolling_window(periods: int, wanted: int) -> int:
    """Return the rolling window: as wanted, or a third of a run shorter than three windows.

    >>> rolling_window(1000, 126), rolling_window(90, 126), rolling_window(2, 126)
    (126, 30, 2)
    """
    return max(2, min(wanted, periods // 3))


def cost_lines(result: BacktestResult, points: int) -> tuple[Line, ...]:
    """Return cumulative costs by kind in account currency, only of kinds that were paid.

    Stands on fills and carry, so that no (T, 5) table is built for a million bars.
    """
    last = len(result.times) - 1
    lines = [
        _paid_at("commission", result.fills["bar"], result.fills["commission"], last, points),
        _paid_at("slippage", result.fills["bar"], result.fills["slippage"], last, points),
    ]
    if len(result.carry):
        for column, name in enumerate(("borrow", "funding", "margin interest")):
            lines.append(_thinned(name, np.cumsum(result.carry[:, column]), points))
    return tuple(line for line in lines if np.any(line.values != 0))


def _paid_at(name: str, bar: IntArray, amounts: FloatArray, last: int, points: int) -> Line:
    paid = np.cumsum(amounts)
    kept = extreme_points(paid, points) if len(paid) else np.zeros(0, dtype=np.int64)
    total = paid[-1] if len(paid) else 0.0
    return Line(
        name,
        np.concatenate(([0], np.asarray(bar)[kept], [last])),
        np.concatenate(([0.0], paid[kept], [total])),
    )


def _equity_lines(content: ReportContent, points: int) -> tuple[Line, Line | None]:
    equity = content.result.equity
    kept = extreme_points(equity, points)
    if content.benchmark is None:
        return Line("equity", kept, equity[kept]), None
    against = content.benchmark.equity
    kept = np.union1d(kept, extreme_points(np.nan_to_num(against), points))
    return Line("equity", kept, equity[kept]), Line(content.benchmark.name, kept, against[kept])


def _of_equity(amount: FloatArray, equity: FloatArray) -> FloatArray:
    share = np.zeros_like(amount)
    np.divide(amount, equity, out=share, where=equity > 0)
    return share


def _rolling(kind: str, returns: PeriodReturns, window: int, points: int) -> Line:
    if kind == "sharpe":
        values = rolling_sharpe(returns.values, window, returns.per_year, returns.risk_free)
    else:
        values = rolling_volatility(returns.values, window, returns.per_year)
    finite = np.flatnonzero(np.isfinite(values))
    kept = finite[extreme_points(values[finite], points)] if len(finite) else finite
    kept = np.union1d(kept, _gap_edges(finite, points))
    return Line(kind, returns.bar[kept], values[kept])


def _gap_edges(finite: IntArray, limit: int) -> IntArray:
    """Return the last value, the first NaN and the next value of up to `limit` gaps: a line must break there."""
    before = finite[:-1][np.diff(finite) > 1][:limit]
    after = finite[1:][np.diff(finite) > 1][:limit]
    return np.concatenate([before, before + 1, after])


def _thinned(name: str, values: npt.NDArray[np.float64], points: int) -> Line:
    kept = extreme_points(np.nan_to_num(values), points)
    return Line(name, kept, np.asarray(values)[kept])
