"""Comparisons that are looked at while they run."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from stratkit.errors import UsageError
from stratkit.inference.comparison import Arm, Question, SequentialPlan
from stratkit.inference.sequential_comparison import compare_sequentially

MEAN = Question(metric="mean")


def two_arms(n: int = 1000, gap: float = 0.0, seed: int = 0) -> tuple[Arm, Arm]:
    draw = np.random.default_rng(seed)
    common, own = draw.normal(0.0, 0.01, n), draw.normal(0.0, 0.005, (2, n))
    return Arm("a", common + own[0] + gap), Arm("b", common + own[1])


def test_a_look_is_made_of_the_periods_up_to_it_alone() -> None:
    a, b = two_arms(1000)
    whole = compare_sequentially(a, b, Question(), SequentialPlan(planned_n=1000))
    cut = compare_sequentially(
        Arm("a", a.returns[:500]), Arm("b", b.returns[:500]), Question(), SequentialPlan(planned_n=1000)
    )
    assert cut.looks == whole.looks[: len(cut.looks)]


def test_the_variance_of_a_look_is_that_between_blocks() -> None:
    a, b = two_arms(200)
    [look] = compare_sequentially(a, b, MEAN, SequentialPlan("alpha-spending", planned_n=200, looks=1)).looks
    weeks = (a.returns - b.returns).reshape(40, 5).mean(axis=1)
    se = weeks.std(ddof=1) / math.sqrt(40)
    assert look.fixed_z == pytest.approx(weeks.mean() / se, rel=1e-9)
    # one look alone has the boundary of a test that is made once
    assert look.boundary == pytest.approx(NormalDist().inv_cdf(0.975), abs=1e-3)
    assert look.high - look.low == pytest.approx(2 * look.boundary * se * 252, rel=1e-9)


def test_always_valid_bounds_leave_zero_out_exactly_when_p_is_at_most_alpha() -> None:
    a, b = two_arms(1500, gap=0.0012)
    found = compare_sequentially(a, b, Question(), SequentialPlan())
    assert found.stopped_at is not None
    first = next(look for look in found.looks if look.p_value <= 0.05)
    assert first.n == found.stopped_at
    assert first.low > 0


def test_always_valid_p_values_never_rise_and_are_never_zero() -> None:
    a, b = two_arms(1500, gap=0.02)
    p_values = [look.p_value for look in compare_sequentially(a, b, Question(), SequentialPlan()).looks]
    assert p_values == sorted(p_values, reverse=True)
    assert p_values[-1] > 0


def test_always_valid_bounds_follow_the_formula_of_record() -> None:
    a, b = two_arms(600)
    look = compare_sequentially(a, b, MEAN, SequentialPlan(planned_n=500)).looks[-1]
    rho = 500 / (2 * math.log(1 / 0.05) + math.log(1 + 2 * math.log(1 / 0.05)))
    se = look.difference / look.fixed_z
    reach = math.sqrt((600 + rho) * math.log((600 + rho) / (rho * 0.05**2))) / math.sqrt(600)
    assert look.high - look.difference == pytest.approx(reach * se, rel=1e-9)


def test_many_looks_at_equal_arms_stop_no_more_often_than_alpha() -> None:
    stopped = spent = fixed = 0
    for seed in range(100):
        a, b = two_arms(500, seed=seed)
        always = compare_sequentially(a, b, MEAN, SequentialPlan(planned_n=500))
        stopped += always.stopped_at is not None
        fixed += any(abs(look.fixed_z) > 1.96 for look in always.looks)
        spent += compare_sequentially(a, b, MEAN, SequentialPlan("alpha-spending", 500)).stopped_at is not None
    # of 100 with a chance of .05 each 12 or fewer are seen in 99.9 of 100 cases
    assert stopped <= 12
    assert spent <= 12
    assert fixed > 15  # looking at a test for one look is what both modes protect from


def test_alpha_spending_looks_where_it_was_planned() -> None:
    a, b = two_arms(700)
    found = compare_sequentially(a, b, Question(), SequentialPlan("alpha-spending", planned_n=1000, looks=5))
    assert [look.n for look in found.looks] == [200, 400, 600]
    assert found.planned_n == 1000
    assert "3 of 5 looks" in found.words
    # published, Lan-DeMets with O'Brien-Fleming spending: 4.877 3.357 2.680
    assert [look.boundary for look in found.looks] == pytest.approx([4.877, 3.357, 2.680], abs=2e-3)


def test_a_one_sided_comparison_stops_only_in_its_own_direction() -> None:
    a, b = two_arms(1000, gap=0.003)
    one_sided = replace(MEAN, alternative="greater")
    assert compare_sequentially(a, b, one_sided, SequentialPlan()).stopped_at is not None
    assert compare_sequentially(b, a, one_sided, SequentialPlan()).stopped_at is None


def test_a_certain_difference_is_found_at_the_first_look() -> None:
    a, _ = two_arms(300)
    found = compare_sequentially(Arm("c", a.returns + 0.001), a, MEAN, SequentialPlan())
    assert found.stopped_at == 100
    assert 0 < found.looks[0].p_value < 1e-6


@pytest.mark.parametrize(
    ("question", "plan", "said"),
    [
        (Question(metric="calmar"), SequentialPlan(), "Calmar"),
        (Question(), SequentialPlan("alpha-spending"), "horizon"),
        (Question(), SequentialPlan(block=20), "20 blocks of 20"),
        (Question(), SequentialPlan(block=0), "at least one period"),
        (Question(), SequentialPlan(planned_n=50), "a horizon must hold 20 blocks"),
        (Question(), SequentialPlan("alpha-spending", planned_n=200, looks=50), "50 looks over 200"),
        (Question(), SequentialPlan("alpha-spending", planned_n=200, looks=0), "one look"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(question: Question, plan: SequentialPlan, said: str) -> None:
    a, b = two_arms(300)
    with pytest.raises(UsageError, match=said):
        compare_sequentially(a, b, question, plan)
