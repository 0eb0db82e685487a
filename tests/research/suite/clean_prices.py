"""Strategies that look suspicious and are not: they use nothing behind the bar; daily panels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from stratkit.features.events import crossing, lag
from stratkit.features.indicators import atr, ema, highest, lowest, return_std, rsi, sma
from stratkit.plans import ExitPlan
from stratkit.seeds import generator
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

Panel = Any
_BY_DIGEST: dict[tuple[str, int], Panel] = {}


def returns(close: Panel) -> Panel:
    """Return of each bar on the bar before, by own bars."""
    return close / lag(close) - 1


class ExpandingScaler(Strategy):
    """Standardise by what was known so far."""

    def signals(self, context: Context) -> Signals:
        change = pd.DataFrame(returns(context.bars.close))
        score = (change - change.expanding(30).mean()) / change.expanding(30).std()
        return self.sides(context, long=score.to_numpy() < -1.5, exit=score.to_numpy() > 0.5)


class RollingQuantile(Strategy):
    """Buy the worst tenth of the last hundred days."""

    def signals(self, context: Context) -> Signals:
        change = pd.DataFrame(returns(context.bars.close))
        floor = change.rolling(100, min_periods=20).quantile(0.1)
        return self.sides(context, long=(change < floor).to_numpy())


class RollingRank(Strategy):
    """Rank today among the last fifty days, with a confidence that follows."""

    def signals(self, context: Context) -> Signals:
        rank = pd.DataFrame(context.bars.close).rolling(50, min_periods=10).rank(pct=True).to_numpy()
        return self.sides(context, long=rank < 0.2, confidence=np.nan_to_num(1 - rank))


class WindowsByStride(Strategy):
    """Compare with the mean and deviation of windows that end at the bar."""

    def signals(self, context: Context) -> Signals:
        close = pd.DataFrame(context.bars.close).ffill().to_numpy()
        windows = np.lib.stride_tricks.sliding_window_view(close, 20, axis=0)
        score = np.full(context.shape, np.nan)
        score[19:] = (close[19:] - windows.mean(axis=-1)) / windows.std(axis=-1)
        return self.sides(context, long=score < -2, short=score > 2)


class ConfirmedPivots(Strategy):
    """Take a pivot low when the five bars behind it have confirmed it."""

    def signals(self, context: Context) -> Signals:
        low = pd.DataFrame(context.bars.low)
        lowest_of_eleven = low.rolling(11, min_periods=11).min()
        pivot = low.shift(5) == lowest_of_eleven
        return self.sides(context, long=pivot.to_numpy(), stop_level=lowest_of_eleven.to_numpy())


class Cloud(Strategy):
    """Compare with Ichimoku's cloud, which was plotted 26 bars ahead."""

    def signals(self, context: Context) -> Signals:
        high, low = pd.DataFrame(context.bars.high), pd.DataFrame(context.bars.low)
        span = (high.rolling(52, min_periods=20).max() + low.rolling(52, min_periods=20).min()) / 2
        return self.sides(context, long=context.bars.close > span.shift(26).to_numpy())


class CrossSectionRank(Strategy):
    """Hold the best two of today's ranking."""

    def signals(self, context: Context) -> Signals:
        score = context.bars.close / lag(context.bars.close, 60) - 1
        rank = pd.DataFrame(score).rank(axis=1, ascending=False).to_numpy()
        held = rank <= 2
        return self.weights(context, np.where(held, 0.5, 0.0))


class ListedSoFar(Strategy):
    """Split the money among the symbols that are there today."""

    def signals(self, context: Context) -> Signals:
        there = context.has_bar
        share = 1.0 / np.maximum(there.sum(axis=1, keepdims=True), 1)
        return self.weights(context, np.where(there, share, np.nan))


class LoopOverBars(Strategy):
    """Remember the state of a position from bar to bar in a plain loop."""

    def signals(self, context: Context) -> Signals:
        close, average = context.bars.close, context.compute(ema, 15)
        side = np.zeros(context.shape, np.int8)
        held = np.zeros(context.shape[1], np.bool_)
        for bar in range(1, context.shape[0]):
            past = close[max(0, bar - 10) : bar]
            enters = ~held & (close[bar] > average[bar]) & (close[bar] >= past.max(axis=0))
            leaves = held & (close[bar] < average[bar])
            side[bar] = np.where(enters, 1, np.where(leaves, 2, 0))
            held = (held | enters) & ~leaves
        return self.opinion(side=side)


class TrailingLevels(Strategy):
    """Give a stop, a target and a size from running figures."""

    def signals(self, context: Context) -> Signals:
        close, unit = context.bars.close, context.compute(atr, 14)
        long = close > lag(context.compute(highest, 20))
        return self.sides(
            context,
            long=long,
            exit=close < lag(context.compute(lowest, 10)),
            risk_unit=unit,
            stop_level=close - 2 * unit,
            target_level=close + 4 * unit,
            size=0.01 / context.compute(return_std, 20),
            exit_fraction=np.full(context.shape, 0.5),
            exit_plan=ExitPlan(risk=2.0, sl=1.0),
        )


class VolatilityTarget(Strategy):
    """Weigh by the volatility of the last month."""

    class Params(Parameters):
        target: float = bounded(0.01, low=0.001, high=0.1, description="volatility of a bar, a fraction")

    def signals(self, context: Context) -> Signals:
        return self.weights(context, np.minimum(self.params.target / context.compute(return_std, 20), 1.0))


class RunningPeak(Strategy):
    """Buy a fifth below the highest close so far."""

    def signals(self, context: Context) -> Signals:
        peak = np.fmax.accumulate(context.bars.close, axis=0)
        return self.sides(context, long=context.bars.close < 0.8 * peak, exit=context.bars.close >= 0.98 * peak)


class MonthsSoFar(Strategy):
    """Trade the months of the year that were good in the years before."""

    def signals(self, context: Context) -> Signals:
        month = pd.to_datetime(context.bars.times).month.to_numpy()
        gain = pd.DataFrame(np.nan_to_num(returns(context.bars.close)))
        before = gain.groupby(month).cumsum() - gain
        return self.sides(context, long=before.to_numpy() > 0)


class Crossings(Strategy):
    """Act on crossings of averages of volume."""

    def signals(self, context: Context) -> Signals:
        fast, slow = context.compute(sma, 5, on="volume"), context.compute(sma, 30, on="volume")
        return self.opinion(side=crossing(fast, slow))


class RolledAndMasked(Strategy):
    """Shift with np.roll and throw the wrapped row away."""

    def signals(self, context: Context) -> Signals:
        before = np.roll(context.bars.close, 1, axis=0)  # causal: the wrapped first row is thrown away below
        before[0] = np.nan
        return self.sides(context, long=context.bars.close > before)


class FilledForward(Strategy):
    """Fill holes with the last known price and follow its average."""

    def signals(self, context: Context) -> Signals:
        close = pd.DataFrame(context.bars.close).ffill()
        return self.sides(context, long=(close > close.ewm(span=20).mean()).to_numpy())


class MonthIsOver(Strategy):
    """Rebalance on the first bar of a month, when the one before is over."""

    def signals(self, context: Context) -> Signals:
        month = context.bars.times.astype("datetime64[ns]").astype("datetime64[M]")
        first = np.append(False, month[1:] != month[:-1])[: len(month)]
        score = context.bars.close / lag(context.bars.close, 20) - 1
        return self.weights(context, np.where(first[:, None], np.clip(score, 0, 0.2), np.nan))


class NeedsAYear(Strategy):
    """Refuse to run on less than 250 bars."""

    def signals(self, context: Context) -> Signals:
        if context.shape[0] < 250:
            raise ValueError("give me a year")
        return self.sides(context, long=context.compute(rsi, 14) < 30)


class SeededCoin(Strategy):
    """Toss a coin of its own for each bar, the same one each time."""

    def signals(self, context: Context) -> Signals:
        coin = generator(7, "seeded_coin").random(context.shape[0]) < 0.5
        return self.sides(context, long=coin[:, None] & (context.bars.close > context.compute(sma, 20)))


class CachedByContent(Strategy):
    """Keep a result between calls, under the digest of the bars that it came from."""

    def signals(self, context: Context) -> Signals:
        key = (context.bars.digest, 20)
        if key not in _BY_DIGEST:
            _BY_DIGEST[key] = context.bars.close > context.compute(sma, 20)
        return self.sides(context, long=_BY_DIGEST[key])


class LastOfSlices(Strategy):
    """Read the last value of windows, and the last symbol's own column."""

    def signals(self, context: Context) -> Signals:
        close = context.bars.close
        long = np.zeros(context.shape, np.bool_)
        for bar in range(20, context.shape[0]):
            window = close[bar - 20 : bar + 1]
            long[bar] = window[-1] > np.nanmean(np.nan_to_num(window), axis=0)
        leader = long[:, -1]
        return self.sides(context, long=long & leader[:, None])
