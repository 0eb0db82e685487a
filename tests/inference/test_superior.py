"""The best of many trials against a benchmark: formulas by loops, arch as oracle, and what noise and edges come to."""

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import SPA

from stratkit.errors import UsageError
from stratkit.inference.block_length import block_length
from stratkit.inference.superior import (
    SuperiorAbility,
    row_weights,
    stationary_rows,
    stationary_variance,
    superior_ability,
    superior_of_draws,
)
from stratkit.panel import FloatArray
from stratkit.seeds import generator


def noise(trials: int, bars: int, *name: str | int) -> FloatArray:
    return generator(0, "superior", *name).standard_normal((bars, trials))


def asked(difference: FloatArray, seed: int = 0, **options: float) -> SuperiorAbility:
    return superior_ability(difference, generator(seed, "resamples"), **options)  # type: ignore[arg-type]  # one int


def test_the_variance_is_the_published_sum() -> None:
    series = noise(3, 60, "variance").cumsum(axis=0)
    bars, p = 60, 1 / 7.0
    for column, found in zip(series.T, stationary_variance(series, 7.0), strict=True):
        away = column - column.mean()
        covariance = [sum(away[i] * away[i + lag] for i in range(bars - lag)) / bars for lag in range(bars)]
        expected = covariance[0] + 2 * sum(
            ((1 - lag / bars) * (1 - p) ** lag + lag / bars * (1 - p) ** (bars - lag)) * covariance[lag]
            for lag in range(1, bars)
        )
        assert found == pytest.approx(expected, rel=1e-9)


def test_resamples_have_that_variance_and_blocks_of_that_length() -> None:
    series = noise(1, 80, "resampled").cumsum(axis=0)
    weight = row_weights(stationary_rows(80, 6.0, 60_000, generator(0, "weights")))
    np.testing.assert_allclose(weight.sum(axis=1), 1.0)
    assert weight.mean(axis=0) == pytest.approx(np.full(80, 1 / 80), rel=0.05)
    assert np.var(weight @ series[:, 0]) * 80 == pytest.approx(float(stationary_variance(series, 6.0)[0]), rel=0.03)


def test_blocks_of_one_bar_are_independent_draws() -> None:
    assert stationary_variance(noise(2, 500, "iid"), 1.0) == pytest.approx(noise(2, 500, "iid").var(axis=0), rel=1e-9)


@pytest.mark.parametrize("best", [0.0, 0.08])
def test_where_all_trials_vary_alike_it_answers_as_arch_does(best: float) -> None:
    difference = noise(12, 800, "arch")
    difference = (difference - difference.mean(axis=0)) / difference.std(axis=0)
    difference += np.linspace(-0.06, best, 12)  # arch does not divide by each trial's own error: here all are the same
    ours = asked(difference, mean_block_bars=5.0, resamples=4000)
    theirs = SPA(np.zeros(800), -difference, block_size=5, reps=4000, bootstrap="stationary", studentize=True, seed=1)
    theirs.compute()
    expected = theirs.pvalues
    for name, found in (("lower", ours.p_lower), ("consistent", ours.p_value), ("upper", ours.p_upper)):
        assert found == pytest.approx(float(expected[name]), abs=0.035), name


@pytest.mark.parametrize("best", [-0.04, 0.0, 0.08])
def test_draws_of_studentized_means_give_the_same_answer_as_their_series(best: float) -> None:
    difference = noise(8, 400, "draws") + np.linspace(-0.25, best, 8)
    direct = asked(difference, mean_block_bars=5.0, resamples=256)  # one lot of draws
    weight = row_weights(stationary_rows(400, 5.0, 256, generator(0, "resamples")))
    error = np.sqrt(stationary_variance(difference, 5.0) / 400)
    drawn = (weight @ difference - difference.mean(axis=0)) / error
    found = superior_of_draws(difference.mean(axis=0) / error, drawn, 400, mean_block_bars=5.0)
    assert (found.p_value, found.p_lower, found.p_upper) == (direct.p_value, direct.p_lower, direct.p_upper)
    assert found.best == direct.best
    assert found.statistic == pytest.approx(direct.statistic, rel=1e-12)
    assert found.p_lower <= found.p_value <= found.p_upper
    assert found.p_error == pytest.approx((found.p_value * (1 - found.p_value) / 256) ** 0.5)


def test_draws_must_belong_to_the_statistics() -> None:
    with pytest.raises(UsageError, match=r"found \(5, 3\) and \(2,\)"):
        superior_of_draws(np.zeros(2), np.zeros((5, 3)), 100, mean_block_bars=1.0)


def test_noise_is_rarely_called_superior() -> None:
    answers = [asked(noise(20, 250, "null", seed), seed, resamples=200).p_value for seed in range(60)]
    assert np.mean(np.array(answers) < 0.1) < 0.2
    assert 0.3 < np.mean(answers) < 0.75


def test_an_edge_is_found_among_noise_and_named() -> None:
    difference = 0.01 * noise(30, 750, "edge")
    difference[:, 17] += 0.002
    found = asked(difference)
    assert (found.best, found.trials) == (17, 30)
    assert found.p_value < 0.01
    assert found.p_lower <= found.p_value <= found.p_upper


def test_a_volatile_trial_does_not_drown_the_others() -> None:
    difference = 0.01 * noise(10, 750, "volatile")
    difference[:, 2] += 0.0025
    difference[:, 7] *= 100
    assert asked(difference).best == 2
    assert asked(difference).p_value < 0.01


def test_p_values_are_never_zero_and_trials_worse_than_the_benchmark_have_none() -> None:
    edge = 0.01 * noise(3, 500, "sure") + 0.01
    assert asked(edge, resamples=99).p_value == 0.01
    worse = asked(-edge, resamples=99)
    assert (worse.statistic, worse.p_value) == (0.0, 1.0)


def test_the_same_seed_gives_the_same_answer_and_the_block_is_told() -> None:
    series = noise(4, 400, "seed").cumsum(axis=0) * 0.01 + noise(4, 400, "seed2")
    assert asked(series, 3) == asked(series, 3)
    assert asked(series, 3).mean_block_bars == block_length(series) > 1.0


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        (np.zeros(5), r"found the shape \(5,\)"),
        (np.full((5, 2), np.nan), "must be finite"),
        (np.full((50, 2), 0.3), "there is nothing to test"),
    ],
)
def test_what_cannot_be_tested_is_refused(difference: FloatArray, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        asked(difference)
