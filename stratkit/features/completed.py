"""`CompletedBars`: which fine bar knows a coarse bar to be complete, and what each fine bar knows of coarse ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import Bars
from stratkit.data.resample import bar_ends, bucket_starts, resample_bars
from stratkit.errors import DataError, UsageError
from stratkit.frequency import frequency_ns, frequency_word
from stratkit.panel import BoolArray, IntArray, format_time, read_only


def is_same_length(frequency: str, timeframe: str) -> bool:
    """Whether bars of `timeframe` are those of `frequency`; a month is no number of days.

    >>> is_same_length("1h", "60min"), is_same_length("30d", "1mo")
    (True, False)
    """
    calendar = frequency.endswith("mo") != timeframe.endswith("mo")  # 30 days are not a month
    return not calendar and frequency_ns(frequency) == frequency_ns(timeframe)


def coarser_bars(bars: Bars, timeframe: str) -> Bars:
    """Return `bars` as bars of a coarser `timeframe` that can be joined back to them.

    Raises `UsageError` when `timeframe` is finer than the bars or not made of whole bars,
    `DataError` when bars overlap so that one ends a coarse bar before another of it starts.
    """
    timeframe = frequency_word(timeframe)
    if frequency_ns(timeframe) < frequency_ns(bars.frequency):
        raise UsageError(
            f"a timeframe must be coarser than the bars; found {timeframe} on bars of {bars.frequency}: "
            f"choose a multiple of {bars.frequency}, or run on finer bars"
        )
    coarse = resample_bars(bars, timeframe)
    _check_no_overlap(bars, timeframe)
    return coarse


@dataclass(frozen=True)
class CompletedBars:
    """Which fine bar speaks for which coarse one.

    A coarse bar that covers [start, end) is known to be complete at the close of a symbol's first
    own bar that ends at `end` or later: a bar that ends exactly there, or the first one after a gap.

    `completed` (B, N): that fine bar, T where it is not in the bars or where there is no coarse bar.
    `has_bar` (T, N): where a symbol has a fine bar.
    """

    completed: IntArray
    has_bar: BoolArray

    @staticmethod
    def of(coarse: Bars, fine: Bars) -> CompletedBars:
        """Join bars that `coarser_bars` made to the bars that they were made of."""
        ends = np.maximum.accumulate(bar_ends(fine.times, fine.frequency))
        first = np.searchsorted(ends, bar_ends(coarse.times, coarse.frequency))
        has_bar = np.isfinite(fine.close)
        own = _next_own(has_bar)[first]
        return CompletedBars(read_only(np.where(np.isfinite(coarse.close), own, len(ends))), read_only(has_bar))

    @property
    def fine_bars(self) -> int:
        """T."""
        return len(self.has_bar)

    @cached_property
    def speaks(self) -> BoolArray:
        """(B, N): complete, and no later coarse bar of the symbol is completed by the same fine bar."""
        none_later = np.full_like(self.completed[:1], self.fine_bars)
        later = np.minimum.accumulate(self.completed[::-1], axis=0)[::-1]
        speaks: BoolArray = self.completed < np.concatenate((later[1:], none_later))
        return speaks

    def panel(self, values: npt.NDArray[Any], silent: float) -> npt.NDArray[Any]:
        """Return (T, N) the values of coarse bars that speak, each on the one bar that completes it, else `silent`."""
        found = np.full((self.fine_bars, values.shape[1]), silent, values.dtype)
        bar, column = np.nonzero(self.speaks)
        found[self.completed[bar, column], column] = values[bar, column]
        return found

    def as_of(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return (T, N) the value of the last completed coarse bar, NaN before the first and where there is no bar."""
        known = self._latest >= 0
        return np.where(known, np.take_along_axis(values, np.where(known, self._latest, 0), axis=0), np.nan)

    @cached_property
    def _latest(self) -> IntArray:
        """(T, N) the last coarse bar that is complete at the close of each fine one; -1 for none."""
        coarse_bar = np.broadcast_to(np.arange(len(self.completed))[:, None], self.completed.shape)
        latest: IntArray = np.maximum.accumulate(self.panel(coarse_bar, -1), axis=0)
        return np.where(self.has_bar, latest, -1)

    def first_bar(self, warmup_bars: int) -> int:
        """Return the first fine bar that a coarse bar after the warm-up may speak on; T when none does."""
        return int(self.completed[warmup_bars:].min(initial=self.fine_bars))


def _next_own(has_bar: BoolArray) -> IntArray:
    """Return (T + 1, N) each symbol's first bar at row t or after it; T where none comes."""
    bars = len(has_bar)
    own = np.where(has_bar, np.arange(bars)[:, None], bars)
    own = np.concatenate((own, np.full_like(own[:1], bars)))
    return np.asarray(np.minimum.accumulate(own[::-1], axis=0)[::-1], dtype=np.int64)


def _check_no_overlap(bars: Bars, timeframe: str) -> None:
    """Refuse bars of which one ends a coarse bar that a later one still belongs to: it would look ahead."""
    start = bucket_starts(bars.times, timeframe)
    complete = bar_ends(bars.times, bars.frequency) >= bar_ends(start, timeframe)
    early = complete[:-1] & (start[1:] == start[:-1])
    if early.any():
        bar = int(early.argmax())
        raise DataError(
            f"bars of {bars.frequency} must not overlap where a bar of {timeframe} ends; found one at "
            f"{format_time(int(bars.times[bar]))} and one at {format_time(int(bars.times[bar + 1]))}: "
            "bring all symbols on one grid of stamps"
        )
