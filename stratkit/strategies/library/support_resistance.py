"""Support and resistance: buy where price has turned before, with the next level as the target."""

from __future__ import annotations

import numpy as np
from pydantic import model_validator

from stratkit.features.events import lag
from stratkit.features.indicators import atr
from stratkit.features.swing_levels import swing_levels
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class SupportResistanceParams(Parameters):
    """Parameters of the support and resistance strategy."""

    confirm_bars: int = bounded(3, low=1, high=20, description="bars on both sides that make a swing point")
    window_bars: int = bounded(120, low=20, high=1000, description="bars whose swing points are levels", log=True)
    zone_atr: float = bounded(0.5, low=0.0, high=3.0, step=0.1, description="how near counts as a touch [ATR]")
    min_touches: int = bounded(2, low=1, high=10, description="swing points that make a level worth trading")
    atr_bars: int = bounded(14, low=2, high=100, description="bars of the ATR", log=True)
    stop_atr: float = bounded(1.0, low=0.1, high=5.0, step=0.1, description="stop distance beyond the level [ATR]")
    min_reward: float = bounded(
        1.0, low=0.1, high=10.0, step=0.1, description="least way to the target [way to the stop]"
    )
    hold_bars: int = bounded(40, low=1, high=500, description="bars after which it is left", log=True)
    direction: Direction = choice("long_only", description="both also sells short at a resistance")

    @model_validator(mode="after")
    def _room_for_swings(self) -> SupportResistanceParams:
        if self.window_bars <= 4 * self.confirm_bars:
            raise ValueError(
                "window_bars must be above four times confirm_bars, or no two swing points fit in; found "
                f"window_bars={self.window_bars}, confirm_bars={self.confirm_bars}: raise window_bars"
            )
        return self


class SupportResistance(Strategy):
    """Buy a bar that touched a support and closed above it, with the next resistance as target and a stop below.

    Levels are the swing points known on the bar before, and the nearest ones count. A trade must promise a way to the
    target of `min_reward` times the way to the stop. Four touches of the level are full confidence. Mirrored for
    shorts.
    """

    name = "support_resistance"
    family = "mean_reversion"
    source = (
        "C. L. Osler, Support for Resistance: Technical Analysis and Intraday Exchange Rates, "
        "FRBNY Economic Policy Review 6 (2000)"
    )
    edge = (
        "Orders gather where price turned before, and those who missed the turn wait there; impatient sellers run into "
        "them and pay for the bounce."
    )
    Params = SupportResistanceParams
    params: SupportResistanceParams

    @property
    def warmup_bars(self) -> int:
        """The window of the levels, one bar before this one, or three windows of the ATR that is their zone."""
        return max(self.params.window_bars, 3 * self.params.atr_bars) + 1

    def signals(self, context: Context) -> Signals:
        """Return entries on bars that touched a level and held it, each with its own stop and target."""
        bars, params = context.bars, self.params
        size = context.compute(atr, params.atr_bars)
        known = swing_levels(
            bars.high, bars.low, bars.close, params.confirm_bars, params.window_bars, params.zone_atr, params.atr_bars
        )
        support, resistance, below_touches, above_touches = (lag(panel) for panel in known)
        zone, risk = params.zone_atr * size, params.stop_atr * size
        held = (bars.low <= support + zone) & (bars.close > support) & (below_touches >= params.min_touches)
        capped = (bars.high >= resistance - zone) & (bars.close < resistance) & (above_touches >= params.min_touches)
        long = held & (resistance - bars.close >= params.min_reward * (bars.close - support + risk))
        short = capped & (bars.close - support >= params.min_reward * (resistance - bars.close + risk)) & ~long
        short &= params.direction == "both"
        touches = np.where(long, below_touches, above_touches)
        return self.sides(
            context,
            long=long,
            short=short,
            confidence=np.where(long | short, np.minimum(touches / 4.0, 1.0), 1.0),
            stop_level=np.where(long, support - risk, np.where(short, resistance + risk, np.nan)),
            target_level=np.where(long, resistance, np.where(short, support, np.nan)),
            exit_plan=ExitPlan(time_stop_bars=params.hold_bars),
        )
