"""`Overview`: what a set of bars holds, symbol by symbol: span, count, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.data.bars import Bars

_RARE: Final = 0.01  # a step seen in fewer than this share of a symbol's steps is a gap, not a night or a weekend
_SHOWN_GAPS: Final = 3


@dataclass(frozen=True)
class Gap:
    """A stretch without bars: the stamps before and after it, UTC ns."""

    before: int
    after: int


@dataclass(frozen=True)
class SymbolOverview:
    """One symbol: its bars, first and last stamp, its gaps (count, and the longest few, longest first).

    `missing` counts the stamps between first and last at which another symbol has a bar and this
    one has none; `zero_volume` and `unknown_volume` count bars.
    """

    symbol: str
    bars: int
    first: int
    last: int
    missing: int
    gaps: int
    longest_gaps: tuple[Gap, ...]
    zero_volume: int
    unknown_volume: int


def describe_bars(bars: Bars) -> list[SymbolOverview]:
    """Describe each symbol of `bars`; a gap is a step of a length that is rare for the symbol."""
    return [_describe(bars, n) for n in range(len(bars.symbols))]


def _describe(bars: Bars, n: int) -> SymbolOverview:
    place = np.flatnonzero(np.isfinite(bars.close[:, n]))
    times = bars.times[place]
    steps = np.diff(times)
    lengths, counts = np.unique(steps, return_counts=True)
    usual = lengths[counts >= _RARE * len(steps)] if len(steps) else lengths
    rare = np.flatnonzero((steps > (usual.min() if len(usual) else 0)) & ~np.isin(steps, usual))
    longest = rare[np.argsort(-steps[rare], kind="stable")][:_SHOWN_GAPS]
    volume = bars.volume[place, n]
    return SymbolOverview(
        symbol=bars.symbols[n],
        bars=len(times),
        first=int(times[0]),
        last=int(times[-1]),
        missing=int(place[-1] - place[0] + 1 - len(place)),
        gaps=len(rare),
        longest_gaps=tuple(Gap(int(times[at]), int(times[at + 1])) for at in longest),
        zero_volume=int((volume == 0).sum()),
        unknown_volume=int(np.isnan(volume).sum()),
    )
