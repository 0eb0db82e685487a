"""`requested_targets`: signals and settings become what is asked of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.features.indicators import atr, return_std
from stratkit.panel import FloatArray, on_axes
from stratkit.plans import ExitPlan
from stratkit.risk.settings import RiskSettings, SizingSettings
from stratkit.risk.targets import (
    BASIS_PERCENT,
    BASIS_PRICE,
    FRACTION,
    KELLY,
    LIMIT_ORDER,
    PLAN_DTYPE,
    RISK,
    STOP_ORDER,
    UNITS,
    Targets,
)
from stratkit.strategies.signals import Signals

_ABSENT: FloatArray = np.zeros((0, 0))
_BARS_PER_YEAR = {"1d": 252.0, "1w": 52.0, "1mo": 12.0}
_LEVELS = ("sl", "tp1", "tp2", "tp3", "be", "trail_at", "trail_by")


def requested_targets(
    bars: Bars, signals: Sequence[Signals], risk: RiskSettings, exit_plan: ExitPlan | None
) -> Targets:
    """Return the targets of one or more strategies, each with its own position per symbol.

    `exit_plan` goes before the plan that a strategy was designed with. Panels are (T, M), strategy by
    strategy; R in price units comes from the strategy, else from the plan (ATR multiple or distance).
    Raises `UsageError` when signals do not stand on the bars, or a rule needs a stop that nobody gives.
    """
    symbols = len(bars.symbols)
    for one in signals:
        if one.shape != bars.shape:
            raise UsageError(
                f"signals of {one.strategy!r} must have the shape of the bars, {bars.shape}; found {one.shape}"
            )
    plans = [exit_plan or one.exit_plan for one in signals]
    if risk.sizing.rule == "risk_per_trade":
        _need_stops(signals, plans)
    size, rule = _default_size(bars, risk.sizing)
    kinds = [int(one.weight is not None) for one in signals]
    return Targets(
        slot_symbol=np.tile(np.arange(symbols), len(signals)),
        slot_strategy=np.repeat(np.arange(len(signals)), symbols),
        slot_kind=np.repeat(np.array(kinds, dtype=np.int64), symbols),
        slot_size=np.full(symbols * len(signals), size),
        slot_rule=np.full(symbols * len(signals), rule, dtype=np.int64),
        slot_plan=np.repeat([0 if plan is None else index for index, plan in enumerate(plans, start=1)], symbols),
        slot_order=np.repeat([LIMIT_ORDER if one.entry_order == "limit" else STOP_ORDER for one in signals], symbols),
        strategy_cap=np.full(len(signals), np.nan),
        strategy_multiplier=np.ones(len(signals)),
        plans=plan_records(plans),
        side=_joined(signals, "side", bars, fill=0, dtype=np.int8),
        weight=_joined(signals, "weight", bars),
        confidence=_joined(signals, "confidence", bars, fill=1, dtype=np.float32),
        size=_sizes(bars, signals, risk.sizing),
        risk_unit=_risk_units(bars, signals, plans),
        stop_level=_joined(signals, "stop_level", bars),
        target_level=_joined(signals, "target_level", bars),
        exit_fraction=_joined(signals, "exit_fraction", bars),
        entry_level=_joined(signals, "entry_level", bars),
    )


def in_raw_prices(targets: Targets, factor: FloatArray, next_open: bool) -> Targets:
    """Return targets whose levels and R, given in adjusted prices, are in the raw prices of the bar they act in.

    `factor` (T, N) is raw over adjusted price, NaN without a bar. What acts in the next bar takes the last factor
    known there, and so does an entry with a level whatever the moment; what acts at this close (not `next_open`)
    takes that of its own bar.
    """
    known = _last_known(factor)
    ahead = np.vstack((known[1:], known[-1:]))
    repeats = len(targets.slot_symbol) // factor.shape[1]
    now, later = np.tile(known, (1, repeats)), np.tile(ahead, (1, repeats))
    rests = np.isfinite(targets.entry_level) if len(targets.entry_level) else False
    acting = np.where(next_open | np.asarray(rests), later, now)
    changed = {name: getattr(targets, name) for name in ("risk_unit", "stop_level", "target_level", "entry_level")}
    return targets._replace(**{name: panel * acting for name, panel in changed.items() if len(panel)})


def _last_known(factor: FloatArray) -> FloatArray:
    """Return (T, N) with a missing factor taken from the bar before, or from the first that is known."""
    number = np.arange(len(factor))[:, None]
    known = np.isfinite(factor)
    place = np.maximum.accumulate(np.where(known, number, -1), axis=0)
    first = np.where(known.any(axis=0), known.argmax(axis=0), 0)
    return np.take_along_axis(factor, np.where(place < 0, first, place), axis=0)


def plan_records(plans: Sequence[ExitPlan | None]) -> npt.NDArray[Any]:
    """Return plans as the kernel reads them, (1 + P,) records; record 0 and `None` are "no plan".

    >>> plan_records([ExitPlan(sl=1.0, tp1=2.0)])["last_takes_rest"].tolist()
    [0, 1]
    """
    records = np.zeros(1 + len(plans), dtype=PLAN_DTYPE).view(np.recarray)
    records["risk_multiplier"] = 1.0
    for name in _LEVELS:
        records[name] = np.nan
    records["strategy"] = -1
    for index, plan in enumerate(plans, start=1):
        if plan is None:
            continue
        record = records[index]
        record.exists = 1
        record.basis = BASIS_PERCENT if plan.risk_basis == "percent" else BASIS_PRICE
        record.risk = plan.risk / 100.0
        record.needs_risk_unit = int(plan.needs_risk_unit)
        for name in _LEVELS:
            level = getattr(plan, name)
            record[name] = np.nan if level is None else level
        fractions = [f for level, f in ((plan.tp1, plan.f1), (plan.tp2, plan.f2), (plan.tp3, plan.f3)) if level]
        record.f1, record.f2, record.f3 = plan.f1, plan.f2, plan.f3
        record.last_target = len(fractions)
        record.last_takes_rest = int(bool(fractions) and abs(sum(fractions) - 1.0) <= 1e-9)
        record.time_stop_bars = plan.time_stop_bars or 0
        record.risk_multiplier = plan.risk_multiplier
    return records


def _default_size(bars: Bars, sizing: SizingSettings) -> tuple[float, int]:
    sizes: dict[str, tuple[float, int]] = {
        "fixed_fraction": (sizing.fraction, FRACTION),
        "equal_weight": (1.0 / (sizing.positions or len(bars.symbols)), FRACTION),
        "volatility_target": (0.0, FRACTION),  # per bar, in `size`
        "risk_per_trade": (sizing.risk_pct / 100.0, RISK),
        "fractional_kelly": (sizing.kelly_fraction, KELLY),
        "fixed_units": (sizing.units, UNITS),
    }
    return sizes[sizing.rule]


def _sizes(bars: Bars, signals: Sequence[Signals], sizing: SizingSettings) -> FloatArray:
    if sizing.rule != "volatility_target":
        return _joined(signals, "size", bars)
    volatility = return_std(bars.close, sizing.vol_bars) * np.sqrt(_bars_per_year(bars, sizing))
    with np.errstate(divide="ignore"):
        fraction = np.minimum(sizing.vol_target_ann / volatility, sizing.max_fraction)
    fraction[np.isnan(volatility)] = 0.0  # no estimate yet: nothing can be sized, refused as `lot`
    own = [one.size if one.size is not None else np.full(bars.shape, np.nan) for one in signals]
    return np.ascontiguousarray(np.hstack([np.where(np.isnan(size), fraction, size) for size in own]))


def _bars_per_year(bars: Bars, sizing: SizingSettings) -> float:
    """Return what annualises a bar's volatility: never counted from the span, which would know the future."""
    per_year = sizing.bars_per_year or _BARS_PER_YEAR.get(bars.frequency)
    if per_year is None:
        raise UsageError(
            f"volatility_target on {bars.frequency} bars needs risk.sizing.bars_per_year, the bars of one year; "
            "found none"
        )
    return per_year


def _risk_units(bars: Bars, signals: Sequence[Signals], plans: Sequence[ExitPlan | None]) -> FloatArray:
    panels = [_risk_unit(bars, one, plan) for one, plan in zip(signals, plans, strict=True)]
    if all(panel is None for panel in panels):
        return _ABSENT
    return np.ascontiguousarray(
        np.hstack([panel if panel is not None else np.full(bars.shape, np.nan) for panel in panels])
    )


def _risk_unit(bars: Bars, signals: Signals, plan: ExitPlan | None) -> FloatArray | None:
    given = signals.risk_unit
    if plan is None or not plan.needs_risk_unit or plan.risk_basis == "percent":
        return given
    if plan.risk_basis == "distance":
        own = np.full(bars.shape, plan.risk)
    else:
        own = plan.risk * atr(bars.high, bars.low, bars.close, plan.atr_bars)
    return own if given is None else np.where(np.isnan(given), own, given)


def _need_stops(signals: Sequence[Signals], plans: Sequence[ExitPlan | None]) -> None:
    for one, plan in zip(signals, plans, strict=True):
        if one.stop_level is None and (plan is None or plan.sl is None):
            raise UsageError(
                f"sizing by risk_per_trade needs a stop; strategy {one.strategy!r} gives none: "
                "set exit_plan.sl, or choose another risk.sizing.rule"
            )


def _joined(
    signals: Sequence[Signals], name: str, bars: Bars, fill: float = np.nan, dtype: npt.DTypeLike = np.float64
) -> npt.NDArray[Any]:
    panels = [getattr(one, name) for one in signals]
    if all(panel is None for panel in panels):
        return np.zeros((0, 0), dtype=dtype)
    given = [np.full(bars.shape, fill, dtype=dtype) if panel is None else panel for panel in panels]
    parts = [on_axes(panel, bars.shape, name, dtype) for panel in given]
    return parts[0] if len(parts) == 1 else np.ascontiguousarray(np.hstack(parts))
