"""`Adapted`: how what adapts ended in a run, and the trades of its shadow book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stratkit.engine.layout import Records
from stratkit.engine.tables import Axes, Columns, Labels, trades_columns
from stratkit.panel import IntArray


@dataclass(frozen=True)
class Adapted:
    """How what adapts ended in a run: `status` and `state` are plain values, `fault` why it stopped, or empty.

    `shadow_trades` are the trades of the shadow book on `shadow_symbol` (M,), the column of each slot, and
    `shadow_regime` their regimes; `profile` the exit profile of each trade of the account, None where none is chosen.
    It learned `updates` times and took `update_seconds` for that, which differ between equal runs.
    """

    status: Mapping[str, Any]
    state: Mapping[str, Any]
    fault: str
    shadow_trades: Records
    shadow_symbol: IntArray
    shadow_regime: IntArray
    profile: Labels | None = None
    updates: int = 0
    update_seconds: float = 0.0

    def shadow_columns(self, axes: Axes, regimes: tuple[str, ...]) -> Columns:
        """Return the trades of the shadow book as columns by name: one row per trade."""
        columns = trades_columns(replace(axes, slot_symbol=self.shadow_symbol), self.shadow_trades)
        return {**columns, "regime": Labels(self.shadow_regime, (*regimes, ""))}
