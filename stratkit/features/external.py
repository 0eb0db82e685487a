"""`SeriesSource`: external series as (T, N) panels on bars, where each bar holds what was known when it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.data.resample import bar_ends
from stratkit.data.series import ExternalSeries
from stratkit.errors import UsageError, did_you_mean
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray, format_time, read_only

_MOSTLY: Final = 0.9  # of the bars, or of their time


def join_series(series: ExternalSeries, bars: Bars) -> FloatArray:
    """Return (T, N) the latest value of `series` that was known at the END of each bar, read-only.

    Known means ``series.known <= end of the bar``, to the nanosecond. Of the values known by then the one with the
    latest timestamp counts, and of several for that timestamp the one published last; a late revision of an older
    value never replaces a newer one. NaN before the first, where the value became known more than ``max_age_ns``
    before the end of the bar, for symbols that a series by symbol does not hold, and where a symbol has no bar.

    >>> from stratkit.data.synthetic import synthetic_minutes
    >>> bars, minute = synthetic_minutes(4), 60_000_000_000
    >>> stamps = bars.times[[0, 1]]
    >>> join_series(ExternalSeries(stamps, stamps + 2 * minute, np.array([5.0, 6.0])), bars).ravel()
    array([nan,  5.,  6.,  6.])
    """
    ends = bar_ends(bars.times, bars.frequency)
    if not series.symbols:
        known = np.broadcast_to(_known_at(ends, series, slice(None))[:, None], bars.shape)
    else:
        known = np.full(bars.shape, np.nan)
        order = np.argsort(series.column, kind="stable")  # keeps the rows of a symbol as they became known
        first = np.searchsorted(series.column[order], np.arange(len(series.symbols) + 1))
        places = {symbol: place for place, symbol in enumerate(series.symbols)}
        for column, symbol in enumerate(bars.symbols):
            if symbol in places:
                start, stop = first[places[symbol]], first[places[symbol] + 1]
                known[:, column] = _known_at(ends, series, order[start:stop])
    return read_only(np.where(np.isfinite(bars.close), known, np.nan))


def _known_at(ends: IntArray, series: ExternalSeries, rows: slice | IntArray) -> FloatArray:
    """Return (T,) the value of some rows, of one symbol, that counts at each of the rising `ends`."""
    times, known, values = series.times[rows], series.known[rows], series.values[rows]
    if not len(times):
        return np.full(len(ends), np.nan)
    newest = times == np.maximum.accumulate(times)  # the others revise what a newer value had replaced already
    known, values = known[newest], values[newest]
    row = np.searchsorted(known, ends, side="right") - 1
    counts = row >= 0
    if series.max_age_ns is not None:
        counts &= ends - known[row] <= series.max_age_ns
    return np.where(counts, values[row], np.nan)


class SeriesSource:
    """External series by name beside one set of `bars`, each joined once, when somebody asks for it."""

    def __init__(self, bars: Bars, series: Mapping[str, ExternalSeries] = MappingProxyType({})) -> None:
        self.bars = bars
        self._series = series
        self._panels: dict[str, FloatArray] = {}

    def panel(self, name: str) -> FloatArray:
        """Return (T, N) a series joined to the bars; raise `UsageError` for one that is not there."""
        self.check(name)
        if name not in self._panels:
            self._panels[name] = join_series(self._series[name], self.bars)
        return self._panels[name]

    def check(self, name: str) -> None:
        """Raise `UsageError` when there is no series of this name."""
        if name not in self._series:
            raise UsageError(
                f"there is no series {name!r}; {did_you_mean(name, self._series)}: configure data.series.{name}"
            )

    def gaps(self) -> Iterator[str]:
        """Say of each series what a run over these bars would otherwise find out from silence, or not at all."""
        has_bar = np.isfinite(self.bars.close)
        last = int(bar_ends(self.bars.times[-1:], self.bars.frequency)[0])
        span = last - int(self.bars.times[0])
        for name, series in self._series.items():
            share = float(np.isfinite(self.panel(name))[has_bar].mean()) if has_bar.any() else 1.0
            daily = len(series.times) > 1 and bool((series.times % NS_PER_DAY == 0).all())
            if daily and bool((series.known == series.times).all()):
                yield (
                    f"data.series.{name} is stamped at midnight and said to be known by then, which a value of that "
                    "day is not: give it a publication_lag of 1d, or more, unless its stamps say when it became known"
                )
            if share < _MOSTLY:
                yield f"data.series.{name} is known on {share:.0%} of the bars; what reads it is silent on the others"
            elif last - int(series.known.max()) > (1 - _MOSTLY) * span:
                ended = format_time(int(series.known.max()))
                yield f"data.series.{name} ends {ended} and is taken to stand from there on: set its max_age"

    def on(self, bars: Bars) -> SeriesSource:
        """Return the same series beside other bars."""
        return SeriesSource(bars, self._series)
