"""`leave_at_open` and `inside_bar`: everything that leaves a position; part of the plain-Python engine."""

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
    LIQUIDATION,
    LOT,
    NEXT_OPEN,
    NO_PRICE,
    NO_RULE,
    REBALANCE_OUT,
    REDUCED,
    REFUSED,
    REVERSE,
    SKIPPED,
    TARGET,
    TARGET_ROUNDED_TO_ZERO,
    TIME_STOP,
    VOLUME,
)
from stratkit.engine.reference_book import INF, NAN, Book, Code, Moment, Position, Slot
from stratkit.engine.reference_positions import (
    active_stop,
    cancel_waiting_entry,
    drop_kept_weight,
    leave,
    leave_or_wait,
    lot_down,
    marks_at,
    move_levels,
    see,
    too_small,
    wait_to_leave,
    worth,
)

# ---- step 2: what leaves at the open


def leave_at_open(book: Book, when: Moment, with_intents: bool) -> None:
    """Let everything leave that must, slot by slot, before any entry is made."""
    if with_intents:
        refresh_edges(book, when)
    equity_before, _, _ = worth(book, marks_at(book, when))  # weights of this bar are fractions of it
    for slot in book.slots:
        if book.tape.has_bar[when.bar][slot.symbol] and slot.position.side:
            leave_what_the_open_decides(book, slot, when)
        if with_intents:
            act_on_intent(book, slot, when, equity_before)
            leave_on_time(book, slot, when)
        if book.rules.close_at_end == END_AT_OPEN and book.is_last(when.bar):
            leave_at_the_end(book, slot, when, met=(when.prices[slot.symbol], when.prices[slot.symbol]))
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
    stop, reason = active_stop(book, position)
    if position.side * (price - stop) <= 0:  # the worse price: the open is the first that anyone got
        leave_or_wait(book, slot, when, INF, price, reason, slips=book.rules.slippage_on_stops == 1, met=met)
    if slot.position.side:
        fill_targets(book, slot, when, reached=price, worst=price)
    if slot.position.side and slot.position.exit_waiting > 0:
        leave_what_waited(book, slot, when)


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


def act_on_intent(book: Book, slot: Slot, when: Moment, equity_before: float) -> None:
    """Leave by the exit intent, the opposite side or the smaller weight of the row in force."""
    side = book.asked.side(when.decided, slot)
    has_price = book.tape.has_bar[when.decided][slot.symbol]
    if side == 2:
        leave_on_exit_intent(book, slot, when)
    elif side and side == -slot.position.side and has_price:
        cancel_waiting_entry(book, slot, when.decided)
        leave_whole(book, slot, when, REVERSE)
    if slot.by_weight:
        reduce_to_weight(book, slot, when, equity_before)


def leave_whole(book: Book, slot: Slot, when: Moment, reason: Code, decided: int = -1) -> float:
    """Leave with all units at the market, or wait for a bar."""
    price = when.prices[slot.symbol]
    if not book.tape.has_bar[when.bar][slot.symbol]:
        wait_to_leave(book, slot, INF, reason, decided)
        return 0.0
    return leave_or_wait(book, slot, when, INF, price, reason, met=met_by_intent(book, price))


def met_by_intent(book: Book, price: float) -> tuple[float, float] | None:
    """Return what a position that leaves by an intent saw of the bar: at the open only the open."""
    return (price, price) if book.rules.intents_fill_at == NEXT_OPEN else None


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
        left = leave_or_wait(book, slot, when, wanted, price, EXIT_SIGNAL, met=met_by_intent(book, price))
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
        left = leave_or_wait(book, slot, when, quantity, price, REBALANCE_OUT, met=met_by_intent(book, price))
        log_exit(book, slot, decided, direction, difference, left, is_whole=left >= quantity)


def leave_on_time(book: Book, slot: Slot, when: Moment) -> None:
    """Leave at the n-th own bar after the entry bar."""
    limit = slot.plan.time_stop_bars
    if slot.position.side and 0 < limit <= slot.position.own_bars and book.tape.has_bar[when.bar][slot.symbol]:
        leave_whole(book, slot, when, TIME_STOP)


def leave_at_the_end(book: Book, slot: Slot, when: Moment, met: tuple[float, float] | None) -> None:
    """Leave because the data end."""
    if slot.position.side and book.tape.has_bar[when.bar][slot.symbol]:
        leave_or_wait(book, slot, when, INF, when.prices[slot.symbol], END, met=met)


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
    """Let the intents of this very bar and time stops leave at its close (profile `close`)."""
    refresh_edges(book, when)
    equity_before, _, _ = worth(book, marks_at(book, when))
    for slot in book.slots:
        act_on_intent(book, slot, when, equity_before)
        leave_on_time(book, slot, when)


def refresh_edges(book: Book, when: Moment) -> None:
    """End the wait for an edge where the row in force no longer shows the side."""
    for slot in book.slots:
        if book.asked.side(when.decided, slot) != slot.edge:
            slot.edge = 0


# ---- step 4: inside the bar


def inside_bar(book: Book, slot: Slot, when: Moment) -> None:
    """Let a position meet high and low, the stop before any target, then move its levels for the next bar."""
    position, tape, symbol = slot.position, book.tape, slot.symbol
    if not position.side or not tape.has_bar[when.bar][symbol]:
        return
    side, price = position.side, when.prices[symbol]
    adverse, favourable = tape.low[when.bar][symbol], tape.high[when.bar][symbol]
    if side < 0:
        adverse, favourable = favourable, adverse
    stop, reason = active_stop(book, position)
    if side * (adverse - stop) <= 0:  # adverse first: nobody knows which came first, so it was the stop
        position.ambiguous += is_ambiguous(position, stop, price, favourable)
        base = min(stop, price) if side > 0 else max(stop, price)
        slips = book.rules.slippage_on_stops == 1
        leave_or_wait(book, slot, when, INF, base, reason, slips=slips, met=(base, base))
    else:
        fill_targets(book, slot, when, reached=favourable, worst=adverse)
    if slot.position.side:
        see(position, adverse, favourable)
        position.extreme = max(position.extreme, favourable) if side > 0 else min(position.extreme, favourable)
        move_levels(book, slot)


def is_ambiguous(position: Position, stop: float, price: float, favourable: float) -> bool:
    """Whether the open had passed neither stop nor next target while the bar holds both."""
    if position.targets_done == len(position.targets):
        return False
    side, target = position.side, position.targets[position.targets_done]
    return side * (price - stop) > 0 and side * (target - price) > 0 and side * (favourable - target) >= 0


def fill_targets(book: Book, slot: Slot, when: Moment, reached: float, worst: float) -> None:
    """Fill the targets up to the price `reached` in order, at their levels or at the better open."""
    open_price, better = when.prices[slot.symbol], max if slot.position.side > 0 else min
    while slot.position.side and slot.position.targets_done < len(slot.position.targets):
        position = slot.position
        number = position.targets_done
        level, fraction = position.targets[number], position.fractions[number]
        if not position.side * (reached - level) >= 0:
            return
        asked = fraction * position.entry_quantity
        wanted = lot_down(asked, book.rules.lot_size) - position.target_filled
        if position.last_takes_rest and number == len(position.targets) - 1:
            wanted = position.held
        if wanted > 0:
            price = better(level, open_price)
            left = leave(book, slot, when, wanted, price, TARGET, at_level=True, met=(worst, price))
            if slot.position.side and left < wanted:  # the rest stays at the level
                position.target_filled += left
                return
        else:
            book.log(when.bar, slot, EXIT_SIDE, NAN, asked, 0.0, SKIPPED, TARGET_ROUNDED_TO_ZERO)
        position.targets_done, position.target_filled = number + 1, 0.0
