"""`print_summary`: a finished run on the terminal, short enough to read when tired."""

from __future__ import annotations

import math
from typing import Final

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from stratkit.analytics.scorecard import Metric
from stratkit.cli.finished import FinishedRun, title
from stratkit.cli.terminal import Terminal
from stratkit.engine.layout import ENGINE_SEMANTICS, REFUSED, RULES
from stratkit.panel import format_time
from stratkit.reports.wording import MISSING, in_unit, interval_text

_METRICS: Final = (
    "total_return", "cagr", "ann_vol", "sharpe", "sharpe_bar", "sortino", "calmar", "max_drawdown", "max_dd_duration",
    "exposure_time", "cost_ann",
)  # fmt: skip
_SIGNED: Final = ("total_return", "cagr")
_TRADE_METRICS: Final = ("win_rate", "profit_factor", "expectancy", "expectancy_r", "avg_bars_held")
_FILL_WORDS: Final = {
    "conservative": "decided at the close, filled at the next open, stops before targets",
    "close": "decided and filled at the same close: optimistic, nobody could have traded it",
}
_COSTS: Final = (
    ("commission_bps", "{:g} bps commission"),
    ("commission_per_share", "{:g} per share"),
    ("commission_per_order", "{:g} per order"),
    ("commission_minimum", "at least {:g} a fill"),
    ("half_spread_bps", "{:g} bps half-spread"),
    ("slippage_bps", "{:g} bps slippage"),
    ("slippage_volatility", "slippage {:g} x volatility"),
    ("impact_bps", "{:g} bps impact"),
)


def print_summary(terminal: Terminal, run: FinishedRun) -> None:
    """Print what ran, its metrics beside their benchmark's, its trades, warnings, and where the report is."""
    out = terminal.out
    out.print(f"[bold]{escape(title(run))}[/bold]")
    terminal.show(_facts(run))
    out.print()
    terminal.show(_metric_table(run))
    out.print()
    out.print(_trade_lines(run))
    for warning in run.all_warnings:
        out.print(Text(f"! {warning}", style="yellow"))
    out.print()
    out.print(_ending(run))


def _facts(run: FinishedRun) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _fact_rows(run):
        table.add_row(name, Text(value))
    return table


def _fact_rows(run: FinishedRun) -> list[tuple[str, str]]:
    config, bars = run.config, run.bars
    params = config.enabled()[1].params
    span = f"{format_time(int(bars.times[0]))} to {format_time(int(bars.times[-1]))}"
    profile = config.execution.profile
    account = config.account
    return [
        ("parameters", ", ".join(f"{name} {value}" for name, value in params.items()) or "none"),
        ("data", f"{_symbols(bars.symbols)}, {len(bars.times):,} bars of {bars.frequency}, {span}, {bars.source}"),
        ("fills", f"{profile}: {_FILL_WORDS[profile]} (engine semantics {ENGINE_SEMANTICS})"),
        ("costs", _costs(run)),
        ("basis", run.scorecard.basis),
        (
            "account",
            f"{account.initial_cash:,.0f} cash" + (f", leverage {account.leverage:g}" * (account.leverage != 1)),
        ),
    ]


def _symbols(symbols: tuple[str, ...]) -> str:
    return symbols[0] if len(symbols) == 1 else f"{len(symbols):,} symbols"


def _costs(run: FinishedRun) -> str:
    costs = run.config.costs.model_dump()
    return ", ".join(words.format(costs[name]) for name, words in _COSTS if costs[name]) or "none"


def _metric_table(run: FinishedRun) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("strategy", justify="right", no_wrap=True)
    against = run.benchmark.scorecard if run.benchmark else None
    if run.benchmark:
        table.add_column(escape(run.benchmark.name), justify="right", overflow="fold")
    table.add_column("", style="dim", overflow="fold")
    for metric in (run.scorecard[name] for name in _METRICS if name in run.scorecard):
        beside = [_shown(against[metric.name]) if metric.name in against else ""] if against else []
        table.add_row(metric.label, _shown(metric), *beside, _note(metric))
    return table


def _shown(metric: Metric) -> str:
    shown = in_unit(metric.value, metric.unit, signed=metric.name in _SIGNED)
    return f"{shown} bars" if metric.unit == "bars" and shown != MISSING else shown


def _note(metric: Metric) -> str:
    if not math.isfinite(metric.value):
        return metric.reason
    interval = interval_text(metric)
    notes = [f"95% interval {interval}" if interval else ""]
    if metric.name == "sharpe":
        notes.append("trials not counted")
    return ", ".join(note for note in notes if note)


def _trade_lines(run: FinishedRun) -> Text:
    trades = run.result.trades
    open_ = int((trades["exit_bar"] < 0).sum())
    counts = f"{len(trades) - open_:,} closed" + (f", {open_:,} open" if open_ else "")
    parts = [counts]
    for name in _TRADE_METRICS:
        if name in run.scorecard and (shown := _shown(run.scorecard[name])) != MISSING:
            parts.append(f"{run.scorecard[name].label.lower()} {shown}")
    text = Text("trades  ", style="dim").append(", ".join(parts), style="default")
    refused = _refusals(run)
    return text.append(f"\nrefused {refused}") if refused else text


def _refusals(run: FinishedRun) -> str:
    decisions = run.result.decisions
    rules = decisions["rule"][decisions["outcome"] == REFUSED].tolist()
    counts = sorted(((rules.count(rule), RULES[rule]) for rule in set(rules)), reverse=True)
    return ", ".join(f"{count:,} {rule}" for count, rule in counts)


def _ending(run: FinishedRun) -> Text:
    where = run.report or (run.record.folder if run.record else "")
    seconds = sum(run.seconds.values())
    return Text.assemble(("report  ", "dim"), (f"{where}", "bold"), (f"   {seconds:.1f} s", "dim"))
