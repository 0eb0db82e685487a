"""`Targets`: what is asked of the engine, per bar and slot, sizes as numbers plus a rule."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from stratkit.panel import FloatArray, IntArray, SideArray

# sizing rules: how `size` becomes units, in the kernel, where equity is known
FRACTION = 0  # size x equity / price
RISK = 1  # size x equity / stop distance
KELLY = 2  # size x Kelly fraction of the closed trades x equity / price
UNITS = 3  # size units

# what R is measured in
BASIS_PRICE = 0  # risk_unit is R in price units (ATR multiple or distance)
BASIS_PERCENT = 1  # risk is a fraction of the entry fill price
BASIS_LEVEL = 2  # R is the distance from the entry fill to stop_level

# how an entry with a level rests in the market
STOP_ORDER, LIMIT_ORDER = 0, 1

PLAN_DTYPE = np.dtype(
    [
        ("exists", "i8"),  # 0: no plan, only a strategy
        ("strategy", "i8"),  # whose entries these are, -1 = the slot's own
        ("basis", "i8"),
        ("risk", "f8"),  # fraction of the entry price (BASIS_PERCENT), else unused
        ("needs_risk_unit", "i8"),  # some level below is expressed in R
        ("sl", "f8"),  # NaN = off, from here down
        ("tp1", "f8"),
        ("tp2", "f8"),
        ("tp3", "f8"),
        ("f1", "f8"),
        ("f2", "f8"),
        ("f3", "f8"),
        ("last_takes_rest", "i8"),  # the fractions sum to 1: the last target closes all that is left
        ("last_target", "i8"),  # 0 = no target, else 1..3
        ("be", "f8"),
        ("trail_at", "f8"),
        ("trail_by", "f8"),
        ("time_stop_bars", "i8"),  # 0 = off
        ("risk_multiplier", "f8"),
    ]
)


_NO_PLAN: Final = np.zeros((0, 0), np.int16)


class Panels(NamedTuple):
    """The part of `Targets` that the kernel reads bar by bar; what belongs to a slot stands in the book."""

    plans: npt.NDArray[np.void]
    side: SideArray
    weight: FloatArray
    confidence: npt.NDArray[np.float32]
    size: FloatArray
    risk_unit: FloatArray
    stop_level: FloatArray
    target_level: FloatArray
    exit_fraction: FloatArray
    entry_level: FloatArray
    plan: npt.NDArray[np.int16]


class Targets(NamedTuple):
    """Per bar and slot, C order; an array that is not used is (0, 0) and its default holds.

    Slots are strategy-major, symbols ascending within a strategy. `slot_kind`: 0 = `side` counts,
    1 = `weight` counts. `plans` (P,) is a record array of `PLAN_DTYPE`; plan 0 is "no plan". Where several strategies
    share a slot, `plan` says on every bar whose intent it holds and how its position is left.
    """

    slot_symbol: IntArray  # (M,) column of the bars
    slot_strategy: IntArray  # (M,)
    slot_kind: IntArray  # (M,) 0 side, 1 weight
    slot_size: FloatArray  # (M,) used where `size` is NaN or absent
    slot_rule: IntArray  # (M,) FRACTION, RISK, KELLY, UNITS
    slot_plan: IntArray  # (M,) index into plans
    slot_order: IntArray  # (M,) STOP_ORDER or LIMIT_ORDER: how its entries with a level rest
    strategy_cap: FloatArray  # (S,) max at-risk fraction of equity, NaN = off
    strategy_multiplier: FloatArray  # (S,) what the sizes of a strategy are multiplied by
    plans: npt.NDArray[np.void]  # (P,) PLAN_DTYPE
    side: SideArray  # (T, M) or (0, 0)
    weight: FloatArray  # (T, M) or (0, 0)
    confidence: npt.NDArray[np.float32]  # (T, M) or (0, 0): 1
    size: FloatArray  # (T, M) or (0, 0)
    risk_unit: FloatArray  # (T, M) or (0, 0): R in price units
    stop_level: FloatArray  # (T, M) or (0, 0)
    target_level: FloatArray  # (T, M) or (0, 0)
    exit_fraction: FloatArray  # (T, M) or (0, 0): 1
    entry_level: FloatArray  # (T, M) or (0, 0): price that a side's entry rests at, NaN = at the market
    plan: npt.NDArray[np.int16] = _NO_PLAN  # (T, M) or (0, 0): index into plans, -1 = the slot's strategy and plan
    legs: npt.NDArray[np.int16] = _NO_PLAN  # (T, M) or (0, 0): package of a strategy's weights, 0 = none

    def panels(self) -> Panels:
        """Return what the kernel reads bar by bar."""
        return Panels(*(getattr(self, name) for name in Panels._fields))
