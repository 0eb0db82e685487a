"""`Bars`: what the market printed, one row per bar and one column per symbol."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from stratkit.data.findings import Finding
from stratkit.errors import DataError
from stratkit.panel import FloatArray, IntArray, format_time, read_only

FIELDS = ("open", "high", "low", "close", "volume")
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Bars:
    """OHLCV bars of N symbols on the union of their stamps.

    `times` (T,) int64, UTC nanoseconds of each bar's START, strictly increasing; `symbols` N names,
    ascending; prices and `volume` (T, N) float64, C order, read-only, prices in quote currency;
    NaN = no bar. A bar exists where O, H, L and C are all finite; volume may be NaN (unknown).
    `frequency` is a word such as ``1d``. `source` says in words where the bars came from, `findings` what the
    gate found in them and let pass.
    """

    times: IntArray
    symbols: tuple[str, ...]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    frequency: str
    source: str = field(default="arrays", compare=False)
    findings: tuple[Finding, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        shape = (len(self.times), len(self.symbols))
        for name in FIELDS:
            array = getattr(self, name)
            if array.shape != shape:
                raise DataError(f"{name} must be {shape[0]} bars x {shape[1]} symbols; found {array.shape}")
            object.__setattr__(self, name, read_only(np.ascontiguousarray(array, dtype=np.float64)))
        object.__setattr__(self, "times", read_only(np.ascontiguousarray(self.times, dtype=np.int64)))

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        return len(self.times), len(self.symbols)

    @cached_property
    def digest(self) -> str:
        """sha256 of the content: symbols, stamps and values, independent of any file layout."""
        digest = hashlib.sha256("\x00".join((*self.symbols, self.frequency)).encode())
        digest.update(self.times.astype("<i8").tobytes())
        for name in FIELDS:
            digest.update(getattr(self, name).astype("<f8").tobytes())
        return digest.hexdigest()

    def slice(self, start: int, stop: int) -> Bars:
        """Return bars [start, stop) as views."""
        parts = {name: getattr(self, name)[start:stop] for name in FIELDS}
        return replace(self, times=self.times[start:stop], **parts)

    def select(self, symbols: tuple[str, ...]) -> Bars:
        """Return the bars of some symbols, on the same times."""
        columns = [self.symbols.index(symbol) for symbol in symbols]
        parts = {name: getattr(self, name)[:, columns] for name in FIELDS}
        return replace(self, symbols=symbols, **parts)

    def __repr__(self) -> str:
        if not len(self.times):
            return f"Bars(0 bars x {len(self.symbols)} symbols)"
        span = f"{format_time(int(self.times[0]))} .. {format_time(int(self.times[-1]))}"
        return f"Bars({len(self.times)} x {len(self.symbols)} symbols, {self.frequency}, {span})"
