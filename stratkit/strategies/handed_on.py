"""`handed_on`: what strategies hand on to those who learn: features of their own, and their signals as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from stratkit.errors import StrategyError, UsageError, did_you_mean
from stratkit.features.completed import CompletedBars, is_same_length
from stratkit.panel import FloatArray
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.desk import open_desk
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.signals import EXIT, Signals
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.timeframe import coarser_context
from stratkit.strategies.user_code import calling

HandedOn = dict[str, tuple[FloatArray, int]]


def strategy_features(strategy: Strategy, context: Context) -> HandedOn:
    """Return the features of one strategy by name: a panel (T, N) and its lookback in bars.

    Values are NaN where a symbol has no bar. The lookback is the longest of the indicators that were computed for
    them. Raises `StrategyError` when it raises, or does not return exactly its `feature_names`, each (T, N).
    """
    own = replace(context, params=strategy.params)
    with calling(f"strategy {strategy.name!r} raised in features()", type(strategy)):
        found = dict(strategy.features(own))
    for name in [*found, *strategy.feature_names]:
        if name not in strategy.feature_names:
            raise StrategyError(
                f"strategy {strategy.name!r} must declare its features in feature_names; found {name!r}: "
                f"{did_you_mean(name, strategy.feature_names)}"
            )
        if name not in found:
            raise StrategyError(
                f"strategy {strategy.name!r} must return a panel for each of its feature_names; found none for {name!r}"
            )
        if np.shape(found[name]) != context.shape:
            raise StrategyError(
                f"strategy {strategy.name!r}: feature {name!r} must have the shape {context.shape}; "
                f"found {np.shape(found[name])}"
            )
    lookback_bars = own.lookback_bars
    return {
        name: (np.where(context.has_bar, np.asarray(panel, dtype=np.float64), np.nan), lookback_bars)
        for name, panel in found.items()
    }


def handed_on(
    configured: Mapping[str, StrategySettings], context: Context, *, features: bool = True, signals: bool = False
) -> HandedOn:
    """Return what the configured strategies hand on, named ``STRATEGY.FEATURE``.

    `signals` adds ``STRATEGY.side`` (+1, -1, and 0 for none and for an exit) with ``STRATEGY.confidence`` where one is
    given, or ``STRATEGY.weight``. Features of coarser bars hold from the bar on that completes them. Raises
    `UsageError` when signals are asked of a strategy that looks at its positions: it has none before it trades.
    """
    found: HandedOn = {}
    for name, settings in configured.items() if features else ():
        strategy = build_strategy(settings.spec, settings.params)
        if strategy.feature_names:
            found |= {f"{name}.{each}": panel for each, panel in _joined(strategy, settings, context)}
    if signals:
        desk = open_desk(configured, context)
        for seat in desk.seats:
            if seat.sheet is not None:
                raise UsageError(
                    f"strategy {seat.name!r} looks at its positions, so that its signals are not known before it "
                    "trades: set features.from_signals to false, or leave it out"
                )
            found |= {f"{seat.name}.{each}": panel for each, panel in _numbers(seat.signals, context)}
    return found


def _joined(
    strategy: Strategy, settings: StrategySettings, context: Context
) -> Iterator[tuple[str, tuple[FloatArray, int]]]:
    """Yield the features on the bars of `context`, from those that the strategy looks at."""
    if settings.timeframe is None or is_same_length(context.bars.frequency, settings.timeframe):
        yield from strategy_features(strategy, context).items()
        return
    coarse = coarser_context(context, settings.timeframe)
    join = CompletedBars.of(coarse.bars, context.bars)
    for name, (panel, lookback_bars) in strategy_features(strategy, coarse).items():
        yield name, (join.as_of(panel), join.first_bar(lookback_bars))


def _numbers(signals: Signals, context: Context) -> Iterator[tuple[str, tuple[FloatArray, int]]]:
    panels: dict[str, FloatArray] = {}
    if signals.side is not None:
        panels["side"] = np.where(signals.side == EXIT, 0.0, signals.side)
    if signals.weight is not None:
        panels["weight"] = signals.weight
    if signals.confidence is not None:
        panels["confidence"] = signals.confidence.astype(np.float64)
    for name, panel in panels.items():
        yield name, (np.where(context.has_bar, panel, np.nan), signals.warmup_bars)
