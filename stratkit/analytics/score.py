"""`score_run`: the scorecard of a recorded run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stratkit.analytics import relative, trades
from stratkit.analytics.basis import Basis, basis_of, period_returns
from stratkit.analytics.benchmark import Benchmark
from stratkit.analytics.curve import quantile_metrics, span
from stratkit.analytics.definitions import metric
from stratkit.analytics.scorecard import Metric, Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.analytics.streamed import scorecard_of, stream_metrics, stream_result, stream_warnings
from stratkit.engine.layout import DELISTED, LIQUIDATION
from stratkit.engine.result import BacktestResult
from stratkit.errors import UsageError
from stratkit.frequency import ReturnPeriods
from stratkit.inference.estimate import Estimate
from stratkit.panel import FloatArray, format_time

_OF_BENCHMARK = {
    "benchmark_total_return": "total_return",
    "benchmark_cagr": "cagr",
    "benchmark_ann_vol": "ann_vol",
    "benchmark_sharpe": "sharpe",
    "benchmark_max_drawdown": "max_drawdown",
}


# exits that nobody asked for, and what to look at
_FORCED = {
    LIQUIDATION: "ended in liquidation: the account could not carry its margin",
    DELISTED: "ended as delisted, at the last close: account.stale_after_bars without a price counts as delisted",
}


def score_run(
    result: BacktestResult,
    periods: ReturnPeriods,
    settings: AnalyticsSettings,
    benchmark: Benchmark | None = None,
) -> Scorecard:
    """Return the scorecard of a run: groups returns, risk, benchmark, trades and costs.

    Ratios stand on the returns per period of `periods`, drawdowns on every bar. A figure that is
    undefined is NaN with its reason; no trade at all is a result. `benchmark` must be on the bars of
    the run.
    """
    basis = basis_of(periods, settings)
    stream = stream_result(result, periods, basis)
    returns = period_returns(result.equity, result.initial_cash, periods)
    rows = [
        *stream_metrics(stream, basis),
        *quantile_metrics(returns, basis),
        *_excursion_metrics(result, basis),
    ]
    if benchmark is not None:
        if len(benchmark.equity) != len(result.times):
            raise UsageError(
                f"the benchmark must be on the bars of the run, {len(result.times)}; found {len(benchmark.equity)}"
            )
        rows += _benchmark_metrics(_pair(returns, benchmark, periods), benchmark, basis)
    warnings = (*stream_warnings(stream, basis), *_run_warnings(result))
    return scorecard_of(rows, basis, span(result.times), warnings)


def _pair(returns: FloatArray, benchmark: Benchmark, periods: ReturnPeriods) -> relative.Pair:
    other = period_returns(benchmark.equity, benchmark.initial, periods)
    n = max(len(returns), len(other))
    # the first bar is a return for the one whose equity it moved, and 0 for the other
    return relative.paired(*(np.concatenate((np.zeros(n - len(own)), own)) for own in (returns, other)))


def _benchmark_metrics(pair: relative.Pair, benchmark: Benchmark, basis: Basis) -> Iterator[Metric]:
    for name, of in _OF_BENCHMARK.items():
        row = benchmark.scorecard[of]
        estimate = Estimate(row.value, row.reason)
        yield metric(name, estimate, row.n, basis, row.interval)
    per_year, free = basis.per_year, basis.risk_free
    estimates = {
        "information_ratio": relative.information_ratio(pair, per_year),
        "tracking_error": relative.tracking_error(pair, per_year),
        "beta": relative.beta(pair),
        "alpha": relative.alpha(pair, per_year, free),
        "jensen": relative.jensen(pair, per_year, free),
        "correlation": relative.correlation(pair),
        "treynor": relative.treynor(pair, per_year, free),
        "modified_treynor": relative.modified_treynor(pair, per_year, free),
        "m2": relative.m2(pair, per_year, free),
    }
    yield from (metric(name, estimate, pair.n, basis) for name, estimate in estimates.items())
    yield metric("up_capture", relative.up_capture(pair, per_year), int((pair.benchmark > 0).sum()), basis)
    yield metric("down_capture", relative.down_capture(pair, per_year), int((pair.benchmark < 0).sum()), basis)


def _excursion_metrics(result: BacktestResult, basis: Basis) -> Iterator[Metric]:
    met = trades.excursions(result.closed_trades)
    for name, values in (("mae", met.mae), ("mfe", met.mfe), ("mae_r", met.mae_r), ("mfe_r", met.mfe_r)):
        estimate, n = trades.mean_excursion(values, in_r=name.endswith("_r"))
        yield metric(f"avg_{name}", estimate, n, basis)


def _run_warnings(result: BacktestResult) -> Iterator[str]:
    if result.bankrupt_bar >= 0:
        yield f"bankrupt on {format_time(int(result.times[result.bankrupt_bar]))}"
    reasons = result.trades["exit_reason"][result.trades["exit_bar"] >= 0]
    for reason, what in _FORCED.items():
        count = int((reasons == reason).sum())
        if count:
            yield f"{count} {'trade' if count == 1 else 'trades'} {what}"
    if result.stale:
        yield f"still held although their bars had ended: {', '.join(result.stale)}"
    if result.provenance.get("optimistic"):
        yield "optimistic: filled at the close that decided, which nobody could have traded"
