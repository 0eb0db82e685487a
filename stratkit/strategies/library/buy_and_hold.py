"""Buy and hold: the benchmark that a strategy has to beat."""

from __future__ import annotations

import numpy as np

from stratkit.strategies.context import Context
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class BuyAndHold(Strategy):
    """Buy every symbol on its first bar and keep it."""

    name = "buy_and_hold"
    family = "benchmark"
    source = "W. F. Sharpe, The Arithmetic of Active Management, Financial Analysts Journal 47 (1991)"
    edge = (
        "Owners of a market are paid for bearing its losses in bad times, and every trader pays costs that they do not."
    )

    def signals(self, context: Context) -> Signals:
        """Ask to be long on a symbol's bars until one of them was followed by a bar that could fill.

        An order expires where its symbol has no next bar (the last session before a holiday of
        its own calendar), so asking once on the very first bar could mean never to buy.
        """
        has_bar = context.has_bar
        filled = np.zeros(context.shape, np.bool_)
        np.logical_or.accumulate(has_bar[1:] & has_bar[:-1], axis=0, out=filled[1:])
        return self.sides(context, long=has_bar & ~filled)
