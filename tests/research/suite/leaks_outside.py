"""Strategies that bring data of their own, and use them too early; daily panels from 2020."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

_MONTHS = pd.date_range("2019-10-01", "2023-06-01", freq="MS")
# payrolls as they stand today: each month is revised twice, and the last word is in the last column
REVISED = pd.DataFrame(
    {
        "month": np.repeat(_MONTHS, 3),
        "published": np.repeat(_MONTHS, 3) + pd.to_timedelta(np.tile([35, 65, 95], len(_MONTHS)), unit="D"),
        "value": np.sin(np.arange(3 * len(_MONTHS)) * 1.7),
    }
)
SURPRISES = {
    (date(2020, 1, 10) + timedelta(days=30 * number)).isoformat(): (-1.0) ** (number // 2) for number in range(40)
}


def on_bars(context: Context, series: Any, **how: Any) -> Any:
    """A series joined to the bars."""
    stamps = pd.DataFrame({"time": pd.to_datetime(context.bars.times)})
    table = pd.DataFrame({"time": series.index.as_unit("ns"), "value": series.to_numpy()})
    return pd.merge_asof(stamps, table, on="time", **how)["value"].to_numpy()


def long_where(strategy: Strategy, context: Context, mask: Any) -> Signals:
    """Long all symbols on the bars of a mask (T,)."""
    return strategy.sides(context, long=mask[:, None] & context.has_bar)


class LastRevision(Strategy):
    """Use the revised figure of a month from the month's own start."""

    def signals(self, context: Context) -> Signals:
        final = REVISED.groupby("month")["value"].last()
        return long_where(self, context, on_bars(context, final) > 0)


class FirstPublishedButRevised(Strategy):
    """Wait for the first publication of a month, and then use the last one."""

    def signals(self, context: Context) -> Signals:
        months = REVISED.groupby("month").agg(known=("published", "first"), value=("value", "last"))
        return long_where(self, context, on_bars(context, months.set_index("known")["value"]) > 0)


class ForwardJoined(Strategy):
    """Join the next release to the days before it."""

    def signals(self, context: Context) -> Signals:
        released = REVISED.drop_duplicates("month").set_index("published")["value"]
        return long_where(self, context, on_bars(context, released, direction="forward") > 0)


class NextSurprise(Strategy):
    """Look the next surprise up in a dict by date."""

    def signals(self, context: Context) -> Signals:
        days = sorted(SURPRISES)
        mask = np.zeros(context.shape[0], np.bool_)
        for bar, time in enumerate(context.bars.times.astype("datetime64[ns]").astype("datetime64[D]")):
            place = bisect_right(days, str(time))
            mask[bar] = place < len(days) and SURPRISES[days[place]] > 0
        return long_where(self, context, mask)
