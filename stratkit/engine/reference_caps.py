"""`Sums`, `within_strategy_caps` and `fits_caps`: what limits the entries of a bar; part of the plain-Python engine."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from stratkit.engine.layout import (
    BY_STOP,
    CAP_GROSS,
    CAP_NET,
    CAP_OPEN_POSITIONS,
    CAP_STRATEGY,
    CAP_SYMBOL,
    CAP_TOTAL_AT_RISK,
    LOT,
    REFUSED,
    SCALE,
)
from stratkit.engine.reference_book import Book, Moment
from stratkit.engine.reference_levels import active_stop, distance_to
from stratkit.engine.reference_positions import lot_down, marks_at, worth
from stratkit.engine.reference_sizing import Candidate
from stratkit.engine.reference_slot import Code, Position


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


def sums_now(book: Book, when: Moment) -> Sums:
    """Return what the account holds now, at the marks of this moment."""
    marks = marks_at(book, when)
    equity, gross, net = worth(book, marks)
    sums = Sums(equity, gross, net, 0.0, 0, [0.0] * len(marks))
    for slot in book.slots:
        if slot.position.side:
            sums.at_risk += value_at_risk(book, slot.position, marks[slot.symbol])
            sums.positions += 1
            sums.by_symbol[slot.symbol] += slot.position.held * marks[slot.symbol]
    return sums


def value_at_risk(book: Book, position: Position, mark: float) -> float:
    """Return what a position has at risk at `mark`: its value, or its distance to the active stop."""
    if book.rules.risk_basis != BY_STOP:
        return position.held * mark
    level, _ = active_stop(book, position)
    return position.held * distance_to(level, position.side, mark)


def refuse(book: Book, when: Moment, candidate: Candidate, rule: Code, outcome: Code = REFUSED) -> None:
    """Log that a sized candidate is not entered."""
    slot, side, confidence, requested = candidate.slot, candidate.side, candidate.confidence, candidate.requested
    book.log(when.decided, slot, side, confidence, requested, 0.0, outcome, rule, of_owner=candidate.is_rest)


def within_strategy_caps(book: Book, when: Moment, candidates: list[Candidate], equity: float) -> list[Candidate]:
    """Refuse or scale ALL candidates of a strategy when they exceed its cap together."""
    marks = marks_at(book, when)
    share = [1.0] * len(book.asked.strategy_cap)
    for strategy, cap in enumerate(book.asked.strategy_cap):
        own = [candidate for candidate in candidates if candidate.strategy == strategy]
        if math.isnan(cap) or not own:
            continue
        held = 0.0
        for slot in book.slots:
            if slot.position.side and slot.position.strategy == strategy:
                held += value_at_risk(book, slot.position, marks[slot.symbol])
        asked = 0.0
        for candidate in own:
            asked += candidate.quantity * candidate.distance
        room = cap * equity - held
        if asked > room + 1e-12 * cap * equity:
            share[strategy] = room / asked if book.rules.on_breach == SCALE and room > 0 else 0.0
    kept = []
    for candidate in candidates:
        left = share[candidate.strategy]
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
        and fits_net(book, when, candidate, sums, equity)
    )


def _fits(
    book: Book, when: Moment, candidate: Candidate, rule: Code, cap: float, current: float, unit: float, equity: float
) -> bool:
    room = cap * equity - current
    if cap <= 0 or candidate.quantity * unit <= room + 1e-12 * cap * equity:
        return True
    return _cut(book, when, candidate, rule, room, unit)


def fits_net(book: Book, when: Moment, candidate: Candidate, sums: Sums, equity: float) -> bool:
    """Hold a candidate to `max_net`; what shrinks the net goes through."""
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
