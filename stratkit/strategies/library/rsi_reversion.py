"""RSI mean reversion: buy what fell too fast, sell what rose too fast."""

from __future__ import annotations

from pydantic import model_validator

from stratkit.features.indicators import rsi
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class RsiReversionParams(Parameters):
    """Parameters of the RSI mean reversion."""

    window: int = bounded(14, low=2, high=100, description="bars of the RSI", log=True)
    buy_below: float = bounded(30.0, low=1.0, high=49.0, step=1.0, description="RSI that is oversold")
    sell_above: float = bounded(70.0, low=51.0, high=99.0, step=1.0, description="RSI that is overbought, for shorts")
    exit_at: float = bounded(50.0, low=10.0, high=90.0, step=1.0, description="RSI at which the move is over")
    direction: Direction = choice("long_only", description="both also sells the overbought short")

    @model_validator(mode="after")
    def _ordered(self) -> RsiReversionParams:
        if not self.buy_below < self.exit_at < self.sell_above:
            raise ValueError(
                "exit_at must lie between buy_below and sell_above; found "
                f"buy_below={self.buy_below:g}, exit_at={self.exit_at:g}, sell_above={self.sell_above:g}: "
                "move exit_at between the two"
            )
        return self


class RsiReversion(Strategy):
    """Buy when RSI says oversold, and leave when it is back in the middle; mirrored for shorts."""

    name = "rsi_reversion"
    family = "mean_reversion"
    source = "J. W. Wilder, New Concepts in Technical Trading Systems (1978), section VI"
    edge = (
        "Whoever must sell at once after a fast fall pays those who wait for the other side of the crowd to come back."
    )
    Params = RsiReversionParams
    params: RsiReversionParams

    @property
    def warmup_bars(self) -> int:
        """The RSI's own lookback."""
        return self.params.window

    def signals(self, context: Context) -> Signals:
        """Return long while oversold, short while overbought, out when back in the middle."""
        strength = context.compute(rsi, self.params.window)
        exit_at, shorts = self.params.exit_at, self.params.direction == "both"
        oversold, overbought = strength < self.params.buy_below, (strength > self.params.sell_above) & shorts
        latest = latest_side(oversold, overbought)
        back = ((latest == LONG) & (strength >= exit_at)) | ((latest == SHORT) & (strength <= exit_at))
        return self.sides(context, long=oversold, short=overbought, exit=back)
