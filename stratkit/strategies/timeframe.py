"""`on_coarser_bars`: a strategy's signals on coarser bars, each said on the first fine bar that may know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import Bars
from stratkit.data.resample import bar_ends, bucket_starts, resample_bars
from stratkit.errors import DataError, UsageError
from stratkit.features.source import IndicatorSource
from stratkit.frequency import frequency_ns
from stratkit.panel import BoolArray, IntArray, format_time
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

_SILENT = {"side": 0, "plan": -1, "confidence": 0.0}  # what a bar without an opinion holds; NaN in every other panel


def on_coarser_bars(strategy: Strategy, context: Context, timeframe: str) -> Signals:
    """Return the signals of `strategy` on bars of `timeframe`, joined causally to the bars of `context`.

    A coarse bar that covers [start, end) is known to be complete at the close of a symbol's first
    own bar that ends at `end` or later: a bar that ends exactly there, or the first one after a
    gap. That bar alone carries the opinion; all others have none (side 0, weight NaN), so that the
    last coarse bar is silent until it is complete. Of two coarse bars that one fine bar completes,
    the later speaks, even if it has nothing to say. `warmup_bars` is the first fine bar that may
    speak. A `timeframe` equal to the bars' own is a plain run.

    Prices in the signals (stops, targets, `risk_unit`) are those of the coarse bars. An exit plan
    is carried on as it is: an R counted in ATR is later measured on the FINE bars, and so is
    smaller than the same plan on coarse ones; time stops count fine bars.

    Raises `UsageError` when `timeframe` is finer than the bars or not made of whole bars,
    `DataError` when bars overlap so that one ends a coarse bar before another of it starts.
    """
    if _same_length(context.bars.frequency, timeframe):
        return run_strategy(strategy, context)
    coarse = coarser_context(context, timeframe)
    return joined(run_strategy(strategy, coarse), coarse, context)


def coarser_context(context: Context, timeframe: str) -> Context:
    """Return the context of the same market on bars of `timeframe`, to be shared by strategies that look at it."""
    bars = context.bars
    if frequency_ns(timeframe) < frequency_ns(bars.frequency):
        raise UsageError(
            f"a timeframe must be coarser than the bars; found {timeframe} on bars of {bars.frequency}: "
            f"choose a multiple of {bars.frequency}, or run on finer bars"
        )
    coarse = resample_bars(bars, timeframe)
    _check_no_overlap(bars, timeframe)
    return replace(context, bars=coarse, indicators=IndicatorSource(coarse), external=context.external.on(coarse))


def joined(signals: Signals, coarse: Context, fine: Context) -> Signals:
    """Return `signals` on the bars of `coarse`, each on the one bar of `fine` that completes its bar."""
    join = _Join.of(coarse, fine)
    panels: dict[str, Any] = {
        name: join.panel(panel, _SILENT.get(name, np.nan)) for name, panel in signals.panels().items()
    }
    warmup_bars = join.first_bar(signals.warmup_bars)
    return replace(signals, **panels, remarks=join.remarks(signals.remarks), warmup_bars=warmup_bars)


def completed_at(coarse: Context, fine: Context) -> IntArray:
    """Return (B,) the bar of `fine` at whose close each bar of `coarse` is known to be complete, at most the last."""
    ends: IntArray = np.minimum(_Join.of(coarse, fine).completed.min(axis=1), len(fine.bars.times) - 1)
    return ends


@dataclass(frozen=True)
class _Join:
    """Which fine bar speaks for which coarse one.

    `completed` (B, N): the fine bar at whose close a symbol's coarse bar is known to be complete,
    T where that is not in the bars or where there is no coarse bar.
    """

    completed: IntArray
    fine_bars: int

    @staticmethod
    def of(coarse: Context, fine: Context) -> _Join:
        ends = np.maximum.accumulate(bar_ends(fine.bars.times, fine.bars.frequency))
        first = np.searchsorted(ends, bar_ends(coarse.bars.times, coarse.bars.frequency))
        own = _next_own(fine.has_bar)[first]
        return _Join(np.where(coarse.has_bar, own, len(ends)), len(ends))

    @cached_property
    def speaks(self) -> BoolArray:
        """(B, N): complete, and no later coarse bar of the symbol is completed by the same fine bar."""
        none_later = np.full_like(self.completed[:1], self.fine_bars)
        later = np.minimum.accumulate(self.completed[::-1], axis=0)[::-1]
        speaks: BoolArray = self.completed < np.concatenate((later[1:], none_later))
        return speaks

    def panel(self, values: npt.NDArray[Any], silent: float) -> npt.NDArray[Any]:
        """Return (T, N) the values of the coarse bars that speak, `silent` elsewhere."""
        found = np.full((self.fine_bars, values.shape[1]), silent, values.dtype)
        bar, column = np.nonzero(self.speaks)
        found[self.completed[bar, column], column] = values[bar, column]
        return found

    def remarks(self, remarks: Mapping[tuple[int, int], str]) -> dict[tuple[int, int], str]:
        """Return the remarks on the coarse bars that speak, by (fine bar, column)."""
        return {(int(self.completed[key]), key[1]): text for key, text in remarks.items() if self.speaks[key]}

    def first_bar(self, warmup_bars: int) -> int:
        """Return the first fine bar that a coarse bar after the warm-up may speak on; T when none does."""
        return int(self.completed[warmup_bars:].min(initial=self.fine_bars))


def _next_own(has_bar: BoolArray) -> IntArray:
    """Return (T + 1, N) each symbol's first bar at row t or after it; T where none comes."""
    bars = len(has_bar)
    own = np.where(has_bar, np.arange(bars)[:, None], bars)
    own = np.concatenate((own, np.full_like(own[:1], bars)))
    return np.asarray(np.minimum.accumulate(own[::-1], axis=0)[::-1], dtype=np.int64)


def _same_length(frequency: str, timeframe: str) -> bool:
    calendar = frequency.endswith("mo") != timeframe.endswith("mo")  # 30 days are not a month
    return not calendar and frequency_ns(frequency) == frequency_ns(timeframe)


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
