"""Time-series momentum: each market by the sign of its own past year, scaled to the same risk."""

from __future__ import annotations

import math

import numpy as np

from stratkit.features.events import lag
from stratkit.features.indicators import ema, rate_of_change
from stratkit.panel import FloatArray
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.rebalancing import period_starts
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class TimeSeriesMomentumParams(Parameters):
    """Parameters of the time-series momentum."""

    lookback: int = bounded(252, low=5, high=2000, description="bars of the past return", log=True)
    vol_com_bars: int = bounded(60, low=2, high=500, description="centre of mass of the volatility estimate", log=True)
    vol_target_pct: float = bounded(
        20.0, low=1.0, high=100.0, step=1.0, description="yearly volatility asked of each market [%]"
    )
    bars_per_year: float = bounded(252.0, low=4.0, high=527_040.0, description="bars that make a year", log=True)
    max_weight: float = bounded(
        1.0, low=0.1, high=10.0, step=0.1, description="largest weight of a market before sharing"
    )
    direction: Direction = choice("both", description="long_only holds cash where both would be short")


class TimeSeriesMomentum(Strategy):
    """Hold every market long after a rise over the past year and short after a fall, at equal risk, renewed monthly.

    On the first bar of a month the weight of a market is sign(return) x target volatility / its own volatility, at
    most the largest weight, divided by the number of markets that have an estimate. The volatility is the root of the
    exponentially weighted variance around its mean, per year. A market without a bar then keeps what it has. The paper
    asks for 40 % of each market, which needs the leverage of futures.
    """

    name = "time_series_momentum"
    family = "momentum"
    source = (
        "T. J. Moskowitz, Y. H. Ooi, L. H. Pedersen, Time Series Momentum, "
        "Journal of Financial Economics 104 (2012), eq. 1 and 5"
    )
    edge = (
        "Prices take in news over months and herds carry them on; hedgers pay speculators for bearing positions, "
        "the more so after long moves."
    )
    Params = TimeSeriesMomentumParams
    params: TimeSeriesMomentumParams

    @property
    def warmup_bars(self) -> int:
        """The past return, or four windows of the variance, which forgets its start slowly."""
        return max(self.params.lookback, 4 * self._window + 1)

    @property
    def _window(self) -> int:
        """The window of the exponential average with this centre of mass: (n - 1) / 2 = centre."""
        return 2 * self.params.vol_com_bars + 1

    def signals(self, context: Context) -> Signals:
        """Return target weights on the first bars of months, NaN between."""
        params = self.params
        past = context.compute(rate_of_change, params.lookback)
        if params.direction == "long_only":
            past = np.maximum(past, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            asked = params.vol_target_pct / 100.0 / self._volatility(context.bars.close)
            weight = np.sign(past) * np.minimum(asked, params.max_weight)
        known = np.isfinite(weight)
        weight = weight / np.maximum(known.sum(axis=1, keepdims=True), 1)
        speaks = period_starts(context.bars.times, "monthly")[:, None] & known
        return self.weights(context, np.where(speaks, weight, np.nan))

    def _volatility(self, close: FloatArray) -> FloatArray:
        """Return the yearly volatility: eq. 1 of the paper, with the mean weighted alike."""
        returns = close / lag(close) - 1.0
        mean = ema(returns, self._window)
        variance = ema(returns * returns, self._window) - mean * mean
        return np.sqrt(np.maximum(variance, 0.0)) * math.sqrt(self.params.bars_per_year)
