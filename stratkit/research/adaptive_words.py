"""`AdaptiveVerdict`: what a judgement of the adaptive layer comes to, in plain words, the whole before its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from stratkit.inference.averaged_difference import IDENTICAL, AveragedDifference
from stratkit.inference.comparison_words import shown_p
from stratkit.research.adaptive_arms import ALL, SELECTOR
from stratkit.research.adaptive_judgement import AdaptiveJudgement, JudgedArm

Effect = Literal["helped", "hurt", "no difference", "identical", "stopped trading", "not testable"]

UNFAIR: Final = (
    "the best fixed choice is picked on the very bars it is shown on: its figures are biased upward, and nobody could "
    "have known it"
)
_GROUPS: Final[tuple[tuple[Effect, str], ...]] = (
    ("helped", "helped"),
    ("hurt", "hurt"),
    ("no difference", "cannot be told apart from nothing"),
    ("identical", "never changed anything"),
    ("stopped trading", "let no trade through"),
    ("not testable", "cannot be tested"),
)


@dataclass(frozen=True)
class AdaptiveVerdict:
    """The one sentence on top, what became of each part, and what is to be said of the selector; `effect` of all."""

    effect: Effect
    headline: str
    parts: tuple[str, ...]
    selector: tuple[str, ...]


def adaptive_verdict(judgement: AdaptiveJudgement) -> AdaptiveVerdict:
    """Return the verdict: by the adjusted p values of the tests against the base alone."""
    whole = judgement.named(ALL)
    assert whole is not None  # it is always judged
    alpha = judgement.question.alpha
    effect = effect_of(whole, alpha)
    parts = [one for one in judgement.judged if one.arm.role == "part"]
    return AdaptiveVerdict(
        effect, _headline(judgement, whole, effect, parts), tuple(_parts(judgement, parts)),
        tuple(_selector(judgement)),
    )  # fmt: skip


def effect_of(judged: JudgedArm, alpha: float, reference: str = "base") -> Effect:
    """Return what an arm did to the Sharpe ratio of a reference."""
    found = judged.against[reference]
    if found == IDENTICAL:
        return "identical"
    if isinstance(found, str):
        return "stopped trading" if judged.replays.figures["trades"] == 0 else "not testable"
    if found.p_adjusted <= alpha:
        return "helped" if found.difference > 0 else "hurt"
    return "no difference"


def _headline(judgement: AdaptiveJudgement, whole: JudgedArm, effect: Effect, parts: Sequence[JudgedArm]) -> str:
    found = whole.against["base"]
    told = f": {_against(found, 'the base')}" if isinstance(found, AveragedDifference) else ""
    better = [one.arm.name for one in parts if effect_of(one, judgement.question.alpha) == "helped"]
    but = f"; of its parts alone {_listed(better)} helped" if better else ""
    if effect == "helped":
        return f"The adaptive layer helped on these bars{told}."
    if effect == "hurt":
        return f"The adaptive layer hurt on these bars{told}{but}."
    if effect == "identical":
        return f"The adaptive layer adds nothing on these bars: it never changed anything{but}."
    if effect == "stopped trading":
        made = judgement.base.replays.figures["trades"]
        return (
            f"The adaptive layer adds nothing on these bars: as configured it lets no trade through, while the base "
            f"made {made:,.0f}{but}."
        )
    if effect == "not testable":
        return f"The adaptive layer cannot be judged on these bars: {found}{but}."
    assert isinstance(found, AveragedDifference)  # all other effects have been dealt with
    return (
        f"The adaptive layer adds nothing on these bars{told}; only a gap of {found.detectable:.2f} or more would have "
        f"been seen{but}."
    )


def _parts(judgement: AdaptiveJudgement, parts: Sequence[JudgedArm]) -> Iterator[str]:
    effects = [(one, effect_of(one, judgement.question.alpha)) for one in parts]
    for effect, words in _GROUPS:
        members = [one for one, has in effects if has == effect]
        if members:
            yield f"{words}: {'; '.join(_told(one, effect) for one in members)}{_seen(members, effect)}"


def _told(one: JudgedArm, effect: Effect) -> str:
    found = one.against["base"]
    if isinstance(found, str):
        return f"{one.arm.name} ({found})" if effect == "not testable" else one.arm.name
    return one.arm.name if effect == "no difference" else f"{one.arm.name} ({_figures(found)})"


def _seen(members: Sequence[JudgedArm], effect: Effect) -> str:
    """Return how large a gap would have been seen of parts that made no difference."""
    tests = [one.against["base"] for one in members]
    least = sorted(found.detectable for found in tests if isinstance(found, AveragedDifference))
    if effect != "no difference" or not least:
        return ""
    return f"; a gap of {least[-1]:.2f} would have been seen{' of each' if len(least) > 1 else ''}"


def _selector(judgement: AdaptiveJudgement) -> Iterator[str]:
    chooser, noun = judgement.named(SELECTOR), judgement.fixed_noun
    if chooser is None:
        return
    blind = chooser.against.get("random")
    if isinstance(blind, AveragedDifference):
        beaten = blind.p_adjusted <= judgement.question.alpha
        how = ("better" if blind.difference > 0 else "worse") if beaten else "no better, as far as can be seen,"
        yield f"the selector does {how} than a choice at random: {_figures(blind)}"
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
        yield f"the selector against {best.arm.name}, the best {noun} by hindsight: {_figures(fixed)}"
    yield UNFAIR


def _regret_words(judgement: AdaptiveJudgement, chooser: JudgedArm, best: JudgedArm) -> Iterator[str]:
    own = chooser.regret
    if own is None:
        return
    blind = next((one.regret for one in judgement.of_role("random") if one.regret), None)
    seeds = f" ({own.interval.low:.1f} to {own.interval.high:.1f} over seeds)" if own.interval else ""
    halves = f"{own.first_half:+.1f} R in the first half of the bars, {own.second_half:+.1f} R in the second"
    yield f"regret of the selector against {best.arm.name}: {own.total:.1f} R{seeds}; {halves}"
    if blind is not None:
        learned = "less" if own.second_half < blind.second_half else "no less"
        yield (
            f"regret of a choice at random: {blind.total:.1f} R; {blind.first_half:+.1f} R and "
            f"{blind.second_half:+.1f} R: in the second half the selector adds {learned} regret than chance"
        )


def _against(found: AveragedDifference, reference: str) -> str:
    return f"Sharpe ratio against {reference} {_figures(found)}"


def _figures(found: AveragedDifference) -> str:
    level, ends = 100 * found.interval.level, found.interval
    return (
        f"{_signed(found.difference)}, {level:g}% interval {ends.low:.2f} to {ends.high:.2f}, "
        f"{shown_p(found.p_adjusted)}"
    )


def _signed(difference: float) -> str:
    text = f"{difference:+.2f}"
    return "0.00" if float(text) == 0 else text


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
