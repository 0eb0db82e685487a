"""`enter`: the entries of a bar after caps, cash and volume; part of the plain-Python engine."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from stratkit.engine.layout import (
    ADD,
    BY_STOP,
    CAP_GROSS,
    CAP_NET,
    CAP_OPEN_POSITIONS,
    CAP_STRATEGY,
    CAP_SYMBOL,
    CAP_TOTAL_AT_RISK,
    CASH,
    EXPIRED,
    FILLED,
    LOT,
    MIN_NOTIONAL,
    NO_RULE,
    REDUCED,
    REFUSED,
    SCALE,
    STOP,
    THIS_CLOSE,
    VOLUME,
    WAIT,
)
from stratkit.engine.reference_book import NAN, Book, Code, Moment, Position, Slot
from stratkit.engine.reference_positions import (
    active_stop,
    distance_to,
    fee,
    lot_down,
    marks_at,
    move_levels,
    record_fill,
    stop_on_tick,
    take_volume,
    target_on_tick,
    worth,
)
from stratkit.engine.reference_sizing import Candidate, risk_unit, side_requests, sized, stop_distance, weight_requests


@dataclass
class Sums:
    """What the account holds while entries are made: at the open's marks, new entries at their fill price."""

    equity: float
    gross: float
    net: float
    at_risk: float
    positions: int
    by_symbol: list[float]

    def add(self, candidate: Candidate, quantity: float) -> None:
        """Count an entry in."""
        value = quantity * candidate.price
        self.gross += value
        self.net += candidate.side * value
        self.at_risk += quantity * candidate.distance
        self.positions += candidate.slot.position.side == 0
        self.by_symbol[candidate.slot.symbol] += value


def enter(book: Book, when: Moment) -> None:
    """Make the entries of a bar: sides and waiting rests first, then increases of weights."""
    marks = marks_at(book, when)
    equity, gross, net = worth(book, marks)  # the ONE equity on which everything of this bar is sized
    sums = Sums(equity, gross, net, 0.0, 0, [0.0] * len(marks))
    for slot in book.slots:
        if slot.position.side:
            value = slot.position.held * marks[slot.symbol]
            sums.at_risk += value_at_risk(book, slot.position, marks[slot.symbol])
            sums.positions += 1
            sums.by_symbol[slot.symbol] += value
    candidates = sized(book, when, side_requests(book, when), equity)
    candidates = within_strategy_caps(book, when, candidates, marks, equity)
    for candidate in ranked(candidates):
        if fits_caps(book, when, candidate, sums, equity) and whole_lots(book, when, candidate):
            fill_entry(book, when, candidate, sums)
    increase_weights(book, when, sums, marks, equity)


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Order candidates by confidence, highest first, then by slot."""
    return sorted(candidates, key=lambda candidate: (-candidate.confidence, candidate.slot.number))


def value_at_risk(book: Book, position: Position, mark: float) -> float:
    """Return what a position has at risk at `mark`: its value, or its distance to the active stop."""
    if book.rules.risk_basis != BY_STOP:
        return position.held * mark
    level, _ = active_stop(book, position)
    return position.held * distance_to(level, position.side, mark)


# ---- caps


def refuse(book: Book, when: Moment, candidate: Candidate, rule: Code, outcome: Code = REFUSED) -> None:
    """Log that a sized candidate is not entered."""
    book.log(
        when.decided, candidate.slot, candidate.side, candidate.confidence, candidate.requested, 0.0, outcome, rule
    )


def within_strategy_caps(
    book: Book, when: Moment, candidates: list[Candidate], marks: list[float], equity: float
) -> list[Candidate]:
    """Refuse or scale ALL candidates of a strategy when they exceed its cap together."""
    share = [1.0] * len(book.asked.strategy_cap)
    for strategy, cap in enumerate(book.asked.strategy_cap):
        own = [candidate for candidate in candidates if candidate.slot.strategy == strategy]
        if math.isnan(cap) or not own:
            continue
        held = 0.0
        for slot in book.slots:
            if slot.strategy == strategy and slot.position.side:
                held += value_at_risk(book, slot.position, marks[slot.symbol])
        asked = 0.0
        for candidate in own:
            asked += candidate.quantity * candidate.distance
        room = cap * equity - held
        if asked > room + 1e-12 * cap * equity:
            share[strategy] = room / asked if book.rules.on_breach == SCALE and room > 0 else 0.0
    kept = []
    for candidate in candidates:
        left = share[candidate.slot.strategy]
        if left == 0:
            refuse(book, when, candidate, CAP_STRATEGY)
        elif left < 1:
            kept.append(replace(candidate, quantity=candidate.quantity * left, cut_by=CAP_STRATEGY))
        else:
            kept.append(candidate)
    return kept


def fits_caps(book: Book, when: Moment, candidate: Candidate, sums: Sums, equity: float) -> bool:
    """Hold a candidate to the global caps in their order, cutting its quantity where `scale` allows."""
    rules, price = book.rules, candidate.price
    symbol_gross = sums.by_symbol[candidate.slot.symbol]
    if not _fits(
        book, when, candidate, CAP_TOTAL_AT_RISK, rules.max_total_at_risk, sums.at_risk, candidate.distance, equity
    ):
        return False
    is_new = candidate.slot.position.side == 0
    if rules.max_open_positions > 0 and is_new and sums.positions + 1 > rules.max_open_positions:
        refuse(book, when, candidate, CAP_OPEN_POSITIONS)
        return False
    return (
        _fits(book, when, candidate, CAP_SYMBOL, rules.max_symbol, symbol_gross, price, equity)
        and _fits(book, when, candidate, CAP_GROSS, rules.max_gross_leverage, sums.gross, price, equity)
        and _fits_net(book, when, candidate, sums, equity)
    )


def _fits(
    book: Book, when: Moment, candidate: Candidate, rule: Code, cap: float, current: float, unit: float, equity: float
) -> bool:
    room = cap * equity - current
    if cap <= 0 or candidate.quantity * unit <= room + 1e-12 * cap * equity:
        return True
    return _cut(book, when, candidate, rule, room, unit)


def _fits_net(book: Book, when: Moment, candidate: Candidate, sums: Sums, equity: float) -> bool:
    cap, side = book.rules.max_net, candidate.side
    if cap < 0:
        return True
    after = abs(sums.net + side * (candidate.quantity * candidate.price))
    if after <= cap * equity + 1e-12 * cap * equity or after <= abs(sums.net):
        return True
    return _cut(book, when, candidate, CAP_NET, cap * equity - side * sums.net, candidate.price)


def _cut(book: Book, when: Moment, candidate: Candidate, rule: Code, room: float, unit: float) -> bool:
    if book.rules.on_breach != SCALE or room <= 0:
        refuse(book, when, candidate, rule)
        return False
    candidate.quantity, candidate.cut_by = room / unit, rule
    return True


def whole_lots(book: Book, when: Moment, candidate: Candidate) -> bool:
    """Round down to the lot; refuse what is then nothing."""
    candidate.quantity = lot_down(candidate.quantity, book.rules.lot_size)
    if candidate.quantity > 0:
        return True
    refuse(book, when, candidate, LOT)
    return False


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
    position = slot.position
    paid = fee(book, quantity, price)
    record_fill(book, slot, when.bar, side, quantity, price, when.prices[slot.symbol], paid, candidate.reason)
    take_volume(book, slot.symbol, quantity)
    position.held += quantity
    position.entry_quantity += quantity
    position.entry_value += quantity * price
    position.average = price if is_new else position.entry_value / position.entry_quantity
    position.adds += candidate.reason == ADD and not candidate.is_rest
    if is_new and book.rules.intents_fill_at == THIS_CLOSE:
        move_levels(book, slot)  # entered at a close: this bar's extreme was before it
    return paid


def open_position(book: Book, slot: Slot, when: Moment, side: int, price: float) -> None:
    """Start a position with R and all levels measured from its fill price."""
    tick, plan, asked = book.rules.tick_size, slot.plan, book.asked
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


def increase_weights(book: Book, when: Moment, sums: Sums, marks: list[float], equity: float) -> None:
    """Make the increases that this bar's weights ask for: all of them shrink by one factor when cash falls short."""
    candidates = sized(book, when, weight_requests(book, when), equity)
    candidates = within_strategy_caps(book, when, candidates, marks, equity)
    provisional = replace(sums, by_symbol=list(sums.by_symbol))
    granted = []
    for candidate in ranked(candidates):
        if fits_caps(book, when, candidate, provisional, equity) and whole_lots(book, when, candidate):
            provisional.add(candidate, candidate.quantity)
            granted.append(candidate)
    for candidate in shrunk_to_buying_power(book, when, granted, sums):
        if _fits_net(book, when, candidate, sums, equity):  # an offsetting increase may have been refused since
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
