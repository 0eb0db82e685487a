"""The rolling rank against scipy's percentile of a score, and the close location by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import percentileofscore

from stratkit.errors import UsageError
from stratkit.features import close_location, rolling_rank
from stratkit.seeds import generator


@pytest.mark.parametrize("window", [2, 7, 50])
def test_a_rank_is_the_percentile_of_a_value_among_those_before_it(window: int) -> None:
    series = generator(0, "ranks").integers(0, 12, 200).astype(np.float64)  # whole numbers: many are equal
    ranks = rolling_rank(series[:, None], window)[:, 0]
    expected = [percentileofscore(series[t - window : t], series[t], kind="mean") / 100 for t in range(window, 200)]
    np.testing.assert_allclose(ranks[window:], expected, rtol=1e-12)
    assert np.isnan(ranks[:window]).all()


def test_a_rank_skips_holes() -> None:
    panel = np.array([[1.0], [np.nan], [3.0], [2.0], [np.nan], [9.0]])
    np.testing.assert_array_equal(rolling_rank(panel, 2)[:, 0], [np.nan, np.nan, np.nan, 0.5, np.nan, 1.0])


def test_a_window_below_two_bars_is_refused() -> None:
    with pytest.raises(UsageError, match="from 2 up; found 1"):
        rolling_rank(np.ones((5, 1)), 1)


def test_a_close_lies_between_minus_one_at_the_low_and_one_at_the_high() -> None:
    high, low = np.full((5, 1), 12.0), np.full((5, 1), 8.0)
    close = np.array([[8.0], [9.0], [10.0], [12.0], [np.nan]])
    np.testing.assert_array_equal(close_location(high, low, close)[:, 0], [-1.0, -0.5, 0.0, 1.0, np.nan])
    flat = np.array([[7.0]])
    assert close_location(flat, flat, flat) == 0.0
