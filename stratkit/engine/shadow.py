"""`open_shadow`: the shadow book, in which what is kept from the account is played without cash and caps.

It is a stage like any other: the same kernel, bars, costs and fills. Strategies have books of their own there, every
position is worth the same at its entry, and nothing that happens in it touches the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import Stage, set_stage
from stratkit.panel import SideArray
from stratkit.plans import ExitPlan
from stratkit.risk.requests import Mandate
from stratkit.risk.settings import BreakerSettings, CapSettings, RiskSettings, SizingSettings
from stratkit.strategies.signals import Signals

_ENOUGH: Final = 1e6  # accounts of cash, so that no position is ever too large


def open_shadow(
    base: Stage, signals: Sequence[Signals], sides: Sequence[SideArray], plans: Sequence[ExitPlan | None],
    account: AccountSettings, costs: CostSettings, execution: ExecutionSettings, risk: RiskSettings, *,
    signal_bars: Any = None, history: Any = None, profiles: Sequence[ExitPlan] = (),
) -> Stage:  # fmt: skip
    """Return a shadow book beside the account of `base`: `sides` (T, N) per strategy are written as it is played.

    What strategies say of levels and plans holds as in the account; sizes, target weights and parts to leave do not.
    At the close that decides it a position is worth the initial cash over the number of symbols, times the risk
    multiplier of its plan, in any fraction of a unit, and no volume is too small for it.
    """
    # a number of units that hangs on the bar alone: in equity it would depend on what was won and lost before
    units = account.initial_cash / len(base.bars.symbols) / base.bars.close
    shown = [
        replace(one, side=side, weight=None, size=units, size_unit="rule", legs=None, exit_fraction=None)
        for one, side in zip(signals, sides, strict=True)
    ]
    free = account.model_copy(
        update={
            "initial_cash": account.initial_cash * _ENOUGH, "lot_size": None, "min_notional": 0.0, "max_adds": 0,
            "margin_mode": "cross", "maintenance_margin_pct": 0.0,
        }
    )  # fmt: skip
    return set_stage(
        base.bars, shown, [Mandate(plan) for plan in plans], account=free, costs=costs,
        execution=execution.model_copy(update={"max_volume_share_pct": None}),
        risk=RiskSettings(
            sizing=SizingSettings(rule="fixed_units"),
            caps=CapSettings(),
            breakers=BreakerSettings(cooldown_bars=risk.breakers.cooldown_bars),
        ),
        signal_bars=signal_bars, history=history, market=base.playing.market, owns_panels=True, profiles=profiles,
    )  # fmt: skip
