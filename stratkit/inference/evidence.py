"""`Evidence`: what the best of many trials is worth, from the little that is kept of each of them.

Of every trial its returns are kept as sums in buckets of time. That is enough for the spread of the Sharpe ratios, for
how alike the trials are, and for the probability of overfitting; only the best trial's own returns are needed whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.deflated import deflated_sharpe, effective_trials, luck_sharpe
from stratkit.inference.estimate import Estimate
from stratkit.inference.overfitting import BLOCKS, Overfitting, overfitting_of_sums
from stratkit.inference.sharpe import probabilistic_sharpe, sample_moments, sharpe_ratio
from stratkit.panel import FloatArray, IntArray

BUCKETS: Final = 256
LEAST_TRIALS: Final = 8  # below, splits say nothing of a procedure


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
        n = self.count.sum()
        mean = self.total.sum(axis=0) / n
        variance = (self.squares.sum(axis=0) - n * mean**2) / (n - 1)
        varies = variance > 1e-12 * self.squares.sum(axis=0) / n
        return np.where(varies, mean / np.sqrt(np.where(varies, variance, 1.0)), 0.0)

    def correlation(self) -> FloatArray:
        """Return the correlation of the trials' returns per bucket, of those that vary; one 1 when none do."""
        per_bucket = self.total / self.count[:, None]
        moving = np.ptp(per_bucket, axis=0) > 0
        if moving.sum() < 2:
            return np.ones((1, 1))
        return np.asarray(np.corrcoef(per_bucket[:, moving], rowvar=False))


def trial_sums(returns: FloatArray, buckets: int = BUCKETS) -> TrialSums:
    """Return (T, M) returns as sums in at most `buckets` buckets of equal time, two returns or more in each.

    Where they do not divide, the first buckets hold one return more. Raises `UsageError` for less than two returns, or
    returns that are not finite.

    >>> sums = trial_sums(np.array([[1.0], [2.0], [3.0], [4.0], [5.0]]), 2)
    >>> sums.count.tolist(), sums.total.ravel().tolist()
    ([3, 2], [6.0, 9.0])
    """
    bars = len(returns)
    if returns.ndim != 2 or bars < 2:
        raise UsageError(f"at least two returns of each trial must be given, (T, M); found the shape {returns.shape}")
    if not np.isfinite(returns).all():
        raise UsageError("returns must be finite")
    number = max(1, min(buckets, bars // 2))
    length, longer = divmod(bars, number)
    count = length + (np.arange(number) < longer)
    edges = np.concatenate(([0], np.cumsum(count)[:-1]))
    return TrialSums(
        count.astype(np.int64), np.add.reduceat(returns, edges, axis=0), np.add.reduceat(returns**2, edges, axis=0)
    )


@dataclass(frozen=True)
class Evidence:
    """How far the best of `trials` trials can be believed; ratios per period.

    `effective_trials` is how many independent ones they are worth, `luck` the ratio that the best of that many reaches
    by luck alone, `probabilistic` the probability that the true ratio is above 0 were this the only trial, `deflated`
    the same above `luck`. `overfitting` is None below 8 trials.
    """

    trials: int
    effective_trials: float
    sharpe: Estimate
    luck: Estimate
    probabilistic: Estimate
    deflated: Estimate
    overfitting: Overfitting | None


def evidence(best: FloatArray, sums: TrialSums, *, blocks: int = BLOCKS) -> Evidence:
    """Return what the returns (T,) of the best trial are worth, given all trials it was chosen from, itself included.

    The trials' spread is that of their Sharpe ratios. Counted as one trial by one it would overstate luck where they
    are alike, so the deflated ratio counts `effective_trials`.
    """
    moments = sample_moments(best)
    sharpe = sharpe_ratio(moments)
    count = sums.trials
    alike = effective_trials(sums.correlation()) if count > 1 else 1.0
    spread = float(np.std(sums.sharpes(), ddof=1)) if count > 1 else 0.0
    shape = (moments.skewness, moments.kurtosis)
    if sharpe.reason:
        none = Estimate.undefined(sharpe.reason)
        probabilistic = deflated = none
    else:
        probabilistic = probabilistic_sharpe(float(sharpe), moments.n, *shape)
        deflated = deflated_sharpe(float(sharpe), moments.n, spread, alike, *shape)
    judged = None
    if count >= LEAST_TRIALS and len(sums.count) >= blocks:
        grouped = sums.blocks(blocks)
        judged = overfitting_of_sums(grouped.count, grouped.total, grouped.squares)
    return Evidence(count, alike, sharpe, luck_sharpe(spread, alike), probabilistic, deflated, judged)
