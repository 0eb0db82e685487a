"""Strategies that use a longer bar before it is over; hourly panels."""

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


class DaysHighBeforeItsEnd(Strategy):
    """Sell near the high of the day, which is known at midnight."""

    def signals(self, context: Context) -> Signals:
        high = frame(context, "high").groupby(session_days(context.bars.times)).transform("max")
        return self.sides(context, short=context.bars.close > 0.998 * high.to_numpy())


class UnfinishedDailyBar(Strategy):
    """Join the day's close to the hours of the same day."""

    def signals(self, context: Context) -> Signals:
        hourly = frame(context, "close")
        daily = hourly.resample("1D").last()
        joined = daily.reindex(hourly.index, method="ffill")
        return self.sides(context, long=(joined > hourly).to_numpy())


class ResampleLabel(Strategy):
    """Average over four hours, stamped with their beginning."""

    def signals(self, context: Context) -> Signals:
        hourly = frame(context, "close")
        slow = hourly.resample("4h", label="left", closed="left").mean().rolling(3).mean()
        joined = slow.reindex(hourly.index, method="ffill")
        return self.sides(context, long=(hourly > joined).to_numpy())


class NearestJoin(Strategy):
    """Join six-hour closes to the nearest hour."""

    def signals(self, context: Context) -> Signals:
        hourly = frame(context, "close")
        slow = hourly.iloc[5::6]
        joined = slow.reindex(hourly.index, method="nearest")
        return self.sides(context, long=(joined > hourly).to_numpy())


class VwapOfTheWholeDay(Strategy):
    """Buy below the volume-weighted price that the day will have had."""

    def signals(self, context: Context) -> Signals:
        day = session_days(context.bars.times)
        value = (frame(context, "close") * context.bars.volume).groupby(day).transform("sum")
        vwap = value / frame(context, "volume").groupby(day).transform("sum")
        return self.sides(context, long=context.bars.close < 0.995 * vwap.to_numpy())


class LastHourOfTheDay(Strategy):
    """Leave on the bar after which another day begins."""

    def signals(self, context: Context) -> Signals:
        day = session_days(context.bars.times)
        last = np.append(day[1:] != day[:-1], True)[:, None]
        return self.sides(context, long=~last & context.has_bar, exit=last & context.has_bar)


class RangeOfTheSession(Strategy):
    """Break out of the first six hours, decided in the third."""

    def signals(self, context: Context) -> Signals:
        day = session_days(context.bars.times)
        hour = pd.Series(day).groupby(day).cumcount().to_numpy()
        first = (
            frame(context, "high")
            .where(np.broadcast_to((hour < 6)[:, None], context.shape))
            .groupby(day)
            .transform("max")
            .to_numpy()
        )
        return self.sides(context, long=(context.bars.close > 0.997 * first) & (hour >= 3)[:, None])
