"""`PairVerdict`: the one line that a comparison comes to, by the primary test alone and with its reason.

The order of the rule: a test that cannot be made is INVALID; a primary test that rejects names the better arm; only
then may the arms be EQUIVALENT. Superiority goes first because the primary test was declared to decide: a margin says
that a difference is too small to matter, not that there is none, and the words say when both hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratkit.inference.comparison import (
    ComparedMetric,
    Equivalence,
    Look,
    PairComparison,
    PairVerdict,
    PowerFacts,
    PrimaryTest,
    Question,
    Sequential,
)
from stratkit.inference.comparison_words import METRIC_WORDS, shown, shown_margin, shown_p
from stratkit.inference.interval import Interval

NO_DIFFERENCE = "NO DETECTABLE DIFFERENCE"
Pair = tuple[str, str]


@dataclass(frozen=True)
class Decision:
    """What a verdict needs: the p value that decides and the `source` of it, such as an adjustment for many arms."""

    primary: PrimaryTest
    power: PowerFacts
    equivalence: Equivalence | None
    p_value: float
    source: str = ""


def pair_verdict(question: Question, decision: Decision, letters: Pair) -> PairVerdict:
    """Return what the test says of arms a and b; `letters` stand for them in the text.

    The primary test rejects when its p value is at most alpha, which is the level of a p value ``(1 + #)/(B + 1)``.
    """
    if rejects(question, decision):
        return _better(question, decision, letters)
    if decision.equivalence is not None and decision.equivalence.holds:
        return _equivalent(question, decision.equivalence, letters)
    return _no_difference(question, decision, letters)


def rejects(question: Question, decision: Decision) -> bool:
    """Return whether the deciding p value rejects "no difference"."""
    return decision.p_value <= question.alpha


def invalid_verdict(reason: str) -> PairVerdict:
    """Return the verdict of a comparison that cannot be made.

    >>> invalid_verdict("A does not vary").text
    'INVALID (A does not vary)'
    """
    return PairVerdict("invalid", f"INVALID ({reason})", f"The comparison cannot be made: {reason}.")


def same_metric_verdict(letters: Pair, metric: ComparedMetric) -> PairVerdict:
    """Return the verdict of arms whose metric is the same whatever the sample, such as one at twice the other's stake.

    >>> same_metric_verdict(("A", "B"), "sharpe").text
    'EQUIVALENT (identical Sharpe ratio)'
    """
    name = METRIC_WORDS[metric]
    words = f"{letters[0]} and {letters[1]} have the same {name} in every resample: there is nothing to test (p = 1)."
    return PairVerdict("equivalent", f"EQUIVALENT (identical {name})", words)


def identical_verdict(letters: Pair, what: str) -> PairVerdict:
    """Return the verdict of arms that are the same in `what`, such as "returns".

    >>> identical_verdict(("A", "B"), "returns").text
    'EQUIVALENT (identical returns)'
    """
    words = f"{letters[0]} and {letters[1]} have identical {what} in every period: there is nothing to test (p = 1)."
    return PairVerdict("equivalent", f"EQUIVALENT (identical {what})", words)


def _better(question: Question, decision: Decision, letters: Pair) -> PairVerdict:
    primary, metric = decision.primary, question.metric
    better = 0 if primary.difference > 0 else 1
    # seen from the better arm, so that its advantage and the bounds of it have one sign
    interval = primary.interval if better == 0 else _turned(primary.interval)
    tested = f"{_tested_bounds(question, decision, interval)}; {shown_p(decision.p_value)}{decision.source}"
    words = (
        f"{letters[better]} is better than {letters[1 - better]}: its {METRIC_WORDS[metric]} is higher by "
        f"{shown(metric, interval.estimate)} ({tested})."
    )
    equivalence = decision.equivalence
    if equivalence is not None and equivalence.holds:
        margin = shown_margin(metric, equivalence.margin)
        words += f" The difference lies within the margin of +-{margin}: it is there, but small."
    return PairVerdict("better", f"{letters[better]} BETTER", words, better)


def _equivalent(question: Question, equivalence: Equivalence, letters: Pair) -> PairVerdict:
    margin = f"+-{shown_margin(question.metric, equivalence.margin)}"
    words = (
        f"{letters[0]} and {letters[1]} are equivalent: the {METRIC_WORDS[question.metric]} differs by less than "
        f"{margin} ({shown_p(equivalence.p_value)}, two one-sided tests)."
    )
    return PairVerdict("equivalent", f"EQUIVALENT (within {margin})", words)


def _no_difference(question: Question, decision: Decision, letters: Pair) -> PairVerdict:
    primary, power, metric = decision.primary, decision.power, question.metric
    if question.alternative == "greater":
        start = f"{letters[0]} is not shown to be better than {letters[1]}"
    else:
        start = f"{letters[0]} and {letters[1]} cannot be told apart"
    words = (
        f"{start}: the {METRIC_WORDS[metric]} differs by {shown(metric, primary.difference)} "
        f"({_tested_bounds(question, decision, primary.interval)}; {shown_p(decision.p_value)}{decision.source})."
    )
    # not "underpowered" when the interval lies within the margin: that has been answered above
    if not abs(power.observed) < power.detectable:
        return PairVerdict("no-difference", NO_DIFFERENCE, words)
    words += (
        f" Only a gap of {shown(metric, power.detectable)} or more would be found here with {power.power:.0%} "
        "probability: this is no proof that they are alike."
    )
    return PairVerdict("no-difference", f"{NO_DIFFERENCE} (underpowered)", words)


def _turned(interval: Interval) -> Interval:
    return replace(interval, estimate=-interval.estimate, low=-interval.high, high=-interval.low)


def _tested_bounds(question: Question, decision: Decision, interval: Interval) -> str:
    """Return the bounds; beside an adjusted p value they say that they are not: they may leave out 0 all the same."""
    return f"{'unadjusted ' if decision.source else ''}{_bounds(question, interval)}"


def _bounds(question: Question, interval: Interval) -> str:
    low, high = shown(question.metric, interval.low), shown(question.metric, interval.high)
    return f"{100 * interval.level:.4g}% interval {low} to {high}"


def many_verdict(question: Question, pairs: Sequence[PairComparison]) -> PairVerdict:
    """Return the one verdict of all arms against the first, from the verdicts of the pairs by adjusted p values.

    The best arm that beats the first is named; the first is BETTER only when it beats all others, and EQUIVALENT only
    when every other arm is. One arm that nothing can be said of makes the whole INVALID: leave it out.
    """
    verdicts = [pair.verdict for pair in pairs]
    for pair in pairs:
        if pair.verdict.kind == "invalid":
            text = f"{pair.letters[0]} against {pair.letters[1]}: {pair.verdict.words}"
            return PairVerdict("invalid", pair.verdict.text, text)
    beating = [place for place, verdict in enumerate(verdicts) if verdict.better == 1]
    if beating:
        best = max(beating, key=lambda place: -_gap(pairs[place]))
        return PairVerdict("better", verdicts[best].text, verdicts[best].words, best + 1)
    words = " ".join(verdict.words for verdict in verdicts)
    if all(verdict.better == 0 for verdict in verdicts):
        return PairVerdict("better", f"{pairs[0].letters[0]} BETTER", f"It beats every other arm. {words}", 0)
    if all(verdict.kind == "equivalent" for verdict in verdicts):
        return PairVerdict("equivalent", _narrowest(question, verdicts), words)
    open_ones = [verdict for verdict in verdicts if verdict.kind == "no-difference"]
    text = next((each.text for each in open_ones if each.text != NO_DIFFERENCE), NO_DIFFERENCE)
    return PairVerdict("no-difference", text, words)


def _narrowest(question: Question, verdicts: Sequence[PairVerdict]) -> str:
    """Return the text of equivalent arms: with the margin, unless all of them are identical."""
    return next((each.text for each in verdicts if "within" in each.text), verdicts[0].text)


def _gap(pair: PairComparison) -> float:
    return 0.0 if pair.primary is None else pair.primary.difference


def sequential_verdict(question: Question, watched: Sequential, pair: PairComparison) -> PairVerdict:
    """Return the verdict of a comparison that was looked at while it ran: by its looks, not by all periods at once.

    What was found at a look stays found. `pair` is the comparison of all periods, for the difference that could be
    found and the letters.
    """
    letters = pair.letters
    last = watched.looks[-1] if watched.looks else None
    if watched.stopped_at is not None:
        look = next(each for each in watched.looks if each.n == watched.stopped_at)
        better = 0 if look.difference > 0 else 1
        seen = _look_interval(question, look)
        interval = seen if better == 0 else _turned(seen)
        words = (
            f"{letters[better]} is better than {letters[1 - better]}, found after {look.n:,} periods: its "
            f"{METRIC_WORDS[question.metric]} is higher by {shown(question.metric, interval.estimate)} "
            f"({_bounds(question, interval)})."
        )
        return PairVerdict("better", f"{letters[better]} BETTER", words, better)
    if last is not None and question.margin is not None and max(-last.low, last.high) < question.margin:
        margin = f"+-{shown_margin(question.metric, question.margin)}"
        words = f"{letters[0]} and {letters[1]} are equivalent: {_bounds(question, _look_interval(question, last))}."
        return PairVerdict("equivalent", f"EQUIVALENT (within {margin})", words)
    words = f"{letters[0]} and {letters[1]} cannot be told apart so far. {watched.words}"
    small = pair.power is not None and abs(pair.power.observed) < pair.power.detectable
    return PairVerdict("no-difference", f"{NO_DIFFERENCE} (underpowered)" if small else NO_DIFFERENCE, words)


def _look_interval(question: Question, look: Look) -> Interval:
    return Interval(look.difference, look.low, look.high, 1 - question.alpha, "sequential")
