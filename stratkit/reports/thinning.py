"""Indices of the few points that draw the same line: the extremes of each pixel bucket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratkit.panel import FloatArray, IntArray


def extreme_points(values: FloatArray, buckets: int) -> IntArray:
    """Return ascending indices that keep the lowest and highest value of each of `buckets` spans.

    `values` (T,) are finite. The first and last point are always kept, so at most
    2 x `buckets` + 2 indices come back; a series of no more than 2 x `buckets` points is kept whole.

    >>> extreme_points(np.array([0.0, 5, 1, 1, -3, 1, 2, 2, 2]), 2).tolist()
    [0, 1, 4, 5, 6, 8]
    """
    count = len(values)
    if count <= 2 * buckets:
        return np.arange(count)
    size = -(-count // buckets)
    whole = count // size * size
    starts = np.arange(0, whole, size)
    spans = values[:whole].reshape(-1, size)
    picks = [np.array([0, count - 1]), starts + spans.argmin(axis=1), starts + spans.argmax(axis=1)]
    if whole < count:
        tail = values[whole:]
        picks.append(whole + np.array([tail.argmin(), tail.argmax()]))
    return np.unique(np.concatenate(picks))


@dataclass(frozen=True)
class Candles:
    """Open, high, low and close of spans of bars; `bar` is each span's first bar, `size` its length."""

    bar: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    size: int


def candles(bar: IntArray, prices: tuple[FloatArray, FloatArray, FloatArray, FloatArray], limit: int) -> Candles:
    """Return at most `limit` candles of one symbol's own bars: open, high, low, close, all finite.

    Longer series are joined `size` bars to a candle, so that no high and no low is lost.
    """
    opens, highs, lows, closes = prices
    size = max(1, -(-len(bar) // limit))
    starts = np.arange(0, len(bar), size)
    if not len(starts):
        return Candles(bar, opens, highs, lows, closes, size)
    ends = np.append(starts[1:], len(bar)) - 1
    return Candles(
        bar[starts],
        opens[starts],
        np.maximum.reduceat(highs, starts),
        np.minimum.reduceat(lows, starts),
        closes[ends],
        size,
    )
