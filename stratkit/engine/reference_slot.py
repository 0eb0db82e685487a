"""`Slot`: what a slot of the plain-Python engine holds and remembers, and the plans that say how it leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from stratkit.engine.layout import ENTRY, NO_STRATEGY, STOP
from stratkit.risk.targets import LIMIT_ORDER, Targets

NAN, INF = math.nan, math.inf
NEVER = -(10**9)

Code: TypeAlias = np.int64 | int  # one of the codes of stratkit.engine.layout


@dataclass(frozen=True)
class Plan:
    """One exit plan; NaN = off, distances in R."""

    exists: bool  # False: no plan, at most the name of a strategy
    strategy: int  # whose entries these are, -1 = the slot's own
    basis: int
    risk: float
    needs_risk_unit: bool
    sl: float
    targets: tuple[float, ...]
    fractions: tuple[float, ...]
    last_takes_rest: bool
    be: float
    trail_at: float
    trail_by: float
    time_stop_bars: int
    risk_multiplier: float


NO_PLAN = Plan(False, int(NO_STRATEGY), 0, NAN, False, NAN, (), (), False, NAN, NAN, NAN, 0, 1.0)


@dataclass
class Position:
    """What a slot holds; everything here ends when the slot goes flat. `side` 0 = flat."""

    side: int = 0
    strategy: int = int(NO_STRATEGY)  # its owner: the one that led its entry
    plan: Plan = NO_PLAN  # how it leaves
    held: float = 0.0
    trade: int = -1
    decision_bar: int = -1
    entry_bar: int = -1
    own_bars: int = 0  # bars of the symbol after the entry bar
    entry: float = NAN  # price of the first fill: all levels are measured from it
    entry_piece: int = 0  # the piece of its entry bar in which it began
    rested_at: float = NAN  # where the order rested that opened it inside a bar, unless a piece opened beyond
    average: float = NAN
    entry_quantity: float = 0.0
    entry_value: float = 0.0
    exit_quantity: float = 0.0
    exit_value: float = 0.0
    commission: float = 0.0
    slippage: float = 0.0
    borrow: float = 0.0
    funding: float = 0.0
    dividend: float = 0.0
    adds: int = 0
    risk_unit: float = NAN
    stop_distance: float = NAN  # of the first entry
    stop: float = NAN
    stop_kind: Code = STOP
    stop_hit_bar: int = -1
    targets: tuple[float, ...] = ()
    fractions: tuple[float, ...] = ()
    last_takes_rest: bool = False
    targets_done: int = 0
    target_filled: float = 0.0  # of the next target, where volume cut it
    extreme: float = NAN
    worst: float = NAN
    best: float = NAN
    ambiguous: int = 0
    last_reason: Code = ENTRY  # of its last fill
    flagged: bool = False  # liquidation at the next open
    exit_waiting: float = 0.0  # units that must leave; infinite = all
    exit_reason: Code = -1
    exit_decided: int = -1  # the decision bar that still owes a row, else -1
    entry_waiting: float = 0.0
    entry_confidence: float = NAN
    kept_weight: float = NAN  # a reduction that found no bar
    kept_decided: int = -1
    kept_owes_row: bool = False


@dataclass(frozen=True)
class Order:
    """An entry that rests at a level: the bar comes to it, or it is gone."""

    side: int
    level: float
    is_limit: bool
    piece: int = 0  # of the bar, in which it fills
    opened_at: float = NAN  # the open of that piece, where it had passed the level

    @property
    def base(self) -> float:
        """Return the price at which it fills, before slippage."""
        return self.level if math.isnan(self.opened_at) else self.opened_at

    @property
    def way(self) -> int:
        """Which way the price must go to reach it: up (1) to a buy stop or sell limit, else down (-1)."""
        return -self.side if self.is_limit else self.side

    def reached_by(self, price: float) -> bool:
        """Whether `price` is at the level or beyond."""
        return self.way * (price - self.level) >= 0


@dataclass
class Slot:
    """One position in one symbol, and what is remembered when it is flat."""

    number: int
    symbol: int
    strategy: int  # of intents that name no other
    by_weight: bool
    size: float
    rule: int
    plan: Plan  # of intents that name no other
    by_limit: bool  # how its entries with a level rest
    position: Position = field(default_factory=Position)
    left_side: int = 0
    left_bar: int = NEVER
    barred_until: int = NEVER  # cooldown
    edge: int = 0  # the side that must first be absent before it may be entered again
    weight: float = NAN  # a weight of this bar that may still ask for more
    resting: Order | None = None  # against what is held, until the bar comes to it


def slots_of(targets: Targets, plans: list[Plan]) -> list[Slot]:
    """Return the slots that `targets` ask for, all flat."""
    columns = (
        targets.slot_symbol, targets.slot_strategy, targets.slot_kind, targets.slot_size, targets.slot_rule,
        targets.slot_plan, targets.slot_order,
    )  # fmt: skip
    rows = zip(*(column.tolist() for column in columns))
    return [
        Slot(number, symbol, strategy, kind == 1, size, rule, plans[plan], order == LIMIT_ORDER)
        for number, (symbol, strategy, kind, size, rule, plan, order) in enumerate(rows)
    ]


def plan_of(record: np.void) -> Plan:
    """Return one record of the table of plans."""
    assert record.dtype.names is not None
    plan = {name: record[name].item() for name in record.dtype.names}
    last = plan["last_target"]
    return Plan(
        exists=plan["exists"] == 1,
        strategy=plan["strategy"],
        basis=plan["basis"],
        risk=plan["risk"],
        needs_risk_unit=plan["needs_risk_unit"] == 1,
        sl=plan["sl"],
        targets=(plan["tp1"], plan["tp2"], plan["tp3"])[:last],
        fractions=(plan["f1"], plan["f2"], plan["f3"])[:last],
        last_takes_rest=plan["last_takes_rest"] == 1,
        be=plan["be"],
        trail_at=plan["trail_at"],
        trail_by=plan["trail_by"],
        time_stop_bars=plan["time_stop_bars"],
        risk_multiplier=plan["risk_multiplier"],
    )
