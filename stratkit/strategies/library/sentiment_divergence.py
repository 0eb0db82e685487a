"""Sentiment divergence: a new low of the price that sentiment does not share, and its mirror."""

from __future__ import annotations

from pydantic import Field

from stratkit.features.events import lag
from stratkit.features.indicators import highest, lowest
from stratkit.features.shocks import shocks
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class SentimentDivergenceParams(Parameters):
    """Parameters of the sentiment divergence."""

    series: str = Field("sentiment", description="external series of sentiment, where high values mean greed")
    extreme_bars: int = bounded(
        20, low=3, high=260, description="bars before, below whose closes is a new low", log=True
    )
    change_bars: int = bounded(10, low=1, high=120, description="bars over which sentiment rises", log=True)
    window: int = bounded(120, low=10, high=1000, description="bars of earlier changes of sentiment", log=True)
    deviations: float = bounded(0.5, low=0.0, high=4.0, step=0.1, description="rise from which it counts [deviations]")
    hold_bars: int = bounded(15, low=1, high=260, description="bars after which to leave", log=True)
    atr_bars: int = bounded(14, low=2, high=100, description="bars of the ATR behind the stop", log=True)
    stop_atr: float = bounded(4.0, low=0.25, high=20.0, step=0.25, description="stop distance from the entry [ATR]")
    direction: Direction = choice("both", description="long_only does not sell short")


class SentimentDivergence(Strategy):
    """Buy a new low of the close while sentiment has risen, sell short a new high while it has fallen.

    How far sentiment rose is counted in deviations of its earlier changes. A time stop ends what the ATR stop has not.
    """

    name = "sentiment_divergence"
    family = "sentiment"
    source = (
        "P. C. Tetlock, Giving Content to Investor Sentiment: The Role of Media in the Stock Market, Journal of "
        "Finance 62 (2007): pressure on prices that sentiment does not explain comes back"
    )
    needs = ("series:sentiment",)
    edge = (
        "A low that comes while people grow more confident is made by those who must sell, and what they press the "
        "price down by comes back to those who buy from them."
    )
    Params = SentimentDivergenceParams
    params: SentimentDivergenceParams

    @property
    def warmup_bars(self) -> int:
        """The changes of sentiment, the closes before, or the ATR, whichever reaches back furthest."""
        params = self.params
        return max(params.change_bars + params.window, params.extreme_bars, params.atr_bars)

    def signals(self, context: Context) -> Signals:
        """Return entries on the bars of a divergence only."""
        params, close = self.params, context.bars.close
        rise = shocks(context.series(params.series), params.change_bars, params.window)
        low = close < lag(context.compute(lowest, params.extreme_bars, on="close"))
        high = close > lag(context.compute(highest, params.extreme_bars, on="close"))
        return self.sides(
            context,
            long=low & (rise > params.deviations),
            short=high & (rise < -params.deviations) & (params.direction == "both"),
            exit_plan=ExitPlan(
                risk_basis="atr",
                risk=params.stop_atr,
                atr_bars=params.atr_bars,
                sl=1.0,
                time_stop_bars=params.hold_bars,
            ),
        )
