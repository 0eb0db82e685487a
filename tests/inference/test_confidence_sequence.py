"""Always-valid looks: the R package's figures, the width as the ratio turned around, and how often they fail."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from stratkit.errors import UsageError
from stratkit.inference.confidence_sequence import (
    always_valid_p,
    confidence_sequence,
    mixture_periods,
    mixture_ratio,
    mixture_width,
)
from stratkit.panel import FloatArray
from stratkit.seeds import generator

X = [1.9, -0.2, 1.4, 2.5, 0.3, 0.7, 2.1, -0.6, 1.8, 1.2, 0.1, 2.3, 0.5, 1.6, -0.4, 1.7, 2.0, 0.8, -0.1, 1.5]
Y = [0.6, -0.8, 0.7, 1.1, -0.9, 0.1, 0.8, -1.0, 0.9, -0.3, -0.6, 1.0, -0.8, 0.2, -0.9, 1.0, 0.6, -0.5, -0.7, 0.3]


@pytest.mark.parametrize(
    ("last", "p_min"), [pytest.param(21.178648241902433, 0.047217366688279826, id="msprt-two-sample")]
)
def test_the_r_package_mixturesprt_is_reproduced(last: float, p_min: float) -> None:
    # sigma 1 in each group, so 2 of a difference; tau 0.5
    ratios = mixture_ratio(np.cumsum(np.array(X) - np.array(Y)), np.arange(1.0, 21.0), 2.0, 0.5)
    assert ratios[-1] == pytest.approx(last, rel=1e-10)
    assert always_valid_p(ratios)[-1] == pytest.approx(p_min, rel=1e-10)


def test_the_width_is_where_the_ratio_reaches_one_over_alpha() -> None:
    n, variance, rho = np.array([7.0, 50.0, 900.0]), 2.3, 40.0
    width = mixture_width(n, np.full(3, variance), rho, 0.05)
    assert mixture_ratio(n * width, n, variance, math.sqrt(variance / rho)) == pytest.approx(np.full(3, 20.0))


def test_the_interval_is_about_narrowest_where_it_was_planned() -> None:
    # against other mixtures after the same 250 periods
    n, one = np.array([250.0]), np.ones(1)
    best = mixture_width(n, one, mixture_periods(250))[0]
    for factor in (0.3, 0.7, 1.5, 3.0):
        assert best < mixture_width(n, one, factor * mixture_periods(250))[0] * 1.001


def normal(seed: int, n: int) -> FloatArray:
    return generator(seed, "sequence").standard_normal(n)


def persistent(seed: int, n: int) -> FloatArray:
    """An AR(1) of .3: its long-run variance is 1.9 times that of the bars."""
    series = normal(seed, n)
    for bar in range(1, n):
        series[bar] += 0.3 * series[bar - 1]
    return series


@pytest.mark.parametrize("series", [normal, persistent])
def test_a_true_mean_is_rarely_left_at_any_look(series: Callable[[int, int], FloatArray]) -> None:
    left = []
    for seed in range(300):
        looks = confidence_sequence(series(seed, 750), block=5, planned_n=500)
        outside = (looks.low > 0) | (looks.high < 0)
        assert np.any(looks.p_value <= 0.05) == outside.any()
        left.append(outside.any())
    assert np.mean(left) < 0.07


def test_a_fixed_interval_looked_at_daily_fails_far_more_often() -> None:
    z = np.array([normal(seed, 750).cumsum() / np.sqrt(np.arange(1, 751)) for seed in range(100)])
    assert np.mean((np.abs(z[:, 100:]) > 1.96).any(axis=1)) > 0.2


def test_blocks_widen_the_interval_of_a_persistent_series() -> None:
    bars, weeks = (confidence_sequence(persistent(0, 2000), block=block, planned_n=500) for block in (1, 20))
    widths = [float(looks.high[-1] - looks.low[-1]) for looks in (bars, weeks)]
    expected = 2 * mixture_width(np.array([2000.0]), np.array([1 / 0.7**2]), mixture_periods(500))[0]
    assert widths == pytest.approx([expected, expected], rel=0.2)


def test_an_edge_is_found_and_p_values_never_rise() -> None:
    looks = confidence_sequence(normal(0, 1000) + 0.25, block=5, planned_n=500)
    assert looks.p_value[-1] < 0.01
    assert np.all(np.diff(looks.p_value) <= 0)
    assert looks.estimate[-1] == pytest.approx(normal(0, 1000).mean() + 0.25)
    assert confidence_sequence(normal(0, 1000) + 0.25, block=5, planned_n=500, null=0.25).p_value[-1] > 0.05


def test_nothing_is_said_before_there_are_blocks_enough_and_of_a_part_of_one() -> None:
    looks = confidence_sequence(normal(1, 203) + 5.0, block=10, planned_n=500)
    assert looks.n.tolist() == list(range(10, 201, 10))
    assert looks.low[:19].tolist() == [-math.inf] * 19
    assert looks.p_value[:19].tolist() == [1.0] * 19
    assert looks.p_value[19] < 1e-6
    assert len(confidence_sequence(normal(1, 4), block=5, planned_n=500).n) == 0


def test_the_future_does_not_move_a_look() -> None:
    whole, half = (confidence_sequence(normal(2, n), block=5, planned_n=500) for n in (600, 300))
    for name in ("n", "estimate", "low", "high", "p_value"):
        np.testing.assert_array_equal(getattr(whole, name)[:60], getattr(half, name))


def test_a_difference_that_never_varies_is_known() -> None:
    looks = confidence_sequence(np.full(60, 0.5), block=2, planned_n=50)
    assert looks.p_value[-1] == 0.0 or looks.p_value[-1] < 1e-9
    assert looks.low[-1] == looks.high[-1] == 0.5
    assert confidence_sequence(np.zeros(60), block=2, planned_n=50).p_value[-1] == 1.0


def test_what_cannot_be_looked_at_is_refused() -> None:
    with pytest.raises(UsageError, match="must be finite"):
        confidence_sequence(np.array([math.nan]), block=1, planned_n=10)
    with pytest.raises(UsageError, match="at least one period; found 0"):
        confidence_sequence(np.zeros(9), block=0, planned_n=10)
    with pytest.raises(UsageError, match="planned, above 0"):
        mixture_periods(0)
    with pytest.raises(UsageError, match="variance and the spread"):
        mixture_ratio(np.zeros(1), np.ones(1), 0.0, 1.0)
