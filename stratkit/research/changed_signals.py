"""`Inputs` whose signals were changed: decisions that act a bar later, entries that were never filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.backtest import Inputs
from stratkit.engine.layout import Records
from stratkit.engine.result import BacktestResult
from stratkit.panel import BoolArray
from stratkit.strategies.signals import Signals

_SILENT: Final = {"side": 0, "confidence": 0, "plan": -1, "legs": 0}  # what says nothing; NaN for all others


def can_change(inputs: Inputs) -> bool:
    """Whether all signals were computed before the replay: a strategy asked bar by bar answers to its own positions."""
    return not inputs.desk.needs_state


def delayed(inputs: Inputs) -> Inputs:
    """Return inputs in which every decision acts one bar later: all rows of the signals move down by one."""
    return _changed(inputs, lambda _, signals: _one_later(signals))


def without_entries(inputs: Inputs, result: BacktestResult, trades: Records) -> Inputs:
    """Return inputs in which the entries of some `trades` of `result` were never filled.

    An entry that is missed is not tried again before its trade would have ended: from the bar of its decision to the
    bar before its exit, opinions on its side are taken out, of all strategies where they share positions. A leg takes
    its package with it, for the engine trades packages whole. What would have followed the trade is left as it was.
    """
    shared = len(result.strategies) > 1 and len(result.slot_symbol) == len(result.symbols)
    masks = {place: np.zeros((2, *inputs.bars.shape), np.bool_) for place in range(len(inputs.desk.seats))}
    for trade in trades:
        column = result.slot_symbol[trade["slot"]]
        stop = trade["exit_bar"] if trade["exit_bar"] >= 0 else len(result.times)
        for place in masks if shared else (int(trade["strategy"]),):
            masks[place][int(trade["side"] < 0), trade["decision_bar"] : stop, column] = True
    return _changed(inputs, lambda place, signals: _blanked(signals, *masks[place]))


def _changed(inputs: Inputs, change: Callable[[int, Signals], Signals]) -> Inputs:
    seats = tuple(replace(seat, signals=change(at, seat.signals)) for at, seat in enumerate(inputs.desk.seats))
    return replace(inputs, desk=replace(inputs.desk, seats=seats))


def _one_later(signals: Signals) -> Signals:
    panels: dict[str, Any] = {name: _moved(name, panel) for name, panel in signals.panels().items()}
    remarks = {(bar + 1, column): words for (bar, column), words in signals.remarks.items()}
    kept = {key: words for key, words in remarks.items() if key[0] < signals.shape[0]}
    return replace(signals, **panels, remarks=kept, warmup_bars=signals.warmup_bars + 1)


def _moved(name: str, panel: npt.NDArray[Any]) -> npt.NDArray[Any]:
    first = np.full((1, panel.shape[1]), _SILENT.get(name, np.nan), panel.dtype)
    return np.concatenate((first, panel[:-1]))


def _blanked(signals: Signals, longs: BoolArray, shorts: BoolArray) -> Signals:
    if signals.weight is None:
        side = np.asarray(signals.side)
        return replace(signals, side=np.where((longs & (side == 1)) | (shorts & (side == -1)), 0, side))
    weight = signals.weight
    weight = np.where((longs & (weight > 0)) | (shorts & (weight < 0)), np.nan, weight)
    return replace(signals, weight=weight)
