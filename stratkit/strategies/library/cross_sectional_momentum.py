"""Cross-sectional momentum: long the winners, short the losers, the same money in both."""

from __future__ import annotations

import numpy as np

from stratkit.features.events import lag
from stratkit.features.indicators import rate_of_change
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.ranking import long_short
from stratkit.strategies.rebalancing import period_starts
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class CrossSectionalMomentumParams(Parameters):
    """Parameters of the cross-sectional momentum."""

    lookback: int = bounded(231, low=2, high=1000, description="bars over which the rise is measured", log=True)
    skip: int = bounded(21, low=0, high=63, description="latest bars left out: short-term reversal")
    side_symbols: int = bounded(3, low=1, high=250, description="symbols on each side", log=True)
    gross: float = bounded(1.0, low=0.1, high=4.0, step=0.1, description="long plus short [x equity]")


class CrossSectionalMomentum(Strategy):
    """Hold the strongest symbols long against the weakest short, in equal weights, ranked anew every month.

    All legs of a ranking are one package: they trade together or not at all, and when a leg is taken away the others
    leave until the next ranking. A symbol without a bar on the ranking bar keeps what it has.
    """

    name = "cross_sectional_momentum"
    family = "momentum"
    source = "N. Jegadeesh, S. Titman, Returns to Buying Winners and Selling Losers, Journal of Finance 48 (1993)"
    needs = ("several symbols",)
    edge = (
        "News about one company is priced in more slowly than news about the market; the spread between winners and "
        "losers earns that without the market's risk."
    )
    Params = CrossSectionalMomentumParams
    params: CrossSectionalMomentumParams

    @property
    def warmup_bars(self) -> int:
        """The lookback and the bars left out."""
        return self.params.lookback + self.params.skip

    def signals(self, context: Context) -> Signals:
        """Return target weights on the first bars of months, NaN between."""
        params = self.params
        score = lag(context.compute(rate_of_change, params.lookback), params.skip)
        rows = np.flatnonzero(period_starts(context.bars.times, "monthly"))
        weight = np.full(context.shape, np.nan)
        weight[rows] = long_short(score[rows], params.side_symbols, params.gross)
        return self.weights(context, weight, legs=np.isfinite(weight).astype(np.int16))
