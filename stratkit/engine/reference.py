"""`replay`: the engine in plain Python, to be read; the compiled kernel must give the same fills bit for bit.

Written from docs/execution.md alone. One bar is five steps, each a function named after it: `carry` and
`close_bar` here, `leave_at_open` in `reference_exits`, `enter` in `reference_entries`, `inside_bar` in
`reference_detail`: what a bar, or a finer bar inside it, does is in `reference_inside`, with orders that rest at a
level in `reference_resting` and bars walked as a path in `reference_path`. What they share is in
`reference_positions` and `reference_levels`, and the state in `reference_book`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stratkit.engine.layout import (
    BANKRUPT,
    BREAKER_CLOSED,
    BREAKER_DAILY_LOSS,
    BREAKER_DRAWDOWN,
    BREAKER_LOSSES,
    BREAKER_OPENED,
    DECISION_DTYPE,
    END_AT_CLOSE,
    END_OF_DATA,
    EXIT_SIDE,
    EXPIRED,
    FILL_DTYPE,
    NEXT_OPEN,
    NO_PRICE,
    NO_SIDE,
    REFUSED,
    TRADE_DTYPE,
    Market,
    Records,
)
from stratkit.engine.reference_actions import act
from stratkit.engine.reference_book import Book, Moment
from stratkit.engine.reference_checks import is_held, waits_for_edge
from stratkit.engine.reference_detail import inside_bar
from stratkit.engine.reference_entries import enter
from stratkit.engine.reference_exits import leave_at_close, leave_at_open, leave_at_the_end, refresh_edges
from stratkit.engine.reference_orders import order_of
from stratkit.engine.reference_positions import close_trade, drop_kept_weight, leave, marks_at, pnl_of, worth
from stratkit.engine.reference_resting import enter_inside
from stratkit.engine.reference_slot import INF, NAN, Code, Slot
from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.risk.targets import Targets


@dataclass(frozen=True)
class ReferenceRun:
    """What a replay gives: (T,) account values at each close, and the logs in order of occurrence.

    `carry` (T, 3) is borrow, funding and margin interest paid in each bar; `trades` holds the closed ones
    in order of their last fill, open ones behind them (`exit_bar` -1). `account_carry` is the sum of the interest.
    `by_strategy` is (T, S) net P&L of each strategy's trades so far, or (0, S) with one strategy.
    """

    equity: FloatArray
    cash: FloatArray
    gross: FloatArray
    net: FloatArray
    carry: FloatArray
    by_strategy: FloatArray
    fills: Records
    trades: Records
    decisions: Records
    no_op: int
    account_carry: float
    bankrupt_bar: int


def replay(market: Market, targets: Targets, rules: np.record) -> ReferenceRun:
    """Play all bars of `market` with what `targets` asks for, under one record of RULES_DTYPE."""
    book = Book(market, targets, rules)
    bars = len(book.tape.times)
    account = np.zeros((bars, 4))
    paid = np.zeros((bars, 3))
    strategies = len(book.earned)
    by_strategy = np.zeros((bars if strategies > 1 else 0, strategies))
    for bar in range(bars):
        if book.bankrupt_bar < 0:
            play(book, bar)
            paid[bar] = book.carry
        equity, gross, net = worth(book, book.last_close)
        account[bar] = (equity, book.cash, gross, net)
        if strategies > 1:
            by_strategy[bar] = earned_so_far(book)
    if book.bankrupt_bar < 0:
        end_of_data(book)
    for slot in book.slots:
        if slot.position.side:
            close_trade(book, slot, -1, book.last_close[slot.symbol])
    per_bar = np.ascontiguousarray(account.T)
    return ReferenceRun(
        equity=per_bar[0],
        cash=per_bar[1],
        gross=per_bar[2],
        net=per_bar[3],
        carry=paid,
        by_strategy=by_strategy,
        fills=np.array(book.fills, FILL_DTYPE).view(np.recarray),
        trades=np.array(book.trades, TRADE_DTYPE).view(np.recarray),
        decisions=np.array(book.decisions, DECISION_DTYPE).view(np.recarray),
        no_op=book.no_op,
        account_carry=book.account_carry,
        bankrupt_bar=book.bankrupt_bar,
    )


def earned_so_far(book: Book) -> list[float]:
    """Return the net P&L of each strategy's trades: closed ones in their order, then open ones, marked, by slot."""
    earned = list(book.earned)
    for slot in book.slots:
        if slot.position.side:
            earned[slot.position.strategy] += pnl_of(slot.position, book.last_close[slot.symbol])[1]
    return earned


def play(book: Book, bar: int) -> None:
    """Play one bar: carry, what leaves at the open, entries, inside the bar, close."""
    tape, rules = book.tape, book.rules
    next_open = rules.intents_fill_at == NEXT_OPEN
    at_open = Moment(bar, bar - 1, tape.open[bar])
    at_close = Moment(bar, bar - 1 if next_open else bar, tape.close[bar], at_close=True)
    begin_bar(book, bar)
    carry(book, bar)
    act(book, at_open)
    leave_at_open(book, at_open)
    equity, _, _ = worth(book, marks_at(book, at_open))  # the ONE equity on which all orders of the bar are sized
    enter(book, at_open, equity)
    enter_inside(book, at_open, equity)
    for slot in book.slots:
        inside_bar(book, slot, at_open, equity)
    if not next_open:
        leave_at_close(book, at_close)
        equity, _, _ = worth(book, marks_at(book, at_close))
        enter(book, at_close, equity)
    close_bar(book, at_close)


def begin_bar(book: Book, bar: int) -> None:
    """Set the volume that fills of this bar may take, and count the own bars of what is held."""
    rules, tape = book.rules, book.tape
    for symbol, has_bar in enumerate(tape.has_bar[bar]):
        book.volume_left[symbol] = INF
        if not has_bar:
            book.volume_left[symbol] = 0.0
        elif rules.max_volume_share > 0:
            book.volume_left[symbol] = rules.max_volume_share * tape.volume[bar][symbol]
        elif rules.impact_frac > 0 and tape.volume[bar][symbol] == 0:
            book.volume_left[symbol] = 0.0  # nobody traded, so nobody can say at what price
    for slot in book.slots:
        slot.weight = NAN
        if slot.position.side and tape.has_bar[bar][slot.symbol]:
            slot.position.own_bars += 1


# ---- step 1


def carry(book: Book, bar: int) -> None:
    """Pay interest, borrow and funding on what was held over the gap, marked at the last close."""
    tape, rules = book.tape, book.rules
    book.carry = (0.0, 0.0, 0.0)
    if bar == 0:
        return
    years = float(tape.times[bar] - tape.times[bar - 1]) / float(365 * NS_PER_DAY)
    interest = borrow_sum = funding_sum = 0.0
    if book.cash < 0:
        interest = (-book.cash) * rules.margin_rate_ann * years
        book.cash -= interest
        book.account_carry += interest
    for slot in book.slots:
        position = slot.position
        if not position.side:
            continue
        value = position.held * book.last_close[slot.symbol]
        borrow = value * rules.borrow_ann * years if position.side < 0 else 0.0
        funding = position.side * value * tape.funding[bar][slot.symbol] if tape.funding else 0.0
        book.cash = book.cash - borrow - funding
        position.borrow += borrow
        position.funding += funding
        borrow_sum += borrow
        funding_sum += funding
    book.carry = (borrow_sum, funding_sum, interest)


# ---- step 5


def close_bar(book: Book, when: Moment) -> None:
    """Mark to market, then look at bankruptcy, the end, margin and breakers for the bars to come."""
    bar, rules = when.bar, book.rules
    for symbol, has_bar in enumerate(book.tape.has_bar[bar]):
        if has_bar:
            book.last_close[symbol], book.last_bar[symbol] = when.prices[symbol], bar
    if book.bankrupt_at_open or worth(book, book.last_close)[0] <= 0:
        for slot in book.slots:
            if slot.position.side:
                leave(book, slot, when, INF, book.last_close[slot.symbol], BANKRUPT, limited=False)
        book.bankrupt_bar = bar
        return
    if rules.close_at_end == END_AT_CLOSE and book.is_last(bar):
        for slot in book.slots:
            leave_at_the_end(book, slot, when)
    equity, gross, _ = worth(book, book.last_close)
    if not rules.isolated and rules.maintenance_margin > 0 and equity < rules.maintenance_margin * gross:
        for slot in book.slots:
            slot.position.flagged = slot.position.side != 0
    watch_drawdown(book, bar, equity)
    watch_daily_loss(book, bar, equity)
    watch_losses(book, bar)
    book.last_equity = equity


def log_breaker(book: Book, bar: int, outcome: Code, rule: Code) -> None:
    """Write that a breaker closed or opened."""
    book.log(bar, None, NO_SIDE, 1.0, NAN, 0.0, outcome, rule)


def may_reopen(book: Book, bar: int, closed_at: int) -> bool:
    """Whether a breaker that closed at `closed_at` opens again at this close."""
    return bool(0 < book.rules.reopen_after_bars <= bar - closed_at)


def watch_drawdown(book: Book, bar: int, equity: float) -> None:
    """Close or reopen the drawdown breaker; reopening starts from a new peak."""
    limit = book.rules.max_drawdown
    if limit <= 0:
        return
    if book.drawdown_closed_at >= 0:
        if may_reopen(book, bar, book.drawdown_closed_at):
            book.drawdown_closed_at, book.peak = -1, equity
            log_breaker(book, bar, BREAKER_OPENED, BREAKER_DRAWDOWN)
        return
    book.peak = max(book.peak, equity)
    if equity <= book.peak * (1 - limit):
        book.drawdown_closed_at = bar
        log_breaker(book, bar, BREAKER_CLOSED, BREAKER_DRAWDOWN)


def watch_daily_loss(book: Book, bar: int, equity: float) -> None:
    """Close the daily loss breaker for the rest of the day, open it at the first close of another."""
    limit, day = book.rules.max_daily_loss, book.tape.day
    if bar > 0 and day[bar] != day[bar - 1]:
        book.day_base = book.last_equity
    if limit <= 0:
        return
    if book.daily_closed and day[bar] != book.daily_closed_day:
        book.daily_closed = False
        log_breaker(book, bar, BREAKER_OPENED, BREAKER_DAILY_LOSS)
    if not book.daily_closed and equity <= book.day_base * (1 - limit):
        book.daily_closed, book.daily_closed_day = True, day[bar]
        log_breaker(book, bar, BREAKER_CLOSED, BREAKER_DAILY_LOSS)


def watch_losses(book: Book, bar: int) -> None:
    """Close the breaker after too many losing trades in a row, or reopen it with the count at 0."""
    limit = book.rules.max_consecutive_losses
    if limit <= 0:
        return
    if book.losses_closed_at >= 0:
        if may_reopen(book, bar, book.losses_closed_at):
            book.losses_closed_at, book.losses_in_a_row = -1, 0
            log_breaker(book, bar, BREAKER_OPENED, BREAKER_LOSSES)
        return
    if book.losses_in_a_row >= limit:
        book.losses_closed_at = bar
        log_breaker(book, bar, BREAKER_CLOSED, BREAKER_LOSSES)


# ---- the end


def end_of_data(book: Book) -> None:
    """Let expire what waits, and what was asked on the last bar with no open left to act on it."""
    last = len(book.tape.times) - 1
    when = Moment(last + 1, last, [])
    next_open = book.rules.intents_fill_at == NEXT_OPEN
    if next_open:
        refresh_edges(book, when)
    for slot in book.slots:
        position = slot.position
        if position.exit_waiting > 0 and position.exit_decided >= 0:
            confidence = book.asked.at("confidence", position.exit_decided, slot)
            requested = min(position.exit_waiting, position.held)
            book.log(position.exit_decided, slot, EXIT_SIDE, confidence, requested, 0.0, EXPIRED, END_OF_DATA)
        drop_kept_weight(book, slot, NAN, END_OF_DATA)
        if position.entry_waiting > 0:
            rest, confidence = position.entry_waiting, position.entry_confidence
            book.log(last, slot, position.side, confidence, rest, 0.0, EXPIRED, END_OF_DATA, of_owner=True)
        if next_open or order_of(book, slot, last):
            expire_intent(book, slot, last)


def expire_intent(book: Book, slot: Slot, last: int) -> None:
    """Log that the intent of the last bar expires, if it asks for a change; one that does not is not counted."""
    position, weight = slot.position, book.asked.weight(last, slot)
    side = book.asked.side(last, slot)
    rule = END_OF_DATA if book.tape.has_bar[last][slot.symbol] else NO_PRICE
    outcome = EXPIRED if rule == END_OF_DATA else REFUSED
    if slot.by_weight and not math.isnan(weight):
        side = (weight > 0) - (weight < 0) or -position.side
        changes = True
    elif side == 2:
        changes = position.side != 0 and position.exit_waiting != INF
    else:
        fresh = not waits_for_edge(book, slot, side)
        changes = side != 0 and (rule == NO_PRICE or (fresh and not is_held(book, slot, side)))
    if changes:
        confidence = book.asked.at("confidence", last, slot)
        book.log(last, slot, side, confidence, NAN, 0.0, outcome, rule)
