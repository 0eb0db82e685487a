"""Strategies that read an external series as far as it was known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stratkit.features.events import lag
from stratkit.features.rolling_rank import rolling_rank
from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class KnownMood(Strategy):
    """Long in a good mood."""

    needs = ("series:mood",)

    def signals(self, context: Context) -> Signals:
        mood = context.series("mood")
        return self.sides(context, long=mood > 20, exit=mood < 20)


class MoodAmongItsPast(Strategy):
    """Buy fear among the hundred bars before."""

    needs = ("series:mood",)

    def signals(self, context: Context) -> Signals:
        rank = rolling_rank(context.series("mood"), 100)
        return self.sides(context, long=rank < 0.1, exit=rank > 0.5)


class MoodBesideItsExpandingMean(Strategy):
    """Long while the mood stands above the mean of what was known so far."""

    needs = ("series:mood",)

    def signals(self, context: Context) -> Signals:
        mood = pd.DataFrame(context.series("mood"))
        above = (mood > mood.expanding(20).mean()).to_numpy()
        return self.sides(context, long=above & context.has_bar, exit=~above)


class TwoMoods(Strategy):
    """Compare two series, each with lags of its own."""

    needs = ("series:mood", "series:fear")

    def signals(self, context: Context) -> Signals:
        better = context.series("mood") - lag(context.series("mood"), 5) > 0
        calmer = np.less(context.series("fear"), lag(context.series("fear"), 5))
        return self.sides(context, long=better & calmer, exit=~better & ~calmer)
