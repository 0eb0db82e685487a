"""`ab_cards`, `ab_facts`: the figures of an A/B test in words, each with what it is."""

from __future__ import annotations

import math
from typing import Final

from stratkit.inference.comparison import ComparedMetric, PairComparison, VerdictKind
from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.inference.interval import Interval
from stratkit.panel import format_time
from stratkit.reports.ab_content import ABContent
from stratkit.reports.verdict_words import Card
from stratkit.reports.wording import MISSING, capital, number, p_error_words, p_words, percent

TONES: Final[dict[VerdictKind, str]] = {
    "better": "gain",
    "no-difference": "warn",
    "equivalent": "gain",
    "invalid": "loss",
}
_FRACTIONS: Final[tuple[ComparedMetric, ...]] = ("mean", "win_rate")


def metric_shape(metric: ComparedMetric) -> str:
    """Return how the chart library writes a value of a compared metric."""
    return ".1%" if metric in _FRACTIONS else ".2f"


def metric_axis(metric: ComparedMetric) -> dict[str, str]:
    """Return the format of an axis with values of a compared metric."""
    return {"tickformat": ".0%"} if metric in _FRACTIONS else {}


def metric_value(metric: ComparedMetric, value: float, signed: bool = False) -> str:
    """Return a value of a compared metric in its unit.

    >>> metric_value("mean", 0.176, signed=True), metric_value("sharpe", 0.662)
    ('+17.6%', '0.662')
    """
    return percent(value, 1, signed) if metric in _FRACTIONS else number(value, 3, signed)


def interval_ends(metric: ComparedMetric, interval: Interval | None) -> str:
    """Return the ends of an interval, or why it has none."""
    if interval is None:
        return MISSING
    if not interval.is_defined:
        return interval.reason or MISSING
    return f"{metric_value(metric, interval.low)} to {metric_value(metric, interval.high)}"


def ab_facts(content: ABContent) -> list[tuple[str, str]]:
    """Return what stands under the title: periods, dates, what was dropped, rates, seed."""
    test, question = content.test, content.comparison.question
    first = content.comparison.first
    times = content.comparison.times
    dropped = sum(arm.unmatched for arm in test.arms)
    span = f"{format_time(int(times[0]))} to {format_time(int(times[-1]))}" if len(times) else MISSING
    return [
        ("Periods", f"{first.n:,} {test.spacing}, paired"),
        ("Dates", span),
        ("Dropped", f"{dropped:,} unmatched"),
        ("Correlation", number(first.correlation)),
        ("Level", percent(question.alpha, 0) + ", " + question.alternative),
        ("Periods a year", f"{question.periods_per_year:g}"),
        ("Risk-free", percent(question.risk_free_ann, 1) + " a year"),
        ("Seed", str(question.seed)),
        ("Tested before", "never" if not test.looks else _times(test.looks)),
        *content.more_facts,
    ]


def ab_cards(content: ABContent) -> list[Card]:
    """Return the figures beside the verdict, of the first pair; none of identical arms, which nothing was tested of."""
    pair = content.comparison.first
    test, power = pair.primary, pair.power
    if test is None:
        return []
    name = METRIC_WORDS[test.metric]
    one, other = pair.letters
    cards = [
        Card(
            f"{capital(name)}, {one} \N{MINUS SIGN} {other}",
            metric_value(test.metric, test.difference, signed=True),
            f"{test.interval.level:.0%} interval {interval_ends(test.metric, test.interval)}",
            f"{name} of {one} minus that of {other}, as it is shown a year",
        ),
        Card("p value", p_words(test.p_value), _p_note(content), test.hypothesis),
        Card(
            "Standard error",
            metric_value(test.metric, _per_shown(pair, test.se_period)),
            f"{test.se_name}; block of {test.block}",
            "of the difference, in the unit that is shown",
        ),
    ]
    if power is not None:
        cards.append(
            Card(
                "Detectable here",
                metric_value(test.metric, power.detectable),
                f"with probability {power.power:.0%}; observed {metric_value(test.metric, abs(power.observed))}",
                "the smallest difference that would be found with this probability on these periods",
            )
        )
        cards.append(
            Card(
                "Periods needed",
                number(power.needed, 0),
                _needed_note(power.needed_years, power.needed_by),
                "to find a difference of the observed size",
            )
        )
    if pair.equivalence is not None:
        same = pair.equivalence
        cards.append(
            Card(
                "Equivalent",
                "yes" if same.holds else "no",
                f"within \N{PLUS-MINUS SIGN}{metric_value(test.metric, same.margin)}; p {p_words(same.p_value)} "
                f"{p_error_words(same.p_error)}".rstrip(),
                "whether the difference is smaller than the margin, whatever its sign",
                "gain" if same.holds else "",
            )
        )
    return cards


def verdict_sentences(content: ABContent) -> list[str]:
    """Return the words of the verdict; those of several pairs one by one where the whole is made of them."""
    comparison = content.comparison
    pieces = [pair.verdict.words for pair in comparison.pairs]
    before, found, _ = comparison.verdict.words.partition(" ".join(pieces))
    return [*filter(None, (before.strip(),)), *pieces] if found else [comparison.verdict.words]


def rule_words(content: ABContent) -> str:
    """Return by what the verdict goes."""
    if content.comparison.sequential is not None:
        return "How it would be looked at was declared before the first look; the verdict goes by the looks."
    if content.comparison.many is not None:
        return (
            "One metric was declared before anything was looked at; the verdict goes by the p values of Romano and "
            "Wolf, which allow for the number of arms. The rest describes and checks."
        )
    return (
        "One test was declared before anything was looked at, and it alone decides; the rest of this page describes "
        "and checks."
    )


def pair_words(pair: PairComparison) -> str:
    """Return the two letters of a pair as a difference."""
    return f"{pair.letters[0]} \N{MINUS SIGN} {pair.letters[1]}"


def _per_shown(pair: PairComparison, period: float) -> float:
    """Return a size per period in the unit that is shown, by the ratio of the difference in both."""
    test = pair.primary
    if test is None or test.difference_period == 0:
        return math.nan
    return period * test.difference / test.difference_period


def _p_note(content: ABContent) -> str:
    """Return the Monte Carlo error of the first pair's p value, and what it is to be held against."""
    test, many = content.comparison.first.primary, content.comparison.many
    error = p_error_words(0.0 if test is None else test.p_error)
    said = f"{error} Monte Carlo error; " if error else ""
    if many is not None:
        return f"{said}{p_words(many.rows[1].p_romano_wolf)} among {len(many.rows) - 1} comparisons"
    return f"{said}level {content.comparison.question.alpha:g}"


def _needed_note(years: float, by: str) -> str:
    return f"{number(years, 1)} years, by {by}" if math.isfinite(years) else f"no number of them, by {by}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
