"""Thinning keeps every extreme: the lowest and highest value of each bucket, the ends, all highs and lows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stratkit.reports.thinning import candles, extreme_points

VALUES = hnp.arrays(np.float64, st.integers(1, 400), elements=st.floats(-1e6, 1e6))


@given(VALUES, st.integers(1, 40))
def test_thinning_keeps_the_lowest_and_highest_value_of_every_bucket(values: np.ndarray, buckets: int) -> None:
    kept = extreme_points(values, buckets)
    size = -(-len(values) // buckets)
    for start in range(0, len(values), size):
        bucket = values[start : start + size]
        shown = values[kept[(kept >= start) & (kept < start + size)]]
        assert shown.min() == bucket.min()
        assert shown.max() == bucket.max()


@given(VALUES, st.integers(1, 40))
def test_thinning_keeps_both_ends_in_order_and_within_its_limit(values: np.ndarray, buckets: int) -> None:
    kept = extreme_points(values, buckets)
    assert kept[0] == 0
    assert kept[-1] == len(values) - 1
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= max(2 * buckets + 2, min(len(values), 2 * buckets))


@given(st.integers(0, 300), st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_candles_lose_no_high_no_low_no_first_open_and_no_last_close(count: int, limit: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(1, 9, count)
    high = low + rng.uniform(0, 5, count)
    opens, closes = rng.uniform(low, high), rng.uniform(low, high)
    joined = candles(np.arange(count), (opens, high, low, closes), limit)
    assert len(joined.bar) <= limit
    if count:
        assert joined.high.max() == high.max()
        assert joined.low.min() == low.min()
        assert joined.open[0] == opens[0]
        assert joined.close[-1] == closes[-1]


def test_candles_join_by_hand() -> None:
    prices = tuple(np.array(row, dtype=float) for row in ([1, 2, 3], [5, 9, 4], [0, 1, 2], [2, 3, 4]))
    joined = candles(np.array([10, 11, 12]), prices, 2)  # type: ignore[arg-type]  # a tuple of four
    assert joined.size == 2
    assert joined.bar.tolist() == [10, 12]
    assert joined.high.tolist() == [9, 4]
    assert joined.low.tolist() == [0, 2]
    assert joined.open.tolist() == [1, 3]
    assert joined.close.tolist() == [3, 4]
