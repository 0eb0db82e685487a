"""`Signals`: one strategy's opinion on every bar and symbol, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from stratkit.errors import StrategyError
from stratkit.panel import FloatArray, SideArray, read_only
from stratkit.plans import ExitPlan

LONG, SHORT, FLAT, EXIT = 1, -1, 0, 2

EntryOrder = Literal["stop", "limit"]
SizeUnit = Literal["rule", "fraction"]

_PANELS: dict[str, npt.DTypeLike] = {
    "side": np.int8,
    "weight": np.float64,
    "confidence": np.float32,
    "size": np.float64,
    "risk_unit": np.float64,
    "stop_level": np.float64,
    "target_level": np.float64,
    "exit_fraction": np.float64,
    "entry_level": np.float64,
    "plan": np.int16,
    "legs": np.int16,
}


@dataclass(frozen=True)
class Signals:
    """What a strategy wants at the close of each bar; every array is (T, N) or None.

    `side` int8: +1 long, -1 short, 2 exit, 0 no opinion (never closes anything); or `weight`
    float64, a target weight of equity: finite = rebalance to it, 0 = close, NaN = leave as it is.
    Exactly one of the two is given. `confidence` in [0, 1] ranks entries (None = 1).
    NaN means "as configured" in the optional rest: `size` (meaning set by the sizing rule),
    `risk_unit` (R in price terms), `stop_level` and `target_level` (absolute prices, frozen at
    entry), `exit_fraction` (of the position, for side 2), `entry_level` (price > 0 at which an entry
    rests in the market during the next bar; NaN = at the market), which rests as the stop or limit
    order that `entry_order` says. `exit_plan` is the plan that the strategy
    was designed with; the configuration's own plan goes before it. `plan` int16 says which of `plans` an
    entry decided on that bar gets instead, -1 = `exit_plan`. `size_unit` says what `size` counts: ``rule``, the
    number of the configured sizing rule, or ``fraction``, of equity, which rules that size otherwise leave out.
    `legs` int16 makes packages of target weights: those of one bar that bear the same number above 0 trade together or
    not at all, and when the market takes one leg away the others follow; 0 = a weight of its own.
    `remarks` are the strategy's own words for an opinion, by (bar, column). The first `warmup_bars` rows
    hold no opinion. Values at t use nothing after close[t].
    """

    strategy: str
    side: SideArray | None = None
    weight: FloatArray | None = None
    confidence: npt.NDArray[np.float32] | None = None
    size: FloatArray | None = None
    risk_unit: FloatArray | None = None
    stop_level: FloatArray | None = None
    target_level: FloatArray | None = None
    exit_fraction: FloatArray | None = None
    entry_level: FloatArray | None = None
    entry_order: EntryOrder = "stop"
    exit_plan: ExitPlan | None = None
    plan: npt.NDArray[np.int16] | None = None
    plans: tuple[ExitPlan, ...] = ()
    legs: npt.NDArray[np.int16] | None = None
    size_unit: SizeUnit = "rule"
    remarks: Mapping[tuple[int, int], str] = field(default_factory=dict)
    warmup_bars: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.side is None) == (self.weight is None):
            raise StrategyError(f"strategy {self.strategy!r} must give side or weight, and not both")
        shape = self.shape
        for name, dtype in _PANELS.items():
            array = getattr(self, name)
            if array is None:
                continue
            values = np.asarray(array)
            if values.shape != shape:
                raise StrategyError(
                    f"strategy {self.strategy!r}: {name} must have the shape {shape}; found {values.shape}"
                )
            if name == "side":
                _check_side(self.strategy, values)
            object.__setattr__(self, name, read_only(np.ascontiguousarray(values, dtype=dtype)))
        if self.legs is not None:
            _check_legs(self.strategy, self.legs, self.weight)
        if self.entry_level is not None:
            _check_levels(self.strategy, self.entry_level, self.weight)
        if self.weight is not None and np.isinf(self.weight).any():
            raise StrategyError(f"strategy {self.strategy!r}: weights must be finite or NaN; found inf")
        if self.confidence is not None:
            low, high = float(np.nanmin(self.confidence)), float(np.nanmax(self.confidence))
            if np.isnan(self.confidence).any() or low < 0 or high > 1:
                raise StrategyError(
                    f"strategy {self.strategy!r}: confidence must lie in [0, 1] and not be NaN; "
                    f"found {low:g} .. {high:g}"
                )
        if self.entry_order not in get_args(EntryOrder):
            raise StrategyError(
                f"strategy {self.strategy!r}: entry_order must be 'stop' or 'limit'; found {self.entry_order!r}"
            )
        if self.plan is not None and self.plan.size and not -1 <= self.plan.min() <= self.plan.max() < len(self.plans):
            raise StrategyError(
                f"strategy {self.strategy!r}: plan must be -1 or the number of one of {len(self.plans)} plans; "
                f"found {self.plan.min()} .. {self.plan.max()}"
            )
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        array = self.side if self.side is not None else self.weight
        rows, columns = np.shape(array)  # type: ignore[arg-type]  # one of the two is given
        return rows, columns

    def panels(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays that were given, by name."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: values[name] for name in _PANELS if values[name] is not None}


def signals_from(signals: Signals, first: int) -> Signals:
    """Return the signals of bars from `first` on, which becomes bar 0; what was said before is forgotten.

    The panels are views where the old ones are C order.
    """
    if not first:
        return signals
    later: dict[str, Any] = {name: panel[first:] for name, panel in signals.panels().items()}
    return replace(
        signals,
        **later,
        remarks={(bar - first, column): text for (bar, column), text in signals.remarks.items() if bar >= first},
        warmup_bars=max(signals.warmup_bars - first, 0),
    )


def _check_legs(strategy: str, legs: npt.NDArray[np.int16], weight: FloatArray | None) -> None:
    if weight is None:
        raise StrategyError(f"strategy {strategy!r}: legs belong to weight; found them beside side")
    if (legs < 0).any():
        bar, column = np.argwhere(legs < 0)[0]
        raise StrategyError(
            f"strategy {strategy!r}: legs must be 0 or more; found {legs[bar, column]} at bar {bar}, column {column}"
        )


def _check_levels(strategy: str, level: FloatArray, weight: FloatArray | None) -> None:
    if weight is not None:
        raise StrategyError(f"strategy {strategy!r}: entry_level belongs to side; found it beside weight")
    wrong = ~np.isnan(level) & ~((level > 0) & np.isfinite(level))
    if wrong.any():
        bar, column = np.argwhere(wrong)[0]
        raise StrategyError(
            f"strategy {strategy!r}: entry_level must be a price above 0 or NaN (at the market); "
            f"found {level[bar, column]:g} at bar {bar}, column {column}"
        )


def _check_side(strategy: str, side: npt.NDArray[Any]) -> None:
    if side.dtype.kind == "f" and np.isnan(side).any():
        bar, column = np.argwhere(np.isnan(side))[0]
        raise StrategyError(
            f"strategy {strategy!r}: side must be 1, -1, 2 or 0 (no opinion); found NaN at bar {bar}, column {column}"
        )
    if side.dtype.kind == "i" and side.size and side.min() >= SHORT and side.max() <= EXIT:
        return  # the whole numbers from -1 to 2 are exactly the four sides; isin costs 4 ns a bar
    wrong = ~np.isin(side, (LONG, SHORT, FLAT, EXIT)) if side.dtype != np.bool_ else np.zeros(0, bool)
    if wrong.any():
        bar, column = np.argwhere(wrong)[0]
        raise StrategyError(
            f"strategy {strategy!r}: side must be 1, -1, 2 (exit) or 0 (no opinion); "
            f"found {side[bar, column]} at bar {bar}, column {column}"
        )
