"""What a row of targets asks of a slot: one value of a panel, the plan of an entry, and who asks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inlined, inner


@inlined
def panel_value(panel: Any, bar: int, column: int) -> float:
    """Return one value of an optional panel, NaN when it is absent."""
    if panel.shape[0] == 0:
        return math.nan
    return panel[bar, column]


@inner
def plan_asked(targets: Any, s: Any, row: int, slot: int) -> int:
    """Return the plan that an entry of `row` would get: the intent's own, or that of the slot."""
    if targets.plan.shape[0] > 0 and row >= 0:
        plan = np.int64(targets.plan[row, slot])
        if plan >= 0:
            return plan
    return s.entry_plan


@inner
def asker(targets: Any, s: Any, row: int, slot: int) -> int:
    """Return the strategy whose intent `row` holds for a slot."""
    if targets.plan.shape[0] > 0 and row >= 0:
        plan = np.int64(targets.plan[row, slot])
        if plan >= 0 and targets.plans[plan].strategy >= 0:
            return targets.plans[plan].strategy
    return s.entry_strategy
