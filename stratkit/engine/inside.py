"""Inside a bar: positions and the orders against them meet high and low, in the order that the profile assumes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inlined, inner
from stratkit.engine.candidates import AGAINST, panel_value
from stratkit.engine.entries import enter, sum_held
from stratkit.engine.layout import (
    ALONG_PATH,
    EXITED_THIS_BAR,
    EXPIRED,
    NOT_REACHED,
    REFUSED,
    TARGET_FIRST,
    TRAILING,
    TRAILING_LAST,
)
from stratkit.engine.levels import arm_trailing, move_levels, touches_stop, touches_target, worse
from stratkit.engine.path import LATE, LEGS, TURNED, UNREACHED, leg_of_level, turn, walk
from stratkit.engine.positions import leave_at_market, log_decision, meet, take_targets
from stratkit.engine.quiet import hold_through
from stratkit.engine.resting import PLAYS_ALL, is_reached, rises_to
from stratkit.engine.worth import side_in_force, worth
from stratkit.risk.targets import LIMIT_ORDER, STOP_ORDER


@inner
def take_favourable(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any, bar: int,
    slot: int, open_: float, favourable: float, turns: bool, volatility: float, volume: float, in_force: int,
) -> bool:  # fmt: skip
    """Fill the targets that the bar reaches, then, if it `turns`, the limit order behind them."""
    side = s.side
    reached = worse(side, favourable, s.resting_level) if turns else favourable
    take_targets(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, reached, open_, in_force)
    if not turns or s.side != side:
        return False
    turn(s, account, strategy, symbol, rules, logs, stream, bar, slot, volatility, volume, in_force)
    return True


@inner
def inside_bar(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any, bar: int,
    slot: int, open_: float, high: float, low: float, volatility: float, volume: float, in_force: int,
) -> int:  # fmt: skip
    """Let a position meet high and low, then move its levels; return what became of an order against it."""
    side = s.side
    adverse, favourable = (low, high) if side > 0 else (high, low)
    moved = False
    if rules.trailing_first == 1 and s.moves == 1:
        before = s.active_stop
        if s.entry_bar == bar:
            arm_trailing(s, plan, rules, favourable)
        else:
            s.extreme = max(s.extreme, high) if side > 0 else min(s.extreme, low)
            move_levels(s, plan, rules)
        moved = s.active_stop == s.active_stop and s.active_stop != before
    stopped = touches_stop(s, adverse)
    passed = (touches_stop(s, open_) and not moved) or touches_target(s, open_)
    if stopped and touches_target(s, favourable) and not passed:
        s.ambiguous += 1
    due = s.resting != 0 and is_reached(s.order, s.resting, s.resting_level, high, low)
    behind_targets, turned = due and s.order == LIMIT_ORDER, False
    targets_first = rules.same_bar == TARGET_FIRST or (rules.same_bar == TRAILING_LAST and s.active_kind == TRAILING)
    if targets_first:
        turned = take_favourable(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, open_, favourable,
                                 behind_targets, volatility, volume, in_force)  # fmt: skip
    hit = False
    if s.side == side and not turned:
        if due and s.order == STOP_ORDER and not touches_stop(s, s.resting_level):
            turn(s, account, strategy, symbol, rules, logs, stream, bar, slot, volatility, volume, in_force)
            turned = True
        elif stopped:  # adverse first: nobody knows the path inside the bar
            base = worse(side, s.active_stop, favourable if moved else open_)
            leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, base,
                            s.active_kind, rules.slippage_on_stops, volatility, volume, in_force)  # fmt: skip
            hit = True
    if not targets_first and not turned and not hit:
        meet(s, adverse)
        turned = take_favourable(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, open_, favourable,
                                 behind_targets, volatility, volume, in_force)  # fmt: skip
    if s.side != 0:
        meet(s, adverse)
        meet(s, favourable)
        s.extreme = max(s.extreme, high) if s.side > 0 else min(s.extreme, low)
        if s.moves == 1:
            move_levels(s, plan, rules)
    if turned:
        return TURNED
    return LATE if due else UNREACHED


@inner
def mark_ambiguous_entry(s: Any, high: float, low: float) -> None:
    """Count the own bar of a resting entry that holds its stop or its next target."""
    adverse, favourable = (low, high) if s.side > 0 else (high, low)
    if touches_stop(s, adverse) or touches_target(s, favourable):
        s.ambiguous += 1


@inner
def own_bar(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any, bar: int,
    slot: int, high: float, low: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Let a resting entry meet the bar in which it filled: its stop, though the bar may have been there before it."""
    side = s.side
    adverse, favourable = (low, high) if side > 0 else (high, low)
    if rules.entry_bar_exits == 1:
        mark_ambiguous_entry(s, high, low)
        if rules.same_bar == TARGET_FIRST:
            take_targets(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, favourable,
                         -side * math.inf, in_force)  # fmt: skip
        if s.side != 0 and touches_stop(s, adverse):
            base = worse(side, s.active_stop, favourable)
            leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, base,
                            s.active_kind, rules.slippage_on_stops, volatility, volume, in_force)  # fmt: skip
    if s.side != 0:
        meet(s, adverse)
        if s.moves == 1:
            move_levels(s, plan, rules)


@inner
def settle_order(
    book: Any, market: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int, equity: float,
    fate: int,
) -> bool:  # fmt: skip
    """Enter by the order that rested against the position of a slot, or say why not; return whether it entered."""
    s, account, row = book.slots[slot], book.account[0], bar - 1
    wish = s.resting
    s.resting = 0
    if fate == UNREACHED or (fate == LATE and s.side == 0 and rules.opposite_in_bar == 0):
        confidence = 1.0
        if targets.confidence.shape[0] > 0:
            confidence = np.float64(targets.confidence[row, slot])
        log_decision(account, logs, row, slot, wish, confidence, math.nan, 0.0,
                     EXPIRED if fate == UNREACHED else REFUSED,
                     NOT_REACHED if fate == UNREACHED else EXITED_THIS_BAR)  # fmt: skip
        return False
    sum_held(book.slots, book.symbols, rules, book.marks, worth(book.slots, account.cash, book.marks), book.sums)
    enter(book, market, targets, rules, logs, stream, bar, row, False, equity, False, AGAINST, PLAYS_ALL, slot,
          slot + 1)  # fmt: skip
    return s.side == wish and s.entry_bar == bar


@inner
def walk_bar(
    book: Any, market: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int, equity: float,
    volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Let a slot meet the bar along its path, with the order that rests against it."""
    s, account = book.slots[slot], book.account[0]
    symbol, strategy = book.symbols[s.symbol], book.strategies[s.strategy]
    open_, high = market.open[bar, s.symbol], market.high[bar, s.symbol]
    low, close = market.low[bar, s.symbol], market.close[bar, s.symbol]
    leg, at = np.int64(0), open_
    if s.resting_bar == bar:
        at = s.resting_level
        leg = np.int64(leg_of_level(rises_to(s.order, s.side), at, open_, high, low, close))
        mark_ambiguous_entry(s, high, low)
    else:
        adverse, favourable = (low, high) if s.side > 0 else (high, low)
        passed = touches_stop(s, open_) or touches_target(s, open_)
        if touches_stop(s, adverse) and touches_target(s, favourable) and not passed:
            s.ambiguous += 1
    while leg < LEGS:
        fate, leg, at = walk(s, account, strategy, symbol, rules, targets.plans[s.plan], logs, stream, bar, slot, leg,
                             at, open_, high, low, close, volatility, volume, in_force)  # fmt: skip
        if fate != UNREACHED and settle_order(book, market, targets, rules, logs, stream, bar, slot, equity, fate):
            s.spent_bar = -1  # the new position is tested along the rest of the way
            if rules.entry_bar_exits == 0:
                own_bar(s, account, strategy, symbol, rules, targets.plans[s.plan], logs, stream, bar, slot, high, low,
                        volatility, volume, in_force)  # fmt: skip
                return
            mark_ambiguous_entry(s, high, low)
    if s.resting != 0:
        settle_order(book, market, targets, rules, logs, stream, bar, slot, equity, UNREACHED)


@inner
def meet_closely(
    book: Any, market: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int, equity: float
) -> None:
    """Let a slot meet a bar that touches its levels, moves them before it tests them, or holds a resting order."""
    row = bar - 1
    s, account = book.slots[slot], book.account[0]
    symbol, strategy, plan = book.symbols[s.symbol], book.strategies[s.strategy], targets.plans[s.plan]
    high, low = market.high[bar, s.symbol], market.low[bar, s.symbol]
    volatility, volume = panel_value(market.volatility, max(row, 0), s.symbol), market.volume[bar, s.symbol]
    in_force = side_in_force(s, targets.side, row, slot)
    own = s.resting_bar == bar
    if s.entry_bar == bar and rules.entry_bar_exits == 0 and not own:
        hold_through(s, plan, rules, high, low)
    elif own and (rules.same_bar != ALONG_PATH or rules.entry_bar_exits == 0):
        own_bar(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, high, low, volatility, volume,
                in_force)  # fmt: skip
    elif rules.same_bar == ALONG_PATH:
        walk_bar(book, market, targets, rules, logs, stream, bar, slot, equity, volatility, volume, in_force)
    else:
        fate = inside_bar(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot,
                          market.open[bar, s.symbol], high, low, volatility, volume, in_force)  # fmt: skip
        if s.resting != 0 and settle_order(book, market, targets, rules, logs, stream, bar, slot, equity, fate):
            own_bar(s, account, strategy, symbol, rules, targets.plans[s.plan], logs, stream, bar, slot, high, low,
                    volatility, volume, in_force)  # fmt: skip


@inlined
def meet_bar(book: Any, market: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, equity: float) -> None:
    """Let every open position meet high and low of the bar, and the orders that rest against it."""
    slots = book.slots
    moves_inside = rules.trailing_first == 1 or rules.same_bar == ALONG_PATH
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side == 0:
            continue
        high, low = market.high[bar, s.symbol], market.low[bar, s.symbol]
        if high != high:  # no bar
            continue
        touched = s.side > 0 and (low <= s.active_stop or high >= s.next_target)
        touched = touched or (s.side < 0 and (high >= s.active_stop or low <= s.next_target))
        if touched or s.resting != 0 or s.resting_bar == bar or (moves_inside and s.moves == 1):
            meet_closely(book, market, targets, rules, logs, stream, bar, slot, equity)
        else:
            hold_through(s, targets.plans[s.plan], rules, high, low)
