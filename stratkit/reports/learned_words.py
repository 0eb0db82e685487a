"""What was learned in words: means with their errors, and what came of each part in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from stratkit.adaptive.health import STATE_NAMES
from stratkit.analytics.claims import SELECTOR_MEAN_R, TOO_FEW
from stratkit.analytics.earned import Earned
from stratkit.analytics.kept_away import CANNOT_TELL, KeptAway
from stratkit.analytics.learned import Learned
from stratkit.analytics.quality_bands import QualityBands
from stratkit.inference.interval import Interval
from stratkit.reports.wording import MISSING, number, percent, sentence_of

REASON_WORDS: Final = {
    "quality": "quality below the threshold", "suspended": "strategy suspended",
    "losing_streak": "resting after losses in a row", "not_chosen": "another strategy was chosen",
}  # fmt: skip
_HELD: Final = {"helped": "it helped", "hurt": "it HURT", CANNOT_TELL: "nobody can tell yet"}


def named(name: str) -> str:
    """Return a profile, a regime or a side as it is read."""
    return name.replace("_", " ")


def r_words(mean: float, error: float = math.nan) -> str:
    """Return a mean in R, with its standard error where it has one.

    >>> r_words(0.5, 0.125), r_words(0.5, float("nan")), r_words(float("nan"), float("nan"))
    ('+0.50 R ± 0.12', '+0.50 R', 'n/a')
    """
    if not math.isfinite(mean):
        return MISSING
    return f"{number(mean, 2, signed=True)} R" + (
        f" \N{PLUS-MINUS SIGN} {number(error)}" if math.isfinite(error) else ""
    )


def return_words(mean: float, error: float) -> str:
    """Return a mean return with its standard error, in percent."""
    if not math.isfinite(mean):
        return MISSING
    return percent(mean, 2, signed=True) + (f" \N{PLUS-MINUS SIGN} {percent(error)}" if math.isfinite(error) else "")


def earned_words(earned: Earned, in_r: bool) -> str:
    """Return what a trade earned on average, in R or as a return."""
    if in_r:
        return r_words(earned.mean_r, earned.r_error)
    return return_words(earned.mean_return, earned.return_error)


def range_words(interval: Interval, in_percent: bool = False, digits: int = 2) -> str:
    """Return the ends of an interval, empty where there is none."""
    if not interval.is_defined:
        return ""
    low, high = (percent(end, 0) if in_percent else number(end, digits) for end in (interval.low, interval.high))
    return f"{low} to {high}"


def trades_words(count: int) -> str:
    """Return a number of trades.

    >>> trades_words(1), trades_words(1200)
    ('1 trade', '1,200 trades')
    """
    return f"{count:,} trade{'' if count == 1 else 's'}"


def fault_words(learned: Learned) -> str:
    """Return what to say of a layer that stopped, empty where it did not."""
    if not learned.fault:
        return ""
    return (
        f"What adapts STOPPED on the way: {learned.fault}. The run went on with the controls that it had then; "
        "what stands here was learned before, and nothing after."
    )


def findings(learned: Learned) -> list[tuple[str, str]]:
    """Return what came of each part: its name and a sentence."""
    return [(name, sentence_of(words)) for name, words in _findings(learned)]


def _findings(learned: Learned) -> Iterator[tuple[str, str]]:
    parts = learned.status["parts"]
    if parts["adaptive_weighting"] or parts["retirement_management"]:
        yield "Strategies now", _state_words(learned)
    if learned.choices is not None:
        yield "Choices", _choice_words(learned)
    if learned.claims:
        yield "Claims", _claim_words(learned)
    if learned.bands is not None:
        yield "Quality score", bands_words(learned.bands)
    for row in learned.kept:
        yield f"Refused: {REASON_WORDS[row.reason]}", _kept_words(row, learned.account)


def _state_words(learned: Learned) -> str:
    by_state = learned.status["by_state"]
    parts = [f"{len(by_state[state])} {state}" for state in STATE_NAMES if by_state[state]]
    changes = sum(len(steps) - 1 for steps in learned.health)
    moved = len(learned.weights.bar) - 1
    return (
        f"{', '.join(parts)}; {changes:,} change{'' if changes == 1 else 's'} of state and {moved:,} of weights in the "
        "run"
    )


def _choice_words(learned: Learned) -> str:
    choices, status = learned.choices, learned.status
    assert choices is not None  # the caller asked
    count = len(choices.bar)
    what = "exit profile" if status["over"] == "profiles" else "strategy"
    if not count:
        return f"no trade was opened on a choice of {what}"
    part = f"{choices.tries:,} of {trades_words(count)} ({percent(choices.share, 0)})"
    said = f"{part} got another {what} than the best so far"
    epsilon = status["epsilon"]
    return said if epsilon is None else f"{said}; {percent(epsilon, 0)} of choices are tries at random now"


def _claim_words(learned: Learned) -> str:
    counts: dict[str, int] = {}
    for row in learned.claims:
        counts[row.verdict] = counts.get(row.verdict, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: item[0] == TOO_FEW)
    said = f"{', '.join(f'{count} {verdict}' for verdict, count in ranked)}, of {len(learned.claims)} profiles"
    one = learned.selector
    if one is None or not one.earned.with_r:
        return said
    earned = one.earned
    made, claimed = r_words(earned.mean_r, earned.r_error), r_words(SELECTOR_MEAN_R)
    return f"{said}; the selector made {made} a trade against {claimed} ({one.verdict})"


def bands_words(bands: QualityBands) -> str:
    """Return whether better signals were better trades."""
    trades = sum(band.earned.trades for band in bands.bands)
    found = bands.correlation
    if not found.is_defined:
        return f"{trades_words(trades)}: nothing can be said, {found.reason}"
    what = "R" if bands.in_r else "return"
    told = (
        "better signals were better trades" if found.low > 0
        else "better signals were WORSE trades" if found.high < 0
        else "nothing shows that better signals were better trades"
    )  # fmt: skip
    return (
        f"{told}: rank correlation of quality and {what} {number(found.estimate, 2, signed=True)} "
        f"({range_words(found)}), {trades_words(trades)}"
    )


def _kept_words(row: KeptAway, account: Earned) -> str:
    if not row.earned.trades:
        played = "the shadow book does not play them" if row.reason == "losing_streak" else "no shadow trade was closed"
        return f"{row.refused:,} entries; {played}"
    mine, theirs = (earned_words(one, row.in_r) for one in (account, row.earned))
    return (
        f"{row.refused:,} entries; {trades_words(row.earned.trades)} in the shadow book made {theirs} each, "
        f"the account's {account.trades:,} made {mine}: {_HELD[row.verdict]}"
    )
