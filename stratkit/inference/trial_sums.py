"""`TrialSums`: the little that is kept of each of many trials: its returns as sums in buckets of time.

It is enough for the spread of their Sharpe ratios, for how alike they are, and for the probability of overfitting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import BoolArray, FloatArray, IntArray

BUCKETS: Final = 256
ALIKE: Final = 0.95  # correlation from which two trials are the same thing tried again
_AT_ONCE: Final = 512  # trials that are compared with each other at a time
_ROUNDING: Final = 1e-12  # of the mean square: what is left of it when equal returns are taken from each other


@dataclass(frozen=True)
class TrialSums:
    """Returns of M trials in B buckets of time: `count` (B,) returns, `total` and `squares` (B, M) their sums."""

    count: IntArray
    total: FloatArray
    squares: FloatArray

    @property
    def trials(self) -> int:
        """M."""
        return int(self.total.shape[1])

    def less(self, rate: float) -> TrialSums:
        """Return the sums of the returns less a rate per period."""
        if rate == 0.0:
            return self
        count = self.count[:, None]
        return TrialSums(self.count, self.total - rate * count, self.squares - 2 * rate * self.total + rate**2 * count)

    def shares(self, alike: float = ALIKE) -> FloatArray:
        """Return (M,) what each trial counts for: 1 / the number of trials that resemble it, itself included.

        Two resemble each other when the correlation of their returns per bucket is `alike` or more, so that a crowd
        counts for about one. 0 for those whose returns never vary. The order of the trials does not matter.
        """
        moving, length_one = standardized(self.total / self.count[:, None])
        near = np.zeros(len(moving))
        for first in range(0, len(moving), _AT_ONCE):
            near[first : first + _AT_ONCE] = (length_one[:, first : first + _AT_ONCE].T @ length_one >= alike).sum(
                axis=1
            )
        found = np.zeros(self.trials)
        found[moving] = 1.0 / np.maximum(near, 1.0)  # rounding may leave a trial a hair from itself
        return found

    def blocks(self, number: int) -> TrialSums:
        """Return the sums of `number` blocks of neighbouring buckets, the oldest that fill none left out."""
        each = len(self.count) // number
        if each < 1:
            raise UsageError(f"{len(self.count)} buckets must fill {number} blocks")
        start = len(self.count) - each * number
        edges = start + each * np.arange(number)
        return TrialSums(*(np.add.reduceat(array, edges) for array in (self.count, self.total, self.squares)))

    def sharpes(self) -> FloatArray:
        """Return (M,) Sharpe ratios per period; 0 for a trial whose returns do not vary."""
        together: FloatArray = self.sharpes_of(np.ones((1, len(self.count)), np.bool_))[0]
        return together

    def sharpes_of(self, chosen: BoolArray) -> FloatArray:
        """Return (C, M) the same of the buckets chosen in each row of (C, B), together."""
        weight = chosen.astype(np.float64)
        return sharpes_from((weight @ self.count)[:, None], weight @ self.total, weight @ self.squares)


def standardized(values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the places of the columns (B, M) that vary, and these less their means and of length 1."""
    moving = np.flatnonzero(np.ptp(values, axis=0) > 0)
    away = values[:, moving] - values[:, moving].mean(axis=0)
    return moving, away / np.sqrt((away**2).sum(axis=0))


def sharpes_from(n: FloatArray | IntArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    """Return Sharpe ratios per period of `n` returns each from their sums; 0 where returns do not vary."""
    mean, square = total / n, squares / n
    variance = (square - mean**2) * n / (n - 1)
    varies = variance > _ROUNDING * square
    return np.where(varies, mean / np.sqrt(np.where(varies, variance, 1.0)), 0.0)


def bucket_counts(returns: int, buckets: int = BUCKETS) -> IntArray:
    """Return (B,) how many of so many returns each bucket holds: at most `buckets`, two returns or more in each.

    Where they do not divide, the first buckets hold one return more.

    >>> bucket_counts(5, 2).tolist()
    [3, 2]
    """
    number = max(1, min(buckets, returns // 2))
    length, longer = divmod(returns, number)
    return np.asarray(length + (np.arange(number) < longer), dtype=np.int64)


def trial_sums(returns: FloatArray, buckets: int = BUCKETS) -> TrialSums:
    """Return (T, M) returns as sums in at most `buckets` buckets of equal time (`bucket_counts`).

    Raises `UsageError` for less than two returns, or returns that are not finite.

    >>> sums = trial_sums(np.array([[1.0], [2.0], [3.0], [4.0], [5.0]]), 2)
    >>> sums.count.tolist(), sums.total.ravel().tolist()
    ([3, 2], [6.0, 9.0])
    """
    bars = len(returns)
    if returns.ndim != 2 or bars < 2:
        raise UsageError(f"at least two returns of each trial must be given, (T, M); found the shape {returns.shape}")
    if not np.isfinite(returns).all():
        raise UsageError("returns must be finite")
    count = bucket_counts(bars, buckets)
    edges = np.concatenate(([0], np.cumsum(count)[:-1]))
    return TrialSums(count, np.add.reduceat(returns, edges, axis=0), np.add.reduceat(returns**2, edges, axis=0))


def bucket_edges(stamps: IntArray, buckets: int = BUCKETS) -> IntArray:
    """Return (B + 1,) between which stamps the buckets of returns per period lie, `stamps` (n,) those of the periods.

    A bucket begins at its first period's stamp; the last ends one period later.

    >>> bucket_edges(np.array([0, 10, 20, 30, 40]), 2).tolist()
    [0, 30, 50]
    """
    if len(stamps) < 2:
        raise UsageError(f"at least two return periods must be given; found {len(stamps)}")
    first = np.concatenate(([0], np.cumsum(bucket_counts(len(stamps), buckets))[:-1]))
    # the difference first: twice a stamp before 1824 or after 2116 is beyond 64 bits
    return np.append(stamps[first], stamps[-1] + (stamps[-1] - stamps[-2])).astype(np.int64)
