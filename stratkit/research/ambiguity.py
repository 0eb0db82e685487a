"""`Ambiguity`: how much a result hangs on bars whose inside nobody knows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from stratkit.analytics.scorecard import Scorecard
from stratkit.backtest import Inputs, RunConfig, replay, score_backtest
from stratkit.engine.layout import Records
from stratkit.engine.profiles import fill_options
from stratkit.engine.result import BacktestResult

NOT_A_BOUND: Final = "not a bound: cash and caps interact, so another order of events could lie outside"
FIGURES: Final = ("total_return", "sharpe", "max_drawdown")
Order = Literal["stop_first", "target_first"]


@dataclass(frozen=True)
class Detailed:
    """What finer bars changed: trades in the same slot decided on the same bar that ended otherwise without them."""

    frequency: str
    bars_walked: int
    bars_whole: int
    ambiguous_without: int
    flipped: int


@dataclass(frozen=True)
class Ambiguity:
    """The run twice: the stop first, the target first, in every bar that holds both.

    `bars` counts ambiguous bars of the run itself and `trades` the trades that have one. `stop_first` and
    `target_first` hold `FIGURES`; they are equal when nothing was ambiguous. `spread` is the absolute difference.
    """

    bars: int
    trades: int
    stop_first: Mapping[str, float]
    target_first: Mapping[str, float]
    spread: Mapping[str, float]
    note: str = NOT_A_BOUND
    detail: Detailed | None = None


def ambiguity_of(config: RunConfig, inputs: Inputs, result: BacktestResult, scorecard: Scorecard) -> Ambiguity:
    """Count the ambiguous bars of a finished run, and replay it with the stop first and the target first.

    Nothing is replayed when no bar was ambiguous, nor for the order that the run had anyway.
    """
    marks = result.trades["ambiguous"]
    had = fill_options(config.execution)["same_bar"]
    own = {name: scorecard.value(name) for name in FIGURES}
    outcomes = {
        order: own if not marks.any() or had == order else _figures(config, inputs, order)
        for order in ("stop_first", "target_first")
    }
    low, high = outcomes["stop_first"], outcomes["target_first"]
    return Ambiguity(
        bars=int(marks.sum()),
        trades=int((marks > 0).sum()),
        stop_first=low,
        target_first=high,
        spread={name: abs(high[name] - low[name]) for name in FIGURES},
        detail=None if inputs.detail is None else _detailed(config, inputs, result),
    )


def _figures(config: RunConfig, inputs: Inputs, order: str) -> dict[str, float]:
    execution = config.execution.model_copy(update={"same_bar": order})
    under = config.model_copy(update={"execution": execution})
    scorecard, _ = score_backtest(under, inputs.bars, replay(under, inputs))
    return {name: scorecard.value(name) for name in FIGURES}


def _detailed(config: RunConfig, inputs: Inputs, result: BacktestResult) -> Detailed:
    assert inputs.detail is not None  # the caller asked
    without = replay(config, replace(inputs, detail=None)).trades
    before, after = _endings(without), _endings(result.trades)
    return Detailed(
        frequency=inputs.detail.frequency,
        bars_walked=int(np.count_nonzero(inputs.detail.agrees)),
        bars_whole=inputs.detail.absent + inputs.detail.disagreeing,
        ambiguous_without=int(without["ambiguous"].sum()),
        flipped=sum(_differ(before[trade], after[trade]) for trade in before.keys() & after.keys()),
    )


def _differ(one: tuple[int, int, float], other: tuple[int, int, float]) -> bool:
    # the average price of an exit is a quotient: its last bits depend on the quantity, and say nothing
    return one[:2] != other[:2] or not math.isclose(one[2], other[2], rel_tol=1e-9)


def _endings(trades: Records) -> dict[tuple[int, int], tuple[int, int, float]]:
    """Return when, why and where each trade ended, by slot and decision bar; one that is open ended nowhere."""
    names = ("slot", "decision_bar", "exit_bar", "exit_reason", "exit_price")
    rows = zip(*(trades[name].tolist() for name in names), strict=True)
    return {(slot, bar): (end, reason, price) if end >= 0 else (-1, -1, 0.0) for slot, bar, end, reason, price in rows}
