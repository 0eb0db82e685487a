"""One position from first fill to flat: booking fills, moving levels, closing the trade."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import compiled, inner
from stratkit.engine.layout import (
    BREAK_EVEN,
    CANCELLED,
    EXIT_SIDE,
    EXPIRED,
    NEW_EDGE,
    SKIPPED,
    STOP,
    TARGET,
    TARGET_ROUNDED_TO_ZERO,
    TRAILING,
)
from stratkit.engine.levels import set_next_target
from stratkit.engine.prices import commission, market_price
from stratkit.engine.stream import stream_fill, stream_trade
from stratkit.risk.sizing import lot_down

SLIPS = np.int64(1)  # the fill pays slippage
NO_ROW = np.int64(-1)  # a waiting exit that owes no row of the log
DUST = 1e-12  # of the quantity entered: what remains at or below it is a rounding error


@inner
def log_decision(
    account: Any, logs: Any, bar: int, slot: int, strategy: int, side: int, confidence: float,
    requested: float, granted: float, outcome: int, rule: int,
) -> None:  # fmt: skip
    """Write one row of the decision log."""
    if logs is not None:
        row = logs.decisions[account.decision_rows]
        row.bar = bar
        row.slot = slot
        row.side = side
        row.confidence = confidence
        row.requested = requested
        row.granted = granted
        row.outcome = outcome
        row.rule = rule
        row.strategy = strategy
        account.decision_rows += 1


@inner
def book_fill(
    s: Any, account: Any, logs: Any, stream: Any, bar: int, slot: int, direction: int,
    quantity: float, price: float, base: float, fee: float, reason: int,
) -> None:  # fmt: skip
    """Move cash for one fill and write its row: the only place where cash is traded."""
    account.cash = account.cash - direction * (quantity * price) - fee
    slippage = (price - base) * direction * quantity
    s.commission += fee
    s.slippage += slippage
    s.last_reason = reason
    if stream is not None:
        stream_fill(stream, quantity, price, fee, slippage)
    if logs is not None:
        row = logs.fills[account.fill_rows]
        row.bar = bar
        row.slot = slot
        row.direction = direction
        row.quantity = quantity
        row.price = price
        row.base_price = base
        row.commission = fee
        row.slippage = slippage
        row.reason = reason
        row.trade = s.trade
        row.strategy = s.strategy
        account.fill_rows += 1


@inner
def write_trade(s: Any, account: Any, logs: Any, slot: int, exit_bar: int, exit_value: float) -> float:
    """Write the row of a trade, closed or still open, and return its net P&L."""
    gross = s.side * (exit_value - s.entry_value)
    pnl = gross - s.commission - s.borrow - s.funding + s.dividend
    if logs is not None:
        row = logs.trades[account.trade_rows]
        row.trade = s.trade
        row.slot = slot
        row.side = s.side
        row.decision_bar = s.decision_bar
        row.entry_bar = s.entry_bar
        row.exit_bar = exit_bar
        row.bars_held = s.bars_held
        row.quantity = s.entry_quantity
        row.entry_price = s.average
        row.exit_price = s.exit_value / s.exit_quantity if s.exit_quantity > 0.0 else math.nan
        row.risk_unit = s.risk_unit
        row.gross_pnl = gross
        row.commission = s.commission
        row.slippage = s.slippage
        row.borrow = s.borrow
        row.funding = s.funding
        row.dividend = s.dividend
        row.pnl = pnl
        row.r_multiple = pnl / (s.risk_unit * s.entry_quantity)
        row.worst_price = s.worst
        row.best_price = s.best
        row.exit_reason = s.last_reason
        row.ambiguous = s.ambiguous
        row.strategy = s.strategy
        account.trade_rows += 1
    return pnl


@inner
def take_volume(symbol: Any, quantity: float) -> None:
    """Take a fill from what the bar has to give; a rounding error that is left counts as nothing."""
    symbol.volume_left -= quantity
    if symbol.volume_left <= DUST * quantity:
        symbol.volume_left = 0.0


@compiled
def write_open_trades(slots: Any, account: Any, symbols: Any, logs: Any) -> None:
    """Write the trades that are still open at the end, marked at the last close."""
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side != 0:
            write_trade(s, account[0], logs, slot, NO_ROW, s.exit_value + s.held * symbols[s.symbol].mark)


@inner
def cancel_rest(s: Any, account: Any, logs: Any, bar: int, slot: int) -> None:
    """Give up the rest of an entry that waited for volume."""
    if s.waiting > 0.0:
        log_decision(account, logs, bar, slot, s.strategy, s.waiting_side, s.waiting_confidence, s.waiting, 0.0,
                     EXPIRED, CANCELLED)  # fmt: skip
        s.waiting = 0.0


@inner
def drop_waiting_weight(s: Any, account: Any, logs: Any, slot: int, rule: int) -> None:
    """Give up a weight that waited for a bar, with the row that it still owes."""
    if s.weight_bar >= 0:
        log_decision(account, logs, s.weight_bar, slot, s.weight_by, -s.side, s.weight_confidence, math.nan, 0.0,
                     EXPIRED, rule)  # fmt: skip
    s.weight_wanted = math.nan
    s.weight_bar = -1


@inner
def close_trade(
    s: Any, account: Any, strategy: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int, before: float,
    in_force: int,
) -> None:  # fmt: skip
    """Settle a slot that has gone flat: its trade, streaks, Kelly sums, the edge and what waited on it."""
    if s.exit_wanted > 0.0 and s.exit_bar >= 0:
        log_decision(account, logs, s.exit_bar, slot, s.exit_by, EXIT_SIDE, s.exit_confidence,
                     min(s.exit_wanted, before), 0.0, EXPIRED, CANCELLED)  # fmt: skip
    cancel_rest(s, account, logs, bar, slot)
    drop_waiting_weight(s, account, logs, slot, CANCELLED)
    pnl = write_trade(s, account, logs, slot, bar, s.exit_value)
    if stream is not None:
        stream_trade(stream, pnl, pnl / (s.risk_unit * s.entry_quantity), s.bars_held, s.ambiguous)
    account.loss_streak = account.loss_streak + 1 if pnl < 0.0 else 0
    strategy.trades += 1
    strategy.realised += pnl
    on_notional = pnl / s.entry_value
    if pnl > 0.0:
        strategy.wins += 1
        strategy.win_sum += on_notional
    else:
        strategy.loss_sum -= on_notional
    s.left_side = s.side
    s.left_bar = bar
    s.awaits_edge = s.side if rules.reenter == NEW_EDGE and in_force == s.side else 0
    s.side = 0
    s.held = 0.0
    s.exit_wanted = 0.0
    s.exit_bar = -1
    s.flagged = 0
    s.active_stop = math.nan
    s.next_target = math.nan


@inner
def leave(
    s: Any, account: Any, strategy: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    quantity: float, price: float, base: float, fee: float, reason: int, in_force: int,
) -> None:  # fmt: skip
    """Book a fill that reduces the position; close the trade when nothing is left."""
    before = s.held
    book_fill(s, account, logs, stream, bar, slot, -s.side, quantity, price, base, fee, reason)
    s.exit_value += quantity * price
    s.exit_quantity += quantity
    s.held = before - quantity
    if rules.cooldown_bars > 0 and (reason == STOP or reason == BREAK_EVEN or reason == TRAILING):
        s.cooldown_until = bar + rules.cooldown_bars
    if s.held <= DUST * s.entry_quantity:
        close_trade(s, account, strategy, rules, logs, stream, bar, slot, before, in_force)


@inner
def wait_to_leave(s: Any, quantity: float, reason: int, decided: int, confidence: float, by: int) -> None:
    """Let an exit wait for a bar or for volume; one that waits already keeps its reason and its row."""
    if s.exit_wanted == 0.0:
        s.exit_reason = reason
        s.exit_bar = decided
        s.exit_confidence = confidence
        s.exit_by = by
    s.exit_wanted = max(s.exit_wanted, quantity)


@inner
def leave_at_market(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    wanted: float, base: float, reason: int, slips: int, volatility: float, volume: float, in_force: int,
) -> float:  # fmt: skip
    """Leave up to `wanted` units (infinite: all) at the market; what volume holds back waits. Return what left."""
    quantity = min(wanted, s.held)
    if quantity > symbol.volume_left:
        quantity = lot_down(symbol.volume_left, rules.lot_size)
    if quantity > 0.0:
        price = market_price(rules, base, -s.side, s.held, volatility, volume, slips == 1)
        meet(s, base)
        take_volume(symbol, quantity)
        leave(s, account, strategy, rules, logs, stream, bar, slot, quantity, price, base,
              commission(rules, quantity, price), reason, in_force)  # fmt: skip
    else:
        quantity = 0.0
    if s.side != 0 and quantity < wanted:
        wait_to_leave(s, wanted - quantity, reason, NO_ROW, 1.0, s.strategy)
        if wanted == math.inf:
            cancel_rest(s, account, logs, bar, slot)
    return quantity


@inner
def meet(s: Any, price: float) -> None:
    """Widen the excursion of an open position to a price that it has met."""
    if s.side > 0:
        s.worst = min(s.worst, price)
        s.best = max(s.best, price)
    else:
        s.worst = max(s.worst, price)
        s.best = min(s.best, price)


@inner
def take_targets(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any,
    bar: int, slot: int, reached: float, open_: float, at_open: bool, in_force: int,
) -> None:  # fmt: skip
    """Fill, in order, every target that price `reached`, at its level or at the better open.

    `at_open`: `reached` is the open itself, which a position that leaves has met.
    """
    while s.side != 0 and (reached >= s.next_target if s.side > 0 else reached <= s.next_target):
        level = max(s.next_target, open_) if s.side > 0 else min(s.next_target, open_)
        done = s.targets_done
        fraction = s.fraction1 if done == 0 else (plan.f2 if done == 1 else plan.f3)
        wanted = s.held
        if not (s.takes_rest == 1 and done + 1 == s.last_target):
            wanted = min(s.held, lot_down(fraction * s.entry_quantity, rules.lot_size) - s.target_filled)
        if wanted <= 0.0:
            log_decision(account, logs, bar, slot, s.strategy, EXIT_SIDE, math.nan, fraction * s.entry_quantity, 0.0,
                         SKIPPED, TARGET_ROUNDED_TO_ZERO)  # fmt: skip
            s.targets_done = done + 1
            s.target_filled = 0.0
            set_next_target(s)
            continue
        quantity = wanted
        if wanted > symbol.volume_left:
            quantity = lot_down(symbol.volume_left, rules.lot_size)
            if quantity <= 0.0:
                return
        take_volume(symbol, quantity)
        meet(s, level)
        if at_open:
            meet(s, reached)
        if quantity == wanted:
            s.targets_done = done + 1
            s.target_filled = 0.0
            set_next_target(s)
        else:
            s.target_filled += quantity
        leave(s, account, strategy, rules, logs, stream, bar, slot, quantity, level, level,
              commission(rules, quantity, level), TARGET, in_force)  # fmt: skip
        if quantity < wanted:
            return
