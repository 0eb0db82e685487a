"""Rules engine: breakouts, volume spikes and momentum become entries; the more agree, the more confident."""

from __future__ import annotations

import numpy as np

from stratkit.features.events import lag
from stratkit.features.indicators import lowest, rate_of_change
from stratkit.panel import FloatArray
from stratkit.plans import percent_plan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import latest_side
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.signals import LONG, Signals
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.triggers import TriggerRules, detect_triggers


class RulesEngineParams(Parameters):
    """Parameters of the rules engine."""

    breakout_bars: int = bounded(20, low=2, high=300, description="bars of the channel to break out of", log=True)
    volume_bars: int = bounded(20, low=2, high=300, description="bars of the mean volume", log=True)
    volume_multiple: float = bounded(2.0, low=1.1, high=20.0, step=0.1, description="volume of a spike [mean]")
    momentum_bars: int = bounded(10, low=1, high=250, description="bars of the momentum", log=True)
    momentum_pct: float = bounded(5.0, low=0.1, high=100.0, description="rise that counts as momentum [%]", log=True)
    min_triggers: int = bounded(1, low=1, high=3, description="triggers that must agree")
    exit_bars: int = bounded(10, low=2, high=300, description="bars of the channel to leave below", log=True)
    size_pct: float = bounded(2.0, low=0.1, high=100.0, description="size of a position [% of equity]", log=True)
    stop_loss_pct: float = bounded(5.0, low=0.5, high=50.0, step=0.5, description="stop [% of the entry price]")
    take_profit_pct: float = bounded(10.0, low=0.5, high=200.0, step=0.5, description="target [% of the entry price]")


class RulesEngine(Strategy):
    """Buy when breakout, volume spike or momentum says so; leave when momentum is gone or the channel breaks.

    A volume spike counts on a close above the one before only, for volume has no direction of its own. Nothing is
    entered while a reason to leave stands. Confidence is 1 - product of (1 - strength) over the triggers.
    """

    name = "rules_engine"
    family = "rules"
    source = "rules of our own; volume and rate of change as in J. J. Murphy, Technical Analysis (1999), ch. 7 and 10"
    needs = ("volume",)
    edge = (
        "When price, volume and speed agree, more is going on than noise; those who trade against it without news pay."
    )
    Params = RulesEngineParams
    params: RulesEngineParams

    @property
    def warmup_bars(self) -> int:
        """The longest of the windows before this bar."""
        params = self.params
        return max(params.breakout_bars, params.volume_bars, params.momentum_bars, params.exit_bars)

    def signals(self, context: Context) -> Signals:
        """Return long where enough triggers agree, out where momentum is negative or the close below the channel."""
        close, params = context.bars.close, self.params
        strengths = self._strengths(context)
        fading = context.compute(rate_of_change, params.momentum_bars) < 0
        leave = fading | (close < lag(context.compute(lowest, params.exit_bars)))
        enter = (np.count_nonzero(strengths, axis=0) >= params.min_triggers) & ~leave
        enter[: self.warmup_bars] = False
        return self.sides(
            context,
            long=enter,
            exit=(latest_side(enter, np.zeros_like(enter)) == LONG) & leave,
            confidence=np.where(enter, 1.0 - np.prod(1.0 - strengths, axis=0), 1.0),
            size=np.where(enter, params.size_pct / 100.0, np.nan),
            size_unit="fraction",
            exit_plan=percent_plan(params.stop_loss_pct, params.take_profit_pct),
        )

    def _strengths(self, context: Context) -> FloatArray:
        """Return (3, T, N) how strongly each trigger speaks for an entry, 0 = not at all."""
        params, close = self.params, context.bars.close
        rules = TriggerRules(
            breakout_bars=params.breakout_bars,
            volume_bars=params.volume_bars,
            volume_multiple=params.volume_multiple,
            momentum_bars=params.momentum_bars,
            momentum_pct=params.momentum_pct,
        )
        found = detect_triggers(context, rules).strength
        spike = np.where(close > lag(close), found["volume_spike"], 0.0)
        return np.stack([found["breakout"], spike, found["momentum"]])
