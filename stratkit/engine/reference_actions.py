"""`act`: splits and dividends between the bars, in plain Python."""

from __future__ import annotations

import math

from stratkit.engine.layout import SPLIT_CASH
from stratkit.engine.reference_book import Book, Moment
from stratkit.engine.reference_positions import leave, lot_down
from stratkit.engine.reference_slot import Slot


def act(book: Book, when: Moment) -> None:
    """Pay dividends on what was held, then split it; fractions of a lot leave in cash."""
    tape = book.tape
    if not tape.acts or not tape.acts[when.bar]:
        return
    for symbol, (ratio, dividend) in enumerate(zip(tape.split[when.bar], tape.dividend[when.bar])):
        own = [slot for slot in book.slots if slot.symbol == symbol and slot.position.side]
        if dividend != 0:
            for slot in own:
                income = slot.position.side * (slot.position.held * dividend)
                book.cash = book.cash + income
                slot.position.dividend += income
        if ratio != 1:
            book.last_close[symbol] /= ratio
            for slot in own:
                split(book, slot, ratio)
                pay_fractions(book, slot, when)


def split(book: Book, slot: Slot, ratio: float) -> None:
    """Turn each old share into `ratio` new ones, and each price into that part of it."""
    position = slot.position
    for name in ("held", "entry_quantity", "exit_quantity", "target_filled", "entry_waiting"):
        setattr(position, name, getattr(position, name) * ratio)
    if math.isfinite(position.exit_waiting):
        position.exit_waiting *= ratio
    for name in ("average", "entry", "risk_unit", "stop", "stop_distance", "extreme", "worst", "best"):
        setattr(position, name, getattr(position, name) / ratio)
    position.targets = tuple(level / ratio for level in position.targets)


def pay_fractions(book: Book, slot: Slot, when: Moment) -> None:
    """Let the part of a position that is no whole lot leave at the new mark, without costs."""
    lot, mark, held = book.rules.lot_size, book.last_close[slot.symbol], slot.position.held
    fraction = held - lot_down(held, lot)
    if fraction > 0:
        leave(book, slot, when, fraction, mark, SPLIT_CASH, at_level=True, limited=False, free=True, met=(mark, mark))
