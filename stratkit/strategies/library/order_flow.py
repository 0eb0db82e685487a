"""Order flow guessed from bars, as a proxy: followed, or traded where price disagrees with it."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from stratkit.features.close_location import close_location
from stratkit.features.events import crossing, lag
from stratkit.features.indicators import rate_of_change, return_std, sma
from stratkit.panel import FloatArray
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class OrderFlowParams(Parameters):
    """Parameters of the order flow proxy."""

    proxy: Literal["close_location", "bulk_volume"] = choice(
        "close_location", description="volume by where the bar closed in its range, or by the size of its move"
    )
    mode: Literal["follow", "divergence"] = choice(
        "follow", description="trade with the flow, or with it only where price went the other way"
    )
    window_bars: int = bounded(20, low=2, high=300, description="bars over which the delta is summed", log=True)
    threshold: float = bounded(0.1, low=0.01, high=0.9, step=0.01, description="least net flow [share of the volume]")
    deviation_bars: int = bounded(60, low=10, high=500, description="bars of the usual deviation of returns", log=True)
    divergence: float = bounded(
        0.5, low=0.0, high=4.0, step=0.1, description="least move of price against the flow [deviations of the window]"
    )
    atr_bars: int = bounded(14, low=2, high=100, description="bars of the ATR behind the stop", log=True)
    stop_atr: float = bounded(3.0, low=0.25, high=10.0, step=0.25, description="stop distance from the entry [ATR]")
    direction: Direction = choice("both", description="long_only does not sell short")


class OrderFlow(Strategy):
    """Trade with the net flow of volume over a window, guessed from bars: a proxy, for bars do not say who traded.

    The delta of a bar is volume x close location, -1 at the low to 1 at the high; or, as bulk volume, volume x
    (2 N(return / usual deviation) - 1), N the normal distribution. Their sum over the window in shares of its volume is
    the net flow. `follow` enters where it crosses the threshold; `divergence` where it is beyond it while price went
    the other way. It is left when the net flow has changed its sign. True signed volume needs trades and quotes.
    """

    name = "order_flow"
    family = "institutional"
    source = (
        "T. Chordia, R. Roll, A. Subrahmanyam, Order Imbalance, Liquidity, and Market Returns, Journal of Financial "
        "Economics 65 (2002); bulk volume: D. Easley, M. Lopez de Prado, M. O'Hara, Journal of Financial Economics 120 "
        "(2016)"
    )
    needs = ("volume",)
    edge = (
        "Large orders are cut in pieces and worked over days, so that flow goes on the way it went; whoever sees it "
        "early is paid by the rest of the order."
    )
    Params = OrderFlowParams
    params: OrderFlowParams

    @property
    def warmup_bars(self) -> int:
        """The usual deviation before the window, the window, or the ATR."""
        params = self.params
        return max(params.deviation_bars + params.window_bars, params.atr_bars)

    def signals(self, context: Context) -> Signals:
        """Return entries by the mode, exits where the net flow has changed its sign."""
        params = self.params
        flow = self._net_flow(context)
        if params.mode == "follow":
            level = np.full(context.shape, params.threshold)
            long, short = crossing(flow, level) == LONG, crossing(flow, -level) == SHORT
        else:
            usual = lag(context.compute(return_std, params.deviation_bars), params.window_bars)
            least = params.divergence * usual * math.sqrt(params.window_bars)
            move = context.compute(rate_of_change, params.window_bars)
            long, short = (flow > params.threshold) & (move < -least), (flow < -params.threshold) & (move > least)
        short = short & (params.direction == "both")
        latest = latest_side(long, short)
        return self.sides(
            context,
            long=long,
            short=short,
            exit=((latest == LONG) & (flow < 0)) | ((latest == SHORT) & (flow > 0)),
            confidence=np.where(long | short, np.minimum(np.abs(flow) / (2.0 * params.threshold), 1.0), 1.0),
            exit_plan=ExitPlan(risk_basis="atr", risk=params.stop_atr, atr_bars=params.atr_bars, sl=1.0),
        )

    def _net_flow(self, context: Context) -> FloatArray:
        """Return (T, N) the summed delta of the window over its volume, -1 to 1; NaN where it has no volume."""
        params, bars, volume = self.params, context.bars, context.bars.volume
        by_close = params.proxy == "close_location"
        side = close_location(bars.high, bars.low, bars.close) if by_close else self._bulk_side(context)
        with np.errstate(divide="ignore", invalid="ignore"):
            flow: FloatArray = sma(side * volume, params.window_bars) / sma(
                np.where(np.isfinite(side), volume, np.nan), params.window_bars
            )
        return flow

    def _bulk_side(self, context: Context) -> FloatArray:
        """Return the share of buyers less that of sellers, from the return in units of the deviation before it."""
        from scipy.special import ndtr  # a tenth of a second to import, for this proxy only

        usual = lag(context.compute(return_std, self.params.deviation_bars))
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = np.where(usual > 0, context.compute(rate_of_change, 1) / usual, np.nan)
        side: FloatArray = 2.0 * ndtr(moved) - 1.0
        return side
