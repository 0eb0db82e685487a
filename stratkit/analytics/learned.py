"""`Learned`: what adapted in a run, and whether it was any good, from its trades: claims, quality, refusals, time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratkit.analytics.claims import ClaimCheck, SelectorCheck, check_claims, check_selector
from stratkit.analytics.earned import ClosedTrades, Earned, closed_of
from stratkit.analytics.kept_away import KeptAway, kept_away
from stratkit.analytics.learned_times import HealthStep, Steps, base_steps, health_steps, weight_steps
from stratkit.analytics.quality_bands import QualityBands, quality_bands
from stratkit.combine.sieve import FATES
from stratkit.engine.adapted import Adapted
from stratkit.engine.layout import REFUSED, RULES
from stratkit.engine.result import BacktestResult
from stratkit.panel import BoolArray, IntArray


@dataclass(frozen=True)
class Choices:
    """Which of K chosen trades, by the bars of their decisions, got another choice than the best so far: (K,) each.

    Trades of the shadow book, for which a profile is chosen alike, are among them.
    """

    bar: IntArray
    explored: BoolArray

    @property
    def tries(self) -> int:
        """How many got another choice than the best so far."""
        return int(self.explored.sum())

    @property
    def share(self) -> float:
        """Their share, NaN without a trade."""
        return self.tries / len(self.bar) if len(self.bar) else math.nan


@dataclass(frozen=True)
class Learned:
    """What adapted: `status` are the plain values of how it ended, `fault` why it stopped on the way, or empty.

    `account` and `shadow` are what all closed trades earned in each book. `claims` and `selector` are empty and None
    where no exit profile is chosen, `bands` where no signal is judged, `choices` where nothing is chosen. `weights` and
    `base` are steps over the bars of this run; `health` those of each strategy, in the order of `strategies`.
    """

    status: Mapping[str, Any]
    fault: str
    strategies: tuple[str, ...]
    account: Earned
    shadow: Earned
    claims: tuple[ClaimCheck, ...]
    selector: SelectorCheck | None
    bands: QualityBands | None
    kept: tuple[KeptAway, ...]
    choices: Choices | None
    weights: Steps
    base: Steps
    health: tuple[tuple[HealthStep, ...], ...]


def learned_of(result: BacktestResult) -> Learned | None:
    """Return what was learned in a run; None where nothing adapts."""
    adapted = result.adapted
    if adapted is None:
        return None
    account, shadow = (np.asarray(rows["exit_bar"]) >= 0 for rows in (result.trades, adapted.shadow_trades))
    closed, unseen = closed_of(result.trades[account]), closed_of(adapted.shadow_trades[shadow])
    taken, not_taken = _all(closed), _all(unseen)
    status, before = adapted.status, int(adapted.status["bars_before"])
    return Learned(
        status, adapted.fault, result.strategies, taken, not_taken,
        *_claims(adapted, account, shadow, closed, unseen), _bands(adapted, account, shadow, closed, unseen),
        _kept(result, adapted, shadow, unseen, taken), _choices(result, adapted),
        weight_steps(status["weight_changes"], status["base_weights"], before), base_steps(status["base_weights"]),
        health_steps(result.strategies, status["by_state"], status["health_changes"], before),
    )  # fmt: skip


def _all(closed: ClosedTrades) -> Earned:
    return closed.earned(np.ones(len(closed.pnl), np.bool_))


def _claims(
    adapted: Adapted, account: BoolArray, shadow: BoolArray, closed: ClosedTrades, unseen: ClosedTrades
) -> tuple[tuple[ClaimCheck, ...], SelectorCheck | None]:
    profile, others = adapted.marks.profile, adapted.shadow_marks.profile
    if profile is None:
        return (), None
    code = profile.codes[account]
    other = np.full(len(unseen.pnl), -1) if others is None else others.codes[shadow]
    return tuple(check_claims(profile.names[:-1], code, closed, other, unseen)), check_selector(code, closed)


def _bands(
    adapted: Adapted, account: BoolArray, shadow: BoolArray, closed: ClosedTrades, unseen: ClosedTrades
) -> QualityBands | None:
    quality, other = adapted.marks.quality, adapted.shadow_marks.quality
    if quality is None:
        return None
    second = np.full(len(unseen.pnl), np.nan) if other is None else other[shadow]
    both = ClosedTrades(*(np.concatenate(pair) for pair in (
        (closed.pnl, unseen.pnl), (closed.r, unseen.r), (closed.part, unseen.part),
    )))  # fmt: skip
    is_shadow = np.repeat([False, True], [len(closed.pnl), len(unseen.pnl)])
    return quality_bands(np.concatenate((quality[account], second)), both, is_shadow)


def _kept(
    result: BacktestResult, adapted: Adapted, shadow: BoolArray, unseen: ClosedTrades, taken: Earned
) -> tuple[KeptAway, ...]:
    log = result.decisions[result.decisions["outcome"] == REFUSED]
    refused = [int((log["rule"] == RULES.index(reason)).sum()) for reason in FATES[1:]]
    kept = adapted.shadow_marks.kept
    code = np.full(len(unseen.pnl), -1) if kept is None else kept.codes[shadow] - 1  # the first name is that of none
    return tuple(kept_away(FATES[1:], refused, code, unseen, taken))


def _choices(result: BacktestResult, adapted: Adapted) -> Choices | None:
    rows = [
        (np.asarray(trades["decision_bar"], np.int64), marks.explored)
        for trades, marks in ((result.trades, adapted.marks), (adapted.shadow_trades, adapted.shadow_marks))
        if marks.explored is not None
    ]
    if not rows:
        return None
    bar, explored = (np.concatenate(column) for column in zip(*rows, strict=True))
    known = explored >= 0
    order = np.argsort(bar[known], kind="stable")
    return Choices(bar[known][order], explored[known][order] == 1)
