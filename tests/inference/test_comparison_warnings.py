"""The codes of a comparison's warnings: each stands when it should and only then."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from stratkit.inference.comparison import BlockSensitivity, PrimaryTest, Question
from stratkit.inference.comparison_warnings import Evidence, comparison_warnings, first_correlation
from stratkit.inference.interval import Interval
from stratkit.inference.measured_size import keeps_size, measured_size
from stratkit.inference.test_result import TestResult
from stratkit.panel import FloatArray


def a_primary(p_value: float = 0.3, around: tuple[float, float] = (0.31, 0.29), difference: float = 0.5) -> PrimaryTest:
    return PrimaryTest(
        metric="sharpe",
        hypothesis="",
        test="",
        difference=difference,
        interval=Interval(difference, -1.0, 2.0, 0.95, "bootstrap"),
        difference_period=0.03,
        se_period=0.02,
        se_name="",
        statistic=1.0,
        p_value=p_value,
        p_error=0.003,
        block=2,
        block_rule="given",
        reps=999,
        seed=0,
        sensitivity=tuple(
            BlockSensitivity(block, p, 0.003)
            for block, p in zip((1, 2, 4), (around[0], p_value, around[1]), strict=True)
        ),
        drawn=np.zeros(1),
    )


def gap(n: int = 600) -> FloatArray:
    return np.random.default_rng(5).normal(0.0, 0.01, n)


def codes(
    series: FloatArray,
    primary: PrimaryTest | None = None,
    checks: tuple[TestResult, ...] = (),
    different: int | None = None,
    **question: Any,
) -> list[str]:
    counted = len(series) if different is None else different
    evidence = Evidence(Question(**question), series, counted, primary or a_primary(), checks)
    return [line.code for line in comparison_warnings(evidence)]


def test_a_long_quiet_comparison_has_no_warning() -> None:
    assert codes(gap()) == []


@pytest.mark.parametrize(
    ("n", "found"),
    [
        (59, ["FEW_OBS", "SHORT"]),
        (60, ["SHORT"]),
        (251, ["SHORT"]),
        (252, []),
    ],
)
def test_short_samples_are_told_by_their_length(n: int, found: list[str]) -> None:
    assert codes(gap(n)) == found


def test_a_year_is_counted_in_the_periods_of_the_question() -> None:
    assert codes(gap(130), periods_per_year=12.0) == []


def test_autocorrelated_differences_are_told() -> None:
    series = gap(1000)
    for bar in range(1, 1000):
        series[bar] += 0.5 * series[bar - 1]
    assert codes(series) == ["AUTOCORR"]


def related(n: int, rho: float) -> FloatArray:
    """Differences whose first autocorrelation is `rho` but for a hair, moved there step by step."""
    series = gap(n)
    for _ in range(50):
        away = rho - first_correlation(series)
        series[1:] += away * series[:-1]
    return series


@pytest.mark.parametrize("n", [30, 60, 120, 250, 1000, 5000])
@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.1, 0.3, 0.5])
def test_the_calibration_is_told_exactly_where_it_found_the_size_off(n: int, rho: float) -> None:
    series = related(n, rho)
    first = first_correlation(series)
    assert first == pytest.approx(rho, abs=0.01)
    size = measured_size(n, first)
    assert ("CALIBRATION" in codes(series)) == (not keeps_size(size))


def sentence(series: FloatArray) -> str:
    evidence = Evidence(Question(), series, len(series), a_primary(), ())
    return next(line.sentence for line in comparison_warnings(evidence) if line.code == "CALIBRATION")


def test_the_calibration_says_what_it_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    series = related(60, 0.5)
    for size, words in (
        (0.0812, "in 8.1% of samples and not in 5 % with 60 periods and a correlation of 0.50"),
        (0.0812, "its p value is too small; see the calibration"),
        (0.021, "too careful"),
        (math.nan, "was never measured with 60 periods"),
    ):
        monkeypatch.setattr("stratkit.inference.comparison_warnings.measured_size", lambda *_, size=size: size)
        assert words in sentence(series)


def test_lengths_that_were_never_measured_are_told() -> None:
    assert "never measured" in sentence(gap(20))


def test_a_difference_that_is_rounding_has_no_autocorrelation() -> None:
    a = np.random.default_rng(1).normal(0.0, 0.01, 600)
    assert codes((a + 0.001) - a) == []


def test_few_days_that_differ_are_told_whatever_n_is() -> None:
    assert codes(gap(), different=59) == ["FEW_DIFF_DAYS"]
    assert codes(gap(), different=60) == []
    assert codes(gap(), different=599) == []


def test_a_few_days_that_carry_the_result_are_told() -> None:
    series = gap()
    series[[100, 300]] = 0.15
    assert codes(series) == ["HEAVY_TAILS"]


@pytest.mark.parametrize(
    ("p_value", "around", "found"),
    [
        (0.06, (0.04, 0.07), ["BLOCK_SENSITIVE"]),
        (0.04, (0.03, 0.06), ["BLOCK_SENSITIVE"]),
        (0.04, (0.03, 0.05), []),
        (0.3, (0.2, 0.06), []),
    ],
)
def test_a_block_length_that_turns_the_answer_is_told(
    p_value: float, around: tuple[float, float], found: list[str]
) -> None:
    assert codes(gap(), a_primary(p_value, around)) == found


def test_a_check_that_answers_otherwise_is_named() -> None:
    checks = (TestResult("Wilcoxon", 1.0, 0.04, ""), TestResult("JKM", 1.0, 0.2, ""))
    evidence = Evidence(Question(), gap(), 600, a_primary(), checks)
    [line] = comparison_warnings(evidence)
    assert line.code == "TEST_DISAGREE"
    assert line.sentence.startswith("Wilcoxon rejects, the primary test does not")


def test_checks_that_do_not_find_what_the_primary_finds_are_named_too() -> None:
    checks = (TestResult("Wilcoxon", 1.0, 0.4, ""), TestResult("JKM", 1.0, 0.2, ""))
    evidence = Evidence(Question(), gap(), 600, a_primary(0.01, (0.01, 0.01)), checks)
    [line] = comparison_warnings(evidence)
    assert line.sentence.startswith("Wilcoxon, JKM do not reject, the primary test does:")


def test_a_check_without_a_p_value_disagrees_with_nothing() -> None:
    undefined = TestResult("JKM", float("nan"), float("nan"), "", reason="no variance")
    assert codes(gap(), a_primary(0.01, (0.01, 0.01)), (undefined,)) == []


def test_a_two_sided_check_is_halved_for_a_one_sided_question() -> None:
    check = (TestResult("Wilcoxon", 1.0, 0.09, ""),)
    assert codes(gap(), a_primary(0.3), check, alternative="greater") == ["TEST_DISAGREE"]
    assert codes(gap(), a_primary(0.3, difference=-0.5), check, alternative="greater") == []
    assert codes(gap(), a_primary(0.3), check) == []


def clustered(n: int, ratio: float, seed: int) -> FloatArray:
    """Returns with a Sharpe ratio of exactly `ratio` a period whose volatility is GARCH(1,1)."""
    shock = np.random.default_rng(seed).standard_normal(n)
    values, variance = np.empty(n), 1.0
    for bar in range(n):
        values[bar] = np.sqrt(variance) * shock[bar]
        variance = 0.02 + 0.1 * values[bar] ** 2 + 0.88 * variance
    values = (values - values.mean()) / values.std(ddof=1)
    returns: FloatArray = 0.01 * (values + ratio)
    return returns


@pytest.mark.parametrize(
    ("ratios", "metric", "is_told"),
    [
        ((0.13, 0.2), "sharpe", True),
        ((0.13, 0.2), "sortino", True),
        ((0.13, 0.2), "mean", False),
        ((0.12, 0.2), "sharpe", False),
    ],
)
def test_high_ratios_on_clustered_volatility_are_told(ratios: tuple[float, float], metric: str, is_told: bool) -> None:
    arms = tuple(clustered(1500, ratio, seed) for seed, ratio in enumerate(ratios))
    evidence = Evidence(Question(metric=metric), gap(1500), 1500, a_primary(), (), arms)  # type: ignore[arg-type]
    found = [line.code for line in comparison_warnings(evidence)]
    assert ("CLUSTERED_VOLATILITY" in found) == is_told


def test_high_ratios_on_steady_volatility_are_not_told() -> None:
    steady = tuple(0.01 * (np.random.default_rng(seed).standard_normal(1500) + 0.2) for seed in (1, 2))
    evidence = Evidence(Question(), gap(1500), 1500, a_primary(), (), steady)
    assert "CLUSTERED_VOLATILITY" not in [line.code for line in comparison_warnings(evidence)]
