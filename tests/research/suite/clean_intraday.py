"""Longer bars that are used when they are over; hourly panels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stratkit.frequency import session_days
from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


def frame(context: Context, name: str) -> pd.DataFrame:
    """A field of the bars on a time index."""
    return pd.DataFrame(getattr(context.bars, name), index=pd.to_datetime(context.bars.times))


class DaysHighSoFar(Strategy):
    """Sell near the high of the day so far."""

    def signals(self, context: Context) -> Signals:
        high = frame(context, "high").groupby(session_days(context.bars.times)).cummax()
        return self.sides(context, short=context.bars.close > 0.998 * high.to_numpy())


class FinishedDailyBar(Strategy):
    """Join yesterday's close to the hours of today."""

    def signals(self, context: Context) -> Signals:
        hourly = frame(context, "close")
        daily = hourly.resample("1D").last().shift(1)
        joined = daily.reindex(pd.to_datetime(context.bars.times).floor("1D"))
        return self.sides(context, long=hourly.to_numpy() > joined.to_numpy())


class VwapSoFar(Strategy):
    """Buy below the volume-weighted price of the day so far."""

    def signals(self, context: Context) -> Signals:
        day = session_days(context.bars.times)
        value = (frame(context, "close") * context.bars.volume).groupby(day).cumsum()
        vwap = value / frame(context, "volume").groupby(day).cumsum()
        return self.sides(context, long=context.bars.close < 0.995 * vwap.to_numpy())


class OpeningRange(Strategy):
    """Break out of the first six hours once they are over."""

    def signals(self, context: Context) -> Signals:
        day = session_days(context.bars.times)
        hour = pd.Series(day).groupby(day).cumcount().to_numpy()
        first = (
            frame(context, "high")
            .where(np.broadcast_to((hour < 6)[:, None], context.shape))
            .groupby(day)
            .cummax()
            .groupby(day)
            .ffill()
            .to_numpy()
        )
        return self.sides(context, long=(context.bars.close > first) & (hour >= 6)[:, None])


class HourOfTheDay(Strategy):
    """Be long in some hours by the clock, out in others."""

    def signals(self, context: Context) -> Signals:
        hour = pd.to_datetime(context.bars.times).hour.to_numpy()
        late = np.isin(hour, (21, 22, 23))[:, None]
        return self.sides(context, long=context.has_bar & ~late, exit=context.has_bar & late)
