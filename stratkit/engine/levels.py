"""Levels of a position: the stop that is active, the target that is next, and how break-even and trailing move."""

from __future__ import annotations

import math
from typing import Any

from stratkit.compiled import inner
from stratkit.engine.layout import BREAK_EVEN, LIQUIDATION, TRAILING
from stratkit.engine.prices import tick_down, tick_up


@inner
def touches_stop(s: Any, price: float) -> bool:
    """Return whether `price` lies at or beyond the active stop; never without one."""
    return price <= s.active_stop if s.side > 0 else price >= s.active_stop


@inner
def touches_target(s: Any, price: float) -> bool:
    """Return whether `price` lies at or beyond the next target; never without one."""
    return price >= s.next_target if s.side > 0 else price <= s.next_target


@inner
def worse(side: int, one: float, other: float) -> float:
    """Return the price that a position of `side` gains less at."""
    return min(one, other) if side > 0 else max(one, other)


@inner
def set_active_stop(s: Any, rules: Any) -> None:
    """Choose the tighter of the stop and, with isolated margin, the level where the margin is gone."""
    s.active_stop = s.stop
    s.active_kind = s.stop_kind
    if rules.isolated == 0:
        return
    if s.side > 0:
        level = s.average * (1.0 - 1.0 / rules.leverage) / (1.0 - rules.maintenance_margin)
        if level > 0.0 and not s.stop >= level:
            s.active_stop = level
            s.active_kind = LIQUIDATION
    else:
        level = s.average * (1.0 + 1.0 / rules.leverage) / (1.0 + rules.maintenance_margin)
        if not s.stop <= level:
            s.active_stop = level
            s.active_kind = LIQUIDATION


@inner
def tighten(s: Any, level: float, kind: int) -> bool:
    """Take a level as the stop if it is strictly tighter; return whether it was."""
    if math.isnan(s.stop) or (level > s.stop if s.side > 0 else level < s.stop):
        s.stop = level
        s.stop_kind = kind
        return True
    return False


@inner
def reached(s: Any, extreme: float, distance: float) -> bool:
    """Return whether an extreme lies `distance` or more on the good side of the entry."""
    if s.side > 0:
        return extreme >= s.entry + distance  # NaN distance: off, never reached
    return extreme <= s.entry - distance


@inner
def move_levels(s: Any, plan: Any, rules: Any) -> None:
    """Move the stop for the next bar: break-even first, then trailing; it never loosens."""
    side = s.side
    moved = False
    if reached(s, s.extreme, plan.be * s.risk_unit):
        level = tick_down(s.average, rules.tick_size) if side > 0 else tick_up(s.average, rules.tick_size)
        moved = tighten(s, level, BREAK_EVEN)
    trail_at = 0.0 if math.isnan(plan.trail_at) else plan.trail_at
    if plan.trail_by == plan.trail_by and reached(s, s.extreme, trail_at * s.risk_unit):
        level = s.extreme - side * (plan.trail_by * s.risk_unit)
        level = tick_down(level, rules.tick_size) if side > 0 else tick_up(level, rules.tick_size)
        moved = tighten(s, level, TRAILING) or moved
    if moved:
        set_active_stop(s, rules)


@inner
def arm_trailing(s: Any, plan: Any, rules: Any, favourable: float) -> None:
    """Move the stop as if price had come just far enough to start trailing: the worst path of an entry bar."""
    if plan.trail_by != plan.trail_by:
        return
    away = (0.0 if math.isnan(plan.trail_at) else plan.trail_at) * s.risk_unit
    if reached(s, favourable, away):
        level = (s.entry + s.side * away) - s.side * (plan.trail_by * s.risk_unit)
        level = tick_down(level, rules.tick_size) if s.side > 0 else tick_up(level, rules.tick_size)
        if tighten(s, level, TRAILING):
            set_active_stop(s, rules)


@inner
def set_next_target(s: Any) -> None:
    """Point `next_target` at the first target that is not done, NaN when none is left."""
    s.next_target = math.nan
    if s.targets_done < s.last_target:
        if s.targets_done == 0:
            s.next_target = s.target1
        elif s.targets_done == 1:
            s.next_target = s.target2
        else:
            s.next_target = s.target3
