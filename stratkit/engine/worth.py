"""What a book is worth at given marks, and which side its strategy shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.compiled import inlined, inner
from stratkit.engine.layout import NO_SIDE


@inlined
def worth(slots: Any, account: Any, holding: Any, marks: Any) -> float:
    """Return cash plus every position at its mark, in slot order."""
    equity = account.cash
    for place in range(account.holding):
        s = slots[holding[place]]
        if s.side != 0:
            equity += (s.side * s.held) * marks[s.symbol]
    return equity


@inner
def note_holding(account: Any, busy: Any, holding: Any, slot: int) -> None:
    """Put a slot that has entered into its place among those that hold a position."""
    busy[slot] = 1
    place = account.holding
    while place > 0 and holding[place - 1] > slot:
        place -= 1
    if place > 0 and holding[place - 1] == slot:
        return
    for later in range(account.holding, place, -1):
        holding[later] = holding[later - 1]
    holding[place] = slot
    account.holding += 1


@inlined
def side_in_force(s: Any, side: Any, row: int, slot: int) -> int:
    """Return the side intent of `row`, none before the first bar and for a slot that trades weights."""
    if row < 0 or s.kind != 0:
        return NO_SIDE
    return np.int64(side[row, slot])
