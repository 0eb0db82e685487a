"""`check_condition`: what ``--fail-unless`` asks of an A/B test, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stratkit.errors import ConditionError, UsageError, did_you_mean
from stratkit.research.ab_test import ABTest

NOT_WORSE: Final = "not-worse"
EQUIVALENT: Final = "equivalent"
DIFFERENT: Final = "different"
_BETTER: Final = "-better"


def condition_of(text: str, letters: Sequence[str]) -> str:
    """Return the condition that was typed; raise `UsageError` when it is none.

    >>> condition_of("A-better", ("A", "B"))
    'a-better'
    """
    known = [*(f"{letter.lower()}{_BETTER}" for letter in letters), NOT_WORSE, EQUIVALENT, DIFFERENT]
    if text.lower() not in known:
        raise UsageError(
            f"--fail-unless must be {', '.join(known[:-1])} or {known[-1]}; found {text!r}; {did_you_mean(text, known)}"
        )
    return text.lower()


def check_condition(condition: str, test: ABTest) -> None:
    """Raise `ConditionError` unless the verdict of a test fulfils the condition."""
    if not holds(condition, test):
        verdict = test.comparison.verdict
        raise ConditionError(f"--fail-unless {condition} does not hold: {verdict.text}. {verdict.words}")


def holds(condition: str, test: ABTest) -> bool:
    """Whether a condition holds.

    ``not-worse`` asks of A: with a margin, that the interval at 1 - 2 alpha of A less every other arm lies above minus
    the margin, which is a proof; without one, that no other arm was found better, which is the absence of a find.
    """
    verdict = test.comparison.verdict
    if condition == EQUIVALENT:
        return verdict.kind == "equivalent"
    if condition == DIFFERENT:
        return verdict.kind == "better"
    if condition == NOT_WORSE:
        return _is_not_worse(test)
    best = None if verdict.better is None else test.arms[verdict.better].letter.lower()
    return condition == f"{best}{_BETTER}"


def _is_not_worse(test: ABTest) -> bool:
    comparison = test.comparison
    if comparison.verdict.kind == "invalid":
        return False
    if comparison.question.margin is None:
        return comparison.verdict.better in (None, 0)
    low = [
        0.0 if pair.equivalence is None else pair.equivalence.interval.low + pair.equivalence.margin
        for pair in comparison.pairs
        if pair.primary is not None
    ]
    return all(distance > 0 for distance in low)
