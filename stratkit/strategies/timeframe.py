"""`on_coarser_bars`: a strategy's signals on coarser bars, each said on the first fine bar that may know it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from stratkit.errors import UsageError
from stratkit.features.completed import CompletedBars, coarser_bars, is_same_length
from stratkit.features.source import IndicatorSource
from stratkit.panel import IntArray
from stratkit.regimes.source import LabelSource
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

# what a bar without an opinion holds; NaN in every other panel
_SILENT = {"side": 0, "plan": -1, "confidence": 0.0}


def on_coarser_bars(strategy: Strategy, context: Context, timeframe: str) -> Signals:
    """Return the signals of `strategy` on bars of `timeframe`, joined causally to the bars of `context`.

    A coarse bar that covers [start, end) is known to be complete at the close of a symbol's first
    own bar that ends at `end` or later: a bar that ends exactly there, or the first one after a
    gap. That bar alone carries the opinion; all others have none (side 0, weight NaN), so that the
    last coarse bar is silent until it is complete. Of two coarse bars that one fine bar completes,
    the later speaks, even if it has nothing to say. `warmup_bars` is the first fine bar that may
    speak. A `timeframe` equal to the bars' own is a plain run.

    Prices in the signals (stops, targets, `risk_unit`) are those of the coarse bars. An exit plan
    is carried on as it is: an R counted in ATR is later measured on the FINE bars, and so is
    smaller than the same plan on coarse ones; time stops count fine bars.

    Raises `UsageError` when `timeframe` is finer than the bars or not made of whole bars,
    `DataError` when bars overlap so that one ends a coarse bar before another of it starts.
    """
    if is_same_length(context.bars.frequency, timeframe):
        return run_strategy(strategy, context)
    coarse = coarser_context(context, timeframe)
    return joined(run_strategy(strategy, coarse), coarse, context)


def coarser_context(context: Context, timeframe: str) -> Context:
    """Return the context of the same market on bars of `timeframe`, to be shared by strategies that look at it."""
    coarse = coarser_bars(context.bars, timeframe)
    return replace(
        context, bars=coarse, indicators=IndicatorSource(coarse), external=context.external.on(coarse),
        labelled=LabelSource(coarse),
    )  # fmt: skip


def joined(signals: Signals, coarse: Context, fine: Context) -> Signals:
    """Return `signals` on the bars of `coarse`, each on the one bar of `fine` that completes its bar.

    Raises `UsageError` for packages of legs: a coarse bar may be complete for one symbol before it is for another.
    """
    if signals.legs is not None:
        raise UsageError(
            f"strategy {signals.strategy!r} trades packages of legs, whose coarser bars need not be complete at the "
            "same time: leave timeframe out, or make coarser bars with `stratkit data resample`"
        )
    join = CompletedBars.of(coarse.bars, fine.bars)
    panels: dict[str, Any] = {
        name: join.panel(panel, _SILENT.get(name, np.nan)) for name, panel in signals.panels().items()
    }
    warmup_bars = join.first_bar(signals.warmup_bars)
    remarks = {(int(join.completed[key]), key[1]): text for key, text in signals.remarks.items() if join.speaks[key]}
    return replace(signals, **panels, remarks=remarks, warmup_bars=warmup_bars)


def completed_at(coarse: Context, fine: Context) -> IntArray:
    """Return (B,) the bar of `fine` at whose close each bar of `coarse` is known to be complete, at most the last."""
    ends: IntArray = np.minimum(
        CompletedBars.of(coarse.bars, fine.bars).completed.min(axis=1), len(fine.bars.times) - 1
    )
    return ends
