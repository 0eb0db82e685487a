"""Resting orders: entries with a level, which trade where the market comes to them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inlined, inner
from stratkit.engine.layout import EXIT_SIDE, NO_SIDE
from stratkit.engine.prices import tick_down, tick_up
from stratkit.risk.targets import LIMIT_ORDER, STOP_ORDER

# which intents a moment plays: none, all that are due, only those whose level the open has passed
PLAYS_NOTHING, PLAYS_ALL, PLAYS_PASSED = np.int64(0), np.int64(1), np.int64(2)


@inner
def rises_to(order: int, side: int) -> bool:
    """Return whether an order waits for a rising price: a buy stop or a sell limit."""
    return (side > 0) == (order == STOP_ORDER)


@inlined
def level_of_order(orders: Any, rules: Any, s: Any, row: int, slot: int, side: int) -> float:
    """Return the level that the entry of `row` rests at, to the tick; NaN for an order at the market.

    `orders` (T, M) are the levels; None when nothing rests in a whole run, here and wherever it is handed on: what
    only resting orders need is then compiled out.
    """
    if orders is None:
        return math.nan
    if side != 1 and side != -1:
        return math.nan
    level = orders[row, slot]
    return tick_up(level, rules.tick_size) if rises_to(s.order, side) else tick_down(level, rules.tick_size)


@inner
def is_passed(order: int, side: int, level: float, price: float) -> bool:
    """Return whether `price` lies at or beyond the level; never without a price."""
    return price >= level if rises_to(order, side) else price <= level


@inner
def is_reached(order: int, side: int, level: float, high: float, low: float) -> bool:
    """Return whether a bar comes to the level."""
    return high >= level if rises_to(order, side) else low <= level


@inlined
def due_side(
    orders: Any, rules: Any, s: Any, row: int, slot: int, wish: int, price: float, plays: int, at_close: bool
) -> int:
    """Return the side that trades at `price` now, `NO_SIDE` for one that rests or is played at another moment."""
    if orders is None:
        return wish
    if plays == PLAYS_ALL and (wish == NO_SIDE or wish == EXIT_SIDE):
        return wish
    level = level_of_order(orders, rules, s, row, slot, wish)
    if level != level:
        return wish if plays == PLAYS_ALL else NO_SIDE
    return wish if not at_close and is_passed(s.order, wish, level, price) else NO_SIDE


@inlined
def slips_at(s: Any, level: float) -> int:
    """Return whether an entry pays slippage: a limit order does not."""
    return np.int64(0) if level == level and s.order == LIMIT_ORDER else np.int64(1)


@inner
def piece_of_order(pieces: Any, bar: int, column: int, order: int, side: int, level: float) -> int:
    """Return the finer bar that first comes to the level, -1 where the bar is not walked in pieces."""
    if not pieces.agrees[bar, column]:
        return np.int64(-1)
    for piece in range(pieces.rows[bar, 0], pieces.rows[bar, 1]):
        if is_reached(order, side, level, pieces.high[piece, column], pieces.low[piece, column]):
            return np.int64(piece)
    return np.int64(pieces.rows[bar, 1])


@inner
def base_of_order(pieces: Any, piece: int, column: int, order: int, side: int, level: float) -> float:
    """Return where an order fills: at its level, or at the open of a piece that has passed it."""
    if 0 <= piece < pieces.open.shape[0]:
        open_ = pieces.open[piece, column]
        if is_passed(order, side, level, open_):
            return open_
    return level
