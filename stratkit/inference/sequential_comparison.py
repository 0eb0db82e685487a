"""`Sequential`: a comparison that is looked at while it runs, without paying for it in false discoveries.

Always valid: any look may be the last, by the normal mixture of `confidence_sequence` with the variance of each look,
which is asymptotic. Alpha spending: a few looks planned over a horizon, by `group_sequential` with the spending of
O'Brien and Fleming.

Both see the influence function of the metric's difference in blocks of periods, such as weeks: the variance between
blocks is a long-run variance, in which dependence within a block is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.comparison import Arm, Look, Question, Sequential, SequentialPlan
from stratkit.inference.confidence_sequence import mixture_periods, mixture_width
from stratkit.inference.group_sequential import obrien_fleming_spending, spending_bounds
from stratkit.inference.smooth_metrics import SmoothMetric, metric_columns, smooth_metric
from stratkit.panel import FloatArray

LEAST_BLOCKS: Final = 20  # of which a variance is estimated before the first look
MOST_LOOKS: Final = 200  # of the always valid mode that are computed and shown
_LARGEST_LOG: Final = 700.0  # beyond, the exponential leaves the numbers and p would be 0


@dataclass(frozen=True)
class _Blocks:
    """Both arms' columns as means of blocks: `x` and `y` (M, m), each block `length` periods."""

    x: FloatArray
    y: FloatArray
    length: int
    smooth: SmoothMetric

    def after(self, blocks: int) -> tuple[float, float]:
        """Return the difference and its standard error per period, from the first `blocks` blocks alone."""
        x, y = self.x[:blocks], self.y[:blocks]
        mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
        n = blocks * self.length
        gap = float(self.smooth.value(mean_x) - self.smooth.value(mean_y)) * self.smooth.small_sample(n)
        series = (x - mean_x) @ self.smooth.gradient(mean_x) - (y - mean_y) @ self.smooth.gradient(mean_y)
        return gap, float(series.std(ddof=1)) / math.sqrt(blocks)


def compare_sequentially(a: Arm, b: Arm, question: Question, plan: SequentialPlan) -> Sequential:
    """Return the looks at a less b that `plan` allows, and when the comparison could have been stopped.

    A look uses the periods up to it and no later one. Periods after the last whole block, or after the horizon of alpha
    spending, are not used. A one-sided question stops only in its own direction. Raises `UsageError` for a Calmar
    ratio, which has no influence function, and for a plan that the data cannot follow.
    """
    if question.metric == "calmar":
        raise UsageError(
            "a sequential comparison needs a metric of means, and a Calmar ratio hangs on the path: choose sharpe"
        )
    blocks = _blocks(a, b, question, plan)
    year = blocks.smooth.annual(1.0, question.periods_per_year)
    horizon = _horizon(question, plan)
    places = _places(plan, len(blocks.x), horizon)
    boundaries = _boundaries(question, plan, places, horizon)
    tail = _two_sided_alpha(question)
    rho = mixture_periods(horizon, tail)
    looks, least = [], 1.0
    for place, boundary in zip(places, boundaries, strict=True):
        n = place * plan.block
        gap, se = blocks.after(place)
        z = gap / se if se > 0 else math.copysign(math.inf, gap)
        least = min(least, _always_valid_p(z, n, rho))
        if plan.mode == "alpha-spending":
            half = boundary * se if se > 0 else 0.0
        else:
            half = float(mixture_width(np.array([n]), np.array([n * se**2]), rho, tail)[0])
        looks.append(Look(n, gap * year, (gap - half) * year, (gap + half) * year, least, z, boundary))
    found = next((look.n for look in looks if _excludes_zero(look, question)), None)
    words = _words(plan, looks, found, horizon)
    return Sequential(plan.mode, tuple(looks), found, horizon, words)


def _always_valid_p(z: float, n: int, rho: float) -> float:
    """Return 1 over the mixture's likelihood ratio: the alpha whose bounds just touch zero; never 0."""
    log_ratio = 0.5 * math.log(rho / (n + rho)) + 0.5 * z**2 * n / (n + rho)
    return math.exp(-min(max(log_ratio, 0.0), _LARGEST_LOG))


def _two_sided_alpha(question: Question) -> float:
    # the mixture's bounds are two-sided: on one side at alpha they are those at 2 alpha
    return 2 * question.alpha if question.alternative == "greater" else question.alpha


def _blocks(a: Arm, b: Arm, question: Question, plan: SequentialPlan) -> _Blocks:
    if plan.block < 1:
        raise UsageError(f"a block must hold at least one period; found {plan.block}")
    blocks = len(a.returns) // plan.block
    if blocks < LEAST_BLOCKS:
        raise UsageError(
            f"a sequential comparison needs {LEAST_BLOCKS} blocks of {plan.block} periods before its first look; found "
            f"{len(a.returns)} periods"
        )
    risk_free = question.risk_free_ann / question.periods_per_year
    x, y = (metric_columns(question.metric, arm, risk_free) for arm in (a, b))
    whole = blocks * plan.block
    first, second = (each[:whole].reshape(blocks, plan.block, -1).mean(axis=1) for each in (x, y))
    return _Blocks(first, second, plan.block, smooth_metric(question.metric))


def _horizon(question: Question, plan: SequentialPlan) -> int:
    """Return the planned number of periods, a year of them where an always valid comparison has planned none."""
    if plan.planned_n is not None:
        if plan.planned_n < plan.block * LEAST_BLOCKS:
            raise UsageError(
                f"a horizon must hold {LEAST_BLOCKS} blocks of {plan.block} periods; found {plan.planned_n} periods"
            )
        return plan.planned_n
    if plan.mode == "alpha-spending":
        raise UsageError("alpha spending needs its horizon: say how many periods are planned")
    return max(round(question.periods_per_year), plan.block * LEAST_BLOCKS)


def _places(plan: SequentialPlan, blocks: int, horizon: int) -> list[int]:
    """Return after how many blocks the looks are."""
    if plan.mode == "always-valid":
        count = min(MOST_LOOKS, blocks - LEAST_BLOCKS + 1)
        return sorted({round(each) for each in np.linspace(LEAST_BLOCKS, blocks, count)})
    if plan.looks < 1:
        raise UsageError(f"at least one look must be planned; found {plan.looks}")
    planned = [horizon * look // plan.looks // plan.block for look in range(1, plan.looks + 1)]
    if planned[0] < 2 or len(set(planned)) < len(planned):
        raise UsageError(
            f"{plan.looks} looks over {horizon} periods in blocks of {plan.block} are too many: plan fewer, or shorter "
            "blocks"
        )
    return [place for place in planned if place <= blocks]


def _boundaries(question: Question, plan: SequentialPlan, places: list[int], horizon: int) -> list[float]:
    """Return what the statistic must exceed at each look; NaN in the always valid mode."""
    if plan.mode == "always-valid":
        return [math.nan] * len(places)
    if not places:
        return []
    share = np.array([place * plan.block / horizon for place in places])
    spent = obrien_fleming_spending(share, question.alpha, question.alternative)
    return [float(each) for each in spending_bounds(share, spent, question.alternative)]


def _excludes_zero(look: Look, question: Question) -> bool:
    return look.low > 0 or (look.high < 0 and question.alternative == "two-sided")


def _words(plan: SequentialPlan, looks: list[Look], found: int | None, horizon: int) -> str:
    if not looks:
        return f"The first of {plan.looks} planned looks is not reached yet."
    if plan.mode == "always-valid":
        if found is not None:
            return f"The always valid bounds left 0 behind after {found:,} periods: the comparison could stop there."
        return f"After {looks[-1].n:,} periods the always valid bounds still hold 0: it may go on, looked at any time."
    done = f"{len(looks)} of {plan.looks} looks planned over {horizon:,} periods"
    if found is not None:
        return f"The statistic passed its boundary after {found:,} periods ({done}): the comparison could stop there."
    if len(looks) < plan.looks:
        return f"No boundary is passed after {done}: go on until the next one."
    return f"No boundary is passed after {done}: the comparison is over, without a difference found."
