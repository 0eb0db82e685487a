"""`WarningLine`s of a comparison: what its figures should not be believed for, with a code that programs can read.

IN_SAMPLE and PEEKING are known to the ledger and not to the returns: they come in from outside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.inference.annualisation import ljung_box
from stratkit.inference.comparison import ComparedMetric, PrimaryTest, Question, WarningLine
from stratkit.inference.comparison_words import METRIC_WORDS, shown_p
from stratkit.inference.measured_size import KEPT_SIZE, keeps_size, measured_size
from stratkit.inference.sharpe import ROUNDING, sample_moments
from stratkit.inference.test_result import TestResult
from stratkit.panel import FloatArray

FEW_PERIODS: Final = 60
AUTOCORRELATION_LAGS: Final = 10  # of daily returns two weeks; 20 pick up the slow waves of volatility
AUTOCORRELATION_LEVEL: Final = 0.05
HEAVY_KURTOSIS: Final = 15.0  # daily returns of a share or an index stand between 5 and 12
FEW_DIFFERENT_SHARE: Final = 0.1
HIGH_RATIO: Final = 2 / 252**0.5  # per period: 2 a year of daily returns, the least at which the size was found off
CLUSTERED_SIZE: Final = "8 to 10 % of samples at a ratio of 2 a year on daily returns, 13 to 18 % at 4"  # measured
CLUSTER_LAGS: Final = 20  # a month of days
CLUSTER_LEVEL: Final = 0.01


@dataclass(frozen=True)
class Evidence:
    """What is looked at for warnings: `gap` (n,) are the returns of a less those of b, `different` of them not zero.

    `arms` are the returns of a and of b themselves, (n,) each; empty where they are not looked at.
    """

    question: Question
    gap: FloatArray
    different: int
    primary: PrimaryTest
    checks: tuple[TestResult, ...]
    arms: tuple[FloatArray, ...] = ()


def comparison_warnings(evidence: Evidence) -> tuple[WarningLine, ...]:
    """Return the warnings that the returns and the tests give rise to, in a fixed order."""
    found = (
        *_of_length(evidence),
        *_of_differences(evidence),
        *_of_calibration(evidence),
        *_of_clusters(evidence),
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
    n, first = len(evidence.gap), first_correlation(evidence.gap)
    size = measured_size(n, first)
    if keeps_size(size):
        return
    pairs = f"{n:,} periods and a correlation of {first:.2f} from one difference to the next"
    if math.isnan(size):
        said = f"was never measured with {pairs}: its p value may be far off"
    else:
        said = f"calls luck a difference in {size:.1%} of samples and not in 5 % with {pairs}"
        said += ": its p value is too small" if size > KEPT_SIZE[1] else ": it is too careful, and finds less"
    yield "CALIBRATION", f"the primary test {said}; see the calibration in the documentation"


def _of_clusters(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Tell of high Sharpe ratios on volatility that comes in clusters, where the calibration found the size off."""
    if evidence.question.metric not in ("sharpe", "sortino") or not evidence.arms:
        return
    if all(_ratio(arm) >= HIGH_RATIO and _clusters(arm) for arm in evidence.arms):
        yield (
            "CLUSTERED_VOLATILITY",
            "both arms have high Sharpe ratios and volatility that comes in clusters, which outlast the blocks: the "
            f"primary test was measured to call luck a difference in {CLUSTERED_SIZE}, and not in 5 %; see the "
            "calibration in the documentation",
        )


def _ratio(returns: FloatArray) -> float:
    moments = sample_moments(returns)
    return moments.mean / moments.sd if moments.sd > 0 else 0.0


def _clusters(returns: FloatArray) -> bool:
    lags = min(CLUSTER_LAGS, len(returns) // 5)
    return ljung_box((returns - returns.mean()) ** 2, lags).p_value < CLUSTER_LEVEL


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
