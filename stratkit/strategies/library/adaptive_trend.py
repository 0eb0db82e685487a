"""Adaptive trend: Kaufman's moving average, which hurries in trends and rests in noise, and its turns."""

from __future__ import annotations

import numpy as np

from stratkit.features.events import lag
from stratkit.features.indicators import return_std
from stratkit.features.trend import efficiency_ratio, kama
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class AdaptiveTrendParams(Parameters):
    """Parameters of the adaptive trend follower."""

    efficiency_bars: int = bounded(10, low=2, high=100, description="bars of the efficiency ratio", log=True)
    filter_bars: int = bounded(20, low=2, high=200, description="bars of the deviation of its moves", log=True)
    filter_deviations: float = bounded(
        0.5, low=0.0, high=3.0, step=0.1, description="least move of the average that counts [deviations]"
    )
    min_efficiency: float = bounded(
        0.3, low=0.0, high=0.95, step=0.05, description="efficiency ratio below which nothing is entered"
    )
    atr_bars: int = bounded(20, low=2, high=100, description="bars of the ATR behind the stop", log=True)
    stop_atr: float = bounded(3.0, low=0.5, high=10.0, step=0.5, description="trailing stop distance [ATR]")
    direction: Direction = choice("both", description="long_only leaves where both would go short")


class AdaptiveTrend(Strategy):
    """Follow the turns of Kaufman's adaptive average where price moves efficiently, with a trailing ATR stop.

    The efficiency ratio is the net change over the sum of all changes: 1 in a straight line, near 0 in noise. It sets
    the speed of the average, gates entries, and is the confidence. A turn against the position of more than the
    filter ends it, however noisy.
    """

    name = "adaptive_trend"
    family = "momentum"
    source = "P. J. Kaufman, Smarter Trading (1995): the adaptive moving average and its filter"
    edge = (
        "Trends persist while markets take in news, and most of what followers lose they lose in noise: resting "
        "there keeps more of what the slow pay."
    )
    Params = AdaptiveTrendParams
    params: AdaptiveTrendParams

    @property
    def warmup_bars(self) -> int:
        """The average and the deviation of its moves, three windows long: the average forgets its start slowly."""
        params = self.params
        return max(3 * (params.efficiency_bars + params.filter_bars) + 1, params.atr_bars)

    def signals(self, context: Context) -> Signals:
        """Return entries where the average moves on by more than the filter in an efficient market."""
        params = self.params
        average = context.compute(kama, params.efficiency_bars)
        efficiency = context.compute(efficiency_ratio, params.efficiency_bars)
        least = params.filter_deviations * return_std(average, params.filter_bars)
        move = average / lag(average) - 1.0
        turned_up, turned_down = move > least, move < -least
        efficient = efficiency >= params.min_efficiency
        long, short = turned_up & efficient, turned_down & efficient & (params.direction == "both")
        latest = latest_side(long, short)
        return self.sides(
            context,
            long=long,
            short=short,
            exit=((latest == LONG) & turned_down) | ((latest == SHORT) & turned_up),
            confidence=np.where(long | short, np.clip(efficiency, 0.0, 1.0), 1.0),
            exit_plan=ExitPlan(
                risk_basis="atr", risk=params.stop_atr, atr_bars=params.atr_bars, sl=1.0, trail_at=0.0, trail_by=1.0
            ),
        )
