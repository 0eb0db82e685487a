"""Contrarian sentiment: buy extreme fear, leave when it is over; sell euphoria short if asked to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from stratkit.features.rolling_rank import rolling_rank
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class ContrarianSentimentParams(Parameters):
    """Parameters of the contrarian sentiment."""

    series: str = Field("sentiment", description="external series of sentiment")
    high_means: Literal["greed", "fear"] = choice("greed", description="what high values mean; fear for one like VIX")
    rank_bars: int = bounded(252, low=20, high=2500, description="bars that sentiment is ranked among", log=True)
    fear: float = bounded(0.1, low=0.01, high=0.49, step=0.01, description="quantile up to which there is fear")
    neutral: float = bounded(0.5, low=0.02, high=0.98, step=0.01, description="quantile at which to leave")
    euphoria: float = bounded(0.9, low=0.51, high=0.99, step=0.01, description="quantile from which there is euphoria")
    direction: Direction = choice("long_only", description="both also sells short in euphoria")

    @model_validator(mode="after")
    def _ordered(self) -> ContrarianSentimentParams:
        if not self.fear < self.neutral < self.euphoria:
            raise ValueError(
                f"fear < neutral < euphoria must hold; found fear={self.fear:g}, neutral={self.neutral:g}, "
                f"euphoria={self.euphoria:g}"
            )
        return self


class ContrarianSentiment(Strategy):
    """Buy while sentiment is among the most fearful values of its last bars, and leave when it is back to neutral.

    The quantile is that of the bars before, so nothing that came later makes a value extreme.
    """

    name = "contrarian_sentiment"
    family = "sentiment"
    source = (
        "M. Baker, J. Wurgler, Investor Sentiment and the Cross-Section of Stock Returns, Journal of Finance 61 (2006)"
    )
    needs = ("series:sentiment",)
    edge = (
        "Fear makes holders sell below value at any price, and few dare to buy from them: who does is paid when fear "
        "fades; euphoria is its mirror."
    )
    Params = ContrarianSentimentParams
    params: ContrarianSentimentParams

    @property
    def warmup_bars(self) -> int:
        """The bars that sentiment is ranked among."""
        return self.params.rank_bars

    def signals(self, context: Context) -> Signals:
        """Return long in extreme fear, short in euphoria, out at neutral."""
        params = self.params
        rank = rolling_rank(context.series(params.series), params.rank_bars)
        greed = rank if params.high_means == "greed" else 1.0 - rank
        fearful, euphoric = greed <= params.fear, (greed >= params.euphoria) & (params.direction == "both")
        latest = latest_side(fearful, euphoric)
        over = ((latest == LONG) & (greed >= params.neutral)) | ((latest == SHORT) & (greed <= params.neutral))
        return self.sides(context, long=fearful, short=euphoric, exit=over)
