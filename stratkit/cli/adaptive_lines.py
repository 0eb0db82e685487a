"""`adaptive_lines`: how what adapts ended, in a few lines for the summary of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stratkit.adaptive.settings import PolicyName, SelectorSettings
from stratkit.engine.adapted import Adapted

_SHOWN: Final = 6  # regimes and alerts, the rest is in adaptive.json

_POLICIES: Final[dict[PolicyName, str]] = {
    "epsilon_greedy": "epsilon-greedy",
    "ucb1": "UCB1",
    "thompson": "Thompson sampling",
    "discounted": "discounted UCB",
    "sliding_window": "sliding-window UCB",
}


def adaptive_lines(adapted: Adapted | None) -> list[str]:
    """Return states and weights of strategies, the best arm by regime, what is out of bounds; nothing without it."""
    return [] if adapted is None else list(_lines(adapted))


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


def _lines(adapted: Adapted) -> Iterator[str]:
    status = adapted.status
    weights = status["raw_weights"]
    for state, names in status["by_state"].items():
        if names:
            yield f"{state}: {', '.join(f'{name} (weight {weights[name]:.2f})' for name in names)}"
    if status["shadow_trades"]:
        yield f"{status['shadow_trades']:,} trades in the shadow book, see shadow_trades.parquet"
    best = [arm for arm in status["arms"] if arm["is_best"]]
    for arm in best[:_SHOWN]:
        yield f"best in {arm['regime']}: {arm['arm']}, {arm['q']:+.2f} R after {arm['trades']:,} trades"
    if best and status["epsilon"] is not None:
        yield f"{status['epsilon']:.0%} of choices are tries at random"
    yield from status["alerts"][:_SHOWN]
    if len(best) > _SHOWN or len(status["alerts"]) > _SHOWN:
        yield "and more in adaptive.json"
