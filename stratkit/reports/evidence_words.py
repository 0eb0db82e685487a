"""`evidence_line`, `evidence_rows`: how many trials a Sharpe ratio was picked from, and what that leaves of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stratkit.reports.wording import MISSING, number

NOT_COUNTED = "trials not counted"


@dataclass(frozen=True)
class EvidenceRow:
    """One figure of the evidence: `value` as text, and what it says in one sentence."""

    name: str
    value: str
    sentence: str


def trials_words(evidence: Mapping[str, Any] | None) -> str:
    """Return what stands beside a Sharpe ratio: of how many trials it is.

    `evidence` is what evidence.json holds, None where there is none.

    >>> trials_words({"trials": 1}), trials_words({"trials": 1200, "effective_trials": 33.27}), trials_words(None)
    ('1 trial', '1,200 trials (effective 33.3)', 'trials not counted')
    """
    trials = (evidence or {}).get("trials")
    if evidence is None or trials is None:
        return NOT_COUNTED
    return "1 trial" if trials == 1 else f"{trials:,} trials (effective {figure(evidence, 'effective_trials', 1)})"


def worth_words(evidence: Mapping[str, Any] | None) -> str:
    """Return what the trials leave of a Sharpe ratio, empty where they were not counted.

    >>> worth_words({"trials": 3, "psr": 0.93, "deflated_sharpe": 0.71, "luck_sharpe_ann": 0.312})
    'PSR 0.93, deflated 0.71; luck alone: 0.31'
    >>> worth_words({"trials": 1, "psr": 0.93, "deflated_sharpe": 0.93, "luck_sharpe_ann": 0.0})
    'PSR 0.93'
    """
    if evidence is None or evidence.get("trials") is None:
        return ""
    said = f"PSR {figure(evidence, 'psr')}"
    if evidence["trials"] > 1:
        said += f", deflated {figure(evidence, 'deflated_sharpe')}; luck alone: {figure(evidence, 'luck_sharpe_ann')}"
    return said


def sharpe_notes(evidence: Mapping[str, Any] | None) -> list[str]:
    """Return what stands beside a Sharpe ratio on the terminal, then the lines below: one trial needs none.

    >>> sharpe_notes({"trials": 1, "psr": 0.93})
    ['1 trial, PSR 0.93']
    >>> sharpe_notes({"trials": 3, "effective_trials": 1.4, "psr": 0.9, "deflated_sharpe": 0.7, "luck_sharpe_ann": 0.3})
    ['3 trials', 'effective 1.4; PSR 0.90, deflated 0.70; luck alone: 0.30']
    """
    worth = worth_words(evidence)
    if evidence is None or evidence.get("trials") in (None, 1):
        return [", ".join(filter(None, (trials_words(evidence), worth)))]
    alike = f"effective {figure(evidence, 'effective_trials', 1)}"
    return [f"{evidence['trials']:,} trials", "; ".join((alike, worth)), *_chosen_words(evidence)]


def evidence_line(evidence: Mapping[str, Any] | None) -> str:
    """Return all of it in one line.

    >>> evidence_line(None)
    'trials not counted'
    """
    return "; ".join(filter(None, (trials_words(evidence), worth_words(evidence), *_chosen_words(evidence))))


def evidence_rows(evidence: Mapping[str, Any] | None) -> list[EvidenceRow]:
    """Return every figure of the evidence with a sentence on what it means; none where trials were not counted."""
    if evidence is None or evidence.get("trials") is None:
        return []
    return list(_rows(evidence))


def figure(evidence: Mapping[str, Any], name: str, digits: int = 2) -> str:
    """Return one figure as text, n/a where it is not known."""
    value = evidence.get(name)
    return number(math.nan if value is None else float(value), digits)


def _chosen_words(evidence: Mapping[str, Any] | None) -> list[str]:
    """Return what choosing the best of the trials is worth, where there are enough of them."""
    if evidence is None or evidence.get("pbo") is None:
        return []
    superior = f", SPA p {figure(evidence, 'spa_p', 3)}" if evidence.get("spa_p") is not None else ""
    return [f"PBO {figure(evidence, 'pbo')}{superior}"]


def _rows(evidence: Mapping[str, Any]) -> Iterator[EvidenceRow]:
    trials, why = evidence["trials"], evidence.get("reasons") or {}
    yield EvidenceRow(
        "Trials", f"{trials:,}",
        "So often these strategies were tried on these symbols in this folder of runs, on whatever dates. Trials of "
        "runs that were removed count; the same run once more does not.",
    )  # fmt: skip
    yield EvidenceRow(
        "Effective trials", number(evidence["effective_trials"], 1),
        "What they are worth as independent ones: trials that earn alike are hardly more than one.",
    )  # fmt: skip
    sentences = {
        "psr": ("Probabilistic Sharpe ratio (PSR)",
                "The probability that the true Sharpe ratio is above 0, had this been the only trial."),
        "luck_sharpe_ann": ("Sharpe ratio of luck, a year",
                            "What the best of so many trials shows on average when none of them has an edge."),
        "deflated_sharpe": ("Deflated Sharpe ratio (DSR)",
                            "The probability that the true Sharpe ratio is above that of luck. Above 0.95 it can be "
                            "believed; below 0.5 luck alone does as well."),
        "pbo": ("Probability of overfitting (PBO)", _pbo_sentence(evidence)),
        "spa_p": ("SPA p value", _spa_sentence(evidence)),
    }  # fmt: skip
    for name, (label, sentence) in sentences.items():
        text = figure(evidence, name, 3 if name == "spa_p" else 2)
        yield EvidenceRow(label, text, f"Not known: {why.get(name, '')}." if text == MISSING else sentence)


def _pbo_sentence(evidence: Mapping[str, Any]) -> str:
    if evidence.get("pbo_trials") is None:
        return ""
    return (
        f"In this share of the {evidence['pbo_splits']:,} ways to halve the bars, the best of the "
        f"{evidence['pbo_trials']:,} trials on them in one half is below their median in the other. Above 0.5, "
        "choosing the best is worse than choosing blindly."
    )


def _spa_sentence(evidence: Mapping[str, Any]) -> str:
    if evidence.get("spa_trials") is None:
        return ""
    return (
        f"How often luck alone makes the best of {evidence['spa_trials']:,} trials as good against cash as it is here; "
        f"the returns of so many of the {evidence['same_bars']:,} on these bars are kept. "
        "Below 0.05 it is more than luck."
    )
