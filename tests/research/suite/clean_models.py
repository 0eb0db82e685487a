"""Models that are refitted on what was known, filters, and data of one's own with their lag."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from stratkit.features.indicators import rate_of_change, rsi, sma
from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

Panel = Any
_MONTHS = pd.date_range("2019-06-01", "2023-06-01", freq="MS")
# one figure a month, known 45 days after the month began
FIGURES = pd.Series(np.sin(np.arange(len(_MONTHS)) * 1.3), index=_MONTHS)
VINTAGES = pd.DataFrame(
    {
        "month": np.repeat(_MONTHS, 2),
        "published": np.repeat(_MONTHS, 2) + pd.to_timedelta(np.tile([35, 65], len(_MONTHS)), unit="D"),
        "value": np.cos(np.arange(2 * len(_MONTHS)) * 1.7),
    }
)
MEETINGS = [(date(2020, 1, 8) + timedelta(days=42 * number)).isoformat() for number in range(35)]
# causal: the dates and hours of meetings are announced years before
HOURS = {day: 14 + number % 2 for number, day in enumerate(MEETINGS)}
EXPIRIES = {"2020-01-17": 1, "2020-02-21": 2, "2020-03-20": 3}  # causal: expiry dates are known beforehand


def features(context: Context) -> Panel:
    """(T, N, 3): a constant, the change of five bars, and RSI."""
    change, strength = context.compute(rate_of_change, 5), context.compute(rsi, 10)
    return np.stack((np.ones(context.shape), change, strength / 100), axis=-1)


class WalkForwardRegression(Strategy):
    """Refit every 25 bars on the bars whose next bar is over."""

    def signals(self, context: Context) -> Signals:
        x, close = features(context), context.bars.close
        made = np.full(context.shape, np.nan)
        made[1:] = close[1:] / close[:-1] - 1
        score = np.zeros(context.shape)
        for start in range(100, context.shape[0], 25):
            past_x, past_y = x[: start - 1], made[1:start]
            known = np.isfinite(past_y) & np.isfinite(past_x).all(axis=-1)
            past_x, past_y = past_x[:start][known], past_y[:start][known]
            beta = np.linalg.lstsq(past_x[:start], past_y[:start], rcond=None)[0]
            score[start : start + 25] = (x[start : start + 25] * beta).sum(axis=-1)  # causal: each row by itself
        return self.sides(context, long=score > 0, confidence=np.clip(np.abs(np.nan_to_num(score)) * 50, 0, 1))


class FilteredStates(Strategy):
    """Trade the states of a hidden Markov model by the forward pass alone."""

    def signals(self, context: Context) -> Signals:
        change = np.nan_to_num(context.compute(rate_of_change, 1))
        like = np.stack([np.exp(-0.5 * (change / vol) ** 2) / vol for vol in (0.012, 0.03)], axis=-1)
        stay = np.array([[0.95, 0.05], [0.05, 0.95]])
        state = 0.5 * np.ones_like(like)
        for bar in range(1, len(like)):
            now = (state[bar - 1, :, :1] * stay[0] + state[bar - 1, :, 1:] * stay[1]) * like[bar]
            state[bar] = now / now.sum(axis=-1, keepdims=True)
        return self.sides(context, long=state[..., 0] > 0.7, confidence=state[..., 0])


class KalmanFilter(Strategy):
    """Trade deviations from a filtered level."""

    def signals(self, context: Context) -> Signals:
        price = np.nan_to_num(np.log(context.bars.close))
        level = price.copy()
        for bar in range(1, len(level)):
            level[bar] = level[bar - 1] + 0.2 * (price[bar] - level[bar - 1])
        return self.sides(context, long=price < level - 0.02)


class BestWindowSoFar(Strategy):
    """Trade the moving average that has earned most up to the bar before."""

    def signals(self, context: Context) -> Signals:
        gain = np.nan_to_num(context.compute(rate_of_change, 1))
        sides = np.stack([context.bars.close > context.compute(sma, window) for window in (5, 20, 80)])
        earned = np.zeros(sides.shape)
        earned[:, 1:] = np.cumsum(sides[:, :-1] * gain[1:], axis=1)
        best = earned.argmax(axis=0)[None]  # causal: the first axis holds the windows
        return self.sides(context, long=np.take_along_axis(sides, best, axis=0)[0])


class PublishedWithALag(Strategy):
    """Use a monthly figure from the day on which it is out."""

    def signals(self, context: Context) -> Signals:
        out = FIGURES.copy()
        out.index = out.index + pd.Timedelta(days=45)
        known = out.reindex(pd.to_datetime(context.bars.times), method="ffill").to_numpy()
        return self.sides(context, long=(known > 0)[:, None] & context.has_bar)


class LatestVintage(Strategy):
    """Use the latest figure that is out, in the version that is out."""

    def signals(self, context: Context) -> Signals:
        out = VINTAGES.sort_values(["published", "month"]).drop_duplicates("published", keep="last")
        known = out.set_index("published")["value"].reindex(pd.to_datetime(context.bars.times), method="ffill")
        return self.sides(context, long=(known.to_numpy() > 0)[:, None] & context.has_bar)


class OutBeforeMeetings(Strategy):
    """Hold nothing on the day before a meeting, whose date is known."""

    def signals(self, context: Context) -> Signals:
        day = context.bars.times.astype("datetime64[ns]").astype("datetime64[D]")
        eve = np.isin(day + 1, np.array(MEETINGS, "datetime64[D]"))[:, None]
        return self.sides(context, long=context.has_bar & ~eve, exit=context.has_bar & eve)


class OutBeforeLateMeetings(Strategy):
    """Hold nothing on the day before a meeting in the afternoon, whose hour is known."""

    def signals(self, context: Context) -> Signals:
        day = context.bars.times.astype("datetime64[ns]").astype("datetime64[D]")
        late = np.array([HOURS.get(str(each), 0) > 14 for each in day + 1])[:, None]
        special = np.array([str(each) in EXPIRIES for each in day + 2])[:, None]
        leave = late | special
        return self.sides(context, long=context.has_bar & ~leave, exit=context.has_bar & leave)


class RollingPair(Strategy):
    """Trade the first two symbols' spread, its slope from the last sixty bars."""

    def signals(self, context: Context) -> Signals:
        if context.shape[1] < 2:
            return self.sides(context)
        close = pd.DataFrame(np.log(context.bars.close)).ffill()
        first, second = close[0], close[1]
        slope = first.rolling(60).cov(second) / second.rolling(60).var()
        spread = first - slope * second
        cheap = (spread < spread.rolling(60).mean() - spread.rolling(60).std()).to_numpy()
        weight = np.zeros(context.shape)
        weight[:, 0], weight[:, 1] = np.where(cheap, 0.5, 0.0), np.where(cheap, -0.5, 0.0)
        return self.weights(context, weight)
