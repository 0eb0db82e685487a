"""Strategies that trade on regimes which were told from the whole sample; daily panels."""

from __future__ import annotations

import numpy as np

from stratkit.panel import FloatArray
from stratkit.regimes.filters import forward_filter, gaussian_log_density, kim_smoother, viterbi
from stratkit.regimes.market import own_returns
from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

STAYS = np.array([[0.98, 0.02], [0.05, 0.95]])
START = np.array([0.5, 0.5])


def log_density(context: Context) -> FloatArray:
    """(T, 2): of the first symbol's returns in a calm and in a wild market; a bar that is not there tells nothing."""
    change = np.nan_to_num(own_returns(context.bars.close)[:, 0])
    return gaussian_log_density(change, np.zeros(2), np.array([0.008**2, 0.025**2]))


class SmoothedRegime(Strategy):
    """Long while the market is calm, by probabilities that know what came after."""

    def signals(self, context: Context) -> Signals:
        filtered, _ = forward_filter(log_density(context), STAYS, START)
        calm = kim_smoother(filtered, STAYS)[:, :1] > 0.5
        return self.sides(context, long=np.broadcast_to(calm, context.shape))


class LikeliestPath(Strategy):
    """Long while the market is calm, on the likeliest path through all bars."""

    def signals(self, context: Context) -> Signals:
        path, _ = viterbi(log_density(context), STAYS, START)
        return self.sides(context, long=np.broadcast_to(path[:, None] == 0, context.shape))
