"""`Rows`: bars one symbol after the other as a file holds them, and their union as `Bars`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import FIELDS, PRICES, Bars
from stratkit.errors import DataError
from stratkit.frequency import frequency_ns, measure_frequency
from stratkit.panel import BoolArray, FloatArray, IntArray

_ENOUGH_STEPS = 20  # fewer steps say little about how far apart a symbol's bars are


@dataclass(frozen=True)
class Rows:
    """K rows of N symbols: symbol n owns rows [offsets[n], offsets[n + 1]), in the order found.

    `times` (K,) UTC ns; prices and `volume` (K,) float64, NaN = not there.
    """

    symbols: tuple[str, ...]
    offsets: IntArray
    times: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    @cached_property
    def inner_steps(self) -> IntArray:
        """(K - 1,) ns from row to row; the step from one symbol to the next is set to 1."""
        steps = np.diff(self.times)
        joints = self.offsets[1:-1]
        joints = joints[(joints > 0) & (joints < len(self.times))]
        steps[joints - 1] = 1  # positive, so that no check mistakes it for disorder
        return steps

    def symbol_at(self, row: int) -> str:
        """Return the symbol that owns a row."""
        return self.symbols[int(np.searchsorted(self.offsets, row, side="right")) - 1]

    def take(self, chosen: BoolArray) -> Rows:
        """Return the rows where `chosen` (K,) is True; a symbol may be left without any."""
        before = np.concatenate(([0], np.cumsum(chosen)))
        parts = {name: getattr(self, name)[chosen] for name in FIELDS}
        return Rows(self.symbols, before[self.offsets], self.times[chosen], **parts)

    def without_empty(self) -> Rows:
        """Return these rows less the symbols that own none."""
        kept = np.diff(self.offsets) > 0
        if kept.all():
            return self
        symbols = tuple(symbol for symbol, keep in zip(self.symbols, kept, strict=True) if keep)
        offsets = np.concatenate((self.offsets[:-1][kept], self.offsets[-1:]))
        return Rows(symbols, offsets, self.times, **{name: getattr(self, name) for name in FIELDS})

    def without_blanks(self) -> Rows:
        """Return these rows less those whose four prices are all NaN: rows that say "no bar"."""
        blank = np.isnan(self.close)
        if not blank.any():
            return self
        for name in ("open", "high", "low"):
            blank &= np.isnan(getattr(self, name))
        return self.take(~blank) if blank.any() else self

    def frequency(self) -> str:
        """Return the commonest step between the bars of one symbol, as a word."""
        steps = self.inner_steps
        within = steps[steps != 1]
        return _word(within) if len(within) else measure_frequency(np.unique(self.times))

    def one_frequency(self, declared: str | None, where: str) -> str:
        """Return the frequency, `declared` or measured; raise `DataError` when a symbol has another.

        A symbol with holes may step wider than the frequency, if it steps by it somewhere too.
        """
        frequency = declared or self.frequency()
        if declared is None and len(self.symbols) == 1:
            return frequency
        step_ns = frequency_ns(frequency)
        for symbol, start, stop in zip(self.symbols, self.offsets[:-1], self.offsets[1:], strict=True):
            steps = self.inner_steps[start : stop - 1]
            if len(steps) < _ENOUGH_STEPS:
                continue
            measured = _word(steps)
            measured_ns = frequency_ns(measured)
            if measured_ns == step_ns or (measured_ns > step_ns and (steps == step_ns).any()):
                continue
            raise DataError(
                f"{where}: all bars must be {frequency} apart; those of {symbol} are {measured} apart: "
                f"load each frequency by itself, or make them alike with `stratkit data resample`"
            )
        return frequency


def _word(steps: IntArray) -> str:
    """Return the commonest step as a word; when most steps are alike it is their median, found without a sort."""
    middle = int(np.partition(steps, len(steps) // 2)[len(steps) // 2])
    if 2 * int((steps == middle).sum()) > len(steps):
        return measure_frequency(np.array([0, middle]))
    return measure_frequency(np.concatenate(([0], np.cumsum(steps))))


def join_rows(parts: Sequence[Rows]) -> Rows:
    """Return several sets of rows as one, symbols ascending."""
    if len(parts) == 1 and list(parts[0].symbols) == sorted(parts[0].symbols):
        return parts[0]
    pieces = [(symbol, part, n) for part in parts for n, symbol in enumerate(part.symbols)]
    pieces.sort(key=lambda piece: piece[0])
    spans = [slice(int(part.offsets[n]), int(part.offsets[n + 1])) for _, part, n in pieces]
    counts = [span.stop - span.start for span in spans]
    arrays = {
        name: np.concatenate([getattr(part, name)[span] for (_, part, _), span in zip(pieces, spans, strict=True)])
        for name in ("times", *FIELDS)
    }
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return Rows(tuple(symbol for symbol, _, _ in pieces), offsets, **arrays)


def split_rows(
    names: Sequence[str], codes: npt.NDArray[np.int32], times: IntArray, values: dict[str, FloatArray]
) -> Rows:
    """Return the rows of a long table, whose row k belongs to ``names[codes[k]]``, symbol by symbol.

    The order within a symbol stays as found.
    """
    rank = np.argsort(np.argsort(np.array(names, dtype=object), kind="stable"), kind="stable")
    ranked = rank[codes].astype(np.int32)
    counts = np.bincount(ranked, minlength=len(names))
    if len(names) > 1:
        order = np.argsort(ranked, kind="stable")
        times, values = times[order], {name: array[order] for name, array in values.items()}
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return Rows(tuple(sorted(names)), offsets, times, **values).without_empty()


def align_rows(rows: Rows, frequency: str, source: str) -> Bars:
    """Return checked rows as `Bars` on the union of their stamps; NaN where a symbol has no bar."""
    if len(rows.symbols) == 1:
        parts = {name: getattr(rows, name).reshape(-1, 1) for name in FIELDS}
        return Bars(rows.times, rows.symbols, frequency=frequency, source=source, **parts)
    times = np.unique(rows.times)
    bar = np.searchsorted(times, rows.times)
    column = np.repeat(np.arange(len(rows.symbols)), np.diff(rows.offsets))
    parts = {}
    for name in FIELDS:
        panel = np.full((len(times), len(rows.symbols)), np.nan)
        panel[bar, column] = getattr(rows, name)
        parts[name] = panel
    return Bars(times, rows.symbols, frequency=frequency, source=source, **parts)


def rows_of(bars: Bars) -> Rows:
    """Return the rows of the bars that exist, symbol by symbol."""
    exists = np.isfinite(bars.close).T
    for name in PRICES[:3]:
        exists = exists & np.isfinite(getattr(bars, name)).T
    column, bar = np.nonzero(exists)
    offsets = np.concatenate(([0], np.cumsum(exists.sum(axis=1)))).astype(np.int64)
    return Rows(bars.symbols, offsets, bars.times[bar], **{n: getattr(bars, n)[bar, column] for n in FIELDS})
