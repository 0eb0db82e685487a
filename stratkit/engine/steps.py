"""Steps of a bar: what is charged, what trades at the open or the close, what the bar itself does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inlined, inner
from stratkit.engine.candidates import RESTING
from stratkit.engine.entries import enter, sum_held
from stratkit.engine.exits import (
    delist,
    leave_at_close,
    leave_by_side,
    leave_gapped,
    leave_whole,
    play_weight,
)
from stratkit.engine.intents import asker, panel_value
from stratkit.engine.layout import (
    AT_OPEN,
    BANKRUPT,
    END,
    END_AT_OPEN,
    END_OF_DATA,
    EXIT_SIDE,
    EXPIRED,
    NO,
    NO_PRICE,
    NO_SIDE,
    REFUSED,
    REVERSE,
    STAY_OPEN,
    THIS_CLOSE,
    TIME_STOP,
)
from stratkit.engine.positions import SLIPS, cancel_rest, drop_waiting_weight, log_decision
from stratkit.engine.prices import volume_of_bar
from stratkit.engine.quiet import rests_quietly
from stratkit.engine.resting import (
    PLAYS_ALL,
    PLAYS_NOTHING,
    PLAYS_PASSED,
    base_of_order,
    due_side,
    is_passed,
    is_reached,
    level_of_order,
    piece_of_order,
    slips_at,
)
from stratkit.engine.worth import side_in_force, worth

YEAR_NS = 365.0 * 86_400.0 * 1e9


@inner
def carry(slots: Any, account: Any, symbols: Any, funding: Any, rules: Any, bar: int, elapsed_ns: int) -> None:
    """Charge what holding over the gap before `bar` costs, marked at the last close."""
    years = elapsed_ns / YEAR_NS
    if account.cash < 0.0 and rules.margin_rate_ann > 0.0:
        account.interest_bar = (-account.cash) * rules.margin_rate_ann * years
        account.interest += account.interest_bar
        account.cash = account.cash - account.interest_bar
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side == 0:
            continue
        mark = symbols[s.symbol].mark
        if s.side < 0 and rules.borrow_ann > 0.0:
            borrow = (s.held * mark) * rules.borrow_ann * years
            s.borrow += borrow
            account.borrow_bar += borrow
            account.cash = account.cash - borrow
        if funding.shape[0] > 0 and funding[bar, s.symbol] != 0.0:
            paid = ((s.side * s.held) * mark) * funding[bar, s.symbol]
            s.funding += paid
            account.funding_bar += paid
            account.cash = account.cash - paid


@inner
def reverse(
    s: Any, account: Any, strategy: Any, symbol: Any, orders: Any, rules: Any, logs: Any, stream: Any, bar: int,
    row: int, slot: int, price: float, vol: float, traded: float, in_force: int,
) -> None:  # fmt: skip
    """Leave whole, for the intent of `row` asks for the other side."""
    cancel_rest(s, account, logs, row, slot)
    level = level_of_order(orders, rules, s, row, slot, -s.side)
    leave_whole(s, account, strategy, symbol, rules, logs, stream, bar, slot, price, REVERSE, slips_at(s, level), vol,
                traded, in_force)  # fmt: skip


@inner
def play_slot(
    s: Any, account: Any, symbol: Any, strategy: Any, orders: Any, targets: Any, rules: Any, logs: Any, stream: Any,
    bar: int, row: int, slot: int, due: int, in_force: int, weight: float, priced: bool, price: float, vol: float,
    traded: float, equity: float,
) -> None:  # fmt: skip
    """Play what the intent of `row` takes out of one slot at `price`, then its time stop."""
    confidence = 1.0
    if targets.confidence.shape[0] > 0:
        confidence = np.float64(targets.confidence[row, slot])
    by = asker(targets, s, row, slot)
    if s.kind == 1:
        play_weight(s, account, strategy, symbol, rules, logs, stream, bar, row, slot, by, weight, priced,
                    confidence, equity, price, vol, traded, in_force)  # fmt: skip
    elif s.side != 0 and due == EXIT_SIDE and not priced:
        log_decision(account, logs, row, slot, by, EXIT_SIDE, confidence, math.nan, 0.0, REFUSED, NO_PRICE)
    elif s.side != 0 and due == EXIT_SIDE:
        leave_by_side(s, account, strategy, symbol, rules, logs, stream, bar, row, slot, by, confidence,
                      panel_value(targets.exit_fraction, row, slot), price, vol, traded, in_force)  # fmt: skip
    elif s.side != 0 and due == -s.side and priced:
        reverse(s, account, strategy, symbol, orders, rules, logs, stream, bar, row, slot, price, vol, traded,
                in_force)  # fmt: skip
    if s.side != 0 and price == price and s.time_stop > 0 and s.bars_held >= s.time_stop:
        leave_whole(s, account, strategy, symbol, rules, logs, stream, bar, slot, price, TIME_STOP, SLIPS, vol, traded,
                    in_force)  # fmt: skip


@inlined
def has_work(s: Any, wish: int, weight: float) -> bool:
    """Return whether `play_slot` has anything to do for a slot."""
    if s.kind == 1:
        return weight == weight or s.weight_wanted == s.weight_wanted or s.time_stop > 0
    if wish == EXIT_SIDE:
        return s.side != 0
    return s.side != 0 and (wish == -s.side or (s.time_stop > 0 and s.bars_held >= s.time_stop))


@inlined
def wants_entry(s: Any, wish: int, weight: float, priced: bool, rules: Any) -> bool:
    """Return whether a slot has to be looked at when entries are gathered."""
    if s.waiting > 0.0:
        return True
    if s.kind == 1:
        return weight == weight
    return (wish == 1 or wish == -1) and (wish != s.side or rules.max_adds > 0 or not priced)


@inlined
def trade(
    book: Any, quotes: Any, orders: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int,
    last: bool, moment: int, plays: int,
) -> float:  # fmt: skip
    """Trade at `book.prices`, slot by slot what leaves, then what enters; return the one equity of the entries.

    At the open gapped levels, waiting exits, the end of the data and delistings come in their order;
    `plays` says which intents of `row` are played. Without entries the equity is NaN: nobody asked for it.
    """
    slots, account, symbols, strategies = book.slots, book.account[0], book.symbols, book.strategies
    prices, marks, busy, side = book.prices, book.marks, book.busy, targets.side
    opens = moment == AT_OPEN
    has_weights = targets.weight.shape[0] > 0
    before = worth(slots, account, book.holding, marks) if has_weights else 0.0
    ends = opens and last and rules.close_at_end == END_AT_OPEN
    may_rest = opens and plays == PLAYS_ALL and not ends
    wanted, held, idle = np.int64(0), np.int64(0), np.int64(0)
    for slot in range(slots.shape[0]):
        if busy[slot] == 0:
            wish = np.int64(side[row, slot]) if row >= 0 else NO_SIDE
            if wish != 1 and wish != -1:  # flat, and no entry is asked
                idle += 1 if wish == EXIT_SIDE and plays == PLAYS_ALL else 0
                continue
        s = slots[slot]
        wish = side_in_force(s, side, row, slot)
        if may_rest and rests_quietly(s, symbols, orders, quotes, rules, bar, row, wish, prices[s.symbol]):
            s.bars_held += 1
            if s.awaits_edge != 0 and wish != s.awaits_edge:
                s.awaits_edge = 0
            idle += 1 if wish != NO_SIDE else 0
            book.holding[held] = slot
            held += 1
            continue
        symbol, strategy, price = symbols[s.symbol], strategies[s.strategy], prices[s.symbol]
        vol, traded = panel_value(quotes.volatility, max(row, 0), s.symbol), quotes.volume[bar, s.symbol]
        if opens and s.side != 0 and price == price:
            s.bars_held += 1
            gapped = s.side > 0 and (price <= s.active_stop or price >= s.next_target)
            gapped = gapped or (s.side < 0 and (price >= s.active_stop or price <= s.next_target))
            if gapped or s.exit_wanted > 0.0 or s.flagged == 1:
                leave_gapped(s, account, strategy, symbol, rules, targets.plans[s.plan], logs, stream, bar, slot, price,
                             quotes.high[bar, s.symbol], quotes.low[bar, s.symbol], vol, traded, wish)  # fmt: skip
        if plays != PLAYS_NOTHING:
            asked = targets.weight[row, slot] if s.kind == 1 and plays == PLAYS_ALL else math.nan
            priced = quotes.close[row, s.symbol] == quotes.close[row, s.symbol]
            due = due_side(orders, rules, s, row, slot, wish, price, plays, not opens)
            if plays == PLAYS_ALL and wish != s.awaits_edge:
                s.awaits_edge = 0
            if plays == PLAYS_PASSED:
                if s.side != 0 and due == -s.side and priced:
                    reverse(s, account, strategy, symbol, orders, rules, logs, stream, bar, row, slot, price, vol,
                            traded, wish)  # fmt: skip
            elif has_work(s, due, asked):
                play_slot(s, account, symbol, strategy, orders, targets, rules, logs, stream, bar, row, slot, due, wish,
                          asked, priced, price, vol, traded, before)  # fmt: skip
            elif due == EXIT_SIDE:
                account.no_op += 1
        if opens and s.side != 0:
            if ends and price == price:
                leave_whole(s, account, strategy, symbol, rules, logs, stream, bar, slot, price, END, SLIPS, vol,
                            traded, wish)  # fmt: skip
            stale = rules.stale_after_bars > 0 and symbol.missing >= rules.stale_after_bars
            if s.side != 0 and (stale or bar == symbol.delist_bar):
                delist(s, account, strategy, rules, logs, stream, bar, slot, symbol.mark, wish)
        if s.side != 0:
            book.holding[held] = slot
            held += 1
        if plays != PLAYS_NOTHING and wants_entry(s, due, asked, priced, rules):
            book.wanting[wanted] = slot
            wanted += 1
        elif plays != PLAYS_NOTHING and (due == 1 or due == -1):
            idle += 1
        busy[slot] = s.side != 0 or s.kind != 0 or s.waiting > 0.0 or s.awaits_edge != 0
    account.holding = held
    account.no_op += idle
    if wanted == 0:
        return math.nan
    at_close = not opens
    this_close = rules.intents_fill_at == THIS_CLOSE
    ends = last and (rules.close_at_end == END_AT_OPEN or (at_close and rules.close_at_end != STAY_OPEN))
    equity = worth(slots, account, book.holding, marks)
    sum_held(slots, account, book.holding, symbols, rules, marks, equity, book.sums)
    for batch in range(2 if has_weights and (at_close or not this_close) else 1):
        enter(book, quotes, orders, targets, rules, logs, stream, bar, row, ends, equity, at_close, np.int64(batch),
              plays, wanted)  # fmt: skip
    return equity


@inner
def place_resting(
    book: Any, quotes: Any, pieces: Any, orders: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int,
    last: bool, equity: float,
) -> float:  # fmt: skip
    """Work the orders of the bar before whose level the open has not passed; return the one equity.

    Those that the bar comes to enter now, before any position meets the bar; one against a position is
    noted in its slot.
    """
    slots, account, marks, row = book.slots, book.account[0], book.marks, bar - 1
    rests = False
    for slot in range(slots.shape[0]):
        book.wanting[slot] = slot
        s = slots[slot]
        column = s.symbol
        wish = side_in_force(s, targets.side, row, slot)
        level = level_of_order(orders, rules, s, row, slot, wish)
        if level == level and not is_passed(s.order, wish, level, book.prices[column]):
            rests = True
            s.resting_due = np.int64(
                is_reached(s.order, wish, level, quotes.high[bar, column], quotes.low[bar, column])
            )
            s.resting_level = level
            if pieces is not None:
                s.resting_piece = piece_of_order(pieces, bar, column, s.order, wish, level)
                s.resting_level = base_of_order(pieces, s.resting_piece, column, s.order, wish, level)
    if not rests:
        return equity
    now = worth(slots, account, book.holding, marks)
    if equity != equity:
        equity = now
    sum_held(slots, account, book.holding, book.symbols, rules, marks, now, book.sums)
    ends = last and rules.close_at_end == END_AT_OPEN
    enter(book, quotes, orders, targets, rules, logs, stream, bar, row, ends, equity, NO, RESTING, PLAYS_ALL,
          np.int64(slots.shape[0]))  # fmt: skip
    return equity


@inlined
def mark_open(symbols: Any, opens: Any, volume: Any, rules: Any, prices: Any, marks: Any, bar: int) -> None:
    """Set what orders fill at and what positions are worth at the open, and what volume allows."""
    free = rules.max_volume_share <= 0.0 and rules.impact_frac <= 0.0
    for column in range(symbols.shape[0]):
        y = symbols[column]
        y.volume_left = math.inf if free else volume_of_bar(rules, volume[bar, column])
        price = opens[bar, column]
        prices[column] = price
        if price == price:
            y.missing = 0
            marks[column] = price
        else:
            y.missing += 1
            marks[column] = y.mark


@inlined
def mark_close(symbols: Any, close: Any, prices: Any, marks: Any, bar: int) -> None:
    """Mark every symbol with a bar at its close, the others at their last one."""
    for column in range(symbols.shape[0]):
        y = symbols[column]
        price = close[bar, column]
        prices[column] = price
        if price == price:
            y.mark = price
        marks[column] = y.mark


@inner
def leave_all(
    slots: Any, account: Any, symbols: Any, strategies: Any, side: Any, volume: Any, volatility: Any, rules: Any,
    logs: Any, stream: Any, bar: int, row: int, prices: Any, reason: int,
) -> None:  # fmt: skip
    """Take every position out at this close: bankruptcy (also without a bar), or the end of the data."""
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side != 0 and (reason == BANKRUPT or prices[s.symbol] == prices[s.symbol]):
            leave_at_close(
                s, account, strategies[s.strategy], symbols[s.symbol], rules, logs, stream, bar, slot, reason,
                panel_value(volatility, max(row, 0), s.symbol), volume[bar, s.symbol],
                side_in_force(s, side, row, slot),
            )  # fmt: skip


@inner
def expire_last(
    slots: Any, account: Any, close: Any, orders: Any, targets: Any, rules: Any, logs: Any, bar: int
) -> None:
    """Write the rows of what the end of the data left undone."""
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.exit_wanted > 0.0 and s.exit_bar >= 0:
            log_decision(account, logs, s.exit_bar, slot, s.exit_by, EXIT_SIDE, s.exit_confidence,
                         min(s.exit_wanted, s.held), 0.0, EXPIRED, END_OF_DATA)  # fmt: skip
        drop_waiting_weight(s, account, logs, slot, END_OF_DATA)
        if s.waiting > 0.0:
            log_decision(account, logs, bar, slot, s.strategy, s.waiting_side, s.waiting_confidence, s.waiting, 0.0,
                         EXPIRED, END_OF_DATA)  # fmt: skip
        wish = side_in_force(s, targets.side, bar, slot)
        level = level_of_order(orders, rules, s, bar, slot, wish)
        if rules.intents_fill_at == THIS_CLOSE and level != level:
            continue
        confidence = 1.0
        if targets.confidence.shape[0] > 0:
            confidence = np.float64(targets.confidence[bar, slot])
        priced = close[bar, s.symbol] == close[bar, s.symbol]
        if s.kind == 0:
            side = wish
            held = s.side == side and (s.waiting > 0.0 or s.adds >= rules.max_adds)
            asks = side != NO_SIDE and not (priced and (held or s.awaits_edge == side))
            if side == EXIT_SIDE:
                asks = s.side != 0 and s.exit_wanted != math.inf
        else:
            weight = targets.weight[bar, slot]
            asks = weight == weight
            side = np.int64(1 if weight > 0.0 else (-1 if weight < 0.0 else -s.side))
        if asks:
            log_decision(account, logs, bar, slot, asker(targets, s, bar, slot), side, confidence, math.nan, 0.0,
                         EXPIRED if priced else REFUSED, END_OF_DATA if priced else NO_PRICE)  # fmt: skip
