"""Donchian breakout: the channel system of the Turtles, with its stop in ATR."""

from __future__ import annotations

from stratkit.features.events import lag
from stratkit.features.indicators import highest, lowest
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.direction import Direction, latest_side
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy


class DonchianBreakoutParams(Parameters):
    """Parameters of the Donchian breakout."""

    entry: int = bounded(20, low=2, high=300, description="bars of the channel to break out of", log=True)
    leave: int = bounded(10, low=2, high=300, description="bars of the opposite channel that ends it", log=True)
    atr_bars: int = bounded(20, low=2, high=100, description="bars of the ATR behind the stop", log=True)
    stop_atr: float = bounded(2.0, low=0.25, high=10.0, step=0.25, description="stop distance from the entry [ATR]")
    direction: Direction = choice("long_only", description="both also sells short below the channel")


class DonchianBreakout(Strategy):
    """Buy a close above the highest high of the bars before, with a stop in ATR; leave below the shorter channel."""

    name = "donchian_breakout"
    family = "breakout"
    source = "C. M. Faith, Way of the Turtle (2007), ch. 10; after R. Donchian"
    edge = (
        "A few long moves pay for many false starts: most people take profits at a new high too early, and sell "
        "it to the patient."
    )
    Params = DonchianBreakoutParams
    params: DonchianBreakoutParams

    @property
    def warmup_bars(self) -> int:
        """The entry channel before this bar, or the ATR that sizes the stop, whichever is longer."""
        return max(self.params.entry, self.params.leave, self.params.atr_bars)

    def signals(self, context: Context) -> Signals:
        """Return long on closes above the channel, short below it, out beyond the opposite shorter one."""
        close, params = context.bars.close, self.params
        above = close > lag(context.compute(highest, params.entry))
        below = (close < lag(context.compute(lowest, params.entry))) & (params.direction == "both")
        latest = latest_side(above, below)
        ends_long = (latest == LONG) & (close < lag(context.compute(lowest, params.leave)))
        ends_short = (latest == SHORT) & (close > lag(context.compute(highest, params.leave)))
        plan = ExitPlan(risk_basis="atr", risk=params.stop_atr, atr_bars=params.atr_bars, sl=1.0)
        return self.sides(context, long=above, short=below, exit=ends_long | ends_short, exit_plan=plan)
