"""`BookAt`: what the tables of a run say about its trades up to a bar: what had closed by then, and what was open."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stratkit.analytics.grouped_trades import grouped_summaries
from stratkit.analytics.summary import TradeSummary
from stratkit.analytics.trades import expectancy_r, win_rate
from stratkit.errors import DataError, UsageError
from stratkit.panel import format_time, parse_span
from stratkit.runs.decision_rows import Row, read_columns
from stratkit.runs.folder import RunRecord

_SUMMED = ("bars_held", "ambiguous")
_COLUMNS = [
    "symbol", "strategy", "side", "entry_bar", "exit_bar", "quantity", "entry_price", "pnl", "r_multiple",
    *_SUMMED,
]  # fmt: skip


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
    times = [int(stamp) for stamp in read_columns(record, "equity", ["time"], {}, {"time"})["time"]]
    if not times:
        raise DataError(f"{record.path('equity.parquet')} must hold bars; found none: run the backtest again")
    bar = len(times) - 1 if when is None else _bar_at(times, when)
    names = ["equity"] if len(strategies) == 1 else [f"pnl {name}" for name in strategies]
    curves = read_columns(record, "equity", names, {}, set())
    base = initial_cash if len(strategies) == 1 else 0.0
    columns = read_columns(record, "trades", _COLUMNS, {}, set())
    trades = [dict(zip(columns, values)) for values in zip(*columns.values())]
    begun = [trade for trade in trades if trade["entry_bar"] <= bar]
    sums = _sums(begun, strategies, bar)
    records = {
        name: _record(its, _last_bar(begun, name, bar), times, curves[curve][bar] - base)
        for name, curve, its in zip(strategies, names, sums, strict=True)
    }
    is_end = bar == len(times) - 1
    rows = tuple(_open_row(trade, times, is_end) for trade in begun if _is_open(trade, bar))
    return BookAt(bar, len(times), format_time(times[bar]), records, rows)


def _bar_at(times: Sequence[int], when: str) -> int:
    first, last = parse_span(when, "--at")
    if last < times[0] or first > times[-1]:
        raise UsageError(
            f"--at must be within the run, from {format_time(times[0])} to {format_time(times[-1])}; found {when}"
        )
    return bisect_right(times, last) - 1


def _is_open(trade: Row, bar: int) -> bool:
    return not 0 <= trade["exit_bar"] <= bar


def _sums(trades: Sequence[Row], strategies: Sequence[str], bar: int) -> list[TradeSummary]:
    """Return the trades of each strategy at a bar in sums."""
    place = {name: at for at, name in enumerate(strategies)}
    code = np.array([place.get(trade["strategy"], len(place)) for trade in trades], np.int64)
    is_closed = np.array([not _is_open(trade, bar) for trade in trades], np.bool_)
    columns = {
        name: np.array([trade[name] for trade in trades], np.float64) for name in ("pnl", "r_multiple", *_SUMMED)
    }
    return grouped_summaries(columns, is_closed, code, len(place) + 1)[:-1]  # the last is what belongs to none


def _last_bar(trades: Sequence[Row], strategy: str, bar: int) -> int | None:
    """Return the bar of the last entry or exit of a strategy up to a bar; None where it had none."""
    own = [trade for trade in trades if trade["strategy"] == strategy]
    exits = [trade["exit_bar"] for trade in own if not _is_open(trade, bar)]
    return max([trade["entry_bar"] for trade in own] + exits, default=None)


def _record(sums: TradeSummary, last: int | None, times: Sequence[int], pnl: float) -> Record:
    return Record(
        sums.trades, sums.open_trades, _known(win_rate(sums).value), _known(expectancy_r(sums).value), pnl,
        None if last is None else format_time(times[last]),
    )  # fmt: skip


def _open_row(trade: Row, times: Sequence[int], is_marked: bool) -> Row:
    row = {name: trade[name] for name in ("symbol", "strategy", "side")}
    # what was added later is in quantity and price, so that only the end of the run may tell them
    final = {name: trade[name] if is_marked else None for name in ("quantity", "entry_price", "pnl")}
    return {**row, "since": format_time(times[trade["entry_bar"]]), **final}


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
