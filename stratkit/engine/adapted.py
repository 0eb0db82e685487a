"""`Adapted`: how what adapts ended in a run, the trades of its shadow book, and what it decided about each trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stratkit.engine.layout import Records
from stratkit.engine.tables import Axes, Columns, Labels, trades_columns
from stratkit.panel import FloatArray, IntArray


@dataclass(frozen=True)
class Marks:
    """What was decided about each of K trades on its decision bar; None where nothing of the kind is decided.

    `profile` is its exit profile; `quality` (K,) that of the signal behind it, NaN where none was judged; `explored`
    (K,) 1 where something else was chosen than what was best so far, 0 where the best was, -1 where nothing was chosen;
    `kept` why a trade of the shadow book is not in the account.
    """

    profile: Labels | None = None
    quality: FloatArray | None = None
    explored: IntArray | None = None
    kept: Labels | None = None

    def columns(self) -> Columns:
        """Return what is decided as columns by name: one row per trade."""
        columns: Columns = {}
        if self.profile is not None:
            columns["profile"] = self.profile
        if self.quality is not None:
            columns["quality"] = self.quality
        if self.explored is not None:
            columns["explored"] = Labels(self.explored, ("no", "yes", ""))
        if self.kept is not None:
            columns["kept"] = self.kept
        return columns


@dataclass(frozen=True)
class Adapted:
    """How what adapts ended in a run: `status` and `state` are plain values, `fault` why it stopped, or empty.

    `shadow_trades` are the trades of the shadow book on `shadow_symbol` (M,), the column of each slot, and
    `shadow_regime` their regimes; `marks` and `shadow_marks` what was decided about the trades of the account, and of
    the shadow book. It learned `updates` times and took `update_seconds` for that, which differ between equal runs.
    """

    status: Mapping[str, Any]
    state: Mapping[str, Any]
    fault: str
    shadow_trades: Records
    shadow_symbol: IntArray
    shadow_regime: IntArray
    marks: Marks = Marks()
    shadow_marks: Marks = Marks()
    updates: int = 0
    update_seconds: float = 0.0

    def shadow_columns(self, axes: Axes, regimes: tuple[str, ...]) -> Columns:
        """Return the trades of the shadow book as columns by name: one row per trade."""
        columns = trades_columns(replace(axes, slot_symbol=self.shadow_symbol), self.shadow_trades)
        return {**columns, "regime": Labels(self.shadow_regime, (*regimes, "")), **self.shadow_marks.columns()}
