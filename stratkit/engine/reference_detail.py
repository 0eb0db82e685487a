"""`inside_bar`: the inside of a bar, through its pieces where finer bars are known; part of the plain-Python engine."""

from __future__ import annotations

import math
from dataclasses import replace

from stratkit.engine.layout import ALONG_PATH, EXPIRED, NOT_REACHED
from stratkit.engine.reference_book import Book, Moment, Prices
from stratkit.engine.reference_checks import turn_away
from stratkit.engine.reference_exits import leave_at_levels_passed
from stratkit.engine.reference_inside import meet, meet_own_bar
from stratkit.engine.reference_levels import begins_in, extremes, is_tested, move_levels, moves_now, seen, take_in
from stratkit.engine.reference_orders import is_reached
from stratkit.engine.reference_positions import see
from stratkit.engine.reference_resting import meet_after_exit, reverse_at_level
from stratkit.engine.reference_slot import Position, Slot


def inside_bar(book: Book, slot: Slot, when: Moment, equity: float) -> None:
    """Let a position meet the bar, then move its levels for the next one; an order not reached expires."""
    position = slot.position
    if not position.side or not book.tape.has_bar[when.bar][slot.symbol]:
        return
    pieces = book.tape.pieces(when.bar, slot.symbol)
    if pieces and is_tested(book, position, when):
        meet_pieces(book, slot, when, equity, pieces)
    elif pieces and began_inside(position, when):
        meet_own_bar(book, slot, when)
    else:
        meet(book, slot, when, equity)
    if slot.resting:
        turn_away(book, slot, when, slot.resting.side, NOT_REACHED, EXPIRED)
        slot.resting = None


def began_inside(position: Position, when: Moment) -> bool:
    """Whether the position began inside this bar, at a level or at the open of a piece after the first."""
    return position.entry_bar == when.bar and (position.entry_piece > 0 or not math.isnan(position.rested_at))


def meet_pieces(book: Book, slot: Slot, when: Moment, equity: float, pieces: list[Prices]) -> None:
    """Let the slot meet each piece like a bar of its own, from the one in which its position began."""
    for number, piece in enumerate(pieces):
        here = replace(when, piece=piece, number=number)
        if begins_later(slot.position, here):
            continue
        if number > 0 and slot.position.side and slot.position.stop_hit_bar == when.bar:
            meet_held_back(book, slot, here, equity)
            continue
        if number > 0 and not begins_in(slot.position, here):
            meet_opening(book, slot, here, equity)
        if slot.position.side and not is_tested(book, slot.position, when):
            return meet_own_bar(book, slot, when)
        if slot.position.side or slot.resting:
            meet(book, slot, here, equity)
    return move_at_the_end(book, slot, replace(when, piece=pieces[-1]))


def begins_later(position: Position, when: Moment) -> bool:
    """Whether the position begins in a later piece of this bar."""
    return position.entry_bar == when.bar and position.entry_piece > when.number


def meet_held_back(book: Book, slot: Slot, when: Moment, equity: float) -> None:
    """Let a piece pass over what volume held back of a stop of this bar: nothing of it is tested any more."""
    if book.rules.same_bar == ALONG_PATH:
        return meet(book, slot, when, equity)
    if slot.resting and is_reached(slot.resting, seen(book, slot, when)):
        meet_after_exit(book, slot, when, slot.resting, equity)
    adverse, favourable = extremes(book, slot, when)
    see(slot.position, adverse, favourable)
    if moves_now(book, slot.position, when):
        take_in(book, slot, favourable)
    return None


def meet_opening(book: Book, slot: Slot, when: Moment, equity: float) -> None:
    """Let the slot meet the open of a piece that is not the first: levels it has passed, then an order it has."""
    position, price = slot.position, seen(book, slot, when).open
    if position.side and is_tested(book, position, when):
        leave_at_levels_passed(book, slot, when)
    if not slot.resting or not slot.resting.reached_by(price):
        return
    order = replace(slot.resting, opened_at=price)
    if position.side and slot.position is position and position.stop_hit_bar != when.bar:
        reverse_at_level(book, slot, when, order, equity, met=(price, price))
    else:
        meet_after_exit(book, slot, when, order, equity)


def move_at_the_end(book: Book, slot: Slot, when: Moment) -> None:
    """Move the levels that did not move between pieces, from the bar's own extreme."""
    position = slot.position
    if not position.side or moves_now(book, position, when):
        return
    if began_inside(position, when):
        move_levels(book, slot)
    else:
        _, favourable = extremes(book, slot, replace(when, piece=None))
        take_in(book, slot, favourable)
