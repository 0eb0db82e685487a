"""`Review`: what each strategy earned in each week or month, with its trades and how many of them won."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stratkit.analytics.attributed import Attributed
from stratkit.analytics.calendar_periods import Every, calendar_periods
from stratkit.analytics.groups import end_bars
from stratkit.panel import FloatArray, IntArray, read_only


@dataclass(frozen=True)
class Review:
    """Q periods x S strategies and the account, (Q, S + 1) each, in the order of `names`.

    `pnl` is the change of net P&L from close to close, account currency, open trades included: a row sums to what
    the portfolio earned in the period, a column to what the strategy earned in the run. `trades` counts those
    that ended in the period; `win_rate` is the fraction of them with net P&L > 0, NaN where none ended.
    """

    every: Every
    periods: tuple[str, ...]
    names: tuple[str, ...]
    pnl: FloatArray
    trades: IntArray
    win_rate: FloatArray


def review(run: Attributed, every: Every) -> Review:
    """Return the periodic review of a run; periods are those of the bar's UTC start, weeks begin on Monday."""
    calendar = calendar_periods(run.times, every)
    closes = np.column_stack([run.by_strategy[calendar.last_bar], run.account[calendar.last_bar]])
    rows = run.closed
    period, width = calendar.code[end_bars(run)[rows]], len(run.names)
    owner = np.where(run.trade_strategy[rows] < 0, width - 1, run.trade_strategy[rows])

    def per_cell(values: npt.ArrayLike) -> FloatArray:
        cells = np.bincount(period * width + owner, np.asarray(values, np.float64), len(calendar.labels) * width)
        return cells.reshape(-1, width).astype(np.float64)  # no row: integers

    closed, won = per_cell(np.ones(len(rows))), per_cell(np.asarray(run.trades["pnl"])[rows] > 0)
    rate = np.full_like(closed, np.nan)
    np.divide(won, closed, out=rate, where=closed > 0)
    return Review(
        every,
        calendar.labels,
        run.names,
        read_only(np.diff(closes, axis=0, prepend=0.0)),
        read_only(closed.astype(np.int64)),
        read_only(rate),
    )
