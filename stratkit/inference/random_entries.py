"""`EntryStream`, `random_entry_pnl`: what the trades of a rule would have earned, had they begun at random.

Each trade keeps side, size and holding time. The bars out of the market are shared out anew: every trade is put, alone
and uniformly, between two of them or before or behind all, and trades that meet follow each other in random order. So
no two of a stream overlap, as none did. One stream is one strategy on one symbol; several are placed each for itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product
from typing import Final

import numpy as np

from stratkit.errors import DataError
from stratkit.panel import FloatArray, IntArray

_CELLS: Final = 1 << 18  # placed trades held at a time: a few MB


@dataclass(frozen=True)
class EntryStream:
    """K trades that follow each other on S prices.

    `prices` (S,) are those at which trades begin and end, one per bar; `within` (S,) the return from a bar's price to
    the end of the bar, for trades that end in the bar where they begin. `entry` and `hold` (K,) count bars, `exposure`
    (K,) is the signed size as a fraction of equity. Raises `DataError` for trades that overlap or leave the prices.
    """

    prices: FloatArray
    within: FloatArray
    entry: IntArray
    hold: IntArray
    exposure: FloatArray

    def __post_init__(self) -> None:
        ends = self.entry + self.hold
        if len(self.entry) and (self.entry.min() < 0 or ends.max() >= len(self.prices)):
            raise DataError("trades must begin and end on bars of their symbol; one does not")
        order = np.argsort(self.entry, kind="stable")
        if (self.entry[order][1:] < ends[order][:-1]).any():
            raise DataError("trades of one strategy on one symbol must follow each other; two overlap")

    @property
    def free_bars(self) -> int:
        """Bars out of the market."""
        return len(self.prices) - 1 - int(self.hold.sum())

    @cached_property
    def cases(self) -> float:
        """How many ways there are to place the trades: places times orders."""
        return float(self.free_bars + 1) ** len(self.entry) * float(math.factorial(min(len(self.entry), 100)))

    def pnl(self, entry: IntArray, hold: IntArray, exposure: FloatArray) -> FloatArray:
        """Return what trades placed at `entry` earn, as fractions of equity, each for itself."""
        after = self.prices[entry + hold] / self.prices[entry] - 1.0
        return np.asarray(exposure * np.where(hold > 0, after, self.within[entry]))

    @property
    def own_pnl(self) -> FloatArray:
        """(K,) what the trades earned where they were, at the same prices."""
        return self.pnl(self.entry, self.hold, self.exposure)


def random_entry_pnl(stream: EntryStream, paths: int, draw: np.random.Generator) -> Iterator[FloatArray]:
    """Yield parts of (paths, K) what the trades of each path earned, as fractions of equity.

    >>> flat = EntryStream(np.ones(9), np.zeros(9), np.array([1, 4]), np.array([2, 3]), np.array([1.0, -1.0]))
    >>> [part.tolist() for part in random_entry_pnl(flat, 2, np.random.default_rng(0))]
    [[[0.0, 0.0], [0.0, -0.0]]]
    """
    count, most = len(stream.entry), max(1, _CELLS // max(1, len(stream.entry)))
    for first in range(0, paths, most):
        size = min(most, paths - first)
        order = np.argsort(draw.random((size, count)), axis=1)
        cuts = np.sort(draw.integers(0, stream.free_bars + 1, (size, count)), axis=1)
        yield _placed(stream, order, cuts)


def every_entry_pnl(stream: EntryStream) -> FloatArray:
    """Return (cases, K) what the trades earned in every case there is, each as likely as any other."""
    count = len(stream.entry)
    orders = np.array(list(permutations(range(count))), np.int64)
    cuts = np.sort(np.array(list(product(range(stream.free_bars + 1), repeat=count)), np.int64), axis=1)
    return np.concatenate([_placed(stream, np.tile(order, (len(cuts), 1)), cuts) for order in orders])


def _placed(stream: EntryStream, order: IntArray, cuts: IntArray) -> FloatArray:
    hold = stream.hold[order]
    entry = cuts + np.cumsum(hold, axis=1) - hold
    return stream.pnl(entry, hold, stream.exposure[order])
