"""PBO by CSCV against R's package, and against splits that are made and judged one by one."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from stratkit.errors import UsageError
from stratkit.inference.overfitting import overfitting, overfitting_of_sums
from stratkit.inference.trial_sums import TrialSums
from stratkit.panel import FloatArray
from stratkit.seeds import generator

# R's package pbo 1.3.5 on RandomState(7).standard_normal((240, 10)) * 0.01 + linspace(-0.0005, 0.002, 10)
OF_R = {
    6: (20, 0.15, 0.15, -0.988600683352, 0.359375115858, 0.061747737607),
    10: (252, 0.2222222222222222, 0.1626984126984127, -0.565925213396, 0.257627862243, 0.104053780224),
    16: (12870, 0.1571095571095571, None, -0.841485847373, 0.345418859749, 0.201381014915),
}
# its own test of thresholds: set.seed(852), 20 rows, 4 trials
THRESHOLD_TEST = np.array([
    [0.062500945058702, 1.633563662071902, -0.184269395127779, -1.32844781443414],
    [1.18988861206886, -2.360489734075088, -1.23247695214071, 0.558710905696767],
    [-1.79389126128382, -0.477953346496903, -0.889641815231497, 0.049013620910883],
    [1.357787356501662, -0.070610349416709, 0.649876003162256, 0.735854408155908],
    [-1.164485504163215, 0.787248603598018, 0.761370223643752, -1.829016120450428],
    [0.561860216425523, 0.051260586544199, 0.368266727259658, 0.040028366766462],
    [-0.612536613478665, -0.611671089964322, 0.612685862377278, 0.35532442386589],
    [-0.714727954782048, 0.099112261490814, -0.825372270601316, -1.061288218866159],
    [0.179483302475008, 2.030245623972246, -0.204936388860937, 0.544205472886595],
    [0.357461966930373, -1.432712636433962, -0.242316498412914, 0.117885670052965],
    [0.456350990873811, -0.69125235426328, -0.027478772977015, -1.31879664907756],
    [0.197176179344916, 0.239468432098908, 0.762313710513411, 1.562127152684666],
    [-0.601924811644112, 2.006046802897801, -1.157906972084062, -0.291988048101155],
    [0.888810570989488, 1.116342061983791, -1.550760870441384, -2.647135923716423],
    [-0.417601920333995, -1.0164861528605, 0.826164572824932, -0.004948301812943],
    [-1.472692643286099, -0.387924958122471, -0.767051821925126, 1.750132994272718],
    [1.054690164861559, 0.503676683460827, -0.212695430320635, 0.292068762886561],
    [0.006352808350244, 2.603249305372383, -0.341667632313308, -0.864854826461039],
    [1.047289987835541, 1.033178225862911, 0.826344597405264, -0.208239598912378],
    [2.980109375445364, 0.891787181158313, 0.547670342227589, -0.323696947836304],
])  # fmt: skip


def of_r() -> FloatArray:
    return np.random.RandomState(7).standard_normal((240, 10)) * 0.01 + np.linspace(-0.0005, 0.002, 10)


@pytest.mark.parametrize("blocks", [pytest.param(blocks, id=f"pbo-240x10-s{blocks}") for blocks in OF_R])
def test_the_figures_of_the_r_package_are_reproduced(blocks: int) -> None:
    splits, probability, loss, slope, intercept, r_squared = OF_R[blocks]
    found = overfitting(of_r(), blocks)
    assert found.splits == splits
    assert found.probability == pytest.approx(probability, rel=1e-9)
    if loss is not None:
        assert found.loss_probability == pytest.approx(loss, rel=1e-9)
    assert (found.slope, found.intercept, found.r_squared) == pytest.approx((slope, intercept, r_squared), rel=1e-7)


@pytest.mark.parametrize("expected", [pytest.param((0.0, 0.5), id="pbo-r-threshold-test")])
def test_its_own_test_of_thresholds_passes(expected: tuple[float, float]) -> None:
    found = overfitting(THRESHOLD_TEST, 2, risk_free=0.03 / 252)
    assert (found.probability, found.loss_probability) == expected


def judged_one_by_one(returns: FloatArray, blocks: int) -> list[tuple[float, float, float]]:
    """Every split on its own, its ratios from the rows themselves."""
    parts = np.split(returns, blocks)
    answers = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[block] for block in chosen])
        outside = np.concatenate([parts[block] for block in range(blocks) if block not in chosen])
        ratio_in, ratio_out = (half.mean(axis=0) / half.std(axis=0, ddof=1) for half in (inside, outside))
        taken = int(np.argmax(ratio_in))
        share = stats.rankdata(ratio_out)[taken] / (returns.shape[1] + 1)
        answers.append((ratio_in[taken], ratio_out[taken], np.log(share / (1 - share))))
    return answers


@pytest.mark.parametrize("seed", range(5))
def test_every_split_is_the_one_made_of_its_rows(seed: int) -> None:
    draw = generator(seed, "overfitting")
    trials = int(draw.integers(2, 9))
    returns = 0.01 * draw.standard_normal((96, trials)) + 0.001 * draw.standard_normal(trials)
    found = overfitting(returns, 8)
    expected = np.array(judged_one_by_one(returns, 8))
    np.testing.assert_allclose(
        np.column_stack([found.in_sample, found.out_of_sample, found.logits]), expected, rtol=1e-9
    )
    assert found.probability == (expected[:, 2] <= 1e-12).mean()


def test_an_edge_of_one_trial_is_no_overfitting_and_a_reversal_is() -> None:
    noise = 0.01 * generator(0, "edge").standard_normal((320, 12))
    edge = noise.copy()
    edge[:, 3] += 0.005
    assert overfitting(edge, 8).probability == 0.0
    turns = noise.copy()
    turns[:, :6] += np.where(np.arange(320) < 160, 0.01, -0.01)[:, None]  # good in one half, bad in the other
    assert overfitting(turns, 2).probability == 1.0


def test_rows_that_fill_no_block_are_dropped_from_the_beginning() -> None:
    returns = of_r()
    longer = np.vstack([np.full((5, 10), 9.0), returns])
    found = overfitting(longer, 6)
    assert found.dropped == 5
    assert found.probability == overfitting(returns, 6).probability


def test_a_trial_that_never_moves_has_the_ratio_zero() -> None:
    returns = np.column_stack([np.zeros(32), np.full(32, 0.1), -np.abs(of_r()[:32, :2])])
    found = overfitting(returns, 4)
    assert (found.in_sample == 0).all()  # the others lose in every block
    assert found.trials == 4


@pytest.mark.parametrize(("others", "logit"), [(-1.0, math.log(3)), (1.0, -math.log(3))])
def test_one_that_never_trades_takes_a_place_when_it_is_taken(others: float, logit: float) -> None:
    """In one half both others lose, in the other half they lose or win: first of three, or last of three."""
    wiggle = np.array([0.01, 0.02, 0.03, 0.02])
    losing = np.concatenate([-wiggle, others * wiggle])
    returns = np.column_stack([np.zeros(8), losing, losing * [1.5, 1, 1, 1, 1, 1, 1, 1.5]])
    blocks = returns.reshape(2, 4, 3)
    sums = TrialSums(np.full(2, 4), blocks.sum(axis=1), (blocks**2).sum(axis=1))
    shares = np.array([0.0, 1.0, 1.0])  # what never varies resembles nothing
    found = overfitting_of_sums(sums, shares)
    assert found.in_sample[0] == 0
    assert found.logits[0] == pytest.approx(logit)  # w = 3/4 or 1/4
    plain = overfitting_of_sums(sums)
    np.testing.assert_allclose(found.logits[0], plain.logits[0])


def test_equal_trials_share_their_rank() -> None:
    one = of_r()[:, :1]
    found = overfitting(np.repeat(one, 3, axis=1), 6)
    assert (found.logits == 0).all()  # rank 2 of 3: the middle, which counts as overfit
    assert found.probability == 1.0


def test_the_sums_of_blocks_say_as_much_as_the_returns() -> None:
    blocks = of_r().reshape(6, 40, 10)
    found = overfitting_of_sums(TrialSums(np.full(6, 40), blocks.sum(axis=1), (blocks**2).sum(axis=1)))
    whole = overfitting(of_r(), 6)
    np.testing.assert_array_equal(found.logits, whole.logits)
    np.testing.assert_array_equal(found.in_sample, whole.in_sample)


@pytest.mark.parametrize(
    ("returns", "blocks", "message"),
    [
        (np.zeros((40, 1)), 4, r"at least two trials must be given, \(T, M\); found the shape \(40, 1\)"),
        (np.zeros((40, 3)), 5, "an even number, each of two rows or more; found 5 blocks of 40 rows"),
        (np.zeros((7, 3)), 4, "found 4 blocks of 7 rows"),
        (np.full((40, 3), np.nan), 4, "must be finite"),
    ],
)
def test_what_cannot_be_split_is_refused(returns: FloatArray, blocks: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        overfitting(returns, blocks)
