"""`market_bars`: the whole market as bars of one symbol, each symbol that trades weighted equally."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.panel import BoolArray, FloatArray, IntArray

MARKET: Final = "market"
_BEGIN: Final = 100.0  # the level before the first return


def market_bars(bars: Bars) -> Bars:
    """Return the bars of an index of all symbols, weighted equally anew on each bar.

    Its return is the mean return of the symbols that have a bar and had one before; open, high and low are the means
    of theirs over their last closes, so that the range is at most a little wide. Traded value is the sum of theirs,
    NaN where none is known. A bar on which no symbol has a return is no bar of the index. Nothing looks ahead.

    >>> times, ones = np.arange(2), np.ones((2, 2))
    >>> close = np.array([[1.0, 2.0], [1.1, 2.0]])
    >>> market_bars(Bars(times, ("A", "B"), close, close, close, close, ones, "1d")).close.ravel().round(9)
    array([ nan, 105.])
    """
    before = _last_close(bars.close)
    has = np.isfinite(before) & np.isfinite(bars.close)
    count = has.sum(axis=1)
    close = _mean(bars.close / before, has, count)
    level = _BEGIN * np.cumprod(np.where(count > 0, close, 1.0))
    base = np.concatenate(([_BEGIN], level))[:-1]

    def index(prices: FloatArray) -> FloatArray:
        return (base * _mean(prices / before, has, count)).reshape(-1, 1)

    value = np.where(has, bars.close * bars.volume, np.nan)
    traded = np.where(np.isfinite(value).any(axis=1), _sum(np.nan_to_num(value)), np.nan)
    return replace(
        bars, symbols=(MARKET,), open=index(bars.open), high=index(bars.high), low=index(bars.low),
        close=np.where(count > 0, level, np.nan).reshape(-1, 1), volume=(traded / level).reshape(-1, 1), findings=(),
    )  # fmt: skip


def own_returns(close: FloatArray) -> FloatArray:
    """Return (T, N) the log return of each own bar against the one before; NaN without one, and where there is no bar.

    >>> own_returns(np.array([[1.0], [np.nan], [np.e]])).ravel()
    array([nan, nan,  1.])
    """
    return np.asarray(np.log(close / _last_close(close)))


def _last_close(close: FloatArray) -> FloatArray:
    """Return (T, N) the last close before each bar, NaN where there was none."""
    rows = np.where(np.isfinite(close), np.arange(len(close))[:, None], -1)
    last = np.maximum.accumulate(rows, axis=0)
    last = np.concatenate((np.full((1, close.shape[1]), -1), last[:-1]))[: len(close)]
    found = np.take_along_axis(close, np.maximum(last, 0), axis=0) if len(close) else close
    return np.where(last >= 0, found, np.nan)


def _mean(relative: FloatArray, has: BoolArray, count: IntArray) -> FloatArray:
    total = _sum(np.where(has, relative, 0.0))
    return np.asarray(np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0))


def _sum(values: FloatArray) -> FloatArray:
    """Return (T,) the sums over symbols, one after the other: those that are 0, or not there yet, change no bit."""
    return np.asarray(np.cumsum(values, axis=1)[:, -1])
