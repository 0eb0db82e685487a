"""The high-low spread, running medians and ranks among all before: by hand, and against plain code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.features.expanding_rank import expanding_rank
from stratkit.features.rolling_median import rolling_median
from stratkit.features.spread import high_low_spread

values = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=40)


def column(*series: float) -> np.ndarray:
    return np.array(series, dtype=np.float64).reshape(-1, 1)


def test_a_spread_is_that_of_corwin_and_schultz_by_hand() -> None:
    # beta = ln(102/98)^2 + ln(101.5/98.5)^2 = .00250060, gamma = ln(102/98)^2 = .00160043, k = 3 - 2 sqrt(2) = .171573:
    # alpha = (sqrt(2 beta) - sqrt(beta)) / k - sqrt(gamma / k) = .0241429, spread 2 (e^alpha - 1) / (1 + e^alpha)
    found = high_low_spread(column(102, 101.5), column(98, 98.5), column(100, 100), 1)
    assert found[1, 0] == pytest.approx(0.0241416, rel=1e-5)
    assert np.isnan(found[0, 0])


def test_the_spread_of_a_market_that_does_not_move_is_its_range() -> None:
    found = high_low_spread(np.full((30, 1), 101.0), np.full((30, 1), 99.0), np.full((30, 1), 100.0))
    assert found[21:] == pytest.approx(0.02)  # 2 (101 - 99) / (101 + 99)
    assert np.isnan(found[:21]).all()


def test_a_bar_behind_a_gap_is_moved_back_and_one_that_only_moves_has_no_spread() -> None:
    # it opened 10 above the close of 98.5: moved back it is the bar of 101.5 and 98.5 of the case above
    behind = high_low_spread(column(102, 111.5), column(98, 108.5), column(98.5, 110), 1)[1, 0]
    assert behind == pytest.approx(0.0241416, rel=1e-5)
    assert high_low_spread(column(101, 109), column(99, 101), column(100, 108), 1)[1, 0] == 0.0


@given(values, st.integers(1, 6))
def test_a_rolling_median_is_that_of_numpy(series: list[float], window: int) -> None:
    found = rolling_median(column(*series), window).ravel()
    for bar in range(len(series)):
        if bar + 1 < window:
            assert np.isnan(found[bar])
        else:
            assert found[bar] == np.median(series[bar + 1 - window : bar + 1])


@given(values, st.integers(2, 6))
def test_an_expanding_rank_counts_what_was_below(series: list[float], least: int) -> None:
    found = expanding_rank(column(*series), least).ravel()
    for bar, value in enumerate(series):
        before = series[:bar]
        if bar + 1 < least:
            assert np.isnan(found[bar])
        else:
            below = sum(each < value for each in before) + 0.5 * sum(each == value for each in before)
            assert found[bar] == pytest.approx(below / bar)
