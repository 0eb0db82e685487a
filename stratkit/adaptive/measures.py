"""`Measures`: what the last closed trades of each strategy say about it, in R and in parts of their value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.adaptive.outcomes import Outcomes
from stratkit.panel import BoolArray, FloatArray, IntArray

MOST_FACTOR: Final = 10.0  # profit factor of trades without a loss, which has no other bound
_SAME: Final = 1e-12  # standard deviation [R] that is rounding: equal trades leave a rest


@dataclass(frozen=True)
class LastTrades:
    """The last W closed trades of S strategies, newest at the end; NaN where fewer are closed.

    (2, S, W) each: first those of the account, then those of account and shadow book together. `r_multiple` is NaN
    also for a trade without R, `pnl_frac` is net P&L over value at entry.
    """

    r_multiple: FloatArray
    pnl_frac: FloatArray


@dataclass(frozen=True)
class Measures:
    """Figures of S strategies over their last trades, (S,) each; 0 where there is no trade.

    `trades` counts them; `expectancy_r` is their mean R; `profit_factor` gains over losses in R, 10 at most and where
    nothing was lost; `win_rate` the share with P&L > 0; `drawdown_r` the largest fall of added-up R; `drawdown_frac`
    that of added-up P&L per value, as if every trade had the same size; `sharpe` the mean over the standard deviation
    of a trade's R (n - 1), not annualised, 0 for one trade or none that differs; `losses_in_row` at the end.
    """

    trades: IntArray
    expectancy_r: FloatArray
    profit_factor: FloatArray
    win_rate: FloatArray
    drawdown_r: FloatArray
    drawdown_frac: FloatArray
    sharpe: FloatArray
    losses_in_row: IntArray


def no_trades(strategies: int, window: int) -> LastTrades:
    """Return windows without a trade."""
    empty = np.full((2, strategies, window), np.nan)
    return LastTrades(empty, empty)


def with_trades(last: LastTrades, outcomes: Outcomes) -> LastTrades:
    """Return the windows after more closed trades."""
    if not len(outcomes):
        return last
    windows = np.stack((last.r_multiple, last.pnl_frac))
    first_book = outcomes.is_shadow.astype(np.int64).tolist()  # a shadow trade is not among those of the account
    values = np.column_stack((outcomes.r_multiple, outcomes.pnl_frac))[:, :, None]
    for strategy, book, value in zip(outcomes.strategy.tolist(), first_book, values, strict=True):
        window = windows[:, book:, strategy]
        window[:, :, :-1] = window[:, :, 1:]
        window[:, :, -1] = value
    return LastTrades(windows[0], windows[1])


def measured(last: LastTrades) -> tuple[Measures, Measures]:
    """Return the figures of the account's trades, and of those with the trades of the shadow book."""
    there = ~np.isnan(last.pnl_frac)
    pnl = np.where(there, last.pnl_frac, 0.0)
    r = _in_r(last.r_multiple, pnl)
    trades = there.sum(axis=-1)
    shared = np.maximum(trades, 1)
    expectancy = r.sum(axis=-1) / shared
    drawdown_r, drawdown_frac = _largest_fall(np.stack((r, pnl)))
    figures = (
        trades,
        expectancy,
        _profit_factor(np.maximum(r, 0.0).sum(axis=-1), -np.minimum(r, 0.0).sum(axis=-1)),
        (pnl > 0).sum(axis=-1) / shared,
        drawdown_r,
        drawdown_frac,
        _sharpe(np.where(there, r - expectancy[..., None], 0.0), expectancy, trades),
        _run_at_end(pnl < 0),
    )
    account, both = (Measures(*(figure[book] for figure in figures)) for book in (0, 1))
    return account, both


def _in_r(r_multiple: FloatArray, pnl: FloatArray) -> FloatArray:
    """Return R of every trade, 0 where there is none.

    A trade without a stop has no R: its P&L is measured in the mean loss of the window, as V. Tharp (Trade Your Way to
    Financial Freedom, 2nd ed., ch. 7) takes R where no initial risk was stated; without a loss in the mean P&L.
    """
    missing = np.isnan(r_multiple)
    if not (missing & (pnl != 0)).any():
        return np.where(missing, 0.0, r_multiple)
    lost = np.maximum(-pnl, 0.0)
    size = np.where((lost > 0).any(axis=-1, keepdims=True), lost, np.abs(pnl))
    unit = size.sum(axis=-1, keepdims=True) / np.maximum((size > 0).sum(axis=-1, keepdims=True), 1)
    return np.where(missing, pnl / np.where(unit > 0, unit, 1.0), r_multiple)


def _profit_factor(gains: FloatArray, losses: FloatArray) -> FloatArray:
    ratio = np.minimum(gains / np.where(losses > 0, losses, 1.0), MOST_FACTOR)
    return np.where(losses > 0, ratio, np.where(gains > 0, MOST_FACTOR, 0.0))


def _largest_fall(values: FloatArray) -> FloatArray:
    curve = np.cumsum(values, axis=-1)
    peak = np.maximum(np.maximum.accumulate(curve, axis=-1), 0.0)  # before the first trade it stands at 0
    fall: FloatArray = (peak - curve).max(axis=-1)
    return fall


def _sharpe(distance: FloatArray, mean: FloatArray, trades: IntArray) -> FloatArray:
    deviation = np.sqrt((distance**2).sum(axis=-1) / np.maximum(trades - 1, 1))
    differs = deviation > _SAME
    return np.where(differs, mean / np.where(differs, deviation, 1.0), 0.0)


def _run_at_end(lost: BoolArray) -> IntArray:
    run: IntArray = np.where(lost.all(axis=-1), lost.shape[-1], (~lost[..., ::-1]).argmax(axis=-1))
    return run
