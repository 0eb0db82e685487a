"""Adjusted p values against a published example, R's p.adjust and a computation by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.errors import UsageError
from stratkit.inference.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from stratkit.panel import FloatArray

# Benjamini and Hochberg (1995), section 4.1
P_VALUES = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
            0.759, 1.0]  # fmt: skip
# R's p.adjust of them
BH = [0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.0638571428571429, 0.0638571428571429, 0.0645, 0.0765, 0.486,
      0.581181818181818, 0.714875, 0.753230769230769, 0.813214285714286, 1]  # fmt: skip
BY = [0.00497734348984349, 0.00995468697968698, 0.0315231754356754, 0.118211907883783, 0.200089208291708,
      0.211892622853337, 0.211892622853337, 0.21402577006327, 0.253844517982018, 1, 1, 1, 1, 1, 1]  # fmt: skip


@pytest.mark.parametrize(
    ("adjust", "expected"),
    [
        pytest.param(benjamini_hochberg, BH, id="multitest-bh"),
        pytest.param(benjamini_yekutieli, BY, id="multitest-by"),
    ],
)
def test_the_published_example_is_adjusted_as_by_r(
    adjust: Callable[[list[float]], FloatArray], expected: list[float]
) -> None:
    assert adjust(P_VALUES) == pytest.approx(np.array(expected), rel=1e-9)


def test_four_are_discoveries_where_bonferroni_finds_three() -> None:
    assert int((benjamini_hochberg(P_VALUES) <= 0.05).sum()) == 4
    assert int((np.array(P_VALUES) * len(P_VALUES) <= 0.05).sum()) == 3


def test_holm_multiplies_by_how_many_are_left() -> None:
    # .01 x 4, .02 x 3, .03 x 2, .04 x 1, never below the one before
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx(np.array([0.06, 0.04, 0.06, 0.06]))


def test_a_test_that_was_not_made_does_not_count() -> None:
    with_hole = holm([math.nan, 0.01, 0.04])
    assert math.isnan(with_hole[0])
    assert with_hole[1:] == pytest.approx(holm([0.01, 0.04]))
    assert np.isnan(holm([math.nan, math.nan])).all()


@settings(max_examples=20, deadline=None)  # the first call imports statsmodels
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_an_adjusted_p_value_is_never_smaller_and_its_order_stays(raw: list[float]) -> None:
    order = np.argsort(raw)
    for adjust in (holm, benjamini_hochberg, benjamini_yekutieli):
        found = adjust(raw)
        assert np.all(found >= np.array(raw) - 1e-15)
        assert np.all(np.diff(found[order]) >= -1e-15)
        assert np.all(found <= 1)


@pytest.mark.parametrize("wrong", [[-0.1], [1.2], [[0.1, 0.2]]])
def test_what_is_no_p_value_is_refused(wrong: list[float]) -> None:
    with pytest.raises(UsageError, match="from 0 to 1"):
        holm(wrong)
