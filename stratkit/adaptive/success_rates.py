"""`SuccessRates`: how often trades of a strategy in a symbol, on one side, decided in one regime, ended with a gain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.adaptive.outcomes import Outcomes
from stratkit.panel import FloatArray, IntArray

UNTRIED: Final = 0.5  # the rate while too few trades are closed


@dataclass(frozen=True)
class SuccessRates:
    """Counts of closed trades, and of those with net P&L > 0: (S, N, 2, R + 1) int64.

    The third axis is long, short; the last entry of the fourth is for regimes that were not known. Trades of the
    shadow book count like those of the account, else what is refused could never be seen to improve.
    """

    trades: IntArray
    wins: IntArray


def no_rates(strategies: int, symbols: int, regimes: int) -> SuccessRates:
    """Return counts of no trade."""
    shape = (strategies, symbols, 2, regimes + 1)
    return SuccessRates(np.zeros(shape, np.int64), np.zeros(shape, np.int64))


def counted(rates: SuccessRates, outcomes: Outcomes) -> SuccessRates:
    """Return the counts with more closed trades in them."""
    if not len(outcomes):
        return rates
    trades, wins = rates.trades.copy(), rates.wins.copy()
    place = (outcomes.strategy, outcomes.symbol, (outcomes.side < 0).astype(np.int64), outcomes.regime)
    np.add.at(trades, place, 1)
    np.add.at(wins, place, (outcomes.pnl_frac > 0).astype(np.int64))
    return SuccessRates(trades, wins)


def rate_table(rates: SuccessRates, min_trades: int) -> FloatArray:
    """Return (S, N, 2, R + 1) the rates, 0.5 wherever fewer than `min_trades` are closed."""
    share: FloatArray = rates.wins / np.maximum(rates.trades, 1)
    return np.where(rates.trades >= min_trades, share, UNTRIED)
