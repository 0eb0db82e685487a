"""Volume breakout: a close out of the channel that heavy trading and a strong close confirm."""

from __future__ import annotations

import numpy as np

from stratkit.features.close_location import close_location
from stratkit.features.events import lag
from stratkit.features.indicators import highest, lowest
from stratkit.features.volume import relative_volume
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class VolumeBreakoutParams(Parameters):
    """Parameters of the volume breakout."""

    entry: int = bounded(20, low=2, high=300, description="bars of the channel to break out of", log=True)
    leave: int = bounded(10, low=2, high=300, description="bars of the opposite channel that ends it", log=True)
    volume_bars: int = bounded(20, low=2, high=300, description="bars of the usual volume", log=True)
    volume_multiple: float = bounded(1.3, low=1.0, high=20.0, step=0.1, description="least volume [usual volume]")
    min_location: float = bounded(
        0.3, low=-1.0, high=1.0, step=0.1, description="where in its bar a buy must close, -1 low to 1 high"
    )
    atr_bars: int = bounded(14, low=2, high=100, description="bars of the ATR behind the stop", log=True)
    stop_atr: float = bounded(2.0, low=0.25, high=10.0, step=0.25, description="stop distance from the entry [ATR]")
    trail_atr: float = bounded(4.0, low=0.5, high=20.0, step=0.5, description="trailing distance once ahead [ATR]")
    direction: Direction = choice("long_only", description="both also sells short below the channel")


class VolumeBreakout(Strategy):
    """Buy a close above the channel on heavy volume and near the bar's high; trail a stop behind it.

    Once the trade is ahead by its stop distance, the stop follows the best price. A close beyond the opposite, shorter
    channel ends it too. Confidence is half the volume in units of what was asked for, at most 1.
    """

    name = "volume_breakout"
    family = "momentum"
    source = (
        "W. J. O'Neil, How to Make Money in Stocks (1988); that volume tells how good a price signal is: "
        "L. Blume, D. Easley, M. O'Hara, Market Statistics and Technical Analysis: The Role of Volume, JF 49 (1994)"
    )
    needs = ("volume",)
    edge = (
        "A breakout on heavy volume shows large buyers who are not done yet, for they must buy over days; those who "
        "sell them the first shares pay."
    )
    Params = VolumeBreakoutParams
    params: VolumeBreakoutParams

    @property
    def warmup_bars(self) -> int:
        """The longest of the windows, one bar before this one."""
        params = self.params
        return max(params.entry, params.leave, params.volume_bars, params.atr_bars) + 1

    def signals(self, context: Context) -> Signals:
        """Return entries on confirmed closes beyond the channel, exits beyond the opposite shorter one."""
        close, params = context.bars.close, self.params
        busy = context.compute(relative_volume, params.volume_bars) / params.volume_multiple
        location = close_location(context.bars.high, context.bars.low, context.bars.close)
        confirmed = busy >= 1.0
        above = confirmed & (location >= params.min_location) & (close > lag(context.compute(highest, params.entry)))
        below = confirmed & (location <= -params.min_location) & (close < lag(context.compute(lowest, params.entry)))
        below &= params.direction == "both"
        latest = latest_side(above, below)
        ends_long = (latest == LONG) & (close < lag(context.compute(lowest, params.leave)))
        ends_short = (latest == SHORT) & (close > lag(context.compute(highest, params.leave)))
        trail = params.trail_atr / params.stop_atr
        return self.sides(
            context,
            long=above,
            short=below,
            exit=ends_long | ends_short,
            confidence=np.where(above | below, np.minimum(busy / 2.0, 1.0), 1.0),
            exit_plan=ExitPlan(
                risk_basis="atr", risk=params.stop_atr, atr_bars=params.atr_bars, sl=1.0, trail_at=1.0, trail_by=trail
            ),
        )
