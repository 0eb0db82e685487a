"""The volume profile by hand, and against exact fractions of its definition."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_panels import KINDS, NAN, Array, Kind, market, on_columns

from stratkit.errors import UsageError
from stratkit.features.volume_profile import VolumeProfile, volume_profile
from stratkit.seeds import generator

Series = list[float]


def plain_bins(high: Series, low: Series, volume: Series, bins: int) -> tuple[list[Fraction], float, float]:
    """The volume in each bin as exact fractions, the lowest price and the width of a bin."""
    bottom, width = min(low), (max(high) - min(low)) / bins
    held = [Fraction(0)] * bins
    for h, l, v in zip(high, low, volume):
        first, last = (min(math.floor((price - bottom) / width), bins - 1) if width else 0 for price in (l, h))
        for place in range(first, last + 1):
            held[place] += Fraction(v) / (last - first + 1)
    return held, bottom, width


def plain_profile(
    high: Series, low: Series, _: Series, volume: Series, n: int, bins: int, share: float
) -> list[Series]:
    out: list[Series] = [[NAN] * len(high) for _ in range(3)]
    for t in range(n - 1, len(high)):
        window = slice(t - n + 1, t + 1)
        held, bottom, width = plain_bins(high[window], low[window], volume[window], bins)
        if sum(held) == 0:
            continue
        equal = sum(held) / 10**9
        fullest = [k for k in range(bins) if held[k] >= max(held) - equal]
        control = min(fullest, key=lambda k: (abs(k + 0.5 - bins / 2), k))
        first = last = control
        while sum(held[first : last + 1]) < Fraction(str(share)) * sum(held) - equal:
            below, above = first - 1, last + 1
            if above == bins or (below >= 0 and held[below] >= held[above] - equal):
                first = below
            else:
                last = above
        out[0][t] = bottom + (control + 0.5) * width
        out[1][t], out[2][t] = bottom + first * width, bottom + (last + 1) * width
    return out


def assert_is_plain(panels: list[Array], n: int, bins: int, share: float) -> None:
    high, low, close, volume = panels
    found = volume_profile(high, low, close, volume, n, bins, share)
    for ours, theirs in zip(found, on_columns(plain_profile, (n, bins, share), panels), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def column(*values: float) -> Array:
    return np.array(values, np.float64).reshape(-1, 1)


def one(high: Array, low: Array, volume: Array, bins: int, share: float) -> list[float]:
    found: VolumeProfile = volume_profile(high, low, low, volume, len(high), bins, share)
    return [float(panel[-1, 0]) for panel in found]


def test_a_profile_by_hand() -> None:
    # bins of width 2 from 10 to 18; bar 1 covers 10..13.9: bins 0, 1; bar 2 at 13: bin 1; bar 3 covers 13..18: 1, 2, 3
    high, low, volume = column(13.9, 13, 18), column(10, 13, 13), column(20, 5, 9)
    # held: 10, 10 + 5 + 3 = 18, 3, 3 of 34; the fullest is bin 1, middle 13
    assert one(high, low, volume, 4, 0.5) == [13, 12, 14]  # 18 >= 17
    assert one(high, low, volume, 4, 0.8) == [13, 10, 14]  # + 10 = 28 >= 27.2
    assert one(high, low, volume, 4, 0.9) == [13, 10, 16]  # + 3 = 31 >= 30.6
    assert one(high, low, volume, 4, 1.0) == [13, 10, 18]


def test_of_equally_full_bins_the_one_nearest_to_the_middle_counts_then_the_lower() -> None:
    high, low = column(10, 13, 14, 18), column(10, 13, 14, 18)
    assert one(high, low, column(5, 5, 5, 5), 4, 0.1)[0] == 13  # bins 1 and 2 are as near: the lower
    assert one(high, low, column(5, 0, 5, 5), 4, 0.1)[0] == 15
    assert one(high, low, column(5, 0, 0, 5), 4, 0.1)[0] == 11
    # grown from bin 1: bins 0 and 2 are as full, and the lower one comes first
    assert one(high, low, column(5, 6, 5, 0), 4, 0.5) == [13, 10, 14]


def test_a_price_on_an_edge_is_in_the_upper_bin_and_the_highest_in_the_last() -> None:
    assert one(column(12, 14), column(12, 10), column(9, 0), 2, 0.5) == [13, 12, 14]
    assert one(column(14, 14), column(14, 10), column(9, 0), 2, 0.5) == [13, 12, 14]


def test_a_window_of_one_price_is_that_price_and_one_without_volume_is_nothing() -> None:
    level = np.full((6, 1), 0.1)
    for panel in volume_profile(level, level, level, level, 3):
        np.testing.assert_array_equal(panel.ravel(), [np.nan, np.nan, *[0.1] * 4])
    assert np.isnan(volume_profile(level, level, level, 0.0 * level, 3)).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("symbols", [1, 3])
def test_a_profile_equals_its_definition(kind: Kind, symbols: int) -> None:
    panels = market(160, symbols, kind)
    prices = [panels[name] for name in ("high", "low", "close", "volume")]
    assert_is_plain(prices, 9, 5, 0.7)
    assert_is_plain(prices, 40, 12, 0.35)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(1, 7))
def test_a_profile_of_ticks_and_small_lots_full_of_ties_equals_its_definition(seed: int, n: int, bins: int) -> None:
    draw = generator(seed, "ticks")
    low = draw.integers(8, 16, (70, 1)).astype(np.float64)
    high = low + draw.integers(0, 4, (70, 1))
    assert_is_plain([high, low, low, draw.integers(0, 3, (70, 1)).astype(np.float64)], n, bins, 0.7)


def test_what_a_large_volume_left_behind_in_the_bins_is_not_taken_for_volume() -> None:
    # the range never changes, so bars only enter and leave; ties decide, which a rounding would break
    draw = generator(3, "faded")
    low = draw.integers(8, 16, (900, 1)).astype(np.float64)
    low[::10], low[5::10] = 8.0, 16.0
    volume = draw.integers(1, 3, (900, 1)).astype(np.float64) / 10
    volume[100:110] = 1e14
    volume[200:230] = [[1e9]]
    volume[300:340] = 0.0
    volume[340:400] = 1e-4
    assert_is_plain([low, low, low, volume], 20, 8, 0.7)


def test_the_bins_are_filled_anew_often_enough_that_nothing_drifts() -> None:
    high, low = np.full((3000, 1), 11.0), np.full((3000, 1), 10.0)
    low[::2], high[1::2] = 10.4, 10.3
    volume = generator(5, "drift").integers(1, 9, (3000, 1)) / 7.0
    found = volume_profile(high, low, low, volume, 50, 24, 0.7)
    alone = volume_profile(high[2000:], low[2000:], low[2000:], volume[2000:], 50, 24, 0.7)
    for whole, part in zip(found, alone):
        np.testing.assert_array_equal(whole[2049:], part[49:])


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01, NAN])
def test_a_share_that_makes_no_sense_is_refused(share: float) -> None:
    level = np.ones((9, 1))
    with pytest.raises(UsageError, match="value_share must be above 0 and at most 1; found "):
        volume_profile(level, level, level, level, 3, 4, share)
    with pytest.raises(UsageError, match="bins must be a whole number of bars from 1 up; found 0"):
        volume_profile(level, level, level, level, 3, 0)
