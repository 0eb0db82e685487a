"""Regimes in words: their names, how long they last, how a Sharpe ratio stands with its error."""

from __future__ import annotations

import math
from typing import Final

from stratkit.analytics.regime_facts import RegimeFacts, RegimeRow, ReturnFacts
from stratkit.panel import format_time
from stratkit.reports.wording import MISSING, number, percent
from stratkit.research.regime_comparison import MethodComparison
from stratkit.research.regime_study import RegimeStudy

FIGURES: Final = (
    "Mean, volatility and Sharpe are of the bar AFTER the label, a year: what somebody who knows the label can earn. "
    "Own bar is the mean of the bars that made the label, which nobody can."
)
SHARPE: Final = "the error counts bars as independent (Mertens 2002)"
_MANY_REFITS: Final = 4  # dates that are named


def regime_name(name: str) -> str:
    """Return a regime as it is read.

    >>> regime_name("range_low_vol")
    'range low vol'
    """
    return name.replace("_", " ")


def method_name(method: str) -> str:
    """Return a method as it is read."""
    return method.replace("_", " ")


def sharpe_words(facts: ReturnFacts) -> str:
    """Return a Sharpe ratio with its standard error.

    >>> sharpe_words(ReturnFacts(252, 0.1, 0.2, 0.5, 1.0))
    '0.50 ± 1.00'
    """
    if not math.isfinite(facts.sharpe_ann):
        return MISSING
    return f"{number(facts.sharpe_ann)} \N{PLUS-MINUS SIGN} {number(facts.sharpe_error)}"


def duration_words(row: RegimeRow) -> str:
    """Return how many bars a regime lasts once it is there."""
    if math.isinf(row.expected_bars):
        return "never left"
    return number(row.expected_bars, 1 if row.expected_bars < 100 else 0)


def now_words(study: RegimeStudy, facts: RegimeFacts) -> str:
    """Return the regime of the last bar, since when, and how sure."""
    at = format_time(int(study.times[facts.last_bar]))
    row = facts.now
    if row is None:
        return f"no label on the last bar, {at}"
    since = format_time(int(study.times[facts.since]))
    word = "probability" if math.isfinite(row.probability) else "confidence"
    sure = "" if not math.isfinite(facts.confidence) else f", {word} {percent(facts.confidence, 0)}"
    return f"{regime_name(row.name)} on {at}, since {since}{sure}"


def brief_now(study: RegimeStudy, facts: RegimeFacts) -> str:
    """Return the regime of the last bar in a cell, with its date where the series ended before the others."""
    name = "no label" if facts.now is None else regime_name(facts.now.name)
    if facts.last_bar == len(study.times) - 1:
        return name
    return f"{name}, {format_time(int(study.times[facts.last_bar]))}"


def causal_words(study: RegimeStudy) -> str:
    """Return whether the labels could be traded on."""
    if study.labels.causal:
        return "yes: each label is known at the close of its bar"
    return "NO: labels use future bars, they only describe"


def refit_words(study: RegimeStudy) -> str:
    """Return when parameters were learned, empty where nothing is learned."""
    dates = study.refit_times
    if not dates:
        return ""
    if len(dates) <= _MANY_REFITS:
        return f"{len(dates)}: {', '.join(dates)}"
    return f"{len(dates)}, from {dates[0]}, {dates[1]} ... to {dates[-1]}"


def data_words(study: RegimeStudy) -> str:
    """Return the bars that were labelled."""
    times = study.times
    span = f"{format_time(int(times[0]))} to {format_time(int(times[-1]))}"
    what = study.series[0].name if len(study.labels.label[0]) == 1 else f"{study.symbols} symbols"
    if study.settings.scope == "market":
        what = f"the market, {study.symbols} symbol{'' if study.symbols == 1 else 's'} weighted equally"
    return f"{what}, {len(times):,} bars ({study.bars.frequency}), {span}, {study.bars_per_year:g} a year"


def agreement_words(found: MethodComparison) -> str:
    """Return what the figures of agreement mean."""
    return (
        f"Equal: share of bars with the same state as {method_name(found.methods[0].method)}, states matched by "
        "volatility. Rand: adjusted Rand index (Hubert and Arabie 1985), 1 = the same, 0 = what chance gives. "
        "Where most bars are in one state, Equal is high by chance alone: read Rand."
    )
