"""Luck's share of a Sharpe ratio, against published figures and against the largest of many draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stratkit.errors import UsageError
from stratkit.inference.deflated import (
    deflated_sharpe,
    expected_maximum,
    luck_of_trials,
    luck_sharpe,
)
from stratkit.inference.sharpe import probabilistic_sharpe
from stratkit.inference.trial_pool import mean_correlation
from stratkit.inference.trial_sums import trial_sums
from stratkit.panel import FloatArray
from stratkit.seeds import generator


@pytest.mark.parametrize("expected", [pytest.param(0.9505, id="dsr-2014-n46")])
def test_the_example_of_the_paper_is_reproduced(expected: float) -> None:
    # Bailey and Lopez de Prado (2014): 46 independent trials leave 0.9505
    found = deflated_sharpe(2.5 / 250**0.5, 1250, (0.5 / 250) ** 0.5, 46, -3.0, 10.0)
    assert float(found) == pytest.approx(expected, abs=5.1e-5)


@pytest.mark.parametrize("expected", [pytest.param(2.5306028932016846, id="expected-max-z-100")])
def test_the_expected_maximum_is_that_of_the_reference_code(expected: float) -> None:
    assert expected_maximum(100) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("trials", [2, 5, 50, 1000])
def test_it_is_near_the_mean_of_the_largest_of_many_draws(trials: int) -> None:
    draws = generator(0, "largest", trials).standard_normal((4000, trials)).max(axis=1)
    # an approximation from extreme value theory: coarse for few trials
    assert expected_maximum(trials) == pytest.approx(draws.mean(), abs=0.05 if trials > 2 else 0.12)


def test_one_trial_owes_nothing_to_luck() -> None:
    assert expected_maximum(1) == 0.0
    one = deflated_sharpe(0.1, 500, 0.05, 1, -0.5, 4.0)
    assert float(one) == float(probabilistic_sharpe(0.1, 500, -0.5, 4.0))


def test_more_trials_and_a_wider_spread_leave_less() -> None:
    left = [float(deflated_sharpe(0.1, 500, 0.04, trials)) for trials in (1, 2, 10, 100, 1000)]
    assert left == sorted(left, reverse=True)
    assert len(set(left)) == len(left)
    assert float(deflated_sharpe(0.1, 500, 0.06, 10)) < float(deflated_sharpe(0.1, 500, 0.04, 10))


def test_a_spread_that_is_unknown_leaves_no_answer() -> None:
    assert math.isnan(float(luck_sharpe(math.nan, 10)))
    assert "no spread" in deflated_sharpe(0.1, 500, math.nan, 10).reason
    with pytest.raises(UsageError, match="at least one trial; found 0"):
        expected_maximum(0)


def simulated(kind: str, seed: int, trials: int, bars: int) -> FloatArray:
    draw = generator(seed, "luck", kind, trials)
    own = draw.standard_normal((bars, trials))
    return own if kind == "apart" else (draw.standard_normal((bars, 1)) + own) / math.sqrt(2)


@pytest.mark.parametrize("kind", ["apart", "alike"])
@pytest.mark.parametrize("trials", [10, 200])
def test_luck_is_about_what_the_best_of_trials_without_skill_reaches(kind: str, trials: int) -> None:
    bars, best, luck = 1000, [], []
    for seed in range(60):
        sums = trial_sums(simulated(kind, seed, trials, bars))
        mean, _ = mean_correlation([sums.total / sums.count[:, None]])
        best.append(sums.sharpes().max())
        luck.append(float(luck_of_trials(bars, trials, mean)))
    # the mean of 60 maxima has an error of its own, a tenth of the spread of one ratio
    assert np.mean(luck) == pytest.approx(np.mean(best), abs=0.3 / math.sqrt(bars))


def test_skill_that_differs_between_trials_is_not_taken_for_luck() -> None:
    bars, trials = 2000, 50
    returns = simulated("apart", 0, trials, bars) + np.linspace(-0.2, 0.2, trials)
    spread = float(np.std(trial_sums(returns).sharpes(), ddof=1))
    assert float(luck_sharpe(spread, trials)) > 0.2, "at that spread no trial would ever be believed"
    assert float(luck_of_trials(bars, trials, 0.0)) == pytest.approx(expected_maximum(trials) / math.sqrt(bars))


def test_luck_of_trials_that_are_all_the_same_is_that_of_one() -> None:
    assert float(luck_of_trials(100, 50, 1.0)) == 0.0
    assert float(luck_of_trials(100, 1, math.nan)) == 0.0
    assert float(luck_of_trials(100, 50, math.nan)) == float(luck_of_trials(100, 50, -0.3))
    assert "at least two returns" in luck_of_trials(1, 3, 0.0).reason
