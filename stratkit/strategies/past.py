"""`Past`: the bars so far, on which a per-bar strategy may look back and never forward."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import UsageError, did_you_mean
from stratkit.panel import FloatArray, IntArray, read_only

_ROOM: Final = 64  # rows at first; doubled when full, so that not even the number of all bars can be read from it


@dataclass(frozen=True)
class History:
    """The last own bars of one symbol, the latest last: stamps, prices and volume, each (n,) and read-only."""

    times: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.times)


class Past:
    """Hands on bars up to a bar out of a copy that only ever holds bars up to the latest one asked for.

    A view of all bars would carry the later ones with it, as the base of its arrays.
    """

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._rows = 0
        self._times: IntArray = np.empty(0, np.int64)
        self._panels = {name: np.empty((0, len(bars.symbols))) for name in FIELDS}
        self._own_rows: dict[int, IntArray] = {}

    def until(self, stop: int) -> Bars:
        """Return bars [0, stop); what was found wrong in all of them is not part of it."""
        self._copy_until(stop)
        parts: dict[str, Any] = {name: panel[:stop] for name, panel in self._panels.items()}
        return replace(self._bars, times=self._times[:stop], findings=(), **parts)

    def history(self, symbol: str, rows: int, stop: int) -> History:
        """Return the last `rows` own bars of a symbol before row `stop`; fewer when it has fewer."""
        column = self.column(symbol)
        chosen = self._own(column, stop)[-rows:] if rows > 0 else self._own(column, 0)
        panels = {name: read_only(getattr(self._bars, name)[chosen, column]) for name in FIELDS}
        return History(read_only(self._bars.times[chosen]), **panels)

    def own_row(self, column: int, stop: int, bars_ago: int) -> int | None:
        """Return the row of the own bar that many before the last one before `stop`; None when there is none."""
        rows = self._own(column, stop)
        return int(rows[-1 - bars_ago]) if bars_ago < len(rows) else None

    def column(self, symbol: str) -> int:
        """Return the column of a symbol; raise `UsageError` with the nearest for an unknown one."""
        if symbol not in self._bars.symbols:
            raise UsageError(f"unknown symbol {symbol!r}; {did_you_mean(str(symbol), self._bars.symbols)}")
        return self._bars.symbols.index(symbol)

    def _own(self, column: int, stop: int) -> IntArray:
        if column not in self._own_rows:
            self._own_rows[column] = np.flatnonzero(np.isfinite(self._bars.close[:, column]))
        rows = self._own_rows[column]
        return rows[: np.searchsorted(rows, stop)]

    def _copy_until(self, stop: int) -> None:
        if stop <= self._rows:
            return
        if stop > len(self._times):
            room = max(_ROOM, 2 * len(self._times), stop)
            self._times = _longer(self._times, room)
            self._panels = {name: _longer(panel, room) for name, panel in self._panels.items()}
        self._times[self._rows : stop] = self._bars.times[self._rows : stop]
        for name, panel in self._panels.items():
            panel[self._rows : stop] = getattr(self._bars, name)[self._rows : stop]
        self._rows = stop


def _longer(array: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    longer = np.zeros((rows, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
