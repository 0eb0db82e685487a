"""Strategies that trade on regimes as they were known on each bar; daily panels."""

from __future__ import annotations

import numpy as np

from stratkit.regimes.filters import forward_filter, gaussian_log_density
from stratkit.regimes.market import own_returns
from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

STAYS = np.array([[0.98, 0.02], [0.05, 0.95]])


class FilteredRegime(Strategy):
    """Long while the market is calm, by probabilities filtered up to the bar."""

    def signals(self, context: Context) -> Signals:
        change = np.nan_to_num(own_returns(context.bars.close)[:, 0])
        density = gaussian_log_density(change, np.zeros(2), np.array([0.008**2, 0.025**2]))
        calm = forward_filter(density, STAYS, np.array([0.5, 0.5]))[0][:, :1] > 0.5
        return self.sides(context, long=np.broadcast_to(calm, context.shape))


class ByRules(Strategy):
    """Long in rising trends, out where trading is thin or wild; thresholds from each symbol's past."""

    def signals(self, context: Context) -> Signals:
        labels = context.labels("rules", rules={"thresholds": "quantile", "quantile_bars": 60})
        rising, falling = labels.code("trend_up"), labels.code("trend_down")
        return self.sides(context, long=labels.label == rising, exit=labels.label == falling)


class CalmMarket(Strategy):
    """Long while the whole market is less volatile than it mostly was."""

    def signals(self, context: Context) -> Signals:
        labels = context.labels("volatility", scope="market", fit={"min_bars": 100})
        return self.sides(context, long=labels.label == labels.code("low"), exit=labels.label == labels.code("high"))
