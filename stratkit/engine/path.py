"""The path inside a bar: three legs through its extremes, on which levels are met in order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inner
from stratkit.engine.layout import NO, REVERSE
from stratkit.engine.levels import move_levels, touches_stop, worse
from stratkit.engine.positions import cancel_rest, leave_at_market, meet, take_targets
from stratkit.engine.resting import rises_to, slips_at

# what became of an order that rests against a position: not reached; the position left by it; it was reached
# after the position had left by its own levels
UNREACHED, TURNED, LATE = np.int64(0), np.int64(1), np.int64(2)
LEGS = 3


@inner
def end_of_leg(leg: int, open_: float, high: float, low: float, close: float) -> float:
    """Return where a leg ends: the nearer extreme comes first, the low when both are as near."""
    if leg == 2:
        return close
    high_first = high - open_ < open_ - low
    return high if (leg == 0) == high_first else low


@inner
def leg_of_level(rising: bool, level: float, open_: float, high: float, low: float, close: float) -> int:
    """Return the first leg in the direction of an order that comes to its level."""
    at = open_
    for leg in range(LEGS):
        end = end_of_leg(leg, open_, high, low, close)
        if (end > at) == rising and (end >= level if rising else end <= level):
            return leg
        at = end
    return LEGS


@inner
def turn(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Leave whole at the level of the order that rests against the position."""
    level = s.resting_level
    cancel_rest(s, account, logs, bar - 1, slot)
    leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, level, REVERSE,
                    slips_at(s, level), volatility, volume, in_force)  # fmt: skip


@inner
def walk(
    s: Any, account: Any, strategy: Any, symbol: Any, rules: Any, plan: Any, logs: Any, stream: Any, bar: int,
    slot: int, leg: int, at: float, open_: float, high: float, low: float, close: float, volatility: float,
    volume: float, in_force: int,
) -> Any:  # fmt: skip
    """Walk from price `at` on `leg` to the close; stop where a resting order is due.

    Returns what became of the order, and the leg and price to go on from.
    """
    while leg < LEGS:
        end = end_of_leg(leg, open_, high, low, close)
        rising = end > at
        if end == at:
            if s.side != 0:
                meet(s, end)
            leg += 1
            continue
        level = s.resting_level
        due = s.resting != 0 and rises_to(s.order, s.resting) == rising and (end >= level if rising else end <= level)
        favourable = rising == (s.side > 0)
        if s.side != 0 and s.spent_bar != bar:
            if favourable:
                take_targets(s, account, strategy, symbol, rules, plan, logs, stream, bar, slot,
                             level if due else end, at, NO, in_force)  # fmt: skip
            elif touches_stop(s, end) and (not due or touches_stop(s, level)):
                leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf,
                                worse(s.side, s.active_stop, at), s.active_kind, rules.slippage_on_stops, volatility,
                                volume, in_force)  # fmt: skip
                s.spent_bar = bar
            if due and s.side != 0 and s.spent_bar != bar:
                turn(s, account, strategy, symbol, rules, logs, stream, bar, slot, volatility, volume, in_force)
                s.spent_bar = bar
                return TURNED, leg, level
        if due:
            return LATE, leg, level
        if s.side != 0:
            meet(s, end)
            if favourable and s.moves == 1:
                s.extreme = max(s.extreme, end) if s.side > 0 else min(s.extreme, end)
                move_levels(s, plan, rules)
        at = end
        leg += 1
    return UNREACHED, leg, at
