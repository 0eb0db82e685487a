"""`Cooldowns`: until which bar a strategy leaves a symbol alone in which it lost several times in a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratkit.adaptive.outcomes import Outcomes
from stratkit.adaptive.settings import PauseSettings
from stratkit.panel import BoolArray, IntArray


@dataclass(frozen=True)
class Cooldowns:
    """Losses in a row of the account's trades, and the first bar with entries again: (S, N) int64 each."""

    losses_in_row: IntArray
    until: IntArray

    def resting(self, bar: int) -> BoolArray:
        """Return (S, N) who makes no entry by a decision on `bar`."""
        rests: BoolArray = self.until > bar
        return rests


def no_cooldowns(strategies: int, symbols: int) -> Cooldowns:
    """Return what holds before the first trade."""
    zero = np.zeros((strategies, symbols), np.int64)
    return Cooldowns(zero, zero)


def rested(cooldowns: Cooldowns, outcomes: Outcomes, settings: PauseSettings) -> Cooldowns:
    """Return the cooldowns after more closed trades; those of the shadow book risk nothing and do not count.

    After `losses_in_row` losses no decision on the next `bars` bars behind the exit enters, and counting begins anew.
    """
    real = outcomes[~outcomes.is_shadow]
    if not len(real):
        return cooldowns
    losses, until = cooldowns.losses_in_row.copy(), cooldowns.until.copy()
    for strategy, symbol, pnl, exit_bar in zip(real.strategy, real.symbol, real.pnl_frac, real.exit_bar, strict=True):
        losses[strategy, symbol] = losses[strategy, symbol] + 1 if pnl < 0 else 0
        if losses[strategy, symbol] >= settings.losses_in_row:
            losses[strategy, symbol] = 0
            until[strategy, symbol] = exit_bar + settings.bars + 1
    return Cooldowns(losses, until)
