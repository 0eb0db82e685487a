"""All arms of an experiment: two, or many against the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from stratkit.errors import UsageError
from stratkit.inference.arm_comparison import compare_arms
from stratkit.inference.comparison import Arm, Comparison, Question, SequentialPlan, WarningLine
from stratkit.inference.many_comparison import pseudo_differences
from stratkit.inference.primary_comparison import Block, choose_block, measure
from stratkit.inference.sharpe import sample_moments, sharpe_ratio
from stratkit.inference.studentized_bootstrap import draw_starts
from stratkit.panel import NS_PER_DAY
from stratkit.seeds import generator

QUICK = Question(reps=499)


def arms_of(gaps: Sequence[float], n: int = 600) -> list[Arm]:
    draw = np.random.default_rng(3)
    common = draw.normal(0.0, 0.008, n)
    return [Arm(f"arm{at}", common + draw.normal(gap, 0.006, n)) for at, gap in enumerate(gaps)]


def compared(arms: Sequence[Arm], question: Question = QUICK, plan: SequentialPlan | None = None) -> Comparison:
    times = np.arange(len(arms[0].returns)) * NS_PER_DAY
    return compare_arms(arms, times, question, sequential=plan)


def test_two_arms_are_one_pair_and_its_verdict() -> None:
    found = compared(arms_of([0.0, 0.002]))
    assert (len(found.pairs), found.many, found.sequential) == (1, None, None)
    assert found.verdict is found.first.verdict
    assert (found.verdict.text, found.verdict.better) == ("B BETTER", 1)


def test_equity_and_returns_of_all_arms_stand_side_by_side() -> None:
    arms = arms_of([0.0, 0.0, 0.0])
    found = compared(arms)
    assert found.returns.shape == found.equity.shape == (600, 3)
    assert found.equity[0].tolist() == [1 + arm.returns[0] for arm in arms]
    assert found.equity[-1, 2] == pytest.approx(np.prod(1 + arms[2].returns))


def test_the_best_arm_that_beats_the_first_is_the_verdict_of_many() -> None:
    found = compared(arms_of([0.0, 0.002, 0.003, 0.0]))
    assert (found.verdict.text, found.verdict.better) == ("C BETTER", 2)
    assert [pair.letters for pair in found.pairs] == [("A", "B"), ("A", "C"), ("A", "D")]
    assert "by Romano and Wolf for 3 comparisons" in found.verdict.words


def test_adjusted_p_values_lie_above_raw_ones_and_decide() -> None:
    found = compared(arms_of([0.0, 0.0005, 0.0003, -0.0004, 0.0]))
    assert found.many is not None
    for row in found.many.rows[1:]:
        assert row.p_raw <= row.p_romano_wolf <= 1
        assert row.p_raw <= row.p_holm <= 1
    tightest = min(found.many.rows[1:], key=lambda row: row.p_raw)
    question = replace(QUICK, alpha=(tightest.p_raw + tightest.p_romano_wolf) / 2)
    assert tightest.p_raw < question.alpha < tightest.p_romano_wolf
    assert compared(arms_of([0.0, 0.0005, 0.0003, -0.0004, 0.0]), question).verdict.kind == "no-difference"


def test_all_pairs_see_the_same_resamples() -> None:
    first, b, c = arms_of([0.0, 0.001, 0.001])
    starts = draw_starts(600, 4, 499, generator(0, "comparison", 4))
    for other in (b, c):
        drawn = measure(first, other, QUICK, block=Block(4, "given"))
        shared = measure(first, other, QUICK, block=Block(4, "given"), starts=starts)
        assert drawn.t_star.tolist() == shared.t_star.tolist()


def test_many_arms_share_the_longest_block() -> None:
    found = compared(arms_of([0.0, 0.0, 0.0, 0.0]))
    blocks = {pair.primary.block for pair in found.pairs if pair.primary is not None}
    assert found.many is not None
    assert blocks == {found.many.block}
    first, *others = arms_of([0.0] * 4)
    assert found.many.block == max(choose_block(first, other, QUICK).length for other in others)


def test_pseudo_values_have_the_difference_as_their_mean() -> None:
    arms = arms_of([0.0, 0.001, -0.001])
    tests = [measure(arms[0], other, QUICK) for other in arms[1:]]
    pseudo = pseudo_differences(arms, QUICK, tests)
    assert pseudo is not None
    sharpes = [float(sharpe_ratio(sample_moments(arm.returns))) for arm in arms]
    assert pseudo.mean(axis=0) == pytest.approx([sharpe - sharpes[0] for sharpe in sharpes])


def test_pseudo_values_of_a_mean_are_the_differences_of_the_returns() -> None:
    first, b, c = arms_of([0.0, 0.001, -0.001])
    question = replace(QUICK, metric="mean")
    tests = [measure(first, b, question), measure(first, c, question)]
    pseudo = pseudo_differences([first, b, c], question, tests)
    wanted = np.column_stack([np.zeros(600), b.returns - first.returns, c.returns - first.returns])
    assert pseudo == pytest.approx(wanted)


def test_superior_ability_finds_an_arm_that_beats_the_first() -> None:
    better, alike = compared(arms_of([0.0, 0.003, 0.0])), compared(arms_of([0.0, -0.001, -0.002]))
    assert better.many is not None
    assert alike.many is not None
    assert better.many.spa_consistent < 0.05 < alike.many.spa_consistent
    assert better.many.spa_lower <= better.many.spa_consistent <= better.many.spa_upper
    assert better.many.spa_error > 0


def test_the_confidence_set_holds_the_best_and_drops_the_worst() -> None:
    found = compared(arms_of([0.0, 0.003, -0.003]))
    assert found.many is not None
    assert [row.in_confidence_set for row in found.many.rows] == [False, True, False]
    assert found.many.set_level == 0.95


def test_an_identical_arm_among_many_has_p_1_and_changes_no_other_p() -> None:
    arms = arms_of([0.0, 0.002, 0.0])
    with_twin = compared([*arms, Arm("twin", arms[0].returns.copy())])
    without = compared(arms)
    assert with_twin.many is not None
    assert without.many is not None
    twin = with_twin.many.rows[3]
    assert (twin.p_raw, twin.p_romano_wolf, twin.interval, twin.difference) == (1.0, 1.0, None, 0.0)
    assert with_twin.many.rows[1].p_romano_wolf == without.many.rows[1].p_romano_wolf
    assert with_twin.pairs[2].verdict.text == "EQUIVALENT (identical returns)"
    assert with_twin.verdict.text == "B BETTER"
    assert "A against D: the arms have identical returns in all 600 periods" in with_twin.warnings[0].sentence


def test_arms_at_another_stake_have_the_same_sharpe_ratio_for_certain() -> None:
    [first] = arms_of([0.0])
    found = compared([first, Arm("twice", 2 * first.returns), Arm("thrice", 3 * first.returns)])
    assert found.verdict.text == "EQUIVALENT (identical Sharpe ratio)"
    assert found.many is not None
    assert [row.p_romano_wolf for row in found.many.rows[1:]] == [1.0, 1.0]
    assert [row.in_confidence_set for row in found.many.rows] == [True, True, True]


def test_a_constant_more_a_day_is_certainly_better_among_many() -> None:
    [first] = arms_of([0.0])
    arms = [first, Arm("one", first.returns + 0.001), Arm("two", first.returns + 0.002)]
    found = compared(arms, replace(QUICK, metric="mean"))
    assert (found.verdict.text, found.verdict.better) == ("C BETTER", 2)
    assert found.many is not None
    assert [row.p_romano_wolf for row in found.many.rows[1:]] == [0.002, 0.002]
    assert [row.in_confidence_set for row in found.many.rows] == [False, False, True]


def test_an_arm_that_does_not_vary_makes_many_invalid_without_stopping_the_rest() -> None:
    arms = arms_of([0.0, 0.002, 0.0])
    found = compared([*arms, Arm("cash", np.zeros(600))])
    assert found.verdict.text == "INVALID (the returns of D do not vary)"
    assert found.pairs[0].verdict.text == "B BETTER"
    assert found.many is not None
    assert np.isnan(found.many.rows[3].p_romano_wolf)


def test_all_arms_within_the_margin_are_equivalent_to_the_first() -> None:
    draw = np.random.default_rng(0)
    common = draw.normal(0.0005, 0.01, 2000)
    arms = [Arm(str(at), common + draw.normal(0, 0.0003, 2000)) for at in range(3)]
    assert compared(arms, replace(QUICK, margin=0.4)).verdict.text == "EQUIVALENT (within +-0.4)"


def test_many_calmar_ratios_are_compared_without_pseudo_values() -> None:
    found = compared(arms_of([0.0, 0.004, 0.0]), replace(QUICK, metric="calmar"))
    assert found.verdict.text == "B BETTER"
    assert found.many is not None
    assert np.isnan([found.many.spa_consistent, found.many.rows[0].set_p]).all()


def test_a_sequential_plan_decides_in_place_of_the_test_of_all_periods() -> None:
    arms = arms_of([0.0, 0.0004])
    fixed = compared(arms)
    watched = compared(arms, plan=SequentialPlan(planned_n=600))
    assert fixed.verdict.text == "B BETTER"
    assert watched.sequential is not None
    assert watched.sequential.stopped_at is None
    assert watched.verdict.kind == "no-difference"
    assert watched.first.verdict is watched.verdict
    assert compared(arms_of([0.0, 0.004]), plan=SequentialPlan()).verdict.text == "B BETTER"


def test_a_sequential_plan_of_many_arms_is_refused() -> None:
    with pytest.raises(UsageError, match="two arms; found 3"):
        compared(arms_of([0.0, 0.0, 0.0]), plan=SequentialPlan())


def test_one_arm_alone_and_times_of_other_periods_are_refused() -> None:
    with pytest.raises(UsageError, match="at least two arms"):
        compared(arms_of([0.0]))
    with pytest.raises(UsageError, match="must have its time"):
        compare_arms(arms_of([0.0, 0.0]), np.arange(5), QUICK)


def test_warnings_from_outside_stand_once_before_those_of_the_pairs() -> None:
    arms = arms_of([0.0, 0.0, 0.0], n=100)
    looked = WarningLine("IN_SAMPLE", "the period was used to fit arm A")
    found = compare_arms(arms, np.arange(100), QUICK, warnings=[looked])
    codes = [line.code for line in found.warnings]
    assert codes.count("IN_SAMPLE") == 1
    assert codes[0] == "IN_SAMPLE"
    assert codes.count("SHORT") == 2
    assert all(pair.warnings[0] is looked for pair in found.pairs)
