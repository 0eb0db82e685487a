"""Bollinger mean reversion: fade a close outside the bands, leave in the middle."""

from __future__ import annotations

from stratkit.features.indicators import bollinger
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class BollingerReversionParams(Parameters):
    """Parameters of the Bollinger mean reversion."""

    window: int = bounded(20, low=2, high=200, description="bars of the bands", log=True)
    deviations: float = bounded(2.0, low=0.5, high=5.0, step=0.1, description="half width of the bands [deviations]")
    direction: Direction = choice("long_only", description="both also sells short above the upper band")


class BollingerReversion(Strategy):
    """Buy a close below the lower band, and leave at the middle band; mirrored for shorts."""

    name = "bollinger_reversion"
    family = "mean_reversion"
    source = "J. Bollinger, Bollinger on Bollinger Bands (2001), ch. 7"
    edge = (
        "A close far outside its usual range is often haste and not news; the hasty pay for liquidity when the "
        "price comes back."
    )
    Params = BollingerReversionParams
    params: BollingerReversionParams

    @property
    def warmup_bars(self) -> int:
        """The bands' own lookback."""
        return self.params.window - 1

    def signals(self, context: Context) -> Signals:
        """Return long below the lower band, short above the upper one, out beyond the middle."""
        close = context.bars.close
        bands = context.compute(bollinger, self.params.window, self.params.deviations)
        shorts = self.params.direction == "both"
        below, above = close < bands.lower, (close > bands.upper) & shorts
        latest = latest_side(below, above)
        back = ((latest == LONG) & (close >= bands.mid)) | ((latest == SHORT) & (close <= bands.mid))
        return self.sides(context, long=below, short=above, exit=back)
