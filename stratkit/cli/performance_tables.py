"""`ran_table`, `system_line`, `status_tables`: how strategies and machine fared, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stratkit.alerts.alert import Alert
from stratkit.analytics.performance import StrategyPerformance, SystemPerformance
from stratkit.cli.facts import facts_table, notes_table
from stratkit.cli.run_status import RunStatus
from stratkit.panel import format_time
from stratkit.reports.evidence_words import sharpe_notes
from stratkit.reports.performance_words import (
    maybe_number,
    maybe_percent,
    ms_text,
    shadow_text,
    system_facts,
)
from stratkit.reports.wording import MISSING, number, percent

_SHOWN: Final = 10  # alerts and open trades, --json lists all
_NAME: Final = 10  # letters of a strategy that are kept together
_STYLES: Final = {"active": "green", "degraded": "yellow", "suspended": "yellow", "retired": "red"}


def ran_table(strategies: Sequence[StrategyPerformance]) -> Table:
    """Return how each strategy ran beside what it earned; faults and shadow trades where there are some."""
    fails, shadows = (any(map(is_so, strategies)) for is_so in (_has_faults, _has_shadow))
    table = _table(
        "strategy", "signals", "Sharpe", "mean R", "latency", *(("uptime",) if fails else ()),
        *(("shadow won",) if shadows else ()), "last trade",
    )  # fmt: skip
    for one in strategies:
        cells = [one.name, f"{one.signals:,}", maybe_number(one.sharpe), maybe_number(one.expectancy_r)]
        cells += [ms_text(one.latency_ms), *([maybe_percent(one.uptime)] if fails else [])]
        _add(table, [*cells, *([shadow_text(one)] if shadows else []), one.last_trade or "never"])
    return table


def system_line(system: SystemPerformance) -> str:
    """Return how the machine coped, in one line."""
    return "; ".join(said if name == "throughput" else f"{name} {said}" for name, said in system_facts(system))


def status_tables(status: RunStatus) -> Iterator[RenderableType]:
    """Yield how a run stood: its head, what strategies came to, how they ran, alerts, open trades, the machine."""
    yield facts_table([(name, Text(said)) for name, said in _head(status)])
    yield Group(_earned_table(status), *_earned_notes(status))
    if status.is_end:
        yield _did_table(status.strategies)
        yield _took_table(status.strategies)
    if status.alerts:
        yield facts_table(_alert_rows(status))
    if status.book.open_trades:
        yield _open_table(status)
    if status.is_end:
        facts = system_facts(status.performance.system)
        yield facts_table([("" if at else "system", Text(f"{name}: {said}")) for at, (name, said) in enumerate(facts)])


def _head(status: RunStatus) -> Iterator[tuple[str, str]]:
    book = status.book
    yield "run", status.facts.record.run_id
    yield "after", f"{book.time}, bar {book.bar + 1:,} of {book.bars:,}" + ("" if status.is_end else ", as known then")
    if status.bars_before:
        yield "learned", f"went on from what earlier runs learned from {status.bars_before:,} bars"
    if status.by_state is None:
        yield "adaptive", "nothing adapts: no strategy has a state or an adaptive weight"
    for at, (state, names) in enumerate((status.by_state or {}).items()):
        yield "" if at else "states", f"{state}: {', '.join(names) or 'none'}"
    on = sum(map(status.is_on, status.alerts))
    yield "alerts", f"{len(status.alerts):,} raised, {on:,} of them still on"
    yield "open", f"{len(book.open_trades):,} trades"


def _earned_table(status: RunStatus) -> Table:
    """Return how each strategy stood and what it had earned; of an earlier date with its trades until then."""
    adapts, is_end = status.standing is not None, status.is_end
    rest = ("drawdown", "Sharpe") if is_end else ("closed", "won", "mean R", "last trade")
    table = _table("strategy", *(("state", "weight", "share") if adapts else ()), "P&L", *rest)
    for one in status.strategies:
        stands: list[str | Text] = []
        if adapts:
            state = one.state or MISSING
            stands = [Text(state, style=_STYLES.get(state, "")), maybe_number(one.raw_weight)]
            stands.append(maybe_percent(one.normalised_weight, 0))
        last = [percent(one.max_drawdown), maybe_number(one.sharpe)]
        if not is_end:
            last = [*_closed(one), one.last_trade or "never"]
        _add(table, [one.name, *stands, number(one.pnl, 2), *last])
    return table


def _earned_notes(status: RunStatus) -> Iterator[Table]:
    if status.is_end:
        said = f"Sharpe ratios: {sharpe_notes(status.facts.evidence)[0]}; no risk-free rate is taken off"
        yield notes_table([said])


def _did_table(strategies: Sequence[StrategyPerformance]) -> Table:
    shadows = any(map(_has_shadow, strategies))
    table = _table(
        "strategy", "signals", "asked", "entered", "closed", "won", "mean R", *(("shadow won",) if shadows else ())
    )  # fmt: skip
    for one in strategies:
        counts = [f"{count:,}" for count in (one.signals, one.entries_asked, one.entries_taken)]
        _add(table, [one.name, *counts, *_closed(one), *([shadow_text(one)] if shadows else [])])
    return table


def _took_table(strategies: Sequence[StrategyPerformance]) -> Table:
    slow = any(one.latency_p95_ms is not None for one in strategies)
    table = _table("strategy", "latency", *(("p95", "longest") if slow else ()), "uptime", "faults", "last trade")
    for one in strategies:
        slowest = ["" if ms is None else ms_text(ms) for ms in (one.latency_p95_ms, one.latency_max_ms)] if slow else []
        asks = f"{one.faults:,} in {one.times_asked:,}"
        last = one.last_trade or "never"
        _add(table, [one.name, ms_text(one.latency_ms), *slowest, maybe_percent(one.uptime), asks, last])
    return table


def _closed(one: StrategyPerformance) -> list[str]:
    return [f"{one.closed:,}", maybe_percent(one.accuracy, 1), maybe_number(one.expectancy_r)]


def _has_faults(one: StrategyPerformance) -> bool:
    return one.faults > 0


def _has_shadow(one: StrategyPerformance) -> bool:
    return one.shadow_closed > 0


def _alert_rows(status: RunStatus) -> list[tuple[str, Text]]:
    newest = sorted(status.alerts, key=lambda alert: (status.is_on(alert), alert.bar), reverse=True)
    rows = [(format_time(alert.time), Text(_alert_text(status, alert))) for alert in newest[:_SHOWN]]
    more = len(newest) - len(rows)
    return [*rows, ("", Text(f"and {more:,} more, --json lists all"))] if more > 0 else rows


def _alert_text(status: RunStatus, alert: Alert) -> str:
    mark = "" if status.is_on(alert) else " (over)"
    return f"{alert.severity}{mark}: {status.told(alert)}"


def _open_table(status: RunStatus) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("open", "strategy", "side", "since"):
        table.add_column(heading, overflow="fold")
    for heading in ("quantity", "entry", "P&L") if status.is_end else ():
        table.add_column(heading, justify="right", no_wrap=True)
    rows = status.book.open_trades
    for row in rows[:_SHOWN]:
        figures = (
            [f"{row['quantity']:,.6g}", f"{row['entry_price']:,.6g}", number(row["pnl"], 2)] if status.is_end else []
        )
        _add(table, [row["symbol"], row["strategy"], row["side"], row["since"], *figures])
    if len(rows) > _SHOWN:
        _add(table, [f"and {len(rows) - _SHOWN:,} more"])
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(first, overflow="fold", min_width=_NAME)
    for heading in others:
        table.add_column(heading, justify="left" if heading == "state" else "right", no_wrap=True)
    return table


def _add(table: Table, cells: Sequence[str | Text]) -> None:
    table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
