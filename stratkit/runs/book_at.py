"""`BookAt`: what the tables of a run say about its trades up to a bar: what had closed by then, and what was open."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stratkit.analytics.grouped_trades import grouped_summaries
from stratkit.analytics.summary import TradeSummary
from stratkit.analytics.trades import expectancy_r, win_rate
from stratkit.errors import DataError, UsageError
from stratkit.panel import BoolArray, IntArray, format_time, parse_span
from stratkit.runs.decision_rows import Row
from stratkit.runs.folder import RunRecord
from stratkit.runs.run_table import RunTable, read_table


@dataclass(frozen=True)
class Record:
    """What the trades of one strategy came to: None where nothing had closed, or has an R."""

    closed: int
    open: int
    accuracy: float | None
    expectancy_r: float | None
    pnl: float
    last_trade: str | None


@dataclass(frozen=True)
class BookAt:
    """A run at the close of `bar` of `bars`, which began at `time`: records by strategy, and the open trades.

    An open trade has quantity, entry price and P&L at the last bar only, at whose close it is marked.
    """

    bar: int
    bars: int
    time: str
    records: Mapping[str, Record]
    open_trades: tuple[Row, ...]


def read_book(record: RunRecord, strategies: Sequence[str], initial_cash: float, when: str | None = None) -> BookAt:
    """Return the book of a run after the last bar that begins at `when` or before, a bare date as a whole; None = end.

    P&L is net and holds open trades; that of an only strategy is the account's. Raises `UsageError` for a time outside
    the run, `DataError` when a table cannot be read.
    """
    curve, trades = read_table(record, "equity"), read_table(record, "trades")
    times = curve.ints("time")
    if not len(times):
        raise DataError(f"{record.path('equity.parquet')} must hold bars; found none: run the backtest again")
    bar = len(times) - 1 if when is None else _bar_at(times, when)
    if len(strategies) == 1:
        pnl = [float(curve.floats("equity")[bar]) - initial_cash]
    else:
        pnl = [float(curve.floats(f"pnl {name}")[bar]) for name in strategies]
    rows = tuple(_open_rows(trades, times, bar))
    return BookAt(bar, len(times), format_time(int(times[bar])), _records(trades, strategies, pnl, times, bar), rows)


def _bar_at(times: IntArray, when: str) -> int:
    first, last = parse_span(when, "--at")
    if last < times[0] or first > times[-1]:
        ends = f"from {format_time(int(times[0]))} to {format_time(int(times[-1]))}"
        raise UsageError(f"--at must be within the run, {ends}; found {when}")
    return int(np.searchsorted(times, last, side="right")) - 1


def _is_closed(trades: RunTable, bar: int) -> BoolArray:
    ends = trades.ints("exit_bar")
    return (ends >= 0) & (ends <= bar)


def _is_open(trades: RunTable, bar: int) -> BoolArray:
    return (trades.ints("entry_bar") <= bar) & ~_is_closed(trades, bar)


def _records(
    trades: RunTable, strategies: Sequence[str], pnl: Sequence[float], times: IntArray, bar: int
) -> dict[str, Record]:
    place = {name: at for at, name in enumerate(strategies)}
    owner = np.array([place.get(name, len(place)) for name in trades.words("strategy")], np.int64)
    closed, entry = _is_closed(trades, bar), trades.ints("entry_bar")
    begun = entry <= bar
    columns = {name: trades.floats(name)[begun] for name in ("pnl", "r_multiple", "bars_held", "ambiguous")}
    sums = grouped_summaries(columns, closed[begun], owner[begun], len(place) + 1)  # the last owns what none does
    last = np.where(closed, trades.ints("exit_bar"), entry)
    return {name: _record(sums[at], last[begun & (owner == at)], times, pnl[at]) for name, at in place.items()}


def _record(sums: TradeSummary, last: IntArray, times: IntArray, pnl: float) -> Record:
    return Record(
        sums.trades, sums.open_trades, _known(win_rate(sums).value), _known(expectancy_r(sums).value), pnl,
        format_time(int(times[last.max()])) if len(last) else None,
    )  # fmt: skip


def _open_rows(trades: RunTable, times: IntArray, bar: int) -> Iterator[Row]:
    named = {name: trades.words(name) for name in ("symbol", "strategy", "side")}
    # what was added later is in quantity and price, so that only the end of the run may tell them
    is_end = bar == len(times) - 1
    final = {name: trades.floats(name).tolist() for name in ("quantity", "entry_price", "pnl")}
    since = times[trades.ints("entry_bar")].tolist()
    for row in np.flatnonzero(_is_open(trades, bar)).tolist():
        then = {name: values[row] if is_end else None for name, values in final.items()}
        yield {**{name: words[row] for name, words in named.items()}, "since": format_time(since[row]), **then}


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
