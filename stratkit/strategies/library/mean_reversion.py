"""Mean reversion: buy the oversold with a stop and a target, sell what is held when it is overbought."""

from __future__ import annotations

import numpy as np

from stratkit.features.indicators import rsi
from stratkit.plans import percent_plan
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class MeanReversionParams(Parameters):
    """Parameters of the mean reversion."""

    window: int = bounded(14, low=2, high=100, description="bars of the RSI", log=True)
    rsi_oversold: float = bounded(30.0, low=1.0, high=49.0, step=1.0, description="RSI below which to buy")
    rsi_overbought: float = bounded(70.0, low=51.0, high=99.0, step=1.0, description="RSI above which to sell")
    size_pct: float = bounded(2.0, low=0.1, high=100.0, description="size of a position [% of equity]", log=True)
    stop_loss_pct: float = bounded(5.0, low=0.5, high=50.0, step=0.5, description="stop [% of the entry price]")
    take_profit_pct: float = bounded(10.0, low=0.5, high=200.0, step=0.5, description="target [% of the entry price]")


class MeanReversion(Strategy):
    """Buy when RSI says oversold, sell what is held when it says overbought; the further, the more confident."""

    name = "mean_reversion"
    family = "mean_reversion"
    source = "J. W. Wilder, New Concepts in Technical Trading Systems (1978), section VI"
    edge = (
        "Panic sells too cheap: whoever buys when selling has exhausted itself is paid for the fear of others, "
        "and a stop limits the bill."
    )
    Params = MeanReversionParams
    params: MeanReversionParams

    @property
    def warmup_bars(self) -> int:
        """Four windows: the confidence is read off the RSI, whose average forgets its start slowly."""
        return 4 * self.params.window

    def signals(self, context: Context) -> Signals:
        """Return long while oversold, out while overbought, each with its own size, stop and target."""
        params = self.params
        strength = context.compute(rsi, params.window)
        low, high = params.rsi_oversold, params.rsi_overbought
        oversold, overbought = strength < low, strength > high
        below, above = np.minimum((low - strength) / low, 1.0), np.minimum((strength - high) / (100.0 - high), 1.0)
        return self.sides(
            context,
            long=oversold,
            exit=overbought,
            confidence=np.where(oversold, below, np.where(overbought, above, 1.0)),
            size=np.where(oversold, params.size_pct / 100.0, np.nan),
            size_unit="fraction",
            exit_plan=percent_plan(params.stop_loss_pct, params.take_profit_pct),
        )
