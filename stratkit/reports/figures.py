"""`write_figures`: the main charts of a run as PNG files, drawn without a browser or a display."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stratkit.analytics.months import monthly_returns
from stratkit.reports.charts import histogram, symbol_candles
from stratkit.reports.content import ReportContent
from stratkit.reports.figure_parts import (
    BENCHMARK,
    EDGE,
    GAIN,
    INK,
    LOSS,
    MAIN,
    POINTS,
    SOFT,
    diverging,
    legend,
    map_axes,
    money_axis,
    new_figure,
    percent_axis,
    plain,
    save_png,
    say,
    stamps,
    style,
    time_axis,
)
from stratkit.reports.learned_figures import learned_figure, q_figure
from stratkit.reports.series import Line, ReportSeries, prepare_series
from stratkit.reports.settings import ReportSettings
from stratkit.reports.shown_trades import chosen_rows, most_traded
from stratkit.reports.strategy_figure import strategies_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS: Final = 600  # more trades than this are a smear on one figure
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Year")


def write_figures(folder: Path, content: ReportContent, settings: ReportSettings) -> list[Path]:
    """Write the figures into `folder` and return their paths, in the order of the report.

    A figure that has nothing to show says so. Raises `OutputError` when a file cannot be written.
    """
    coarse = settings.model_copy(update={"max_points": min(settings.max_points, POINTS)})
    series = prepare_series(content, coarse)
    drawers: dict[str, Callable[[], Figure]] = {
        "equity": lambda: equity_figure(content, series),
        "monthly": lambda: monthly_figure(content),
        "rolling": lambda: rolling_figure(content, series),
        "returns": lambda: returns_figure(content, series, settings.histogram_bins),
        "price": lambda: price_figure(content),
        "exposure": lambda: exposure_figure(content, series),
    }
    if content.attribution is not None and len(content.attribution.strategies) > 1:
        drawers["strategies"] = lambda: strategies_figure(content, coarse.max_points)
    if content.learned is not None:
        parts = content.learned.status["parts"]
        if parts["adaptive_weighting"] or parts["retirement_management"]:
            drawers["adaptive"] = lambda: learned_figure(content)
        if content.learned.choices is not None:
            drawers["q_table"] = lambda: q_figure(content)
    return [save_png(draw(), folder / f"{name}.png", settings.png_dpi) for name, draw in drawers.items()]


def equity_figure(content: ReportContent, series: ReportSeries) -> Figure:
    """Return equity above, drawdown below, each against the benchmark."""
    figure = new_figure(content, "Equity and drawdown", 5.6)
    top = figure.add_axes((0.075, 0.36, 0.905, 0.5))
    below = figure.add_axes((0.075, 0.085, 0.905, 0.22), sharex=top)
    for axes, run, against in (
        (top, series.equity, series.benchmark),
        (below, series.drawdown, series.benchmark_drawdown),
    ):
        style(axes)
        if against is not None:
            axes.plot(_dates(content, against), against.values, color=BENCHMARK, lw=1.0, label=_benchmark(content))
        color = MAIN if axes is top else LOSS
        axes.plot(_dates(content, run), run.values, color=color, lw=1.4, label="Strategy")
    below.fill_between(_dates(content, series.drawdown), series.drawdown.values, 0, color=LOSS, alpha=0.15, lw=0)
    money_axis(top)
    percent_axis(below)
    time_axis(top)
    time_axis(below)
    top.tick_params(labelbottom=False)
    legend(top)
    return figure


def monthly_figure(content: ReportContent) -> Figure:
    """Return the monthly returns as a heat map, one row per year and the year's own return last."""
    result = content.result
    table = monthly_returns(result.times, result.equity, result.initial_cash)
    cells = np.column_stack([table.values, table.total])[::-1] * 100
    years = len(table.years)
    figure = new_figure(content, "Monthly returns, %", 1.5 + 0.27 * years)
    height = 0.27 * years / (1.5 + 0.27 * years)
    axes = figure.add_axes((0.075, 0.3 / (1.5 + 0.27 * years), 0.905, height))
    finite = np.abs(cells[:, :12][np.isfinite(cells[:, :12])])
    deepest = float(np.quantile(finite, 0.95)) if len(finite) and finite.any() else 1.0
    shade = cells.copy()
    shade[:, 12] /= np.sqrt(12)  # a year moves about as much as sqrt(12) months
    axes.imshow(np.ma.masked_invalid(shade), cmap=diverging(), vmin=-deepest, vmax=deepest, aspect="auto")
    map_axes(axes, [str(year) for year in table.years[::-1]], _MONTHS)
    if years <= 60:  # more rows have no room for figures
        for row, column in np.argwhere(np.isfinite(cells)):
            axes.text(
                column,
                row,
                f"{cells[row, column]:.1f}".replace("-0.0", "0.0"),
                ha="center",
                va="center",
                fontsize=7.5,
                color=INK,
            )
    return figure


def rolling_figure(content: ReportContent, series: ReportSeries) -> Figure:
    """Return the rolling Sharpe ratio above the rolling volatility."""
    period = f"{series.rolling_periods} {series.returns.unit}s"
    note = ", optimistic fills" if content.optimistic else ""
    figure = new_figure(content, f"Rolling over {period}, annualised", 5.0)
    top = figure.add_axes((0.075, 0.5, 0.905, 0.32))
    below = figure.add_axes((0.075, 0.085, 0.905, 0.32), sharex=top)
    pairs = (
        (top, series.rolling_sharpe, series.benchmark_sharpe, f"Sharpe ratio{note}"),
        (below, series.rolling_volatility, series.benchmark_volatility, "Volatility"),
    )
    for axes, run, against, label in pairs:
        style(axes)
        axes.set_title(label, loc="left", fontsize=9, color=SOFT, pad=4)
        if against is not None and len(against.values) > 1:
            axes.plot(_dates(content, against), against.values, color=BENCHMARK, lw=1.0, label=_benchmark(content))
        if len(run.values) > 1:
            axes.plot(_dates(content, run), run.values, color=MAIN, lw=1.3, label="Strategy")
        else:
            say(axes, "too few returns")
    top.axhline(0, color=EDGE, lw=1)
    top.tick_params(labelbottom=False)
    percent_axis(below)
    time_axis(top)
    time_axis(below)
    if top.lines[:-1]:
        legend(top)
    return figure


def returns_figure(content: ReportContent, series: ReportSeries, bins: int) -> Figure:
    """Return the distribution of the period returns with the normal curve and the VaR marks."""
    figure = new_figure(content, f"Distribution of returns per {series.returns.unit}", 4.2)
    axes = figure.add_axes((0.075, 0.11, 0.905, 0.71))
    style(axes)
    values = series.returns.values[np.isfinite(series.returns.values)]
    if len(values) < 2:
        say(axes, "too few returns")
        return figure
    edges, counts = histogram(values, bins)
    middle, width = (edges[:-1] + edges[1:]) / 2, float(edges[1] - edges[0])
    axes.bar(middle, counts, width * 0.94, color=np.where(middle < 0, LOSS, GAIN), alpha=0.85, lw=0)
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    if sd > 0:
        at = np.linspace(edges[0], edges[-1], 240)
        bell = np.exp(-0.5 * ((at - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        axes.plot(at, len(values) * width * bell, color=INK, lw=1.2, label="normal curve")
    marks = (("var_hist", "VaR", "--"), ("cvar_hist", "CVaR", ":"))
    for name, label, dash in marks:
        if name in content.scorecard and np.isfinite(content.scorecard.value(name)):
            value = content.scorecard.value(name)
            axes.axvline(value, color=SOFT, lw=1.1, ls=dash, label=f"{label} {value:.2%}")
    axes.grid(axis="x", visible=False)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
    legend(axes)
    return figure


def price_figure(content: ReportContent) -> Figure:
    """Return the price of the most traded symbol with its entries and exits."""
    column = most_traded(content.result, 1)[0]
    figure = new_figure(content, f"{plain(content.bars.symbols[column])}: price and trades", 4.8)
    axes = figure.add_axes((0.075, 0.1, 0.905, 0.73))
    style(axes)
    candle = symbol_candles(content, column, POINTS)
    if not len(candle.bar):
        say(axes, "no price")
        return figure
    dates = stamps(content.bars.times, candle.bar)
    if candle.size > 1:
        axes.fill_between(dates, candle.low, candle.high, color=MAIN, alpha=0.12, lw=0)
    axes.plot(dates, candle.close, color=SOFT, lw=0.9)
    _mark_trades(axes, content, column)
    axes.set_xlim(dates[0], dates[-1])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    time_axis(axes)
    return figure


def exposure_figure(content: ReportContent, series: ReportSeries) -> Figure:
    """Return gross and net exposure as a share of equity."""
    figure = new_figure(content, "Exposure, share of equity", 3.6)
    axes = figure.add_axes((0.075, 0.13, 0.905, 0.66))
    style(axes)
    gross, net = _dates(content, series.gross), _dates(content, series.net)
    axes.fill_between(gross, series.gross.values, 0, color=MAIN, alpha=0.15, lw=0, step="post")
    axes.plot(gross, series.gross.values, color=MAIN, lw=1.1, label="Gross", drawstyle="steps-post")
    axes.plot(net, series.net.values, color=LOSS, lw=0.9, label="Net", drawstyle="steps-post")
    axes.axhline(0, color=EDGE, lw=1)
    percent_axis(axes)
    time_axis(axes)
    legend(axes)
    return figure


def _mark_trades(axes: Axes, content: ReportContent, column: int) -> None:
    result = content.result
    slots = np.asarray(result.trades["slot"], dtype=np.int64)
    trades = result.trades[np.asarray(result.slot_symbol)[slots] == column]
    trades = trades[chosen_rows(np.asarray(trades["pnl"]), _MARKS)]
    size = 26 if len(trades) <= 200 else 9
    closed = trades[trades["exit_bar"] >= 0]
    sides = (
        (closed, "exit_bar", "exit_price", "o", INK, "exit", size * 0.4),
        (trades[trades["side"] > 0], "entry_bar", "entry_price", "^", GAIN, "long entry", size),
        (trades[trades["side"] < 0], "entry_bar", "entry_price", "v", LOSS, "short entry", size),
    )
    for rows, bar, level, marker, color, label, area in sides:
        if len(rows):
            dates = stamps(result.times, np.asarray(rows[bar], dtype=np.int64))
            axes.scatter(dates, rows[level], s=area, marker=marker, color=color, label=label, lw=0, zorder=3)
    if len(trades):
        legend(axes)


def _benchmark(content: ReportContent) -> str:
    return "" if content.benchmark is None else plain(content.benchmark.name)


def _dates(content: ReportContent, line: Line) -> Any:
    return stamps(content.result.times, line.bar)
