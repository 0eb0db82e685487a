"""The model confidence set: arch as oracle, arms that are the same, and how often noise loses its best."""

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import MCS

from stratkit.errors import UsageError
from stratkit.inference.model_confidence import model_confidence_set
from stratkit.panel import FloatArray
from stratkit.seeds import generator


def noise(n: int, arms: int, *name: str | int) -> FloatArray:
    return 0.01 * generator(0, "confidence set", *name).standard_normal((n, arms))


def test_p_values_are_those_of_arch_moved_off_zero() -> None:
    losses = noise(400, 5, "arch") + np.array([0.0, 0.0005, 0.001, 0.002, 0.004])
    held, p_values = model_confidence_set(losses, size=0.1, block=3, reps=500, seed=7)
    theirs = MCS(losses, 0.1, reps=500, block_size=3, bootstrap="sb", seed=generator(7, "model confidence set"))
    theirs.compute()
    expected = theirs.pvalues["Pvalue"].sort_index().to_numpy()
    assert p_values == pytest.approx((500 * expected + 1) / 501, rel=1e-12)
    assert set(np.flatnonzero(held)) == set(theirs.included)
    assert held[0]
    assert not held[4]
    assert p_values.min() > 0


def test_the_best_of_alike_arms_is_rarely_left_out() -> None:
    best_held = [model_confidence_set(noise(150, 4, seed), block=1, reps=199, seed=seed)[0][0] for seed in range(60)]
    assert np.mean(best_held) > 0.8


def test_arms_that_are_the_same_share_their_answer() -> None:
    losses = noise(200, 2, "same")
    _, alone = model_confidence_set(losses, block=2)
    _, doubled = model_confidence_set(losses[:, [0, 1, 0]], block=2)
    assert doubled.tolist() == [alone[0], alone[1], alone[0]]


def test_an_arm_that_loses_a_constant_more_is_certainly_not_the_best() -> None:
    losses = noise(200, 2, "constant")
    held, p_values = model_confidence_set(np.column_stack([losses[:, 0] + 0.001, losses]), block=1, reps=99)
    assert not held[0]
    assert p_values[0] == 1 / 100
    assert p_values[1:].tolist() == model_confidence_set(losses, block=1, reps=99)[1].tolist()
    both, of_both = model_confidence_set(np.column_stack([losses[:, 0] + 0.001, losses[:, 0]]), block=1, reps=99)
    assert both.tolist() == [False, True]
    assert of_both.tolist() == [0.01, 1.0]


def test_arms_that_are_equally_far_apart_are_no_obstacle() -> None:
    losses = np.zeros((50, 3))
    losses[10, 1], losses[10, 2] = 0.01, 0.02  # both differ from the first on the same day
    held, p_values = model_confidence_set(losses, block=1, reps=99)
    assert held.all()
    assert p_values.max() == 1.0


def test_identical_arms_are_all_held() -> None:
    held, p_values = model_confidence_set(np.repeat(noise(50, 1, "one"), 3, axis=1), block=1)
    assert held.all()
    assert p_values.tolist() == [1.0, 1.0, 1.0]
    assert model_confidence_set(np.zeros((20, 2)), block=1)[0].all()


def test_the_seed_and_the_level_move_the_answer() -> None:
    losses = noise(100, 3, "seed") + np.array([0.0, 0.001, 0.0015])
    p_values = [model_confidence_set(losses, block=1, reps=199, seed=seed)[1].tolist() for seed in (0, 0, 1)]
    assert p_values[0] == p_values[1] != p_values[2]
    worst = min(p_values[0])
    assert model_confidence_set(losses, size=worst / 2, block=1, reps=199)[0].all()
    assert not model_confidence_set(losses, size=worst, block=1, reps=199)[0].all()


def test_losses_with_holes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"must be finite.*found \(5, 2\)"):
        model_confidence_set(np.full((5, 2), np.nan), block=1)
