"""`run_strategy`: a strategy's signals on a context, checked against what every strategy promises."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from stratkit.errors import StrategyError
from stratkit.panel import BoolArray, format_time
from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.user_code import calling


def run_strategy(strategy: Strategy, context: Context) -> Signals:
    """Return the signals of `strategy` on `context`, its parameters filled in.

    Raises `StrategyError` with file, line and reason when the strategy raises, and with bar and
    symbol when it breaks its promises: a `Signals` record of the shape of the bars, no opinion
    during the warm-up, none where a symbol has no bar. The warm-up handed on is the declared one,
    or the lookback of the indicators computed as far as the strategy was silent for it.
    """
    own = replace(context, params=strategy.params)
    with calling(f"strategy {strategy.name!r} raised", type(strategy)):
        warmup_bars = strategy.warmup_bars
        signals = strategy.signals(own)
    return checked_signals(strategy, signals, own, warmup_bars)


def checked_signals(strategy: Strategy, signals: Signals, context: Context, warmup_bars: int = 0) -> Signals:
    """Return signals that keep every promise, computed through `context`, with the warm-up that holds for them."""
    _check_record(strategy, signals, context)
    declared = max(warmup_bars, signals.warmup_bars)
    _check_silence(strategy, signals, context, declared)
    _check_legs(strategy, signals, context)
    found = max(declared, _silent_bars(signals, context.lookback_bars))
    return signals if found == signals.warmup_bars else replace(signals, warmup_bars=found)


def opinions(signals: Signals, rows: int | None = None) -> BoolArray:
    """Return (T, N) where there is an opinion, a side other than 0 or a finite weight, in the first `rows`."""
    if signals.side is not None:
        spoken: BoolArray = signals.side[:rows] != 0
        return spoken
    assert signals.weight is not None  # a record holds one of the two
    return np.isfinite(signals.weight[:rows])


def _check_record(strategy: Strategy, signals: object, context: Context) -> None:
    if not isinstance(signals, Signals):
        raise StrategyError(
            f"strategy {strategy.name!r} must return Signals, such as self.sides(context, long=...); "
            f"found {type(signals).__name__}"
        )
    if signals.shape != context.shape:
        bars, symbols = context.shape
        raise StrategyError(
            f"strategy {strategy.name!r} must hold an opinion on each of {bars} bars x {symbols} symbols; "
            f"found the shape {signals.shape}"
        )


def _check_silence(strategy: Strategy, signals: Signals, context: Context, warmup_bars: int) -> None:
    early = opinions(signals, warmup_bars)
    if early.any():
        raise StrategyError(
            f"strategy {strategy.name!r} must be silent for its {warmup_bars} warm-up bars; "
            f"found an opinion on {_where(early, context)}"
        )
    if math.isfinite(float(context.bars.close.sum())):  # every symbol has every bar
        return
    unseen = opinions(signals) & ~context.has_bar
    if unseen.any():
        raise StrategyError(
            f"strategy {strategy.name!r} must have no opinion where a symbol has no bar; "
            f"found one on {_where(unseen, context)}"
        )


def _silent_bars(signals: Signals, lookback_bars: int) -> int:
    rows = opinions(signals, lookback_bars).any(axis=1)
    return int(rows.argmax()) if rows.any() else lookback_bars


def _check_legs(strategy: Strategy, signals: Signals, context: Context) -> None:
    if signals.legs is None or signals.weight is None:
        return
    without = (signals.legs > 0) & ~np.isfinite(signals.weight)
    if without.any():
        raise StrategyError(
            f"strategy {strategy.name!r} must give a weight with every leg; found none on {_where(without, context)}"
        )


def _where(found: BoolArray, context: Context) -> str:
    bar, column = np.argwhere(found)[0]
    return f"bar {bar} ({format_time(int(context.bars.times[bar]))}) of {context.bars.symbols[column]}"
