"""`OrderedRows`: the rows of a file in UTC, each symbol in time, each stamp once: what later checks stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import FIELDS, PRICES
from stratkit.data.findings import Finding, found
from stratkit.data.rows import Rows
from stratkit.frequency import frequency_ns, is_intraday
from stratkit.panel import BoolArray, IntArray


@dataclass(frozen=True)
class OrderedRows:
    """`rows` ascending and without a repeat within each symbol; `line` (K,) is where each stands in its file."""

    rows: Rows
    line: IntArray
    frequency: str

    @property
    def step_ns(self) -> int:
        """Length of one bar."""
        return frequency_ns(self.frequency)

    @property
    def intraday(self) -> bool:
        """Whether several bars share a day."""
        return is_intraday(self.frequency)

    @cached_property
    def owner(self) -> IntArray:
        """(K,) the place of each row's symbol."""
        return np.repeat(np.arange(len(self.rows.symbols)), np.diff(self.rows.offsets))

    @cached_property
    def sound(self) -> BoolArray:
        """(K,) whether all four prices of a row are finite and positive."""
        good = np.ones(len(self.line), dtype=np.bool_)
        for name in PRICES:
            price = getattr(self.rows, name)
            good &= np.isfinite(price) & (price > 0)
        return good

    def chosen(self, mask: BoolArray) -> OrderedRows:
        """Return the rows where `mask` is True; a symbol may be left without any."""
        return self if mask.all() else replace(self, rows=self.rows.take(mask), line=self.line[mask])

    def inner(self) -> BoolArray:
        """(K,) False at the first row of each symbol, which has no row before it."""
        mask: BoolArray = np.ones(len(self.line), dtype=np.bool_)
        starts = self.rows.offsets[:-1]
        mask[starts[starts < len(mask)]] = False
        return mask

    def findings(self, code: str, flagged: IntArray, say: Callable[[int, int], str]) -> Iterator[Finding]:
        """Yield one finding per symbol of rows `flagged`; `say` makes the message of (count, first row)."""
        owners = self.owner[flagged]
        cuts = np.flatnonzero(np.diff(owners)) + 1
        for part in np.split(flagged, cuts) if len(flagged) else []:
            yield found(
                code,
                say(len(part), int(part[0])),
                symbol=self.rows.symbols[int(self.owner[part[0]])],
                count=len(part),
                rows=self.line[part],
                stamps=self.rows.times[part],
            )


def sorted_rows(rows: Rows, line: IntArray) -> tuple[Rows, IntArray]:
    """Return rows and lines in order of their stamps within each symbol; equal stamps stay in the order found."""
    if not (rows.inner_steps < 0).any():
        return rows, line
    owner = np.repeat(np.arange(len(rows.symbols)), np.diff(rows.offsets))
    order = np.lexsort((rows.times, owner))
    return _taken(rows, order), line[order]


def _taken(rows: Rows, order: npt.NDArray[np.intp]) -> Rows:
    return Rows(rows.symbols, rows.offsets, rows.times[order], **{n: getattr(rows, n)[order] for n in FIELDS})
