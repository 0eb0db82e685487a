"""`TargetSheet`: targets whose rows are filled in as opinions become known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.panel import FloatArray
from stratkit.risk.plan_table import PlanTable
from stratkit.risk.targets import Targets
from stratkit.strategies.signals import EXIT

LEVELS: Final = ("risk_unit", "stop_level", "target_level", "entry_level")  # panels that are prices
DEFAULTS: Final = {"side": 0, "confidence": 1, "plan": -1, "legs": 0}  # NaN in all others

Panel = npt.NDArray[Any]
Sources = Mapping[str, tuple[Panel | None, ...]]


@dataclass
class TargetSheet:
    """Targets of S strategies, and the (T, N) panels per strategy that their rows are filled from.

    Independent books: a strategy's panels stand side by side. With `lead` (T, N) int8, the strategy that each cell
    belongs to (-1 none), a cell takes the values of that one. `default_size` (T, N) stands where a strategy gives no
    size. `prices` holds raw over adjusted price, (T, N) each: of the bar itself and of the next, where opinions on
    adjusted prices are traded raw; `next_open` says which of the two a market order acts in. `averaged` (T, N) are
    target weights that strategies share, where rows of them are filled in to be scaled.
    """

    targets: Targets
    table: PlanTable
    sources: Sources
    lead: npt.NDArray[np.int8] | None = None
    default_size: FloatArray | None = None
    prices: tuple[FloatArray, FloatArray] | None = None
    next_open: bool = True
    averaged: FloatArray | None = None

    def fill(self, start: int, stop: int, scale: FloatArray | None = None) -> None:
        """Fill rows [start, stop) from what the strategies' panels hold now.

        `scale` (S,) multiplies the target weights of independent books, as multipliers do sizes.
        """
        rows = slice(start, stop)
        for name, panels in self.sources.items():
            out = getattr(self.targets, name)[rows]
            if name == "plan":
                panels = tuple(self._numbers(strategy, panel, rows) for strategy, panel in enumerate(panels))
            else:
                panels = tuple(None if panel is None else panel[rows] for panel in panels)
            default = DEFAULTS.get(name, np.nan)
            if self.lead is None:
                _side_by_side(out, panels, default)
                if name == "weight" and scale is not None:
                    out *= np.repeat(scale, self._symbols)
            else:
                _by_leader(out, panels, self.lead[rows], default)
            if name == "size" and self.default_size is not None:
                repeats = out.shape[1] // self.default_size.shape[1]
                np.copyto(out, np.tile(self.default_size[rows], (1, repeats)), where=np.isnan(out))
        if self.averaged is not None:
            self.targets.weight[rows] = self.averaged[rows]
        if self.prices is not None:
            self._in_raw_prices(rows)

    def leave_on(self, row: int) -> None:
        """Let a filled row ask to leave every position; where strategies share them, its blend has said so already."""
        targets = self.targets
        if self.lead is None:
            weighs = targets.slot_kind == 1
            if len(targets.side):
                targets.side[row] = np.where(weighs, 0, EXIT)
            if len(targets.weight):
                targets.weight[row] = np.where(weighs, 0.0, np.nan)
        for name in ("exit_fraction", "entry_level", "legs"):
            if len(getattr(targets, name)):
                getattr(targets, name)[row] = DEFAULTS.get(name, np.nan)

    def stand_on(self, row: int, side: Panel, weight: Panel) -> None:
        """Let a filled row ask for what is given (M,) where it says nothing: a side, 0 = leave, or a weight.

        Where strategies share positions, their blend has said so already.
        """
        if self.lead is not None:
            return
        targets = self.targets
        weighs = targets.slot_kind == 1
        if len(targets.side):
            silent = (targets.side[row] == 0) & ~weighs
            targets.side[row, silent] = np.where(side == 0, EXIT, side)[silent]
        if len(targets.weight):
            silent = np.isnan(targets.weight[row]) & weighs
            targets.weight[row, silent] = weight[silent]

    def _numbers(self, strategy: int, panel: Panel | None, rows: slice) -> Panel:
        """Return the numbers in the table of one strategy's plans, (t, N)."""
        base = np.int16(self.table.base(strategy) if self.lead is not None else -1)
        if panel is None or not self.table.room[strategy]:
            bars = rows.stop - rows.start
            return np.broadcast_to(base, (bars, self._symbols))
        own = panel[rows]
        return np.where(own >= 0, own + np.int16(self.table.first[strategy]), base)

    @property
    def _symbols(self) -> int:
        return len(self.targets.slot_symbol) // (1 if self.lead is not None else len(self.targets.strategy_cap))

    def _in_raw_prices(self, rows: slice) -> None:
        assert self.prices is not None  # asked by the caller
        repeats = len(self.targets.slot_symbol) // self.prices[0].shape[1]
        now, later = (np.tile(factor[rows], (1, repeats)) for factor in self.prices)
        level = self.targets.entry_level
        rests = np.isfinite(level[rows]) if len(level) else np.False_
        acting = np.where(self.next_open | np.asarray(rests), later, now)  # an order that rests acts in the next bar
        for name in LEVELS:
            panel = getattr(self.targets, name)
            if len(panel):
                panel[rows] *= acting


def raw_price_factors(factor: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return raw over adjusted price (T, N) as it is known on each bar, and on the next, from `factor`.

    That is NaN without a bar; what is not known yet is taken from the first bar that tells.
    """
    number = np.arange(len(factor))[:, None]
    known = np.isfinite(factor)
    place = np.maximum.accumulate(np.where(known, number, -1), axis=0)
    first = np.where(known.any(axis=0), known.argmax(axis=0), 0)
    now = np.take_along_axis(factor, np.where(place < 0, first, place), axis=0)
    return now, np.vstack((now[1:], now[-1:]))


def _side_by_side(out: Panel, panels: Sequence[Panel | None], default: float) -> None:
    symbols = out.shape[1] // len(panels)
    for strategy, panel in enumerate(panels):
        out[:, strategy * symbols : (strategy + 1) * symbols] = default if panel is None else panel


def _by_leader(out: Panel, panels: Sequence[Panel | None], lead: npt.NDArray[np.int8], default: float) -> None:
    out[:] = default
    for strategy, panel in enumerate(panels):
        if panel is not None:
            np.copyto(out, panel, where=lead == strategy)
