"""Runs of several strategies for the report tests: the trades of `sample_runs`, shared out and marked at each close."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from sample_runs import INITIAL, sample_bars, sample_content, sample_result

from stratkit.analytics.attributed import Attributed, attributed
from stratkit.analytics.attribution import Attribution, attribute
from stratkit.analytics.funnel import COMBINED
from stratkit.data.bars import Bars
from stratkit.engine.layout import CAP_SYMBOL, CAP_TOTAL_AT_RISK
from stratkit.engine.result import BacktestResult
from stratkit.frequency import return_periods
from stratkit.panel import FloatArray, IntArray
from stratkit.reports.content import Fault, RaisedAlert, ReportContent
from stratkit.research.refused_trades import CapEffect

NAMES = ("momentum", "mean_reversion", "breakout", "whale_tracker")


def shared_run(
    bars: Bars, strategies: tuple[str, ...] = NAMES, fast: int = 5, slow: int = 15, netted: bool = False
) -> tuple[BacktestResult, Attributed]:
    """Return a run whose trades belong to strategies in turn, with 20 a year of margin interest."""
    result = sample_result(bars, fast, slow, strategies)
    owner = np.arange(len(result.trades)) * 7 // 3 % len(strategies)
    curves = marked_to_market(bars, result, owner, len(strategies))
    interest = np.linspace(0, 20 * len(bars.times) / 252, len(bars.times))
    result = dataclasses.replace(
        result, equity=INITIAL + curves.sum(axis=1) - interest, account_carry=float(interest[-1])
    )
    decisions = result.decisions
    decisions["side"] = 1
    decisions["rule"][-3:-1] = (CAP_SYMBOL, CAP_TOTAL_AT_RISK) if len(decisions) > 3 else 0
    rng = np.random.default_rng(3)
    run = attributed(
        result,
        curves,
        trade_strategy=owner,
        decision_strategy=np.arange(len(decisions)) % len(strategies),
        combined={name: dict.fromkeys(COMBINED[:3], 4) for name in strategies[:2]},
        contribution=rng.dirichlet(np.ones(len(strategies)), len(result.trades)) if netted else None,
    )
    return result, run


def marked_to_market(bars: Bars, result: BacktestResult, owner: IntArray, strategies: int) -> FloatArray:
    """Return (T, S) cumulative net P&L: each trade at the close while it is open, at its result afterwards."""
    curves = np.zeros((len(bars.times), strategies))
    for trade, strategy in zip(result.trades, owner.tolist(), strict=True):
        end = trade.exit_bar if trade.exit_bar >= 0 else len(bars.times) - 1
        column = result.slot_symbol[trade.slot]
        move = bars.close[trade.entry_bar : end, column] - trade.entry_price
        curves[trade.entry_bar : end, strategy] += move * trade.side * trade.quantity - trade.commission
        curves[end:, strategy] += trade.pnl
    return curves


def attribution_of(bars: Bars, run: Attributed) -> Attribution:
    """Return the attribution of a run of `shared_run`."""
    return attribute(run, return_periods(bars.times, bars.frequency))


def shared_content(
    bars: Bars, strategies: tuple[str, ...] = NAMES, netted: bool = False, **changes: Any
) -> ReportContent:
    """Return what a report of several strategies shows."""
    result, run = shared_run(bars, strategies, netted=netted)
    fields: dict[str, Any] = {"title": "Four opinions, one account", "attribution": attribution_of(bars, run)}
    return sample_content(bars, result, **{**fields, **changes})


def full_content(bars: Bars | None = None) -> ReportContent:
    """Return a netted run of four strategies with caps, faults and alerts."""
    bars = sample_bars(1300, ("ACME", "BOLT", "CORE", "DUNE", "EAST"), seed=4) if bars is None else bars
    return shared_content(
        bars,
        netted=True,
        cap_effects=(
            CapEffect("max_symbol", "momentum", 12, 2, 9, -1234.5),
            CapEffect("max_total_at_risk", "breakout", 4, 0, 4, 310.25),
            CapEffect("max_at_risk", "whale_tracker", 1, 0, 0, 0.0),
        ),
        faults=(Fault("whale_tracker", 3, "KeyError: 'sentiment' was not among the features of this bar"),),
        alerts=(
            RaisedAlert(int(bars.times[-9]), "warning", "breakout", "0 proposals for 120 cycles"),
            RaisedAlert(int(bars.times[-3]), "critical", "", "drawdown of the account beyond 20 %"),
        ),
    )
