"""`Candidate`: who may enter and how much is asked for; part of the plain-Python engine."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stratkit.engine.layout import (
    ADD,
    BANKRUPT_RULE,
    BREAKER_DAILY_LOSS,
    BREAKER_DRAWDOWN,
    BREAKER_LOSSES,
    BY_STOP,
    COOLDOWN_RULE,
    END_AT_CLOSE,
    END_AT_OPEN,
    END_OF_DATA,
    ENTRY,
    EXIT_PENDING,
    EXITED_THIS_BAR,
    EXPIRED,
    LOT,
    NEW_EDGE,
    NEXT_OPEN,
    NO_BAR,
    NO_EDGE,
    NO_PRICE,
    NO_RISK_UNIT,
    NO_RULE,
    REBALANCE_IN,
    REFUSED,
    SHORT_NOT_ALLOWED,
    SKIPPED,
    STOP_BEYOND_ENTRY,
    TARGET_BEYOND_ENTRY,
    THIS_CLOSE,
)
from stratkit.engine.reference_book import NAN, Book, Code, Moment, Slot, kelly_fraction
from stratkit.engine.reference_positions import distance_to, market_price, too_small
from stratkit.risk.targets import BASIS_LEVEL, BASIS_PERCENT, FRACTION, KELLY, RISK


@dataclass(frozen=True)
class Request:
    """What passed the checks and asks to be sized: a side, the rest of an earlier entry, or a weight."""

    slot: Slot
    side: int
    confidence: float
    rest: float = NAN
    weight: float = NAN


@dataclass
class Candidate:
    """An entry that may be made: a new position, an add, the rest of an earlier one, or a weight's increase."""

    slot: Slot
    side: int
    confidence: float
    price: float
    requested: float
    quantity: float
    distance: float  # what one unit has at risk by `risk_basis: stop`
    reason: Code
    is_rest: bool = False
    cut_by: Code = NO_RULE


# ---- sides: the checks, in their order


def side_requests(book: Book, when: Moment) -> list[Request]:
    """Return the sides and waiting rests that pass the checks, in slot order."""
    requests = []
    for slot in book.slots:
        side = book.asked.side(when.decided, slot)
        if side in (1, -1) and check_side(book, slot, when, side):
            requests.append(Request(slot, side, book.asked.at("confidence", when.decided, slot)))
        if slot.position.entry_waiting > 0 and check_rest(book, slot, when):
            position = slot.position
            requests.append(Request(slot, position.side, position.entry_confidence, rest=position.entry_waiting))
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
    elif book.rules.reenter == NEW_EDGE and slot.edge == side:
        book.no_op += 1
        return False
    else:
        rule = barred(book, slot, when, side)
    if rule != NO_RULE:
        confidence = book.asked.at("confidence", when.decided, slot)
        book.log(when.decided, slot, side, confidence, NAN, 0.0, outcome, rule)
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
        book.log(when.decided, slot, position.side, position.entry_confidence, rest, 0.0, outcome, rule)
    return rule == NO_RULE


def too_late(book: Book, slot: Slot, when: Moment) -> Code:
    """Return why this bar takes no entry of the slot: it has no bar, or all would be closed at once."""
    if not book.tape.has_bar[when.bar][slot.symbol]:
        return NO_BAR
    fills_at, at_end = book.rules.intents_fill_at, book.rules.close_at_end
    at_once = (fills_at == NEXT_OPEN and at_end == END_AT_OPEN) or (
        fills_at == THIS_CLOSE and at_end in (END_AT_OPEN, END_AT_CLOSE)
    )
    return END_OF_DATA if at_once and book.is_last(when.bar) else NO_RULE


def left_now(slot: Slot, when: Moment, side: int) -> bool:
    """Whether the slot left this side in this very bar."""
    return slot.left_bar == when.bar and slot.left_side == side


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


# ---- how much


def sized(book: Book, when: Moment, requests: list[Request], equity: float) -> list[Candidate]:
    """Return the requests that can be sized as candidates; the others are logged."""
    candidates = []
    for request in requests:
        slot, side, rest = request.slot, request.side, request.rest
        if equity <= 0:
            book.bankrupt_at_open = True
            book.log(when.decided, slot, side, request.confidence, rest, 0.0, REFUSED, BANKRUPT_RULE)
            continue
        quantity: float | None = rest
        if not math.isnan(rest):
            price = market_price(book, when, slot.symbol, when.prices[slot.symbol], side, rest)
        elif not math.isnan(request.weight):
            price, quantity = size_weight(book, when, request, equity)
        else:
            price, quantity = size_side(book, when, request, equity)
        if quantity is not None:
            candidates.append(candidate_at(book, when, request, price, quantity))
    return candidates


def candidate_at(book: Book, when: Moment, request: Request, price: float, quantity: float) -> Candidate:
    """Return the candidate of a sized request, with what each unit of it puts at risk and the reason of its fill."""
    position, is_rest = request.slot.position, not math.isnan(request.rest)
    at_risk = price
    if book.rules.risk_basis == BY_STOP:
        if position.side:
            at_risk = distance_to(position.stop, request.side, price)
        else:
            distance = stop_distance(book, request.slot, when, price)
            at_risk = price if math.isnan(distance) else distance
    reason = ENTRY
    if position.side and request.slot.by_weight:
        reason = REBALANCE_IN
    elif position.adds > 0 or (position.side and not is_rest):
        reason = ADD
    side, confidence = request.side, request.confidence
    return Candidate(request.slot, side, confidence, price, quantity, quantity, at_risk, reason, is_rest)


def size_side(book: Book, when: Moment, request: Request, equity: float) -> tuple[float, float | None]:
    """Return price and quantity of a side; no quantity = refused and logged."""
    slot, side = request.slot, request.side
    base = when.prices[slot.symbol]
    price = market_price(book, when, slot.symbol, base, side, 0.0)
    quantity, rule = size_at(book, slot, when, side, request.confidence, equity, price)
    if rule == NO_RULE and book.rules.impact_frac > 0:
        price = market_price(book, when, slot.symbol, base, side, quantity)
        quantity, rule = size_at(book, slot, when, side, request.confidence, equity, price)
    if rule == NO_RULE:
        return price, quantity
    book.log(when.decided, slot, side, request.confidence, quantity, 0.0, REFUSED, rule)
    return price, None


def size_at(
    book: Book, slot: Slot, when: Moment, side: int, confidence: float, equity: float, price: float
) -> tuple[float, Code]:
    """Return the quantity asked for at `price`, or the rule that refuses it."""
    if slot.position.side:
        distance = slot.position.stop_distance
    else:
        rule = check_levels(book, slot, when, side, price)
        if rule != NO_RULE:
            return NAN, rule
        distance = stop_distance(book, slot, when, price)
        if slot.rule == RISK and not distance > 0:
            return NAN, NO_RISK_UNIT
    size = book.asked.at("size", when.decided, slot)
    size = slot.size if math.isnan(size) else size
    if slot.rule == FRACTION:
        quantity = size * equity / price
    elif slot.rule == RISK:
        quantity = size * equity / distance
    elif slot.rule == KELLY:
        kelly = kelly_fraction(book, slot)
        if not kelly > 0:
            return NAN, NO_EDGE
        quantity = size * kelly * equity / price
    else:
        quantity = size
    if book.rules.scale_by_confidence:
        quantity = quantity * confidence
    if slot.plan.exists:
        quantity = quantity * slot.plan.risk_multiplier
    return (quantity, NO_RULE) if quantity > 0 else (quantity, LOT)


def check_levels(book: Book, slot: Slot, when: Moment, side: int, price: float) -> Code:
    """Return the rule by which the levels of an entry at `price` refuse it."""
    stop = book.asked.at("stop_level", when.decided, slot)
    target = book.asked.at("target_level", when.decided, slot)
    if side * (price - stop) <= 0:  # False for NaN: no level
        return STOP_BEYOND_ENTRY
    if side * (target - price) <= 0:
        return TARGET_BEYOND_ENTRY
    if slot.plan.needs_risk_unit and math.isnan(risk_unit(book, slot, when, price)):
        return NO_RISK_UNIT
    return NO_RULE


def risk_unit(book: Book, slot: Slot, when: Moment, price: float) -> float:
    """Return R of an entry at `price`, NaN when there is none."""
    given = book.asked.at("risk_unit", when.decided, slot)
    to_stop = abs(price - book.asked.at("stop_level", when.decided, slot))
    if not slot.plan.exists:
        unit = given if given > 0 else to_stop
    elif not math.isnan(to_stop) or slot.plan.basis == BASIS_LEVEL:
        unit = to_stop
    elif slot.plan.basis == BASIS_PERCENT:
        unit = slot.plan.risk * price
    else:
        unit = given
    return unit if unit > 0 else NAN


def stop_distance(book: Book, slot: Slot, when: Moment, price: float) -> float:
    """Return the distance from an entry at `price` to its stop, NaN without one."""
    to_stop = abs(price - book.asked.at("stop_level", when.decided, slot))
    return risk_unit(book, slot, when, price) * slot.plan.sl if math.isnan(to_stop) else to_stop


# ---- weights: the checks, and how much


def weight_requests(book: Book, when: Moment) -> list[Request]:
    """Return the weights that may ask for more and pass the checks, in slot order."""
    requests = []
    for slot in book.slots:
        weight, slot.weight = slot.weight, NAN
        if weight == 0:
            book.no_op += 1
        elif not math.isnan(weight) and check_weight(book, slot, when, 1 if weight > 0 else -1):
            confidence = book.asked.at("confidence", when.decided, slot)
            requests.append(Request(slot, 1 if weight > 0 else -1, confidence, weight=weight))
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
        confidence = book.asked.at("confidence", when.decided, slot)
        book.log(when.decided, slot, side, confidence, NAN, 0.0, outcome, rule)
    return rule == NO_RULE


def size_weight(book: Book, when: Moment, request: Request, equity: float) -> tuple[float, float | None]:
    """Return price and increase of a weight; no increase = nothing to do, or refused or skipped and logged."""
    slot, side, weight = request.slot, request.side, request.weight
    base = when.prices[slot.symbol]
    price = market_price(book, when, slot.symbol, base, side, 0.0)
    increase, rule = increase_at(book, slot, when, weight, equity, price)
    if rule == NO_RULE and increase > 0 and book.rules.impact_frac > 0:
        price = market_price(book, when, slot.symbol, base, side, increase)
        increase, rule = increase_at(book, slot, when, weight, equity, price)
    outcome = REFUSED
    if rule == NO_RULE:
        if not increase > 0:
            book.no_op += 1
            return price, None
        rule, outcome = too_small(book, increase, price, equity), SKIPPED
    if rule == NO_RULE:
        return price, increase
    book.log(when.decided, slot, side, request.confidence, increase, 0.0, outcome, rule)
    return price, None


def increase_at(book: Book, slot: Slot, when: Moment, weight: float, equity: float, price: float) -> tuple[float, Code]:
    """Return the units that a weight lacks at `price`, or the rule by which its levels refuse a new position."""
    if slot.position.side == 0:
        rule = check_levels(book, slot, when, 1 if weight > 0 else -1, price)
        if rule != NO_RULE:
            return NAN, rule
    return abs(weight) * equity / price - slot.position.held, NO_RULE
