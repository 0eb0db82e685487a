"""`Benchmark`: what the same money would have become without the strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.analytics.curve import score_equity
from stratkit.analytics.scorecard import Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.compiled import compiled
from stratkit.data.bars import Bars
from stratkit.errors import UsageError, did_you_mean
from stratkit.frequency import ReturnPeriods
from stratkit.panel import FloatArray, read_only

EQUAL_WEIGHT: Final = "equal_weight"


@dataclass(frozen=True)
class Benchmark:
    """A benchmark's equity (T,) in account currency at each close, read-only, from `initial` cash.

    `rule` says how it was made; `scorecard` holds its own metrics, on the basis of the run's.
    """

    name: str
    equity: FloatArray
    initial: float
    rule: str
    scorecard: Scorecard


def make_benchmark(bars: Bars, initial: float, periods: ReturnPeriods, settings: AnalyticsSettings) -> Benchmark | None:
    """Return what `settings.benchmark` names, bought with `initial` cash; None when it is None.

    A symbol is bought at its first close and held, without costs. Of N symbols (``equal_weight``)
    each gets 1/N of the cash; the part of one that is not listed yet waits in cash for its first
    close, and one without a bar (a gap, a delisting) keeps the value of its last close. Nothing is
    rebalanced. Raises `UsageError` when the bars have no such symbol.
    """
    name = settings.benchmark
    if name is None:
        return None
    if name != EQUAL_WEIGHT and name not in bars.symbols:
        known = [EQUAL_WEIGHT, *bars.symbols]
        raise UsageError(f"the benchmark must be a symbol of the bars; found {name!r}: {did_you_mean(name, known)}")
    symbols = bars.symbols if name == EQUAL_WEIGHT else (name,)
    equity = hold_equity(bars.select(symbols).close, initial)
    if len(symbols) == 1:
        label, what = f"{symbols[0]}, buy and hold", f"{symbols[0]} bought at its first close and held"
    else:
        label = "equal weight, buy and hold"
        what = f"all {len(symbols)} symbols in equal parts, each bought at its first close and held"
    card = score_equity(bars.times, equity, initial, periods, settings)
    return Benchmark(label, equity, initial, f"{what}; no costs", card)


def hold_equity(close: FloatArray, initial: float) -> FloatArray:
    """Return (T,) equity of buying and holding equal parts of closes (T, N), the rule of `make_benchmark`."""
    return read_only(_hold_equal_parts(read_only(np.ascontiguousarray(close, dtype=np.float64)), initial))


@compiled
def _hold_equal_parts(close: FloatArray, initial: float) -> FloatArray:
    bars, symbols = close.shape
    equity = np.empty(bars)
    bought = np.full(symbols, np.nan)
    worth = np.ones(symbols)
    for bar in range(bars):
        total = 0.0
        for symbol in range(symbols):
            price = close[bar, symbol]
            if not np.isnan(price):
                if np.isnan(bought[symbol]):
                    bought[symbol] = price
                worth[symbol] = price / bought[symbol]
            total += worth[symbol]
        equity[bar] = initial * (total / symbols)
    return equity
