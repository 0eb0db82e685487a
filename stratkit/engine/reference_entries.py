"""`enter`: the entries of a bar after caps, cash and volume; part of the plain-Python engine."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from stratkit.engine.layout import (
    ADD,
    CASH,
    EXPIRED,
    FILLED,
    MIN_NOTIONAL,
    NO_RULE,
    REDUCED,
    STOP,
    VOLUME,
    WAIT,
)
from stratkit.engine.reference_book import Book, Moment
from stratkit.engine.reference_caps import (
    Sums,
    fits_caps,
    fits_net,
    refuse,
    sums_now,
    whole_lots,
    within_strategy_caps,
)
from stratkit.engine.reference_checks import Request, side_requests, weight_requests
from stratkit.engine.reference_levels import move_levels, stop_on_tick, target_on_tick
from stratkit.engine.reference_positions import fee, lot_down, record_fill, take_volume
from stratkit.engine.reference_sizing import Candidate, risk_unit, sized, stop_distance
from stratkit.engine.reference_slot import NAN, Position, Slot


def enter(book: Book, when: Moment, equity: float) -> None:
    """Make the entries of a moment on its ONE equity: sides and waiting rests first, then increases of weights."""
    sums = sums_now(book, when)
    enter_sides(book, when, side_requests(book, when), sums, equity)
    increase_weights(book, when, sums, equity)


def enter_sides(book: Book, when: Moment, requests: list[Request], sums: Sums, equity: float) -> None:
    """Size a batch of requests, hold it to the strategies' caps, then fill one by one in rank order."""
    candidates = sized(book, when, requests, equity)
    candidates = within_strategy_caps(book, when, candidates, equity)
    for candidate in ranked(candidates):
        if fits_caps(book, when, candidate, sums, equity) and whole_lots(book, when, candidate):
            fill_entry(book, when, candidate, sums)


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Order candidates by confidence, highest first, then by the strategy's place, then by slot."""
    return sorted(candidates, key=lambda entry: (-entry.confidence, entry.strategy, entry.slot.number))


# ---- cash, volume and the fill


def largest_affordable(book: Book, quantity: float, price: float, available: float) -> float:
    """Return the largest quantity, in lots, that `available` pays for with its fee."""
    rules = book.rules
    if not quantity * price + fee(book, quantity, price) > available:
        return quantity
    by_rate = (available - rules.commission_per_order) / (
        price * (1 + rules.commission_frac) + rules.commission_per_share
    )
    quantity = lot_down(min(by_rate, (available - rules.commission_minimum) / price), rules.lot_size)
    while quantity > 0 and quantity * price + fee(book, quantity, price) > available:
        quantity = quantity - rules.lot_size if rules.lot_size > 0 else quantity * (1 - 1e-15)
    return quantity


def fill_entry(book: Book, when: Moment, candidate: Candidate, sums: Sums) -> None:
    """Take what cash, minimum notional and volume allow, and log what became of the intent."""
    rules, slot, price = book.rules, candidate.slot, candidate.price
    nothing = 1e-9 * candidate.requested  # what is left at or below it is a rounding error
    if candidate.quantity <= nothing:
        return refuse(book, when, candidate, candidate.cut_by)
    available = rules.leverage * sums.equity - sums.gross
    if candidate.side > 0 and rules.leverage <= 1:
        available = min(available, book.cash)
    quantity = largest_affordable(book, candidate.quantity, price, available)
    if not quantity > nothing:
        return refuse(book, when, candidate, CASH)
    if quantity < candidate.quantity:
        candidate.cut_by = CASH
    if not candidate.is_rest and quantity * price < rules.min_notional:
        return refuse(book, when, candidate, MIN_NOTIONAL)
    filled = quantity
    if quantity > book.volume_left[slot.symbol]:
        filled = lot_down(book.volume_left[slot.symbol], rules.lot_size)
        candidate.cut_by = VOLUME
        if not filled > nothing:
            return refuse(book, when, candidate, VOLUME, EXPIRED)
    sums.add(candidate, filled)
    sums.equity -= take(book, when, candidate, filled)
    if filled < quantity and rules.partial == WAIT:
        slot.position.entry_waiting, slot.position.entry_confidence = quantity - filled, candidate.confidence
    if not candidate.is_rest:
        outcome = FILLED if candidate.cut_by == NO_RULE else REDUCED
        book.log(
            when.decided, slot, candidate.side, candidate.confidence, candidate.requested, filled, outcome,
            candidate.cut_by,
        )  # fmt: skip
    return None


def take(book: Book, when: Moment, candidate: Candidate, quantity: float) -> float:
    """Fill an entry and return its fee."""
    slot, side, price = candidate.slot, candidate.side, candidate.price
    is_new = slot.position.side == 0
    if is_new:
        open_position(book, slot, when, side, price)
        if candidate.order:
            order, position = candidate.order, slot.position
            position.entry_piece = order.piece
            position.rested_at = order.level if math.isnan(order.opened_at) else NAN
    position = slot.position
    paid = fee(book, quantity, price)
    record_fill(book, slot, when.bar, side, quantity, price, candidate.base, paid, candidate.reason)
    take_volume(book, slot.symbol, quantity)
    position.held += quantity
    position.entry_quantity += quantity
    position.entry_value += quantity * price
    position.average = price if is_new else position.entry_value / position.entry_quantity
    position.adds += candidate.reason == ADD and not candidate.is_rest
    if is_new and when.at_close:
        move_levels(book, slot)  # this bar's extreme was before it
    return paid


def open_position(book: Book, slot: Slot, when: Moment, side: int, price: float) -> None:
    """Start a position with R and all levels measured from its fill price."""
    tick, asked = book.rules.tick_size, book.asked
    plan = asked.plan(when.decided, slot)
    unit = risk_unit(book, slot, when, price)
    stop = asked.at("stop_level", when.decided, slot)
    if math.isnan(stop):
        stop = price - side * (plan.sl * unit)
    targets = [price + side * (target * unit) for target in plan.targets]
    fractions, takes_rest = plan.fractions, plan.last_takes_rest
    given = asked.at("target_level", when.decided, slot)
    if not math.isnan(given):
        if not targets:  # nothing says how much of it: all
            targets, fractions, takes_rest = [given], (1.0,), True
        targets[0] = given
    slot.edge = 0
    slot.position = Position(
        side=side,
        strategy=asked.strategy(when.decided, slot),
        plan=plan,
        trade=book.trades_opened,
        decision_bar=when.decided,
        entry_bar=when.bar,
        entry=price,
        average=price,
        risk_unit=unit,
        stop_distance=stop_distance(book, slot, when, price),
        stop=NAN if math.isnan(stop) else stop_on_tick(stop, side, tick),
        stop_kind=STOP,
        targets=tuple(target_on_tick(target, side, tick) for target in targets),
        fractions=fractions,
        last_takes_rest=takes_rest,
        extreme=price,
        worst=price,
        best=price,
    )
    book.trades_opened += 1


# ---- weights


def increase_weights(book: Book, when: Moment, sums: Sums, equity: float) -> None:
    """Make the increases that this bar's weights ask for: all of them shrink by one factor when cash falls short."""
    candidates = sized(book, when, weight_requests(book, when), equity)
    candidates = within_strategy_caps(book, when, candidates, equity)
    provisional = replace(sums, by_symbol=list(sums.by_symbol))
    granted = []
    for candidate in ranked(candidates):
        if fits_caps(book, when, candidate, provisional, equity) and whole_lots(book, when, candidate):
            provisional.add(candidate, candidate.quantity)
            granted.append(candidate)
    for candidate in shrunk_to_buying_power(book, when, granted, sums):
        if fits_net(book, when, candidate, sums, equity):  # an offsetting increase may have been refused since
            fill_entry(book, when, candidate, sums)


def shrunk_to_buying_power(book: Book, when: Moment, granted: list[Candidate], sums: Sums) -> list[Candidate]:
    """Return the increases, all cut by one factor when together they cost more than the buying power."""
    cost = fees = value = 0.0
    for candidate in granted:
        notional, paid = candidate.quantity * candidate.price, fee(book, candidate.quantity, candidate.price)
        cost += notional + paid
        fees += paid
        value += notional
    available = book.rules.leverage * sums.equity - sums.gross
    if not granted or not cost > available:
        return granted
    factor = (available - fees) / value
    kept = []
    for candidate in granted:
        candidate.quantity = lot_down(candidate.quantity * factor, book.rules.lot_size) if factor > 0 else 0.0
        candidate.cut_by = CASH
        if candidate.quantity > 0:
            kept.append(candidate)
        else:
            refuse(book, when, candidate, CASH)
    return kept
