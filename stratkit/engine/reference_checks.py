"""`side_requests` and `weight_requests`: who may enter, and who is turned away and why; part of the plain engine."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stratkit.engine.layout import (
    BREAKER_DAILY_LOSS,
    BREAKER_DRAWDOWN,
    BREAKER_LOSSES,
    COOLDOWN_RULE,
    END_AT_CLOSE,
    END_AT_OPEN,
    END_OF_DATA,
    EXIT_PENDING,
    EXITED_THIS_BAR,
    EXPIRED,
    NEW_EDGE,
    NO_BAR,
    NO_PRICE,
    NO_RULE,
    REFUSED,
    SHORT_NOT_ALLOWED,
)
from stratkit.engine.reference_book import Book, Moment
from stratkit.engine.reference_orders import market_side, pays_slippage
from stratkit.engine.reference_slot import NAN, Code, Order, Slot


@dataclass(frozen=True)
class Request:
    """What passed the checks and asks to be sized: a side, the rest of an earlier entry, or a weight."""

    slot: Slot
    side: int
    confidence: float
    base: float  # its price before slippage
    slips: bool = True
    rest: float = NAN
    weight: float = NAN
    order: Order | None = None  # that the bar came to


def turn_away(book: Book, slot: Slot, when: Moment, side: int, rule: Code, outcome: Code = REFUSED) -> None:
    """Log a side that is turned away before it is sized."""
    confidence = book.asked.at("confidence", when.decided, slot)
    book.log(when.decided, slot, side, confidence, NAN, 0.0, outcome, rule)


# ---- sides: the checks, in their order


def side_requests(book: Book, when: Moment) -> list[Request]:
    """Return the sides and waiting rests that pass the checks, in slot order."""
    requests = []
    for slot in book.slots:
        position, price = slot.position, when.prices[slot.symbol]
        side = market_side(book, slot, when)
        if side in (1, -1) and check_side(book, slot, when, side):
            confidence = book.asked.at("confidence", when.decided, slot)
            requests.append(Request(slot, side, confidence, price, pays_slippage(book, slot, when)))
        if book.plays_orders_only(when):
            continue
        if position.entry_waiting > 0 and check_rest(book, slot, when):
            confidence, rest = position.entry_confidence, position.entry_waiting
            requests.append(Request(slot, position.side, confidence, price, rest=rest))
            position.entry_waiting = 0.0  # what is not filled now is put back, or ends here
    return requests


def check_side(book: Book, slot: Slot, when: Moment, side: int) -> bool:
    """Whether nothing speaks against the side; else a row of the log, or a no-op."""
    position = slot.position
    outcome: Code = REFUSED
    if not book.tape.has_bar[when.decided][slot.symbol]:
        rule: Code = NO_PRICE
    elif is_held(book, slot, side):
        book.no_op += 1
        return False
    elif (rule := too_late(book, slot, when)) != NO_RULE:
        outcome = EXPIRED
    elif position.side == -side:
        rule = EXIT_PENDING
    elif left_now(slot, when, side):
        rule = EXITED_THIS_BAR
    elif waits_for_edge(book, slot, side):
        book.no_op += 1
        return False
    else:
        rule = barred(book, slot, when, side)
    if rule != NO_RULE:
        turn_away(book, slot, when, side, rule, outcome)
    return rule == NO_RULE


def is_held(book: Book, slot: Slot, side: int) -> bool:
    """Whether the side is held already and may not be added to, or waits already."""
    position = slot.position
    return position.side == side and (position.entry_waiting > 0 or position.adds >= book.rules.max_adds)


def check_rest(book: Book, slot: Slot, when: Moment) -> bool:
    """Whether the rest of an earlier entry may still be entered; if not, that is its end."""
    position = slot.position
    rule, outcome = too_late(book, slot, when), EXPIRED
    if rule == NO_RULE:
        rule, outcome = barred(book, slot, when, position.side, cooldown=False), REFUSED
    if rule != NO_RULE:
        rest, position.entry_waiting = position.entry_waiting, 0.0
        confidence = position.entry_confidence
        book.log(when.decided, slot, position.side, confidence, rest, 0.0, outcome, rule, of_owner=True)
    return rule == NO_RULE


def too_late(book: Book, slot: Slot, when: Moment) -> Code:
    """Return why this moment takes no entry of the slot: it has no bar, or all would be closed at once."""
    if not book.tape.has_bar[when.bar][slot.symbol]:
        return NO_BAR
    at_once = (END_AT_OPEN, END_AT_CLOSE) if when.at_close else (END_AT_OPEN,)
    return END_OF_DATA if book.rules.close_at_end in at_once and book.is_last(when.bar) else NO_RULE


def left_now(slot: Slot, when: Moment, side: int) -> bool:
    """Whether the slot left this side in this very bar."""
    return slot.left_bar == when.bar and slot.left_side == side


def waits_for_edge(book: Book, slot: Slot, side: int) -> bool:
    """Whether the side must first be absent before it may be entered again."""
    return bool(book.rules.reenter == NEW_EDGE) and slot.edge == side


def barred(book: Book, slot: Slot, when: Moment, side: int, cooldown: bool = True) -> Code:
    """Return the rule that bars the entry: no shorts, a closed breaker, or the slot's cooldown."""
    if side < 0 and not book.rules.allow_short:
        return SHORT_NOT_ALLOWED
    if book.drawdown_closed_at >= 0:
        return BREAKER_DRAWDOWN
    # it bars what was decided on that day, also when it would fill on the next
    if book.daily_closed and book.tape.day[when.decided] == book.daily_closed_day:
        return BREAKER_DAILY_LOSS
    if book.losses_closed_at >= 0:
        return BREAKER_LOSSES
    if cooldown and when.bar <= slot.barred_until:
        return COOLDOWN_RULE
    return NO_RULE


# ---- weights


def weight_requests(book: Book, when: Moment) -> list[Request]:
    """Return the weights that may ask for more and pass the checks, in slot order."""
    requests = []
    for slot in book.slots:
        weight, slot.weight = slot.weight, NAN
        if weight == 0:
            book.no_op += 1
        elif not math.isnan(weight) and check_weight(book, slot, when, 1 if weight > 0 else -1):
            confidence = book.asked.at("confidence", when.decided, slot)
            price = when.prices[slot.symbol]
            requests.append(Request(slot, 1 if weight > 0 else -1, confidence, price, weight=weight))
    return requests


def check_weight(book: Book, slot: Slot, when: Moment, side: int) -> bool:
    """Whether nothing speaks against more of this side; else a row of the log."""
    rule, outcome = too_late(book, slot, when), EXPIRED
    if rule == NO_RULE:
        outcome = REFUSED
        if slot.position.side == -side:
            rule = EXIT_PENDING
        elif left_now(slot, when, side):
            rule = EXITED_THIS_BAR
        else:
            rule = barred(book, slot, when, side)
    if rule != NO_RULE:
        turn_away(book, slot, when, side, rule, outcome)
    return rule == NO_RULE
