"""Large prints: bars of extreme volume, taken for the trace of a whale, followed or faded for a few bars."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stratkit.features.close_location import close_location
from stratkit.features.rolling_rank import rolling_rank
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class LargePrintsParams(Parameters):
    """Parameters of the large prints."""

    reaction: Literal["follow", "fade"] = choice("follow", description="trade with the print, or against it")
    rank_bars: int = bounded(120, low=20, high=2000, description="bars that the volume is ranked among", log=True)
    min_rank: float = bounded(0.97, low=0.5, high=1.0, step=0.005, description="quantile from which volume is extreme")
    min_location: float = bounded(
        0.4, low=0.0, high=1.0, step=0.05, description="how near its high or low such a bar must close, 0 middle to 1"
    )
    hold_bars: int = bounded(5, low=1, high=100, description="bars after which it is left", log=True)
    atr_bars: int = bounded(14, low=2, high=100, description="bars of the ATR behind the stop", log=True)
    stop_atr: float = bounded(2.0, low=0.25, high=10.0, step=0.25, description="stop distance from the entry [ATR]")
    direction: Direction = choice("both", description="long_only does not sell short")


class LargePrints(Strategy):
    """Follow, or fade, a bar whose volume is extreme among the bars before, on the side on which it closed.

    Bars do not show single trades: extreme volume is the trace that a large trade leaves in them. Closing near the high
    counts as buying, near the low as selling. A time stop ends what the ATR stop has not. Confidence is how near to its
    extreme the bar closed.
    """

    name = "large_prints"
    family = "institutional"
    source = (
        "A. Kraus, H. R. Stoll, Price Impacts of Block Trading on the New York Stock Exchange, Journal of Finance 27 "
        "(1972): what blocks move for good, and what comes back"
    )
    needs = ("volume",)
    edge = (
        "Whoever trades in size knows something or needs to trade: what he knows moves price on after the print, and "
        "what he pays for haste comes back to those who took the other side."
    )
    Params = LargePrintsParams
    params: LargePrintsParams

    @property
    def warmup_bars(self) -> int:
        """The bars that the volume is ranked among, or the ATR."""
        return max(self.params.rank_bars, self.params.atr_bars)

    def signals(self, context: Context) -> Signals:
        """Return entries on the bars of large prints only."""
        params = self.params
        large = context.compute(rolling_rank, params.rank_bars, on="volume") >= params.min_rank
        location = close_location(context.bars.high, context.bars.low, context.bars.close)
        side = location if params.reaction == "follow" else -location
        long = large & (side > 0) & (side >= params.min_location)
        short = large & (side < 0) & (side <= -params.min_location) & (params.direction == "both")
        return self.sides(
            context,
            long=long,
            short=short,
            confidence=np.where(long | short, np.abs(location), 1.0),
            exit_plan=ExitPlan(
                risk_basis="atr",
                risk=params.stop_atr,
                atr_bars=params.atr_bars,
                sl=1.0,
                time_stop_bars=params.hold_bars,
            ),
        )
