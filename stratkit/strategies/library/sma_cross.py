"""Two moving averages that cross: the textbook trend follower."""

from __future__ import annotations

from pydantic import model_validator

from stratkit.features.events import crossing
from stratkit.features.indicators import sma
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, directed
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class SmaCrossParams(Parameters):
    """Parameters of the moving-average cross."""

    fast: int = bounded(20, low=2, high=200, description="bars of the fast average", log=True)
    slow: int = bounded(50, low=3, high=500, description="bars of the slow average", log=True)
    direction: Direction = choice("both", description="both reverses on a cross down, long_only leaves")

    @model_validator(mode="after")
    def _ordered(self) -> SmaCrossParams:
        if self.fast >= self.slow:
            raise ValueError(
                f"fast must be below slow; found fast={self.fast}, slow={self.slow}: lower fast or raise slow"
            )
        return self


class SmaCross(Strategy):
    """Go long when the fast moving average crosses above the slow one, and short when it crosses below."""

    name = "sma_cross"
    family = "trend"
    source = "W. Brock, J. Lakonishok, B. LeBaron, Simple Technical Trading Rules, Journal of Finance 47 (1992)"
    edge = (
        "News is believed slowly and herds come late, so a move under way tends to go on; those who sell it early "
        "pay those who hold it."
    )
    Params = SmaCrossParams
    params: SmaCrossParams

    @property
    def warmup_bars(self) -> int:
        """The slow average, and one bar more to see a cross."""
        return self.params.slow

    def signals(self, context: Context) -> Signals:
        """Return an opinion on the bars of a cross only; none before the first."""
        fast = context.compute(sma, self.params.fast)
        slow = context.compute(sma, self.params.slow)
        side = directed(crossing(fast, slow), self.params.direction)
        return self.opinion(side=side)
