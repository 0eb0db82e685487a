"""`Health`: which strategies are active, degraded, suspended or retired, since when, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stratkit.adaptive.measures import Measures
from stratkit.adaptive.outcomes import Outcomes
from stratkit.adaptive.settings import HealthSettings
from stratkit.adaptive.terms import Terms
from stratkit.panel import BoolArray, FloatArray, IntArray

ACTIVE, DEGRADED, SUSPENDED, RETIRED = range(4)
STATE_NAMES: Final = ("active", "degraded", "suspended", "retired")
_MOST_DECIMALS: Final = 9


@dataclass(frozen=True)
class Health:
    """States of S strategies, (S,) each: the code, the bar since when, and the expectancy when suspended, NaN before.

    `new_trades` counts those that have closed since then, in the account and in the shadow book. A degraded strategy
    goes on trading. A suspended one trades in the shadow book only, and may come back; a retired one does not.
    """

    state: IntArray
    since: IntArray
    at_suspension: FloatArray
    new_trades: IntArray

    @property
    def may_trade(self) -> BoolArray:
        """(S,) whether it may enter."""
        return self.state < SUSPENDED


@dataclass(frozen=True)
class HealthChange:
    """A strategy that changed its state at the close of a bar, and the figures that made it."""

    bar: int
    strategy: str
    before: str
    after: str
    reasons: tuple[str, ...]


def all_active(strategies: int) -> Health:
    """Return the health of strategies that nothing is known against."""
    none = np.zeros(strategies, np.int64)
    return Health(none, none, np.full(strategies, np.nan), none)


def with_new_trades(health: Health, outcomes: Outcomes) -> Health:
    """Return the health in which more closed trades are counted."""
    return replace(
        health, new_trades=health.new_trades + np.bincount(outcomes.strategy, minlength=len(health.new_trades))
    )


def violations(measures: Measures, strategy: int, settings: HealthSettings) -> tuple[str, ...]:
    """Return what is out of bounds of one strategy, in words; nothing while it has too few trades to be judged."""
    trades, expectancy = int(measures.trades[strategy]), float(measures.expectancy_r[strategy])
    if trades < settings.min_trades:
        return ()
    factor, wins = float(measures.profit_factor[strategy]), float(measures.win_rate[strategy])
    fall, losses = 100.0 * float(measures.drawdown_frac[strategy]), int(measures.losses_in_row[strategy])
    least_r, least_factor, least_wins = settings.min_expectancy_r, settings.min_profit_factor, settings.min_win_rate
    worst = settings.max_drawdown_pct
    checks = (
        (expectancy < least_r, f"expectancy {_apart(expectancy, least_r, 2)} R < {least_r:g} R"),
        (factor < least_factor, f"profit factor {_apart(factor, least_factor, 2)} < {least_factor:g}"),
        (wins < least_wins, f"win rate {_apart(100 * wins, 100 * least_wins, 0)} % < {100 * least_wins:g} %"),
        (fall > worst, f"drawdown {_apart(fall, worst, 1)} % > {worst:g} %"),
        (losses >= settings.max_losses_in_row, f"{losses} losses in a row >= {settings.max_losses_in_row}"),
    )
    return tuple(words for is_violated, words in checks if is_violated)


def _apart(value: float, bound: float, decimals: int) -> str:
    """Return a value with so many decimals, or as many more as tell it from its bound."""
    while decimals < _MOST_DECIMALS and float(f"{value:.{decimals}f}") == float(f"{bound:g}"):
        decimals += 1
    return f"{value:.{decimals}f}"


def next_health(health: Health, measures: Measures, bar: int, terms: Terms) -> tuple[Health, tuple[HealthChange, ...]]:
    """Return states after an update at the close of `bar`, and what changed; each moves one step at most.

    ACTIVE -> DEGRADED when any figure is out of bounds, and back when none is. DEGRADED -> SUSPENDED after
    `degraded_bars`. SUSPENDED -> ACTIVE when expectancy, shadow trades included, has risen by 15 % of what it was at
    suspension; else -> RETIRED after `suspended_bars`. Every step down waits for `min_new_trades` as well.
    """
    changes = []
    for strategy, name in enumerate(terms.strategies):
        before = int(health.state[strategy])
        found = _next_state(health, measures, strategy, bar, terms)
        if found is not None:
            changes.append((strategy, HealthChange(bar, name, STATE_NAMES[before], STATE_NAMES[found[0]], found[1])))
    if not changes:
        return health, ()
    state, since, at_suspension = health.state.copy(), health.since.copy(), health.at_suspension.copy()
    new_trades = health.new_trades.copy()
    for strategy, change in changes:
        state[strategy], since[strategy] = STATE_NAMES.index(change.after), bar
        is_suspended = state[strategy] == SUSPENDED
        at_suspension[strategy] = measures.expectancy_r[strategy] if is_suspended else np.nan
        new_trades[strategy] = 0
    return Health(state, since, at_suspension, new_trades), tuple(change for _, change in changes)


def _next_state(
    health: Health, measures: Measures, strategy: int, bar: int, terms: Terms
) -> tuple[int, tuple[str, ...]] | None:
    """Return the state that follows and the reasons, None while nothing changes."""
    settings = terms.optimization.health
    state, waited = int(health.state[strategy]), bar - int(health.since[strategy])
    trades = int(health.new_trades[strategy])
    is_heard, stayed = trades >= settings.min_new_trades, f"{waited} bars and {trades} trades {STATE_NAMES[state]}"
    if state == RETIRED:
        return None
    if state == SUSPENDED:
        expectancy, at_suspension = float(measures.expectancy_r[strategy]), float(health.at_suspension[strategy])
        words = f"expectancy {expectancy:.2f} R after {at_suspension:.2f} R at suspension"
        if has_recovered(expectancy, at_suspension, settings):
            return ACTIVE, (words,)
        return (RETIRED, (stayed, words)) if is_heard and waited >= terms.suspended_bars else None
    reasons = violations(measures, strategy, settings)
    if state == ACTIVE:
        return (DEGRADED, reasons) if reasons and is_heard else None
    if not reasons:
        return ACTIVE, ("all figures within bounds",)
    return (SUSPENDED, (stayed, *reasons)) if is_heard and waited >= terms.degraded_bars else None


def has_recovered(expectancy: float, at_suspension: float, settings: HealthSettings) -> bool:
    """Whether expectancy has risen, and by the share of its size at suspension that is asked for.

    >>> has_recovered(-0.85, -1.0, HealthSettings()), has_recovered(-0.86, -1.0, HealthSettings())
    (True, False)
    """
    rise = expectancy - at_suspension
    return rise > 0 and rise >= settings.recovery_pct / 100.0 * abs(at_suspension)
