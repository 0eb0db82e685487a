"""`AdaptiveVerdict`: what a judgement of the adaptive layer comes to, in plain words, the whole before its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from stratkit.inference.averaged_difference import AveragedDifference, Found
from stratkit.inference.comparable_arms import IDENTICAL
from stratkit.inference.comparison_verdict import NO_DIFFERENCE
from stratkit.inference.comparison_words import shown_margin
from stratkit.inference.figure_words import plain_number
from stratkit.research.adaptive_arms import ALL
from stratkit.research.adaptive_judgement import AdaptiveJudgement, JudgedArm
from stratkit.research.difference_words import difference_words
from stratkit.research.selector_words import selector_words

Effect = Literal["helped", "hurt", "equivalent", "no difference", "identical", "stopped trading", "not testable"]

IDLE_PAIR: Final = "neither it nor the base made a trade"
_GROUPS: Final[tuple[tuple[Effect, str], ...]] = (
    ("helped", "helped"),
    ("hurt", "hurt"),
    ("equivalent", "too small to matter"),
    ("no difference", "cannot be told apart from nothing"),
    ("identical", "never changed anything"),
    ("stopped trading", "let no trade through"),
    ("not testable", "cannot be tested"),
)


_WORDS: Final[dict[Effect, str]] = {
    "helped": "HELPED",
    "hurt": "HURT",
    "identical": "EQUIVALENT (identical returns)",
    "stopped trading": "LETS NO TRADE THROUGH",
    "not testable": "NOT TESTABLE",
}


@dataclass(frozen=True)
class AdaptiveVerdict:
    """The one sentence on top, what became of each part, and what is to be said of the selector; `effect` of all.

    `word` is the effect as a comparison of two arms names it.
    """

    effect: Effect
    word: str
    headline: str
    parts: tuple[str, ...]
    selector: tuple[str, ...]


def adaptive_verdict(judgement: AdaptiveJudgement) -> AdaptiveVerdict:
    """Return the verdict: by the adjusted p values of the tests against the base alone."""
    whole = judgement.named(ALL)
    assert whole is not None  # it is always judged
    alpha = judgement.question.alpha
    if judgement.is_idle:
        return AdaptiveVerdict("not testable", _WORDS["not testable"], f"{nothing_to_judge(judgement)}.", (), ())
    effect = effect_of(whole, alpha)
    parts = [one for one in judgement.judged if one.arm.role == "part"]
    return AdaptiveVerdict(
        effect, effect_word(whole, alpha), _headline(judgement, whole, effect, parts),
        tuple(_parts(judgement, parts)), tuple(selector_words(judgement)),
    )  # fmt: skip


def nothing_to_judge(judgement: AdaptiveJudgement) -> str:
    """Return what is said where no arm made a trade."""
    return f"Nothing to judge: no arm made a trade in {len(judgement.bar_times):,} bars"


def effect_word(judged: JudgedArm, alpha: float) -> str:
    """Return what an arm did to the base in the words of a comparison of two arms."""
    effect, found = effect_of(judged, alpha), judged.against["base"]
    if isinstance(found, str) or effect in _WORDS:
        return _WORDS[effect]
    if effect == "equivalent":
        return f"EQUIVALENT (within {_margin(found)})"
    return f"{NO_DIFFERENCE} (underpowered)" if found.is_underpowered else NO_DIFFERENCE


def effect_of(judged: JudgedArm, alpha: float, reference: str = "base") -> Effect:
    """Return what an arm did to the Sharpe ratio of a reference: rejection goes first, and then equivalence."""
    found = judged.against[reference]
    if found == IDENTICAL:
        return "not testable" if judged.replays.is_idle else "identical"
    if isinstance(found, str):
        return "stopped trading" if judged.replays.figures["trades"] == 0 else "not testable"
    if found.p_adjusted <= alpha:
        return "helped" if found.difference > 0 else "hurt"
    return "equivalent" if found.equivalence is not None and found.equivalence.holds else "no difference"


def _margin(found: AveragedDifference) -> str:
    assert found.equivalence is not None  # asked by the caller
    return f"\N{PLUS-MINUS SIGN}{shown_margin('sharpe', found.equivalence.margin)}"


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
        return f"The adaptive layer cannot be judged on these bars: {_why(found)}{but}."
    assert isinstance(found, AveragedDifference)  # all other effects have been dealt with
    if effect == "equivalent":
        return (
            f"The adaptive layer adds nothing of size on these bars: the difference lies within {_margin(found)}"
            f" ({_against(found, 'the base')}){but}."
        )
    return (
        f"Nothing shows that the adaptive layer adds anything on these bars{told}; only a gap of "
        f"{plain_number(found.detectable)} or more would have been seen{but}."
    )


def _why(found: Found) -> str:
    return IDLE_PAIR if found == IDENTICAL else str(found)


def _against(found: AveragedDifference, reference: str) -> str:
    return f"Sharpe ratio against {reference} {difference_words(found)}"


def _parts(judgement: AdaptiveJudgement, parts: Sequence[JudgedArm]) -> Iterator[str]:
    effects = [(one, effect_of(one, judgement.question.alpha)) for one in parts]
    for effect, words in _GROUPS:
        members = [one for one, has in effects if has == effect]
        if members:
            yield f"{words}: {'; '.join(_told(one, effect) for one in members)}{_seen(members, effect)}"


def _told(one: JudgedArm, effect: Effect) -> str:
    found = one.against["base"]
    if isinstance(found, str):
        return f"{one.arm.name} ({_why(found)})" if effect == "not testable" else one.arm.name
    return one.arm.name if effect == "no difference" else f"{one.arm.name} ({difference_words(found)})"


def _seen(members: Sequence[JudgedArm], effect: Effect) -> str:
    """Return how large a gap would have been seen of parts that made no difference."""
    tests = [one.against["base"] for one in members]
    least = sorted(found.detectable for found in tests if isinstance(found, AveragedDifference))
    if effect != "no difference" or not least:
        return ""
    return f"; a gap of {plain_number(least[-1])} would have been seen{' of each' if len(least) > 1 else ''}"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
