"""Caps: candidates refused, or cut to the room that is left, per strategy before globally."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.compiled import inlined, inner
from stratkit.engine.candidates import drop
from stratkit.engine.layout import (
    BY_STOP,
    CAP_GROSS,
    CAP_NET,
    CAP_OPEN_POSITIONS,
    CAP_STRATEGY,
    CAP_SYMBOL,
    CAP_TOTAL_AT_RISK,
    CASH,
    LOT,
    NO_RULE,
    REJECT,
)
from stratkit.engine.prices import commission
from stratkit.risk.sizing import fits, fits_net, lot_down

# where running sums start in the work space: gross, net, at risk, open positions
TRUE_SUMS, PROVISIONAL_SUMS = np.int64(0), np.int64(4)


@inner
def held_at_risk(s: Any, mark: float, risk_basis: int) -> float:
    """Return what an open position has at risk: its value, or the way to its stop."""
    if risk_basis == BY_STOP and s.active_stop == s.active_stop:
        return s.held * max(0.0, s.side * (mark - s.active_stop))
    return s.held * mark


@inner
def at_risk(c: Any, quantity: float, risk_basis: int) -> float:
    """Return what a candidate would put at risk."""
    return quantity * (c.distance if risk_basis == BY_STOP else c.price)


@inlined
def cap_strategies(
    slots: Any, account: Any, strategies: Any, candidates: Any, rules: Any, logs: Any, row: int, count: int,
    equity: float, marks: Any, holding: Any,
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
    for place in range(account.holding):
        s = slots[holding[place]]
        if s.side != 0:
            strategies[s.strategy].held += held_at_risk(s, marks[s.symbol], rules.risk_basis)
    for index in range(count):
        c = candidates[index]
        if c.dropped == 0:
            strategies[c.strategy].asked += at_risk(c, c.quantity, rules.risk_basis)
    for index in range(count):
        c = candidates[index]
        s = slots[c.slot]
        y = strategies[c.strategy]
        if c.dropped == 1 or not y.cap > 0.0 or fits(y.asked, y.cap, equity, y.held):
            continue
        room = y.cap * equity - y.held
        if rules.on_breach == REJECT or room <= 0.0:
            drop(c, s, account, logs, row, CAP_STRATEGY)
        else:
            c.quantity = c.quantity * (room / y.asked)
            c.rule = CAP_STRATEGY


@inner
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


@inner
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


@inner
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


@inner
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
        rule = cap_globally(c, rules, equity, sums, PROVISIONAL_SUMS, symbol.gross, s.side == 0)
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
