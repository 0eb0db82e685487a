"""`TrialPool`: what is kept of all trials that count together, also of those on other bars or stopped early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.inference.trial_sums import TrialSums, standardized
from stratkit.panel import BoolArray, FloatArray, IntArray

# a quarter of the buckets that are kept: what lies in the wrong one at a border is then small beside what does not
COMMON_BUCKETS: Final = 64
_TWO: Final = 1.5  # trials by their shares, from which there is a pair that could be correlated


@dataclass(frozen=True)
class DatedSums:
    """Sums of M trials on the same bars; `edges` (B + 1,) are the UTC nanoseconds between which the buckets lie."""

    edges: IntArray
    sums: TrialSums


@dataclass(frozen=True)
class TrialPool:
    """Trials that count together.

    `same` are those on the bars of the one that is judged, itself included, None when it is not known; `others` those
    on other bars, `unfinished` how many have no sums, for they were stopped early. `returns` (n, K) are the returns per
    period of the best K on the same bars, None when none are kept.
    """

    same: DatedSums | None
    others: tuple[DatedSums, ...] = ()
    unfinished: int = 0
    returns: FloatArray | None = None

    @property
    def parts(self) -> tuple[DatedSums, ...]:
        """The trials by their bars, those on the bars of the judged one first."""
        return (*(() if self.same is None else (self.same,)), *self.others)

    @property
    def trials(self) -> int:
        """N: every trial, whatever its bars."""
        return sum(part.sums.trials for part in self.parts) + self.unfinished

    def mean_correlation(self, shares: Sequence[FloatArray] | None = None) -> tuple[float, float]:
        """Return the mean correlation of the trials, and how many they are, each counting for its share.

        `shares` are those of each part. See `mean_correlation`.
        """
        return mean_correlation(on_common_grid(self.parts), shares)

    def effective_rank(self) -> float:
        """Return how many independent trials the finished ones are worth; 1 when less than two vary.

        Those that were stopped early are taken to be like them.
        """
        return effective_rank_of(on_common_grid(self.parts))


def on_common_grid(parts: Sequence[DatedSums]) -> list[FloatArray]:
    """Return (G, M) mean returns per period of each part's trials in buckets of time that are the same for all.

    With one part these are its own. Otherwise the whole time is cut into 64 equal buckets and each bucket of a part is
    added to the one that its midpoint lies in. NaN where a part has no return.
    """
    if not parts:
        return []
    if len(parts) == 1:
        sums = parts[0].sums
        return [sums.total / sums.count[:, None]]
    first, last = min(int(part.edges[0]) for part in parts), max(int(part.edges[-1]) for part in parts)
    found = []
    for part in parts:
        # as floats: centuries of nanoseconds are more than 64 bits hold
        middle = (part.edges[:-1].astype(np.float64) + part.edges[1:]) / 2 - first
        place = np.minimum((middle / (last - first) * COMMON_BUCKETS).astype(np.int64), COMMON_BUCKETS - 1)
        count, total = np.zeros(COMMON_BUCKETS), np.zeros((COMMON_BUCKETS, part.sums.trials))
        np.add.at(count, place, part.sums.count)
        np.add.at(total, place, part.sums.total)
        there = count[:, None] > 0
        found.append(np.where(there, total / np.where(there, count[:, None], 1.0), np.nan))
    return found


def mean_correlation(parts: Sequence[FloatArray], shares: Sequence[FloatArray] | None = None) -> tuple[float, float]:
    """Return the mean correlation of all pairs of columns of (G, M) arrays, and how many columns vary.

    Rows that are NaN in a whole array are none of its columns' own. Each column is standardized over its own rows and
    is 0 elsewhere: trials that never met are uncorrelated, and those that met for a part of their time are so far
    alike. Where all columns have all rows this is the mean off the diagonal of their correlation matrix, without that
    matrix: ``(|sum of z|^2 - M) / (M (M - 1))``, z of length 1. With `shares` (M,) of each array, such as
    `TrialSums.shares`, z counts for its share and M is their sum: columns that share one place are one column. One that
    has a share but does not vary here, for all its bars lie in one row of a far longer time, is a column all the same,
    uncorrelated. NaN for less than two columns that vary.

    >>> mean, varying = mean_correlation([np.array([[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]])])
    >>> round(mean, 9), varying
    (1.0, 2.0)
    """
    together, count, seen, varying = np.zeros(len(parts[0]) if parts else 0), 0.0, 0.0, 0
    for part, (has, moving, length_one) in enumerate(map(_standardized, parts)):
        share = np.ones(len(moving)) if shares is None else shares[part][moving]
        together[has] += length_one @ share
        seen += float(share.sum())
        count += float(share.sum() if shares is None else shares[part].sum())
        varying += len(moving)
    if varying < 2 or count < _TWO:
        return float("nan"), count
    return (float(together @ together) - seen) / (count * (count - 1)), count


def effective_rank_of(parts: Sequence[FloatArray]) -> float:
    """Return the effective rank of the columns of (G, M) arrays, standardized as in `mean_correlation`.

    It is the exponential of the entropy of the shares of their correlation matrix's eigenvalues, taken from the (G, G)
    matrix that has the same ones: 1 when all are the same, M when none are correlated, and 1 for less than two columns
    that vary. Source: O. Roy, M. Vetterli, The Effective Rank, EUSIPCO (2007).

    >>> same = np.array([[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]])
    >>> round(effective_rank_of([same]), 9)
    1.0
    """
    rows = len(parts[0]) if parts else 0
    together, varying = np.zeros((rows, rows)), 0
    for has, _, length_one in map(_standardized, parts):
        together[np.ix_(has, has)] += length_one @ length_one.T
        varying += length_one.shape[1]
    return effective_rank(together) if varying > 1 else 1.0


def effective_rank(correlation: FloatArray) -> float:
    """Return the effective rank of a correlation matrix (M, M); see `effective_rank_of`.

    Of one that no columns can have, such as one put together from pairs, the eigenvalues below 0 do not count.

    >>> round(effective_rank(np.eye(3)), 9), round(effective_rank(np.ones((3, 3))), 9)
    (3.0, 1.0)
    """
    values = np.linalg.eigvalsh(correlation)
    share = values[values > 0] / values[values > 0].sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def _standardized(values: FloatArray) -> tuple[BoolArray, IntArray, FloatArray]:
    """Return (G,) the rows that the columns have, the places of those that vary, and these as `standardized` does."""
    has = np.isfinite(values[:, 0])
    return has, *standardized(values[has])
