"""Many trials from common draws: fixed resamples of public stocks, arch as oracle, a computation by hand, noise."""

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import RealityCheck as ArchCheck
from arch.bootstrap import StepM
from public_series import twenty_stocks

from stratkit.errors import UsageError
from stratkit.inference.step_down import reality_check, resampled_means, romano_wolf, step_m
from stratkit.inference.superior import row_weights, stationary_rows, stationary_variance
from stratkit.panel import FloatArray, IntArray
from stratkit.seeds import generator

BARS, BLOCK, REPS = 1000, 10.0, 500

# two implementations of Romano and Wolf (2016) agree on these
ROMANO_WOLF = [
    0.874251497005988, 0.944111776447106, 1.0, 1.0, 1.0, 0.00199600798403194, 1.0, 1.0, 1.0, 1.0, 0.946107784431138,
    0.00199600798403194, 0.996007984031936, 1.0, 1.0, 1.0, 0.99001996007984, 1.0, 1.0, 1.0,
]  # fmt: skip


def against_their_mean() -> FloatArray:
    """The last 1000 daily returns of twenty stocks, each less the mean of all."""
    returns = twenty_stocks()[-BARS:]
    return np.asarray(returns - returns.mean(axis=1, keepdims=True))


def fixed_rows() -> IntArray:
    """The stationary bootstrap's rows as the recipe of the figures draws them, one at a time."""
    old = np.random.RandomState(99)
    rows = np.empty((REPS, BARS), np.int64)
    for resample in range(REPS):
        renew, starts = old.random_sample(BARS) < 1 / BLOCK, old.randint(0, BARS, BARS)
        rows[resample, 0] = starts[0]
        for bar in range(1, BARS):
            rows[resample, bar] = starts[bar] if renew[bar] else (rows[resample, bar - 1] + 1) % BARS
    return rows


def studentized(difference: FloatArray, rows: IntArray, block: float = BLOCK) -> tuple[FloatArray, FloatArray]:
    error = np.sqrt(stationary_variance(difference, block) / len(difference))
    mean = difference.mean(axis=0)
    return mean / error, (resampled_means(difference, rows) - mean) / error


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(
            [0.00021667471396861576, 0.0006732433781129272, 0.00021329748664857074],
            id="sb-variance-formula",
        )
    ],
)
def test_the_stationary_variance_is_that_of_two_implementations(expected: list[float]) -> None:
    assert stationary_variance(against_their_mean()[:, :3], BLOCK) == pytest.approx(np.array(expected), rel=1e-9)


@pytest.mark.parametrize("share", [pytest.param(0.59, id="rc-fixed-indices")])
def test_the_reality_check_of_fixed_resamples_is_reproduced(share: float) -> None:
    difference = against_their_mean()
    found = reality_check(difference, resampled_means(difference, fixed_rows()))
    assert found.exceeded / found.reps == pytest.approx(share, abs=1e-12)
    assert found.p_value == 296 / 501


@pytest.mark.parametrize("expected", [pytest.param(ROMANO_WOLF, id="romano-wolf-adjusted-p")])
def test_adjusted_p_values_of_fixed_resamples_are_reproduced(expected: list[float]) -> None:
    difference = against_their_mean()
    difference[:, 5] += 0.0034
    difference[:, 11] += 0.0024
    t, t_star = studentized(difference, fixed_rows())
    assert romano_wolf(t, t_star, "greater") == pytest.approx(np.array(expected), rel=1e-9)
    assert np.flatnonzero(step_m(t, t_star)).tolist() == [5, 11]


def test_means_by_rows_are_means_by_weights() -> None:
    series, rows = generator(0, "means").standard_normal((60, 3)), stationary_rows(60, 4.0, 50, generator(0, "rows"))
    np.testing.assert_allclose(resampled_means(series, rows), row_weights(rows) @ series, rtol=1e-10, atol=1e-14)


def test_each_step_is_judged_by_those_that_are_left() -> None:
    t = np.array([1.5, 3.0, -2.0])
    t_star = np.array([[0.2, 3.5, 1.0], [-1.6, 0.1, 0.3], [1.0, -0.5, -2.5], [0.4, 0.2, 0.1]])
    # sizes 3, 2, 1.5: rows reach 3 once (3.5); 2 of the first and third once (2.5); 1.5 of the first once (1.6)
    assert romano_wolf(t, t_star) == pytest.approx(np.array([0.4, 0.4, 0.4]))
    # with signs 3, 1.5, -2: once; nobody of the first and third reaches 1.5 (1.0), and it stays at .4; all reach -2
    # but the third row, where the last alone is left with -2.5
    assert romano_wolf(t, t_star, "greater") == pytest.approx(np.array([0.4, 0.4, 0.8]))


def test_a_test_that_was_not_made_takes_no_part() -> None:
    t, t_star = np.array([np.nan, 2.0, 1.0]), generator(0, "hole").standard_normal((99, 3))
    found = romano_wolf(t, t_star)
    assert np.isnan(found[0])
    assert found[1:].tolist() == romano_wolf(t[1:], t_star[:, 1:]).tolist()


def test_one_trial_has_its_own_p_value_and_it_is_never_zero() -> None:
    t_star = generator(0, "one").standard_normal((199, 1))
    assert romano_wolf(np.array([1.0]), t_star)[0] == (1 + int((np.abs(t_star) >= 1.0).sum())) / 200
    assert romano_wolf(np.array([99.0]), t_star)[0] == 1 / 200


def test_a_trial_that_is_clearly_worse_is_not_called_better() -> None:
    drawn = generator(0, "worse").standard_normal((999, 3))
    assert step_m(np.array([5.0, 0.3, -5.0]), drawn).tolist() == [True, False, False]


def test_it_finds_more_than_holm_where_tests_depend_on_each_other() -> None:
    from stratkit.inference.multiplicity import holm

    draw = generator(0, "alike")
    t_star = draw.standard_normal((4999, 1)) + 0.1 * draw.standard_normal((4999, 12))
    t = np.full(12, 2.3)
    raw = (1 + (np.abs(t_star) >= t).sum(axis=0)) / 5000
    assert romano_wolf(t, t_star).max() < 0.05 < holm(raw).max()


def test_noise_is_rarely_called_better() -> None:
    def any_better(seed: int) -> bool:
        draw = generator(seed, "null")
        t, t_star = studentized(draw.standard_normal((200, 10)), stationary_rows(200, 1.0, 199, draw), 1.0)
        return bool(step_m(t, t_star, 0.1).any())

    # 10 % are allowed; the standard error of 200 samples is 2 %
    assert 0.04 < np.mean([any_better(seed) for seed in range(200)]) < 0.16


def test_reality_check_and_step_m_answer_as_arch_does() -> None:
    difference = generator(0, "arch").standard_normal((500, 6))
    difference = (difference - difference.mean(axis=0)) / difference.std(axis=0)
    difference += np.array([-0.05, 0.0, 0.02, 0.04, 0.15, 0.2])
    rows = stationary_rows(500, BLOCK, 4000, generator(0, "arch rows"))
    theirs = ArchCheck(np.zeros(500), -difference, block_size=10, reps=4000, bootstrap="stationary", seed=1)
    theirs.compute()
    # arch calls White's p value, which leaves no trial out, the upper one
    expected = float(theirs.pvalues["upper"])
    assert reality_check(difference[:, :4], resampled_means(difference[:, :4], rows)).p_value > 0.3
    assert reality_check(difference, resampled_means(difference, rows)).p_value == pytest.approx(expected, abs=0.02)
    stepped = StepM(np.zeros(500), -difference, block_size=10, reps=4000, bootstrap="stationary", seed=1)
    stepped.compute()
    assert np.flatnonzero(step_m(*studentized(difference, rows))).tolist() == list(stepped.superior_models) == [4, 5]


def test_draws_that_do_not_belong_are_refused() -> None:
    with pytest.raises(UsageError, match="belong to K statistics"):
        romano_wolf(np.zeros(2), np.zeros((5, 3)))
    with pytest.raises(UsageError, match="belong to differences"):
        reality_check(np.zeros((5, 2)), np.zeros((5, 3)))
