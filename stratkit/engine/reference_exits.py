"""`leave_at_open` and `leave_at_close`: what leaves at the market; part of the plain-Python engine."""

from __future__ import annotations

import math

from stratkit.engine.layout import (
    CANCELLED,
    DELISTED,
    END,
    END_AT_OPEN,
    EXIT_SIDE,
    EXIT_SIGNAL,
    FILLED,
    GAP_AT_LEVEL,
    LIQUIDATION,
    LOT,
    NO_PRICE,
    NO_RULE,
    REBALANCE_OUT,
    REDUCED,
    REFUSED,
    REVERSE,
    SKIPPED,
    TIME_STOP,
    VOLUME,
)
from stratkit.engine.reference_book import Book, Moment
from stratkit.engine.reference_levels import active_stop, better, extremes, fill_targets, seen
from stratkit.engine.reference_orders import market_side, pays_slippage
from stratkit.engine.reference_positions import (
    cancel_waiting_entry,
    drop_kept_weight,
    leave,
    leave_or_wait,
    lot_down,
    marks_at,
    too_small,
    wait_to_leave,
    worth,
)
from stratkit.engine.reference_slot import INF, NAN, Code, Slot

# ---- step 2: what leaves at the open


def leave_at_open(book: Book, when: Moment) -> None:
    """Let everything leave that must, slot by slot, before any entry is made."""
    orders_only = book.plays_orders_only(when)
    if not orders_only:
        refresh_edges(book, when)
    equity_before, _, _ = worth(book, marks_at(book, when))  # weights of this bar are fractions of it
    for slot in book.slots:
        if book.tape.has_bar[when.bar][slot.symbol] and slot.position.side:
            leave_what_the_open_decides(book, slot, when)
        act_on_side(book, slot, when)
        if not orders_only:
            if slot.by_weight:
                reduce_to_weight(book, slot, when, equity_before)
            leave_on_time(book, slot, when)
        if book.rules.close_at_end == END_AT_OPEN and book.is_last(when.bar):
            leave_at_the_end(book, slot, when)
        leave_delisted(book, slot, when)


def leave_what_the_open_decides(book: Book, slot: Slot, when: Moment) -> None:
    """Leave by a liquidation, a stop or targets that the open has passed, and what has waited."""
    price = when.prices[slot.symbol]
    met = (price, price)
    position = slot.position
    if position.flagged:
        position.flagged = False
        leave_or_wait(book, slot, when, INF, price, LIQUIDATION, met=met)
    if position is not slot.position:
        return
    leave_at_levels_passed(book, slot, when)
    if slot.position.side and slot.position.exit_waiting > 0:
        leave_what_waited(book, slot, when)


def leave_at_levels_passed(book: Book, slot: Slot, when: Moment) -> None:
    """Leave by the stop or by targets that the open, of a bar or of a piece, has passed."""
    position, price = slot.position, seen(book, slot, when).open
    stop, reason = active_stop(book, position)
    if position.side * (price - stop) <= 0:
        position.stop_hit_bar = when.bar
        base, slips = gapped_stop_base(book, slot, when, stop), book.rules.slippage_on_stops == 1
        leave_or_wait(book, slot, when, INF, base, reason, slips=slips, met=(price, base))
    if slot.position.side:
        met = (price, price)
        fill_targets(book, slot, when, price, lambda level: gapped_target_price(book, slot, when, level), met)


def gapped_stop_base(book: Book, slot: Slot, when: Moment, stop: float) -> float:
    """Return where a stop fills that the open has passed: at the open, or at its level if the bar comes back to it."""
    _, favourable = extremes(book, slot, when)
    comes_back = slot.position.side * (favourable - stop) >= 0
    return stop if book.rules.gapped_stop == GAP_AT_LEVEL and comes_back else seen(book, slot, when).open


def gapped_target_price(book: Book, slot: Slot, when: Moment, level: float) -> float:
    """Return where a target fills that the open has passed: at the open, or at its level held to the bar."""
    now = seen(book, slot, when)
    if book.rules.gapped_target != GAP_AT_LEVEL:
        return better(slot.position.side, level, now.open)
    low, high = now.low, now.high
    return min(max(level, low), high) if slot.position.side > 0 else max(min(level, high), low)


def leave_what_waited(book: Book, slot: Slot, when: Moment) -> None:
    """Fill a waiting exit at the market, and write the row that it may still owe."""
    position, price = slot.position, when.prices[slot.symbol]
    wanted, reason, decided = position.exit_waiting, position.exit_reason, position.exit_decided
    requested = min(wanted, position.held)
    position.exit_waiting, position.exit_reason, position.exit_decided = 0.0, -1, -1
    left = leave_or_wait(book, slot, when, wanted, price, reason, met=(price, price))
    if decided >= 0:
        log_exit(book, slot, decided, EXIT_SIDE, requested, left, is_whole=left >= requested)


def log_exit(book: Book, slot: Slot, decided: int, side: Code, requested: float, left: float, is_whole: bool) -> None:
    """Write the row of an exit: filled, or reduced by the volume."""
    outcome, rule = (FILLED, NO_RULE) if is_whole else (REDUCED, VOLUME)
    confidence = book.asked.at("confidence", decided, slot)
    book.log(decided, slot, side, confidence, requested, left, outcome, rule)


def act_on_side(book: Book, slot: Slot, when: Moment) -> None:
    """Leave by the exit intent or the opposite side that is asked for at this market."""
    side = market_side(book, slot, when)
    if side == 2:
        leave_on_exit_intent(book, slot, when)
    elif side and side == -slot.position.side and book.tape.has_bar[when.decided][slot.symbol]:
        cancel_waiting_entry(book, slot, when.decided)
        leave_whole(book, slot, when, REVERSE, slips=pays_slippage(book, slot, when))


def leave_whole(book: Book, slot: Slot, when: Moment, reason: Code, slips: bool = True) -> float:
    """Leave with all units at the market, or wait for a bar."""
    price = when.prices[slot.symbol]
    if not book.tape.has_bar[when.bar][slot.symbol]:
        wait_to_leave(book, slot, INF, reason)
        return 0.0
    return leave_or_wait(book, slot, when, INF, price, reason, slips=slips, met=(price, price))


def leave_on_exit_intent(book: Book, slot: Slot, when: Moment) -> None:
    """Leave the exit fraction of the position, and write the row when there was a bar to leave in."""
    position = slot.position
    if position.side and not book.tape.has_bar[when.decided][slot.symbol]:
        confidence = book.asked.at("confidence", when.decided, slot)
        book.log(when.decided, slot, EXIT_SIDE, confidence, NAN, 0.0, REFUSED, NO_PRICE)
        return
    if not position.side or position.exit_waiting == INF:
        book.no_op += 1
        return
    cancel_waiting_entry(book, slot, when.decided)
    fraction = book.asked.at("exit_fraction", when.decided, slot)
    whole = math.isnan(fraction) or fraction >= 1
    requested = position.held if whole else fraction * position.held
    wanted = INF if whole else lot_down(requested, book.rules.lot_size)
    if not wanted > 0:
        confidence = book.asked.at("confidence", when.decided, slot)
        book.log(when.decided, slot, EXIT_SIDE, confidence, requested, 0.0, REFUSED, LOT)
    elif not book.tape.has_bar[when.bar][slot.symbol]:
        if position.exit_waiting > 0:
            book.no_op += 1
        wait_to_leave(book, slot, wanted, EXIT_SIGNAL, when.decided)
    else:
        price = when.prices[slot.symbol]
        left = leave_or_wait(book, slot, when, wanted, price, EXIT_SIGNAL, met=(price, price))
        log_exit(book, slot, when.decided, EXIT_SIDE, requested, left, is_whole=left >= min(wanted, requested))


def reduce_to_weight(book: Book, slot: Slot, when: Moment, equity_before: float) -> None:
    """Leave what a weight asks to leave; one that may still ask for more stays in `slot.weight` for `enter`."""
    asked, position = book.asked, slot.position
    has_bar = book.tape.has_bar[when.bar][slot.symbol]
    weight, decided = asked.weight(when.decided, slot), when.decided
    is_new = not math.isnan(weight)
    if is_new:
        # a newer weight takes the place of one that waits for a bar, and of the rest of an entry
        drop_kept_weight(book, slot, NAN, CANCELLED)
        cancel_waiting_entry(book, slot, decided)
        if not book.tape.has_bar[decided][slot.symbol]:
            direction = (weight > 0) - (weight < 0) or -position.side
            book.log(decided, slot, direction, asked.at("confidence", decided, slot), NAN, 0.0, REFUSED, NO_PRICE)
            return
        slot.weight = weight
    elif not math.isnan(position.kept_weight) and has_bar and equity_before > 0:
        weight, decided = position.kept_weight, position.kept_decided
        position.kept_weight, position.kept_owes_row = NAN, False
    if math.isnan(weight) or not position.side or not equity_before > 0:
        return
    price = when.prices[slot.symbol] if has_bar else book.last_close[slot.symbol]
    turns = weight * position.side < 0
    units = abs(weight) * equity_before / price
    asks_less = weight == 0 or units < position.held
    if asks_less and not turns:
        slot.weight = NAN  # dealt with here, whatever comes of it
    if not asks_less and not turns:
        book.no_op += not is_new
    elif not has_bar:
        position.kept_weight, position.kept_decided, position.kept_owes_row = weight, decided, not turns
    elif turns:
        leave_whole(book, slot, when, REVERSE)
    elif position.exit_waiting == INF:
        book.no_op += 1
    elif weight == 0:
        requested = position.held
        left = leave_whole(book, slot, when, REBALANCE_OUT)
        log_exit(book, slot, decided, -position.side, requested, left, is_whole=left >= requested)
    else:
        leave_difference(book, slot, when, position.held - units, equity_before, decided)


def leave_difference(
    book: Book, slot: Slot, when: Moment, difference: float, equity_before: float, decided: int
) -> None:
    """Leave the units that a smaller weight of the same sign no longer asks for."""
    direction, price = -slot.position.side, when.prices[slot.symbol]
    confidence = book.asked.at("confidence", decided, slot)
    skipped = too_small(book, difference, price, equity_before)
    quantity = lot_down(difference, book.rules.lot_size)
    if skipped != NO_RULE:
        book.log(decided, slot, direction, confidence, difference, 0.0, SKIPPED, skipped)
    elif not quantity > 0:
        book.log(decided, slot, direction, confidence, difference, 0.0, REFUSED, LOT)
    else:
        left = leave_or_wait(book, slot, when, quantity, price, REBALANCE_OUT, met=(price, price))
        log_exit(book, slot, decided, direction, difference, left, is_whole=left >= quantity)


def leave_on_time(book: Book, slot: Slot, when: Moment) -> None:
    """Leave at the n-th own bar after the entry bar."""
    position = slot.position
    limit = position.plan.time_stop_bars
    if 0 < limit <= position.own_bars and book.tape.has_bar[when.bar][slot.symbol]:
        leave_whole(book, slot, when, TIME_STOP)


def leave_at_the_end(book: Book, slot: Slot, when: Moment) -> None:
    """Leave because the data end."""
    price = when.prices[slot.symbol]
    if slot.position.side and book.tape.has_bar[when.bar][slot.symbol]:
        leave_or_wait(book, slot, when, INF, price, END, met=(price, price))


def leave_delisted(book: Book, slot: Slot, when: Moment) -> None:
    """Leave a symbol that is no longer listed, or has shown no bar for too long, at its last close."""
    if not slot.position.side:
        return
    rules, symbol = book.rules, slot.symbol
    stale = 0 < rules.stale_after_bars <= when.bar - book.last_bar[symbol] and not book.tape.has_bar[when.bar][symbol]
    if stale or book.tape.delist_bar[symbol] == when.bar:
        price = book.last_close[symbol] * (1 + rules.delisting_return)
        leave(book, slot, when, INF, price, DELISTED, at_level=True, limited=False, free=True, met=(price, price))


def leave_at_close(book: Book, when: Moment) -> None:
    """Let the intents of this very bar and time stops leave at its close."""
    refresh_edges(book, when)
    equity_before, _, _ = worth(book, marks_at(book, when))
    for slot in book.slots:
        act_on_side(book, slot, when)
        if slot.by_weight:
            reduce_to_weight(book, slot, when, equity_before)
        leave_on_time(book, slot, when)


def refresh_edges(book: Book, when: Moment) -> None:
    """End the wait for an edge where the row in force no longer shows the side."""
    for slot in book.slots:
        if book.asked.side(when.decided, slot) != slot.edge:
            slot.edge = 0
