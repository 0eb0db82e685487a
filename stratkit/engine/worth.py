"""What a book is worth at given marks, and which side its strategy shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.compiled import inlined
from stratkit.engine.layout import NO_SIDE


@inlined
def worth(slots: Any, cash: float, marks: Any) -> float:
    """Return cash plus every position at its mark, in slot order."""
    equity = cash
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side != 0:
            equity += (s.side * s.held) * marks[s.symbol]
    return equity


@inlined
def side_in_force(s: Any, side: Any, row: int, slot: int) -> int:
    """Return the side intent of `row`, none before the first bar and for a slot that trades weights."""
    if row < 0 or s.kind != 0:
        return NO_SIDE
    return np.int64(side[row, slot])
