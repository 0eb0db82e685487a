"""`Repair`: one way to mend bars, and `Change`: what it did to them, found by comparing before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stratkit.data.bars import FIELDS
from stratkit.data.clean_settings import CleanSettings
from stratkit.data.raw_rows import RawRows
from stratkit.data.rows import Rows
from stratkit.panel import BoolArray, FloatArray, IntArray

CHANGING: Final = ("timestamp", *FIELDS)

# rows, settings and the lines that findings of its codes name -> mended rows
Mend = Callable[[RawRows, CleanSettings, IntArray], RawRows]


@dataclass(frozen=True)
class Repair:
    """A named repair for findings of `codes`.

    `reason` goes to the log beside each row. `option` is a setting it cannot do without, such as "tz";
    `safe` repairs take part without being asked for by name.
    """

    name: str
    codes: tuple[str, ...]
    reason: str
    mend: Mend
    option: str | None = None
    safe: bool = True


@dataclass(frozen=True)
class FieldChange:
    """New values of one field: `line` (C,) in the source, `old` and `new` (C,); stamps are int64 ns."""

    field: str
    line: IntArray
    old: FloatArray | IntArray
    new: FloatArray | IntArray


@dataclass(frozen=True)
class Change:
    """What one repair did: the rows it took out, as they were before it, and the values it changed."""

    repair: Repair
    dropped: RawRows
    fields: tuple[FieldChange, ...]
    moved: int

    @property
    def touched(self) -> int:
        """How many rows were taken out, changed or moved."""
        lines = [change.line for change in self.fields]
        changed = len(np.unique(np.concatenate(lines))) if lines else 0
        return len(self.dropped.line) + changed + self.moved


def compare(repair: Repair, before: RawRows, after: RawRows) -> Change:
    """Return how `after` differs from `before`; every row of `after` must be one of `before`."""
    kept = np.isin(before.line, after.line)
    stayed = taken(before, kept)
    moved = int((stayed.line != after.line).sum())
    old_order, new_order = np.argsort(stayed.line), np.argsort(after.line)
    fields = []
    for name in CHANGING:
        old, new = column(stayed, name)[old_order], column(after, name)[new_order]
        changed = bits(old) != bits(new)
        if changed.any():
            fields.append(FieldChange(name, stayed.line[old_order][changed], old[changed], new[changed]))
    return Change(repair, taken(before, ~kept), tuple(fields), moved)


def column(raw: RawRows, name: str) -> FloatArray | IntArray:
    """Return a field of raw rows by the name that files use."""
    values: FloatArray | IntArray = getattr(raw.rows, "times" if name == "timestamp" else name)
    return values


def bits(values: FloatArray | IntArray) -> IntArray:
    """Return 8-byte values as whole numbers, in which every NaN equals itself."""
    return np.ascontiguousarray(values).view(np.int64)


def taken(raw: RawRows, chosen: BoolArray) -> RawRows:
    """Return the rows where `chosen` (K,) is True."""
    return raw if chosen.all() else replace(raw, rows=raw.rows.take(chosen), line=raw.line[chosen])


def without_lines(raw: RawRows, lines: IntArray) -> RawRows:
    """Return the rows that stand on none of `lines`."""
    return taken(raw, ~np.isin(raw.line, lines))


def reordered(raw: RawRows, order: IntArray) -> RawRows:
    """Return the rows in another order, which must keep those of one symbol together."""
    rows = raw.rows
    parts = {name: getattr(rows, name)[order] for name in FIELDS}
    return replace(raw, rows=Rows(rows.symbols, rows.offsets, rows.times[order], **parts), line=raw.line[order])


def with_values(raw: RawRows, values: dict[str, FloatArray | IntArray]) -> RawRows:
    """Return the rows with some fields replaced."""
    parts = {name: values.get(name, getattr(raw.rows, name)) for name in ("times", *FIELDS)}
    return replace(raw, rows=Rows(raw.rows.symbols, raw.rows.offsets, **parts))


def owner(raw: RawRows) -> IntArray:
    """Return (K,) the place of each row's symbol."""
    return np.repeat(np.arange(len(raw.rows.symbols)), np.diff(raw.rows.offsets))
