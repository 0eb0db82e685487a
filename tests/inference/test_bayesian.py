"""Posteriors of a mean difference: Darwin's plants, Student's test from the other side, folds that share their data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from stratkit.errors import UsageError
from stratkit.inference.bayesian import correlated_posterior, paired_posterior
from stratkit.seeds import generator

# Darwin's 15 pairs of plants, eighths of an inch
DARWIN = np.array([49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0])


@pytest.mark.parametrize(
    ("above", "interval", "shares"),
    [
        pytest.param(
            0.9751485279890996,
            (0.031193318392979563, 41.83547334827369),
            (0.009311560393133975, 0.052858331159440115, 0.9378301084474259),
            id="bayes-paired-darwin",
        )
    ],
)
def test_darwins_plants_are_judged_as_published(
    above: float, interval: tuple[float, float], shares: tuple[float, float, float]
) -> None:
    found = paired_posterior(DARWIN)
    assert found.above(0.0) == pytest.approx(above, rel=1e-9)
    assert (found.interval().low, found.interval().high) == pytest.approx(interval, rel=1e-9)
    rope = found.rope(5.0)
    assert (rope.worse, rope.alike, rope.better) == pytest.approx(shares, rel=1e-9)


@pytest.mark.parametrize("expected", [pytest.param(0.8294627586098751, id="bayes-correlated-t")])
def test_correlated_folds_are_judged_as_published(expected: float) -> None:
    # Benavoli et al. (2017); Corani and Benavoli (2015)
    assert correlated_posterior(DARWIN, 0.2).above(0.0) == pytest.approx(expected, rel=1e-12)


def test_it_is_students_test_from_the_other_side() -> None:
    differences = generator(0, "student").standard_normal(40) + 0.2
    one_sided = stats.ttest_1samp(differences, 0.0, alternative="greater")
    assert 1 - paired_posterior(differences).above(0.0) == pytest.approx(float(one_sided.pvalue), rel=1e-9)
    known = stats.ttest_1samp(differences, 0.0).confidence_interval(0.9)
    found = paired_posterior(differences).interval(0.9)
    assert (found.low, found.high) == pytest.approx((float(known.low), float(known.high)), rel=1e-9)


def test_shares_add_up_and_swap_with_the_arms() -> None:
    rope, swapped = paired_posterior(DARWIN).rope(10.0), paired_posterior(-DARWIN).rope(10.0)
    assert rope.worse + rope.alike + rope.better == pytest.approx(1.0)
    assert (rope.worse, rope.better) == pytest.approx((swapped.better, swapped.worse))
    assert paired_posterior(DARWIN).rope(0.0).alike == 0.0


def test_differences_that_never_vary_leave_no_doubt() -> None:
    rope = paired_posterior(np.full(5, 0.25)).rope(0.1)
    assert (rope.worse, rope.alike, rope.better) == (0.0, 0.0, 1.0)
    assert paired_posterior(np.full(5, 0.25)).interval().low == 0.25


def test_what_has_no_posterior_is_refused() -> None:
    with pytest.raises(UsageError, match="at least two differences"):
        paired_posterior(np.array([1.0]))
    with pytest.raises(UsageError, match="at least two differences"):
        paired_posterior(np.array([1.0, math.nan]))
    with pytest.raises(UsageError, match="at least 0 and below 1; found 1"):
        correlated_posterior(DARWIN, 1.0)
    with pytest.raises(UsageError, match="must not be below 0"):
        paired_posterior(DARWIN).rope(-1.0)
    with pytest.raises(UsageError, match=r"such as 0\.95; found 95"):
        paired_posterior(DARWIN).interval(95.0)
