"""Kernels of path resampling: which rows a path takes, and what its returns come to.

Drawing the numbers, choosing the rows and adding up are three loops over one path: the first runs on vector
instructions, the second without a branch, and the third serves exact enumeration too.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from stratkit.compiled import compiled, inner
from stratkit.inference.split_mix import KeyArray, fill_uniforms
from stratkit.panel import FloatArray, IntArray

# columns of what a path comes to
WEALTH, LOWEST, DRAWDOWN, MEAN, SD, DOWNSIDE, UNDER_WATER = range(7)
PLAIN: Final = 5  # columns that are always filled
ALL: Final = 7


@inner
def _stationary_rows(uniform: FloatArray, n: int, renewal: float, rows: IntArray) -> None:
    """Choose rows: a block ends before each with probability `renewal`, and the next begins anywhere in the circle.

    One number serves both: given that it lies below `renewal`, its quotient by it is uniform again.
    """
    scale = n / renewal
    at = int(uniform[0] * n)
    rows[0] = at
    for step in range(1, len(rows)):
        number = uniform[step]
        at += 1
        if number < renewal:
            at = int(number * scale)
        if at >= n:  # past the end of the circle; and rounding may bring a start there
            at = 0
        rows[step] = at


@inner
def _circular_rows(uniform: FloatArray, n: int, block: int, rows: IntArray) -> None:
    """Choose rows: blocks of `block` rows, each beginning anywhere in the circle; the last one is cut."""
    for begin in range(0, len(rows), block):
        at = int(uniform[begin // block] * n)
        for step in range(begin, min(begin + block, len(rows))):
            if at >= n:
                at = 0
            rows[step] = at
            at += 1


@inner
def draw_rows(key: np.uint64, n: int, renewal: float, block: int, uniform: FloatArray, rows: IntArray) -> None:
    """Fill `rows` with one path's rows from `n`: blocks of `block` rows, or of random length when it is 0."""
    if block == 0:
        fill_uniforms(key, 0, uniform)
        _stationary_rows(uniform, n, renewal, rows)
    else:
        fill_uniforms(key, 0, uniform[: (len(rows) + block - 1) // block])
        _circular_rows(uniform, n, block, rows)


@inner
def fold_path(
    returns: FloatArray, rows: IntArray, centre: float, risk_free: float, found: FloatArray, steps: IntArray,
    equity: FloatArray,
) -> None:  # fmt: skip
    """Fill `found` with what the returns at `rows` come to, and `equity` with the wealth after each of `steps`.

    Sums are taken about `centre`, the mean of the history, so that little is lost when they are subtracted. Wealth
    that has fallen to zero stays there.
    """
    wealth, peak, lowest, depth = 1.0, 1.0, 1.0, 0.0
    total, squares = 0.0, 0.0
    kept, bars = 0, len(rows)
    if len(steps) and steps[0] == 0:
        equity[0] = 1.0
        kept = 1
    for step in range(bars):
        one = returns[rows[step]]
        away = one - centre
        total += away
        squares += away * away
        wealth *= max(1.0 + one, 0.0)
        peak = max(peak, wealth)
        lowest = min(lowest, wealth)
        depth = min(depth, wealth / peak - 1.0)
        if kept < len(steps) and steps[kept] == step + 1:
            equity[kept] = wealth
            kept += 1
    mean = total / bars
    found[WEALTH], found[LOWEST], found[DRAWDOWN], found[MEAN] = wealth, lowest, depth, centre + mean
    found[SD] = math.sqrt(max(squares - total * mean, 0.0) / (bars - 1)) if bars > 1 else np.nan
    if len(found) > PLAIN:
        _fold_more(returns, rows, risk_free, found)


@inner
def _fold_more(returns: FloatArray, rows: IntArray, risk_free: float, found: FloatArray) -> None:
    """Fill what not everyone wants: downside deviation, and the most bars from a peak to recovery or end."""
    short, wealth, peak = 0.0, 1.0, 1.0
    since, longest = 0, 0  # bars since the peak
    for step in range(len(rows)):
        one = returns[rows[step]]
        miss = min(one - risk_free, 0.0)
        short += miss * miss
        wealth *= max(1.0 + one, 0.0)
        since += 1
        if wealth < peak or since > 1:
            longest = max(longest, since)
        if wealth >= peak:
            peak, since = wealth, 0
    found[DOWNSIDE] = math.sqrt(short / len(rows))
    found[UNDER_WATER] = longest


@compiled
def play_drawn(
    returns: FloatArray, keys: KeyArray, bars: int, renewal: float, block: int, risk_free: float, found: FloatArray,
    steps: IntArray, equity: FloatArray,
) -> None:  # fmt: skip
    """Play one path for each key; rows of `equity` beyond its length are not kept."""
    uniform, rows = np.empty(bars), np.empty(bars, np.int64)
    centre = returns.mean()
    none, unused = steps[:0], np.empty(len(steps))
    for path in range(len(keys)):
        draw_rows(keys[path], len(returns), renewal, block, uniform, rows)
        keeps = path < len(equity)
        own = equity[path] if keeps else unused
        fold_path(returns, rows, centre, risk_free, found[path], steps if keeps else none, own)


@compiled
def play_rows(
    returns: FloatArray, rows: IntArray, risk_free: float, found: FloatArray, steps: IntArray, equity: FloatArray
) -> None:
    """Play the paths whose rows (paths, bars) are given."""
    centre = returns.mean()
    for path in range(len(rows)):
        fold_path(returns, rows[path], centre, risk_free, found[path], steps, equity[path])


@compiled
def chosen_rows(keys: KeyArray, n: int, bars: int, renewal: float, block: int) -> IntArray:
    """Return (paths, bars) the rows that `play_drawn` plays for these keys."""
    rows = np.empty((len(keys), bars), np.int64)
    uniform = np.empty(bars)
    for path in range(len(keys)):
        draw_rows(keys[path], n, renewal, block, uniform, rows[path])
    return rows
