"""`tail_bars`: how many last own bars are enough to compute the newest row of features as all history would."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.features.feature_set import FeatureSet
from stratkit.panel import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from stratkit.data.bars import Bars

Compute = Callable[["Bars"], FeatureSet]

FORGOTTEN: Final = 1e-10  # of a feature's standard deviation: what may be left of the bars before the tail
_ENDS: Final = 12  # bars, spread over the later half, at which a tail must be enough


def tail_start(own_bars: IntArray, tail: int) -> int:
    """Return the first row of the tail that ends with the last one: each symbol with a bar there has `tail` in it.

    `own_bars` (T, N) counts the bars of each symbol so far. Of a symbol that has fewer all are in the tail.

    >>> tail_start(np.cumsum([[1, 0], [1, 1], [1, 0], [1, 1]], axis=0), 2)
    1
    """
    before = own_bars[-2] if len(own_bars) > 1 else np.zeros_like(own_bars[-1])
    start = len(own_bars) - 1
    for symbol in np.flatnonzero(own_bars[-1] > before):
        first_wanted = max(int(own_bars[-1, symbol]) - tail + 1, 1)
        start = min(start, int(np.searchsorted(own_bars[:, symbol], first_wanted)))
    return start


def tail_bars(compute: Compute, bars: Bars, whole: FeatureSet) -> int:
    """Return how many own bars are enough: the last row of every feature is what it is with twice as many.

    Recursive averages never quite forget; they have when less than 1e-10 of the feature's standard deviation in
    `whole`, the features of all `bars`, is left, at each of 12 bars. Tried are one and a half times the longest
    lookback, and always half more. It is not compared with all history: running sums over very many bars drift by
    their own rounding. Raises `UsageError` naming a feature that has not forgotten with half of `bars`.
    """
    own_bars = np.cumsum(np.isfinite(bars.close), axis=0)
    rows, most = len(bars.times), int(own_bars[-1].max())
    spread = _spread(whole.values)
    tail = _half_more(int(whole.lookback_bars.max()))  # also because a tail begins inside of a coarser bar
    tried, worst = tail, whole.names[int(whole.lookback_bars.argmax())]
    while 2 * tail <= most:
        ends = np.unique(np.linspace(max(2 * tail, rows // 2), rows, _ENDS).astype(np.int64))
        worst = next((name for end in ends if (name := _differs(compute, bars, spread, own_bars[:end], tail))), "")
        if not worst:
            return tail
        tried, tail = tail, _half_more(tail)
    raise UsageError(
        f"a live vector needs features that forget, and twice as many bars as they remember; {worst!r} depends on more "
        f"than {tried} bars, and there are {most}: give more history, or leave out what only accumulates, such as obv()"
    )


def _half_more(bars: int) -> int:
    return bars * 3 // 2 + 1


def _differs(compute: Compute, bars: Bars, spread: FloatArray, own_bars: IntArray, tail: int) -> str:
    """Return the name of a feature whose last row changes with the bars before the tail, or nothing."""
    end = len(own_bars)
    short, long = (compute(bars.slice(tail_start(own_bars, length), end)) for length in (tail, 2 * tail))
    part, known = short.values[:, -1], long.values[:, -1]
    same: BoolArray = (np.abs(part - known) <= FORGOTTEN * spread[:, None]) | (np.isnan(part) & np.isnan(known))
    wrong = np.flatnonzero(~same.all(axis=1))
    return short.names[wrong[0]] if len(wrong) else ""


def _spread(values: FloatArray) -> FloatArray:
    """Return (F,) the standard deviation of each feature; 1 for one without any."""
    has = np.isfinite(values)
    count = np.maximum(has.sum(axis=(1, 2)), 1)
    mean = np.where(has, values, 0.0).sum(axis=(1, 2)) / count
    found = np.sqrt((np.where(has, values - mean[:, None, None], 0.0) ** 2).sum(axis=(1, 2)) / count)
    return np.where(found > 0, found, 1.0)
