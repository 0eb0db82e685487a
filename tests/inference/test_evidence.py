"""What the best of many trials is worth: sums against the returns themselves, and noise against an edge."""

from __future__ import annotations

import numpy as np
import pytest

from stratkit.errors import UsageError
from stratkit.inference.evidence import Evidence, evidence
from stratkit.inference.overfitting import overfitting
from stratkit.inference.trial_sums import TrialSums, trial_sums
from stratkit.panel import FloatArray
from stratkit.seeds import generator


def noise(trials: int, bars: int, *name: str | int) -> FloatArray:
    return 0.01 * generator(0, "evidence", *name).standard_normal((bars, trials))


def of_best(returns: FloatArray) -> Evidence:
    ratios = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    return evidence(returns[:, int(ratios.argmax())], trial_sums(returns))


@pytest.mark.parametrize("bars", [513, 1000, 5000])
def test_sums_keep_what_the_ratios_need(bars: int) -> None:
    returns = noise(7, bars, "sums") + 0.0003 * np.arange(7)
    sums = trial_sums(returns)
    assert (len(sums.count), int(sums.count.sum())) == (256, bars)
    assert sums.count.max() - sums.count.min() <= 1
    np.testing.assert_allclose(sums.sharpes(), returns.mean(axis=0) / returns.std(axis=0, ddof=1), rtol=1e-9)


def test_few_returns_make_fewer_buckets_of_two() -> None:
    assert trial_sums(noise(2, 7, "few")).count.tolist() == [3, 2, 2]
    assert trial_sums(noise(2, 2, "two")).count.tolist() == [2]


def test_overfitting_of_the_sums_is_that_of_the_returns() -> None:
    returns = noise(12, 16 * 32, "pbo") + 0.0002 * np.arange(12)
    found = of_best(returns).overfitting
    assert found is not None
    whole = overfitting(returns, 16)
    assert (found.probability, found.splits) == (whole.probability, whole.splits)
    np.testing.assert_allclose(found.in_sample, whole.in_sample, rtol=1e-9)


def test_trials_that_are_alike_count_as_few() -> None:
    one = noise(1, 2000, "one")
    alike = one + 0.0005 * noise(30, 2000, "own") / 0.01
    apart = noise(30, 2000, "apart")
    assert of_best(alike).effective_trials < 2.0
    assert of_best(apart).effective_trials > 25.0


def test_noise_is_seldom_believed_and_an_edge_is() -> None:
    best_of_noise = [of_best(noise(50, 1000, "noise", seed)) for seed in range(40)]
    believed = [float(found.deflated) > 0.95 for found in best_of_noise]
    as_if_alone = [float(found.probabilistic) > 0.95 for found in best_of_noise]
    assert np.mean(believed) <= 0.1
    assert np.mean(as_if_alone) > 0.9, "which is what the number of trials is counted for"
    edge = noise(50, 1000, "edge")
    edge[:, 4] += 0.0025
    found = of_best(edge)
    assert float(found.deflated) > 0.95
    assert found.overfitting is not None
    assert found.overfitting.probability < 0.05


def test_a_lone_trial_owes_nothing_to_luck_and_has_no_overfitting() -> None:
    returns = noise(1, 500, "lone") + 0.001
    found = of_best(returns)
    assert (found.trials, found.effective_trials, float(found.luck)) == (1, 1.0, 0.0)
    assert float(found.deflated) == float(found.probabilistic)
    assert found.overfitting is None


def test_a_best_trial_that_never_moves_has_no_answer() -> None:
    found = evidence(np.zeros(100), trial_sums(np.zeros((100, 9))))
    assert "do not vary" in found.deflated.reason
    assert "do not vary" in found.probabilistic.reason


@pytest.mark.parametrize(
    ("returns", "message"),
    [
        (np.zeros(5), r"found the shape \(5,\)"),
        (np.zeros((1, 3)), r"found the shape \(1, 3\)"),
        (np.full((4, 2), np.inf), "returns must be finite"),
    ],
)
def test_what_cannot_be_summed_is_refused(returns: FloatArray, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        trial_sums(returns)


def test_too_few_buckets_fill_no_blocks() -> None:
    with pytest.raises(UsageError, match="3 buckets must fill 16 blocks"):
        TrialSums(np.array([2, 2, 2]), np.zeros((3, 2)), np.zeros((3, 2))).blocks(16)
