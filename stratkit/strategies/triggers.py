"""`Triggers`: detected events as causal panels: breakouts, volume spikes, momentum.

A strength is 0 where nothing happened, 0.5 where the event only just happened, and grows to 1 where it was twice as
large. Windows count own bars; nothing is detected before they are full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from stratkit.features.events import lag
from stratkit.features.indicators import highest, lowest, rate_of_change, sma
from stratkit.panel import BoolArray, FloatArray, read_only
from stratkit.strategies.context import Context

TriggerKind = Literal["breakout", "volume_spike", "momentum"]


class TriggerRules(BaseModel):
    """What counts as an event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    breakout_bars: int = Field(20, ge=2, description="bars before, whose highest high a close must exceed")
    volume_bars: int = Field(20, ge=2, description="bars before, whose mean volume is compared with")
    volume_multiple: float = Field(2.0, gt=0, description="volume of a spike [mean of the bars before]")
    momentum_bars: int = Field(10, ge=1, description="bars over which the rise is measured")
    momentum_pct: float = Field(5.0, gt=0, description="rise that counts [%]")


@dataclass(frozen=True)
class Triggers:
    """Events by kind: `strength` (T, N) in [0, 1], 0 = none, and the `value` (T, N) measured.

    The value of a ``breakout`` is how far the close stands above the highest high before it [fraction], of a
    ``volume_spike`` the multiple of the mean volume, of ``momentum`` the change [fraction]; NaN where unknown.
    """

    strength: Mapping[TriggerKind, FloatArray]
    value: Mapping[TriggerKind, FloatArray]


def detect_triggers(context: Context, rules: TriggerRules) -> Triggers:
    """Return the events on all bars; values at t use nothing after close[t]."""
    found = {
        "breakout": _breakout(context, rules.breakout_bars),
        "volume_spike": _volume_spike(context, rules.volume_bars, rules.volume_multiple),
        "momentum": _momentum(context, rules.momentum_bars, rules.momentum_pct / 100.0),
    }
    kinds: Final[tuple[TriggerKind, ...]] = ("breakout", "volume_spike", "momentum")
    return Triggers(
        {kind: read_only(found[kind][0]) for kind in kinds}, {kind: read_only(found[kind][1]) for kind in kinds}
    )


def _breakout(context: Context, window_bars: int) -> tuple[FloatArray, FloatArray]:
    """Close above the highest high of the bars before; twice as large when a whole channel above it."""
    close = context.bars.close
    top, bottom = lag(context.compute(highest, window_bars)), lag(context.compute(lowest, window_bars))
    with np.errstate(divide="ignore", invalid="ignore"):  # a channel without width: anything above it is far above
        excess = np.where(top > bottom, (close - top) / (top - bottom), np.inf)
        return _graded(close > top, 1.0 + excess), close / top - 1.0


def _volume_spike(context: Context, window_bars: int, multiple: float) -> tuple[FloatArray, FloatArray]:
    """Volume of at least a multiple of its mean before; silent where it, or that mean, is unknown or 0."""
    mean = lag(context.compute(sma, window_bars, on="volume"))
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(mean > 0, context.bars.volume / mean, np.nan)
    times[~context.has_bar] = np.nan
    return _graded(times >= multiple, times / multiple), times


def _momentum(context: Context, window_bars: int, rise: float) -> tuple[FloatArray, FloatArray]:
    change = context.compute(rate_of_change, window_bars)
    return _graded(change >= rise, change / rise), change


def _graded(happened: BoolArray, size: FloatArray) -> FloatArray:
    """Return half of `size`, at most 1, where it happened; a size of 1 is an event that only just happened."""
    return np.where(happened, np.minimum(size / 2.0, 1.0), 0.0)
