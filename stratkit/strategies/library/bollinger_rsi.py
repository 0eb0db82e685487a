"""Bollinger with RSI: buy a sharp setback inside an uptrend, when band and oscillator agree."""

from __future__ import annotations

import numpy as np

from stratkit.features.indicators import bollinger, rsi, sma
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class BollingerRsiParams(Parameters):
    """Parameters of the Bollinger and RSI reversion."""

    window: int = bounded(20, low=2, high=200, description="bars of the bands", log=True)
    deviations: float = bounded(1.5, low=0.5, high=4.0, step=0.1, description="half width of the bands [deviations]")
    rsi_bars: int = bounded(4, low=2, high=50, description="bars of the RSI", log=True)
    oversold: float = bounded(25.0, low=1.0, high=49.0, step=1.0, description="RSI to buy below; 100 less it to sell")
    trend_bars: int = bounded(150, low=5, high=500, description="bars of the average that is the trend", log=True)
    atr_bars: int = bounded(14, low=2, high=100, description="bars of the ATR behind the stop", log=True)
    stop_atr: float = bounded(3.0, low=0.5, high=10.0, step=0.5, description="stop distance from the entry [ATR]")
    hold_bars: int = bounded(15, low=1, high=200, description="bars after which it is left", log=True)
    direction: Direction = choice("long_only", description="both also sells rallies inside a downtrend")


class BollingerRsi(Strategy):
    """Buy a close below the lower band while RSI is oversold and the trend is up; leave at the middle band.

    The trend is the close's side of a long average. A stop in ATR and a time stop end what does not come back.
    Confidence is how far the RSI lies beyond its threshold, as a fraction of the way to its end.
    """

    name = "bollinger_rsi"
    family = "mean_reversion"
    source = (
        "L. Connors, C. Alvarez, Short Term Trading Strategies That Work (2008): short RSI above a long average; "
        "J. Bollinger, Bollinger on Bollinger Bands (2001): bands confirmed by an oscillator"
    )
    edge = (
        "In a market that is bought on balance, a sharp setback is mostly haste: sellers who want cash now pay for it, "
        "and the trend brings the price back."
    )
    Params = BollingerRsiParams
    params: BollingerRsiParams

    @property
    def warmup_bars(self) -> int:
        """The trend, or four windows of the RSI, whose average forgets its start slowly, or the bands."""
        params = self.params
        return max(params.trend_bars - 1, 4 * params.rsi_bars, params.window - 1, params.atr_bars)

    def signals(self, context: Context) -> Signals:
        """Return entries where band, RSI and trend agree, exits beyond the middle band."""
        close, params = context.bars.close, self.params
        bands = context.compute(bollinger, params.window, params.deviations)
        strength = context.compute(rsi, params.rsi_bars)
        trend = context.compute(sma, params.trend_bars)
        low, high = params.oversold, 100.0 - params.oversold
        dip = (close < bands.lower) & (strength < low) & (close > trend)
        rally = (close > bands.upper) & (strength > high) & (close < trend) & (params.direction == "both")
        latest = latest_side(dip, rally)
        beyond = np.where(dip, low - strength, strength - high) / low
        return self.sides(
            context,
            long=dip,
            short=rally,
            exit=((latest == LONG) & (close >= bands.mid)) | ((latest == SHORT) & (close <= bands.mid)),
            confidence=np.where(dip | rally, np.clip(beyond, 0.0, 1.0), 1.0),
            exit_plan=ExitPlan(
                risk_basis="atr",
                risk=params.stop_atr,
                atr_bars=params.atr_bars,
                sl=1.0,
                time_stop_bars=params.hold_bars,
            ),
        )
