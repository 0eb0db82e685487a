"""Trade metrics: formulas of record on a `TradeSummary`, net P&L of closed trades."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.analytics.summary import TradeSummary
from stratkit.engine.layout import Records
from stratkit.inference.estimate import Estimate
from stratkit.inference.sharpe import Moments
from stratkit.panel import FloatArray

FEW_TRADES: Final = 30  # closed trades, below which a mean or a share of them says little
_NO_TRADES = "there is no closed trade"
_NO_RISK = "no closed trade has a known initial risk"
_NO_WIN, _NO_LOSS = "no trade won", "no trade lost"


@dataclass(frozen=True)
class Excursions:
    """Worst and best price excursions of closed trades: (K,) fractions of entry price, and in R.

    `mae` is 0 or negative, `mfe` 0 or positive; in R they are NaN where the risk is unknown.
    """

    mae: FloatArray
    mfe: FloatArray
    mae_r: FloatArray
    mfe_r: FloatArray


def win_rate(trades: TradeSummary) -> Estimate:
    """Return trades with net P&L > 0 over all trades; zero is not a win."""
    return Estimate(trades.wins / trades.trades) if trades.trades else Estimate.undefined(_NO_TRADES)


def profit_factor(trades: TradeSummary) -> Estimate:
    """Return gross profit/gross loss; infinite when something was won and nothing lost."""
    if not trades.trades:
        return Estimate.undefined(_NO_TRADES)
    if trades.shortfall == 0:
        return Estimate(math.inf) if trades.profit > 0 else Estimate.undefined("no trade won or lost anything")
    return Estimate(trades.profit / trades.shortfall)


def expectancy(trades: TradeSummary) -> Estimate:
    """Return the mean net P&L of a trade, account currency."""
    return Estimate(trades.pnl.mean) if trades.trades else Estimate.undefined(_NO_TRADES)


def expectancy_r(trades: TradeSummary) -> Estimate:
    """Return the mean R multiple of the trades whose initial risk is known."""
    if trades.r.n:
        return Estimate(trades.r.mean)
    return Estimate.undefined(_NO_RISK if trades.trades else _NO_TRADES)


def avg_win(trades: TradeSummary) -> Estimate:
    """Return the mean net P&L of the winners, account currency."""
    if not trades.trades:
        return Estimate.undefined(_NO_TRADES)
    return Estimate(trades.profit / trades.wins) if trades.wins else Estimate.undefined(_NO_WIN)


def avg_loss(trades: TradeSummary) -> Estimate:
    """Return the mean net P&L of the losers, account currency, negative."""
    if not trades.trades:
        return Estimate.undefined(_NO_TRADES)
    return Estimate(-trades.shortfall / trades.losses) if trades.losses else Estimate.undefined(_NO_LOSS)


def payoff(trades: TradeSummary) -> Estimate:
    """Return average win/abs(average loss)."""
    win, loss = avg_win(trades), avg_loss(trades)
    if not win.is_defined or not loss.is_defined:
        return Estimate.undefined(win.reason or loss.reason)
    return Estimate(win.value / abs(loss.value))


def kelly(trades: TradeSummary) -> Estimate:
    """Return W - (1 - W)/payoff, the Kelly fraction of a bet with these odds (Kelly 1956)."""
    odds = payoff(trades)
    if not odds.is_defined:
        return odds
    won = trades.wins / trades.trades
    return Estimate(won - (1.0 - won) / odds.value)


def sqn(trades: TradeSummary, most: int | None = None) -> Estimate:
    """Return sqrt(n) mean/sd(ddof=1) of R multiples, or of P&L unless every trade's risk is known.

    `most` caps n under the root: 100 gives SQN100 (Tharp, Definitive Guide to Position Sizing, 2008).
    """
    outcome = sqn_sample(trades)
    if outcome.n < 2:
        return Estimate.undefined(f"at least 2 closed trades are needed; there are {outcome.n}")
    if outcome.sd == 0:
        return Estimate.undefined("the outcomes of the trades do not vary")
    n = outcome.n if most is None else min(outcome.n, most)
    return Estimate(math.sqrt(n) * outcome.mean / outcome.sd)


def sqn_sample(trades: TradeSummary) -> Moments:
    """Return the moments that `sqn` stands on: R multiples when every trade has one, else P&L."""
    return trades.r if trades.r.n == trades.trades else trades.pnl


def avg_bars_held(trades: TradeSummary) -> Estimate:
    """Return the mean number of own bars from entry to exit."""
    return Estimate(trades.bars_held / trades.trades) if trades.trades else Estimate.undefined(_NO_TRADES)


def excursions(trades: Records) -> Excursions:
    """Return the excursions of closed trades (records as in `stratkit.engine.layout`)."""
    entry, side, risk = trades["entry_price"], trades["side"], trades["risk_unit"]
    worst = (trades["worst_price"] - entry) * side
    best = (trades["best_price"] - entry) * side
    with np.errstate(divide="ignore", invalid="ignore"):
        return Excursions(worst / entry, best / entry, worst / risk, best / risk)


def mean_excursion(values: FloatArray, in_r: bool) -> tuple[Estimate, int]:
    """Return the mean of the known excursions and how many they are."""
    known = values[np.isfinite(values)]
    if len(known):
        return Estimate(float(known.mean())), len(known)
    return Estimate.undefined(_NO_RISK if in_r and len(values) else _NO_TRADES), 0
