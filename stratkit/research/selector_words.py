"""`selector_words`: what is to be said of a selector: against a choice at random, and its regret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stratkit.inference.averaged_difference import AveragedDifference
from stratkit.inference.comparable_arms import IDENTICAL
from stratkit.inference.figure_words import plain_number
from stratkit.research.adaptive_arms import SELECTOR
from stratkit.research.adaptive_judgement import AdaptiveJudgement, JudgedArm
from stratkit.research.adaptive_regret import Regret
from stratkit.research.difference_words import difference_words

UNFAIR: Final = (
    "the best fixed choice is picked on the very bars it is shown on: its figures are biased upward, and nobody could "
    "have known it"
)
BY_TOTAL_R: Final = "best by total R, not by Sharpe ratio"


def selector_words(judgement: AdaptiveJudgement) -> Iterator[str]:
    """Yield the lines; none where no selector was judged."""
    chooser, noun = judgement.named(SELECTOR), judgement.fixed_noun
    if chooser is None:
        return
    blind = chooser.against.get("random")
    if isinstance(blind, AveragedDifference):
        beaten = blind.p_adjusted <= judgement.question.alpha
        how = ("better" if blind.difference > 0 else "worse") if beaten else "no better, as far as can be seen,"
        yield f"the selector does {how} than a choice at random: {difference_words(blind)}"
    elif blind == IDENTICAL:
        yield "the selector chose as a choice at random did"
    if judgement.fixed_noun == "profile":
        yield (
            "against the base counts what exit profiles do at all as well as which is chosen; against random choice "
            "the choosing alone"
        )
    best = judgement.best
    if best is None:
        yield f"no fixed {noun} realised a trade with an R: there is no regret to speak of"
        return
    yield from _regret_words(judgement, chooser, best)
    fixed = chooser.against.get("fixed")
    if isinstance(fixed, AveragedDifference):
        yield f"the selector against {best.arm.name}, the best {noun} by hindsight: {difference_words(fixed)}"
    yield UNFAIR


def _regret_words(judgement: AdaptiveJudgement, chooser: JudgedArm, best: JudgedArm) -> Iterator[str]:
    own = chooser.regret
    if own is None:
        return
    blind = next((one.regret for one in judgement.of_role("random") if one.regret), None)
    yield f"regret of the selector against {best.arm.name}: {_regret(own)}"
    if blind is not None:
        yield f"regret of a choice at random: {_regret(blind)}"
        yield f"{_course(own, blind)}: {_second_half(own, blind, best.arm.name.removeprefix('fixed '))}"


def _regret(regret: Regret) -> str:
    ends = regret.interval
    seeds = f" ({plain_number(ends.low, 1)} to {plain_number(ends.high, 1)} over seeds)" if ends else ""
    halves = f"{_r(regret.first_half)} in the first half of the bars, {_r(regret.second_half)} in the second"
    return f"{plain_number(regret.total, 1)} R{seeds}; {halves}"


def _course(own: Regret, blind: Regret) -> str:
    """Return whether less was added later, and whether that is more than chance did."""
    less_than_chance = own.second_half < blind.second_half
    if own.falls:
        return "regret slowed down" if less_than_chance else "regret slowed down, but to no less than by chance"
    return "regret did not slow down" + (", but grew less than by chance" if less_than_chance else "")


def _second_half(own: Regret, blind: Regret, best: str) -> str:
    when, added, by_chance = "in the second half of the bars", _r(own.second_half), _r(blind.second_half)
    if min(own.second_half, blind.second_half) >= 0:
        return f"{when} the selector lost {added} more against {best}, a random choice {by_chance}"
    return (
        f"{when} the regret of the selector against {best} changed by {added}, that of a random choice by {by_chance}"
    )


def _r(value: float) -> str:
    return f"{plain_number(value, 1, signed=True)} R"
