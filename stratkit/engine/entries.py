"""Entries: candidates held to cash and volume, and filled in rank order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inlined, inner
from stratkit.engine.candidates import MORE, REST, WEIGHTS, drop, gather, rank, size_candidate
from stratkit.engine.caps import (
    TRUE_SUMS,
    at_risk,
    cap_globally,
    cap_net,
    cap_strategies,
    cap_weights,
    held_at_risk,
)
from stratkit.engine.layout import (
    ADD,
    CASH,
    ENTRY,
    FILLED,
    LOT,
    MIN_NOTIONAL,
    NO_RULE,
    REBALANCE_IN,
    REDUCED,
    STOP,
    VOLUME,
    WAIT,
)
from stratkit.engine.levels import move_levels, set_active_stop, set_next_target
from stratkit.engine.positions import book_fill, log_decision, take_volume
from stratkit.engine.prices import commission, tick_down, tick_up
from stratkit.engine.worth import note_holding
from stratkit.risk.sizing import lot_down

NOTHING = 1e-9  # of what was asked for: what a cap, cash or volume leaves at or below it is a rounding error


@inner
def fit_cash(rules: Any, quantity: float, price: float, available: float) -> float:
    """Return the largest quantity, in lots, that `available` pays for with its fee; 0 for none."""
    if quantity * price + commission(rules, quantity, price) <= available:
        return quantity
    most = min(
        (available - rules.commission_per_order) / (price * (1.0 + rules.commission_frac) + rules.commission_per_share),
        (available - rules.commission_minimum) / price,
    )
    quantity = lot_down(most, rules.lot_size)
    while quantity > 0.0 and quantity * price + commission(rules, quantity, price) > available:
        quantity = quantity - rules.lot_size if rules.lot_size > 0.0 else quantity * (1.0 - 1e-15)
    return max(quantity, 0.0)


@inner
def to_harder_tick(price: float, tick: float, side: int) -> float:
    """Round a target away from the entry: up for a long, down for a short."""
    return tick_up(price, tick) if side > 0 else tick_down(price, tick)


@inlined
def set_levels(s: Any, c: Any, plan: Any, rules: Any) -> None:
    """Set stop and targets of a new position from its fill price."""
    side, price, unit = c.side, c.price, s.risk_unit
    level = c.stop_level if c.stop_level == c.stop_level else price - side * (unit * plan.sl)
    s.stop = tick_down(level, rules.tick_size) if side > 0 else tick_up(level, rules.tick_size)
    s.stop_kind = STOP
    s.stop_distance = c.stop_distance
    s.target1 = price + side * (plan.tp1 * unit)
    s.fraction1 = plan.f1
    s.last_target = plan.last_target
    s.takes_rest = plan.last_takes_rest
    if c.target_level == c.target_level:
        s.target1 = c.target_level
        if plan.last_target == 0:
            s.fraction1 = 1.0
            s.last_target = 1
            s.takes_rest = 1
    s.target1 = to_harder_tick(s.target1, rules.tick_size, side)
    s.target2 = to_harder_tick(price + side * (plan.tp2 * unit), rules.tick_size, side)
    s.target3 = to_harder_tick(price + side * (plan.tp3 * unit), rules.tick_size, side)
    s.targets_done = 0
    s.target_filled = 0.0
    set_next_target(s)
    s.moves = 1 if plan.be == plan.be or plan.trail_by == plan.trail_by else 0
    s.time_stop = plan.time_stop_bars


@inlined
def open_position(s: Any, account: Any, c: Any, plan: Any, rules: Any, bar: int, row: int) -> None:
    """Turn a flat slot into a position of the candidate, with nothing held yet."""
    s.side = c.side
    s.strategy = c.strategy
    s.entry = c.price
    s.average = c.price
    s.risk_unit = c.risk_unit if c.risk_unit > 0.0 else math.nan
    s.plan = c.plan
    set_levels(s, c, plan, rules)
    s.extreme = c.price
    s.worst = c.price
    s.best = c.price
    s.bars_held = 0
    s.decision_bar = row
    s.entry_bar = bar
    s.resting_bar = bar if c.inside == 1 else np.int64(-1)
    s.trade = account.trades_opened
    account.trades_opened += 1
    s.entry_quantity = 0.0
    s.entry_value = 0.0
    s.exit_value = 0.0
    s.exit_quantity = 0.0
    s.commission = 0.0
    s.slippage = 0.0
    s.borrow = 0.0
    s.funding = 0.0
    s.dividend = 0.0
    s.ambiguous = 0
    s.adds = 0
    s.exit_wanted = 0.0
    s.exit_bar = -1
    s.awaits_edge = 0


@inlined
def fill_entry(
    c: Any, s: Any, account: Any, plan: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int,
    quantity: float, fee: float, at_close: bool,
) -> None:  # fmt: skip
    """Book an entry, add, rest or increase, and set or keep the position's levels."""
    opens = s.side == 0
    if opens:
        open_position(s, account, c, plan, rules, bar, row)
        reason = ENTRY
    else:
        added = c.kind == MORE or (c.kind == REST and s.adds > 0)
        reason = REBALANCE_IN if s.kind == 1 else (ADD if added else ENTRY)
        s.adds += 1 if c.kind == MORE else 0
    s.entry_value += quantity * c.price
    s.entry_quantity += quantity
    s.held = s.held + quantity
    if not opens:
        s.average = s.entry_value / s.entry_quantity
    book_fill(s, account, logs, stream, bar, c.slot, c.side, quantity, c.price, c.base, fee, reason)
    set_active_stop(s, rules)
    if at_close and opens and s.moves == 1:
        move_levels(s, plan, rules)


@inlined
def try_fill(
    c: Any, s: Any, account: Any, symbol: Any, plan: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int,
    sums: Any, at_close: bool,
) -> None:  # fmt: skip
    """Fit a capped candidate into lot, cash, minimum and volume, and fill it.

    `sums` starts with gross, net, at risk, open positions; index 8 is the equity left for buying power.
    """
    quantity = lot_down(c.quantity, rules.lot_size)
    if quantity <= 0.0:
        drop(c, s, account, logs, row, LOT)
        return
    nothing = NOTHING * c.requested
    if quantity <= nothing:
        drop(c, s, account, logs, row, c.rule)
        return
    available = rules.leverage * sums[8] - sums[0]
    if rules.leverage <= 1.0 and c.side > 0:
        available = min(available, account.cash)
    fitting = fit_cash(rules, quantity, c.price, available)
    if fitting < quantity:
        c.rule = CASH
        quantity = fitting
    if quantity <= nothing:
        drop(c, s, account, logs, row, CASH)
        return
    if c.kind != REST and quantity * c.price < rules.min_notional:
        drop(c, s, account, logs, row, MIN_NOTIONAL)
        return
    granted = quantity
    if quantity > symbol.volume_left:
        granted = lot_down(symbol.volume_left, rules.lot_size)
        c.rule = VOLUME
        if granted <= nothing:
            drop(c, s, account, logs, row, VOLUME)
            return
    take_volume(symbol, granted)
    fee = commission(rules, granted, c.price)
    sums[3] += 1.0 if s.side == 0 else 0.0
    fill_entry(c, s, account, plan, rules, logs, stream, bar, row, granted, fee, at_close)
    value = granted * c.price
    sums[0] += value
    sums[1] += c.side * value
    sums[2] += at_risk(c, granted, rules.risk_basis)
    sums[8] = sums[8] - fee
    symbol.gross += value
    s.waiting = 0.0
    if granted < quantity and rules.partial == WAIT:
        s.waiting = quantity - granted
        s.waiting_side = c.side
        s.waiting_confidence = c.confidence
    if c.kind != REST:
        log_decision(account, logs, row, c.slot, c.asker, c.side, c.confidence, c.requested, granted,
                     FILLED if c.rule == NO_RULE else REDUCED, c.rule)  # fmt: skip


@inlined
def sum_held(
    slots: Any, account: Any, holding: Any, symbols: Any, rules: Any, marks: Any, equity: float, sums: Any
) -> None:
    """Start the running sums of a bar's entries from what is held at the marks."""
    for index in range(4):
        sums[index] = 0.0
    sums[8] = equity
    for index in range(symbols.shape[0]):
        symbols[index].gross = 0.0
    for place in range(account.holding):
        s = slots[holding[place]]
        if s.side != 0:
            value = s.held * marks[s.symbol]
            sums[0] += value
            sums[1] += s.side * value
            sums[2] += held_at_risk(s, marks[s.symbol], rules.risk_basis)
            sums[3] += 1.0
            symbols[s.symbol].gross += value


@inner
def enter(
    book: Any, quotes: Any, orders: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int,
    ends: bool, equity: float, at_close: bool, batch: int, plays: int, wanted: int,
) -> None:  # fmt: skip
    """Make the entries of one batch of candidates among the first `wanted` slots of `book.wanting`, in rank order.

    `book.prices` (N,) is where orders fill before slippage, NaN without a bar; `book.marks` (N,) values what is
    held; `equity` is the one equity; `book.sums` (9,) carries the running sums from the sides to the weights.
    """
    slots, account, symbols, strategies = book.slots, book.account[0], book.symbols, book.strategies
    candidates, order, sums, marks = book.candidates, book.order, book.sums, book.marks
    count = gather(slots, account, candidates, quotes, orders, targets, rules, logs, bar, row, quotes.day[row], ends,
                   book.prices, batch, plays, book.wanting, wanted)  # fmt: skip
    if count == 0:
        return
    for index in range(count):
        c = candidates[index]
        s = slots[c.slot]
        size_candidate(c, s, account, strategies[c.strategy], targets.plans[c.plan], rules, logs, row, equity)
    cap_strategies(slots, account, strategies, candidates, rules, logs, row, count, equity, marks, book.holding)
    rank(candidates, order, count)
    if batch == WEIGHTS:
        cap_weights(slots, account, symbols, candidates, order, rules, logs, row, count, equity, sums)
    for place in range(count):
        c = candidates[order[place]]
        if c.dropped == 1:
            continue
        s = slots[c.slot]
        symbol = symbols[s.symbol]
        if batch == WEIGHTS:  # an offsetting increase that was granted may have been refused since
            rule = cap_net(c, rules, equity, sums[1])
        else:
            rule = cap_globally(c, rules, equity, sums, TRUE_SUMS, symbol.gross, s.side == 0)
        if rule != NO_RULE:
            drop(c, s, account, logs, row, rule)
            continue
        try_fill(c, s, account, symbol, targets.plans[c.plan], rules, logs, stream, bar, row, sums, at_close)
        if s.side != 0:
            note_holding(account, book.busy, book.holding, c.slot)
