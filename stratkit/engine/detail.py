"""`Detail`: finer bars inside each bar, so that what happened inside it need not be assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stratkit.data.bars import PRICES, Bars
from stratkit.errors import DataError
from stratkit.frequency import frequency_ns
from stratkit.panel import BoolArray, FloatArray, IntArray, format_time

_TOLERANCE = 1e-9  # relative; a difference below it is rounding


@dataclass(frozen=True)
class Detail:
    """Finer bars of the same symbols: pieces [rows[t, 0], rows[t, 1]) lie inside bar t.

    `rows` (T, 2) int64; `agrees` (T, N): the pieces of that bar open, peak, bottom and close where the bar does, so
    that it may be walked through them; `open`, `high`, `low`, `close` (F, N), NaN = no piece. `absent` and
    `disagreeing` count bars that are played whole: without pieces, or with pieces that do not make up the bar.
    """

    rows: IntArray
    agrees: BoolArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    frequency: str
    digest: str
    absent: int
    disagreeing: int
    first_disagreement: str

    @property
    def doubt(self) -> str:
        """What to say of bars that are played whole; empty when all are walked."""
        parts = []
        if self.absent:
            parts.append(f"{self.absent:,} without finer bars")
        if self.disagreeing:
            parts.append(f"{self.disagreeing:,} unlike its finer bars (first {self.first_disagreement})")
        walked = int(self.agrees.sum())
        every = walked + self.absent + self.disagreeing
        said = f"detail: {walked:,} of {every:,} bars walked through {self.frequency} bars; played whole: "
        return said + ", ".join(parts) if parts else ""

    def panels(self) -> dict[str, Any]:
        """Return the fields of `Market`."""
        prices = {f"detail_{name}": getattr(self, name) for name in PRICES}
        return {"detail_rows": self.rows, "detail_agrees": self.agrees, **prices}


def detail_of(bars: Bars, finer: Bars) -> Detail:
    """Return the finer bars as pieces of `bars`; symbols of `bars` that `finer` lacks have none.

    A piece belongs to the bar whose span [start, start + frequency) holds its start, a month as long as the calendar
    says; pieces outside every bar are left out. Raises `DataError` when `finer` is not finer, or shares neither
    symbol nor time with `bars`.
    """
    span, step = frequency_ns(bars.frequency), frequency_ns(finer.frequency)
    if step >= span or span % step:
        raise DataError(
            f"detail must be finer than the bars and divide them: found {finer.frequency} inside {bars.frequency}"
        )
    shared = [symbol for symbol in bars.symbols if symbol in finer.symbols]
    if not shared:
        raise DataError(
            f"detail must hold the symbols of the bars, {', '.join(bars.symbols[:3])}; found "
            f"{', '.join(finer.symbols[:3])}: rename them, or give one file per symbol named after it"
        )
    rows = np.searchsorted(finer.times, np.stack((bars.times, _ends(bars, span)), axis=1))
    prices = [_on_symbols(bars, finer, name) for name in PRICES]
    made = [_made_of(panel, rows, name) for panel, name in zip(prices, PRICES, strict=True)]
    exists = np.isfinite(bars.close)
    found = exists & np.isfinite(made[3])
    if not found.any():
        raise DataError(
            f"detail must lie inside the bars; those run {format_time(int(bars.times[0]))} .. "
            f"{format_time(int(bars.times[-1]))}, the detail {format_time(int(finer.times[0]))} .. "
            f"{format_time(int(finer.times[-1]))}"
        )
    agrees = found.copy()
    for panel, name in zip(made, PRICES, strict=True):
        whole = getattr(bars, name)
        with np.errstate(invalid="ignore"):
            agrees &= np.abs(panel - whole) <= _TOLERANCE * np.abs(whole)
    open_, high, low, close = prices
    return Detail(
        rows=rows.astype(np.int64),
        agrees=agrees,
        open=open_,
        high=high,
        low=low,
        close=close,
        frequency=finer.frequency,
        digest=finer.digest,
        absent=int((exists & ~found).sum()),
        disagreeing=int((found & ~agrees).sum()),
        first_disagreement=_first(bars, made, found & ~agrees),
    )


def _ends(bars: Bars, span_ns: int) -> IntArray:
    """Return (T,) where each bar ends, UTC ns, never after the start of the next."""
    ends = bars.times + span_ns
    if bars.frequency.endswith("mo"):
        month = bars.times.astype("datetime64[ns]").astype("datetime64[M]")
        ends = (month + int(bars.frequency[:-2])).astype("datetime64[ns]").astype(np.int64)
    ends[:-1] = np.minimum(ends[:-1], bars.times[1:])
    return ends


def _on_symbols(bars: Bars, finer: Bars, name: str) -> FloatArray:
    panel = np.full((len(finer.times), len(bars.symbols)), np.nan)
    for column, symbol in enumerate(bars.symbols):
        if symbol in finer.symbols:
            panel[:, column] = getattr(finer, name)[:, finer.symbols.index(symbol)]
    return panel


def _made_of(panel: FloatArray, rows: IntArray, name: str) -> FloatArray:
    """Return (T, N): the open, high, low or close that the pieces of each bar make up; NaN without one."""
    made = np.full((len(rows), panel.shape[1]), np.nan)
    filled = rows[:, 1] > rows[:, 0]
    if not filled.any():
        return made
    # the pieces of a bar stand between its edges; what lies between two bars becomes a group of its own, dropped below
    edges = np.minimum(rows[filled].ravel(), len(panel) - 1)
    if name in ("high", "low"):
        empty = -np.inf if name == "high" else np.inf
        known = np.where(np.isnan(panel), empty, panel)
        known = np.vstack((known, np.full((1, panel.shape[1]), empty)))  # so that the last edge may stand at the end
        reduce = np.maximum if name == "high" else np.minimum
        best = reduce.reduceat(known, rows[filled].ravel(), axis=0)[::2]
        made[filled] = np.where(np.isinf(best), np.nan, best)
        return made
    present = np.isfinite(panel)
    number = np.arange(len(panel))[:, None]
    if name == "open":
        place = np.where(present, number, len(panel))
        place = np.minimum.accumulate(place[::-1], axis=0)[::-1][edges[::2]]
        inside = place < rows[filled][:, 1:]
    else:
        place = np.maximum.accumulate(np.where(present, number, -1), axis=0)[rows[filled][:, 1] - 1]
        inside = place >= rows[filled][:, :1]
    taken = np.take_along_axis(panel, np.clip(place, 0, len(panel) - 1), axis=0)
    made[filled] = np.where(inside, taken, np.nan)
    return made


def _first(bars: Bars, made: list[FloatArray], wrong: BoolArray) -> str:
    if not wrong.any():
        return ""
    bar, column = np.argwhere(wrong)[0]
    whole = ", ".join(f"{getattr(bars, name)[bar, column]:g}" for name in PRICES)
    pieces = ", ".join(f"{panel[bar, column]:g}" for panel in made)
    return (
        f"{bars.symbols[column]} on {format_time(int(bars.times[bar]))}: open, high, low, close are {whole}, "
        f"its finer bars make {pieces}"
    )
