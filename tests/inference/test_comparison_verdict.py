"""What a comparison comes to, from hand-made tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stratkit.inference.comparison import (
    BlockSensitivity,
    Equivalence,
    Look,
    PairComparison,
    PairVerdict,
    PowerFacts,
    PrimaryTest,
    Question,
    Sequential,
)
from stratkit.inference.comparison_verdict import (
    Decision,
    identical_verdict,
    invalid_verdict,
    many_verdict,
    pair_verdict,
    sequential_verdict,
)
from stratkit.inference.interval import Interval


def a_primary(difference: float, half: float, p_value: float) -> PrimaryTest:
    return PrimaryTest(
        metric="sharpe",
        hypothesis="",
        test="",
        difference=difference,
        interval=Interval(difference, difference - half, difference + half, 0.95, "bootstrap"),
        difference_period=difference / 16,
        se_period=half / 32,
        se_name="",
        statistic=abs(difference) / (half / 2),
        p_value=p_value,
        p_error=0.003,
        block=2,
        block_rule="given",
        reps=999,
        seed=0,
        sensitivity=(BlockSensitivity(2, p_value, 0.003),),
        drawn=np.zeros(1),
    )


def a_decision(
    difference: float = 0.5, half: float = 1.0, p_value: float = 0.3, detectable: float = 1.4, holds: bool | None = None
) -> Decision:
    primary = a_primary(difference, half, p_value)
    power = PowerFacts(0.8, detectable, difference, 1000.0, 4.0, "JKM", np.zeros(1), np.zeros(1))
    inner = Interval(difference, difference - 0.8 * half, difference + 0.8 * half, 0.9, "")
    equivalence = None if holds is None else Equivalence(0.1, inner, 0.02 if holds else 0.4, 0.001, holds)
    return Decision(primary, power, equivalence, p_value)


AB = ("A", "B")


def test_the_sign_of_a_difference_that_is_found_names_the_better_arm() -> None:
    a = pair_verdict(Question(), a_decision(difference=1.2, p_value=0.01), AB)
    b = pair_verdict(Question(), a_decision(difference=-1.2, p_value=0.01), ("A", "C"))
    assert (a.kind, a.text, a.better) == ("better", "A BETTER", 0)
    assert (b.kind, b.text, b.better) == ("better", "C BETTER", 1)


def test_the_advantage_of_the_better_arm_is_told_with_its_own_sign() -> None:
    b = pair_verdict(Question(), a_decision(difference=-1.2, half=1.0, p_value=0.01), AB)
    assert b.words == (
        "B is better than A: its Sharpe ratio is higher by 1.200 (95% interval 0.200 to 2.200; p = 0.010)."
    )


def test_a_p_value_of_alpha_itself_rejects() -> None:
    assert pair_verdict(Question(alpha=0.05), a_decision(p_value=0.05), AB).kind == "better"
    assert pair_verdict(Question(alpha=0.05), a_decision(p_value=0.0502), AB).kind == "no-difference"


def test_nothing_found_is_underpowered_when_a_gap_of_that_size_could_not_be_found() -> None:
    small = pair_verdict(Question(), a_decision(difference=0.5, detectable=1.4), AB)
    large = pair_verdict(Question(), a_decision(difference=1.5, detectable=1.4), AB)
    assert small.text == "NO DETECTABLE DIFFERENCE (underpowered)"
    assert "1.400" in small.words
    assert large.text == "NO DETECTABLE DIFFERENCE"


def test_arms_within_the_margin_are_equivalent() -> None:
    found = pair_verdict(Question(margin=0.1), a_decision(difference=0.01, holds=True), AB)
    assert (found.kind, found.text, found.better) == ("equivalent", "EQUIVALENT (within +-0.1)", None)


def test_a_margin_that_is_not_kept_leaves_the_verdict_alone() -> None:
    found = pair_verdict(Question(margin=0.1), a_decision(difference=0.5, holds=False), AB)
    assert found.kind == "no-difference"


def test_superiority_wins_over_equivalence_and_says_that_it_is_small() -> None:
    found = pair_verdict(Question(margin=0.1), a_decision(difference=0.05, half=0.02, p_value=0.001, holds=True), AB)
    assert found.text == "A BETTER"
    assert found.words.endswith("within the margin of +-0.1: it is there, but small.")


def test_a_margin_of_a_return_is_told_in_percent() -> None:
    found = pair_verdict(Question(metric="mean", margin=0.02), a_decision(holds=True), AB)
    assert found.text == "EQUIVALENT (within +-10%)"


def test_one_sided_words_do_not_say_that_arms_are_alike() -> None:
    found = pair_verdict(Question(alternative="greater"), a_decision(difference=-2.0, p_value=0.98), AB)
    assert found.text == "NO DETECTABLE DIFFERENCE"
    assert found.words.startswith("A is not shown to be better than B")


def test_a_p_value_below_a_thousandth_is_said_to_be_so() -> None:
    assert "p < 0.001" in pair_verdict(Question(), a_decision(p_value=0.0002), AB).words


def a_pair(letter: str, difference: float, verdict: PairVerdict) -> PairComparison:
    primary = a_primary(difference, 1.0, 0.01)
    power = PowerFacts(0.8, 1.4, difference, 1000.0, 4.0, "JKM", np.zeros(1), np.zeros(1))
    return PairComparison(("a", "b"), ("A", letter), 500, 0.3, 500, (), primary, (), power, None, (), verdict)


NOTHING = PairVerdict("no-difference", "NO DETECTABLE DIFFERENCE (underpowered)", "Not told apart.")
SAME = identical_verdict(AB, "returns")


def better(letter: str, place: int) -> PairVerdict:
    return PairVerdict("better", f"{letter} BETTER", f"{letter} is better.", place)


def test_of_several_arms_that_beat_the_first_the_best_is_named() -> None:
    pairs = [a_pair("B", -0.5, better("B", 1)), a_pair("C", -0.9, better("C", 1)), a_pair("D", 0.1, NOTHING)]
    found = many_verdict(Question(), pairs)
    assert (found.text, found.better) == ("C BETTER", 2)


def test_the_first_arm_is_better_only_when_it_beats_all_others() -> None:
    beaten = a_pair("B", 0.9, better("A", 0))
    assert many_verdict(Question(), [beaten, a_pair("C", 0.7, better("A", 0))]).text == "A BETTER"
    some = many_verdict(Question(), [beaten, a_pair("C", 0.1, NOTHING)])
    assert (some.kind, some.better) == ("no-difference", None)
    assert "A is better." in some.words


def test_all_arms_are_equivalent_only_together() -> None:
    alike = PairVerdict("equivalent", "EQUIVALENT (within +-0.1)", "Alike.")
    pairs = [a_pair("B", 0.0, SAME), a_pair("C", 0.01, alike)]
    assert many_verdict(Question(margin=0.1), pairs).text == "EQUIVALENT (within +-0.1)"
    assert many_verdict(Question(margin=0.1), [*pairs, a_pair("D", 0.2, NOTHING)]).kind == "no-difference"


def test_one_invalid_arm_makes_many_invalid_and_is_named() -> None:
    pairs = [a_pair("B", -0.5, better("B", 1)), a_pair("C", 0.0, invalid_verdict("the returns of C do not vary"))]
    found = many_verdict(Question(), pairs)
    assert found.text == "INVALID (the returns of C do not vary)"


def looks(*bounds: tuple[float, float]) -> tuple[Look, ...]:
    return tuple(
        Look(100 * (at + 1), (low + high) / 2, low, high, 0.5, 1.0, 2.0) for at, (low, high) in enumerate(bounds)
    )


def test_what_a_look_has_found_stays_found() -> None:
    watched = Sequential("always-valid", looks((-1.0, 1.0), (0.1, 0.5), (-0.1, 0.3)), 200, 300, "")
    found = sequential_verdict(Question(), watched, a_pair("B", 0.1, NOTHING))
    assert (found.text, found.better) == ("A BETTER", 0)
    assert "after 200 periods" in found.words


def test_a_comparison_that_runs_on_finds_nothing_until_a_look_does() -> None:
    watched = Sequential("always-valid", looks((-1.0, 1.0)), None, 300, "It may go on.")
    found = sequential_verdict(Question(), watched, a_pair("B", -2.0, better("B", 1)))
    assert found.kind == "no-difference"
    assert found.words.endswith("It may go on.")


@pytest.mark.parametrize(("bounds", "kind"), [((-0.05, 0.08), "equivalent"), ((-0.05, 0.12), "no-difference")])
def test_bounds_within_the_margin_end_in_equivalence(bounds: tuple[float, float], kind: str) -> None:
    watched = Sequential("always-valid", looks(bounds), None, 300, "")
    assert sequential_verdict(Question(margin=0.1), watched, a_pair("B", 0.0, NOTHING)).kind == kind


def test_the_adjustment_is_named_beside_its_p_value() -> None:
    decision = replace(a_decision(p_value=0.2), source=" by Romano and Wolf for 3 comparisons")
    words = pair_verdict(Question(), decision, AB).words
    assert "p = 0.200 by Romano and Wolf for 3 comparisons" in words
    # bounds of one comparison may leave out 0 where the p value of three does not reject
    assert "(unadjusted 95% interval" in words
    assert "unadjusted" not in pair_verdict(Question(), a_decision(p_value=0.2), AB).words
