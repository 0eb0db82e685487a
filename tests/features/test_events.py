"""Crossings, lags and the last event, on own bars."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stratkit.errors import UsageError
from stratkit.features.events import crossing, lag, last_nonzero

NAN = np.nan
Array = npt.NDArray[Any]


def column(*values: float) -> Array:
    return np.array(values, dtype=np.float64).reshape(-1, 1)


def plain_crossing(fast: Array, slow: Array) -> Array:
    side = np.zeros(fast.shape, np.int8)
    for symbol in range(fast.shape[1]):
        known = [t for t in range(len(fast)) if not np.isnan(fast[t, symbol] - slow[t, symbol])]
        for before, t in itertools.pairwise(known):
            was, now = fast[before, symbol] - slow[before, symbol], fast[t, symbol] - slow[t, symbol]
            side[t, symbol] = 1 if was < 0 < now else -1 if was > 0 > now else 0
    return side


@settings(max_examples=100, deadline=None)
@given(data=st.data(), symbols=st.sampled_from([1, 3]))
def test_a_crossing_is_below_then_above_on_the_bars_where_both_are_known(data: st.DataObject, symbols: int) -> None:
    values = st.sampled_from([NAN, -1.0, 0.0, 1.0, 2.0])
    fast = data.draw(arrays(np.float64, (12, symbols), elements=values))
    slow = data.draw(arrays(np.float64, (12, symbols), elements=values))
    np.testing.assert_array_equal(crossing(fast, slow), plain_crossing(fast, slow))


def test_touching_is_not_crossing() -> None:
    np.testing.assert_array_equal(crossing(column(1, 2, 3), column(2, 2, 2)).ravel(), [0, 0, 0])


def test_a_hole_does_not_hide_a_cross() -> None:
    np.testing.assert_array_equal(crossing(column(1, NAN, NAN, 3), column(2, 2, 2, 2)).ravel(), [0, 0, 0, 1])


def test_crossing_needs_two_panels_of_one_shape() -> None:
    with pytest.raises(UsageError, match=r"found \(3, 1\) and \(2, 1\)"):
        crossing(column(1, 2, 3), column(1, 2))


def test_lag_counts_own_bars() -> None:
    np.testing.assert_array_equal(lag(column(1, NAN, 3, 4), 2).ravel(), [NAN, NAN, NAN, 1.0])
    np.testing.assert_array_equal(lag(column(1, 2), 0).ravel(), [1.0, 2.0])
    assert np.isnan(lag(column(1, 2), 5)).all()


def test_lag_refuses_to_look_ahead() -> None:
    with pytest.raises(UsageError, match="may not look ahead; found -1"):
        lag(column(1, 2), -1)


def test_the_last_event_stands_until_the_next() -> None:
    side = np.array([[0, 1], [1, 0], [0, -1], [-1, 0]], np.int8)
    np.testing.assert_array_equal(last_nonzero(side), [[0, 1], [1, 1], [1, -1], [-1, -1]])
