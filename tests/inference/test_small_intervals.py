"""Shares, ratios of means and rank correlations: by hand, against named libraries, and where nothing can be said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr
from statsmodels.stats.proportion import proportion_confint

from stratkit.inference.mean_ratio import ratio_of_means
from stratkit.inference.proportion import wilson_interval
from stratkit.inference.rank_correlation import rank_correlation
from stratkit.seeds import generator


def test_half_of_ten_by_hand() -> None:
    # z^2 = 3.8415: (.5 + .19207 +- 1.96 sqrt(.025 + .0096036)) / 1.38415
    found = wilson_interval(5, 10)
    assert (found.estimate, found.low, found.high) == pytest.approx((0.5, 0.2366, 0.7634), abs=5e-5)


@pytest.mark.parametrize(("successes", "n"), [(0, 7), (1, 1), (3, 40), (199, 200)])
def test_a_share_is_that_of_statsmodels(successes: int, n: int) -> None:
    found = wilson_interval(successes, n, 0.9)
    assert (found.low, found.high) == pytest.approx(proportion_confint(successes, n, 0.1, method="wilson"), abs=1e-12)


def test_nothing_is_said_of_no_observation() -> None:
    assert not wilson_interval(0, 0).is_defined


def test_a_ratio_of_means_by_hand() -> None:
    # 3 / 1; s^2 = (2 / 9) / 2 + 0 = 1 / 9, exp(1.959964 / 3) = 1.92192
    found = ratio_of_means(np.array([2.0, 4.0]), np.ones(3))
    assert (found.estimate, found.low, found.high) == pytest.approx((3.0, 1.56093, 5.76577), rel=1e-5)


def test_a_ratio_needs_two_figures_on_both_sides_and_something_to_divide_by() -> None:
    one = ratio_of_means(np.array([2.0]), np.ones(3))
    assert one.estimate == 2.0
    assert not one.is_defined
    assert math.isnan(ratio_of_means(np.array([2.0, 4.0]), np.zeros(3)).estimate)
    assert math.isnan(ratio_of_means(np.zeros(0), np.ones(3)).estimate)


def test_a_rank_correlation_by_hand() -> None:
    # neighbours change places: sum d^2 = 10, r = 1 - 60 / 990; atanh r = ln(32) / 2, reach .889336
    found = rank_correlation(np.arange(10.0), np.array([2.0, 1, 4, 3, 6, 5, 8, 7, 10, 9]))
    assert (found.estimate, found.low, found.high) == pytest.approx((0.939394, 0.687675, 0.989502), abs=1e-5)


def test_ranks_with_ties_are_those_of_scipy() -> None:
    random = generator(3, "ranks")
    one, other = random.integers(0, 6, 80).astype(float), random.normal(size=80)
    assert rank_correlation(one, other).estimate == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


@pytest.mark.parametrize(("first", "said"), [(np.arange(9.0), "at least 10"), (np.ones(12), "does not vary")])
def test_no_correlation_says_why(first: np.ndarray, said: str) -> None:
    found = rank_correlation(first, np.arange(float(len(first))))
    assert math.isnan(found.estimate)
    assert said in found.reason
