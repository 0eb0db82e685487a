"""Differences of Calmar ratios: a plain twin of the loop, the ratio of record, the size, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paired_samples import pair

from stratkit.errors import UsageError
from stratkit.inference.path_difference import calmar_difference, calmar_ratio
from stratkit.inference.studentized_bootstrap import StudentizedBootstrap, draw_starts
from stratkit.panel import FloatArray
from stratkit.seeds import generator


def asked(a: FloatArray, b: FloatArray, **options: object) -> StudentizedBootstrap:
    given = {"block": 10, "reps": 199, "draw": generator(0, "paths"), "periods_per_year": 252.0, **options}
    return calmar_difference(a, b, **given)  # type: ignore[arg-type]  # options of any type


def test_the_ratio_of_google_bought_and_held_is_that_of_record() -> None:
    from backtesting.test import GOOG

    close = GOOG.Close.to_numpy(dtype=float)
    assert calmar_ratio(close[1:] / close[:-1] - 1, 252.0) == pytest.approx(0.424354, abs=5e-7)


@pytest.mark.parametrize("block", [1, 10, 17])
def test_every_path_is_that_of_a_plain_twin(block: int) -> None:
    a, b = pair(150, "paths")
    starts = draw_starts(150, block, 30, generator(0, "starts"))
    found = asked(a, b, block=block, reps=30, starts=starts)
    twins = []
    for row in starts:
        index = np.concatenate([(start + np.arange(block)) % 150 for start in row])[:150]
        twins.append(calmar_ratio(a[index], 252.0) - calmar_ratio(b[index], 252.0))
    np.testing.assert_allclose(found.drawn, twins, rtol=1e-9)
    assert found.difference == pytest.approx(calmar_ratio(a, 252.0) - calmar_ratio(b, 252.0))
    assert found.se == pytest.approx(np.std(twins, ddof=1))


@given(st.integers(0, 200), st.sampled_from([0.8, 0.9, 0.95]), st.floats(0, 0.003))
def test_the_interval_leaves_out_zero_exactly_when_the_p_value_rejects(seed: int, level: float, gap: float) -> None:
    a, b = pair(120, "duality", seed)
    found = asked(a + gap, b, level=level, draw=generator(seed, "duality"))
    assert (found.p_value <= 1 - level + 1e-12) == (found.low > 0 or found.high < 0)


@pytest.mark.parametrize("drift", [0.0, 0.0005])
def test_of_400_pairs_without_a_difference_about_one_in_twenty_is_called_different(drift: float) -> None:
    p_values = [
        asked(*pair(500, "size", seed, drift=drift), draw=generator(seed, "size")).p_value for seed in range(400)
    ]
    assert 0.017 <= np.mean(np.array(p_values) <= 0.05) <= 0.083  # three standard errors


def test_the_interval_ends_at_order_statistics() -> None:
    found = asked(*pair(300, "ends"))
    ordered = np.sort(found.drawn)
    assert (found.low, found.high) == (ordered[4], ordered[-5])  # .025 x 200 = 5


def test_an_arm_that_gains_more_each_day_is_found_and_swapped_it_is_found_the_other_way() -> None:
    a, b = pair(750, "edge")
    found, swapped = asked(a + 0.002, b), asked(b, a + 0.002)
    assert found.p_value == swapped.p_value == pytest.approx(0.01)  # 2/(199 + 1)
    assert found.low > 0 > swapped.high
    assert (found.low, found.high) == pytest.approx((-swapped.high, -swapped.low))
    assert found.p_error == pytest.approx(2 * math.sqrt(0.005 * 0.995 / 199))


def test_a_one_sided_question_counts_one_tail() -> None:
    a, b = pair(300, "tail")
    found = asked(a, b, alternative="greater")
    assert found.p_value == (1 + np.sum(found.drawn <= 0)) / 200
    assert asked(b, a, alternative="greater").p_value == (1 + np.sum(found.drawn >= 0)) / 200


def test_paths_without_a_drawdown_count_against_a_difference() -> None:
    a, b = np.full(20, 0.01), np.full(20, 0.01)
    a[3], b[11] = -0.02, -0.03
    found = asked(a, b, block=1)
    unknown = ~np.isfinite(found.drawn)
    assert 0.3 < unknown.mean() < 0.8  # each arm's one loss is left out of a third of the paths
    assert np.isinf(found.t_star[unknown]).all()
    assert found.p_value > unknown.mean()
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_an_arm_that_loses_everything_has_a_ratio_of_minus_one() -> None:
    a, b = pair(100, "ruin")
    a[50] = -1.0
    assert calmar_ratio(a, 252.0) == -1.0
    starts = np.tile(np.arange(0, 100, 10), (199, 1))
    starts[0] = 0
    assert asked(a, b, starts=starts).drawn[1] == pytest.approx(-1.0 - calmar_ratio(b, 252.0))


def test_given_starts_give_what_they_give_when_drawn() -> None:
    a, b = pair(203, "starts")
    drawn = asked(a, b, draw=generator(0, "same"))
    given = asked(a, b, starts=draw_starts(203, 10, 199, generator(0, "same")))
    np.testing.assert_array_equal(given.drawn, drawn.drawn)


def test_what_cannot_be_tested_is_refused() -> None:
    a, b = pair(100, "refused")
    with pytest.raises(UsageError, match="identical"):
        asked(a, a.copy())
    with pytest.raises(UsageError, match="second arm has no drawdown"):
        asked(a, np.full(100, 0.001))
    with pytest.raises(UsageError, match="one shape"):
        asked(a, b[:50])
    with pytest.raises(UsageError, match="finite"):
        asked(a, np.where(b > 0.01, np.nan, b))
    with pytest.raises(UsageError, match="between 1 and n / 2"):
        asked(a, b, block=60)
    with pytest.raises(UsageError, match="do not vary"):
        asked(a, b, starts=np.tile(np.arange(0, 100, 10), (199, 1)))
