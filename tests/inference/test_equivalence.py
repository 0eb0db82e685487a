"""Equivalence within a margin: its interval and its p value agree, and draws of a normal are the textbook's test."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.errors import UsageError
from stratkit.inference.equivalence import equivalence
from stratkit.seeds import generator


def test_with_normal_draws_it_is_the_textbook_test() -> None:
    drawn = np.array([NormalDist().inv_cdf((rank + 0.5) / 99_999) for rank in range(99_999)])
    found = equivalence(0.2, 0.15, drawn, margin=0.5)
    assert found.p_value == pytest.approx(NormalDist().cdf((0.2 - 0.5) / 0.15), abs=1e-4)
    z = NormalDist().inv_cdf(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.2 - z * 0.15, 0.2 + z * 0.15), abs=1e-4)
    assert found.interval.level == pytest.approx(0.9)
    assert found.holds


def test_ranks_are_counted_by_hand() -> None:
    drawn = np.arange(-9.0, 10.0)  # 19 draws, so each tenth has one end rank at alpha .05 and two at .1
    found = equivalence(1.0, 1.0, drawn, margin=9.5, alpha=0.1)
    # 10.5 is reached by none, -8.5 by one draw (-9)
    assert found.p_value == 2 / 20
    assert (found.interval.low, found.interval.high) == (1 - 8, 1 + 8)
    assert found.holds


def test_the_rank_of_a_level_is_not_lost_to_rounding() -> None:
    # 0.29 x 100 is 28.999999999999996 in floating point; the 29th draw from below is -21
    drawn = np.arange(-49.0, 50.0)
    assert equivalence(0.0, 1.0, drawn, margin=99.0, alpha=0.29).interval.high == 21.0
    assert equivalence(0.0, 1.0, drawn, margin=21.5, alpha=0.29).p_value == pytest.approx(0.29)
    assert equivalence(0.0, 1.0, drawn, margin=21.5, alpha=0.29).holds


def test_a_skewed_statistic_moves_the_interval_to_the_other_side() -> None:
    drawn = generator(0, "skewed").exponential(1.0, 4999) - 1
    found = equivalence(0.0, 1.0, drawn, margin=3.0)
    assert -found.interval.low > found.interval.high


@given(st.floats(-1, 1), st.floats(0.01, 1), st.floats(0.05, 1), st.sampled_from([0.01, 0.05, 0.1]), st.integers(0, 99))
def test_it_holds_exactly_when_the_interval_lies_within(
    difference: float, se: float, margin: float, alpha: float, seed: int
) -> None:
    drawn = generator(seed, "property").standard_normal(499)
    found = equivalence(difference, se, drawn, margin, alpha)
    assert found.holds == (-margin < found.interval.low and found.interval.high < margin)


def test_a_larger_margin_is_easier() -> None:
    drawn = generator(0, "margin").standard_normal(999)
    p_values = [equivalence(0.1, 0.2, drawn, margin).p_value for margin in (0.1, 0.3, 0.6, 5.0)]
    assert p_values == sorted(p_values, reverse=True)
    assert p_values[-1] == 1 / 1000
    assert equivalence(0.1, 0.2, drawn, 5.0).p_error > 0


def test_the_chance_to_call_equivalent_what_differs_by_the_margin_is_alpha() -> None:
    draw = generator(0, "size")
    drawn, seen = draw.standard_normal(999), 0.5 + 0.1 * draw.standard_normal(2000)
    called = [equivalence(float(difference), 0.1, drawn, 0.5).holds for difference in seen]
    assert np.mean(called) == pytest.approx(0.05, abs=0.02)


def test_a_known_difference_is_judged_without_doubt() -> None:
    drawn = generator(0, "known").standard_normal(99)
    inside, outside, at = (equivalence(known, 0.0, drawn, 0.5) for known in (0.4, 0.6, 0.5))
    assert (inside.holds, outside.holds, at.holds) == (True, False, False)
    assert (inside.interval.low, inside.interval.high) == (0.4, 0.4)


def test_too_few_draws_bound_nothing() -> None:
    found = equivalence(0.0, 1.0, np.array([-1.0, 0.0, 1.0]), margin=100.0)
    assert (found.interval.low, found.interval.high) == (-math.inf, math.inf)
    assert not found.holds


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(UsageError, match="margin of equivalence must be above 0"):
        equivalence(0.0, 1.0, np.zeros(9), margin=0.0)
    with pytest.raises(UsageError, match="found nan and 9 resamples"):
        equivalence(0.0, math.nan, np.zeros(9), margin=1.0)
