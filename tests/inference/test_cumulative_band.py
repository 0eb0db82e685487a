"""The band around a running sum: its width by hand, and how often sums without a drift leave it."""

from __future__ import annotations

import numpy as np
import pytest

from stratkit.inference.cumulative_band import cumulative_band


def test_the_reach_is_that_of_the_block_sums_computed_by_hand() -> None:
    difference = np.array([0.03, -0.01, 0.02, 0.00, -0.01, 0.03])
    centred = difference - 0.01
    sums = [centred[at] + centred[(at + 1) % 6] for at in range(6)]  # circular blocks of 2
    spread = (sum(value**2 for value in sums) / 6 / 2) ** 0.5
    band = cumulative_band(difference, 2)
    assert band.reach == pytest.approx([1.959964 * spread * t**0.5 for t in range(1, 7)], rel=1e-6)
    assert band.total[-1] == pytest.approx(0.06)


def test_blocks_widen_the_band_of_differences_that_follow_each_other() -> None:
    draw = np.random.default_rng(1)
    noise = draw.normal(0, 0.01, 4_001)
    moving = noise[1:] + noise[:-1]  # long-run variance is twice the variance
    one, many = cumulative_band(moving, 1), cumulative_band(moving, 40)
    assert many.reach[-1] / one.reach[-1] == pytest.approx(2**0.5, rel=0.15)


def test_sums_without_a_drift_end_within_the_band_about_as_often_as_its_level_says() -> None:
    draw = np.random.default_rng(2)
    inside = 0
    for _ in range(1_000):
        band = cumulative_band(draw.normal(0, 0.01, 400), 4)
        inside += bool(abs(band.total[-1]) <= band.reach[-1])
    assert 0.92 < inside / 1_000 < 0.97


def test_a_higher_level_is_wider() -> None:
    difference = np.random.default_rng(3).normal(0, 0.01, 200)
    assert (cumulative_band(difference, 3, 0.99).reach > cumulative_band(difference, 3).reach).all()
