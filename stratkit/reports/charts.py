"""`build_payload`: the series, trades and counts that the page's script draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stratkit.engine.layout import FILL_REASONS, OUTCOMES, RULES
from stratkit.engine.result import BacktestResult
from stratkit.engine.tables import Labels
from stratkit.panel import FloatArray
from stratkit.reports.content import ReportContent
from stratkit.reports.payload import Payload
from stratkit.reports.series import Line, ReportSeries
from stratkit.reports.settings import ReportSettings
from stratkit.reports.shown_trades import ShownTrades, most_traded
from stratkit.reports.strategy_lines import strategy_lines
from stratkit.reports.thinning import Candles, candles

_WIDEST_SD = 5.0  # the distribution's end bars gather what lies beyond
_TRADE_FLOATS = ("quantity", "entry_price", "exit_price", "pnl", "return", "r_multiple", "mae", "mfe", "mae_r", "mfe_r")


def build_payload(
    content: ReportContent, series: ReportSeries, shown: ShownTrades, settings: ReportSettings
) -> Payload:
    """Return what the page draws, by name; absent lines are absent from the payload."""
    times = content.result.times
    payload = Payload(int(times[0]), int(times[-1] - times[0]))
    _add_lines(payload, content, series)
    _add_strategies(payload, content, settings.max_points)
    _add_distribution(payload, content, series.returns.values, settings.histogram_bins)
    _add_prices(payload, content, settings)
    _add_trades(payload, shown)
    payload.fact("exit_reasons", exit_reasons(content.result))
    payload.fact("decisions", decision_counts(content.result))
    payload.fact("initial", content.result.initial_cash)
    payload.fact("benchmark", None if content.benchmark is None else content.benchmark.name)
    payload.fact("rolling", f"{series.rolling_periods} {series.returns.unit}s")
    payload.fact("optimistic", content.optimistic)
    return payload


def exit_reasons(result: BacktestResult) -> list[tuple[str, int, int, float]]:
    """Return (reason, trades, winners, net P&L) of closed trades, the commonest first."""
    closed = result.closed_trades
    codes = np.asarray(closed["exit_reason"], dtype=np.int64)
    counts = np.bincount(codes, minlength=len(FILL_REASONS))
    winners = np.bincount(codes, weights=closed["pnl"] > 0, minlength=len(FILL_REASONS))
    pnl = np.bincount(codes, weights=closed["pnl"], minlength=len(FILL_REASONS))
    ranked = sorted(np.flatnonzero(counts), key=lambda code: -counts[code])
    return [(FILL_REASONS[code], int(counts[code]), int(winners[code]), float(pnl[code])) for code in ranked]


def decision_counts(result: BacktestResult) -> list[tuple[str, str, int]]:
    """Return (outcome, rule, count) of the decision log, the commonest first."""
    rows = result.decisions
    pairs = np.asarray(rows["outcome"], dtype=np.int64) * len(RULES) + np.asarray(rows["rule"], dtype=np.int64)
    codes, counts = np.unique(pairs, return_counts=True)
    ranked = sorted(zip(codes.tolist(), counts.tolist(), strict=True), key=lambda row: -row[1])
    return [(OUTCOMES[code // len(RULES)], RULES[code % len(RULES)], count) for code, count in ranked]


def histogram(returns: FloatArray, bins: int) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Return edges (bins + 1,) and counts (bins,) of the finite returns.

    Edges reach 5 standard deviations from the mean; the end bars gather what lies beyond, so the
    counts sum to all returns. Returns of no spread stand in a single bar.
    """
    finite = returns[np.isfinite(returns)]
    centre, spread = (float(finite.mean()), float(finite.std())) if len(finite) else (0.0, 0.0)
    if spread <= 1e-15:
        return np.array([centre - 5e-4, centre + 5e-4]), np.array([len(finite)])
    low = max(float(finite.min()), centre - _WIDEST_SD * spread)
    high = min(float(finite.max()), centre + _WIDEST_SD * spread)
    edges = np.linspace(low, high, bins + 1)
    counts, _ = np.histogram(np.clip(finite, low, high), bins=edges)
    return edges, counts


def symbol_candles(content: ReportContent, column: int, limit: int) -> Candles:
    """Return the candles of one symbol, from the bars that exist."""
    bars = content.bars
    prices = (bars.open[:, column], bars.high[:, column], bars.low[:, column], bars.close[:, column])
    own = np.flatnonzero(np.isfinite(prices[3]))
    opens, highs, lows, closes = (price if len(own) == len(price) else price[own] for price in prices)
    return candles(own, (opens, highs, lows, closes), limit)


def _add_lines(payload: Payload, content: ReportContent, series: ReportSeries) -> None:
    lines: dict[str, Line | None] = {
        "equity": series.equity,
        "benchmark": series.benchmark,
        "drawdown": series.drawdown,
        "benchmark_drawdown": series.benchmark_drawdown,
        "gross": series.gross,
        "net": series.net,
        "sharpe": series.rolling_sharpe,
        "volatility": series.rolling_volatility,
        "benchmark_sharpe": series.benchmark_sharpe,
        "benchmark_volatility": series.benchmark_volatility,
    }
    lines.update({f"cost.{line.name}": line for line in series.costs})
    for name, line in lines.items():
        if line is not None:
            payload.times(f"{name}.t", content.result.times[line.bar])
            payload.floats(f"{name}.y", line.values)
    payload.fact("costs", [line.name for line in series.costs])


def _add_strategies(payload: Payload, content: ReportContent, points: int) -> None:
    lines = strategy_lines(content.attribution, points)
    for place, line in enumerate(lines):
        payload.times(f"strategy.{place}.t", content.result.times[line.bar])
        payload.floats(f"strategy.{place}.y", line.values)
    payload.fact("strategies", [line.name for line in lines])


def _add_distribution(payload: Payload, content: ReportContent, returns: FloatArray, bins: int) -> None:
    edges, counts = histogram(returns, bins)
    finite = returns[np.isfinite(returns)]
    payload.floats("histogram.edges", edges)
    payload.integers("histogram.counts", counts)
    card = content.scorecard
    marks = {name: card.value(name) for name in ("var_hist", "cvar_hist") if name in card}
    payload.fact(
        "distribution",
        {
            "count": len(finite),
            "mean": float(finite.mean()) if len(finite) else 0.0,
            "sd": float(finite.std(ddof=1)) if len(finite) > 1 else 0.0,
            "unit": content.scorecard.period_unit,
            "marks": marks,
        },
    )


def _add_prices(payload: Payload, content: ReportContent, settings: ReportSettings) -> None:
    columns = most_traded(content.result, settings.price_symbols)
    limit = min(settings.max_candles, 4 * settings.max_candles // len(columns))
    sizes = []
    for place, column in enumerate(columns):
        candle = symbol_candles(content, column, limit)
        sizes.append(candle.size)
        payload.times(f"price.{place}.t", content.bars.times[candle.bar])
        for name in ("open", "high", "low", "close"):
            payload.floats(f"price.{place}.{name}", getattr(candle, name))
    payload.fact("symbols", [content.bars.symbols[column] for column in columns])
    payload.fact("bars_per_candle", sizes)
    payload.fact("symbols_in_all", len(content.bars.symbols))


def _add_trades(payload: Payload, shown: ShownTrades) -> None:
    texts = {name: values for name, values in shown.columns.items() if isinstance(values, Labels)}
    arrays = {name: values for name, values in shown.columns.items() if not isinstance(values, Labels)}
    for name in ("symbol", "strategy", "exit_reason"):
        words, codes = np.unique(np.array(texts[name].names)[texts[name].codes], return_inverse=True)
        payload.fact(f"trades.{name}", words.tolist())
        payload.integers(f"trades.{name}", codes)
    for name in ("entry_time", "exit_time"):
        # NaT becomes the smallest integer, which the payload takes as "none"
        payload.times(f"trades.{name}", arrays[name].astype(np.int64))
    for name in ("trade", "bars_held"):
        payload.integers(f"trades.{name}", arrays[name])
    side = texts["side"]
    payload.integers("trades.long", side.codes == side.names.index("long"))
    payload.integers("trades.ambiguous", arrays["ambiguous"])
    for name in _TRADE_FLOATS:
        payload.floats(f"trades.{name}", arrays[name])
    payload.fact("trades.rule", shown.rule)
