"""A market in which one exit profile is best: prices rise 1.35 R after each entry, then fall below every stop."""

from __future__ import annotations

from typing import Any

import numpy as np
from adaptive_runs import START, config, inputs_of

from stratkit.backtest import Inputs, RunConfig
from stratkit.data.bars import Bars
from stratkit.panel import NS_PER_DAY
from stratkit.research.adaptive_arms import adaptive_arms
from stratkit.strategies.signals import Signals

EVERY = 30  # bars between two entries of a symbol
_AFTER = (0.0, 0.7, 1.35, 0.3, -1.1, -2.2, -1.2, -0.4)  # closes after the entry, in R, and back to where it was


def planted(entries: int = 16, symbols: int = 6) -> tuple[Bars, Signals]:
    """Bars and what one strategy says on them: symbols begin one after the other, so that trades are known in time."""
    bars = EVERY * (entries + 1) + symbols * 4
    close = np.full((bars, symbols), 100.0)
    side = np.zeros((bars, symbols), np.int8)
    for symbol in range(symbols):
        for bar in range(EVERY + 4 * symbol, bars - EVERY, EVERY):
            side[bar, symbol] = 1
            side[bar + 12, symbol] = 2
            close[bar + 1 : bar + 1 + len(_AFTER), symbol] += _AFTER
    opens = np.vstack((close[:1], close[:-1]))
    high, low = np.maximum(opens, close), np.minimum(opens, close)
    still = high - low < 0.5
    high, low = np.where(still, close + 0.5, high), np.where(still, close - 0.5, low)  # the range of a quiet bar is 1
    times = START + np.arange(bars) * NS_PER_DAY
    names = tuple(f"S{number}" for number in range(symbols))
    return Bars(times, names, opens, high, low, close, np.full(close.shape, 1e6), "1d"), Signals("s0", side=side)


def settings(**blocks: Any) -> RunConfig:
    """A configuration of one strategy that stakes a little on each entry."""
    return config(1, risk={"sizing": {"rule": "fixed_fraction", "fraction": 0.1}}, **blocks)


def prepared(given: RunConfig, bars: Bars, said: Signals) -> Inputs:
    """What the arms of a judgement read."""
    return inputs_of(adaptive_arms(given).base.config, bars, [said])
