"""`without_best`: a finished run without the P&L of its best trades, recomputed from trades and fills."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stratkit.data.bars import Bars
from stratkit.engine.layout import Records
from stratkit.engine.result import BacktestResult
from stratkit.panel import FloatArray


def without_best(result: BacktestResult, bars: Bars, adjusted: Bars, count: int) -> BacktestResult:
    """Return the run with the P&L of its `count` best trades taken out of its equity, bar by bar.

    It is no replay: the other trades keep their sizes, as shares of the equity at the time. Their money would be more
    than is left where the best trades had made the account large. What a trade was worth on a bar is its fills so far
    and what it holds at the last close; carry and dividends are taken out where it ends. Open trades are marked at the
    end. `adjusted` are the bars without splits, `bars` themselves when there are none.
    """
    best = result.trades[np.argsort(-result.trades["pnl"], kind="stable")[:count]]
    taken = np.zeros(len(result.times))
    for trade in best:
        taken += _worth(result, bars, adjusted, trade)
    before = np.concatenate(([result.initial_cash], result.equity[:-1]))
    others = np.diff(result.equity - taken, prepend=result.initial_cash)
    gains = np.divide(others, before, out=np.zeros_like(others), where=before > 0)
    # 0 once nothing is left
    return replace(result, equity=result.initial_cash * np.cumprod(np.maximum(1 + gains, 0.0)))


def _worth(result: BacktestResult, bars: Bars, adjusted: Bars, trade: Records) -> FloatArray:
    """Return (T,) the P&L of one trade so far."""
    fills = result.fills[result.fills["trade"] == trade["trade"]]
    count = len(result.times)
    column = int(result.slot_symbol[trade["slot"]])
    raw, even = _last(bars.close[:, column]), _last(adjusted.close[:, column])
    signed = fills["direction"] * fills["quantity"]
    # in units of the adjusted prices a split changes nothing
    units = signed * raw[fills["bar"]] / even[fills["bar"]]
    held, cash = (
        np.cumsum(np.bincount(fills["bar"], each, count))
        for each in (units, -signed * fills["price"] - fills["commission"])
    )
    is_open = trade["exit_bar"] < 0
    end = count - 1 if is_open else int(trade["exit_bar"])
    if not is_open:
        held[end:] = 0.0  # rounding leaves no dust
    worth = np.where(held != 0, held * even, 0.0) + cash
    worth[end:] += trade["pnl"] - worth[end]
    return np.asarray(worth)


def _last(close: FloatArray) -> FloatArray:
    """Return the last close known at each bar, NaN before the first."""
    bars = np.arange(len(close))
    return np.asarray(close[np.maximum.accumulate(np.where(np.isfinite(close), bars, 0))])
