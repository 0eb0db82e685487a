"""Sums, moments, z-scores, correlation and beta of windows, against exact arithmetic and SciPy's own."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_panels import KINDS, NAN, Kind, assert_is_formula, market, on_columns, plain_window
from scipy.stats import linregress

from stratkit.errors import UsageError
from stratkit.features.pairwise import rolling_beta, rolling_correlation
from stratkit.features.statistics import zscore
from stratkit.features.windows import quotient, window_moments, window_sums

Series = list[float]
values_of_any_size = st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 3))


@given(st.lists(values_of_any_size, min_size=1, max_size=40), st.integers(1, 9))
def test_a_window_sum_is_as_exact_as_adding_its_own_values(values: Series, n: int) -> None:
    found = window_sums(np.array(values), n)
    for t in range(len(values)):
        if t < n - 1:
            assert math.isnan(found[t])
            continue
        window = plain_window(values, t, n)
        exact = float(sum(Fraction(value) for value in window))
        assert abs(found[t] - exact) <= n * 2.0**-52 * sum(abs(value) for value in window)


def test_a_value_that_left_has_left_no_trace_and_a_nan_is_only_in_its_windows() -> None:
    values = np.full(40, 0.1)
    usual = window_sums(values, 6)
    for odd in (1e300, np.nan, np.inf):
        values[17] = odd
        found = window_sums(values, 6)
        np.testing.assert_array_equal(found[[16, 23, 24, 39]], usual[[16, 23, 24, 39]])
        assert (found[17:23] != usual[17:23]).all()
    np.testing.assert_array_equal(window_sums(np.array([5.0, 0.0, 0.0, 0.0]), 2)[2:], 0.0)


@pytest.mark.parametrize("level", [0.0, 1e9])
def test_moments_do_not_drown_in_the_level_of_the_values(level: float) -> None:
    small = np.array([1.0, 4.0, 2.0, 2.0, 2.0, 5.0, 7.0]) / 64  # exact beside the level
    mean, deviation = window_moments(level + small, 3)
    for t in range(2, 7):
        window = small[t - 2 : t + 1].tolist()
        assert mean[t] == pytest.approx(level + statistics.fmean(window), rel=1e-15)
        assert deviation[t] == pytest.approx(statistics.pstdev(window), rel=1e-12)
    assert deviation[4] == 0.0


def plain_zscore(close: Series, n: int) -> Series:
    out = [NAN] * len(close)
    for t in range(n - 1, len(close)):
        window = plain_window(close, t, n)
        deviation = statistics.pstdev(window)
        out[t] = (close[t] - statistics.fmean(window)) / deviation if deviation > 0 else NAN
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_a_zscore_equals_its_formula(kind: Kind) -> None:
    assert_is_formula(zscore, plain_zscore, (7,), kind)


def test_a_quotient_of_nothing_is_nan() -> None:
    np.testing.assert_array_equal(
        quotient(np.array([1.0, 0.0, NAN, 6.0]), np.array([0.0, 0.0, 2.0, 3.0])), [NAN, NAN, NAN, 2.0]
    )


def regressed(left: Series, right: Series, n: int) -> list[Series]:
    beta, correlation = [NAN] * len(left), [NAN] * len(left)
    for t in range(n - 1, len(left)):
        fitted = linregress(plain_window(right, t, n), plain_window(left, t, n))
        beta[t], correlation[t] = fitted.slope, fitted.rvalue
    return [beta, correlation]


@pytest.mark.parametrize("kind", ["whole", "holes"])
def test_correlation_and_beta_are_those_of_a_regression_on_the_bars_both_have(kind: Kind) -> None:
    left, right = market(90, 2, kind)["close"], market(90, 2, kind, seed=2)["close"]
    beta, correlation = on_columns(regressed, (12,), [left, right])
    np.testing.assert_allclose(rolling_beta(left, right, 12), beta, rtol=1e-9)
    np.testing.assert_allclose(rolling_correlation(left, right, 12), correlation, rtol=1e-9)


def test_a_correlation_is_one_for_a_multiple_and_unknown_where_one_stands_still() -> None:
    left = market(60, 1)["close"]
    np.testing.assert_array_equal(np.round(rolling_correlation(left, -3.0 * left, 5)[4:], 12), -1.0)
    assert (np.abs(rolling_correlation(left, 7.0 * left, 5)[4:]) <= 1.0).all()
    np.testing.assert_allclose(rolling_beta(left, 2.0 * left, 5)[4:], 0.5, rtol=1e-12)
    np.testing.assert_allclose(rolling_beta(1e-9 * left, 2e-9 * left, 5)[4:], 0.5, rtol=1e-9)
    level = np.full((60, 1), 0.1)
    assert np.isnan(rolling_correlation(left, level, 5)).all()
    assert np.isnan(rolling_beta(left, level, 5)).all()
    np.testing.assert_array_equal(rolling_beta(level, left, 5)[4:], 0.0)


def test_windows_that_make_no_sense_are_refused() -> None:
    panel = np.ones((5, 1))
    for call in (rolling_beta, rolling_correlation):
        with pytest.raises(UsageError, match="window_bars must be a whole number of bars from 2 up; found 1"):
            call(panel, panel, 1)
    with pytest.raises(UsageError, match=r"panels must have one shape; found \(5, 1\) and \(4, 1\)"):
        rolling_beta(panel, panel[:4], 2)
