"""`Card`: the figures that a verdict stands on, each with what it must be and what it means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from stratkit.inference.verdict import DEFLATED_PASS, OVERFIT_PASS, SUPERIOR_PASS, Word
from stratkit.reports.search_content import SearchContent
from stratkit.reports.wording import MISSING, number

MEANING: Final[dict[Word, str]] = {
    "pass": "What was found is more than luck, as far as these bars can tell.",
    "caution": "It may be more than luck, but not all of the evidence says so.",
    "fail": "What was found is what luck alone finds in as many trials.",
}
TONES: Final[dict[Word, str]] = {"pass": "gain", "caution": "warn", "fail": "loss"}


@dataclass(frozen=True)
class Card:
    """One figure: `tone` colours it, `note` says what it must be, `title` what it is, on hover."""

    label: str
    value: str
    note: str
    title: str
    tone: str = ""


def verdict_cards(content: SearchContent) -> list[Card]:
    """Return the figures of the verdict and those around it; n/a where one is not known."""
    found, root = content.evidence, math.sqrt(content.periods_per_year)
    deflated = math.nan if found is None else float(found.deflated)
    overfit = math.nan if found is None or found.overfitting is None else found.overfitting.probability
    p = math.nan if content.superior is None else content.superior.p_value
    luck = math.nan if found is None else float(found.luck) * root
    sharpe = math.nan if found is None else float(found.sharpe) * root
    return [
        Card(
            "Trials",
            "0" if found is None else f"{found.trials:,}",
            _effective(content),
            "all trials of these strategies on these symbols that the ledger knows; alike ones are worth fewer",
        ),
        Card(
            "Sharpe ratio",
            number(sharpe),
            f"luck alone: {number(luck)}",
            "of the chosen trial, a year, on the bars that were searched; beside it what the best of as many trials "
            "reaches by luck alone",
        ),
        Card(
            "Deflated Sharpe",
            number(deflated),
            f"pass above {DEFLATED_PASS:g}",
            "probability that the true ratio is above what luck alone gives (DSR)",
            _tone(deflated > DEFLATED_PASS, deflated),
        ),
        Card(
            "PBO",
            number(overfit),
            f"pass below {OVERFIT_PASS:g}",
            "probability of backtest overfitting: how often the best in one half of the bars is below the median in "
            "the other",
            _tone(overfit < OVERFIT_PASS, overfit),
        ),
        Card(
            "SPA p value",
            number(p, 3),
            f"pass below {SUPERIOR_PASS:g}",
            "Hansen's test: could the best of the trials be no better than cash?",
            _tone(p < SUPERIOR_PASS, p),
        ),
        _out_of_sample(content),
    ]


def _effective(content: SearchContent) -> str:
    return (
        "nobody counted"
        if content.evidence is None
        else f"worth {content.evidence.effective_trials:,.1f} independent ones"
    )


def _out_of_sample(content: SearchContent) -> Card:
    found = content.out_of_sample
    title = f"Sharpe ratio a year on bars that no trial saw{': ' + content.holdout if content.holdout else ''}"
    if found is None:
        return Card("Out of sample", MISSING, "no bars were held out", title)
    note = (
        f"{found.level:.0%} interval {number(found.low)} to {number(found.high)}" if found.is_defined else found.reason
    )
    return Card("Out of sample", number(found.estimate), note, title, _tone(found.low > 0, found.low))


def _tone(holds: bool, value: float) -> str:
    return "" if math.isnan(value) else "gain" if holds else "loss"
