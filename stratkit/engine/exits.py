"""Exits: what takes a position out, in the order of the contract, one compiled step each."""

from __future__ import annotations

import math
from typing import Any

from stratkit.compiled import compiled
from stratkit.engine.layout import (
    BANKRUPT,
    CANCELLED,
    DELISTED,
    END,
    EXIT_SIDE,
    EXIT_SIGNAL,
    EXPIRED,
    FILLED,
    LIQUIDATION,
    MIN_NOTIONAL,
    MIN_TRADE_WEIGHT,
    NO_PRICE,
    NO_RULE,
    REBALANCE_OUT,
    REDUCED,
    REFUSED,
    REVERSE,
    SKIPPED,
    VOLUME,
)
from stratkit.engine.positions import leave, leave_at_market, log_decision, meet, move_levels, take_targets
from stratkit.engine.prices import commission, market_price
from stratkit.risk.sizing import lot_down


@compiled
def leave_gapped(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any,
    bar: int, slot: int, price: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Leave at the open by what was decided before it: liquidation, gapped stop, gapped targets, waiting exit."""
    if s.exit_wanted > 0.0 and s.exit_reason == LIQUIDATION:
        meet(s, price)
        leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, s.exit_wanted, price,
                        LIQUIDATION, volatility, volume, in_force)  # fmt: skip
        return
    if price <= s.active_stop if s.side > 0 else price >= s.active_stop:
        meet(s, price)
        leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, price,
                        s.active_kind, volatility, volume, in_force)  # fmt: skip
        return
    take_targets(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, price, True, volume, in_force)
    if s.side == 0 or s.exit_wanted <= 0.0:
        return
    meet(s, price)
    decided, wanted = s.exit_bar, min(s.exit_wanted, s.held)
    s.exit_bar = -1
    left = leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, s.exit_wanted, price,
                           s.exit_reason, volatility, volume, in_force)  # fmt: skip
    if decided >= 0 and left <= 0.0:
        s.exit_bar = decided
    elif decided >= 0:
        whole = left >= wanted
        log_decision(account, logs, decided, slot, EXIT_SIDE, 1.0, wanted, left,
                     FILLED if whole else REDUCED, NO_RULE if whole else VOLUME)  # fmt: skip


@compiled
def leave_by_intent(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int, slot: int,
    wish: int, confidence: float, fraction: float, price: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Play side 2, or the exit half of a reversal, at `price` (NaN: no bar, the exit waits)."""
    if s.waiting > 0.0:
        log_decision(account, logs, row, slot, s.waiting_side, s.waiting_confidence, s.waiting, 0.0,
                     EXPIRED, CANCELLED)  # fmt: skip
        s.waiting = 0.0
    reason = EXIT_SIGNAL if wish == 2 else REVERSE
    wanted = math.inf
    if wish == 2 and fraction < 1.0:  # NaN: all
        wanted = lot_down(fraction * s.held, rules.lot_size)
    if not price == price:
        if s.exit_wanted == 0.0:
            s.exit_wanted = wanted
            s.exit_reason = reason
            s.exit_bar = row if wish == 2 else -1
        return
    asked = min(wanted, s.held)
    meet(s, price)
    left = 0.0
    if wanted > 0.0:
        left = leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, wanted, price,
                               reason, volatility, volume, in_force)  # fmt: skip
    if wish == 2:
        whole = left >= asked
        log_decision(account, logs, row, slot, EXIT_SIDE, confidence, asked, left,
                     FILLED if whole else REDUCED, NO_RULE if whole else VOLUME)  # fmt: skip


@compiled
def close_weight(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int, slot: int,
    weight: float, confidence: float, price: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Leave whole: the weight is zero, or has the other sign (its entry half is played later)."""
    asked, direction = s.held, -s.side
    meet(s, price)
    left = leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, price,
                           REBALANCE_OUT if weight == 0.0 else REVERSE, volatility, volume, in_force)  # fmt: skip
    if weight == 0.0:
        s.weight_acted = bar
        whole = left >= asked
        log_decision(account, logs, row, slot, direction, confidence, asked, left,
                     FILLED if whole else REDUCED, NO_RULE if whole else VOLUME)  # fmt: skip


@compiled
def reduce_weight(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int, slot: int,
    weight: float, confidence: float, equity: float, price: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Leave what a target weight of the same sign asks less of, unless the change is too small."""
    less = s.held - abs(weight) * equity / price
    if not less > 0.0:
        return
    s.weight_acted = bar  # the entries of this bar leave the slot alone
    direction = -s.side
    small = less * price / equity < rules.min_trade_weight
    if small or less * price < rules.min_notional:
        log_decision(account, logs, row, slot, direction, confidence, less, 0.0, SKIPPED,
                     MIN_TRADE_WEIGHT if small else MIN_NOTIONAL)  # fmt: skip
        return
    asked = lot_down(less, rules.lot_size)
    left = 0.0
    if asked > 0.0:
        meet(s, price)
        left = leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, asked, price,
                               REBALANCE_OUT, volatility, volume, in_force)  # fmt: skip
    whole = left >= asked
    log_decision(account, logs, row, slot, direction, confidence, less, left,
                 FILLED if whole else REDUCED, NO_RULE if whole else VOLUME)  # fmt: skip


@compiled
def play_weight(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int, slot: int,
    weight: float, priced: bool, confidence: float, equity: float, price: float, volatility: float, volume: float,
    in_force: int,
) -> bool:  # fmt: skip
    """Play the leaving half of a weight (NaN: none), or of one that waited for a bar; return whether it spoke."""
    spoken = weight == weight
    waited = s.weight_wanted == s.weight_wanted
    if waited and (spoken or s.side == 0 or price == price):
        wanted = s.weight_wanted
        s.weight_wanted = math.nan
        account.waiting_weights -= 1
        if not spoken:
            weight = wanted
    elif not spoken:
        return False
    if spoken and not priced:
        return True  # refused with the entries
    if s.side == 0 or equity <= 0.0:
        return spoken
    if price == price:
        if weight * s.side <= 0.0:
            close_weight(s, account, strategy, symbol, rules, logs, stream, bar, row, slot, weight, confidence,
                         price, volatility, volume, in_force)  # fmt: skip
        else:
            reduce_weight(s, account, strategy, symbol, rules, logs, stream, bar, row, slot, weight, confidence,
                          equity, price, volatility, volume, in_force)  # fmt: skip
    elif weight * s.side <= 0.0 or abs(weight) * equity / symbol.mark < s.held:
        s.weight_wanted = weight
        account.waiting_weights += 1
        if weight * s.side >= 0.0:
            s.weight_acted = bar
    return spoken


@compiled
def inside_bar(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any, bar: int,
    slot: int, open_: float, high: float, low: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Let a position meet high and low, the stop before any target, then move its levels."""
    if s.side > 0:
        stopped = low <= s.active_stop
        base = min(s.active_stop, open_)
        both = stopped and high >= s.next_target and open_ > s.active_stop and open_ < s.next_target
        adverse, favourable = low, high
    else:
        stopped = high >= s.active_stop
        base = max(s.active_stop, open_)
        both = stopped and low <= s.next_target and open_ < s.active_stop and open_ > s.next_target
        adverse, favourable = high, low
    if both:
        s.ambiguous += 1
    if stopped:  # adverse first: nobody knows the path inside the bar
        meet(s, base)
        leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, base,
                        s.active_kind, volatility, volume, in_force)  # fmt: skip
    else:
        meet(s, adverse)
        take_targets(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, favourable, False,
                     volume, in_force)  # fmt: skip
    if s.side != 0:
        meet(s, adverse)
        meet(s, favourable)
        s.extreme = max(s.extreme, high) if s.side > 0 else min(s.extreme, low)
        if s.moves == 1:
            move_levels(s, plan, rules)


@compiled
def delist(
    s: Any, account: Any, strategy: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    mark: float, in_force: int,
) -> None:  # fmt: skip
    """Take a delisted position out at its last close and the delisting return, without costs."""
    price = mark * (1.0 + rules.delisting_return)
    meet(s, price)
    leave(s, account, strategy, rules, logs, stream, bar, slot, s.held, price, price, 0.0, DELISTED, in_force)


@compiled
def leave_at_close(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    bankrupt: bool, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Take a position out at the close: the end of the data, or bankruptcy, which asks no volume."""
    base = symbol.mark
    if bankrupt:
        price = market_price(rules, base, -s.side, s.held, volatility, volume)
        leave(s, account, strategy, rules, logs, stream, bar, slot, s.held, price, base,
              commission(rules, s.held, price), BANKRUPT, in_force)  # fmt: skip
    else:
        leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, base, END,
                        volatility, volume, in_force)  # fmt: skip


@compiled
def refuse_exit(account: Any, logs: Any, row: int, slot: int, confidence: float) -> None:
    """Write the row of an exit intent stamped on a bar without a price."""
    log_decision(account, logs, row, slot, EXIT_SIDE, confidence, math.nan, 0.0, REFUSED, NO_PRICE)
