"""Events on panels: crossings, the value some own bars ago, the last thing that happened."""

from __future__ import annotations

import numpy as np

from stratkit.compiled import compiled
from stratkit.errors import UsageError
from stratkit.features.own_bars import on_own_bars
from stratkit.panel import FloatArray, SideArray


def crossing(fast: FloatArray, slow: FloatArray) -> SideArray:
    """Return (T, N) int8: +1 where `fast` crosses above `slow`, -1 where it crosses below, else 0.

    A cross up at t means ``fast[t-1] < slow[t-1] and fast[t] > slow[t]``, both strict, where t-1
    is the last bar of the symbol on which both have a value: a hole does not hide a cross.

    >>> crossing(np.array([[1.0], [np.nan], [3.0], [2.0], [1.0]]), np.full((5, 1), 2.0)).ravel()
    array([0, 0, 1, 0, 0], dtype=int8)
    """
    if np.ndim(fast) != 2 or np.shape(fast) != np.shape(slow):
        raise UsageError(f"crossing takes two (bars, symbols) panels; found {np.shape(fast)} and {np.shape(slow)}")
    return _crossing(np.ascontiguousarray(fast, dtype=np.float64), np.ascontiguousarray(slow, dtype=np.float64))


def lag(values: FloatArray, bars: int = 1) -> FloatArray:
    """Return (T, N) the value `bars` own bars ago, NaN before and where there is no bar.

    >>> lag(np.array([[1.0], [np.nan], [3.0], [4.0]])).ravel()
    array([nan, nan,  1.,  3.])
    """
    if bars < 0:
        raise UsageError(f"lag must be 0 bars or more, for it may not look ahead; found {bars}")

    def shifted(series: FloatArray) -> tuple[FloatArray]:
        earlier = np.full(len(series), np.nan)
        earlier[bars:] = series[: max(len(series) - bars, 0)]
        return (earlier,)

    return on_own_bars(shifted, values)[0]


def last_nonzero(side: SideArray) -> SideArray:
    """Return (T, N) int8: the latest entry of `side` up to and including t that is not 0.

    >>> last_nonzero(np.array([[0], [1], [0], [-1], [0]], np.int8)).ravel()
    array([ 0,  1,  1, -1, -1], dtype=int8)
    """
    return _last_nonzero(np.ascontiguousarray(side, dtype=np.int8))


@compiled
def _crossing(fast: FloatArray, slow: FloatArray) -> SideArray:
    bars, symbols = fast.shape
    crosses = np.zeros((bars, symbols), np.int8)
    before = np.zeros(symbols, np.int8)
    if symbols == 1:  # three times faster with the state in a register
        state = np.int8(0)
        for bar in range(bars):
            now = _relation(fast[bar, 0], slow[bar, 0], state)
            if now * state < 0:
                crosses[bar, 0] = now
            state = now
        return crosses
    for bar in range(bars):
        for symbol in range(symbols):
            now = _relation(fast[bar, symbol], slow[bar, symbol], before[symbol])
            if now * before[symbol] < 0:
                crosses[bar, symbol] = now
            before[symbol] = now
    return crosses


@compiled
def _relation(fast: float, slow: float, before: np.int8) -> np.int8:
    """Return +1 above, -1 below, 0 equal, and what it was before where one of the two is NaN."""
    if fast > slow:
        return np.int8(1)
    if fast < slow:
        return np.int8(-1)
    return np.int8(0) if fast == slow else before


@compiled
def _last_nonzero(side: SideArray) -> SideArray:
    bars, symbols = side.shape
    latest = np.zeros((bars, symbols), np.int8)
    for symbol in range(symbols):
        held = np.int8(0)
        for bar in range(bars):
            if side[bar, symbol] != 0:
                held = side[bar, symbol]
            latest[bar, symbol] = held
    return latest
