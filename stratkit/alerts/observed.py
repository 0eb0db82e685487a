"""`Observed`: what the rules read of a finished run, as plain arrays and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from stratkit.analytics.learned_times import HealthStep, health_steps
from stratkit.analytics.performance import bar_ms
from stratkit.analytics.scorecard import Scorecard
from stratkit.engine.adapted import Adapted
from stratkit.engine.layout import (
    CAPS,
    EXIT_SIDE,
    NO_SIDE,
    REFUSED,
    Records,
)
from stratkit.engine.result import BacktestResult
from stratkit.errors import UsageError
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.strategies.signals import FLAT, Signals


@dataclass(frozen=True)
class Faults:
    """How often a strategy failed: the bar of each fault, and of each time it was asked, both ascending.

    A strategy that is asked once for all bars was asked on bar 0.
    """

    bars: IntArray
    asked_bars: IntArray

    @classmethod
    def in_all(cls, faults: int, asked: int, bar: int) -> Faults:
        """Return counts of which no more is known than that they stood at `bar`, the last one."""
        return cls(np.full(faults, bar, dtype=np.int64), np.full(asked, bar, dtype=np.int64))


def _none() -> IntArray:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Observed:
    """A run over T bars, S strategies, K closed trades and D decisions, as rules look at it.

    `times` (T,) ns UTC; `equity` (T,) and `pnl` (T, S) in account currency, `pnl` summed from the first
    bar on, None = not known. Trades are in order of their exit. `decision_capped` are those that a cap
    refused, `decision_is_entry` those that would open or add. By strategy, where known: `asked` the bars
    on which it asked for anything, ascending; `warmup_bars` before which it could not; `bar_ms` the
    milliseconds it took per bar; `health` its states, ascending, None where nothing
    adapts. `memory_share` is the peak, as a fraction of the machine's memory.
    """

    times: IntArray
    strategies: tuple[str, ...]
    initial_cash: float
    equity: FloatArray
    pnl: FloatArray | None = None
    trade_strategy: IntArray = field(default_factory=_none)
    trade_exit_bar: IntArray = field(default_factory=_none)
    trade_pnl: FloatArray = field(default_factory=lambda: np.zeros(0))
    decision_strategy: IntArray = field(default_factory=_none)
    decision_bar: IntArray = field(default_factory=_none)
    decision_is_entry: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    decision_capped: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    asked: Mapping[str, IntArray] = field(default_factory=dict)
    warmup_bars: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, Faults] = field(default_factory=dict)
    bar_ms: Mapping[str, float] = field(default_factory=dict)
    health: Mapping[str, tuple[HealthStep, ...]] | None = None
    memory_share: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


def observe(
    result: BacktestResult,
    scorecard: Scorecard,
    *,
    faults: Mapping[str, Faults] | None = None,
    seconds_by_strategy: Mapping[str, float] | None = None,
    memory_share: float | None = None,
    asked: Mapping[str, IntArray] | None = None,
    warmup_bars: Mapping[str, int] | None = None,
    by_strategy: FloatArray | None = None,
    trade_strategy: IntArray | None = None,
    decision_strategy: IntArray | None = None,
) -> Observed:
    """Return what rules read of `result`; what is left out cannot be judged, and is then said to be so.

    `seconds_by_strategy` are those of the whole run. `asked` is best made with `asked_bars`: without it the
    decision log stands in, which leaves out requests that would change nothing. `by_strategy` (T, S) is
    cumulative P&L; an only strategy has that of the account. `trade_strategy` and `decision_strategy` number
    the strategy of each row of `result.trades` and `result.decisions`, where slots do not tell it.
    """
    trades, decisions = result.trades, result.decisions
    owner = _owner(result, trades) if trade_strategy is None else trade_strategy
    decider = _owner(result, decisions) if decision_strategy is None else decision_strategy
    closed = np.flatnonzero(trades["exit_bar"] >= 0)
    closed = closed[np.argsort(trades["exit_bar"][closed], kind="stable")]
    seconds = seconds_by_strategy or {}
    return Observed(
        times=result.times,
        strategies=result.strategies,
        initial_cash=result.initial_cash,
        equity=result.equity,
        pnl=_pnl(result, by_strategy),
        trade_strategy=owner[closed],
        trade_exit_bar=trades["exit_bar"][closed],
        trade_pnl=trades["pnl"][closed],
        decision_strategy=decider,
        decision_bar=decisions["bar"],
        decision_is_entry=(decisions["side"] != EXIT_SIDE) & (decisions["side"] != NO_SIDE),
        decision_capped=(decisions["outcome"] == REFUSED) & np.isin(decisions["rule"], CAPS),
        asked=_asked_in_log(result.strategies, decider, decisions["bar"]) if asked is None else asked,
        warmup_bars=warmup_bars or {},
        faults=faults or {},
        bar_ms={name: bar_ms(spent, len(result.times)) for name, spent in seconds.items()},
        health=None if result.adapted is None else _health(result.strategies, result.adapted),
        memory_share=memory_share,
        metrics={metric.name: metric.value for metric in scorecard},
    )


def _health(strategies: tuple[str, ...], adapted: Adapted) -> dict[str, tuple[HealthStep, ...]]:
    status = adapted.status
    steps = health_steps(strategies, status["by_state"], status["health_changes"], status["bars_before"])
    return dict(zip(strategies, steps, strict=True))


def asked_bars(signals: Signals) -> IntArray:
    """Return the bars on which a strategy asked for anything: a side, an exit or a weight."""
    asks = np.asarray(signals.side) != FLAT if signals.side is not None else ~np.isnan(np.asarray(signals.weight))
    return np.flatnonzero(asks.any(axis=1))


def _owner(result: BacktestResult, records: Records) -> IntArray:
    """Return the strategy of each row, -1 where its slot is the account."""
    owner: IntArray = np.append(result.slot_strategy, -1)[records["slot"]]
    return owner


def _pnl(result: BacktestResult, by_strategy: FloatArray | None) -> FloatArray | None:
    if by_strategy is None:
        alone = len(result.strategies) == 1
        return (result.equity - result.initial_cash)[:, None] if alone else None
    shape = (len(result.times), len(result.strategies))
    if by_strategy.shape != shape:
        raise UsageError(f"by_strategy must have the shape {shape}, bars x strategies; found {by_strategy.shape}")
    return by_strategy


def _asked_in_log(strategies: tuple[str, ...], decider: IntArray, bars: IntArray) -> dict[str, IntArray]:
    return {name: np.unique(bars[decider == index]) for index, name in enumerate(strategies)}
