"""`Evidence`: what the best of many trials is worth, from the little that is kept of each of them.

Only the best trial's own returns are needed whole; of the others their sums in buckets of time will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.inference.deflated import deflated_sharpe, effective_trials, luck_sharpe
from stratkit.inference.estimate import Estimate
from stratkit.inference.overfitting import BLOCKS, Overfitting, overfitting_of_sums
from stratkit.inference.sharpe import probabilistic_sharpe, sample_moments, sharpe_ratio
from stratkit.inference.trial_sums import TrialSums
from stratkit.panel import FloatArray

LEAST_TRIALS: Final = 8  # below, splits say nothing of a procedure


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
        judged = overfitting_of_sums(sums.blocks(blocks))
    return Evidence(count, alike, sharpe, luck_sharpe(spread, alike), probabilistic, deflated, judged)
