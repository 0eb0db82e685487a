"""`judgement_facts`: what a judgement of what adapts stands on, and its figures as a reader sees them."""

from __future__ import annotations

import math
from typing import Final

from stratkit.inference.averaged_difference import AveragedDifference, Found
from stratkit.inference.comparable_arms import IDENTICAL
from stratkit.panel import format_time
from stratkit.reports.judgement_content import JudgementContent
from stratkit.reports.wording import MISSING, first_names, number, percent
from stratkit.research.adaptive_judgement import JudgedArm
from stratkit.research.adaptive_words import Effect
from stratkit.research.difference_words import has_ends

TONES: Final[dict[Effect, str]] = {
    "helped": "gain",
    "hurt": "loss",
    "equivalent": "warn",
    "no difference": "warn",
    "identical": "warn",
    "stopped trading": "warn",
    "not testable": "loss",
}
_NAMED: Final = 3  # symbols
REFERENCES: Final = ("base", "random", "fixed")
FIGURES: Final[tuple[tuple[str, str, str], ...]] = (
    ("trades", "Trades", "closed"),
    ("total_r", "Total R", "realised, of closed trades that had an initial risk"),
    ("mean_r", "Mean R", "a trade"),
    ("sharpe", "Sharpe", "a year"),
    ("cagr", "CAGR", "compound growth a year"),
    ("max_drawdown", "Max drawdown", "on every bar"),
    ("cost_ann", "Cost", "commission, spread, slippage and carry over equity, a year"),
)


def figure_text(name: str, value: float) -> str:
    """Return a figure of an arm by its name.

    >>> figure_text("cagr", 0.056), figure_text("trades", 1097.7), figure_text("mean_r", float("nan"))
    ('5.6%', '1,098', 'n/a')
    """
    if name in ("cagr", "max_drawdown"):
        return percent(value, 1)
    if name == "cost_ann":
        return percent(value, 2)
    if name == "trades":
        return number(value, 0)
    return number(value, 1 if name == "total_r" else 2, signed=name in ("total_r", "mean_r"))


def reference_name(content: JudgementContent, reference: str) -> str:
    """Return what an arm was tested against."""
    best = content.judgement.best
    named = {
        "base": "the base",
        "random": "random choice",
        "fixed": "the best fixed" if best is None else best.arm.name,
    }
    return named[reference]


def references_of(content: JudgementContent) -> list[str]:
    """Return the references that there are, in their order."""
    judged = content.judgement.judged
    return [name for name in REFERENCES if judged and name in judged[0].against]


def found_text(one: JudgedArm, found: Found) -> str:
    """Return a difference with its sign, or what stands in its place."""
    if found == IDENTICAL:
        return IDENTICAL
    if isinstance(found, str):
        return "not testable" if one.replays.figures["trades"] else "no trades"
    return number(found.difference, 2, signed=True)


def ends_text(found: Found) -> str:
    """Return the ends of the interval of a difference, n/a where it has none, empty where there was no test."""
    if not isinstance(found, AveragedDifference):
        return ""
    if not has_ends(found):
        return MISSING
    return f"{number(found.interval.low)} to {number(found.interval.high)}"


def lacks_ends(content: JudgementContent) -> bool:
    """Return whether some difference was tested whose interval has no ends."""
    tests = [found for one in content.judgement.judged for found in one.against.values()]
    return any(isinstance(found, AveragedDifference) and not has_ends(found) for found in tests)


def seeds_text(one: JudgedArm) -> str:
    """Return how many seeds stand behind an arm."""
    return f"means over {one.replays.seeds} seeds" if one.replays.seeds > 1 else "no seed"


def judgement_facts(content: JudgementContent) -> list[tuple[str, str]]:
    """Return what stands under the title."""
    judgement, question = content.judgement, content.judgement.question
    best = MISSING if judgement.best is None else judgement.best.arm.name
    return [
        ("Symbols", first_names(judgement.symbols, _NAMED)),
        ("Bars", f"{len(judgement.bar_times):,}"),
        ("Dates", f"{format_time(int(judgement.bar_times[0]))} to {format_time(int(judgement.bar_times[-1]))}"),
        ("Seeds", f"{judgement.seeds[0]} to {judgement.seeds[-1]}"),
        ("Best fixed by hindsight", best),
        ("Level", percent(question.alpha, 0) + ", two-sided"),
        ("Resamples", f"{question.reps:,}"),
    ]


def regret_ends(one: JudgedArm) -> str:
    """Return the interval of a regret over the seeds, or what stands in its place."""
    if one.regret is None:
        return MISSING
    ends = one.regret.interval
    return "-" if ends is None or not math.isfinite(ends.low) else f"{number(ends.low, 1)} to {number(ends.high, 1)}"
