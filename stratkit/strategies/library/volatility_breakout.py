"""Volatility breakout: the release of a squeeze, when the Bollinger bands leave the Keltner channel they lay inside."""

from __future__ import annotations

import numpy as np

from stratkit.features.channels import donchian, keltner
from stratkit.features.events import lag
from stratkit.features.indicators import atr, bollinger, lowest
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class VolatilityBreakoutParams(Parameters):
    """Parameters of the volatility breakout."""

    window: int = bounded(20, low=5, high=200, description="bars of bands, channel and momentum", log=True)
    deviations: float = bounded(2.0, low=0.5, high=4.0, step=0.1, description="half width of the bands [deviations]")
    channel_atr: float = bounded(1.5, low=0.5, high=4.0, step=0.1, description="half width of the channel [ATR]")
    squeeze_bars: int = bounded(5, low=2, high=100, description="bars that a squeeze must have lasted", log=True)
    atr_bars: int = bounded(20, low=2, high=100, description="bars of the ATR", log=True)
    stop_atr: float = bounded(2.0, low=0.25, high=10.0, step=0.25, description="stop distance from the entry [ATR]")
    trail_atr: float = bounded(3.0, low=0.5, high=20.0, step=0.5, description="trailing distance once ahead [ATR]")
    direction: Direction = choice("both", description="long_only takes releases upwards only")


class VolatilityBreakout(Strategy):
    """Enter when a squeeze lets go, on the side of the momentum; leave when the momentum turns, or at a trailing stop.

    A squeeze is on while the Bollinger bands lie inside the Keltner channel. The momentum is the close less the mean
    of the window's middle (between highest high and lowest low) and its average. Confidence is the momentum at the
    release in units of two ATR, at most 1.
    """

    name = "volatility_breakout"
    family = "volatility"
    source = "J. F. Carter, Mastering the Trade (2005): the squeeze; after J. Bollinger and L. B. Raschke"
    edge = (
        "Calm lulls sellers of options and tight stops into crowded places; when it ends they must all trade the same "
        "way, and pay whoever went first."
    )
    Params = VolatilityBreakoutParams
    params: VolatilityBreakoutParams

    @property
    def warmup_bars(self) -> int:
        """Three windows of the channel's averages, which forget their start slowly, and the squeeze before this bar."""
        return 3 * max(self.params.window, self.params.atr_bars) + self.params.squeeze_bars

    def signals(self, context: Context) -> Signals:
        """Return entries on the bars of a release, exits where the momentum has turned."""
        close, params = context.bars.close, self.params
        bands = context.compute(bollinger, params.window, params.deviations)
        channel = context.compute(keltner, params.window, params.atr_bars, params.channel_atr)
        inside = (bands.upper < channel.upper) & (bands.lower > channel.lower)
        squeezed = np.where(np.isfinite(channel.upper), inside, np.nan)
        released = (squeezed == 0.0) & (lag(lowest(squeezed, params.squeeze_bars)) == 1.0)
        middle = context.compute(donchian, params.window).mid
        momentum = close - (middle + bands.mid) / 2.0
        long, short = released & (momentum > 0), released & (momentum < 0) & (params.direction == "both")
        latest = latest_side(long, short)
        with np.errstate(divide="ignore", invalid="ignore"):
            strength = np.abs(momentum) / (2.0 * context.compute(atr, params.atr_bars))
        return self.sides(
            context,
            long=long,
            short=short,
            exit=((latest == LONG) & (momentum < 0)) | ((latest == SHORT) & (momentum > 0)),
            confidence=np.where(long | short, np.minimum(strength, 1.0), 1.0),
            exit_plan=ExitPlan(
                risk_basis="atr",
                risk=params.stop_atr,
                atr_bars=params.atr_bars,
                sl=1.0,
                trail_at=1.0,
                trail_by=params.trail_atr / params.stop_atr,
            ),
        )
