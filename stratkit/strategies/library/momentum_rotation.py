"""Momentum rotation: hold the symbols that rose most, and change them now and then."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stratkit.features.events import lag
from stratkit.features.indicators import rate_of_change
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.ranking import places
from stratkit.strategies.rebalancing import period_starts
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class MomentumRotationParams(Parameters):
    """Parameters of the momentum rotation."""

    lookback: int = bounded(126, low=2, high=520, description="bars over which the rise is measured", log=True)
    skip: int = bounded(21, low=0, high=63, description="latest bars left out: short-term reversal")
    top: int = bounded(3, low=1, high=500, description="symbols held, in equal weights", log=True)
    rebalance: Literal["monthly", "every_n_bars"] = choice("monthly", description="when to rank again")
    every: int = bounded(21, low=1, high=260, description="bars between rankings, for every_n_bars", log=True)
    rising_only: bool = choice(False, description="hold cash in the place of a symbol that has fallen")


class MomentumRotation(Strategy):
    """Hold the symbols with the strongest past return in equal weights, ranked anew at intervals.

    Weights are 1 / min(top, symbols ranked). Ties go to the symbol that comes first. Only symbols
    with a bar on the ranking bar are ranked; one without keeps what it has until the next.
    """

    name = "momentum_rotation"
    family = "momentum"
    source = "N. Jegadeesh, S. Titman, Returns to Buying Winners and Selling Losers, Journal of Finance 48 (1993)"
    needs = ("several symbols",)
    edge = (
        "Good news of the last months is priced in slowly, so that winners go on winning for a while; late buyers "
        "pay early ones."
    )
    Params = MomentumRotationParams
    params: MomentumRotationParams

    @property
    def warmup_bars(self) -> int:
        """The lookback and the bars left out."""
        return self.params.lookback + self.params.skip

    def signals(self, context: Context) -> Signals:
        """Return target weights on ranking bars, NaN between: leave the positions alone."""
        score = lag(context.compute(rate_of_change, self.params.lookback), self.params.skip)
        rows = np.flatnonzero(self._ranks_on(context.bars.times))
        weight = np.full(context.shape, np.nan)
        weight[rows] = self._ranked(score[rows])
        return self.weights(context, weight)

    def _ranks_on(self, times: IntArray) -> BoolArray:
        """Return (T,) whether a bar ranks."""
        bar = np.arange(len(times))
        every_n: BoolArray = (bar - self.warmup_bars) % self.params.every == 0
        due = every_n if self.params.rebalance == "every_n_bars" else period_starts(times, "monthly")
        return due & (bar >= self.warmup_bars)

    def _ranked(self, score: FloatArray) -> FloatArray:
        """Return (R, N) equal weights of the highest scores of each row, 0 for the rest."""
        ranked = np.isfinite(score)
        held = ranked & (places(score) < self.params.top)
        share = 1.0 / np.maximum(held.sum(axis=1, keepdims=True), 1)
        if self.params.rising_only:
            held &= score > 0
        return np.where(held, share, 0.0)
