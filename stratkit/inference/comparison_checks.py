"""The panel beside the primary test: `TestResult`s that assume other things, none of which decides."""

from __future__ import annotations

from typing import Final

from stratkit.inference.comparison import Arm, Question
from stratkit.inference.hac import newey_west
from stratkit.inference.paired_tests import sign_flip
from stratkit.inference.sharpe_difference import hac_difference, jobson_korkie
from stratkit.inference.signed_rank import wilcoxon
from stratkit.inference.smooth_metrics import metric_columns, smooth_metric
from stratkit.inference.test_result import TestResult
from stratkit.seeds import generator

SIGN_FLIPS: Final = 999  # a check needs no fourth digit


def comparison_checks(a: Arm, b: Arm, question: Question, block: int) -> tuple[TestResult, ...]:
    """Return the two-sided checks: of the metric by HAC, of Sharpe by Jobson-Korkie, of the returns' differences.

    A Calmar ratio has only the last of these. `block` is the primary test's: signs are flipped by blocks as long.
    """
    found: list[TestResult] = []
    risk_free = question.risk_free_ann / question.periods_per_year
    if question.metric != "calmar":
        smooth = smooth_metric(question.metric)
        x, y = (metric_columns(question.metric, arm, risk_free) for arm in (a, b))
        found += [hac_difference(x, y, smooth, prewhiten=prewhiten) for prewhiten in (False, True)]
    if question.metric == "sharpe":
        found.append(jobson_korkie(a.returns - risk_free, b.returns - risk_free))
    gap = a.returns - b.returns
    draw = generator(question.seed, "comparison", "signs")
    found += [newey_west(gap), wilcoxon(gap).test, sign_flip(gap, block=block, reps=SIGN_FLIPS, draw=draw)]
    return tuple(found)
