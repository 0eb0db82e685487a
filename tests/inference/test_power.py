"""Power and what is needed for it: published figures, R's pwr, and rejections that are counted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stratkit.errors import UsageError
from stratkit.inference.comparison import Alternative
from stratkit.inference.power import (
    critical_z,
    detectable,
    needed_hac,
    needed_jkm,
    observed_fdr,
    paired_t_needed,
    paired_t_power,
    planned_fdr,
    power_at,
    sharpe_power,
)
from stratkit.seeds import generator

# the monthly hedge fund of Lopez de Prado, Lipton, Zoonekynd (2025), SSRN 5520741: 24 months, skewness, raw kurtosis
FUND = {"skewness": -2.448, "kurtosis": 10.164}


@pytest.mark.parametrize(
    ("period", "annual"), [pytest.param(0.018536699189061805, 0.29426097709362126, id="mde-sharpe-diff")]
)
def test_the_smallest_gap_of_sp500_and_nasdaq_is_reproduced(period: float, annual: float) -> None:
    # the standard error of 20 years of days, at 5 % and 80 %
    found = detectable(0.006616503824)
    assert found == pytest.approx(period, rel=1e-6)
    assert found * math.sqrt(252) == pytest.approx(annual, rel=1e-6)


@pytest.mark.parametrize(
    ("correlation", "expected"),
    [
        pytest.param(0.0, 15842.963743783637, id="n-sharpe-diff-rho-0"),
        pytest.param(0.5, 7927.36853169258, id="n-sharpe-diff-rho-.5"),
        pytest.param(0.9, 1589.2411686110033, id="n-sharpe-diff-rho-.9"),
    ],
)
def test_the_days_that_detect_half_a_point_of_sharpe(correlation: float, expected: float) -> None:
    found = needed_jkm(1 / math.sqrt(252), 0.5 / math.sqrt(252), correlation)
    assert float(found) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("beta", [pytest.param(0.315, id="sr-power-2025")])
def test_the_beta_of_the_2025_paper_is_reproduced(beta: float) -> None:
    assert 1 - float(sharpe_power(0.5, 24, 0.0, **FUND)) == pytest.approx(beta, abs=5.1e-4)


@pytest.mark.parametrize(("observed", "planned"), [pytest.param(0.306, 0.581, id="ofdr-2025")])
def test_both_false_discovery_rates_of_the_2025_paper_are_reproduced(observed: float, planned: float) -> None:
    assert float(observed_fdr(0.036 / 0.079, 24, 0.5, 0.05, 0.0, **FUND)) == pytest.approx(observed, abs=5.1e-4)
    assert planned_fdr(0.05, 0.05, 1 - 0.315) == pytest.approx(planned, abs=5.1e-4)


@pytest.mark.parametrize(
    ("pairs", "power"), [pytest.param(33.3671291390766, 0.455581764083989, id="ttest-power-paired")]
)
def test_the_figures_of_r_pwr_are_reproduced(pairs: float, power: float) -> None:
    assert paired_t_needed(0.5) == pytest.approx(pairs, rel=1e-6)
    assert paired_t_power(0.2, 60, 0.1) == pytest.approx(power, rel=1e-6)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_at_the_smallest_detectable_gap_the_power_is_what_was_asked(alternative: Alternative) -> None:
    gap = detectable(0.3, 0.01, 0.9, alternative)
    # two-sided the other tail adds next to nothing
    assert power_at(np.array([gap]), 0.3, 0.01, alternative)[0] == pytest.approx(0.9, abs=1e-6)


def test_rejections_that_are_counted_are_the_power_curve() -> None:
    gaps, z = np.array([0.0, 0.5, 1.0, 2.0, -2.0]), generator(0, "power").standard_normal(200_000)
    counted = [np.mean(np.abs(z + gap / 0.5) > critical_z(0.1)) for gap in gaps]
    assert power_at(gaps, 0.5, 0.1) == pytest.approx(np.array(counted), abs=0.004)
    one_sided = [np.mean(z + gap / 0.5 > critical_z(0.1, "greater")) for gap in gaps]
    assert power_at(gaps, 0.5, 0.1, "greater") == pytest.approx(np.array(one_sided), abs=0.004)


def test_the_periods_needed_make_the_difference_the_smallest_detectable() -> None:
    n = float(needed_hac(0.05, 400, 0.07))
    assert detectable(0.05 * math.sqrt(400 / n)) == pytest.approx(0.07, rel=1e-12)
    assert float(needed_hac(0.05, 400, -0.07)) == n
    assert float(needed_hac(0.05, 400, 0.07, alternative="greater")) < n
    assert float(needed_hac(0.05, 400, 0.07, power=0.9)) > n


def test_the_robust_number_equals_that_of_normal_returns_at_their_variance() -> None:
    theta = 2 - 2 * 0.3 + (0.1**2 + 0.05**2 - 2 * 0.1 * 0.05 * 0.3**2) / 2
    assert float(needed_jkm(0.1, 0.05, 0.3)) == pytest.approx(float(needed_hac(math.sqrt(theta / 500), 500, 0.05)))


def test_the_power_of_a_sharpe_test_is_counted_among_normal_returns() -> None:
    returns = generator(0, "sharpe power").standard_normal((20_000, 100)) + 0.25
    ratios = returns.mean(axis=1) / returns.std(axis=1, ddof=1)
    counted = np.mean(ratios > critical_z(0.05, "greater") / 10)
    assert float(sharpe_power(0.25, 100)) == pytest.approx(counted, abs=0.01)


def test_what_is_not_there_cannot_be_detected() -> None:
    assert "not there" in needed_jkm(0.1, 0.1, 0.5).reason
    assert "not there" in needed_hac(0.1, 100, -0.1, alternative="greater").reason
    assert "no variance" in needed_hac(0.0, 100, 0.1).reason
    assert "no variance" in needed_hac(0.1, 100, math.nan).reason


def test_impossible_moments_have_no_power_and_say_so() -> None:
    assert "skewness is too large" in sharpe_power(1.0, 100, 0.0, 3.0, 4.0).reason
    assert "skewness is too large" in observed_fdr(0.5, 100, 1.0, 0.5, 0.0, 3.0, 4.0).reason
    assert "out of reach" in observed_fdr(90.0, 100, 0.1, 0.5).reason


def test_a_rarer_skill_makes_a_discovery_likelier_false() -> None:
    rates = [float(observed_fdr(0.2, 100, 0.2, prior)) for prior in (0.5, 0.1, 0.01)]
    assert rates == sorted(rates)
    planned = [planned_fdr(prior) for prior in (0.5, 0.1, 0.01)]
    assert planned == sorted(planned)
    assert planned[0] == pytest.approx(0.05 / 0.85)


@pytest.mark.parametrize("wrong", [0.0, 1.0, 5.0])
def test_levels_that_are_no_fractions_are_refused(wrong: float) -> None:
    with pytest.raises(UsageError, match="alpha must lie between 0 and 1"):
        detectable(0.1, alpha=wrong)
    with pytest.raises(UsageError, match="power must lie between 0 and 1"):
        detectable(0.1, power=wrong)
    with pytest.raises(UsageError, match="prior must lie between 0 and 1"):
        planned_fdr(wrong)


def test_a_curve_without_a_standard_error_is_refused() -> None:
    with pytest.raises(UsageError, match="above 0; found 0"):
        power_at(np.array([1.0]), 0.0)
