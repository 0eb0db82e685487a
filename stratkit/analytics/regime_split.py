"""`RegimeSplit`: the closed trades of a run, split by the regime of the bar on which each was decided."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stratkit.analytics.earned import ClosedTrades
from stratkit.analytics.pnl_shares import pnl_shares
from stratkit.panel import FloatArray, IntArray
from stratkit.regimes.labels import NOT_KNOWN


@dataclass(frozen=True)
class TradesInRegime:
    """Closed trades that were decided in one regime: their number, in how many episodes, and what they earned.

    `pnl` is net, account currency; `share` its part of that of all closed trades, NaN where they made no profit.
    `win_rate` is the share with a net P&L above zero, `mean_r` the mean R multiple of the `with_r` that have one; NaN
    without any. `r_error` is the standard error of that mean, deviation / sqrt(n).
    """

    name: str
    trades: int
    episodes: int
    pnl: float
    share: float
    win_rate: float
    with_r: int
    mean_r: float
    r_error: float


@dataclass(frozen=True)
class RegimeSplit:
    """A row for each regime in which something was decided, bars without a label last; P&L sums to `pnl`.

    Trades that are still open, `open_trades` with the marked P&L `open_pnl`, are in no row.
    """

    rows: tuple[TradesInRegime, ...]
    trades: int
    pnl: float
    open_trades: int
    open_pnl: float


def split_trades(
    names: tuple[str, ...],
    code: IntArray,
    episode: IntArray,
    pnl: FloatArray,
    r_multiple: FloatArray,
    is_open: IntArray,
) -> RegimeSplit:
    """Return (K,) trades split by the regime `code` of their decision, -1 = not known.

    `episode` (K,) tells the episodes in which they were decided apart; NaN in `r_multiple` is a trade without a stop.

    >>> one = np.ones(2)
    >>> split_trades(("calm",), np.array([0, -1]), np.array([0, -1]), one, one, np.zeros(2, int)).rows[0].share
    0.5
    """
    closed = np.asarray(is_open) == 0
    found = [
        (name, closed & (code == at))
        for at, name in [*enumerate(names), (-1, NOT_KNOWN)]
        if (closed & (code == at)).any()
    ]
    total = float(pnl[closed].sum())
    share = pnl_shares(np.array([pnl[where].sum() for _, where in found], dtype=np.float64), total).tolist()
    rows = [_row(name, where, episode, pnl, r_multiple, part) for (name, where), part in zip(found, share, strict=True)]
    return RegimeSplit(tuple(rows), int(closed.sum()), total, int((~closed).sum()), float(pnl[~closed].sum()))


def _row(
    name: str, where: np.ndarray, episode: IntArray, pnl: FloatArray, r_multiple: FloatArray, share: float
) -> TradesInRegime:
    earned = ClosedTrades(pnl, r_multiple, np.full(len(pnl), math.nan)).earned(where)
    return TradesInRegime(
        name, earned.trades, len(np.unique(episode[where])), float(pnl[where].sum()), share, earned.win_rate.estimate,
        earned.with_r, earned.mean_r, earned.r_error,
    )  # fmt: skip
