"""`Overfitting`: how often the best of many trials in one half of the bars is below the median in the other.

Combinatorially symmetric cross-validation (CSCV). Source: D. H. Bailey, J. Borwein, M. Lopez de Prado, Q. J. Zhu, The
Probability of Backtest Overfitting, Journal of Computational Finance 20 (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.trial_sums import TrialSums
from stratkit.panel import BoolArray, FloatArray

BLOCKS: Final = 16  # C(16, 8) = 12,870 ways to choose half of them
_AT_ONCE: Final = 2**18  # figures of splits times trials that are held at a time: they stay near the processor


@dataclass(frozen=True)
class Overfitting:
    """What the splits show of the procedure "take the trial with the highest Sharpe ratio".

    `probability` (PBO) is the share of splits in which the one taken is not above the median out of sample: a logit
    of at most 0. `loss_probability` is that in which its ratio out of sample is below 0. `in_sample` and
    `out_of_sample` (C,) are its ratios per period, `logits` (C,) ``ln(w / (1 - w))`` of its relative rank w out of
    sample. `slope`, `intercept` and `r_squared` regress out of sample on in sample. `dropped` rows were left out, the
    oldest, so that all blocks are equally long.
    """

    probability: float
    loss_probability: float
    in_sample: FloatArray
    out_of_sample: FloatArray
    logits: FloatArray
    slope: float
    intercept: float
    r_squared: float
    trials: int
    blocks: int
    dropped: int = 0

    @property
    def splits(self) -> int:
        """In how many ways the blocks were halved."""
        return len(self.logits)


def overfitting(returns: FloatArray, blocks: int = BLOCKS, risk_free: float = 0.0) -> Overfitting:
    """Return the overfitting of (T, M) returns per period of M trials, judged by their Sharpe ratios.

    Every way to take half of the `blocks` is a split. A trial whose returns do not vary has the ratio 0. Of equal
    ratios the first is taken, and ranks are averaged. Raises `UsageError` for less than two trials, for an odd number
    of blocks, for blocks of less than two rows, and for returns that are not finite.

    >>> noise = np.random.default_rng(0).standard_normal((160, 20))
    >>> found = overfitting(noise, blocks=4)
    >>> found.splits, found.trials
    (6, 20)
    """
    if returns.ndim != 2 or returns.shape[1] < 2:
        raise UsageError(f"returns of at least two trials must be given, (T, M); found the shape {returns.shape}")
    if not np.isfinite(returns).all():
        raise UsageError("returns must be finite: align the trials on the bars that all of them have")
    rows = len(returns) // blocks if blocks > 0 else 0
    if blocks < 2 or blocks % 2 or rows < 2:
        raise UsageError(
            f"blocks must be an even number, each of two rows or more; found {blocks} blocks of {len(returns)} rows"
        )
    kept = returns[len(returns) - rows * blocks :].reshape(blocks, rows, -1) - risk_free
    sums = TrialSums(np.full(blocks, rows), kept.sum(axis=1), (kept**2).sum(axis=1))
    return overfitting_of_sums(sums, dropped=len(returns) - rows * blocks)


def overfitting_of_sums(sums: TrialSums, shares: FloatArray | None = None, *, dropped: int = 0) -> Overfitting:
    """Return the overfitting of trials of which the sums of each block are known, one bucket a block.

    A ratio needs no more, so a sweep need not keep its trials' returns. The one that is taken is the best of all; where
    it ranks out of sample, each of the others counts for its share (M,), 1 unless given (`TrialSums.shares`).
    """
    weight = np.ones(sums.trials) if shares is None or not shares.any() else shares
    blocks = len(sums.count)
    if blocks < 2 or blocks % 2 or sums.trials < 2:
        raise UsageError(f"an even number of blocks of at least two trials must be given; found {sums.total.shape}")
    chosen = _halves(blocks)
    step = max(1, _AT_ONCE // sums.trials)
    parts = [_judged(chosen[first : first + step], sums, weight) for first in range(0, len(chosen), step)]
    inside, outside, logits = (np.concatenate(each) for each in zip(*parts, strict=True))
    slope, intercept, r_squared = _line(inside, outside)
    return Overfitting(
        probability=float((logits <= 0).mean()),
        loss_probability=float((outside < 0).mean()),
        in_sample=inside,
        out_of_sample=outside,
        logits=logits,
        slope=slope,
        intercept=intercept,
        r_squared=r_squared,
        trials=sums.trials,
        blocks=blocks,
        dropped=dropped,
    )


def _halves(blocks: int) -> BoolArray:
    """Return (C, S) which blocks are in sample, for every way to take half of them."""
    places = np.array(list(combinations(range(blocks), blocks // 2)))
    chosen = np.zeros((len(places), blocks), np.bool_)
    np.put_along_axis(chosen, places, True, axis=1)
    return chosen


def _judged(chosen: BoolArray, sums: TrialSums, weight: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the ratios in and out of sample of the trial that each split takes, and its logit."""
    inside, outside = sums.sharpes_of(chosen), sums.sharpes_of(~chosen)
    taken = inside.argmax(axis=1)[:, None]
    its_own = np.take_along_axis(outside, taken, axis=1)
    # the averaged rank, without ranking the others
    counted = weight[taken[:, 0]]
    # one that never trades has no share, but takes a place when it is the one taken
    extra = np.where(counted > 0, 0.0, 1.0)
    own = counted + extra
    rank = (outside < its_own) @ weight + ((outside == its_own) @ weight + extra + own) / 2
    share = rank / (weight.sum() + extra + own)
    return np.take_along_axis(inside, taken, axis=1)[:, 0], its_own[:, 0], np.log(share / (1 - share))


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float, float]:
    """Return slope, intercept and R squared of y on x; NaN where x does not vary."""
    x_away, y_away = x - x.mean(), y - y.mean()
    spread = float(x_away @ x_away)
    if not spread > 0:
        return float("nan"), float("nan"), float("nan")
    slope = float(x_away @ y_away) / spread
    all_ = float(y_away @ y_away)
    r_squared = slope**2 * spread / all_ if all_ > 0 else float("nan")
    return slope, float(y.mean() - slope * x.mean()), r_squared
