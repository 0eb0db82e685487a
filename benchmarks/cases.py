"""The warm cases: what is timed, the bare loop beside it, and the proof that both compute the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import bare
import numpy as np

from stratkit.analytics.basis import basis_of
from stratkit.analytics.score import score_run
from stratkit.analytics.scorecard import Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.analytics.streamed import score_stream
from stratkit.data.bars import Bars
from stratkit.data.synthetic import DELISTED_SYMBOL, LATE_SYMBOL, synthetic_minutes, synthetic_universe
from stratkit.engine.layout import Records
from stratkit.engine.market import market_of
from stratkit.engine.rules import rule_record
from stratkit.engine.run import stream
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import simulate
from stratkit.features.indicators import rsi
from stratkit.frequency import ReturnPeriods, return_periods
from stratkit.plans import ExitPlan
from stratkit.risk.requests import requested_targets
from stratkit.risk.settings import RiskSettings, SizingSettings
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import Signals

FAST, SLOW = 20, 50
CASH: Final = AccountSettings().initial_cash
MINUTE_COSTS: Final = CostSettings(commission_bps=0.2, half_spread_bps=0.2)  # of a large future; a cross every 45 bars
DAILY_COSTS: Final = CostSettings(commission_bps=1.0, half_spread_bps=1.0)
AGREEMENT: Final = 1e-9  # relative: the bare loops order their sums differently
STOP, TARGET, TRAIL = 0.05, 0.10, 0.05
PLAN: Final = ExitPlan(risk_basis="percent", risk=5.0, sl=1.0, tp1=2.0, f1=1.0, trail_by=1.0)
OVERSOLD: Final = 30.0


class Row(NamedTuple):
    """One timed call and what is asked of it.

    `times_bare` compares it with the case's bare loop, `times_of` with the row of that name.
    """

    call: Callable[[], object]
    limit_ms: float | None = None
    times_bare: float | None = None
    times_of: tuple[str, float] | None = None


class Case(NamedTuple):
    """Calls that are timed in turn, the bare loop first. `facts` say what was played, `equity` how it ended."""

    title: str
    rows: dict[str, Row]
    facts: str
    equity: float = math.nan  # where nothing is traded


def minutes_case(bars: int) -> Case:
    """Return SMA 20/50 on one series of minute bars: signals, engine and metrics."""
    minutes = synthetic_minutes(bars)
    open_, close = np.ravel(minutes.open), np.ravel(minutes.close)
    commission, spread = MINUTE_COSTS.commission_bps * 1e-4, MINUTE_COSTS.half_spread_bps * 1e-4
    side = np.ravel(_crosses(minutes).panels()["side"])
    result = simulate(minutes, _crosses(minutes), costs=MINUTE_COSTS)  # its data digest is kept with the bars
    plain = bare.sma_cross(open_, close, FAST, SLOW, CASH, commission, spread)
    given = bare.by_side(open_, close, side, CASH, commission, spread)
    recorded, streamed = _recorded(minutes), _metrics_only(minutes)
    _agree("final equity", plain.equity, float(result.equity[-1]))
    _agree("final equity, sides given", given.equity, plain.equity)
    _agree("total return", plain.equity / CASH - 1.0, streamed["total_return"].value)
    _agree("max drawdown", plain.max_drawdown, streamed["max_drawdown"].value)
    _agree("Sharpe ratio, recorded and not", recorded["sharpe"].value, streamed["sharpe"].value)
    rows = {
        "bare loop: averages, fills, metrics": Row(
            lambda: bare.sma_cross(open_, close, FAST, SLOW, CASH, commission, spread)
        ),
        "bare loop, sides given": Row(lambda: bare.by_side(open_, close, side, CASH, commission, spread)),
        "stratkit, metrics only": Row(lambda: _metrics_only(minutes), limit_ms=40.0, times_bare=6.0),
        "stratkit, everything recorded": Row(lambda: _recorded(minutes)),
        "  of this: signals": Row(lambda: _crosses(minutes)),
    }
    facts = f"{len(result.fills):,} fills; final equity, return and drawdown of engine and bare loop agree"
    return Case(f"SMA {FAST}/{SLOW} on {bars:,} minute bars: signals + engine + metrics", rows, facts, plain.equity)


def stops_case(symbols: int, bars: int) -> Case:
    """Return RSI entries with stop, target and trailing stop on a panel of daily bars."""
    panel = complete_universe(symbols, bars)
    signals = Signals("rsi", side=(rsi(panel.close, 14) < OVERSOLD).astype(np.int8))
    side = signals.panels()["side"]
    commission, spread = DAILY_COSTS.commission_bps * 1e-4, DAILY_COSTS.half_spread_bps * 1e-4

    def independent() -> bare.Floats:
        return bare.stop_target_trail(
            panel.open, panel.high, panel.low, panel.close, side, CASH, STOP, TARGET, TRAIL, commission, spread
        )  # fmt: skip

    def shared(positions: int) -> Records:
        risk = RiskSettings(sizing=SizingSettings(rule="equal_weight", positions=positions))
        return simulate(panel, signals, costs=DAILY_COSTS, exit_plan=PLAN, risk=risk).trades

    alone = independent()
    for column in range(0, symbols, max(1, symbols // 5)):
        own = Signals("rsi", side=np.ascontiguousarray(side[:, column : column + 1]))
        result = simulate(panel.select((panel.symbols[column],)), own, costs=DAILY_COSTS, exit_plan=PLAN)
        _agree(f"equity of {panel.symbols[column]}", float(alone[column]), float(result.equity[-1]))
    few = max(1, symbols // 10)
    rows = {
        "bare loop, independent symbols": Row(independent),
        f"stratkit, 1/{symbols} of equity each": Row(lambda: shared(symbols), limit_ms=60.0),
        f"stratkit, 1/{few} each: cash runs out": Row(lambda: shared(few), limit_ms=60.0),
    }
    facts = f"{len(shared(symbols)):,} and {len(shared(few)):,} trades; symbols alone agree with the bare loop"
    title = f"RSI entries, 5 % stop, 10 % target, 5 % trailing, {symbols} x {bars:,} daily bars"
    return Case(title, rows, facts, float(alone.sum()))


def rotation_case(symbols: int, bars: int) -> Case:
    """Return monthly momentum target weights on the same panel."""
    panel = complete_universe(symbols, bars)
    strategy = build_strategy("momentum_rotation", {"top": max(1, symbols // 10)})
    signals = run_strategy(strategy, Context(panel))
    weight = signals.panels()["weight"]
    due, wanted = np.isfinite(weight).any(axis=1), np.nan_to_num(weight)
    commission, spread = DAILY_COSTS.commission_bps * 1e-4, DAILY_COSTS.half_spread_bps * 1e-4

    def plain() -> bare.Floats:
        return bare.rebalance(panel.open, panel.close, wanted, due, CASH, commission, spread)

    result = simulate(panel, signals, costs=DAILY_COSTS)
    worst = float(np.abs(plain() / result.equity - 1.0).max())
    _agree("equity on the worst bar", 1.0 + worst, 1.0)
    rows = {
        "bare loop, one account": Row(plain),
        "stratkit, engine": Row(lambda: simulate(panel, signals, costs=DAILY_COSTS), limit_ms=30.0),
    }
    facts = f"{int(due.sum())} rebalances, {len(result.fills):,} fills; equity agrees on every bar"
    title = f"monthly top-{max(1, symbols // 10)} momentum weights, {symbols} x {bars:,} daily bars"
    return Case(title, rows, facts, float(result.equity[-1]))


def complete_universe(symbols: int, bars: int) -> Bars:
    """Return synthetic daily bars of `symbols` symbols that all have every bar."""
    universe = synthetic_universe(symbols + 2, bars).bars
    return universe.select(tuple(name for name in universe.symbols if name not in (LATE_SYMBOL, DELISTED_SYMBOL)))


def _crosses(bars: Bars) -> Signals:
    strategy = build_strategy("sma_cross", {"fast": FAST, "slow": SLOW})
    return run_strategy(strategy, Context(bars))  # a fresh context: no indicator is kept between repeats


def _recorded(bars: Bars) -> Scorecard:
    result = simulate(bars, _crosses(bars), costs=MINUTE_COSTS)
    return score_run(result, return_periods(bars.times, bars.frequency), AnalyticsSettings())


def _metrics_only(bars: Bars) -> Scorecard:
    account, execution, risk, analytics = AccountSettings(), ExecutionSettings(), RiskSettings(), AnalyticsSettings()
    signals = _crosses(bars)
    periods: ReturnPeriods = return_periods(bars.times, bars.frequency)
    market = market_of(bars, periods, MINUTE_COSTS, execution)
    targets = requested_targets(bars, (signals,), risk, None)
    rules = rule_record(bars.frequency, account, MINUTE_COSTS, execution, risk)
    basis = basis_of(periods, analytics)
    sums = stream(market, targets, rules, mar=basis.mar, intraday=basis.intraday)
    return score_stream(sums, periods, analytics)


def _agree(what: str, one: float, other: float) -> None:
    if not abs(one - other) <= AGREEMENT * max(abs(one), abs(other)):
        raise SystemExit(f"{what} must agree between the bare loop and the engine; found {one!r} and {other!r}")
