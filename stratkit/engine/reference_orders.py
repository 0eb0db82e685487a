"""`market_side` and `order_of`: which side trades at the market now, and which rests at a level; plain Python."""

from __future__ import annotations

import math
from dataclasses import replace

from stratkit.engine.reference_book import Book, Moment, Prices
from stratkit.engine.reference_positions import tick_down, tick_up
from stratkit.engine.reference_slot import Order, Slot


def order_of(book: Book, slot: Slot, decided: int) -> Order | None:
    """Return the order that the row `decided` lets rest during the next bar."""
    side, level = book.asked.side(decided, slot), book.asked.at("entry_level", decided, slot)
    if side not in (1, -1) or not math.isfinite(level):
        return None
    order = Order(side, level, slot.by_limit)
    to_tick = tick_up if order.way > 0 else tick_down
    return Order(side, to_tick(level, book.rules.tick_size), slot.by_limit)


def is_passed(book: Book, slot: Slot, when: Moment, order: Order) -> bool:
    """Whether the open has passed the order, which then trades at the market of this open."""
    return book.tape.has_bar[when.bar][slot.symbol] and order.reached_by(book.tape.open[when.bar][slot.symbol])


def is_reached(order: Order, prices: Prices) -> bool:
    """Whether a bar or a piece of it comes to the order."""
    return order.reached_by(prices.high if order.way > 0 else prices.low)


def as_it_fills(book: Book, slot: Slot, bar: int, order: Order) -> Order | None:
    """Return the order with the piece of the bar that comes to it first, and where; None if the bar does not."""
    pieces = book.tape.pieces(bar, slot.symbol)
    for number, piece in enumerate(pieces or [book.tape.whole(bar, slot.symbol)]):
        if number > 0 and order.reached_by(piece.open):
            return replace(order, piece=number, opened_at=piece.open)
        if is_reached(order, piece):
            return replace(order, piece=number)
    return None


def market_side(book: Book, slot: Slot, when: Moment) -> int:
    """Return the side that is asked for at the market of this moment: +1, -1, 2 exit, 0 nothing."""
    order = order_of(book, slot, when.decided)
    if order is None:
        return 0 if book.plays_orders_only(when) else book.asked.side(when.decided, slot)
    return order.side if not when.at_close and is_passed(book, slot, when, order) else 0


def pays_slippage(book: Book, slot: Slot, when: Moment) -> bool:
    """Whether the side in force pays slippage: a limit order does not, even where the open has passed it."""
    order = order_of(book, slot, when.decided)
    return order is None or not order.is_limit
