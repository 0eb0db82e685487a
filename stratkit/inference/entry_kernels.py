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
_BESIDE: Final = 16  # paths played side by side: their accounts of ten years of days fit the second cache


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
def _place_line(
    key: np.uint64, line: int, own: IntArray, lines: Lines, uniform: FloatArray, places: IntArray, order: IntArray,
    entry: IntArray,
) -> None:  # fmt: skip
    """Fill `order` with which of the line's trades comes when, and `entry` with the own bar that each one enters on.

    The order of the trades and the free bars before, between and after them are drawn so that every arrangement without
    overlap is equally likely.
    """
    begin, end = lines.begin[line], lines.begin[line + 1]
    count = end - begin
    fill_uniforms(key, 2 * begin, uniform[: 2 * count])
    shuffle(uniform[:count], order)
    free = own[lines.symbol[line] + 1] - own[lines.symbol[line]] - lines.first[line]
    for trade in range(begin, end):
        free -= lines.length[trade]
    _free_places(uniform[count : 2 * count], places, free + count, entry)
    held = lines.first[line]
    for rank in range(count):
        entry[rank] += held - rank
        held += lines.length[begin + order[rank]]


@inlined
def _hold(bars: OwnBars, base: int, count: int, entry: int, trade: int, lines: Lines, account: FloatArray) -> float:
    """Add one trade's moves to the returns of the account; return its net return on its value."""
    length, weight = lines.length[trade], lines.weight[trade]
    half = 0.5 * lines.cost[trade] * abs(weight)
    first, last = base + entry, base + entry + length - 1
    account[bars.row[first]] += weight * bars.day[first] - half
    shift = bars.row[first] - first
    if bars.row[last] - last == shift:  # no hole between: without the detour by rows it runs on vector instructions
        span = account[first + 1 + shift : last + 1 + shift]
        held = bars.held[first + 1 : last + 1]
        for bar in range(len(span)):
            span[bar] += weight * held[bar]
    else:
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
def _hold_line(bars: OwnBars, lines: Lines, line: int, order: IntArray, entry: IntArray, account: FloatArray) -> float:
    """Add one line's placing to the returns of the account; return the sum of its trades' net returns."""
    base = bars.own[lines.symbol[line]]
    count = bars.own[lines.symbol[line] + 1] - base
    net = 0.0
    for rank in range(len(order)):
        net += _hold(bars, base, count, entry[rank], lines.begin[line] + order[rank], lines, account)
    return net


@inner
def _sum_up(account: FloatArray, mean_trade: float, found: FloatArray) -> None:
    """Fill `found` with what the returns of an account come to."""
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
    found[WEALTH], found[DRAWDOWN], found[MEAN], found[TRADE] = wealth, depth, mean, mean_trade
    found[SD] = math.sqrt(max(squares - total * mean, 0.0) / (rows - 1)) if rows > 1 else np.nan


@compiled
def play_entries(bars: OwnBars, lines: Lines, keys: KeyArray, rows: int, found: FloatArray) -> None:
    """Place the trades once for each key and play each placing on an account of `rows` bars.

    A few paths are played side by side, line by line, so that the bars of one symbol stay in the processor's cache.
    """
    trades = len(lines.length)
    uniform, order, entry = np.empty(2 * trades), np.empty(trades, np.int64), np.empty(trades, np.int64)
    places = np.arange(rows + trades)
    account, net = np.empty((_BESIDE, rows)), np.empty(_BESIDE)
    for first in range(0, len(keys), _BESIDE):
        beside = min(_BESIDE, len(keys) - first)
        account[:] = 0.0
        net[:] = 0.0
        for line in range(len(lines.symbol)):
            count = lines.begin[line + 1] - lines.begin[line]
            own_order, own_entry = order[:count], entry[:count]
            for path in range(beside):
                _place_line(keys[first + path], line, bars.own, lines, uniform, places, own_order, own_entry)
                net[path] += _hold_line(bars, lines, line, own_order, own_entry, account[path])
        for path in range(beside):
            _sum_up(account[path], net[path] / trades, found[first + path])


@compiled
def play_placed(bars: OwnBars, lines: Lines, order: IntArray, entry: IntArray, rows: int, found: FloatArray) -> None:
    """Play one placing that is given, (K,) each, into `found` (COLUMNS,)."""
    account, net = np.zeros(rows), 0.0
    for line in range(len(lines.symbol)):
        begin, end = lines.begin[line], lines.begin[line + 1]
        net += _hold_line(bars, lines, line, order[begin:end], entry[begin:end], account)
    _sum_up(account, net / len(order), found)


@compiled
def chosen_entries(own: IntArray, lines: Lines, keys: KeyArray, rows: int) -> tuple[IntArray, IntArray]:
    """Return (paths, K) order and entry of the placings that `play_entries` plays for these keys."""
    trades = len(lines.length)
    order, entry = np.empty((len(keys), trades), np.int64), np.empty((len(keys), trades), np.int64)
    uniform, places = np.empty(2 * trades), np.arange(rows + trades)
    for path in range(len(keys)):
        for line in range(len(lines.symbol)):
            begin, end = lines.begin[line], lines.begin[line + 1]
            _place_line(keys[path], line, own, lines, uniform, places, order[path, begin:end], entry[path, begin:end])
    return order, entry
