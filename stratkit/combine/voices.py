"""`blending_of` and `first_controls`: how the strategies that run are combined, and what each may do at the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stratkit.combine.blend import Blending, open_blend
from stratkit.combine.settings import CombineSettings, GlobalSettings, method_of
from stratkit.controls import Controls, clipped
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.signals import Signals


def blending_of(
    running: Mapping[str, StrategySettings], signals: Sequence[Signals], combine: CombineSettings,
    overall: GlobalSettings, *, changes: bool = False,
) -> Blending | None:  # fmt: skip
    """Return the blend to be made, None where one strategy is heard as it is.

    `changes`: what strategies may do changes on the way, so that each must be heard through a blend.
    """
    limits = [settings.risk_budgets.max_trades_per_cycle or 0 for settings in running.values()]
    every_bars = [settings.every_bars for settings in running.values()]
    heard_as_it_is = (
        len(signals) == 1
        and not any(limits)
        and every_bars == [1]
        and all(settings.weight == 1.0 for settings in running.values())
        and combine.min_confidence == 0
        and overall.max_total_proposals_per_cycle is None
        and combine.method in (None, "highest_confidence", "priority", "independent")
        and not changes
    )
    if heard_as_it_is:
        method_of(combine, overall)  # a contradiction is one with one strategy too
        return None
    return open_blend(
        signals, combine, overall,
        priorities=[settings.rank for settings in running.values()], limits=limits, every_bars=every_bars,
    )  # fmt: skip


def first_controls(
    running: Mapping[str, StrategySettings], combine: CombineSettings, overall: GlobalSettings
) -> Controls:
    """Return what each strategy may do at the start; a weight multiplies sizes where it can count in no vote."""
    weight = np.array([settings.weight for settings in running.values()])
    caps = [settings.risk_budgets.max_at_risk_pct for settings in running.values()]
    independent = method_of(combine, overall) == "independent"
    return Controls(
        enabled=np.ones(len(weight), np.bool_),
        weight=weight,
        multiplier=clipped(weight) if independent else np.ones(len(weight)),
        max_at_risk=np.array([np.nan if cap is None else cap / 100.0 for cap in caps]),
    )
