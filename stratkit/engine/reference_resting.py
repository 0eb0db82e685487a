"""`enter_inside`: entries that rest at a level inside the bar, before or against a position; plain Python."""

from __future__ import annotations

from dataclasses import replace

from stratkit.engine.layout import (
    EXIT_PENDING,
    EXITED_THIS_BAR,
    EXPIRED,
    NO_PRICE,
    NO_RULE,
    NOT_REACHED,
    REFUSED,
    REVERSE,
    STOP_BEYOND_ENTRY,
)
from stratkit.engine.reference_book import Book, Moment
from stratkit.engine.reference_caps import sums_now
from stratkit.engine.reference_checks import (
    Request,
    barred,
    is_held,
    left_now,
    too_late,
    turn_away,
    waits_for_edge,
)
from stratkit.engine.reference_entries import enter_sides
from stratkit.engine.reference_levels import active_stop
from stratkit.engine.reference_orders import as_it_fills, is_passed, order_of
from stratkit.engine.reference_positions import cancel_waiting_entry, leave_or_wait
from stratkit.engine.reference_slot import INF, Code, Order, Slot


def enter_inside(book: Book, when: Moment, equity: float) -> None:
    """Enter at the levels that the bar comes to, a batch of its own; what faces a position waits in its slot."""
    requests = []
    for slot in book.slots:
        slot.resting = None
        order = order_of(book, slot, when.decided)
        if order and not is_passed(book, slot, when, order) and check_order(book, slot, when, order):
            requests.append(request_of(book, slot, when, as_it_fills(book, slot, when.bar, order) or order))
    enter_sides(book, when, requests, sums_now(book, when), equity)


def request_of(book: Book, slot: Slot, when: Moment, order: Order) -> Request:
    """Return the request of an order that the bar comes to."""
    confidence = book.asked.at("confidence", when.decided, slot)
    return Request(slot, order.side, confidence, order.base, slips=not order.is_limit, order=order)


def check_order(book: Book, slot: Slot, when: Moment, order: Order) -> bool:
    """Whether the order enters at its level before any position meets the bar; else a row, a no-op, or it rests on."""
    position, side = slot.position, order.side
    has_price = book.tape.has_bar[when.decided][slot.symbol]
    late: Code = too_late(book, slot, when)
    if not has_price:
        turn_away(book, slot, when, side, NO_PRICE)
    elif is_held(book, slot, side):
        book.no_op += 1
    elif late != NO_RULE:
        turn_away(book, slot, when, side, late, EXPIRED)
    elif position.side != -side:
        return check_level(book, slot, when, order)
    elif position.exit_waiting > 0:
        turn_away(book, slot, when, side, EXIT_PENDING)
    else:
        slot.resting = order
    return False


def check_level(book: Book, slot: Slot, when: Moment, order: Order) -> bool:
    """Whether nothing bars a new position or an add, and the bar comes to the level on this side of the stop."""
    position, side = slot.position, order.side
    if not left_now(slot, when, side) and waits_for_edge(book, slot, side):
        book.no_op += 1
        return False
    rule, outcome = rule_against(book, slot, when, side), REFUSED
    if rule == NO_RULE and not as_it_fills(book, slot, when.bar, order):
        rule, outcome = NOT_REACHED, EXPIRED
    elif rule == NO_RULE and position.side and side * (order.level - active_stop(book, position)[0]) <= 0:
        rule = STOP_BEYOND_ENTRY
    if rule != NO_RULE:
        turn_away(book, slot, when, side, rule, outcome)
    return rule == NO_RULE


def rule_against(book: Book, slot: Slot, when: Moment, side: int) -> Code:
    """Return what speaks against a side at its level: left in this bar, or barred."""
    return EXITED_THIS_BAR if left_now(slot, when, side) else barred(book, slot, when, side)


# ---- against a held position, inside the bar


def reverse_at_level(
    book: Book, slot: Slot, when: Moment, order: Order, equity: float, met: tuple[float, float]
) -> None:
    """Leave with all at the level, then enter the other side there."""
    cancel_waiting_entry(book, slot, when.decided)
    slips = not order.is_limit
    leave_or_wait(book, slot, when, INF, order.base, REVERSE, slips=slips, met=met)
    enter_other_side(book, slot, when, order, equity)


def meet_after_exit(book: Book, slot: Slot, when: Moment, order: Order, equity: float) -> None:
    """Let an order be reached whose position has left by its own stop or targets in this bar."""
    if not slot.position.side and not book.rules.opposite_in_bar:
        slot.resting = None
        turn_away(book, slot, when, order.side, EXITED_THIS_BAR)
    else:
        enter_other_side(book, slot, when, order, equity)


def enter_other_side(book: Book, slot: Slot, when: Moment, order: Order, equity: float) -> None:
    """Enter at the level of an order that rested against a position, alone."""
    slot.resting = None
    side = order.side
    rule: Code = EXIT_PENDING if slot.position.side == -side else rule_against(book, slot, when, side)
    if rule != NO_RULE:
        turn_away(book, slot, when, side, rule)
    else:
        order = replace(order, piece=when.number)
        enter_sides(book, when, [request_of(book, slot, when, order)], sums_now(book, when), equity)
