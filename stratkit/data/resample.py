"""`resample_bars`: coarser `Bars` from finer ones, each stamped at the START of its bucket."""

from __future__ import annotations

import numpy as np

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.frequency import frequency_ns, frequency_word
from stratkit.panel import NS_PER_DAY, BoolArray, FloatArray, IntArray

_MONDAY_NS = 4 * NS_PER_DAY  # 1970-01-05, the first Monday: weeks start there
_WEEK_NS = 7 * NS_PER_DAY


def resample_bars(bars: Bars, frequency: str) -> Bars:
    """Return `bars` at a coarser `frequency`: first open, highest high, lowest low, last close, summed volume.

    Buckets are UTC: fixed lengths count from 1970-01-01, weeks start on Mondays, months (``1mo``) on
    the first, quarters (``3mo``) in January, April, July, October. A bar that does not exist adds
    nothing; a bucket without any has none; an unknown volume makes the bucket's unknown. The first
    and the last bucket may cover part of their time. Raises `UsageError` when buckets would cut bars.
    """
    _check_nested(bars.frequency, frequency)
    bucket = bucket_starts(bars.times, frequency)
    first_bars = np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1])))
    exists = np.isfinite(bars.close)
    return Bars(
        times=bucket[first_bars],
        symbols=bars.symbols,
        open=_edge(bars.open, exists, first_bars, last=False),
        high=np.fmax.reduceat(bars.high, first_bars, axis=0),
        low=np.fmin.reduceat(bars.low, first_bars, axis=0),
        close=_edge(bars.close, exists, first_bars, last=True),
        volume=_summed(bars.volume, exists, first_bars),
        frequency=frequency_word(frequency),
        source=f"{bars.source}, {bars.frequency} bars resampled",
    )


def bucket_starts(times: IntArray, frequency: str) -> IntArray:
    """Return (T,) the start of the bucket that holds each stamp, UTC ns.

    >>> bucket_starts(np.array([90_000_000_000]), "1min").tolist()
    [60000000000]
    """
    if frequency.endswith("mo"):
        months = int(frequency[:-2])
        month = times.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
        return (month // months * months).astype("datetime64[M]").astype("datetime64[ns]").astype(np.int64)
    step = frequency_ns(frequency)
    origin = _MONDAY_NS if step % _WEEK_NS == 0 else 0
    return np.asarray((times - origin) // step * step + origin, dtype=np.int64)


def bar_ends(times: IntArray, frequency: str) -> IntArray:
    """Return (T,) when each bar ends, UTC ns: the first instant after it; months end by the calendar.

    >>> bar_ends(np.array([0]), "1mo").astype("datetime64[ns]").astype("datetime64[D]").tolist()
    [datetime.date(1970, 2, 1)]
    """
    if not frequency.endswith("mo"):
        return np.asarray(times + frequency_ns(frequency), dtype=np.int64)
    month = times.astype("datetime64[ns]").astype("datetime64[M]")
    moved = (month + int(frequency[:-2])).astype("datetime64[ns]") - month.astype("datetime64[ns]")
    return np.asarray(times + moved.astype(np.int64), dtype=np.int64)


def _check_nested(source: str, target: str) -> None:
    fine, coarse = frequency_ns(source), frequency_ns(target)
    if coarse <= fine:
        raise UsageError(f"resampling must make bars coarser; found {source} to {target}: finer bars cannot be made")
    if target.endswith("mo"):
        months = int(source[:-2]) if source.endswith("mo") else 0
        nested = int(target[:-2]) % months == 0 if months else NS_PER_DAY % fine == 0
    else:
        nested = not source.endswith("mo") and coarse % fine == 0
    if not nested:
        raise UsageError(
            f"each {source} bar must fall into one {target} bar; {target} is not made of whole {source} bars: "
            "choose a multiple, or start from finer bars"
        )


def _edge(prices: FloatArray, exists: BoolArray, first_bars: IntArray, *, last: bool) -> FloatArray:
    """Return (B, N) the price of the first or last existing bar of each bucket, NaN where none exists."""
    bar = np.arange(len(prices))[:, None]
    if last:
        chosen = np.maximum.reduceat(np.where(exists, bar, -1), first_bars, axis=0)
    else:
        chosen = np.minimum.reduceat(np.where(exists, bar, len(prices)), first_bars, axis=0)
    known = (chosen >= 0) & (chosen < len(prices))
    return np.where(known, np.take_along_axis(prices, np.where(known, chosen, 0), axis=0), np.nan)


def _summed(volume: FloatArray, exists: BoolArray, first_bars: IntArray) -> FloatArray:
    """Return (B, N) the volume of each bucket; NaN where no bar exists. NaN of one bar spreads to its sum."""
    total = np.add.reduceat(np.where(exists, volume, 0.0), first_bars, axis=0)
    return np.where(np.logical_or.reduceat(exists, first_bars, axis=0), total, np.nan)
