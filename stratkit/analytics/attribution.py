"""`Attribution`: who earned what in a run, who proposed what, and whose risk it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratkit.analytics.attributed import Attributed
from stratkit.analytics.funnel import Funnel, funnel
from stratkit.analytics.groups import GroupTable, by_group
from stratkit.analytics.review import Review, review
from stratkit.analytics.strategy_risk import StrategyRisk, strategy_risk
from stratkit.frequency import ReturnPeriods
from stratkit.panel import FloatArray, read_only


@dataclass(frozen=True)
class Attribution:
    """S strategies over T bars; every table of P&L sums to `total`, final equity - initial cash.

    `curves` (T, S) and `account` (T,) are the cumulative net P&L at each close, account currency.
    `contributed` (S + 1,) is the P&L of each trade split by the shares in the opinion behind it, the account last;
    None where every strategy trades alone. `by_regime` is None where the bars have no labels,
    `by_profile` where no exit profile is chosen.
    """

    strategies: tuple[str, ...]
    total: float
    curves: FloatArray
    account: FloatArray
    by_strategy: GroupTable
    by_symbol: GroupTable
    by_month: GroupTable
    by_exit_reason: GroupTable
    by_regime: GroupTable | None
    by_profile: GroupTable | None
    contributed: FloatArray | None
    funnel: Funnel
    risk: StrategyRisk
    weeks: Review
    months: Review


def attribute(run: Attributed, periods: ReturnPeriods, confidence: float = 0.95) -> Attribution:
    """Return the attribution of a run; `periods` are its return periods, `confidence` that of VaR and CVaR."""
    return Attribution(
        strategies=run.strategies,
        total=run.total,
        curves=read_only(run.by_strategy),
        account=run.account,
        by_strategy=by_group(run, "strategy"),
        by_symbol=by_group(run, "symbol"),
        by_month=by_group(run, "month"),
        by_exit_reason=by_group(run, "exit_reason"),
        by_regime=by_group(run, "regime") if run.regimes else None,
        by_profile=by_group(run, "profile") if run.profiles else None,
        contributed=contributed_pnl(run),
        funnel=funnel(run),
        risk=strategy_risk(run, periods, confidence),
        weeks=review(run, "week"),
        months=review(run, "month"),
    )


def contributed_pnl(run: Attributed) -> FloatArray | None:
    """Return (S + 1,) the net P&L of trades by contribution, the account last; None without contributions.

    Each trade gives every strategy its share in the opinion that won; a trade whose shares are not known is its
    owner's. The account has what no trade earned, so that the sum is the portfolio's P&L.
    """
    if run.contribution is None:
        return None
    pnl = np.asarray(run.trades["pnl"], dtype=np.float64)
    unknown = np.isnan(run.contribution).any(axis=1) & (run.trade_strategy >= 0)
    shares = np.nan_to_num(run.contribution)
    shares[unknown] = np.eye(len(run.strategies))[run.trade_strategy[unknown]]
    earned = pnl @ shares
    return read_only(np.append(earned, run.total - float(earned.sum())))
