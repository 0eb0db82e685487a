"""Runs of several strategies from plain arrays, for the attribution tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stratkit.analytics.attributed import Attributed
from stratkit.engine.layout import DECISION_DTYPE, EXIT_SIGNAL, STOP, TRADE_DTYPE
from stratkit.frequency import ReturnPeriods
from stratkit.panel import NS_PER_DAY, parse_time


def made_trades(*rows: dict[str, Any]) -> npt.NDArray[Any]:
    """Return trades; a field that is not given is 0, `exit_bar` -1 is an open one."""
    trades = np.zeros(len(rows), dtype=TRADE_DTYPE)
    trades["r_multiple"] = np.nan
    for at, row in enumerate(rows):
        for name, value in row.items():
            trades[name][at] = value
    return trades.view(np.recarray)


def made_decisions(*rows: tuple[int, int, int]) -> npt.NDArray[Any]:
    """Return decisions of (side, outcome, rule)."""
    decisions = np.zeros(len(rows), dtype=DECISION_DTYPE)
    for at, (side, outcome, rule) in enumerate(rows):
        decisions["side"][at], decisions["outcome"][at], decisions["rule"][at] = side, outcome, rule
    return decisions.view(np.recarray)


def made_run(**changes: Any) -> Attributed:
    """Return two strategies on two symbols over five days across a month's end, checked by hand in the tests.

    Strategy `a` earns 10, then 30, falls to 5 and ends at 25; `b` loses 20 and ends at -15. The account pays 1 of
    interest in each of the last two days: 1,000 become 1,008.
    """
    by_strategy = np.array([[0, 0], [10, -5], [30, -20], [5, -20], [25, -15]], dtype=float)
    interest = np.array([0, 0, 0, 1, 2], dtype=float)
    fields: dict[str, Any] = {
        "times": parse_time("2020-01-29") + np.arange(5) * NS_PER_DAY,  # a Wednesday; February begins at bar 3
        "equity": 1000 + by_strategy.sum(axis=1) - interest,
        "initial_cash": 1000.0,
        "by_strategy": by_strategy,
        "strategies": ("a", "b"),
        "symbols": ("X", "Y", "Z"),
        "trades": made_trades(
            {"pnl": 30, "exit_bar": 2, "exit_reason": EXIT_SIGNAL, "r_multiple": 1.5, "bars_held": 2, "commission": 1},
            {"pnl": -25, "exit_bar": 3, "exit_reason": STOP, "r_multiple": -1, "bars_held": 4, "slippage": 2},
            {"pnl": 20, "exit_bar": -1, "bars_held": 9, "borrow": 0.5},
            {"pnl": -15, "exit_bar": 4, "exit_reason": STOP, "bars_held": 3, "funding": 0.25},
        ),
        "trade_strategy": np.array([0, 0, 0, 1]),
        "trade_symbol": np.array([0, 2, 0, 2]),
        "decisions": made_decisions(),
        "decision_strategy": np.zeros(0, dtype=np.int64),
        "interest": 2.0,
        "combined": {},
    }
    return Attributed(**{**fields, **changes})


def random_run(seed: int, bars: int = 90, strategies: int = 4, scale: float = 1.0) -> Attributed:
    """Return a run at random: trades with a P&L each, booked at their exit, and some interest."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 60))
    owner, ends = rng.integers(0, strategies, count), rng.integers(-1, bars, count)
    pnl = rng.normal(0, 50 * scale, count)
    by_strategy = np.zeros((bars, strategies))
    np.add.at(by_strategy, (np.where(ends < 0, bars - 1, ends), owner), pnl)
    by_strategy = np.cumsum(by_strategy, axis=0)
    interest = np.cumsum(rng.uniform(0, 0.1, bars) * (rng.random() < 0.5))
    trades = np.zeros(count, dtype=TRADE_DTYPE).view(np.recarray)
    trades["pnl"], trades["exit_bar"], trades["exit_reason"] = pnl, ends, rng.integers(3, 10, count)
    trades["r_multiple"] = np.where(rng.random(count) < 0.2, np.nan, pnl / 50)
    return made_run(
        times=parse_time("2019-11-20") + np.arange(bars) * NS_PER_DAY,
        equity=100_000 + by_strategy.sum(axis=1) - interest,
        initial_cash=100_000.0,
        by_strategy=by_strategy,
        strategies=tuple(f"s{number}" for number in range(strategies)),
        trades=trades,
        trade_strategy=owner,
        trade_symbol=rng.integers(0, 3, count),
        interest=float(interest[-1]),
        trade_regime=rng.integers(-1, 3, count),
        regimes=("up", "down", "flat"),
        trade_profile=rng.integers(-1, 2, count),
        profiles=("scalp", "moderate"),
    )


def daily(bars: int) -> ReturnPeriods:
    """Return periods of one bar each."""
    return ReturnPeriods(np.ones(bars, dtype=bool), 252.0, "day", 252.0, "given")
