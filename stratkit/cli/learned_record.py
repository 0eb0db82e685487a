"""`learned_record`: what was learned in a run, as plain values for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from stratkit.analytics.learned import Choices, Learned
from stratkit.panel import IntArray, format_time


def learned_record(learned: Learned, times: IntArray) -> dict[str, Any]:
    """Return how what adapts ended and how its choices turned out: fractions, R, NaN for undefined.

    The keys of the status stand beside `measured`, what closed trades say; `times` (T,) date the changes.
    """
    return {
        **learned.status,
        "measured": {
            "account": asdict(learned.account),
            "shadow": asdict(learned.shadow),
            "claims": [
                {**asdict(row), "claim": {**row.claim._asdict(), "mean_r": row.claim.mean_r}} for row in learned.claims
            ],
            "selector": None if learned.selector is None else asdict(learned.selector),
            "quality": None if learned.bands is None else asdict(learned.bands),
            "kept_away": [asdict(row) for row in learned.kept],
            "choices": None if learned.choices is None else _choices(learned.choices),
            "health": {
                name: [{**asdict(step), "time": format_time(int(times[step.bar]))} for step in steps]
                for name, steps in zip(learned.strategies, learned.health, strict=True)
            },
        },
    }


def _choices(choices: Choices) -> dict[str, Any]:
    return {"trades": len(choices.bar), "explored": choices.tries, "explored_share": choices.share}
