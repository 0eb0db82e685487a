"""`ab_notes`: how every figure of an A/B test was computed, a sentence for each."""

from __future__ import annotations

from stratkit.inference.comparison import PairComparison, PrimaryTest
from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.reports.ab_content import ABContent
from stratkit.reports.ab_words import metric_value, pair_words


def ab_notes(content: ABContent) -> list[tuple[str, str]]:
    """Return (figure, how it was computed) in the order of the page; what was not computed has no row."""
    comparison = content.comparison
    pair, question = comparison.first, comparison.question
    notes = [
        (
            "Pairing",
            "Arms are paired by the time of each period; a period that not all arms have is dropped and counted. All "
            "figures "
            "are of the periods that are left.",
        ),
        (
            "Equity",
            "Starts at 1 before the first paired period and compounds the returns; drawdown is from the highest value "
            "so far.",
        ),
        (
            "Per year",
            f"Ratios are of {question.periods_per_year:g} periods a year: those per period are multiplied by its "
            f"root, a mean "
            "return by itself. Everything is tested per period; a year is for display.",
        ),
    ]
    if pair.primary is not None:
        notes += _primary_notes(pair, pair.primary, question.alternative)
    if pair.power is not None:
        notes += [
            (
                "Detectable",
                f"(z of the level + z of {pair.power.power:.0%}) x the standard error: the smallest true difference "
                f"that "
                "this test finds with that probability on these periods. It does not depend on the observed "
                "difference.",
            ),
            (
                "Periods needed",
                f"How many periods would find a difference as large as the observed one, by {pair.power.needed_by}. "
                f"The "
                "observed difference is itself uncertain: a plan, not a promise.",
            ),
        ]
    if pair.equivalence is not None:
        margin = metric_value(question.metric, pair.equivalence.margin)
        notes.append(
            (
                "Equivalence",
                "Two one-sided tests: the arms are equivalent when the interval at "
                f"{pair.equivalence.interval.level:.0%} lies within \N{PLUS-MINUS SIGN}{margin}; the p value is the "
                f"larger of both.",
            )
        )
    notes.append(
        (
            "Cumulative difference",
            "Returns of one arm minus those of the other, summed, not compounded. Band: "
            "\N{PLUS-MINUS SIGN}1.96 x the root of (long-run variance by circular blocks x periods so far), around 0.",
        )
    )
    if comparison.many is not None:
        notes.append(
            (
                "Many arms",
                "Holm's p values hold for any dependence; Romano and Wolf's step-down uses the same resamples for all "
                "pairs; superior predictive ability is Hansen's studentized test with its lower, consistent and upper "
                "p value; the "
                "model confidence set is Hansen, Lunde and Nason's.",
            )
        )
    if comparison.sequential is not None:
        notes.append(("Looks", _SEQUENTIAL[comparison.sequential.mode]))
    notes.append(
        (
            "Ledger",
            "Trials are all that were made of these strategies on these symbols, on whatever dates. Luck is what the "
            "best "
            "of so many shows on average without an edge; DSR the probability that the true Sharpe ratio is above it.",
        )
    )
    return notes


_SEQUENTIAL = {
    "always-valid": "Bounds and p values hold at every look at once, so that one may look after each period and stop "
    "when the "
    "bounds leave 0. They are wider than those of a test that is looked at once.",
    "alpha-spending": "Of the level only a part may be spent at each look: the statistic must exceed its boundary "
    "there. The number "
    "of periods was planned before.",
}


def _primary_notes(pair: PairComparison, test: PrimaryTest, alternative: str) -> list[tuple[str, str]]:
    difference = "t* at least as large as t in size" if alternative == "two-sided" else "t* at least as large as t"
    return [
        (
            "Difference",
            f"The {METRIC_WORDS[test.metric]} {pair_words(pair)}: "
            f"{metric_value(test.metric, test.difference, signed=True)} as "
            f"shown, {test.difference_period:+.5f} per period. H0: {test.hypothesis}.",
        ),
        (
            "Standard error",
            f"{test.se_name}, {test.se_period:.5f} per period; the statistic t is their quotient, "
            f"{test.statistic:.3f}.",
        ),
        (
            "p value",
            f"(1 + number of {difference}) / (1 + {test.reps:,}), t* from resamples in blocks, each studentized by "
            f"its own "
            "standard error. Its Monte Carlo error is the root of p (1 - p) / resamples. It is never 0.",
        ),
        ("Interval", f"{test.interval.method}, level {test.interval.level:.0%}."),
        (
            "Blocks",
            f"{test.block} periods a block: {test.block_rule}. {test.reps:,} resamples of both arms together, seed "
            f"{test.seed}.",
        ),
    ]
