"""Entries: candidates held to their caps, to cash and to volume, and filled in rank order."""

from __future__ import annotations

import math
from typing import Any

from stratkit.compiled import compiled, inlined
from stratkit.engine.candidates import MORE, REST, drop, gather, rank, size_candidate
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
    ENTRY,
    FILLED,
    LOT,
    MIN_NOTIONAL,
    NO_RULE,
    REBALANCE_IN,
    REDUCED,
    REJECT,
    STOP,
    VOLUME,
    WAIT,
)
from stratkit.engine.positions import (
    book_fill,
    log_decision,
    move_levels,
    set_active_stop,
    set_next_target,
    take_volume,
)
from stratkit.engine.prices import commission, tick_down, tick_up
from stratkit.risk.sizing import fits, fits_net, lot_down


@compiled
def held_at_risk(s: Any, mark: float, risk_basis: int) -> float:
    """Return what an open position has at risk: its value, or the way to its stop."""
    if risk_basis == BY_STOP and s.active_stop == s.active_stop:
        return s.held * max(0.0, s.side * (mark - s.active_stop))
    return s.held * mark


@compiled
def at_risk(c: Any, quantity: float, risk_basis: int) -> float:
    """Return what a candidate would put at risk."""
    return quantity * (c.distance if risk_basis == BY_STOP else c.price)


@inlined
def cap_strategies(
    slots: Any, account: Any, strategies: Any, candidates: Any, rules: Any, logs: Any, row: int, count: int,
    equity: float, marks: Any,
) -> None:  # fmt: skip
    """Refuse, or cut pro rata, all candidates of a strategy that would exceed its own cap."""
    capped = False
    for index in range(strategies.shape[0]):
        y = strategies[index]
        y.asked = 0.0
        y.held = 0.0
        capped = capped or y.cap > 0.0
    if not capped:
        return
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side != 0:
            strategies[s.strategy].held += held_at_risk(s, marks[s.symbol], rules.risk_basis)
    for index in range(count):
        c = candidates[index]
        if c.dropped == 0:
            strategies[slots[c.slot].strategy].asked += at_risk(c, c.quantity, rules.risk_basis)
    for index in range(count):
        c = candidates[index]
        s = slots[c.slot]
        y = strategies[s.strategy]
        if c.dropped == 1 or not y.cap > 0.0 or fits(y.asked, y.cap, equity, y.held):
            continue
        room = y.cap * equity - y.held
        if rules.on_breach == REJECT or room <= 0.0:
            drop(c, s, account, logs, row, CAP_STRATEGY)
        else:
            c.quantity = c.quantity * (room / y.asked)
            c.rule = CAP_STRATEGY


@compiled
def cap_net(c: Any, rules: Any, equity: float, net: float) -> int:
    """Cut a candidate to the net cap; return the rule that refuses it, or `NO_RULE`."""
    if rules.max_net < 0.0 or fits_net(c.quantity * c.price, c.side, rules.max_net, equity, net):
        return NO_RULE
    room = rules.max_net * equity - c.side * net
    if rules.on_breach == REJECT or room <= 0.0:
        return CAP_NET
    c.quantity = room / c.price
    c.rule = CAP_NET
    return NO_RULE


@compiled
def cap_globally(c: Any, rules: Any, equity: float, sums: Any, first: int, symbol_gross: float, opens: bool) -> int:
    """Cut a candidate to the global caps in order; return the rule that refuses it, or `NO_RULE`.

    `sums` holds, from index `first`, gross, net, at risk and open positions, entries of this bar included.
    """
    cut = rules.on_breach != REJECT
    if rules.max_total_at_risk > 0.0:
        distance = c.distance if rules.risk_basis == BY_STOP else c.price
        if not fits(c.quantity * distance, rules.max_total_at_risk, equity, sums[first + 2]):
            room = rules.max_total_at_risk * equity - sums[first + 2]
            if not cut or room <= 0.0:
                return CAP_TOTAL_AT_RISK
            c.quantity = room / distance
            c.rule = CAP_TOTAL_AT_RISK
    if rules.max_open_positions > 0 and opens and sums[first + 3] >= rules.max_open_positions:
        return CAP_OPEN_POSITIONS
    if rules.max_symbol > 0.0 and not fits(c.quantity * c.price, rules.max_symbol, equity, symbol_gross):
        room = rules.max_symbol * equity - symbol_gross
        if not cut or room <= 0.0:
            return CAP_SYMBOL
        c.quantity = room / c.price
        c.rule = CAP_SYMBOL
    gross, net = sums[first], sums[first + 1]
    if rules.max_gross_leverage > 0.0 and not fits(c.quantity * c.price, rules.max_gross_leverage, equity, gross):
        room = rules.max_gross_leverage * equity - gross
        if not cut or room <= 0.0:
            return CAP_GROSS
        c.quantity = room / c.price
        c.rule = CAP_GROSS
    return cap_net(c, rules, equity, net)


@compiled
def fit_cash(rules: Any, quantity: float, price: float, available: float) -> float:
    """Return the largest quantity, in lots, that `available` pays for with its fee; 0 for none."""
    if quantity * price + commission(rules, quantity, price) <= available:
        return quantity
    most = min(
        (available - rules.commission_per_order)
        / (price * (1.0 + rules.commission_frac) + rules.commission_per_share),
        (available - rules.commission_minimum) / price,
    )
    quantity = lot_down(most, rules.lot_size)
    while quantity > 0.0 and quantity * price + commission(rules, quantity, price) > available:
        quantity = quantity - rules.lot_size if rules.lot_size > 0.0 else quantity * (1.0 - 1e-15)
    return max(quantity, 0.0)


@compiled
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
    available = rules.leverage * sums[8] - sums[0]
    if rules.leverage <= 1.0 and c.side > 0:
        available = min(available, account.cash)
    fitting = fit_cash(rules, quantity, c.price, available)
    if fitting < quantity:
        c.rule = CASH
        quantity = fitting
    if quantity <= 0.0:
        drop(c, s, account, logs, row, CASH)
        return
    if c.kind != REST and quantity * c.price < rules.min_notional:
        drop(c, s, account, logs, row, MIN_NOTIONAL)
        return
    granted = quantity
    if quantity > symbol.volume_left:
        granted = lot_down(symbol.volume_left, rules.lot_size)
        c.rule = VOLUME
        if granted <= 0.0:
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
        log_decision(account, logs, row, c.slot, c.side, c.confidence, c.requested, granted,
                     FILLED if c.rule == NO_RULE else REDUCED, c.rule)  # fmt: skip


@compiled
def scale_to_cash(
    slots: Any, account: Any, candidates: Any, order: Any, rules: Any, logs: Any, row: int, count: int, available: float
) -> None:
    """Shrink all weight increases by one factor when together they cost more than there is."""
    cost, notional, fees = 0.0, 0.0, 0.0
    for place in range(count):
        c = candidates[order[place]]
        if c.dropped == 0:
            fee = commission(rules, c.quantity, c.price)
            cost += c.quantity * c.price + fee
            notional += c.quantity * c.price
            fees += fee
    if cost <= available:
        return
    factor = (available - fees) / notional
    for place in range(count):
        c = candidates[order[place]]
        if c.dropped == 0:
            c.quantity = lot_down(c.quantity * factor, rules.lot_size)
            c.rule = CASH
            if c.quantity <= 0.0:
                drop(c, slots[c.slot], account, logs, row, CASH)


@compiled
def cap_weights(
    slots: Any, account: Any, symbols: Any, candidates: Any, order: Any, rules: Any, logs: Any, row: int, count: int,
    equity: float, sums: Any,
) -> None:  # fmt: skip
    """Hold weight increases to the global caps, in rank order, on provisional sums (indices 4 to 7)."""
    for index in range(4):
        sums[4 + index] = sums[index]
    for place in range(count):
        c = candidates[order[place]]
        if c.dropped == 1:
            continue
        s = slots[c.slot]
        symbol = symbols[s.symbol]
        rule = cap_globally(c, rules, equity, sums, 4, symbol.gross, s.side == 0)
        if rule == NO_RULE:
            c.quantity = lot_down(c.quantity, rules.lot_size)
            if c.quantity <= 0.0:
                rule = LOT
        if rule != NO_RULE:
            drop(c, s, account, logs, row, rule)
            continue
        value = c.quantity * c.price
        sums[4] += value
        sums[5] += c.side * value
        sums[6] += at_risk(c, c.quantity, rules.risk_basis)
        sums[7] += 1.0 if s.side == 0 else 0.0
        symbol.gross += value
    scale_to_cash(slots, account, candidates, order, rules, logs, row, count, rules.leverage * sums[8] - sums[0])


@inlined
def sum_held(slots: Any, symbols: Any, rules: Any, marks: Any, equity: float, sums: Any) -> None:
    """Start the running sums of a bar's entries from what is held at the marks."""
    for index in range(4):
        sums[index] = 0.0
    sums[8] = equity
    for index in range(symbols.shape[0]):
        symbols[index].gross = 0.0
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side != 0:
            value = s.held * marks[s.symbol]
            sums[0] += value
            sums[1] += s.side * value
            sums[2] += held_at_risk(s, marks[s.symbol], rules.risk_basis)
            sums[3] += 1.0
            symbols[s.symbol].gross += value


@inlined
def enter(
    slots: Any, account: Any, symbols: Any, strategies: Any, candidates: Any, order: Any, close: Any, volume: Any,
    volatility: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int, day: int, ends: bool,
    prices: Any, marks: Any, equity: float, sums: Any, at_close: bool, of_kind: int,
) -> None:  # fmt: skip
    """Make one bar's entries of the side slots (kind 0) in rank order, or the increases of the weight slots (1).

    `prices` (N,) is where orders fill before slippage, NaN without a bar; `marks` (N,) values what is
    held; `equity` is the one equity; `sums` (9,) carries the running sums from the sides to the weights.
    """
    count = gather(slots, account, candidates, close, volume, volatility, targets, rules, logs, bar, row, day, ends,
                   prices, of_kind)  # fmt: skip
    if count == 0:
        return
    for index in range(count):
        c = candidates[index]
        s = slots[c.slot]
        size_candidate(c, s, account, strategies[s.strategy], targets.plans[c.plan], rules, logs, row, equity)
    cap_strategies(slots, account, strategies, candidates, rules, logs, row, count, equity, marks)
    rank(candidates, order, count)
    if of_kind == 1:
        cap_weights(slots, account, symbols, candidates, order, rules, logs, row, count, equity, sums)
    for place in range(count):
        c = candidates[order[place]]
        if c.dropped == 1:
            continue
        s = slots[c.slot]
        symbol = symbols[s.symbol]
        if of_kind == 0:
            rule = cap_globally(c, rules, equity, sums, 0, symbol.gross, s.side == 0)
        else:  # an offsetting increase that was granted may have been refused since
            rule = cap_net(c, rules, equity, sums[1])
        if rule != NO_RULE:
            drop(c, s, account, logs, row, rule)
            continue
        try_fill(c, s, account, symbol, targets.plans[c.plan], rules, logs, stream, bar, row, sums, at_close)
