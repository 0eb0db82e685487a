"""`Controls`: what may change for each strategy between two stretches of bars; `ControlSettings`, changes by date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from stratkit.errors import UsageError, did_you_mean
from stratkit.panel import BoolArray, FloatArray, IntArray, parse_time

LEAST, MOST = 0.1, 2.0  # between which the product of all multipliers of a size is held
PERCENT: Final = 1e-2


@dataclass(frozen=True)
class Controls:
    """What S strategies may do in one stretch of bars, (S,) each.

    `enabled`: one that is not makes no entry; its exits still close what it led. `weight` of its voice beside others.
    `multiplier` of its sizes, within [0.1, 2.0]. `max_at_risk` is the largest fraction of equity it may have at risk,
    NaN = off.
    """

    enabled: BoolArray
    weight: FloatArray
    multiplier: FloatArray
    max_at_risk: FloatArray


class ControlSettings(BaseModel):
    """What changes for one strategy on a date and stays so; what is left out stays as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool | None = Field(None, description="whether it may enter; its exits still close what it led")
    weight: float | None = Field(None, ge=0, description="how much its opinion counts beside others")
    max_at_risk_pct: float | None = Field(None, gt=0, description="all positions of the strategy [% of equity]")


Overrides = Mapping[str, Mapping[str, ControlSettings]]  # by date, then by the name of a strategy


def clipped(multiplier: FloatArray) -> FloatArray:
    """Return multipliers held within [0.1, 2.0]: a size may shrink to a tenth, and never more than double."""
    return np.clip(multiplier, LEAST, MOST)


def changed_on(
    overrides: Overrides, names: Sequence[str], known: Sequence[str]
) -> list[tuple[int, dict[int, ControlSettings]]]:
    """Return the changes in the order of their dates: UTC ns, and by a strategy's place in `names` what changes.

    Changes of strategies that are configured but do not run are left out. Raises `UsageError` for a date or a name
    that is none; `known` are all names.
    """
    found = []
    for date, changes in overrides.items():
        for name in changes:
            if name not in known:
                raise UsageError(f"overrides.{date} must name a strategy; found {name!r}; {did_you_mean(name, known)}")
        own = {names.index(name): change for name, change in changes.items() if name in names}
        found.append((parse_time(date, f"overrides.{date}"), own))
    return sorted(found, key=lambda change: change[0])


def stretches(
    times: IntArray, first: Controls, changes: Sequence[tuple[int, dict[int, ControlSettings]]], *, scales: bool
) -> list[tuple[int, int, Controls]]:
    """Return the bars [start, stop) between changes, each with what holds for the decisions in it.

    A change holds from the first bar that starts on its date or later. `scales`: a weight multiplies sizes, for there
    is no vote that it could count in.
    """
    starts = [0, *(int(np.searchsorted(times, when)) for when, _ in changes), len(times)]
    held, found = first, []
    for number, (start, stop) in enumerate(pairwise(starts)):
        if number:
            held = _changed(held, changes[number - 1][1], scales)
        if start < stop:
            found.append((start, stop, held))
    return found


def _changed(controls: Controls, changes: Mapping[int, ControlSettings], scales: bool) -> Controls:
    enabled, weight, cap = controls.enabled.copy(), controls.weight.copy(), controls.max_at_risk.copy()
    for strategy, change in changes.items():
        enabled[strategy] = enabled[strategy] if change.enabled is None else change.enabled
        weight[strategy] = weight[strategy] if change.weight is None else change.weight
        if change.max_at_risk_pct is not None:
            cap[strategy] = change.max_at_risk_pct * PERCENT
    multiplier = clipped(weight) if scales else controls.multiplier
    return replace(controls, enabled=enabled, weight=weight, multiplier=multiplier, max_at_risk=cap)
