"""Strategies whose model knows the whole sample; daily panels."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.features.events import lag
from stratkit.features.indicators import rate_of_change, rsi, sma
from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

Panel = Any


def features(context: Context) -> Panel:
    """(T, N, 3): a constant, the change of five bars, and RSI."""
    change, strength = context.compute(rate_of_change, 5), context.compute(rsi, 10)
    return np.stack((np.ones(context.shape), change, strength / 100), axis=-1)


def next_return(close: Panel) -> Panel:
    """The label: the return of the next bar."""
    ahead = np.full_like(close, np.nan)
    ahead[:-1] = close[1:] / close[:-1] - 1  # causal: a label to learn from, its use is what matters
    return ahead


class LeastSquaresOnAll(Strategy):
    """Fit one regression on all bars and trade them with it."""

    def signals(self, context: Context) -> Signals:
        x, y = features(context), next_return(context.bars.close)
        known = np.isfinite(y) & np.isfinite(x).all(axis=-1)
        beta = np.linalg.lstsq(x[known], y[known], rcond=None)[0]
        return self.sides(context, long=x @ beta > 0)


class LabelAsFeature(Strategy):
    """Refit as time goes by, with a feature that is the label one bar early."""

    def signals(self, context: Context) -> Signals:
        leaked = lag(next_return(context.bars.close), 0)
        bias = np.cumsum(np.nan_to_num(leaked), axis=0) / np.arange(1, len(leaked) + 1)[:, None]
        return self.sides(context, long=leaked > bias)


class OverlappingLabels(Strategy):
    """Learn from labels of ten bars that are not over yet."""

    def signals(self, context: Context) -> Signals:
        close = context.bars.close
        label = np.full_like(close, np.nan)
        label[:-10] = close[10:] / close[:-10] - 1
        learned = np.nancumsum(label, axis=0) / np.maximum(np.isfinite(label).cumsum(axis=0), 1)
        return self.sides(context, long=(learned > 0) & (close > context.compute(sma, 10)))


class SmoothedStates(Strategy):
    """Trade the states of a hidden Markov model by forward and backward passes."""

    def signals(self, context: Context) -> Signals:
        change = np.nan_to_num(context.compute(rate_of_change, 1))
        like = np.stack([np.exp(-0.5 * (change / vol) ** 2) / vol for vol in (0.012, 0.03)], axis=-1)
        stay = np.array([[0.95, 0.05], [0.05, 0.95]])
        ahead, back = np.ones_like(like), np.ones_like(like)
        for bar in range(len(like)):
            prior = ahead[bar - 1] @ stay if bar else 0.5 * np.ones_like(like[0])
            ahead[bar] = prior * like[bar] / (prior * like[bar]).sum(axis=-1, keepdims=True)
        for bar in range(len(like) - 2, -1, -1):
            behind = (like[bar + 1] * back[bar + 1]) @ stay.T
            back[bar] = behind / behind.sum(axis=-1, keepdims=True)
        calm = ahead * back
        return self.sides(context, long=calm[..., 0] > calm[..., 1])


class KalmanSmoother(Strategy):
    """Trade deviations from a level that was smoothed backwards."""

    def signals(self, context: Context) -> Signals:
        price = np.nan_to_num(np.log(context.bars.close))
        level = price.copy()
        for bar in range(1, len(level)):
            level[bar] = level[bar - 1] + 0.2 * (price[bar] - level[bar - 1])
        for bar in range(len(level) - 2, -1, -1):
            level[bar] += 0.4 * (level[bar + 1] - level[bar])
        return self.sides(context, long=price < level - 0.02)


class BestWindowInHindsight(Strategy):
    """Trade the moving average that would have earned most on these bars."""

    def signals(self, context: Context) -> Signals:
        gain = np.nan_to_num(next_return(context.bars.close))
        best, most = np.zeros(context.shape, np.bool_), -np.inf
        for window in (5, 10, 20, 40, 80):
            above = context.bars.close > context.compute(sma, window)
            if (earned := float((above * gain).sum())) > most:
                best, most = above, earned
        return self.sides(context, long=best)


class PrincipalComponent(Strategy):
    """Take the loadings of the first component from all bars."""

    def signals(self, context: Context) -> Signals:
        change = np.nan_to_num(context.compute(rate_of_change, 1))
        loading = np.linalg.svd(change, full_matrices=False)[2][0]
        common = (change @ loading)[:, None] * loading
        return self.sides(context, long=change < common)


class Detrended(Strategy):
    """Take a straight line through the whole sample off the price."""

    def signals(self, context: Context) -> Signals:
        bar = np.arange(context.shape[0], dtype=np.float64)
        price = np.log(context.bars.close[:, 0])
        slope, start = np.polyfit(bar, price, 1)
        cheap = np.zeros(context.shape, np.bool_)
        cheap[:, 0] = price < start + slope * bar - 0.05
        return self.sides(context, long=cheap)


class Clusters(Strategy):
    """Sort days into two kinds by what all days were like."""

    def signals(self, context: Context) -> Signals:
        change = np.nan_to_num(context.compute(rate_of_change, 5))
        low, high = change.min(), change.max()
        for _ in range(10):
            near = np.abs(change - low) < np.abs(change - high)
            low, high = change[near].mean(), change[~near].mean()
        return self.sides(context, long=near)
