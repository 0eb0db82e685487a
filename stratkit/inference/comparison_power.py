"""`PowerFacts`: what difference a comparison could have found, and how long one must wait to find the one seen."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.inference.comparison import Arm, PowerFacts, Question
from stratkit.inference.power import detectable, needed_hac, needed_jkm, power_at
from stratkit.inference.primary_comparison import Measured
from stratkit.inference.sharpe import sample_moments, sharpe_ratio

_CURVE_POINTS: Final = 41


def power_facts(a: Arm, b: Arm, question: Question, measured: Measured) -> PowerFacts:
    """Return the facts from the primary test's standard error, which is the one that the data will have again.

    The periods needed go by Jobson and Korkie's variance for a Sharpe ratio, which hangs on the two ratios and their
    correlation alone, and by the robust variance for any other metric. A one-sided question is not answered by a
    difference the other way: NaN.
    """
    gap, se = measured.primary.difference, measured.se
    smallest = detectable(se, question.alpha, question.power, question.alternative) if se > 0 else 0.0
    needed, needed_by = _needed(a, b, question, measured)
    gaps = np.linspace(0.0, 2 * max(smallest, abs(gap)), _CURVE_POINTS)
    # a difference that does not vary is found for certain, however small
    powers = power_at(gaps, se, question.alpha, question.alternative) if se > 0 else np.where(gaps > 0, 1.0, 0.0)
    return PowerFacts(
        power=question.power,
        detectable=smallest,
        observed=gap,
        needed=needed,
        needed_years=needed / question.periods_per_year,
        needed_by=needed_by,
        gaps=gaps,
        powers=powers,
    )


def _needed(a: Arm, b: Arm, question: Question, measured: Measured) -> tuple[float, str]:
    primary = measured.primary
    level, power, alternative = question.alpha, question.power, question.alternative
    if question.metric != "sharpe" or primary.se_period == 0:
        n, gap = len(a.returns), primary.difference_period
        return float(needed_hac(primary.se_period, n, gap, level, power, alternative)), "robust variance"
    risk_free = question.risk_free_ann / question.periods_per_year
    first, second = (float(sharpe_ratio(sample_moments(arm.returns), risk_free)) for arm in (a, b))
    correlation = float(np.corrcoef(a.returns, b.returns)[0, 1])
    return float(needed_jkm(first, second, correlation, level, power, alternative)), "JKM"
