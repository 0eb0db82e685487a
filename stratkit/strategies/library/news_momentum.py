"""News momentum: a shock of a series of news is followed in its direction for some bars."""

from __future__ import annotations

from pydantic import Field

from stratkit.features.shocks import shocks
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class NewsMomentumParams(Parameters):
    """Parameters of the news momentum."""

    series: str = Field("sentiment", description="external series of the tone of news, where high values are good news")
    change_bars: int = bounded(1, low=1, high=60, description="bars over which the tone changes", log=True)
    window: int = bounded(60, low=10, high=1000, description="bars of earlier changes", log=True)
    deviations: float = bounded(2.0, low=0.25, high=8.0, step=0.25, description="change that is a shock [deviations]")
    hold_bars: int = bounded(5, low=1, high=120, description="bars for which it is followed", log=True)
    direction: Direction = choice("both", description="long_only follows good news alone")


class NewsMomentum(Strategy):
    """Follow a change of the tone of news beyond so many deviations of its earlier changes, for so many bars."""

    name = "news_momentum"
    family = "sentiment"
    source = (
        "W. S. Chan, Stock Price Reaction to News and No-News, Journal of Financial Economics 70 (2003); "
        "P. C. Tetlock, Giving Content to Investor Sentiment, Journal of Finance 62 (2007)"
    )
    needs = ("series:sentiment",)
    edge = (
        "News reaches people one after the other and they believe it slowly, so that prices drift on after it towards "
        "where those who acted at once have gone."
    )
    Params = NewsMomentumParams
    params: NewsMomentumParams

    @property
    def warmup_bars(self) -> int:
        """The change and the earlier ones that it is measured by."""
        return self.params.change_bars + self.params.window

    def signals(self, context: Context) -> Signals:
        """Return entries on the bars of shocks only; a shock the other way turns the position."""
        params = self.params
        shock = shocks(context.series(params.series), params.change_bars, params.window)
        bad = (shock < -params.deviations) & (params.direction == "both")
        plan = ExitPlan(time_stop_bars=params.hold_bars)
        return self.sides(context, long=shock > params.deviations, short=bad, exit_plan=plan)
