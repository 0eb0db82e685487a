"""`Evidence`: what the best of many trials is worth, from the little that is kept of each of them.

Only the judged trial's own returns are needed whole; of the others their sums in buckets of time will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.deflated import luck_of_trials
from stratkit.inference.estimate import Estimate
from stratkit.inference.overfitting import BLOCKS, Overfitting, overfitting_of_sums
from stratkit.inference.sharpe import probabilistic_sharpe, sample_moments, sharpe_ratio
from stratkit.inference.superior import SuperiorAbility, superior_ability
from stratkit.inference.trial_pool import DatedSums, TrialPool
from stratkit.inference.trial_sums import TrialSums
from stratkit.panel import FloatArray

LEAST_TRIALS: Final = 8  # below, splits say nothing of a procedure


@dataclass(frozen=True)
class Evidence:
    """How far one of `trials` trials can be believed; ratios per period.

    `effective_trials` is how many independent ones they are worth, `luck` the ratio that the best of that many reaches
    by luck alone, `probabilistic` the probability that the true ratio is above 0 were this the only trial, `deflated`
    the same above `luck`. `same_bars` trials are on the bars of the judged one: `overfitting` and `superior` stand on
    them and are None below 8. `superior` tests the best of them against cash, those whose returns are kept.
    """

    trials: int
    effective_trials: float
    sharpe: Estimate
    luck: Estimate
    probabilistic: Estimate
    deflated: Estimate
    overfitting: Overfitting | None
    same_bars: int = 0
    superior: SuperiorAbility | None = None


def evidence(
    best: FloatArray, sums: TrialSums, *, unfinished: int = 0, blocks: int = BLOCKS, risk_free: float = 0.0
) -> Evidence:
    """Return what the returns (n,) of the best trial are worth, given all trials it was chosen from, itself included.

    All of them are on the same bars; `unfinished` more were stopped early. See `evidence_of_pool`.
    """
    edges = np.concatenate(([0], np.cumsum(sums.count)))
    pool = TrialPool(DatedSums(edges, sums), unfinished=unfinished)
    return evidence_of_pool(best, pool, blocks=blocks, risk_free=risk_free)


def evidence_of_pool(
    best: FloatArray,
    pool: TrialPool,
    *,
    blocks: int = BLOCKS,
    risk_free: float = 0.0,
    draw: np.random.Generator | None = None,
) -> Evidence:
    """Return what the returns (n,) per period of one trial are worth among all that count together, itself included.

    Luck, as `luck_of_trials` says, and PBO take each trial for its share (`TrialSums.shares`): the same thing tried
    again, or nearly, has no second chance, and of trials that are all alike, which one is best says nothing. One that
    was stopped early is a trial as well, as alike to the rest as they are among themselves; one whose returns never
    vary could not be lucky.

    `risk_free` is a rate per period; `draw` resamples the test for superior ability, which is left out without it.
    """
    moments = sample_moments(best)
    sharpe = sharpe_ratio(moments, risk_free)
    count = pool.trials
    shares = [part.sums.shares() for part in pool.parts]
    mean, distinct = pool.mean_correlation(shares)
    periods = moments.n if pool.same is None else int(pool.same.sums.count.sum())
    luck = luck_of_trials(periods, distinct + pool.unfinished, mean)
    shape = (moments.skewness, moments.kurtosis)
    if sharpe.reason:
        probabilistic = deflated = Estimate.undefined(sharpe.reason)
    else:
        probabilistic = probabilistic_sharpe(float(sharpe), moments.n, *shape)
        above = probabilistic_sharpe(float(sharpe), moments.n, *shape, threshold=float(luck))
        deflated = Estimate.undefined(luck.reason) if luck.reason else above
    same = 0 if pool.same is None else pool.same.sums.trials
    return Evidence(
        count, pool.effective_rank(), sharpe, luck, probabilistic, deflated,
        overfitting=_overfitting(pool, shares, blocks, risk_free), same_bars=same,
        superior=_superior(pool, same, risk_free, draw),
    )  # fmt: skip


def _overfitting(pool: TrialPool, shares: list[FloatArray], blocks: int, risk_free: float) -> Overfitting | None:
    if pool.same is None or pool.same.sums.trials < LEAST_TRIALS or len(pool.same.sums.count) < blocks:
        return None
    return overfitting_of_sums(pool.same.sums.less(risk_free).blocks(blocks), shares[0])


def _superior(pool: TrialPool, same: int, risk_free: float, draw: np.random.Generator | None) -> SuperiorAbility | None:
    if draw is None or pool.returns is None or same < LEAST_TRIALS:
        return None
    try:
        return superior_ability(pool.returns - risk_free, draw)
    except UsageError:  # no trial varies: there is nothing to test
        return None
