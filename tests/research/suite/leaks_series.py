"""Strategies that read an external series and look ahead in it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class SeriesOfTomorrow(Strategy):
    """Long when the mood of the next bar is good."""

    needs = ("series:mood",)

    def signals(self, context: Context) -> Signals:
        tomorrow = np.roll(context.series("mood"), -1, axis=0)
        return self.sides(context, long=tomorrow > 20, exit=tomorrow < 20)


class SeriesBesideItsMean(Strategy):
    """Long while the mood stands above the mean of all of it, later values too."""

    needs = ("series:mood",)

    def signals(self, context: Context) -> Signals:
        mood = context.series("mood")
        return self.sides(context, long=mood > np.nanmean(mood), exit=mood < np.nanmean(mood))


class SeriesFilledBackwards(Strategy):
    """Take the next known mood where none is known yet."""

    needs = ("series:mood",)

    def signals(self, context: Context) -> Signals:
        mood = pd.DataFrame(context.series("mood")).bfill().to_numpy()
        return self.sides(context, long=mood > 20, exit=mood < 20)


class BestMoodEver(Strategy):
    """Compare the mood with the best that ever comes."""

    needs = ("series:mood",)

    def signals(self, context: Context) -> Signals:
        mood = context.series("mood")
        end = np.nanmax(mood, axis=0)  # the best that is still to come
        return self.sides(context, long=mood < 0.3 * end, exit=mood > 0.6 * end)
