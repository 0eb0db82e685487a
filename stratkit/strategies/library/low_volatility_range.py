"""Low-volatility range: buy the bottom and sell the top of a range, only while the market is quiet."""

from __future__ import annotations

import numpy as np

from stratkit.features.events import lag
from stratkit.features.indicators import highest, lowest, return_std
from stratkit.features.rolling_rank import rolling_rank
from stratkit.features.trend import adx
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class LowVolatilityRangeParams(Parameters):
    """Parameters of the range trading in quiet markets."""

    range_bars: int = bounded(20, low=5, high=300, description="bars of the range", log=True)
    edge_share: float = bounded(0.25, low=0.02, high=0.45, step=0.01, description="share of the range that is its edge")
    adx_bars: int = bounded(14, low=2, high=100, description="bars of the ADX", log=True)
    max_adx: float = bounded(20.0, low=5.0, high=60.0, step=1.0, description="ADX from which on it is a trend")
    vol_bars: int = bounded(20, low=5, high=200, description="bars of the volatility", log=True)
    rank_bars: int = bounded(250, low=20, high=2000, description="bars that the volatility is ranked among", log=True)
    max_vol_rank: float = bounded(
        0.5, low=0.05, high=1.0, step=0.05, description="quantile above which volatility is not low"
    )
    atr_bars: int = bounded(14, low=2, high=100, description="bars of the ATR behind the stop", log=True)
    stop_atr: float = bounded(2.0, low=0.25, high=10.0, step=0.25, description="stop distance from the entry [ATR]")
    direction: Direction = choice("both", description="long_only does not sell the top short")


class LowVolatilityRange(Strategy):
    """Buy the lower edge of the range of the bars before and sell its upper edge, while ADX and volatility are low.

    A position is left at the other edge, when the close leaves the range, when the market is no longer quiet, or at a
    stop in ATR. Volatility is low when its rank among the bars before is, so no level of it is fixed in advance.
    """

    name = "low_volatility_range"
    family = "volatility"
    source = (
        "J. W. Wilder, New Concepts in Technical Trading Systems (1978), section IV (ADX) and VII "
        "(the reaction trend system, which buys weakness and sells strength between trends)"
    )
    edge = (
        "With no news on the way, moves inside a range are orders that want to be filled now: whoever fills them at "
        "the edges earns the way back."
    )
    Params = LowVolatilityRangeParams
    params: LowVolatilityRangeParams

    @property
    def warmup_bars(self) -> int:
        """The volatility and the bars it is ranked among, the range, or four windows of the ADX."""
        params = self.params
        return max(params.vol_bars + params.rank_bars, params.range_bars, 4 * params.adx_bars, params.atr_bars)

    def signals(self, context: Context) -> Signals:
        """Return entries at the edges of quiet ranges, exits at the other edge, outside, and when it is not quiet."""
        params = self.params
        rank = rolling_rank(context.compute(return_std, params.vol_bars), params.rank_bars)
        quiet = (context.compute(adx, params.adx_bars) < params.max_adx) & (rank <= params.max_vol_rank)
        bottom = lag(context.compute(lowest, params.range_bars))
        top = lag(context.compute(highest, params.range_bars))
        with np.errstate(divide="ignore", invalid="ignore"):
            place = (context.bars.close - bottom) / (top - bottom)
        low_edge, high_edge = params.edge_share, 1.0 - params.edge_share
        long = quiet & (place >= 0.0) & (place <= low_edge)
        short = quiet & (place <= 1.0) & (place >= high_edge) & (params.direction == "both")
        latest = latest_side(long, short)
        over = ~quiet | (place < 0.0) | (place > 1.0)
        leaves_long = (latest == LONG) & (over | (place >= high_edge))
        leaves_short = (latest == SHORT) & (over | (place <= low_edge))
        return self.sides(
            context,
            long=long,
            short=short,
            exit=leaves_long | leaves_short,
            exit_plan=ExitPlan(risk_basis="atr", risk=params.stop_atr, atr_bars=params.atr_bars, sl=1.0),
        )
