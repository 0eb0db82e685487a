"""Momentum ignition: a sudden burst on heavy volume, followed for a few bars."""

from __future__ import annotations

import math

import numpy as np

from stratkit.features.events import lag
from stratkit.features.indicators import rate_of_change, return_std
from stratkit.features.volume import relative_volume
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class MomentumIgnitionParams(Parameters):
    """Parameters of the momentum ignition."""

    burst_bars: int = bounded(1, low=1, high=10, description="bars over which the burst is measured")
    deviation_bars: int = bounded(60, low=10, high=500, description="bars of the usual deviation before it", log=True)
    deviations: float = bounded(2.0, low=0.5, high=6.0, step=0.1, description="least burst [usual deviations]")
    volume_bars: int = bounded(20, low=2, high=300, description="bars of the usual volume", log=True)
    volume_multiple: float = bounded(1.3, low=1.0, high=20.0, step=0.1, description="least volume [usual volume]")
    hold_bars: int = bounded(5, low=1, high=50, description="bars after which it is left", log=True)
    atr_bars: int = bounded(14, low=2, high=100, description="bars of the ATR behind the stop", log=True)
    stop_atr: float = bounded(2.0, low=0.25, high=10.0, step=0.25, description="stop distance from the entry [ATR]")
    direction: Direction = choice("both", description="long_only follows bursts upwards only")


class MomentumIgnition(Strategy):
    """Follow a burst beyond its usual deviation on a volume spike for a few bars, then leave.

    The deviation is that of the bars before the burst. A time stop ends what neither the ATR stop nor a burst the
    other way has ended. Confidence is half the burst in units of what was asked for, at most 1.
    """

    name = "momentum_ignition"
    family = "momentum"
    source = (
        "the word: SEC, Concept Release on Equity Market Structure, 34-61358 (2010); the effect: S. Gervais, "
        "R. Kaniel, D. H. Mingelgrin, The High-Volume Return Premium, Journal of Finance 56 (2001)"
    )
    needs = ("volume",)
    edge = (
        "A jump on heavy volume draws attention, stops and late buyers in behind it for some bars; those who are "
        "forced or drawn in pay those who are there first."
    )
    Params = MomentumIgnitionParams
    params: MomentumIgnitionParams

    @property
    def warmup_bars(self) -> int:
        """The deviation before the burst, or the usual volume or ATR when those are longer."""
        params = self.params
        return max(params.deviation_bars + params.burst_bars, params.volume_bars + 1, params.atr_bars)

    def signals(self, context: Context) -> Signals:
        """Return entries on the bars of a burst only."""
        params = self.params
        before = lag(context.compute(return_std, params.deviation_bars), params.burst_bars)
        usual = before * math.sqrt(params.burst_bars)
        with np.errstate(divide="ignore", invalid="ignore"):  # a market that stood still has no usual deviation
            burst = np.where(usual > 0, context.compute(rate_of_change, params.burst_bars) / usual, np.nan)
        busy = context.compute(relative_volume, params.volume_bars) >= params.volume_multiple
        up, down = busy & (burst >= params.deviations), busy & (burst <= -params.deviations)
        down &= params.direction == "both"
        return self.sides(
            context,
            long=up,
            short=down,
            confidence=np.where(up | down, np.minimum(np.abs(burst) / (2.0 * params.deviations), 1.0), 1.0),
            exit_plan=ExitPlan(
                risk_basis="atr",
                risk=params.stop_atr,
                atr_bars=params.atr_bars,
                sl=1.0,
                time_stop_bars=params.hold_bars,
            ),
        )
