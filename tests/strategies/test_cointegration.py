"""Pairs of prices: the test against statsmodels, and what is chosen from a window, planted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.stattools import coint

from stratkit.panel import FloatArray
from stratkit.seeds import generator
from stratkit.strategies.cointegration import (
    PairFit,
    cointegrated_pairs,
    engle_granger_p_value,
    engle_granger_statistic,
)


def walk(bars: int, *name: str | int) -> FloatArray:
    return np.cumsum(0.01 * generator(0, "cointegration", *name).standard_normal(bars))


@pytest.mark.parametrize("case", range(20))
@pytest.mark.parametrize("bars", [30, 252])
def test_the_p_value_is_that_of_statsmodels(case: int, bars: int) -> None:
    y, x = walk(bars, "y", case), walk(bars, "x", case)
    y = y if case % 2 else x + 0.01 * generator(0, "apart", case).standard_normal(bars)
    slope, intercept = np.polyfit(x, y, 1)
    expected = coint(y, x, trend="c", maxlag=1, autolag=None)[:2]
    statistic = engle_granger_statistic(y - intercept - slope * x)
    assert (statistic, engle_granger_p_value(statistic)) == pytest.approx(expected, rel=1e-8, abs=1e-12)


def test_the_relation_that_was_planted_is_found_and_the_rest_is_not() -> None:
    x, other = walk(500, "x"), walk(500, "other")
    y = 0.3 + 1.2 * x + 0.005 * generator(0, "noise").standard_normal(500)
    (fit,) = cointegrated_pairs(np.column_stack([x, other, y]), p_value=0.01, candidates=10)
    assert {fit.x, fit.y} == {0, 2}
    slope = fit.slope if fit.y == 2 else 1 / fit.slope
    assert slope == pytest.approx(1.2, rel=0.05)
    assert fit.z(np.column_stack([x, other, y])).std() == pytest.approx(1.0, rel=0.01)


def test_a_symbol_stands_in_one_pair_at_most_and_the_clearest_goes_first() -> None:
    common, draw = walk(500, "common"), generator(0, "three")
    prices = np.column_stack([common + size * draw.standard_normal(500) for size in (0.001, 0.002, 0.01)])
    (fit,) = cointegrated_pairs(prices, p_value=0.01, candidates=10)
    assert fit.p_value <= 0.01


def test_windows_that_say_nothing_give_no_pair() -> None:
    x = walk(300, "x")
    y = x + 0.005 * generator(0, "noise").standard_normal(300)
    for other in (x, np.full(300, 4.0), np.where(np.arange(300) < 60, np.nan, y)):
        assert cointegrated_pairs(np.column_stack([x, other]), p_value=0.5, candidates=10) == []
    assert cointegrated_pairs(np.column_stack([x, y]), p_value=0.5, candidates=10) != []
    assert cointegrated_pairs(np.column_stack([x, 9 * y]), p_value=0.5, candidates=10) == []  # too steep for equal legs


def test_the_distance_is_counted_in_deviations() -> None:
    fit = PairFit(y=1, x=0, p_value=0.01, slope=2.0, intercept=0.5, deviation=0.1)
    assert fit.z(np.array([[1.0, 2.7], [1.0, np.nan]])).tolist() == pytest.approx([2.0, np.nan], nan_ok=True)
