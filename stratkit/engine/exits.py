"""Exits: what takes a position out, in the order of the contract, one compiled step each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inner
from stratkit.engine.layout import (
    BANKRUPT,
    CANCELLED,
    DELISTED,
    END,
    EXIT_SIDE,
    EXIT_SIGNAL,
    FILLED,
    GAP_AT_LEVEL,
    LIQUIDATION,
    LOT,
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
    YES,
)
from stratkit.engine.levels import touches_stop
from stratkit.engine.positions import (
    NO_ROW,
    SLIPS,
    cancel_rest,
    drop_waiting_weight,
    leave,
    leave_at_market,
    log_decision,
    meet,
    take_targets,
    wait_to_leave,
)
from stratkit.engine.prices import commission, market_price
from stratkit.risk.sizing import lot_down


@inner
def log_exit(account: Any, logs: Any, row: int, slot: int, by: int, side: int, confidence: float, requested: float,
             left: float, whole: bool) -> None:  # fmt: skip
    """Write the row of an exit: filled, or reduced by the volume."""
    log_decision(account, logs, row, slot, by, side, confidence, requested, left,
                 FILLED if whole else REDUCED, NO_RULE if whole else VOLUME)  # fmt: skip


@inner
def leave_passed(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any,
    bar: int, slot: int, price: float, high: float, low: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Leave by the stop, then by the targets, that an open has passed."""
    if s.side != 0 and touches_stop(s, price):
        if s.held <= symbol.volume_left or lot_down(symbol.volume_left, rules.lot_size) > 0.0:
            meet(s, price)
        comes_back = high >= s.active_stop if s.side > 0 else low <= s.active_stop
        base = s.active_stop if rules.gapped_stop == GAP_AT_LEVEL and comes_back else price
        leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, base,
                        s.active_kind, rules.slippage_on_stops, volatility, volume, in_force)  # fmt: skip
    better = price
    if rules.gapped_target == GAP_AT_LEVEL:
        better = low if s.side > 0 else high
    take_targets(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, price, better, YES,
                 in_force)  # fmt: skip


@inner
def leave_gapped(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any,
    bar: int, slot: int, price: float, high: float, low: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Leave at the open by what was decided before it: liquidation, gapped stop, gapped targets, waiting exit."""
    if s.flagged == 1:
        s.flagged = 0
        leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, price,
                        LIQUIDATION, SLIPS, volatility, volume, in_force)  # fmt: skip
    leave_passed(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, price, high, low, volatility,
                 volume, in_force)  # fmt: skip
    if s.side == 0 or s.exit_wanted <= 0.0:
        return
    wanted, reason, decided, confidence, by = s.exit_wanted, s.exit_reason, s.exit_bar, s.exit_confidence, s.exit_by
    requested = min(wanted, s.held)
    s.exit_wanted = 0.0
    s.exit_bar = -1
    left = leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, wanted, price, reason, SLIPS,
                           volatility, volume, in_force)  # fmt: skip
    if decided >= 0:
        log_exit(account, logs, decided, slot, by, EXIT_SIDE, confidence, requested, left, left >= requested)


@inner
def leave_whole(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    price: float, reason: int, slips: int, volatility: float, volume: float, in_force: int,
) -> float:  # fmt: skip
    """Leave with all units at `price`; without a bar (NaN) the exit waits for the next."""
    if price != price:
        wait_to_leave(s, math.inf, reason, NO_ROW, 1.0, s.strategy)
        return 0.0
    return leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, price, reason, slips,
                           volatility, volume, in_force)  # fmt: skip


@inner
def leave_by_side(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int, slot: int,
    by: int, confidence: float, fraction: float, price: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Play side 2: the exit fraction of the position leaves, and the row is written when there is a bar."""
    if s.exit_wanted == math.inf:
        account.no_op += 1
        return
    cancel_rest(s, account, logs, row, slot)
    requested = s.held
    wanted = math.inf
    if fraction < 1.0:  # NaN: all
        requested = fraction * s.held
        wanted = lot_down(requested, rules.lot_size)
    if not wanted > 0.0:
        log_decision(account, logs, row, slot, by, EXIT_SIDE, confidence, requested, 0.0, REFUSED, LOT)
    elif price != price:
        account.no_op += 1 if s.exit_wanted > 0.0 else 0
        wait_to_leave(s, wanted, EXIT_SIGNAL, row, confidence, by)
    else:
        left = leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, wanted, price,
                               EXIT_SIGNAL, SLIPS, volatility, volume, in_force)  # fmt: skip
        log_exit(account, logs, row, slot, by, EXIT_SIDE, confidence, requested, left, left >= min(wanted, requested))


@inner
def reduce_weight(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int, slot: int,
    by: int, less: float, confidence: float, equity: float, price: float, volatility: float, volume: float,
    in_force: int,
) -> None:  # fmt: skip
    """Leave the units that a smaller weight of the same sign no longer asks for, unless they are too few."""
    direction = -s.side
    quantity = lot_down(less, rules.lot_size)
    if less * price / equity < rules.min_trade_weight:
        log_decision(account, logs, row, slot, by, direction, confidence, less, 0.0, SKIPPED, MIN_TRADE_WEIGHT)
    elif less * price < rules.min_notional:
        log_decision(account, logs, row, slot, by, direction, confidence, less, 0.0, SKIPPED, MIN_NOTIONAL)
    elif not quantity > 0.0:
        log_decision(account, logs, row, slot, by, direction, confidence, less, 0.0, REFUSED, LOT)
    else:
        left = leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, quantity, price,
                               REBALANCE_OUT, SLIPS, volatility, volume, in_force)  # fmt: skip
        log_exit(account, logs, row, slot, by, direction, confidence, less, left, left >= quantity)


@inner
def play_weight(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int, slot: int,
    by: int, weight: float, priced: bool, confidence: float, equity: float, price: float, volatility: float,
    volume: float, in_force: int,
) -> None:  # fmt: skip
    """Play the leaving half of a weight (NaN: none), or of one that waited for a bar.

    `weight_acted` marks the bar in which nothing is left of the weight for the entries to do.
    """
    spoken = weight == weight
    if spoken:
        drop_waiting_weight(s, account, logs, slot, CANCELLED)
        cancel_rest(s, account, logs, row, slot)
        if not priced:
            direction = np.int64(1 if weight > 0.0 else (-1 if weight < 0.0 else -s.side))
            log_decision(account, logs, row, slot, by, direction, confidence, math.nan, 0.0, REFUSED, NO_PRICE)
            s.weight_acted = bar
            return
    elif s.weight_wanted == s.weight_wanted and price == price and equity > 0.0:
        weight, row = s.weight_wanted, s.weight_bar
        confidence, by = s.weight_confidence, s.weight_by
        s.weight_wanted = math.nan
        s.weight_bar = -1
    if weight != weight or s.side == 0 or not equity > 0.0:
        return
    units = abs(weight) * equity / (price if price == price else symbol.mark)
    turns = weight * s.side < 0.0
    if not turns and not (weight == 0.0 or units < s.held):
        account.no_op += 0 if spoken else 1
        return
    if not turns:
        s.weight_acted = bar
    if price != price:
        s.weight_wanted = weight
        s.weight_bar = NO_ROW if turns else row
        s.weight_confidence = confidence
        s.weight_by = by
    elif turns:
        leave_whole(s, account, strategy, symbol, rules, logs, stream, bar, slot, price, REVERSE, SLIPS, volatility,
                    volume, in_force)  # fmt: skip
    elif s.exit_wanted == math.inf:
        account.no_op += 1
    elif weight == 0.0:
        requested, direction = s.held, -s.side
        left = leave_whole(s, account, strategy, symbol, rules, logs, stream, bar, slot, price, REBALANCE_OUT, SLIPS,
                           volatility, volume, in_force)  # fmt: skip
        log_exit(account, logs, row, slot, by, direction, confidence, requested, left, left >= requested)
    else:
        reduce_weight(s, account, strategy, symbol, rules, logs, stream, bar, row, slot, by, s.held - units, confidence,
                      equity, price, volatility, volume, in_force)  # fmt: skip


@inner
def delist(
    s: Any, account: Any, strategy: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    mark: float, in_force: int,
) -> None:  # fmt: skip
    """Take a delisted position out at its last close and the delisting return, without costs."""
    price = mark * (1.0 + rules.delisting_return)
    meet(s, price)
    leave(s, account, strategy, rules, logs, stream, bar, slot, s.held, price, price, 0.0, DELISTED, in_force)


@inner
def leave_at_close(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    reason: int, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Take a position out at the close: the end of the data, or bankruptcy, which asks no volume."""
    base = symbol.mark
    if reason == BANKRUPT:
        price = market_price(rules, base, -s.side, s.held, volatility, volume, True)
        leave(s, account, strategy, rules, logs, stream, bar, slot, s.held, price, base,
              commission(rules, s.held, price), BANKRUPT, in_force)  # fmt: skip
    else:
        leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, base, END, SLIPS,
                        volatility, volume, in_force)  # fmt: skip
