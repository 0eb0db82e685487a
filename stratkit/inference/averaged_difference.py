"""`AveragedDifference`: the difference of two Sharpe ratios where an arm hangs on a seed and was replayed over several.

S seeds on the same bars are S draws of a choice, not S markets. Let ``D_s = SR(a_s) - SR(b_s)``, an arm without a seed
being the same in each, and ``psi_s`` (n,) its influence function on the bars. What is estimated is ``D = mean_s D_s``,
and its error has two parts::

    SE^2 = LRV(mean_s psi_s) / n  +  var_s(D_s) / S

The first is the error of the bars, by the same HAC variance as that of one pair; seeds share the bars, so it does not
shrink with their number. The second is what so few seeds leave open. Some of it is in the first as well, where the luck
of a seed passes quickly; it is counted twice then, on the safe side. p value and interval come from the studentized
circular block bootstrap of Ledoit and Wolf (2008) on the pseudo-values ``D + mean_s psi_s``, whose mean is D. To each
resample is added ``sum_s e_s (D_s - D) / sqrt(S (S - 1)) / w`` with normal e_s and w^2 = chi^2 / (S - 1): a Student t
of S - 1 degrees with the error of the seeds. e_s and w are the same for all arms, so that arms that choose alike vary
alike. Averaging returns over seeds instead would compare a portfolio of all seeds, which nobody holds. Of two arms
without seeds it is the plain test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.block_length import circular_block_length
from stratkit.inference.comparable_arms import IDENTICAL, LEAST_PERIODS
from stratkit.inference.comparison import Arm, Equivalence, Question
from stratkit.inference.equivalence import equivalence
from stratkit.inference.interval import Interval
from stratkit.inference.power import detectable
from stratkit.inference.primary_comparison import resampled
from stratkit.inference.sharpe import ROUNDING
from stratkit.inference.smooth_metrics import smooth_metric
from stratkit.inference.step_down import romano_wolf
from stratkit.inference.studentized_bootstrap import (
    StudentizedBootstrap,
    studentized_difference,
    studentized_p,
    upper_quantile,
)
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import FloatArray
from stratkit.seeds import generator


@dataclass(frozen=True)
class AveragedDifference:
    """Arm less reference, a year: `se` of both errors, `interval` of this pair by itself, `p_adjusted` among all.

    `by_seed` (S,) are the differences of the seeds; `detectable` is the smallest difference that would have been found
    with the question's power, allowing for as many comparisons as were made at once. `equivalence` is that of
    this pair by itself within the question's margin, None where it has none.
    """

    difference: float
    se: float
    se_seeds: float
    interval: Interval
    p_value: float
    p_adjusted: float
    p_error: float
    detectable: float
    by_seed: FloatArray
    block: int
    reps: int
    equivalence: Equivalence | None = None

    @property
    def is_underpowered(self) -> bool:
        """Whether a difference of this size would be missed too often, as in a comparison of two arms."""
        return abs(self.difference) < self.detectable


Found: TypeAlias = AveragedDifference | str  # the test, or why none was made


@dataclass(frozen=True)
class _Tested:
    """A pair before its p value is adjusted."""

    found: AveragedDifference
    statistic: float
    t_star: FloatArray


def averaged_differences(arms: Sequence[FloatArray], reference: FloatArray, question: Question) -> list[Found]:
    """Return the Sharpe ratio of each arm less that of one reference, with p values for all comparisons together.

    Arms and reference are simple returns (n, S) of S seeds, or (n, 1) where no seed matters. An arm that equals the
    reference is IDENTICAL and not tested; of one that does not vary the reason is returned. All pairs share resamples
    and block length, the longest that any needs; p values are Romano and Wolf's. Raises `UsageError` for seeds that
    differ in number.

    >>> draw = np.random.default_rng(0)
    >>> base = draw.normal(0.0, 0.01, (300, 1))
    >>> good, same = base + 0.002 + draw.normal(0, 0.001, (300, 5)), base.copy()
    >>> found = averaged_differences([good, same], base, Question(reps=199))
    >>> found[0].p_adjusted, found[0].difference > 2, found[1]
    (0.005, True, 'identical')
    """
    states = [_obstacle(arm, reference) for arm in arms]
    order = [place for place, state in enumerate(states) if not state]
    block = max((_block(arms[place], reference, question) for place in order), default=1)
    tested = [_tested(arms[place], reference, question, block) for place in order]
    found: list[Found] = list(states)
    for place, one, adjusted in zip(order, tested, _adjusted(tested, question), strict=True):
        found[place] = _among(one.found, adjusted, question, len(tested))
    return found


def _adjusted(tested: Sequence[_Tested], question: Question) -> list[float]:
    if not tested:
        return []
    statistics = np.array([one.statistic for one in tested])
    adjusted = romano_wolf(statistics, np.column_stack([one.t_star for one in tested]), question.alternative)
    return [float(p_value) for p_value in adjusted]


def _among(found: AveragedDifference, adjusted: float, question: Question, comparisons: int) -> AveragedDifference:
    """Return a pair with what is left of its figures among all comparisons that were made at once."""
    p_value, level = max(adjusted, found.p_value), question.alpha / comparisons
    smallest = detectable(found.se, level, question.power, question.alternative) if found.se > 0 else 0.0
    return replace(found, p_adjusted=p_value, p_error=drawn_p_error(p_value, question.reps), detectable=smallest)


def _obstacle(arm: FloatArray, reference: FloatArray) -> str:
    if len(arm) < LEAST_PERIODS:
        return f"{len(arm)} periods, at least {LEAST_PERIODS} are needed"
    pairs = arm.shape[1] == reference.shape[1] or 1 in (arm.shape[1], reference.shape[1])
    if pairs and not (np.abs(arm - reference) > ROUNDING).any():
        return IDENTICAL
    for what, returns in (("its", arm), ("the reference's", reference)):
        still = int((np.ptp(returns, axis=0) <= ROUNDING).sum())
        if still:
            where = f" with {still} of {returns.shape[1]} seeds" if returns.shape[1] > 1 else ""
            return f"{what} account does not move{where}: no Sharpe ratio"
    if not pairs:
        raise UsageError(
            f"arms must have been replayed over the same seeds; found {arm.shape[1]} and {reference.shape[1]}"
        )
    return ""


def _influence(returns: FloatArray, risk_free: float) -> tuple[FloatArray, FloatArray]:
    """Return (S,) Sharpe ratios per period, and (n,) their influence functions' mean over the seeds."""
    excess = returns - risk_free
    means = np.stack([excess.mean(axis=0), (excess**2).mean(axis=0)], axis=-1)
    sharpe = smooth_metric("sharpe")
    slope = sharpe.gradient(means)
    each = (excess - means[:, 0]) * slope[:, 0] + (excess**2 - means[:, 1]) * slope[:, 1]
    ratio: FloatArray = sharpe.value(means) * sharpe.small_sample(len(returns))
    return ratio, each.mean(axis=1)


def _pseudo(arm: FloatArray, reference: FloatArray, question: Question) -> tuple[FloatArray, FloatArray]:
    """Return (S,) differences per period, and (n,) pseudo-values whose mean is theirs."""
    risk_free = question.risk_free_ann / question.periods_per_year
    (first, own), (second, other) = (_influence(returns, risk_free) for returns in (arm, reference))
    by_seed = first - second
    return by_seed, float(by_seed.mean()) + own - other


def _block(arm: FloatArray, reference: FloatArray, question: Question) -> int:
    return question.block or circular_block_length(_pseudo(arm, reference, question)[1])


def _tested(arm: FloatArray, reference: FloatArray, question: Question, block: int) -> _Tested:
    by_seed, pseudo = _pseudo(arm, reference, question)
    boot = _boot(arm, reference, pseudo, question, block)
    of_seeds = float(by_seed.std(ddof=1)) / math.sqrt(len(by_seed)) if len(by_seed) > 1 else 0.0
    se = math.hypot(boot.se, of_seeds)
    statistic, t_star = boot.statistic, boot.t_star
    if of_seeds > 0:
        statistic, t_star = boot.difference / se, (boot.se * boot.t_star + _of_seeds(by_seed, question)) / se
    p_value = studentized_p(statistic, t_star, question.alternative)
    half = upper_quantile(np.abs(t_star), boot.level) * se
    year = smooth_metric("sharpe").annual(1.0, question.periods_per_year)
    middle = boot.difference * year
    interval = Interval(middle, middle - half * year, middle + half * year, boot.level, "bootstrap")
    found = AveragedDifference(
        middle, se * year, of_seeds * year, interval, p_value, p_value, 0.0, math.nan, by_seed * year, block,
        question.reps,
        None if question.margin is None
        else equivalence(middle, se * year, t_star, question.margin, question.alpha),
    )  # fmt: skip
    return _Tested(found, statistic, t_star)


def _of_seeds(by_seed: FloatArray, question: Question) -> FloatArray:
    """Return (reps,) what other seeds would add to the mean of these (S,)."""
    seeds, draw = len(by_seed), generator(question.seed, "averaged", "seeds")
    weights = draw.standard_normal((question.reps, seeds)) / math.sqrt(seeds * (seeds - 1))
    tails = np.sqrt(draw.chisquare(seeds - 1, question.reps) / (seeds - 1))
    found: FloatArray = weights @ (by_seed - by_seed.mean()) / tails
    return found


def _boot(
    arm: FloatArray, reference: FloatArray, pseudo: FloatArray, question: Question, block: int
) -> StudentizedBootstrap:
    if arm.shape[1] == reference.shape[1] == 1:
        return resampled(Arm("arm", arm[:, 0]), Arm("reference", reference[:, 0]), question, block, metric="sharpe")
    # the same draws as of a plain pair, so that all pairs share their resamples
    return studentized_difference(
        pseudo[:, None], np.zeros((len(pseudo), 1)), smooth_metric("mean"), block=block, reps=question.reps,
        draw=generator(question.seed, "comparison", block), level=1 - question.alpha, alternative=question.alternative,
    )  # fmt: skip
