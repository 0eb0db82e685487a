"""Volatility risk premium: hold the market while options cost more than the volatility that they insure."""

from __future__ import annotations

import math

from pydantic import Field, model_validator

from stratkit.features.indicators import return_std
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class VolatilityRiskPremiumParams(Parameters):
    """Parameters of the volatility risk premium."""

    series: str = Field("vix", description="external series of implied volatility [% a year]")
    window: int = bounded(21, low=5, high=260, description="bars of the realised volatility", log=True)
    bars_per_year: float = bounded(
        252.0,
        low=1.0,
        high=600_000.0,
        description="bars of a year, to annualise by: 252 for days of an exchange",
        log=True,
    )
    margin: float = bounded(2.0, low=-10.0, high=30.0, step=0.5, description="premium from which to be in [points]")
    leave: float = bounded(0.0, low=-20.0, high=30.0, step=0.5, description="premium below which to be out [points]")
    direction: Direction = choice("long_only", description="both also sells short while the premium is below -margin")

    @model_validator(mode="after")
    def _ordered(self) -> VolatilityRiskPremiumParams:
        if self.leave > self.margin:
            raise ValueError(f"leave must not be above margin; found leave={self.leave:g} and margin={self.margin:g}")
        if self.direction == "both" and self.margin < 0:
            raise ValueError(f"margin must not be below 0 when both sides are traded; found {self.margin:g}")
        return self


class VolatilityRiskPremium(Strategy):
    """Be long while implied volatility stands above realised volatility by a margin; leave when that premium is gone.

    The premium is the series less the annualised standard deviation of the last returns, both in percent a year. The
    paper takes the difference of variances, which has the same sign.
    """

    name = "volatility_risk_premium"
    family = "volatility"
    source = (
        "T. Bollerslev, G. Tauchen, H. Zhou, Expected Stock Returns and Variance Risk Premia, Review of Financial "
        "Studies 22 (2009)"
    )
    needs = ("series:vix",)
    edge = (
        "Holders of stocks pay more for options than the volatility that follows, most when they fear most, and who "
        "bears that risk while it is paid for earns the premium in the market itself."
    )
    Params = VolatilityRiskPremiumParams
    params: VolatilityRiskPremiumParams

    @property
    def warmup_bars(self) -> int:
        """The bars of the realised volatility."""
        return self.params.window

    def signals(self, context: Context) -> Signals:
        """Return long while the premium is large, out where it is gone, short while it is as far inverted."""
        params = self.params
        realised = 100.0 * math.sqrt(params.bars_per_year) * context.compute(return_std, params.window)
        premium = context.series(params.series) - realised
        rich, inverted = premium > params.margin, (premium < -params.margin) & (params.direction == "both")
        latest = latest_side(rich, inverted)
        gone = ((latest == LONG) & (premium < params.leave)) | ((latest == SHORT) & (premium > -params.leave))
        return self.sides(context, long=rich, short=inverted, exit=gone)
