"""`ShownTrades`: which trades a page holds, as columns, and the sentence that says so."""

from __future__ import annotations

import dataclasses

import numpy as np

from stratkit.engine.result import BacktestResult
from stratkit.engine.tables import Columns
from stratkit.panel import IntArray


@dataclasses.dataclass(frozen=True)
class ShownTrades:
    """Rows of `BacktestResult.trades_columns`, the `total` they were chosen from, and the `rule`."""

    columns: Columns
    total: int
    rule: str


def choose_trades(result: BacktestResult, limit: int) -> ShownTrades:
    """Return all trades, or `limit` of them when there are more: see `chosen_rows`."""
    total = len(result.trades)
    rows = chosen_rows(np.asarray(result.trades["pnl"]), limit)
    columns = dataclasses.replace(result, trades=result.trades[rows]).trades_columns()
    rule = f"All {total:,} trades."
    if len(rows) < total:
        rule = (
            f"{len(rows):,} of {total:,} trades: the {limit // 4:,} worst and the {limit // 4:,} best by P&L, the "
            "others evenly through time, the first and the last among them. All are in trades.parquet."
        )
    return ShownTrades(columns, total, rule)


def chosen_rows(pnl: np.ndarray[tuple[int], np.dtype[np.float64]], limit: int) -> IntArray:
    """Return ascending rows: a quarter the worst, a quarter the best, the rest evenly spread.

    >>> chosen_rows(np.array([3.0, -9, 1, 2, 8, 0, 0, 0, 0, 0]), 4).tolist()
    [0, 1, 4, 9]
    """
    count = len(pnl)
    if count <= limit:
        return np.arange(count)
    ranked = np.argsort(np.nan_to_num(pnl), kind="stable")
    quarter = limit // 4
    extremes = np.union1d(ranked[:quarter], ranked[count - quarter :])
    others = np.setdiff1d(np.arange(count), extremes, assume_unique=True)
    spread = np.unique(np.linspace(0, len(others) - 1, limit - len(extremes)).round().astype(np.int64))
    return np.union1d(extremes, others[spread] if limit > len(extremes) else others[:0])


def most_traded(result: BacktestResult, limit: int) -> list[int]:
    """Return the columns of at most `limit` symbols, the most traded first, ties in their order."""
    traded = np.asarray(result.slot_symbol)[np.asarray(result.trades["slot"], dtype=np.int64)]
    counts = np.bincount(traded, minlength=len(result.symbols))
    ranked = np.argsort(-counts, kind="stable")
    return [int(column) for column in ranked[:limit] if counts[column] > 0] or [0]
