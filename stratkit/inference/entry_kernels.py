"""Kernels of random entries: where the trades of each line are placed, and what the account makes of them.

A line is one slot of the account: one symbol's own bars, on which its trades never overlap. The arrays of all lines
stand one behind the other: line l owns ``[begin[l], begin[l + 1])`` of the trades, symbol s ``[own[s], own[s + 1])`` of
the bars.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from stratkit.compiled import compiled, inlined, inner
from stratkit.inference.split_mix import KeyArray, fill_uniforms
from stratkit.inference.trade_kernels import shuffle
from stratkit.panel import BoolArray, FloatArray, IntArray

# columns of what one placing comes to
WEALTH, DRAWDOWN, MEAN, SD, TRADE = range(5)
COLUMNS: Final = 5


class OwnBars(NamedTuple):
    """The bars that symbols really have, one symbol behind the other.

    `own` (S + 1,) bounds each symbol's, `row` is the bar of the panel; moves are fractions: `day` from open to close,
    `held` from the close before to the close, `night` from the close before to the open.
    """

    own: IntArray
    row: IntArray
    opened: FloatArray
    closed: FloatArray
    day: FloatArray
    held: FloatArray
    night: FloatArray


class Lines(NamedTuple):
    """The trades, line by line: `begin` (L + 1,), `symbol` (L,), `first` (L,) own bar from which on a line may hold.

    Of each trade `length` is the number of own bars that it occupies, `at_close` whether it leaves at the close of the
    last of them or at the open of the next, `weight` its signed fraction of the equity, `cost` a fraction of its value.
    """

    begin: IntArray
    symbol: IntArray
    first: IntArray
    length: IntArray
    at_close: BoolArray
    weight: FloatArray
    cost: FloatArray


@inner
def _ascend(values: IntArray) -> None:
    """Sort in place, as Shell does; NumPy's own sort takes seconds to compile."""
    gap = len(values) // 2
    while gap > 0:
        for at in range(gap, len(values)):
            value, place = values[at], at
            while place >= gap and values[place - gap] > value:
                values[place] = values[place - gap]
                place -= gap
            values[place] = value
        gap //= 2


@inner
def _free_places(uniform: FloatArray, places: IntArray, room: int, chosen: IntArray) -> None:
    """Choose len(chosen) different numbers below `room`, every set equally likely, ascending.

    `places` holds 0, 1, 2 … and does so again afterwards: what one path draws must not depend on the one before.
    """
    count = len(chosen)
    for at in range(count):
        other = min(at + int(uniform[at] * (room - at)), room - 1)
        places[at], places[other] = places[other], places[at]
        chosen[at] = places[at]
    for at in range(count):
        places[chosen[at]] = chosen[at]
        places[at] = at
    _ascend(chosen)


@inner
def _place(
    key: np.uint64, own: IntArray, lines: Lines, uniform: FloatArray, places: IntArray, order: IntArray, entry: IntArray
) -> None:
    """Fill `order` with which trade of its line comes when, and `entry` with the own bar that each one enters on.

    The order of a line's trades and the free bars before, between and after them are drawn so that every arrangement
    without overlap is equally likely.
    """
    fill_uniforms(key, 0, uniform)
    for line in range(len(lines.symbol)):
        begin, end = lines.begin[line], lines.begin[line + 1]
        count = end - begin
        shuffle(uniform[2 * begin : begin + end], order[begin:end])
        free = own[lines.symbol[line] + 1] - own[lines.symbol[line]] - lines.first[line]
        for trade in range(begin, end):
            free -= lines.length[trade]
        _free_places(uniform[begin + end : 2 * end], places, free + count, entry[begin:end])
        held = lines.first[line]
        for rank in range(count):
            entry[begin + rank] += held - rank
            held += lines.length[begin + order[begin + rank]]


@inlined
def _hold(bars: OwnBars, base: int, count: int, entry: int, trade: int, lines: Lines, account: FloatArray) -> float:
    """Add one trade's moves to the returns of the account; return its net return on its value."""
    length, weight = lines.length[trade], lines.weight[trade]
    half = 0.5 * lines.cost[trade] * abs(weight)
    first, last = base + entry, base + entry + length - 1
    account[bars.row[first]] += weight * bars.day[first] - half
    for bar in range(first + 1, last + 1):
        account[bars.row[bar]] += weight * bars.held[bar]
    price = bars.closed[last]
    leaves = bars.row[last]
    if not lines.at_close[trade] and entry + length < count:
        leaves = bars.row[last + 1]
        price = bars.opened[last + 1]
        account[leaves] += weight * bars.night[last + 1]
    account[leaves] -= half
    side = 1.0 if weight >= 0.0 else -1.0
    return float(side * (price / bars.opened[first] - 1.0) - lines.cost[trade])


@inner
def _account(
    bars: OwnBars, lines: Lines, order: IntArray, entry: IntArray, account: FloatArray, found: FloatArray
) -> None:
    """Fill `account` with the returns of one placing and `found` with what they come to."""
    account[:] = 0.0
    net = 0.0
    for line in range(len(lines.symbol)):
        base = bars.own[lines.symbol[line]]
        count = bars.own[lines.symbol[line] + 1] - base
        begin = lines.begin[line]
        for rank in range(begin, lines.begin[line + 1]):
            net += _hold(bars, base, count, entry[rank], begin + order[rank], lines, account)
    wealth, peak, depth, total, squares = 1.0, 1.0, 0.0, 0.0, 0.0
    rows = len(account)
    for row in range(rows):
        one = account[row]
        total += one
        squares += one * one
        wealth *= max(1.0 + one, 0.0)
        peak = max(peak, wealth)
        depth = min(depth, wealth / peak - 1.0)
    mean = total / rows
    found[WEALTH], found[DRAWDOWN], found[MEAN], found[TRADE] = wealth, depth, mean, net / len(order)
    found[SD] = math.sqrt(max(squares - total * mean, 0.0) / (rows - 1)) if rows > 1 else np.nan


@compiled
def play_entries(bars: OwnBars, lines: Lines, keys: KeyArray, rows: int, found: FloatArray) -> None:
    """Place the trades once for each key and play each placing on an account of `rows` bars."""
    trades = len(lines.length)
    uniform, order, entry = np.empty(2 * trades), np.empty(trades, np.int64), np.empty(trades, np.int64)
    places, account = np.arange(rows + trades), np.empty(rows)
    for path in range(len(keys)):
        _place(keys[path], bars.own, lines, uniform, places, order, entry)
        _account(bars, lines, order, entry, account, found[path])


@compiled
def play_placed(bars: OwnBars, lines: Lines, order: IntArray, entry: IntArray, rows: int, found: FloatArray) -> None:
    """Play placings (paths, K) that are given."""
    account = np.empty(rows)
    for path in range(len(order)):
        _account(bars, lines, order[path], entry[path], account, found[path])


@compiled
def chosen_entries(own: IntArray, lines: Lines, keys: KeyArray, rows: int) -> tuple[IntArray, IntArray]:
    """Return (paths, K) order and entry of the placings that `play_entries` plays for these keys."""
    trades = len(lines.length)
    order, entry = np.empty((len(keys), trades), np.int64), np.empty((len(keys), trades), np.int64)
    uniform, places = np.empty(2 * trades), np.arange(rows + trades)
    for path in range(len(keys)):
        _place(keys[path], own, lines, uniform, places, order[path], entry[path])
    return order, entry
