"""`Candidate`: who may enter and how much is asked for; part of the plain-Python engine."""

from __future__ import annotations

import math
from collections.abc import Iterator
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
    FILLED,
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
from stratkit.engine.reference_book import NAN, Book, Code, Moment, Slot
from stratkit.engine.reference_positions import distance_to, market_price, too_small
from stratkit.risk.targets import BASIS_LEVEL, BASIS_PERCENT, FRACTION, KELLY, RISK


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


def side_candidate(book: Book, slot: Slot, when: Moment, equity: float) -> Iterator[Candidate]:
    """Yield the entry of a slot that passes the checks and can be sized, if there is one."""
    side = book.asked.side(when.decided, slot)
    if side in (1, -1):
        rule, outcome = check_side(book, slot, when, side)
        confidence = book.asked.at("confidence", when.decided, slot)
        if rule == NO_RULE and outcome == FILLED:
            yield from size_side(book, slot, when, side, confidence, equity)
        elif rule == NO_RULE:
            book.no_op += 1
        else:
            book.log(when.decided, slot, side, confidence, NAN, 0.0, outcome, rule)
    if slot.position.entry_waiting > 0:
        yield from waiting_candidate(book, slot, when, equity)


def check_side(book: Book, slot: Slot, when: Moment, side: int) -> tuple[Code, Code]:
    """Return the rule that bites and its outcome; no rule with `FILLED` = go on, with `SKIPPED` = a no-op."""
    position = slot.position
    if not book.tape.has_bar[when.decided][slot.symbol]:
        return NO_PRICE, REFUSED
    if position.side == side and (position.entry_waiting > 0 or position.adds >= book.rules.max_adds):
        return NO_RULE, SKIPPED
    late = too_late(book, slot, when)
    if late != NO_RULE:
        return late, EXPIRED
    if position.side == -side:
        return EXIT_PENDING, REFUSED
    if left_now(slot, when, side):
        return EXITED_THIS_BAR, REFUSED
    if book.rules.reenter == NEW_EDGE and slot.edge == side:
        return NO_RULE, SKIPPED
    rule = barred(book, slot, when, side)
    return (rule, REFUSED) if rule != NO_RULE else (NO_RULE, FILLED)


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


def waiting_candidate(book: Book, slot: Slot, when: Moment, equity: float) -> Iterator[Candidate]:
    """Yield the rest of an earlier entry, taken out of waiting: what is not filled now is put back or ends here."""
    position = slot.position
    rest, position.entry_waiting = position.entry_waiting, 0.0
    rule = too_late(book, slot, when)
    outcome = EXPIRED
    if rule == NO_RULE:
        outcome = REFUSED
        rule = barred(book, slot, when, position.side, cooldown=False)
    if rule == NO_RULE and equity <= 0:
        book.bankrupt_at_open = True
        rule = BANKRUPT_RULE
    if rule != NO_RULE:
        book.log(when.decided, slot, position.side, position.entry_confidence, rest, 0.0, outcome, rule)
        return
    price = market_price(book, when, slot.symbol, when.prices[slot.symbol], position.side, rest)
    distance = distance_to(position.stop, position.side, price)
    reason = REBALANCE_IN if slot.by_weight else ADD if position.adds else ENTRY
    yield Candidate(
        slot, position.side, position.entry_confidence, price, rest, rest,
        _at_risk_distance(book, distance, price), reason, is_rest=True,
    )  # fmt: skip


def _at_risk_distance(book: Book, distance: float, price: float) -> float:
    return distance if book.rules.risk_basis == BY_STOP else price


# ---- sides: how much


def size_side(book: Book, slot: Slot, when: Moment, side: int, confidence: float, equity: float) -> Iterator[Candidate]:
    """Yield a sized candidate, or log why it cannot be sized."""
    price, quantity = NAN, NAN
    rule: Code = NO_RULE
    if equity <= 0:
        book.bankrupt_at_open = True
        rule = BANKRUPT_RULE
    else:
        base = when.prices[slot.symbol]
        price = market_price(book, when, slot.symbol, base, side, 0.0)
        quantity, rule = size_at(book, slot, when, side, confidence, equity, price)
        if rule == NO_RULE and book.rules.impact_frac > 0:
            price = market_price(book, when, slot.symbol, base, side, quantity)
            quantity, rule = size_at(book, slot, when, side, confidence, equity, price)
    if rule != NO_RULE:
        book.log(when.decided, slot, side, confidence, quantity, 0.0, REFUSED, rule)
        return
    distance = candidate_distance(slot, book, when, side, price)
    reason = ADD if slot.position.side else ENTRY
    yield Candidate(slot, side, confidence, price, quantity, quantity, _at_risk_distance(book, distance, price), reason)


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


def kelly_fraction(book: Book, slot: Slot) -> float:
    """Return W - (1 - W) / (average win / average loss) of the strategy's closed trades, at most 1."""
    record = book.records[slot.strategy]
    trades = record.wins + record.losses
    if trades < book.rules.kelly_min_trades or trades == 0:
        return min(float(book.rules.kelly_start), 1.0)
    if record.wins == 0:
        return 0.0
    win_rate = record.wins / trades
    if record.loss_sum == 0:
        return win_rate
    average_win, average_loss = record.win_sum / record.wins, record.loss_sum / record.losses
    return min(win_rate - (1 - win_rate) / (average_win / average_loss), 1.0)


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


def candidate_distance(slot: Slot, book: Book, when: Moment, side: int, price: float) -> float:
    """Return what one unit entered at `price` puts at risk by `risk_basis: stop`."""
    if slot.position.side:
        return distance_to(slot.position.stop, side, price)
    distance = stop_distance(book, slot, when, price)
    return price if math.isnan(distance) else distance


# ---- weights: the checks, and how much


def weight_candidate(book: Book, slot: Slot, when: Moment, equity: float) -> Iterator[Candidate]:
    """Yield the increase that a weight asks for, sized, if it passes the checks."""
    weight, slot.weight = slot.weight, NAN
    if math.isnan(weight):
        return
    if weight == 0:
        book.no_op += 1
        return
    side = 1 if weight > 0 else -1
    confidence = book.asked.at("confidence", when.decided, slot)
    rule, outcome = check_weight(book, slot, when, side)
    if rule == NO_RULE and equity <= 0:
        book.bankrupt_at_open = True
        rule = BANKRUPT_RULE
    if rule != NO_RULE:
        book.log(when.decided, slot, side, confidence, NAN, 0.0, outcome, rule)
        return
    base = when.prices[slot.symbol]
    price = market_price(book, when, slot.symbol, base, side, 0.0)
    increase, rule = increase_at(book, slot, when, weight, equity, price)
    if rule == NO_RULE and increase > 0 and book.rules.impact_frac > 0:
        price = market_price(book, when, slot.symbol, base, side, increase)
        increase, rule = increase_at(book, slot, when, weight, equity, price)
    if rule != NO_RULE:
        book.log(when.decided, slot, side, confidence, NAN, 0.0, REFUSED, rule)
        return
    if not increase > 0:
        book.no_op += 1
        return
    skipped = too_small(book, increase, price, equity)
    if skipped != NO_RULE:
        book.log(when.decided, slot, side, confidence, increase, 0.0, SKIPPED, skipped)
        return
    distance = candidate_distance(slot, book, when, side, price)
    yield Candidate(
        slot, side, confidence, price, increase, increase, _at_risk_distance(book, distance, price), REBALANCE_IN
    )


def check_weight(book: Book, slot: Slot, when: Moment, side: int) -> tuple[Code, Code]:
    """Return the rule that bites an increase, and its outcome."""
    late = too_late(book, slot, when)
    if late != NO_RULE:
        return late, EXPIRED
    if slot.position.side == -side:
        return EXIT_PENDING, REFUSED
    if left_now(slot, when, side):
        return EXITED_THIS_BAR, REFUSED
    return barred(book, slot, when, side), REFUSED


def increase_at(book: Book, slot: Slot, when: Moment, weight: float, equity: float, price: float) -> tuple[float, Code]:
    """Return the units that a weight lacks at `price`, or the rule by which its levels refuse a new position."""
    if slot.position.side == 0:
        rule = check_levels(book, slot, when, 1 if weight > 0 else -1, price)
        if rule != NO_RULE:
            return NAN, rule
    return abs(weight) * equity / price - slot.position.held, NO_RULE
