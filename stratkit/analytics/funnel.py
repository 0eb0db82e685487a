"""`Funnel`: what became of the proposals of each strategy, from the opinion to the fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.analytics.attributed import Attributed
from stratkit.engine.layout import (
    CAPS,
    EXPIRED,
    FILLED,
    REDUCED,
    REFUSED,
    RULES,
    SKIPPED,
)
from stratkit.errors import UsageError
from stratkit.panel import IntArray, read_only

CAP_RULES: Final = tuple(RULES[rule] for rule in CAPS)
# what happens while opinions are combined, before the engine sees them
COMBINED: Final = ("deduplicated", "outvoted", "below_floor", "over_strategy_limit", "over_total_limit")
STEPS: Final = ("filled", "reduced", *CAP_RULES, *COMBINED, "refused", "expired")


@dataclass(frozen=True)
class Funnel:
    """Proposals to enter of S strategies: `counts` (S, len(STEPS)), each proposal at the step where it ended.

    `filled` and `reduced` (entered smaller than asked) were approved; the cap rules, `deduplicated`, `outvoted`,
    `below_floor`, `over_strategy_limit` and `over_total_limit` turned one away; `refused` is every other rule of
    the engine, too small to trade among them; `expired` waited in vain. A standing signal that is
    refused anew at each bar counts anew, as the decision log has it. Exits are no proposals. Strategies that
    set weights ask for changes of weight, and each of them counts, in either direction.
    """

    strategies: tuple[str, ...]
    counts: IntArray

    @property
    def generated(self) -> IntArray:
        """(S,) all proposals: the sum of all steps."""
        return read_only(self.counts.sum(axis=1))

    @property
    def approved(self) -> IntArray:
        """(S,) proposals that became entries, whole or reduced."""
        return self.of("filled", "reduced")

    @property
    def capped(self) -> IntArray:
        """(S,) proposals that a cap refused."""
        return self.of(*CAP_RULES)

    def of(self, *steps: str) -> IntArray:
        """Return (S,) the proposals that ended at any of these `STEPS`."""
        return read_only(self.counts[:, [STEPS.index(step) for step in steps]].sum(axis=1))


def funnel(run: Attributed) -> Funnel:
    """Return the funnel of each strategy, from the decision log and the counts of what `combine` did."""
    counts = np.zeros((len(run.strategies), len(STEPS)), dtype=np.int64)
    side, outcome, rule = (np.asarray(run.decisions[name], dtype=np.int64) for name in ("side", "outcome", "rule"))
    rows = (np.abs(side) == 1) & (run.decision_strategy >= 0)
    step = _steps(outcome, rule)
    np.add.at(counts, (run.decision_strategy[rows & (step >= 0)], step[rows & (step >= 0)]), 1)
    for name, combined in run.combined.items():
        if name not in run.strategies or not set(combined) <= set(COMBINED):
            raise UsageError(f"combined must count {', '.join(COMBINED)} of a strategy; found {name}: {dict(combined)}")
        for what, count in combined.items():
            counts[run.strategies.index(name), STEPS.index(what)] += count
    return Funnel(run.strategies, read_only(counts))


def _steps(outcome: IntArray, rule: IntArray) -> IntArray:
    """Return the step at which each decision ended, -1 where it was none: a breaker that moved."""
    step = np.full(len(outcome), -1)
    for code, name in ((FILLED, "filled"), (REDUCED, "reduced"), (EXPIRED, "expired")):
        step[outcome == code] = STEPS.index(name)
    turned_away = (outcome == REFUSED) | (outcome == SKIPPED)
    step[turned_away] = STEPS.index("refused")
    for code, name in zip(CAPS, CAP_RULES, strict=True):
        step[turned_away & (rule == code)] = STEPS.index(name)
    return step
