"""MACD and its signal line: a trend follower on the speed of the trend."""

from __future__ import annotations

import numpy as np
from pydantic import model_validator

from stratkit.features.events import crossing
from stratkit.features.indicators import macd
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, directed
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import EXIT, LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class MacdTrendParams(Parameters):
    """Parameters of the MACD trend follower."""

    fast: int = bounded(12, low=2, high=100, description="bars of the fast average", log=True)
    slow: int = bounded(26, low=3, high=300, description="bars of the slow average", log=True)
    signal: int = bounded(9, low=2, high=100, description="bars of the signal line", log=True)
    zero_filter: bool = choice(False, description="enter only on MACD's own side of zero, else leave")
    direction: Direction = choice("long_only", description="both reverses on a cross down, long_only leaves")

    @model_validator(mode="after")
    def _ordered(self) -> MacdTrendParams:
        if self.fast >= self.slow:
            raise ValueError(
                f"fast must be below slow; found fast={self.fast}, slow={self.slow}: lower fast or raise slow"
            )
        return self


class MacdTrend(Strategy):
    """Go long when MACD crosses above its signal line, and leave or reverse when it crosses below."""

    name = "macd_trend"
    family = "trend"
    source = "G. Appel, Technical Analysis: Power Tools for Active Investors (2005), ch. 8"
    edge = (
        "A trend that picks up speed attracts followers before it is plain to see; whoever waits for certainty "
        "buys from those who did not."
    )
    Params = MacdTrendParams
    params: MacdTrendParams

    @property
    def warmup_bars(self) -> int:
        """The slow average, the signal line on top of it, and one bar more to see a cross."""
        return self.params.slow + self.params.signal - 1

    def signals(self, context: Context) -> Signals:
        """Return an opinion on the bars of a cross only; none before the first."""
        lines = context.compute(macd, self.params.fast, self.params.slow, self.params.signal)
        side = crossing(lines.line, lines.signal)
        if self.params.zero_filter:  # a cross against the trend only closes
            against = ((side == LONG) & (lines.line <= 0)) | ((side == SHORT) & (lines.line >= 0))
            side = np.where(against, np.int8(EXIT), side)
        return self.opinion(side=directed(side, self.params.direction))
