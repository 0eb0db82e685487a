"""`score_stream`: the scorecard of a replay that kept running sums only.

Recorded runs and benchmarks are streamed into the same sums first (`stream_result`,
`stream_equity`), so that every figure has one formula and both modes give the same one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from stratkit.analytics import returns as ratios
from stratkit.analytics import tail, trades, underwater
from stratkit.analytics.basis import Basis, basis_of
from stratkit.analytics.definitions import DEFINITIONS, metric
from stratkit.analytics.scorecard import Metric, Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.analytics.summary import (
    BarSummary,
    ReturnSummary,
    Row,
    TradeSummary,
    rows_of,
    summaries,
    total_of,
)
from stratkit.compiled import compiled
from stratkit.engine.layout import YES, Records
from stratkit.engine.result import BacktestResult
from stratkit.engine.stream import end_period, new_stream, stream_carry, stream_fill, stream_trade, take_bar
from stratkit.engine.sums import Buckets
from stratkit.engine.tables import COSTS
from stratkit.engine.tally import Tally, open_tally
from stratkit.errors import UsageError
from stratkit.frequency import ReturnPeriods
from stratkit.inference.estimate import Estimate
from stratkit.inference.sharpe import sharpe_ratio
from stratkit.panel import BoolArray, FloatArray, IntArray, read_only

_FEW_PERIODS: Final = 30  # below it the normal approximation behind every interval is poor
KEPT_FIGURES: Final = (
    "total_return", "cagr", "ann_vol", "max_drawdown", "sharpe", "sortino", "calmar", "win_rate", "profit_factor",
    "expectancy", "turnover_ann", "trades", "exposure_time", "cost_total",
)  # fmt: skip
_ORDER: Final = {name: place for place, name in enumerate(DEFINITIONS)}


def score_stream(stream: Records, periods: ReturnPeriods, settings: AnalyticsSettings) -> Scorecard:
    """Return every metric that needs no array: all but historical quantiles, benchmark and excursions.

    `stream` must have been opened with the `mar` per period of the settings and the `intraday` of
    the periods.
    """
    basis = basis_of(periods, settings)
    if (float(stream[0].mar), bool(stream[0].intraday)) != (basis.mar, basis.intraday):
        raise UsageError(
            f"a stream must be opened with the basis it is scored on, mar {basis.mar:g} and intraday {basis.intraday}; "
            f"found {stream[0].mar:g} and {bool(stream[0].intraday)}"
        )
    return scorecard_of(stream_metrics(stream, basis), basis, "", stream_warnings(stream, basis))


def stream_result(
    result: BacktestResult, periods: ReturnPeriods, basis: Basis, buckets: Buckets | None = None
) -> Records:
    """Return the stream of a recorded run: the sums that its replay would have kept."""
    stream = stream_equity(result.equity, result.gross, result.initial_cash, periods, basis, buckets)
    fills, closed = result.fills, result.closed_trades
    _stream_fills(stream, *(_column(fills, name) for name in ("quantity", "price", "commission", "slippage")))
    _stream_carry(stream, read_only(np.ascontiguousarray(result.carry)))
    held = read_only(np.column_stack((closed["bars_held"], closed["ambiguous"])))
    _stream_trades(stream, _column(closed, "pnl"), _column(closed, "r_multiple"), held)
    stream[0].open_trades = len(result.trades) - len(closed)
    return stream


def tally_result(result: BacktestResult, periods: ReturnPeriods, basis: Basis) -> Tally:
    """Return the tally of a recorded run: the stream, and the returns in buckets, that its replay would have kept."""
    tally = open_tally(result.initial_cash, basis.mar, basis.intraday, periods.period_end, whole=True)
    own = tally.buckets._replace(total=tally.buckets.total[0], squares=tally.buckets.squares[0])
    tally.stream[0] = stream_result(result, periods, basis, own)
    return tally


def stream_equity(
    equity: FloatArray, gross: FloatArray, initial: float, periods: ReturnPeriods, basis: Basis,
    buckets: Buckets | None = None,
) -> Records:  # fmt: skip
    """Return the stream of an equity curve (T,) and its gross exposure (T,); `buckets` take its returns, if given."""
    if not len(equity) == len(gross) == len(periods.period_end):
        raise UsageError(
            f"equity, gross exposure and periods must cover the same bars; "
            f"found {len(equity)}, {len(gross)} and {len(periods.period_end)}"
        )
    stream = new_stream(initial, basis.mar, basis.intraday)
    _stream_bars(stream, buckets, read_only(equity), read_only(gross), read_only(periods.period_end))
    return stream


def stream_metrics(stream: Records, basis: Basis) -> list[Metric]:
    """Return every metric that the sums of a stream can give."""
    (row,) = rows_of(stream[None])
    returns, bars, closed = summaries(row)
    return [
        *equity_metrics(returns, bars, basis),
        *_trade_metrics(closed, bars, basis),
        *_cost_metrics(row, bars, basis),
    ]


def kept_figures(row: Row, basis: Basis) -> dict[str, float]:
    """Return the metrics that a sweep has of each of its trials (`KEPT_FIGURES`), from the head of its stream."""
    returns, bars, closed = summaries(row)
    growth, per_year = ratios.cagr(returns, basis.per_year), basis.per_year
    costs, traded, years = _traded(row, per_year)
    estimates = (
        ratios.total_return(returns),
        growth,
        ratios.ann_vol(returns, per_year),
        underwater.max_drawdown(bars),
        ratios.sharpe(returns, per_year, basis.risk_free),
        ratios.sortino(returns, per_year),
        underwater.calmar(bars, growth),
        trades.win_rate(closed),
        trades.profit_factor(closed),
        trades.expectancy(closed),
        _a_year(traded, bars.mean_equity, years),
    )
    plain = (float(closed.trades), bars.in_market, math.fsum(costs.values()))
    return dict(zip(KEPT_FIGURES, (*(one.value for one in estimates), *plain), strict=True))


def equity_metrics(summary: ReturnSummary, bars: BarSummary, basis: Basis) -> list[Metric]:
    """Return the metrics of groups returns and risk that need no quantile."""
    n, per_year, free, moments = summary.n, basis.per_year, basis.risk_free, summary.moments
    growth, root = ratios.cagr(summary, per_year), math.sqrt(per_year)
    interval = ratios.sharpe_range(summary, per_year, free)
    downside = ratios.downside_deviation(summary)
    rows = {
        "total_return": ratios.total_return(summary),
        "cagr": growth,
        "psr": ratios.psr(summary, free),
        "min_track_record": ratios.min_track_record(summary, free),
        "adjusted_sharpe": ratios.adjusted_sharpe(summary, per_year, free),
        "sortino": ratios.sortino(summary, per_year),
        "omega": ratios.omega(summary),
        "stability": ratios.stability(summary),
        "k_ratio": ratios.k_ratio(summary, per_year),
        "ann_vol": ratios.ann_vol(summary, per_year),
        "downside_deviation": Estimate(downside.value * root, downside.reason),
        "var_gauss": tail.var_gauss(moments, basis.confidence),
        "cvar_gauss": tail.cvar_gauss(moments, basis.confidence),
        "var_cf": tail.var_cf(moments, basis.confidence),
        "skewness": ratios.skewness(summary),
        "excess_kurtosis": ratios.excess_kurtosis(summary),
    }
    per_bar = {
        "calmar": underwater.calmar(bars, growth),
        "martin": underwater.martin(bars, growth, basis.settings.risk_free_ann),
        "max_drawdown": underwater.max_drawdown(bars),
        "max_dd_duration": underwater.max_dd_duration(bars),
        "ulcer": underwater.ulcer(bars),
    }
    limits = (interval.low, interval.high) if interval.is_defined else None
    return [
        metric("sharpe", ratios.sharpe(summary, per_year, free), n, basis, limits),
        *(metric(name, estimate, n, basis) for name, estimate in rows.items()),
        *(metric(name, estimate, bars.drawdown_bars, basis) for name, estimate in per_bar.items()),
        *(_bar_metrics(bars, basis) if basis.intraday else ()),
    ]


def scorecard_of(metrics: list[Metric], basis: Basis, span: str, warnings: tuple[str, ...]) -> Scorecard:
    """Return the scorecard of some metrics, in order of display; `span` names the dates."""
    rows = sorted(metrics, key=lambda row: _ORDER[row.name])
    n = next(row.n for row in rows if row.name == "total_return")
    settings = basis.settings
    line = (
        f"{n:,} returns per {basis.unit}{span}, {basis.per_year:g} a year ({basis.source}), "
        f"risk-free {settings.risk_free_ann:.2%} a year"
    )
    if settings.mar_ann:
        line += f", minimum acceptable return {settings.mar_ann:.2%} a year"
    return Scorecard(tuple(rows), basis.per_year, basis.source, basis.unit, line, warnings)


def stream_warnings(stream: Records, basis: Basis) -> tuple[str, ...]:
    """Return what a reader must know before believing the figures of a stream."""
    s = stream[0]
    return (*sample_warnings(int(s.periods), basis), *_account_warnings(stream))


def sample_warnings(n: int, basis: Basis) -> Iterator[str]:
    """Yield the warnings about a sample that is small or short."""
    if n < _FEW_PERIODS:
        yield f"only {n} returns per {basis.unit}: below {_FEW_PERIODS} ratios and intervals say little"
    if n < basis.per_year:
        yield f"the run covers {n / basis.per_year:.2f} years: yearly figures are extrapolated from less than one year"


def _account_warnings(stream: Records) -> Iterator[str]:
    s = stream[0]
    if s.ruined:
        yield "the account went bankrupt: equity fell to zero or below, trading stopped and later returns are 0"
    if s.trades == 0 and s.open_trades == 0:
        yield "no trade was made"
    elif s.trades == 0:
        yield "no trade was closed: trade statistics are n/a"
    if s.open_trades:
        many = s.open_trades > 1
        yield (
            f"{s.open_trades} trade{'s are' if many else ' is'} still open at the last bar: "
            f"counted in equity, not in trade statistics"
        )


def _bar_metrics(bars: BarSummary, basis: Basis) -> list[Metric]:
    moments, root = bars.moments, math.sqrt(basis.bars_per_year)
    free = (1.0 + basis.settings.risk_free_ann) ** (1.0 / basis.bars_per_year) - 1.0
    ratio = sharpe_ratio(moments, free)
    volatility = Estimate(moments.sd * root, "" if moments.n > 1 else "at least two bars with a return are needed")
    return [
        metric("sharpe_bar", Estimate(ratio.value * root, ratio.reason), moments.n, basis),
        metric("ann_vol_bar", volatility, moments.n, basis),
    ]


def _trade_metrics(summary: TradeSummary, bars: BarSummary, basis: Basis) -> Iterator[Metric]:
    n = summary.trades
    over_trades = {
        "trades": Estimate(float(n)),
        "open_trades": Estimate(float(summary.open_trades)),
        "win_rate": trades.win_rate(summary),
        "profit_factor": trades.profit_factor(summary),
        "expectancy": trades.expectancy(summary),
        "payoff": trades.payoff(summary),
        "kelly": trades.kelly(summary),
        "avg_bars_held": trades.avg_bars_held(summary),
        "ambiguous_trades": Estimate(float(summary.ambiguous)),
    }
    yield from (metric(name, estimate, n, basis) for name, estimate in over_trades.items())
    yield metric("expectancy_r", trades.expectancy_r(summary), summary.r.n, basis)
    yield metric("avg_win", trades.avg_win(summary), summary.wins, basis)
    yield metric("avg_loss", trades.avg_loss(summary), summary.losses, basis)
    outcomes = trades.sqn_sample(summary).n
    yield metric("sqn", trades.sqn(summary), outcomes, basis)
    yield metric("sqn100", trades.sqn(summary, 100), outcomes, basis)
    yield metric("exposure_time", Estimate(bars.in_market), bars.bars, basis)
    yield metric("avg_exposure", Estimate(bars.mean_exposure), bars.bars, basis)


def _cost_metrics(row: Row, bars: BarSummary, basis: Basis) -> Iterator[Metric]:
    costs, traded, years = _traded(row, basis.per_year)
    fills, total = int(row.fills), math.fsum(costs.values())
    for name, amount in costs.items():
        yield metric(name, Estimate(amount), fills if name in ("commission", "slippage") else bars.bars, basis)
    yield metric("cost_total", Estimate(total), fills, basis)
    yield metric("cost_ann", _a_year(total, bars.mean_equity, years), fills, basis)
    yield metric("turnover_ann", _a_year(traded, bars.mean_equity, years), fills, basis)


def _traded(row: Row, per_year: float) -> tuple[dict[str, float], float, float]:
    """Return the costs by kind, the notional traded, and the years."""
    costs = {name: total_of(row, name) for name in COSTS}
    return costs, total_of(row, "traded"), int(row.periods) / per_year


def _a_year(amount: float, equity: float, years: float) -> Estimate:
    if years == 0:
        return Estimate.undefined("there is no return period")
    return Estimate(amount / equity / years) if equity > 0 else Estimate.undefined("mean equity is zero or below")


def _column(records: Records, name: str) -> FloatArray:
    column = np.ascontiguousarray(records[name], dtype=np.float64)
    return read_only(column)


@compiled
def _stream_bars(
    stream: Records, buckets: Buckets | None, equity: FloatArray, gross: FloatArray, period_end: BoolArray
) -> None:
    for bar in range(len(equity)):
        take_bar(stream, YES, bar, equity[bar], gross[bar])
        if period_end[bar]:
            end_period(stream, buckets, YES, bar, equity[bar])


@compiled
def _stream_fills(
    stream: Records, quantity: FloatArray, price: FloatArray, commission: FloatArray, slippage: FloatArray
) -> None:
    for row in range(len(quantity)):
        stream_fill(stream, quantity[row], price[row], commission[row], slippage[row])


@compiled
def _stream_carry(stream: Records, carry: FloatArray) -> None:
    for bar in range(len(carry)):
        stream_carry(stream, carry[bar, 0], carry[bar, 1], carry[bar, 2])


@compiled
def _stream_trades(stream: Records, pnl: FloatArray, r_multiple: FloatArray, held: IntArray) -> None:
    for row in range(len(pnl)):
        stream_trade(stream, pnl[row], r_multiple[row], held[row, 0], held[row, 1])
