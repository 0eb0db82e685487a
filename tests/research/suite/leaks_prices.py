"""Strategies that look ahead in the prices themselves, each in another way; daily panels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from stratkit.features.events import lag
from stratkit.features.indicators import atr, return_std, rsi, sma
from stratkit.features.specs import indicator
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

Panel = Any


def returns(close: Panel) -> Panel:
    """Return of each bar on the bar before, by own bars."""
    return close / lag(close) - 1


def trend(context: Context) -> Panel:
    """An innocent opinion, for strategies that leak elsewhere."""
    return context.bars.close > context.compute(sma, 20)


class NegativeShift(Strategy):
    """Buy before a rise."""

    def signals(self, context: Context) -> Signals:
        close = pd.DataFrame(context.bars.close)
        return self.sides(context, long=(close.shift(-1) > close).to_numpy())


class RolledBack(Strategy):
    """Sell before a fall, with the array rolled the wrong way."""

    def signals(self, context: Context) -> Signals:
        tomorrow = np.roll(context.bars.close, -1, axis=0)
        return self.sides(context, short=tomorrow < context.bars.close * 0.99)


class WrappedShift(Strategy):
    """Buy after a rise, but let the first bar see the last one: np.roll wraps."""

    def signals(self, context: Context) -> Signals:
        before = np.roll(context.bars.close, 1, axis=0)
        return self.sides(context, long=context.bars.close > before)


class CentredAverage(Strategy):
    """Buy below a moving average whose window is centred."""

    def signals(self, context: Context) -> Signals:
        middle = pd.DataFrame(context.bars.close).rolling(21, center=True, min_periods=5).mean()
        return self.sides(context, long=context.bars.close < 0.97 * middle.to_numpy())


class ConvolvedSame(Strategy):
    """Smooth volume with mode="same"."""

    def signals(self, context: Context) -> Signals:
        volume = np.nan_to_num(context.bars.volume)
        smooth = np.column_stack([np.convolve(column, np.ones(9) / 9, mode="same") for column in volume.T])
        return self.sides(context, long=volume > 1.5 * smooth)


class BackFilled(Strategy):
    """Fill the holes of each symbol with what came after them, and follow the average of all."""

    def signals(self, context: Context) -> Signals:
        close = pd.DataFrame(context.bars.close).bfill().ffill()
        market = close.pct_change(fill_method=None).mean(axis=1).to_numpy()[:, None]
        return self.sides(context, long=(market > 0.002) & context.has_bar)


class Interpolated(Strategy):
    """Draw straight lines across the holes of each symbol, and rank all of them."""

    def signals(self, context: Context) -> Signals:
        close = pd.DataFrame(context.bars.close).interpolate(limit_area="inside")
        rank = close.pct_change(3, fill_method=None).rank(axis=1).to_numpy()
        return self.sides(context, long=rank <= 1, exit=rank >= 3)


class HolesSeenFromBehind(Strategy):
    """Weigh by the value that a hole will have been given, on the bar before it ends."""

    def signals(self, context: Context) -> Signals:
        filled = pd.DataFrame(context.bars.close).interpolate().to_numpy()
        ahead = pd.DataFrame(filled).ewm(span=5).mean().shift(-1).to_numpy()
        return self.weights(context, np.where(ahead > context.bars.close, 0.2, 0.0))


class WholeSampleScaler(Strategy):
    """Standardise by mean and deviation of the whole sample."""

    def signals(self, context: Context) -> Signals:
        change = returns(context.bars.close)
        score = (change - np.nanmean(change, axis=0)) / np.nanstd(change, axis=0)
        return self.sides(context, long=score < -1.5, exit=score > 0.5)


class MinMaxWeights(Strategy):
    """Hold more of what is low between its all-time extremes."""

    def signals(self, context: Context) -> Signals:
        close = context.bars.close
        low, high = np.nanmin(close, axis=0), np.nanmax(close, axis=0)
        return self.weights(context, 0.2 * (high - close) / np.where(high > low, high - low, 1.0))


class FullSampleQuantile(Strategy):
    """Buy the worst tenth of all days, as known at the end."""

    def signals(self, context: Context) -> Signals:
        change = returns(context.bars.close)
        return self.sides(context, long=change < np.nanquantile(change, 0.1, axis=0))


class LastBarNormalised(Strategy):
    """Rebase prices to the last bar."""

    def signals(self, context: Context) -> Signals:
        rebased = context.bars.close / context.bars.close[-1]
        return self.sides(context, long=rebased < 0.9)


class RankOverTime(Strategy):
    """Rank today's RSI among all days that there will be."""

    def signals(self, context: Context) -> Signals:
        strength = pd.DataFrame(context.compute(rsi, 14))
        return self.sides(context, long=strength.rank(pct=True).to_numpy() < 0.1)


class BeforeTheTop(Strategy):
    """Hold until the highest close of the sample."""

    def signals(self, context: Context) -> Signals:
        top = np.argmax(np.nan_to_num(context.bars.close), axis=0)
        return self.sides(context, long=np.arange(context.shape[0])[:, None] < top)


class ReversedMaximum(Strategy):
    """Buy when the highest price still to come is far above."""

    def signals(self, context: Context) -> Signals:
        to_come = np.fmax.accumulate(context.bars.close[::-1], axis=0)[::-1]
        return self.sides(context, long=to_come > 1.2 * context.bars.close)


class LaggingSpan(Strategy):
    """Read Ichimoku's lagging span where it is drawn, 26 bars back."""

    def signals(self, context: Context) -> Signals:
        chikou = pd.DataFrame(context.bars.close).shift(-26).to_numpy()
        return self.sides(context, long=chikou > context.bars.high)


class ForwardCloud(Strategy):
    """Build the cloud from extremes of the bars that it is plotted over."""

    def signals(self, context: Context) -> Signals:
        high, low = pd.DataFrame(context.bars.high), pd.DataFrame(context.bars.low)
        span = (high.rolling(52, min_periods=1).max() + low.rolling(52, min_periods=1).min()) / 2
        cloud = span.shift(-26, fill_value=np.nan).ffill().to_numpy()
        return self.sides(context, long=context.bars.close > cloud)


class TomorrowsRank(Strategy):
    """Hold the symbol that rises most tomorrow."""

    def signals(self, context: Context) -> Signals:
        close = context.bars.close
        ahead = np.full_like(close, np.nan)
        ahead[:-1] = close[1:] / close[:-1] - 1
        best = np.nan_to_num(ahead, nan=-9.0).argmax(axis=1)
        weight = np.zeros(context.shape)
        weight[np.arange(len(best)), best] = 1.0
        return self.weights(context, weight)


class Survivors(Strategy):
    """Trade only what is still listed at the end."""

    def signals(self, context: Context) -> Signals:
        alive = context.has_bar[-1]
        return self.sides(context, long=trend(context) & alive)


class FutureUniverse(Strategy):
    """Split the money among all symbols that will ever be listed."""

    def signals(self, context: Context) -> Signals:
        return self.weights(context, np.full(context.shape, 1.0 / len(context.bars.symbols)))


class UniverseByLaterVolume(Strategy):
    """Choose the two symbols that were traded most, over all the years."""

    def signals(self, context: Context) -> Signals:
        order = np.argsort(-np.nanmean(context.bars.volume, axis=0))
        chosen = np.isin(np.arange(context.shape[1]), order[:2])
        return self.sides(context, long=trend(context) & chosen)


class AtrOfAll(Strategy):
    """Size by the average true range of the whole sample; the sides are innocent."""

    def signals(self, context: Context) -> Signals:
        unit = np.nanmean(context.compute(atr, 14), axis=0)
        return self.sides(context, long=trend(context), risk_unit=np.broadcast_to(unit, context.shape))


class ConfidentInHindsight(Strategy):
    """Be confident where tomorrow agrees; the sides are innocent."""

    def signals(self, context: Context) -> Signals:
        close = context.bars.close
        ahead = pd.DataFrame(close).pct_change(fill_method=None).shift(periods=-1).to_numpy()
        return self.sides(context, long=trend(context), confidence=np.where(ahead > 0, 0.9, 0.4))


class StopBelowTomorrow(Strategy):
    """Put the stop under tomorrow's low; the sides are innocent."""

    def signals(self, context: Context) -> Signals:
        low = context.bars.low
        safe = np.vstack((np.fmin(low[1:], low[:-1]), low[-1:]))
        return self.sides(context, long=trend(context), stop_level=0.999 * safe)


class PlanFromAll(Strategy):
    """Design the exit plan on the ranges of the whole sample; every array is innocent."""

    def signals(self, context: Context) -> Signals:
        spread = float(np.nanmedian(context.bars.high - context.bars.low))
        plan = ExitPlan(risk_basis="distance", risk=2 * spread, sl=1.0)
        return self.sides(context, long=trend(context), exit_plan=plan)


class CrashDodger(Strategy):
    """Follow the trend, but be out before each of the rare worst days."""

    class Params(Parameters):
        crash: float = bounded(0.055, low=0.01, high=0.5, description="fall of the day that is dodged, a fraction")

    def signals(self, context: Context) -> Signals:
        close = context.bars.close
        doomed = np.zeros(context.shape, np.bool_)
        doomed[:-1] = close[1:] < (1 - self.params.crash) * close[:-1]
        return self.sides(context, long=trend(context) & ~doomed, exit=doomed)


class OneSymbolOnly(Strategy):
    """Follow the trend, and know the last symbol's tomorrow."""

    def signals(self, context: Context) -> Signals:
        long = trend(context).copy()
        close = context.bars.close[:, -1]
        long[:-1, -1] = close[1:] > close[:-1]
        return self.sides(context, long=long)


class ExitFractionFromTomorrow(Strategy):
    """Leave with as much as tomorrow's gap asks for; the sides are innocent."""

    def signals(self, context: Context) -> Signals:
        gap = np.full(context.shape, np.nan)
        for bar in range(context.shape[0] - 1):
            gap[bar] = context.bars.open[bar + 1] / context.bars.close[bar] - 1
        fraction = np.where(np.isfinite(gap), np.clip(0.5 - 10 * gap, 0.1, 1.0), np.nan)
        up = trend(context)
        return self.sides(context, long=up, exit=~up, exit_fraction=fraction)


class SizeByFullVolatility(Strategy):
    """Size by the volatility that a symbol will have had; the sides are innocent."""

    def signals(self, context: Context) -> Signals:
        quiet = 0.01 / np.nanstd(returns(context.bars.close), axis=0)
        return self.sides(context, long=trend(context), size=np.broadcast_to(quiet, context.shape))


class SlopeByGradient(Strategy):
    """Take the slope from np.gradient, which uses the bar on either side."""

    def signals(self, context: Context) -> Signals:
        slope = np.gradient(np.log(context.bars.close), axis=0)
        return self.sides(context, long=slope > 0.01)


class GapTrader(Strategy):
    """Buy at the close what opens higher."""

    def signals(self, context: Context) -> Signals:
        opens = np.append(context.bars.open[1:], np.full((1, context.shape[1]), np.nan), axis=0)
        return self.sides(context, long=opens > 1.002 * context.bars.close)


class ZeroPhase(Strategy):
    """Filter forwards and then backwards, so that the average does not lag."""

    def signals(self, context: Context) -> Signals:
        forwards = pd.DataFrame(context.bars.close).ewm(span=10).mean()
        smooth = forwards.iloc[::-1].ewm(span=10).mean().iloc[::-1]
        return self.sides(context, long=context.bars.close < smooth.to_numpy())


class FourierSmooth(Strategy):
    """Keep the lowest frequencies of the whole series."""

    def signals(self, context: Context) -> Signals:
        close = np.log(pd.DataFrame(context.bars.close).ffill().fillna(1.0).to_numpy())
        spectrum = np.fft.rfft(close, axis=0)
        spectrum[20:] = 0
        smooth = np.fft.irfft(spectrum, n=len(close), axis=0)
        return self.sides(context, long=close < smooth)


@indicator("close", lookback=lambda window_bars: 0)
def centred_mean(values: Panel, window_bars: int) -> Panel:
    """A declared indicator that looks ahead."""
    return pd.DataFrame(values).rolling(window_bars, center=True, min_periods=1).mean().to_numpy()


class IndicatorOfOnesOwn(Strategy):
    """Lag an indicator by fewer bars than it looks ahead."""

    def signals(self, context: Context) -> Signals:
        middle = lag(context.compute(centred_mean, 21), 3)
        return self.sides(context, long=context.bars.close > 1.03 * middle)


class EvesOfHoles(Strategy):
    """Leave on the eve of a missing bar."""

    def signals(self, context: Context) -> Signals:
        missing = np.zeros(context.shape, np.bool_)
        missing[:-1] = ~context.has_bar[1:]
        return self.sides(context, long=trend(context) & ~missing, exit=missing)


class CountsDown(Strategy):
    """Stop trading 30 bars before the data end."""

    def signals(self, context: Context) -> Signals:
        bars = context.shape[0]
        return self.sides(context, long=trend(context) & (np.arange(bars) < bars - 30)[:, None])


class CountsDownByStamp(Strategy):
    """Stop trading a month before the last stamp."""

    def signals(self, context: Context) -> Signals:
        left = context.bars.times[-1] - context.bars.times
        return self.sides(context, long=trend(context) & (left > 30 * 86_400 * 10**9)[:, None])


class CalmMarketsOnly(Strategy):
    """Trade only in quiet times, quiet being below the median of all times."""

    def signals(self, context: Context) -> Signals:
        noise = context.compute(return_std, 20)
        return self.sides(context, long=trend(context) & (noise < np.nanmedian(noise, axis=0)))
