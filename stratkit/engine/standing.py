"""`Standing`: what each slot of a stage holds at the close of the last bar that was played."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stratkit.engine.simulate import Stage
from stratkit.panel import FloatArray, IntArray


@dataclass(frozen=True)
class Standing:
    """Per slot (M,): `side` +1, -1 or 0, `weight` its value as a share of equity, `strategy` whose position it is."""

    side: npt.NDArray[np.int8]
    weight: FloatArray
    strategy: IntArray


def standing_of(stage: Stage) -> Standing:
    """Return what a stage holds; nothing of an account that is bankrupt."""
    book = stage.playing.book
    slots, equity = book.slots, float(book.account[0].equity)
    worth = slots["side"] * slots["held"] * book.symbols["mark"][slots["symbol"]]
    weight = worth / equity if equity > 0 else np.zeros(len(slots))
    return Standing(
        slots["side"].astype(np.int8), np.where(slots["side"] == 0, 0.0, weight), slots["strategy"].astype(np.int64)
    )
