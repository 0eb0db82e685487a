"""`open_sheet` and `requested_targets`: signals and settings become what is asked of the engine."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.combine.blend import Blend
from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.features.indicators import atr, return_std
from stratkit.panel import FloatArray
from stratkit.plans import ExitPlan
from stratkit.risk.plan_table import plan_table
from stratkit.risk.settings import RiskSettings, SizingSettings
from stratkit.risk.sheet import DEFAULTS, Panel, Sources, TargetSheet, raw_price_factors
from stratkit.risk.targets import FRACTION, KELLY, LIMIT_ORDER, RISK, STOP_ORDER, UNITS, Targets
from stratkit.strategies.signals import Signals

_ABSENT: Final[FloatArray] = np.zeros((0, 0))
_BARS_PER_YEAR: Final = {"1d": 252.0, "1w": 52.0, "1mo": 12.0}
_DTYPES: Final[dict[str, npt.DTypeLike]] = {
    "side": np.int8,
    "confidence": np.float32,
    "plan": np.int16,
    "legs": np.int16,
}
_PANELS: Final = (
    "side", "weight", "confidence", "size", "risk_unit", "stop_level", "target_level", "exit_fraction", "entry_level",
    "legs",
)  # fmt: skip
_BLENDED: Final = ("side", "weight", "confidence")


@dataclass(frozen=True)
class Mandate:
    """How one strategy's intents become targets.

    `plan` is how its positions are left; None = as it was designed. `max_at_risk` is the largest fraction of equity
    that it may have at risk, NaN = off; `multiplier` multiplies its sizes.
    """

    plan: ExitPlan | None = None
    max_at_risk: float = np.nan
    multiplier: float = 1.0


def requested_targets(
    bars: Bars, signals: Sequence[Signals], risk: RiskSettings, exit_plan: ExitPlan | None = None
) -> Targets:
    """Return the targets of one or more strategies whose signals are all known, each with its own books.

    `exit_plan` goes before the plan that a strategy was designed with. Raises what `open_sheet` raises.
    """
    sheet = open_sheet(bars, signals, risk, [Mandate(exit_plan)] * len(signals))
    sheet.fill(0, len(bars.times))
    return sheet.targets


def open_sheet(
    bars: Bars,
    signals: Sequence[Signals],
    risk: RiskSettings,
    mandates: Sequence[Mandate],
    *,
    blend: Blend | None = None,
    raw_factor: FloatArray | None = None,
    next_open: bool = True,
    history: Bars | None = None,
    owns_panels: bool = False,
    profiles: Sequence[ExitPlan] = (),
    scaled: bool = False,
) -> TargetSheet:
    """Return the sheet of targets of S strategies; no row is filled.

    Panels are (T, S x N), strategy by strategy, or with `blend` (T, N): one position per symbol, led by whoever won.
    R in price units comes from the strategy, else from the plan (ATR multiple or distance). `raw_factor` (T, N), raw
    over adjusted price, brings levels and R to raw prices. `history` are `bars` with earlier ones before them, on which
    ATR and volatility look back. With `owns_panels` no panel of a strategy stands in the targets itself: every row is
    filled in. `profiles` are plans that a row may choose from, and with `scaled` it may change sizes: both have panels
    then, whoever gives none. Raises `UsageError` when signals do not stand on the bars,
    when a rule needs a stop that nobody gives, or when strategies that share positions rest orders of two kinds.
    """
    _check_shapes(bars, signals)
    plans = [mandate.plan or one.exit_plan for mandate, one in zip(mandates, signals, strict=True)]
    fixed = [mandate.plan is not None for mandate in mandates]
    if risk.sizing.rule == "risk_per_trade":
        _need_stops(signals, plans, fixed)
    table = plan_table(plans, signals, fixed)
    if profiles:
        table.reserve(profiles)
    measured = history or bars
    default_size, rule_size, rule = _default_size(measured, risk.sizing)
    if default_size is not None:
        default_size = default_size[-len(bars.times) :]
    sources = _sources(
        measured, signals, plans, fixed, rule,
        planned=blend is not None or bool(profiles), netted=blend is not None,
        sized=default_size is not None or scaled,
    )  # fmt: skip
    slots = len(bars.symbols) * (1 if blend is not None else len(signals))
    shared = len(signals) == 1 and blend is None and raw_factor is None  # a panel of one strategy is that of its slots
    panels, filled = _panels(
        sources, (len(bars.times), slots), blend, keeps=shared and default_size is None and not owns_panels
    )
    averaged = blend.weight if blend is not None and scaled else None
    if averaged is not None:
        panels["weight"] = np.full(averaged.shape, np.nan)
    targets = Targets(
        **_slots(bars, signals, plans, blend is not None),
        slot_size=np.full(slots, rule_size),
        slot_rule=np.full(slots, rule, dtype=np.int64),
        strategy_cap=np.array([mandate.max_at_risk for mandate in mandates], dtype=np.float64),
        strategy_multiplier=np.array([mandate.multiplier for mandate in mandates], dtype=np.float64),
        plans=table.records,
        **panels,
    )
    return TargetSheet(
        targets,
        table,
        filled,
        lead=None if blend is None else blend.lead,
        default_size=default_size,
        averaged=averaged,
        prices=None if raw_factor is None else raw_price_factors(raw_factor),
        next_open=next_open,
    )


def _slots(bars: Bars, signals: Sequence[Signals], plans: Sequence[ExitPlan | None], netted: bool) -> dict[str, Any]:
    symbols = len(bars.symbols)
    orders = [LIMIT_ORDER if one.entry_order == "limit" else STOP_ORDER for one in signals]
    kinds = [int(one.weight is not None) for one in signals]
    if netted:
        return {
            "slot_symbol": np.arange(symbols),
            "slot_strategy": np.zeros(symbols, np.int64),
            "slot_kind": np.full(symbols, kinds[0], np.int64),
            "slot_plan": np.zeros(symbols, np.int64),
            "slot_order": np.full(symbols, _one_order(signals, orders), np.int64),
        }
    numbers = [0 if plan is None else index for index, plan in enumerate(plans, start=1)]
    return {
        "slot_symbol": np.tile(np.arange(symbols), len(signals)),
        "slot_strategy": np.repeat(np.arange(len(signals)), symbols),
        "slot_kind": np.repeat(np.array(kinds, dtype=np.int64), symbols),
        "slot_plan": np.repeat(np.array(numbers, dtype=np.int64), symbols),
        "slot_order": np.repeat(np.array(orders, dtype=np.int64), symbols),
    }


def _one_order(signals: Sequence[Signals], orders: Sequence[int]) -> int:
    """Return how entries with a level rest in slots that strategies share."""
    resting = {order: one.strategy for one, order in zip(signals, orders) if one.entry_level is not None}
    if len(resting) > 1:
        names = " and ".join(repr(name) for name in resting.values())
        raise UsageError(
            f"strategies that share positions must rest orders of one kind; {names} use stop and limit orders: "
            "set combine.method: independent"
        )
    return next(iter(resting), STOP_ORDER)


def _sources(
    bars: Bars,
    signals: Sequence[Signals],
    plans: Sequence[ExitPlan | None],
    fixed: Sequence[bool],
    rule: int,
    *,
    netted: bool,
    planned: bool,
    sized: bool,
) -> Sources:
    """Return the panels that rows are filled from, by name; those that nobody gives are left out."""
    found: dict[str, tuple[Panel | None, ...]] = {
        name: tuple(getattr(one, name) for one in signals) for name in _PANELS if not (netted and name in _BLENDED)
    }
    found["size"] = tuple(_usable_size(one, rule) for one in signals)
    found["risk_unit"] = _risk_units(bars, signals, plans, fixed)
    own = tuple(None if settled else one.plan for one, settled in zip(signals, fixed))
    given = {name: panels for name, panels in found.items() if any(panel is not None for panel in panels)}
    if sized:
        given["size"] = found["size"]
    if planned or any(panel is not None for panel in own):
        given["plan"] = own
    return given


def _panels(
    sources: Sources, shape: tuple[int, int], blend: Blend | None, *, keeps: bool
) -> tuple[dict[str, Any], Sources]:
    """Return the arrays of the targets by name, and the sources that still have to be filled in.

    With `keeps` the panels of the one strategy are the arrays themselves.
    """
    arrays: dict[str, Any] = {name: np.zeros((0, 0), _DTYPES.get(name, np.float64)) for name in (*_PANELS, "plan")}
    filled: dict[str, tuple[Panel | None, ...]] = {}
    for name, panels in sources.items():
        own = panels[0] if keeps and name not in ("plan", "weight") else None  # weights are scaled as rows are filled
        if own is not None:
            arrays[name] = np.ascontiguousarray(own, dtype=_DTYPES.get(name, np.float64))
        else:
            arrays[name] = np.full(shape, DEFAULTS.get(name, np.nan), _DTYPES.get(name, np.float64))
            filled[name] = panels
    if blend is not None:
        arrays["confidence"] = blend.confidence
        arrays["side" if blend.weight is None else "weight"] = blend.side if blend.weight is None else blend.weight
    return arrays, filled


def _default_size(bars: Bars, sizing: SizingSettings) -> tuple[FloatArray | None, float, int]:
    """Return the size per bar where it is not one number, that number, and the code of the rule."""
    if sizing.rule == "volatility_target":
        volatility = return_std(bars.close, sizing.vol_bars) * np.sqrt(_bars_per_year(bars, sizing))
        with np.errstate(divide="ignore"):
            fraction = np.minimum(sizing.vol_target_ann / volatility, sizing.max_fraction)
        fraction[np.isnan(volatility)] = 0.0  # no estimate yet: nothing can be sized, refused as `lot`
        return fraction, 0.0, FRACTION
    sizes: dict[str, tuple[float, int]] = {
        "fixed_fraction": (sizing.fraction, FRACTION),
        "equal_weight": (1.0 / (sizing.positions or len(bars.symbols)), FRACTION),
        "risk_per_trade": (sizing.risk_pct / 100.0, RISK),
        "fractional_kelly": (sizing.kelly_fraction, KELLY),
        "fixed_units": (sizing.units, UNITS),
    }
    return None, *sizes[sizing.rule]


def _usable_size(one: Signals, rule: int) -> FloatArray | None:
    """Return a strategy's own sizes where they mean what the sizing rule means by a size."""
    if one.size is None or one.size_unit == "rule" or rule == FRACTION:
        return one.size
    warnings.warn(
        f"strategy {one.strategy!r} gives sizes as fractions of equity, which the configured risk.sizing.rule does not "
        "use: its sizes are left out",
        stacklevel=2,
    )
    return None


def _bars_per_year(bars: Bars, sizing: SizingSettings) -> float:
    """Return what annualises a bar's volatility: never counted from the span, which would know the future."""
    per_year = sizing.bars_per_year or _BARS_PER_YEAR.get(bars.frequency)
    if per_year is None:
        raise UsageError(
            f"volatility_target on {bars.frequency} bars needs risk.sizing.bars_per_year, the bars of one year; "
            "found none"
        )
    return per_year


def _risk_units(
    bars: Bars, signals: Sequence[Signals], plans: Sequence[ExitPlan | None], fixed: Sequence[bool]
) -> tuple[FloatArray | None, ...]:
    made: dict[tuple[float, int], FloatArray] = {}  # strategies with one plan share its panel

    def unit(plan: ExitPlan | None) -> FloatArray | None:
        if plan is None or not plan.needs_risk_unit or plan.risk_basis == "percent":
            return None
        if plan.risk_basis == "distance":
            return np.full(signals[0].shape, plan.risk)
        key = (plan.risk, plan.atr_bars)
        if key not in made:
            made[key] = plan.risk * atr(bars.high, bars.low, bars.close, plan.atr_bars)[-signals[0].shape[0] :]
        return made[key]

    return tuple(
        _risk_unit(one, unit(plan), [] if settled else [unit(own) for own in one.plans])
        for one, plan, settled in zip(signals, plans, fixed)
    )


def _risk_unit(one: Signals, base: FloatArray | None, own: Sequence[FloatArray | None]) -> FloatArray | None:
    """Return R of one strategy in price units: what it gives itself, else that of the plan in force on each bar."""
    panel = base
    for number, unit in enumerate(own):
        if unit is not None and one.plan is not None:
            panel = np.where(one.plan == number, unit, np.full(one.shape, np.nan) if panel is None else panel)
    if one.risk_unit is None or panel is None:
        return one.risk_unit if panel is None else panel
    return np.where(np.isnan(one.risk_unit), panel, one.risk_unit)


def _check_shapes(bars: Bars, signals: Sequence[Signals]) -> None:
    for one in signals:
        if one.shape != bars.shape:
            raise UsageError(
                f"signals of {one.strategy!r} must have the shape of the bars, {bars.shape}; found {one.shape}"
            )


def _need_stops(signals: Sequence[Signals], plans: Sequence[ExitPlan | None], fixed: Sequence[bool]) -> None:
    for one, plan, settled in zip(signals, plans, fixed, strict=True):
        own = one.plan is not None and not settled
        if one.stop_level is None and (plan is None or plan.sl is None) and not own:
            raise UsageError(
                f"sizing by risk_per_trade needs a stop; strategy {one.strategy!r} gives none: "
                "set exit_plan.sl, or choose another risk.sizing.rule"
            )
