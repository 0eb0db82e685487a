"""Inside a bar: a position meets high and low, stop and targets in the order that the profile assumes."""

from __future__ import annotations

import math
from typing import Any

from stratkit.compiled import inner
from stratkit.engine.layout import NO, TARGET_FIRST, TRAILING, TRAILING_LAST
from stratkit.engine.levels import arm_trailing, move_levels, touches_stop, touches_target, worse
from stratkit.engine.path import LATE, TURNED, UNREACHED, turn
from stratkit.engine.positions import leave_at_market, meet, take_targets
from stratkit.engine.resting import is_reached
from stratkit.risk.targets import LIMIT_ORDER, STOP_ORDER


@inner
def take_favourable(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any, bar: int,
    slot: int, open_: float, favourable: float, turns: bool, volatility: float, volume: float, in_force: int,
) -> bool:  # fmt: skip
    """Fill the targets that the bar reaches, then, if it `turns`, the limit order behind them."""
    side = s.side
    reached = worse(side, favourable, s.resting_level) if turns else favourable
    take_targets(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, reached, open_, NO, in_force)
    if not turns or s.side != side:
        return False
    turn(s, account, strategy, symbol, rules, logs, stream, bar, slot, volatility, volume, in_force)
    return True


@inner
def move_at_end(s: Any, plan: Any, rules: Any, high: float, low: float) -> None:
    """Move extreme and levels at the end of a bar, for the next."""
    s.extreme = max(s.extreme, high) if s.side > 0 else min(s.extreme, low)
    if s.moves == 1:
        move_levels(s, plan, rules)


@inner
def inside_bar(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any, bar: int,
    slot: int, open_: float, high: float, low: float, fresh: bool, moves: bool, volatility: float, volume: float,
    in_force: int,
) -> int:  # fmt: skip
    """Let a position meet high and low; return what became of an order against it.

    `fresh`: it was entered at this open. `moves`: levels move at the end, not only at that of the whole bar.
    """
    side = s.side
    adverse, favourable = (low, high) if side > 0 else (high, low)
    moved = False
    if rules.trailing_first == 1 and s.moves == 1:
        before = s.active_stop
        if fresh:
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
            s.spent_bar = bar
            hit = True
    if not targets_first and not turned and not hit:
        meet(s, adverse)
        turned = take_favourable(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, open_, favourable,
                                 behind_targets, volatility, volume, in_force)  # fmt: skip
    if s.side != 0:
        meet(s, adverse)
        meet(s, favourable)
        if moves:
            move_at_end(s, plan, rules, high, low)
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
    slot: int, high: float, low: float, moves: bool, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Let a resting entry meet the bar in which it filled: its stop, though the bar may have been there before it."""
    side = s.side
    adverse, favourable = (low, high) if side > 0 else (high, low)
    if rules.entry_bar_exits == 1:
        mark_ambiguous_entry(s, high, low)
        if rules.same_bar == TARGET_FIRST:
            take_targets(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot, favourable,
                         -side * math.inf, NO, in_force)  # fmt: skip
        if s.side != 0 and touches_stop(s, adverse):
            # slippage may put the stop beyond the level at which the order filled
            base = worse(side, s.active_stop, s.resting_level)
            leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, base,
                            s.active_kind, rules.slippage_on_stops, volatility, volume, in_force)  # fmt: skip
            s.spent_bar = bar
    if s.side != 0:
        meet(s, adverse)
        if moves and s.moves == 1:
            move_levels(s, plan, rules)
