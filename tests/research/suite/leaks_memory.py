"""Strategies that keep what they saw between calls, so that a later call on fewer bars knows more; daily panels."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from stratkit.features.indicators import rate_of_change
from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

SCALES: dict[str, Any] = {}
NEXT_CLOSE: dict[int, Any] = {}
_seen_bars = 0


class ScaleKeptInTheModule(Strategy):
    """Scale by the deviation of the first bars it ever saw, which are all of them."""

    def signals(self, context: Context) -> Signals:
        change = context.compute(rate_of_change, 1)
        for column, symbol in enumerate(context.bars.symbols):
            SCALES.setdefault(symbol, np.nanstd(change[:, column]))
        limit = np.array([SCALES[symbol] for symbol in context.bars.symbols])
        return self.sides(context, long=change < -1.5 * limit)


class ScaleKeptInTheClass(Strategy):
    """Keep the mean of the first bars it ever saw with the class."""

    kept: Any = None

    def signals(self, context: Context) -> Signals:
        if ScaleKeptInTheClass.kept is None:
            ScaleKeptInTheClass.kept = float(np.nanmean(context.bars.close))
        return self.sides(context, long=context.bars.close < ScaleKeptInTheClass.kept)


class TableOfTomorrows(Strategy):
    """Write down every next close, and look it up by stamp."""

    def signals(self, context: Context) -> Signals:
        close, times = context.bars.close, context.bars.times.tolist()
        for bar in range(len(times) - 1):
            NEXT_CLOSE.setdefault(times[bar], float(np.nanmean(close[bar + 1])))
        now = np.nanmean(np.where(context.has_bar, close, 0.0), axis=1)
        ahead = np.array([NEXT_CLOSE.get(time, 0.0) for time in times])
        return self.sides(context, long=(ahead > now)[:, None] & context.has_bar)


class CountsItsCalls(Strategy):
    """Trade more with each call."""

    def signals(self, context: Context) -> Signals:
        global _seen_bars  # noqa: PLW0603  the bad habit is what is tested
        _seen_bars += context.shape[0]
        return self.sides(context, long=context.compute(rate_of_change, 1) > 0.05 - 1e-5 * _seen_bars)


@lru_cache
def _level(symbol: str, values: Any = None) -> float:
    return float(np.nanmedian(_LATEST[symbol]))


_LATEST: dict[str, Any] = {}


class CachedBySymbol(Strategy):
    """Cache a median by symbol, whatever bars it came from."""

    def signals(self, context: Context) -> Signals:
        _LATEST.update({symbol: context.bars.close[:, n] for n, symbol in enumerate(context.bars.symbols)})
        level = np.array([_level(symbol) for symbol in context.bars.symbols])
        return self.sides(context, long=context.bars.close < level)
