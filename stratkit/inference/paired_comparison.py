"""`PairComparison`: everything that is said of two arms, made from their returns and a question declared before.

One primary test decides; the rest is a panel beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stratkit.inference.comparable_arms import check_arms, check_question, differing, identical_in, obstacle
from stratkit.inference.comparison import Arm, Equivalence, PairComparison, PairVerdict, Question, WarningLine
from stratkit.inference.comparison_checks import comparison_checks
from stratkit.inference.comparison_power import power_facts
from stratkit.inference.comparison_rows import compared_rows
from stratkit.inference.comparison_verdict import (
    Decision,
    identical_verdict,
    invalid_verdict,
    pair_verdict,
    same_metric_verdict,
)
from stratkit.inference.comparison_warnings import (
    Evidence,
    comparison_warnings,
    constant_warning,
    identical_warning,
    same_metric_warning,
)
from stratkit.inference.equivalence import equivalence
from stratkit.inference.interval import Interval
from stratkit.inference.primary_comparison import Measured, interval_of, measure, resampled
from stratkit.inference.sharpe import ROUNDING
from stratkit.inference.smooth_metrics import smooth_metric
from stratkit.inference.studentized_bootstrap import Starts

Letters = tuple[str, str]


@dataclass(frozen=True)
class Adjusted:
    """A p value that decides in place of the primary test's own, and where it comes from."""

    p_value: float
    source: str


def compare_pair(
    a: Arm,
    b: Arm,
    question: Question,
    *,
    letters: Letters = ("A", "B"),
    starts: Starts | None = None,
    measured: Measured | None = None,
    adjusted: Adjusted | None = None,
    warnings: Sequence[WarningLine] = (),
) -> PairComparison:
    """Return arm `a` against arm `b`: rows, the primary test, checks, power, equivalence, warnings and the verdict.

    Identical arms are recognised and not tested; arms that nothing can be said of are INVALID. `warnings` from outside
    go first. `measured` is the primary test when it was made before, with others; `starts` are the resamples' block
    starts for it. Raises `UsageError` for a question without an answer, `DataError` for returns that are not finite or
    not of the same periods.

    >>> draw = np.random.default_rng(0)
    >>> common = draw.normal(0, 0.01, 500)
    >>> a, b = Arm("a", common), Arm("b", common + draw.normal(0.002, 0.005, 500))
    >>> compare_pair(a, b, Question(reps=499)).verdict.text, compare_pair(a, a, Question()).verdict.text
    ('B BETTER', 'EQUIVALENT (identical returns)')
    """
    check_question(question)
    check_arms((a, b), question)
    reason = obstacle(a, b, question, letters)
    if reason:
        return _untested(a, b, question, letters, invalid_verdict(reason), warnings)
    alike = identical_in(a, b, question)
    if alike:
        said = (*warnings, identical_warning(alike, len(a.returns)))
        return _untested(a, b, question, letters, identical_verdict(letters, alike), said)
    if measured is None:
        measured = measure(a, b, question, starts=starts, letters=letters)
    if measured.is_constant and measured.primary.difference == 0.0:
        said = (*warnings, same_metric_warning(question.metric))
        return _untested(a, b, question, letters, same_metric_verdict(letters, question.metric), said)
    if math.isnan(measured.primary.p_value) or math.isnan(measured.primary.difference):
        verdict = invalid_verdict("the standard error of the difference cannot be computed")
        return _untested(a, b, question, letters, verdict, warnings)
    return _tested(a, b, question, letters, measured, adjusted, warnings)


def _untested(
    a: Arm, b: Arm, question: Question, letters: Letters, verdict: PairVerdict, warnings: Sequence[WarningLine]
) -> PairComparison:
    return PairComparison(
        names=(a.name, b.name),
        letters=letters,
        n=len(a.returns),
        correlation=_correlation(a, b),
        different=int(differing(a, b).sum()),
        rows=compared_rows(a, b, question, {}),
        primary=None,
        checks=(),
        power=None,
        equivalence=None,
        warnings=tuple(warnings),
        verdict=verdict,
    )


def _tested(
    a: Arm,
    b: Arm,
    question: Question,
    letters: Letters,
    measured: Measured,
    adjusted: Adjusted | None,
    warnings: Sequence[WarningLine],
) -> PairComparison:
    primary = measured.primary
    checks = comparison_checks(a, b, question, primary.block)
    different = int(differing(a, b).sum())
    power = power_facts(a, b, question, measured)
    alike = _equivalence(question, measured)
    gap = a.returns - b.returns
    found = comparison_warnings(Evidence(question, gap, different, primary, checks, (a.returns, b.returns)))
    constant = (constant_warning(),) if measured.is_constant else ()
    p_value, source = (primary.p_value, "") if adjusted is None else (adjusted.p_value, f" {adjusted.source}")
    decision = Decision(primary, power, alike, p_value, source)
    intervals: dict[str, Interval] = {
        "mean": _mean_interval(a, b, question, primary.block),
        primary.metric: primary.interval,
    }
    return PairComparison(
        names=(a.name, b.name),
        letters=letters,
        n=len(a.returns),
        correlation=_correlation(a, b),
        different=different,
        rows=compared_rows(a, b, question, intervals, primary.difference),
        primary=primary,
        checks=checks,
        power=power,
        equivalence=alike,
        warnings=(*warnings, *found, *constant),
        verdict=pair_verdict(question, decision, letters),
    )


def _equivalence(question: Question, measured: Measured) -> Equivalence | None:
    """Return the two one-sided tests against the margin, None when equivalence is not asked."""
    if question.margin is None:
        return None
    primary = measured.primary
    return equivalence(primary.difference, measured.se, measured.t_star, question.margin, question.alpha)


def _mean_interval(a: Arm, b: Arm, question: Question, block: int) -> Interval:
    """Return the interval of the difference of mean annual returns, with the primary test's blocks."""
    gap = a.returns - b.returns
    factor = smooth_metric("mean").annual(1.0, question.periods_per_year)
    if np.ptp(gap) <= ROUNDING:
        middle = float(gap.mean()) * factor
        return Interval(middle, middle, middle, 1 - question.alpha, "the difference does not vary")
    return interval_of(resampled(a, b, question, block, metric="mean"), factor)


def _correlation(a: Arm, b: Arm) -> float:
    """Return the correlation of the returns, NaN when an arm does not vary."""
    if min(np.ptp(a.returns), np.ptp(b.returns)) <= ROUNDING:
        return math.nan
    return float(np.corrcoef(a.returns, b.returns)[0, 1])
