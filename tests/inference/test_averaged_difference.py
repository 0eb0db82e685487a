"""Arms that were replayed over several seeds: seeds are draws of a choice on the same bars, and no more history."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from stratkit.errors import UsageError
from stratkit.inference.averaged_difference import AveragedDifference, averaged_differences
from stratkit.inference.comparable_arms import IDENTICAL
from stratkit.inference.comparison import Arm, Question
from stratkit.inference.many_comparison import adjusted_p
from stratkit.inference.primary_comparison import Block, measure
from stratkit.panel import FloatArray

QUESTION = Question(reps=499, block=3)


def _found(arm: FloatArray, base: FloatArray, question: Question = QUESTION) -> AveragedDifference:
    found = averaged_differences([arm], base, question)[0]
    assert isinstance(found, AveragedDifference)
    return found


def _market(periods: int = 500, seed: int = 0) -> tuple[np.random.Generator, FloatArray]:
    draw = np.random.default_rng(seed)
    return draw, draw.normal(0.0004, 0.01, (periods, 1))


def test_two_arms_without_seeds_are_tested_as_an_ab_test_does() -> None:
    draw, base = _market()
    arms = [base + draw.normal(0.0005, 0.004, base.shape) for _ in range(3)]
    tests = [measure(Arm("a", arm[:, 0]), Arm("b", base[:, 0]), QUESTION, block=Block(3, "given")) for arm in arms]
    found = averaged_differences(arms, base, QUESTION)
    for one, test, adjusted in zip(found, tests, adjusted_p(tests, QUESTION), strict=True):
        assert isinstance(one, AveragedDifference)
        assert one.difference == test.primary.difference
        assert one.interval.low == pytest.approx(test.primary.interval.low, rel=1e-12)
        assert one.p_value == test.primary.p_value
        assert one.p_adjusted == adjusted
        assert one.se_seeds == 0.0


def test_seeds_that_all_choose_alike_are_one_arm_and_do_not_narrow_its_interval() -> None:
    draw, base = _market()
    arm = base + draw.normal(0.0005, 0.004, base.shape)
    alone, many = _found(arm, base), _found(np.tile(arm, 25), base)
    assert many.difference == pytest.approx(alone.difference, rel=1e-9)
    assert many.se_seeds == 0.0
    assert many.se == pytest.approx(alone.se, rel=0.05)  # two ways to the same standard error


def test_the_error_is_that_of_the_bars_and_that_of_the_seeds() -> None:
    draw, base = _market()
    arm = base + draw.normal(0.0, 0.004, (len(base), 8)) + draw.normal(0.0, 0.001, (1, 8))
    found = _found(arm, base)
    by_seed = [_found(arm[:, [one]], base).difference for one in range(8)]
    assert found.by_seed == pytest.approx(by_seed)
    assert found.difference == pytest.approx(np.mean(by_seed))
    assert found.se_seeds == pytest.approx(np.std(by_seed, ddof=1) / math.sqrt(8))
    assert found.se > found.se_seeds
    assert found.interval.low < found.difference < found.interval.high


def test_pairs_of_one_seed_share_what_the_seed_decided() -> None:
    draw, base = _market()
    luck = draw.normal(0.0, 0.002, (1, 6))
    one, other = base + luck + draw.normal(0, 0.001, base.shape), base + luck
    assert _found(one, other).se_seeds < 0.2 * _found(one, base).se_seeds


def test_a_worse_arm_is_not_found_better_by_a_one_sided_question() -> None:
    draw, base = _market()
    worse = base - 0.002 + draw.normal(0.0, 0.001, (len(base), 4))
    assert _found(worse, base).p_value == 1 / 500
    assert _found(worse, base, replace(QUESTION, alternative="greater")).p_value == 1.0


def test_no_difference_is_found_as_seldom_as_the_level_says() -> None:
    rejected = 0
    for seed in range(150):
        draw, base = _market(200, seed)
        arm = base + draw.normal(0.0, 0.006, base.shape) + draw.normal(0.0, 0.003, (200, 5))
        rejected += _found(arm, base, Question(reps=199, block=2)).p_value <= 0.05
    assert rejected <= 0.05 * 150 + 3 * math.sqrt(150 * 0.05 * 0.95)


def test_what_is_the_same_or_does_not_move_is_not_tested() -> None:
    draw, base = _market()
    good = base + 0.002 + draw.normal(0, 0.001, base.shape)
    flat = np.zeros((len(base), 4))
    found = averaged_differences([base.copy(), flat, good], base, QUESTION)
    assert found[0] == IDENTICAL
    assert found[1] == "its account does not move with 4 of 4 seeds: no Sharpe ratio"
    assert isinstance(found[2], AveragedDifference)
    assert found[2].p_adjusted == found[2].p_value == 1 / 500  # the others take nothing from it
    assert averaged_differences([flat], np.zeros((len(base), 1)), QUESTION) == [IDENTICAL]


def test_other_numbers_of_seeds_are_refused() -> None:
    draw, base = _market()
    with pytest.raises(UsageError, match="same seeds; found 3 and 2"):
        averaged_differences([base + draw.normal(0, 0.01, (500, 3))], base + draw.normal(0, 0.01, (500, 2)), QUESTION)
