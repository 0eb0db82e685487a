"""Kernels of resampled trades: which trades a path takes in which order, and what they come to."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.compiled import compiled, inner
from stratkit.inference.split_mix import KeyArray, fill_uniforms
from stratkit.panel import FloatArray, IntArray

# columns of what a path of trades comes to
FINAL, LOWEST, DRAWDOWN, MONEY, STREAK = range(5)
COLUMNS: Final = 5


@inner
def shuffle(uniform: FloatArray, rows: IntArray) -> None:
    """Fill `rows` with an order of all of them, each order equally likely (Fisher and Yates)."""
    for place in range(len(rows)):
        rows[place] = place
    for place in range(len(rows) - 1, 0, -1):
        other = min(int(uniform[place] * (place + 1)), place)
        rows[place], rows[other] = rows[other], rows[place]


@inner
def _draw_trades(key: np.uint64, shuffled: bool, uniform: FloatArray, rows: IntArray) -> None:
    fill_uniforms(key, 0, uniform)
    if shuffled:
        shuffle(uniform, rows)
    else:
        for place in range(len(rows)):
            rows[place] = min(int(uniform[place] * len(rows)), len(rows) - 1)


@inner
def _fold_trades(
    values: FloatArray, rows: IntArray, compounds: bool, capital: float, found: FloatArray, steps: IntArray,
    equity: FloatArray,
) -> None:  # fmt: skip
    """Fill `found` with what the trades at `rows` come to, and `equity` with multiples of the capital after `steps`."""
    worth, peak, lowest, depth, money = capital, capital, capital, 0.0, 0.0
    streak, longest = 0, 0
    kept = 0
    if len(steps):
        equity[0] = 1.0
        kept = 1
    for place in range(len(rows)):
        value = values[rows[place]]
        worth = worth * max(1.0 + value, 0.0) if compounds else worth + value
        peak = max(peak, worth)
        lowest = min(lowest, worth)
        depth = min(depth, worth / peak - 1.0)
        money = min(money, worth - peak)
        streak = streak + 1 if value < 0.0 else 0
        longest = max(longest, streak)
        if kept < len(steps) and steps[kept] == place + 1:
            equity[kept] = worth / capital
            kept += 1
    found[FINAL], found[LOWEST], found[DRAWDOWN], found[MONEY], found[STREAK] = worth, lowest, depth, money, longest


@compiled
def play_drawn_trades(
    values: FloatArray, keys: KeyArray, shuffled: bool, compounds: bool, capital: float, found: FloatArray,
    steps: IntArray, equity: FloatArray,
) -> None:  # fmt: skip
    """Play one path for each key; rows of `equity` beyond its length are not kept."""
    uniform, rows = np.empty(len(values)), np.empty(len(values), np.int64)
    none, unused = steps[:0], np.empty(len(steps))
    for path in range(len(keys)):
        _draw_trades(keys[path], shuffled, uniform, rows)
        keeps = path < len(equity)
        own = equity[path] if keeps else unused
        _fold_trades(values, rows, compounds, capital, found[path], steps if keeps else none, own)


@compiled
def play_trades(
    values: FloatArray, rows: IntArray, compounds: bool, capital: float, found: FloatArray, steps: IntArray,
    equity: FloatArray,
) -> None:  # fmt: skip
    """Play the paths whose trades (paths, n) are given."""
    for path in range(len(rows)):
        _fold_trades(values, rows[path], compounds, capital, found[path], steps, equity[path])


@compiled
def chosen_trades(keys: KeyArray, n: int, shuffled: bool) -> IntArray:
    """Return (paths, n) the trades that `play_drawn_trades` plays for these keys."""
    rows = np.empty((len(keys), n), np.int64)
    uniform = np.empty(n)
    for path in range(len(keys)):
        _draw_trades(keys[path], shuffled, uniform, rows[path])
    return rows
