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


def test_trials_that_resemble_each_other_share_one_place_whatever_their_order() -> None:
    base = noise(3, 2000, "distinct")
    near = base[:, [0, 2]] + 0.05 * noise(2, 2000, "near")
    flat = np.zeros((2000, 1))
    returns = np.column_stack((base[:, :1], flat, near[:, :1], base[:, 1:], near[:, 1:], -base[:, :1]))
    expected = [0.5, 0.0, 0.5, 1.0, 0.5, 0.5, 1.0]
    assert trial_sums(returns).shares().tolist() == expected
    assert trial_sums(returns[:, ::-1]).shares().tolist() == expected[::-1]
    assert trial_sums(returns).shares(alike=1.1).tolist() == [1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_many_trials_are_compared_with_all_others() -> None:
    base = noise(600, 1200, "parts")
    shares = trial_sums(np.concatenate((base, base[:, ::-1]), axis=1)).shares()
    assert shares.tolist() == [0.5] * 1200


def test_evidence_does_not_depend_on_the_order_of_the_trials() -> None:
    returns = noise(12, 2000, "order") @ generator(0, "mixed").standard_normal((12, 60))
    order = generator(0, "shuffled").permutation(60)
    one, other = (evidence(returns[:, 0], trial_sums(returns[:, places])) for places in (np.arange(60), order))
    assert float(one.luck) == pytest.approx(float(other.luck))
    assert one.overfitting is not None
    assert other.overfitting is not None
    assert one.overfitting.probability == other.overfitting.probability


def test_a_crowd_around_the_best_changes_neither_luck_nor_overfitting() -> None:
    returns = noise(40, 4000, "crowd") + 0.0003 * noise(1, 1, "level") / 0.01
    plain = of_best(returns)
    ratios = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    best = returns[:, [int(ratios.argmax())]]
    crowd = best + 0.02 * noise(200, 4000, "around")
    found = evidence(best[:, 0], trial_sums(np.concatenate((returns, crowd), axis=1)))
    assert found.trials == 240
    assert float(found.luck) == pytest.approx(float(plain.luck))
    assert found.overfitting is not None
    assert plain.overfitting is not None
    # which of the crowd is taken differs from split to split, a little
    assert found.overfitting.probability == pytest.approx(plain.overfitting.probability, abs=0.03)
