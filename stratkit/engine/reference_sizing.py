"""`sized`: how much is asked for by those who may enter; part of the plain-Python engine."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stratkit.engine.layout import (
    ADD,
    BANKRUPT_RULE,
    BY_STOP,
    ENTRY,
    LOT,
    NO_EDGE,
    NO_RISK_UNIT,
    NO_RULE,
    REBALANCE_IN,
    REFUSED,
    SKIPPED,
    STOP_BEYOND_ENTRY,
    TARGET_BEYOND_ENTRY,
)
from stratkit.engine.reference_book import Book, Moment, kelly_fraction
from stratkit.engine.reference_checks import Request
from stratkit.engine.reference_levels import distance_to
from stratkit.engine.reference_positions import market_price, too_small
from stratkit.engine.reference_slot import NAN, Code, Order, Plan, Slot
from stratkit.risk.targets import BASIS_LEVEL, BASIS_PERCENT, FRACTION, KELLY, RISK


@dataclass
class Candidate:
    """An entry that may be made: a new position, an add, the rest of an earlier one, or a weight's increase."""

    slot: Slot
    side: int
    strategy: int  # the owner of what is held, else the one that leads the entry
    confidence: float
    base: float  # price before slippage
    price: float
    requested: float
    quantity: float
    distance: float  # what one unit has at risk by `risk_basis: stop`
    reason: Code
    is_rest: bool = False
    order: Order | None = None  # that the bar came to
    cut_by: Code = NO_RULE


# ---- how much


def sized(book: Book, when: Moment, requests: list[Request], equity: float) -> list[Candidate]:
    """Return the requests that can be sized as candidates; the others are logged."""
    candidates = []
    for request in requests:
        slot, side, rest = request.slot, request.side, request.rest
        if equity <= 0:
            book.bankrupt_at_open = True
            book.log(
                when.decided,
                slot,
                side,
                request.confidence,
                rest,
                0.0,
                REFUSED,
                BANKRUPT_RULE,
                of_owner=not math.isnan(rest),
            )
            continue
        quantity: float | None = rest
        if not math.isnan(rest):
            price = market_price(book, when, slot.symbol, request.base, side, rest)
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
    side, confidence, base = request.side, request.confidence, request.base
    strategy, _ = led_by(book, request.slot, when)
    return Candidate(
        request.slot, side, strategy, confidence, base, price, quantity, quantity, at_risk, reason, is_rest,
        request.order,
    )  # fmt: skip


def led_by(book: Book, slot: Slot, when: Moment) -> tuple[int, Plan]:
    """Return strategy and plan of an entry: those of what is held, else those of the intent."""
    position = slot.position
    if position.side:
        return position.strategy, position.plan
    return book.asked.strategy(when.decided, slot), book.asked.plan(when.decided, slot)


def size_side(book: Book, when: Moment, request: Request, equity: float) -> tuple[float, float | None]:
    """Return price and quantity of a side; no quantity = refused and logged."""
    slot, side, base, slips = request.slot, request.side, request.base, request.slips
    price = market_price(book, when, slot.symbol, base, side, 0.0, slips)
    quantity, rule = size_at(book, slot, when, side, request.confidence, equity, price)
    if rule == NO_RULE and book.rules.impact_frac > 0:
        price = market_price(book, when, slot.symbol, base, side, quantity, slips)
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
    strategy, plan = led_by(book, slot, when)
    size = book.asked.at("size", when.decided, slot)
    size = slot.size if math.isnan(size) else size
    if slot.rule == FRACTION:
        quantity = size * equity / price
    elif slot.rule == RISK:
        quantity = size * equity / distance
    elif slot.rule == KELLY:
        kelly = kelly_fraction(book, strategy)
        if not kelly > 0:
            return NAN, NO_EDGE
        quantity = size * kelly * equity / price
    else:
        quantity = size
    if book.rules.scale_by_confidence:
        quantity = quantity * confidence
    quantity = quantity * book.asked.strategy_multiplier[strategy]
    if plan.exists:
        quantity = quantity * plan.risk_multiplier
    return (quantity, NO_RULE) if quantity > 0 else (quantity, LOT)


def check_levels(book: Book, slot: Slot, when: Moment, side: int, price: float) -> Code:
    """Return the rule by which the levels of an entry at `price` refuse it."""
    stop = book.asked.at("stop_level", when.decided, slot)
    target = book.asked.at("target_level", when.decided, slot)
    if side * (price - stop) <= 0:  # False for NaN: no level
        return STOP_BEYOND_ENTRY
    if side * (target - price) <= 0:
        return TARGET_BEYOND_ENTRY
    if book.asked.plan(when.decided, slot).needs_risk_unit and math.isnan(risk_unit(book, slot, when, price)):
        return NO_RISK_UNIT
    return NO_RULE


def risk_unit(book: Book, slot: Slot, when: Moment, price: float) -> float:
    """Return R of an entry at `price`, NaN when there is none."""
    given = book.asked.at("risk_unit", when.decided, slot)
    to_stop = abs(price - book.asked.at("stop_level", when.decided, slot))
    plan = book.asked.plan(when.decided, slot)
    if not plan.exists:
        unit = given if given > 0 else to_stop
    elif not math.isnan(to_stop) or plan.basis == BASIS_LEVEL:
        unit = to_stop
    elif plan.basis == BASIS_PERCENT:
        unit = plan.risk * price
    else:
        unit = given
    return unit if unit > 0 else NAN


def stop_distance(book: Book, slot: Slot, when: Moment, price: float) -> float:
    """Return the distance from an entry at `price` to its stop, NaN without one."""
    to_stop = abs(price - book.asked.at("stop_level", when.decided, slot))
    plan = book.asked.plan(when.decided, slot)
    return risk_unit(book, slot, when, price) * plan.sl if math.isnan(to_stop) else to_stop


def size_weight(book: Book, when: Moment, request: Request, equity: float) -> tuple[float, float | None]:
    """Return price and increase of a weight; no increase = nothing to do, or refused or skipped and logged."""
    slot, side, weight, base = request.slot, request.side, request.weight, request.base
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
