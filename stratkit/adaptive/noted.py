"""`Noted`: what was decided about single entries on the way, to be read once all bars are played."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from stratkit.combine.sieve import FateArray
from stratkit.engine.layout import Records
from stratkit.panel import BoolArray, FloatArray, IntArray

_UNKNOWN = -1


@dataclass
class Noted:
    """Notes on T bars of N symbols and S strategies; None where nothing of the kind is decided.

    `quality` (T, N, S) is that of what was said, NaN where it was not judged; `fate` (S, T, N) what became of it.
    `choices` are (bar, slot, explored) of all that were made, as they came; a slot behind those of the account is one
    of the shadow book, and where strategies are chosen it is the column of the symbol.
    """

    quality: npt.NDArray[np.float32] | None
    fate: FateArray | None
    choices: list[tuple[IntArray, IntArray, BoolArray]] = field(default_factory=list)

    def chose(self, bar: IntArray, slot: IntArray, explored: BoolArray) -> None:
        """Note choices that were made."""
        self.choices.append((bar, slot, explored))

    def quality_of(self, trades: Records, symbol: IntArray) -> FloatArray | None:
        """Return (K,) the quality of the signal behind each trade, whose symbols are given."""
        if self.quality is None:
            return None
        bar, strategy = _whole(trades["decision_bar"]), _whole(trades["strategy"])
        found = self.quality[bar, symbol, strategy].astype(np.float64)
        return np.where((bar >= 0) & (strategy >= 0), found, np.nan)

    def fate_of(self, trades: Records, symbol: IntArray) -> IntArray:
        """Return (K,) what became of the signal behind each trade, a code of `stratkit.combine.sieve`."""
        if self.fate is None:
            return np.zeros(len(trades), np.int64)
        return self.fate[_whole(trades["strategy"]), _whole(trades["decision_bar"]), symbol].astype(np.int64)

    def explored_of(self, bar: IntArray, slot: IntArray) -> IntArray:
        """Return (K,) whether the choice on a bar for a slot was another one than the best so far: 1, 0, -1 = none."""
        if not self.choices:
            return np.full(len(bar), _UNKNOWN)
        bars, slots, explored = (np.concatenate(column) for column in zip(*self.choices, strict=True))
        width = max(int(slots.max()), int(slot.max(initial=0))) + 1
        key, asked = bars * width + slots, _whole(bar) * width + slot
        order = np.argsort(key, kind="stable")
        at = order[np.minimum(np.searchsorted(key[order], asked), len(key) - 1)]
        return np.where(key[at] == asked, explored[at].astype(np.int64), _UNKNOWN)


def fresh_notes(shape: tuple[int, ...], *, judges: bool, sifts: bool) -> Noted:
    """Return empty notes on (T, N, S); `judges`: signals have a quality, `sifts`: some are kept away."""
    bars, symbols, strategies = shape
    return Noted(
        np.full((bars, symbols, strategies), np.nan, np.float32) if judges else None,
        np.zeros((strategies, bars, symbols), np.uint8) if sifts else None,
    )


def _whole(values: Any) -> IntArray:
    return np.array(values, np.int64)
