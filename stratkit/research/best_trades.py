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

    It is no replay: the other trades keep their sizes. What a trade was worth on a bar is its fills so far and what it
    holds at the last close; carry and dividends are taken out where it ends. Open trades are marked at the end.
    `adjusted` are the bars without splits, `bars` themselves when there are none.
    """
    best = result.trades[np.argsort(-result.trades["pnl"], kind="stable")[:count]]
    taken = np.sum([_worth(result, bars, adjusted, trade) for trade in best], axis=0)
    return replace(result, equity=result.equity - taken)


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
