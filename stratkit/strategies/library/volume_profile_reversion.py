"""Volume profile: back into the value area means on to the price with most volume; or out of it, a breakout."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stratkit.features.events import lag
from stratkit.features.indicators import atr
from stratkit.features.volume import chaikin_money_flow
from stratkit.features.volume_profile import volume_profile
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, Signals
from stratkit.strategies.strategy import Strategy


class VolumeProfileReversionParams(Parameters):
    """Parameters of the volume profile strategy."""

    mode: Literal["reversion", "breakout"] = choice("reversion", description="trade into the value area, or out of it")
    profile_bars: int = bounded(120, low=20, high=1000, description="bars of the profile", log=True)
    bins: int = bounded(24, low=5, high=200, description="price bins of the profile", log=True)
    value_share: float = bounded(
        0.7, low=0.3, high=0.95, step=0.05, description="share of the volume in the value area"
    )
    min_distance_atr: float = bounded(
        0.5, low=0.0, high=10.0, step=0.25, description="least way to the point of control, for reversion [ATR]"
    )
    imbalance_bars: int = bounded(10, low=1, high=200, description="bars of the money flow", log=True)
    min_imbalance: float = bounded(
        -0.2, low=-1.0, high=0.9, step=0.05, description="least money flow towards the trade, -1 to 1"
    )
    atr_bars: int = bounded(14, low=2, high=100, description="bars of the ATR", log=True)
    stop_atr: float = bounded(2.0, low=0.25, high=10.0, step=0.25, description="stop distance from the entry [ATR]")
    direction: Direction = choice("both", description="long_only does not sell short")


class VolumeProfileReversion(Strategy):
    """Trade a close that comes back into the value area to the point of control; or, as a breakout, one that leaves it.

    The profile is that of the bars before. Reversion: the close was outside, is inside again, and the point of control
    is far enough away to be a target. Breakout: the close was inside, is outside, and the trade lasts until the close
    is beyond the point of control again. Both ask that money flow, the balance of volume by where bars closed, does not
    speak against it.
    """

    name = "volume_profile_reversion"
    family = "institutional"
    source = (
        "J. F. Dalton, E. T. Jones, R. B. Dalton, Mind over Markets (1990): the value area and its rejection; "
        "after J. P. Steidlmayer's Market Profile"
    )
    needs = ("volume",)
    edge = (
        "Large orders were filled where most volume is, and there they are defended: a price that fails to leave is "
        "taken back by those who find it too cheap or too dear."
    )
    Params = VolumeProfileReversionParams
    params: VolumeProfileReversionParams

    @property
    def warmup_bars(self) -> int:
        """The profile before this bar, the money flow, or three windows of the ATR that is the least way."""
        params = self.params
        return max(params.profile_bars, params.imbalance_bars, 3 * params.atr_bars)

    def signals(self, context: Context) -> Signals:
        """Return entries on closes that cross an edge of the value area, and the exits of the mode."""
        close, params = context.bars.close, self.params
        profile = context.compute(volume_profile, params.profile_bars, params.bins, params.value_share)
        control, value_low, value_high = (lag(panel) for panel in profile)
        before, flow = lag(close), context.compute(chaikin_money_flow, params.imbalance_bars)
        buyers, sellers = flow >= params.min_imbalance, flow <= -params.min_imbalance
        if params.mode == "reversion":
            far = params.min_distance_atr * context.compute(atr, params.atr_bars)
            long = (before < value_low) & (close >= value_low) & (control - close >= far) & (close < control)
            short = (before > value_high) & (close <= value_high) & (close - control >= far) & (close > control)
        else:
            long = (before <= value_high) & (close > value_high)
            short = (before >= value_low) & (close < value_low)
        long, short = long & buyers, short & sellers & (params.direction == "both")
        latest = latest_side(long, short)
        beyond = np.where(latest == LONG, close >= control, close <= control)  # of the point of control
        exits = (latest != 0) & (beyond if params.mode == "reversion" else ~beyond & np.isfinite(control))
        return self.sides(
            context,
            long=long,
            short=short,
            exit=exits,
            target_level=np.where(long | short, control, np.nan) if params.mode == "reversion" else None,
            exit_plan=ExitPlan(risk_basis="atr", risk=params.stop_atr, atr_bars=params.atr_bars, sl=1.0),
        )
