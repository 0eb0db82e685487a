"""How far two labellings agree: by hand, against chance, and against scikit-learn's index."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.analytics.regime_agreement import adjusted_rand, agreement, matched
from stratkit.errors import UsageError

CALM_AND_WILD = np.array([0.01, -0.01, 0.01, 0.05, -0.05, 0.05])


def test_the_adjusted_rand_index_is_the_one_worked_out_by_hand() -> None:
    # table [[2, 0, 0], [0, 1, 1]]: 1 pair together; 2 in the first, 1 in the second, 6 in all: chance 1/3, most 3/2
    assert adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])) == pytest.approx((1 - 1 / 3) / (3 / 2 - 1 / 3))
    # crosswise: none together, chance 2 x 2/6, most 2
    assert adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == pytest.approx((0 - 2 / 3) / (2 - 2 / 3))


def test_other_names_for_the_same_states_agree_wholly() -> None:
    first = np.array([0, 0, 1, 1, 2, 2])
    found = agreement(first, 2 - first, np.array([0.01, -0.01, 0.02, -0.02, 0.03, -0.03]))
    assert (found.bars, found.equal, found.rand) == (6, 1.0, 1.0)


def test_bars_that_one_of_both_does_not_label_are_left_out() -> None:
    found = agreement(np.array([-1, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1, -1]), CALM_AND_WILD)
    assert (found.bars, found.equal) == (4, 1.0)
    nothing = agreement(np.array([-1, 0]), np.array([0, -1]), np.zeros(2))
    assert nothing.bars == 0
    assert math.isnan(nothing.equal)
    assert math.isnan(nothing.rand)


def test_as_many_states_are_matched_from_the_calmest_to_the_wildest() -> None:
    # state 1 of the first is the calm one, as state 0 of the second is
    first, second = np.array([1, 1, 1, 0, 0, 0]), np.array([0, 0, 0, 0, 1, 1])
    assert matched(first, second, CALM_AND_WILD).tolist() == [0, 0, 0, 1, 1, 1]
    assert agreement(first, second, CALM_AND_WILD).equal == pytest.approx(5 / 6)


def test_more_states_are_matched_to_the_nearest_in_volatility() -> None:
    returns = np.array([0.01, -0.01, 0.012, -0.012, 0.05, -0.05])
    first, second = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 0, 1, 1])
    assert matched(first, second, returns).tolist() == second.tolist()
    assert agreement(first, second, returns).equal == 1.0


def test_labels_that_know_nothing_of_each_other_have_no_rand_and_may_be_equal_on_most_bars() -> None:
    random = np.random.Generator(np.random.PCG64(5))
    first, second = (random.random((2, 4000)) < 0.1).astype(np.int64)
    found = agreement(first, second, random.standard_normal(4000) * (1 + first + second))
    assert found.equal > 0.8
    assert abs(found.rand) < 0.02


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=2, max_size=40))
def test_the_index_is_the_one_of_scikit_learn(drawn: list[tuple[int, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    first, second = np.array(drawn).T
    assert adjusted_rand(first, second) == pytest.approx(metrics.adjusted_rand_score(first, second), abs=1e-12)
    assert adjusted_rand(first, second) == adjusted_rand(second, first)


def test_one_bar_has_no_index_and_other_bars_are_refused() -> None:
    assert math.isnan(adjusted_rand(np.array([0]), np.array([0])))
    with pytest.raises(UsageError, match="of the same bars; found 2, 1 and 2"):
        agreement(np.zeros(2, np.int64), np.zeros(1, np.int64), np.zeros(2))
