"""`WarningLine`s of a comparison: what its figures should not be believed for, with a code that programs can read.

IN_SAMPLE and PEEKING are known to the ledger and not to the returns: they come in from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.inference.annualisation import ljung_box
from stratkit.inference.comparison import ComparedMetric, PrimaryTest, Question, WarningLine
from stratkit.inference.comparison_words import METRIC_WORDS, shown_p
from stratkit.inference.sharpe import ROUNDING, sample_moments
from stratkit.inference.test_result import TestResult
from stratkit.panel import FloatArray

FEW_PERIODS: Final = 60
AUTOCORRELATION_LAGS: Final = 10  # of daily returns two weeks; 20 pick up the slow waves of volatility
AUTOCORRELATION_LEVEL: Final = 0.05
HEAVY_KURTOSIS: Final = 15.0  # daily returns of a share or an index stand between 5 and 12
FEW_DIFFERENT_SHARE: Final = 0.1
# Where the calibration finds the size of the primary test off: at a level of 5 % it rejects 3.7 % of true hypotheses on
# fewer periods, and 7 to 9 % on fewer than 500 with a correlation of .3 or more from one period to the next.
CALIBRATED_PERIODS: Final = 60
CALIBRATED_CORRELATION: Final = 0.2
SETTLED_PERIODS: Final = 500


@dataclass(frozen=True)
class Evidence:
    """What is looked at for warnings: `gap` (n,) are the returns of a less those of b, `different` of them not zero."""

    question: Question
    gap: FloatArray
    different: int
    primary: PrimaryTest
    checks: tuple[TestResult, ...]


def comparison_warnings(evidence: Evidence) -> tuple[WarningLine, ...]:
    """Return the warnings that the returns and the tests give rise to, in a fixed order."""
    found = (
        *_of_length(evidence),
        *_of_differences(evidence),
        *_of_calibration(evidence),
        *_of_tests(evidence),
    )
    return tuple(WarningLine(code, sentence) for code, sentence in found)


def identical_warning(what: str, n: int) -> WarningLine:
    """Return the warning of two arms that are the same in `what` in all `n` periods.

    >>> identical_warning("returns", 1500).sentence
    'the arms have identical returns in all 1,500 periods: no test was run'
    """
    return WarningLine("IDENTICAL", f"the arms have identical {what} in all {n:,} periods: no test was run")


def same_metric_warning(metric: ComparedMetric) -> WarningLine:
    """Return the warning of arms whose metric is the same whatever the sample.

    >>> same_metric_warning("sharpe").code
    'IDENTICAL'
    """
    name = METRIC_WORDS[metric]
    return WarningLine("IDENTICAL", f"the arms have the same {name} in every resample: no test was run")


def constant_warning() -> WarningLine:
    """Return the warning of arms that differ by the same amount in every period."""
    return WarningLine(
        "CONSTANT_DIFF",
        "the arms differ by the same amount in every period: every resample shows the same difference, so that p is "
        "the least that so many resamples can give",
    )


def _of_length(evidence: Evidence) -> Iterator[tuple[str, str]]:
    n, year = len(evidence.gap), evidence.question.periods_per_year
    if n < FEW_PERIODS:
        yield "FEW_OBS", f"{n} periods are few: below {FEW_PERIODS} no interval here can be relied on"
    if n < year:
        yield "SHORT", f"{n} periods are less than a year ({year:g}): a year's figures are extrapolated"


def _of_differences(evidence: Evidence) -> Iterator[tuple[str, str]]:
    n, different = len(evidence.gap), evidence.different
    if different < n and (different < FEW_PERIODS or different < FEW_DIFFERENT_SHARE * n):
        yield (
            "FEW_DIFF_DAYS",
            f"the arms differ in {different:,} of {n:,} periods only: these are the sample, whatever n says",
        )
    if np.ptp(evidence.gap) <= ROUNDING:
        return
    lags = min(AUTOCORRELATION_LAGS, n // 5)
    test = ljung_box(evidence.gap, lags)
    if test.p_value < AUTOCORRELATION_LEVEL:
        yield (
            "AUTOCORR",
            f"the differences of the returns are autocorrelated (Ljung-Box over {lags} lags {shown_p(test.p_value)}): "
            "Sharpe ratios times the root of the year's periods are off, and tests that assume independence too",
        )
    kurtosis = sample_moments(evidence.gap).kurtosis
    if kurtosis > HEAVY_KURTOSIS:
        yield (
            "HEAVY_TAILS",
            f"the differences of the returns have heavy tails (kurtosis {kurtosis:.1f}, a normal's is 3): a few "
            "periods carry the result",
        )


def _of_calibration(evidence: Evidence) -> Iterator[tuple[str, str]]:
    reasons = []
    n, first = len(evidence.gap), first_correlation(evidence.gap)
    if n < CALIBRATED_PERIODS:
        reasons.append(f"{n} periods (below {CALIBRATED_PERIODS})")
    if first > CALIBRATED_CORRELATION and n < SETTLED_PERIODS:
        reasons.append(
            f"a first autocorrelation of {first:.2f} (above {CALIBRATED_CORRELATION:g}) on fewer than {SETTLED_PERIODS}"
        )
    if reasons:
        yield (
            "CALIBRATION",
            f"with {' and '.join(reasons)} the primary test does not keep its size: see the calibration table in the "
            "documentation",
        )


def _of_tests(evidence: Evidence) -> Iterator[tuple[str, str]]:
    alpha, primary = evidence.question.alpha, evidence.primary
    rejected = primary.p_value <= alpha
    crossing = [each for each in primary.sensitivity if (each.p_value <= alpha) != rejected]
    if crossing:
        said = ", ".join(f"{shown_p(each.p_value)} with blocks of {each.block}" for each in crossing)
        yield (
            "BLOCK_SENSITIVE",
            f"the answer hangs on the block length: {said}, {shown_p(primary.p_value)} with {primary.block}",
        )
    other = [check.name for check in evidence.checks if check.is_defined and _rejects(evidence, check) != rejected]
    if other:
        one = len(other) == 1
        does = ("does not reject" if one else "do not reject") if rejected else ("rejects" if one else "reject")
        yield (
            "TEST_DISAGREE",
            f"{', '.join(other)} {does}, the primary test does{'' if rejected else ' not'}: it alone decides, the "
            f"others assume other things or test another hypothesis than the {METRIC_WORDS[primary.metric]}",
        )


def _rejects(evidence: Evidence, check: TestResult) -> bool:
    """Return whether a check rejects; being two-sided it is halved, in its direction, for a one-sided question."""
    if evidence.question.alternative == "two-sided":
        return check.p_value <= evidence.question.alpha
    return check.p_value <= 2 * evidence.question.alpha and evidence.primary.difference > 0


def first_correlation(series: FloatArray) -> float:
    """Return the first autocorrelation of (n,) values, 0 of a series that does not vary by more than rounding.

    >>> round(first_correlation(np.tile([1.0, -1.0], 50)), 2)
    -0.99
    """
    if np.ptp(series) <= ROUNDING:
        return 0.0
    away = series - series.mean()
    return float(away[1:] @ away[:-1]) / float(away @ away)
