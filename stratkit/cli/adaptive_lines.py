"""`adaptive_lines`: how what adapts ended, in at most eight lines for the summary of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from stratkit.adaptive.health import STATE_NAMES, SUSPENDED
from stratkit.adaptive.settings import PolicyName, SelectorSettings
from stratkit.adaptive.status import FEW_TRADES
from stratkit.analytics.claims import SELECTOR_MEAN_R, TOO_FEW, ClaimCheck, SelectorCheck
from stratkit.analytics.kept_away import KeptAway
from stratkit.analytics.learned import Choices, Learned
from stratkit.analytics.quality_bands import QualityBands
from stratkit.reports.learned_words import earned_words, named, r_words, range_words, trades_words
from stratkit.reports.wording import first_names, number, percent

_MOST: Final = 8
_NAMES: Final = 4  # strategies of one state
_REGIMES: Final = 6  # in the line of the best arms
_KEPT: Final = {
    "quality": "low quality", "suspended": "suspended", "losing_streak": "losing streak", "not_chosen": "not chosen",
}  # fmt: skip

_POLICIES: Final[dict[PolicyName, str]] = {
    "epsilon_greedy": "epsilon-greedy",
    "ucb1": "UCB1",
    "thompson": "Thompson sampling",
    "discounted": "discounted UCB",
    "sliding_window": "sliding-window UCB",
}


def adaptive_lines(learned: Learned | None) -> list[str]:
    """Return a fault first, then states and weights, the best arms, what came of each part; nothing without it.

    What does not fit in eight lines is in adaptive.json and on the page.
    """
    if learned is None:
        return []
    lines = list(_lines(learned))
    return lines if len(lines) <= _MOST else [*lines[: _MOST - 1], "and more in adaptive.json"]


def chosen_exits(selector: SelectorSettings | None) -> str:
    """Say how exit profiles are chosen, in place of the plans that are configured; "" where they are not.

    >>> chosen_exits(SelectorSettings(enabled=True))
    'chosen per entry from 7 profiles by epsilon-greedy, default ultra_aggressive'
    """
    if selector is None or not selector.enabled or selector.over != "profiles":
        return ""
    several, policy = len(selector.profiles) > 1, _POLICIES[selector.policy]
    among = f"{len(selector.profiles)} profiles by {policy}" if several else "one profile"
    return f"chosen per entry from {among}, default {selector.default}"


def _lines(learned: Learned) -> Iterator[str]:
    if learned.fault:
        yield f"STOPPED by a fault, the rest was learned before it: {learned.fault}"
    parts = learned.status["parts"]
    if parts["adaptive_weighting"] or parts["retirement_management"]:
        yield _states(learned.status)
    if learned.choices is not None:
        yield _best(learned.status["arms"])
        yield _tried(learned.choices)
    if learned.claims:
        yield _claims(learned.claims, learned.selector)
    if learned.bands is not None and learned.bands.correlation.is_defined:
        yield _quality(learned.bands)
    yield from (_kept(row) for row in learned.kept)


def _states(status: Mapping[str, Any]) -> str:
    """Return strategies by state, with the weights of those that may trade."""
    weights = status["raw_weights"]
    parts = []
    for state, names in status["by_state"].items():
        if names:
            trades = STATE_NAMES.index(state) < SUSPENDED
            shown = [f"{name} {weights[name]:.2f}" if trades else name for name in names]
            parts.append(f"{state}{', with weights' if trades else ''}: {first_names(shown, _NAMES)}")
    return "; ".join(parts)


def _best(arms: Sequence[Mapping[str, Any]]) -> str:
    """Return the best arm of each regime that has one, the highest Q first."""
    best = sorted((arm for arm in arms if arm["is_best"]), key=lambda arm: -float(arm["q"]))
    if not best:
        most = max((arm["trades"] for arm in arms), default=0)
        return f"best so far: nothing has {FEW_TRADES} closed trades in a regime yet, {trades_words(most)} at most"
    parts = [
        f"{arm['arm']} in {named(arm['regime'])} ({r_words(arm['q'])}, n {arm['trades']:,})" for arm in best[:_REGIMES]
    ]
    more = f", and {len(best) - _REGIMES:,} more" if len(best) > _REGIMES else ""
    return f"best so far: {', '.join(parts)}{more}"


def _tried(choices: Choices) -> str:
    count = len(choices.bar)
    share = f" ({percent(choices.share, 0)})" if count else ""
    return f"tried: {choices.tries:,} of {trades_words(count)}{share} got another choice than the best so far"


def _claims(rows: Sequence[ClaimCheck], selector: SelectorCheck | None) -> str:
    untold = sum(row.verdict == TOO_FEW for row in rows)
    within = sum(row.verdict in ("within", "above the claim") for row in rows)
    said = f"claims: {within} of {len(rows)} hold, {untold} have too few trades"
    if selector is None or not selector.earned.with_r:
        return said
    earned = selector.earned
    return f"{said}; {r_words(earned.mean_r, earned.r_error)} a trade for {r_words(SELECTOR_MEAN_R)} claimed"


def _quality(bands: QualityBands) -> str:
    found = bands.correlation
    word = "better" if found.low > 0 else "WORSE" if found.high < 0 else "no better"
    return (
        f"better signals, {word} trades: rank correlation {number(found.estimate, signed=True)} ({range_words(found)})"
    )


def _kept(row: KeptAway) -> str:
    said = f"refused, {_KEPT[row.reason]}: {row.refused:,}"
    trades = row.earned.trades
    if not trades:
        return said
    several = ", an entry may lead to several" if trades > row.refused else ""
    made = earned_words(row.earned, row.in_r)
    return f"{said}; in the shadow book {made} ({trades_words(trades)}{several}): {row.verdict}"
