"""`SymbolBars`: how many bars of a symbol a run was given, and marks by which the first changed one is found."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.panel import FloatArray, IntArray, format_time
from stratkit.runs.stamps import iso

_MARKS: Final = 1_024  # of all symbols together: 8 KB in a manifest
_HEX: Final = 8  # letters of one mark, 32 bits: sha256 of the whole decides whether there is a change, marks only where


@dataclass(frozen=True)
class SymbolBars:
    """The bars of one symbol: how many, from when to when, and a mark of every `bars_per_mark` of them."""

    bars: int
    first: str
    last: str
    bars_per_mark: int
    marks: str

    def plain(self) -> dict[str, Any]:
        """Return it as a manifest keeps it."""
        return dict(vars(self))


def symbol_bars(times: IntArray, symbols: Sequence[str], panels: Sequence[FloatArray]) -> dict[str, SymbolBars]:
    """Return what a manifest keeps of each symbol's bars; arguments as those of `data_digests`."""
    most = max(1, _MARKS // max(len(symbols), 1))
    found = {}
    for column, symbol in enumerate(symbols):
        stamps, values = own_bars(times, panels, column)
        size = max(1, -(-len(stamps) // most))
        span = (iso(int(stamps[0])), iso(int(stamps[-1]))) if len(stamps) else ("", "")
        found[symbol] = SymbolBars(len(stamps), *span, size, _marks(stamps, values, size))
    return found


def own_bars(times: IntArray, panels: Sequence[FloatArray], column: int) -> tuple[IntArray, list[FloatArray]]:
    """Return the stamps and values of one symbol's own bars: where its first panel is a number."""
    bars = np.isfinite(panels[0][:, column])
    return times[bars], [panel[bars, column] for panel in panels]


def what_changed(then: Mapping[str, Any], stamps: IntArray, values: Sequence[FloatArray]) -> str:
    """Return in words how bars differ from those that `then`, a plain `SymbolBars`, was made from."""
    before, size = int(then["bars"]), int(then["bars_per_mark"])
    counts = f"{before:,} bars then, {len(stamps):,} now"
    marks = str(then["marks"])
    shared = min(before, len(stamps))
    # a mark of fewer bars than it stood for says nothing
    whole = shared if shared == before else shared // size * size
    now = _marks(stamps[:whole], [column[:whole] for column in values], size)
    places = [place for place in range(0, len(now), _HEX) if now[place : place + _HEX] != marks[place : place + _HEX]]
    changed = places[0] // _HEX if places else None
    if changed is None:
        return f"{counts}: {_ending(then, stamps, before, whole)}"
    from_, to = changed * size, min((changed + 1) * size, shared) - 1
    where = _between(stamps, from_, to)
    return f"the first change is {where}" if before == len(stamps) else f"{counts}: the first change is {where}"


def _ending(then: Mapping[str, Any], stamps: IntArray, before: int, whole: int) -> str:
    if len(stamps) > before:
        return (
            f"{len(stamps) - before:,} were added after {format_time(int(stamps[before - 1]))}, all others are the same"
        )
    if len(stamps) < before:
        last = format_time(int(stamps[-1])) if len(stamps) else "the beginning"
        return f"they end at {last} and ended at {then['last']}; the first {whole:,} are the same"
    return "which of them changed is not known"


def _between(stamps: IntArray, first: int, last: int) -> str:
    from_, to = format_time(int(stamps[first])), format_time(int(stamps[last]))
    return f"the bar of {to}" if first == last else f"among the {last - first + 1:,} bars from {from_} to {to}"


def _marks(stamps: IntArray, values: Sequence[FloatArray], size: int) -> str:
    columns: list[npt.NDArray[Any]] = [np.ascontiguousarray(stamps, dtype="<i8")]
    columns += [np.ascontiguousarray(_one_nan(column), dtype="<f8") for column in values]
    marks = []
    for start in range(0, len(stamps), size):
        mark = 0
        for column in columns:
            mark = zlib.crc32(column[start : start + size].data, mark)
        marks.append(f"{mark:0{_HEX}x}")
    return "".join(marks)


def _one_nan(column: FloatArray) -> FloatArray:
    unknown = np.isnan(column)
    return np.where(unknown, np.nan, column) if unknown.any() else column
