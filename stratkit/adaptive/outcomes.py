"""`Outcomes`: closed trades as whatever adapts sees them, real and shadow, in the order in which they became known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stratkit.panel import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Outcomes:
    """K closed trades, ascending by the bar at whose close they were known, then by slot.

    `strategy`, `symbol` (column), `side` (+1, -1), `regime` (code of the DECISION bar, -1 unknown), `profile` (exit
    profile in force, -1 none), `decision_bar` and `exit_bar` are (K,) int64; `r_multiple` is NaN where the trade had no
    R; `pnl_frac` is net P&L over the value at entry; `is_shadow` tells trades of the shadow book, which moved no cash.
    """

    strategy: IntArray
    symbol: IntArray
    side: IntArray
    regime: IntArray
    profile: IntArray
    decision_bar: IntArray
    exit_bar: IntArray
    r_multiple: FloatArray
    pnl_frac: FloatArray
    is_shadow: BoolArray

    def __len__(self) -> int:
        return len(self.strategy)

    def __getitem__(self, which: slice | npt.NDArray[np.bool_] | IntArray) -> Outcomes:
        return Outcomes(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def no_outcomes() -> Outcomes:
    """Return no trades at all."""
    whole, part = np.zeros(0, np.int64), np.zeros(0)
    return Outcomes(whole, whole, whole, whole, whole, whole, whole, part, part, np.zeros(0, np.bool_))


def together(first: Outcomes, second: Outcomes) -> Outcomes:
    """Return the trades of both, those of `first` first."""
    return Outcomes(
        *(np.concatenate((getattr(first, name), getattr(second, name))) for name in first.__dataclass_fields__)
    )
