"""`BarSteps`: the moves that bars are made of, and bars rebuilt from them in another order.

A bar is a gap from the close before it and, from its open on, an intrabar move to its high, low and close. Shuffling
the gaps by one permutation and the intrabar moves by another keeps the trend, every single move, and, since all symbols
share both permutations, how the symbols move together; it destroys whatever a strategy could have foreseen. Sources:
T. Masters, Permutation and Randomization Tests for Trading System Development (2020); D. Aronson, Evidence-Based
Technical Analysis (2006).

Holes. A symbol that is listed late, is delisted or keeps another holiday has bars where others have none. Rows are
exchanged only with rows on which exactly the same symbols have a bar, so that every symbol keeps its own dates and
every move finds the moves of the other symbols beside it. A gap across a hole is the move since the symbol's last bar.
A symbol's first bar has no gap and stays, and with it the row that it stands on. Of a universe full of holes little can
move: `BarSteps.moved` says how much.

Prices must be adjusted for splits and dividends, since a dated event does not move with the bars. Time of day is
not kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stratkit.data.bars import PRICES, Bars
from stratkit.errors import DataError, UsageError
from stratkit.panel import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class BarSteps:
    """The moves of `bars` in logarithms, (T, N), NaN = no bar.

    `gap` leads from the close before to the open (for a symbol's first bar: the logarithm of its open), `high`, `low`
    and `close` from the open. `stays` (T, N) marks the bars that are left as they are. `groups` are the sets of rows
    that may be exchanged among each other, each with two rows at least; `start` is the first row that may move.
    """

    bars: Bars
    start: int
    gap: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    stays: BoolArray
    groups: tuple[IntArray, ...]

    @property
    def moved(self) -> float:
        """Share of the rows from `start` on that may move."""
        rows = len(self.bars.times) - self.start
        return sum(map(len, self.groups)) / rows if rows else 0.0


def bar_steps(bars: Bars, start: int = 0) -> BarSteps:
    """Take `bars` apart; rows before `start` stay, as for a walk-forward that was trained on them.

    Raises `DataError` for prices that are not positive, `UsageError` for a `start` outside the bars.
    """
    if not 0 <= start <= len(bars.times):
        raise UsageError(f"the first bar to move must be one of {len(bars.times)}; found {start}")
    low = np.nanmin(bars.low) if np.isfinite(bars.low).any() else 1.0
    if not low > 0:
        raise DataError(f"prices must be positive, since moves are taken as ratios; found {low:g}")
    logs = {name: np.log(getattr(bars, name)) for name in PRICES}
    present = np.isfinite(sum(logs.values()))
    first = present & (np.cumsum(present, axis=0) == 1)
    before = np.where(first, 0.0, _last_own(logs["close"], present))
    stays = first.copy()
    stays[:start] |= present[:start]
    kinds = np.concatenate((present, first), axis=1)[start:]
    return BarSteps(
        bars=bars,
        start=start,
        gap=np.where(present, logs["open"] - before, np.nan),
        high=logs["high"] - logs["open"],
        low=logs["low"] - logs["open"],
        close=logs["close"] - logs["open"],
        stays=stays,
        groups=tuple(rows + start for rows in _alike(kinds)),
    )


def permuted_order(steps: BarSteps, draw: np.random.Generator) -> IntArray:
    """Return (T,) which row's moves each row takes: rows of one group exchanged at random, all others their own."""
    order = np.arange(len(steps.bars.times))
    for rows in steps.groups:
        order[rows] = draw.permutation(rows)
    return order


def rebuilt_bars(steps: BarSteps, gap_order: IntArray, intrabar_order: IntArray) -> Bars:
    """Return bars whose row t takes the gap of row ``gap_order[t]`` and the intrabar move of ``intrabar_order[t]``.

    Volume travels with the intrabar move. Bars that stay are the same to the last bit; so is each symbol's last close
    but for rounding. Open and close lie within low and high.
    """
    bars = steps.bars
    gap, close = steps.gap[gap_order], steps.close[intrabar_order]
    present = np.isfinite(gap)
    level = np.cumsum(np.where(present, gap + close, 0.0), axis=0)  # of each close
    opened = _shifted(level) + gap
    moved: dict[str, Any] = {
        "open": np.exp(opened),
        "high": np.exp(opened + steps.high[intrabar_order]),
        "low": np.exp(opened + steps.low[intrabar_order]),
        "close": np.exp(opened + close),
    }
    for name in PRICES:
        moved[name] = np.where(steps.stays, getattr(bars, name), moved[name])
    # an exponential need not keep the order of numbers that differ in their last bit
    moved["high"] = np.maximum(moved["high"], np.maximum(moved["open"], moved["close"]))
    moved["low"] = np.minimum(moved["low"], np.minimum(moved["open"], moved["close"]))
    volume = np.where(steps.stays, bars.volume, bars.volume[intrabar_order])
    return replace(bars, **moved, volume=volume, source=f"{bars.source}, permuted", findings=())


def permuted_bars(bars: Bars, draw: np.random.Generator, start: int = 0) -> Bars:
    """Return `bars` with their gaps in one random order and their intrabar moves in another, from row `start` on.

    The module says what is kept, and what is done about holes. For many permutations take the bars apart once, by
    `bar_steps`, and ask `permuted` for each.

    >>> from stratkit.data.synthetic import synthetic_universe
    >>> bars = synthetic_universe(1, 50).bars
    >>> other = permuted_bars(bars, np.random.default_rng(0))
    >>> bool(np.isclose(other.close[-1, 0], bars.close[-1, 0])), bool((other.close[1:-1] == bars.close[1:-1]).any())
    (True, False)
    """
    return permuted(bar_steps(bars, start), draw)


def permuted(steps: BarSteps, draw: np.random.Generator) -> Bars:
    """Return the next permutation of bars that have been taken apart, as `permuted_bars` does."""
    gap_order = permuted_order(steps, draw)
    return rebuilt_bars(steps, gap_order, permuted_order(steps, draw))


def _last_own(values: FloatArray, present: BoolArray) -> FloatArray:
    """Return (T, N) the value on the symbol's own bar before each row; NaN before its first."""
    row = np.where(present, np.arange(len(values))[:, None], -1)
    latest = np.maximum.accumulate(row, axis=0)
    known = np.take_along_axis(values, np.maximum(latest, 0), axis=0)
    return _shifted(np.where(latest >= 0, known, np.nan), np.nan)


def _shifted(values: FloatArray, first: float = 0.0) -> FloatArray:
    return np.concatenate((np.full((1, values.shape[1]), first), values[:-1]))[: len(values)]


def _alike(kinds: BoolArray) -> list[IntArray]:
    """Return the sets of at least two equal rows, in order of their first."""
    if not len(kinds):
        return []
    packed = np.ascontiguousarray(np.packbits(kinds, axis=1))
    _, first, place = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    place = place.ravel()
    order = np.argsort(place, kind="stable")
    sets = np.split(order, np.cumsum(np.bincount(place))[:-1])
    return [sets[one] for one in np.argsort(first) if len(sets[one]) > 1]
