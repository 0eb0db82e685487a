"""`PlanTable`: the exit plans of all strategies as the records that the kernel reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.errors import StrategyError, UsageError
from stratkit.plans import ExitPlan
from stratkit.risk.targets import BASIS_PERCENT, BASIS_PRICE, PLAN_DTYPE
from stratkit.strategies.signals import Signals

_LEVELS: Final = ("sl", "tp1", "tp2", "tp3", "be", "trail_at", "trail_by")
_MOST: Final = np.iinfo(np.int16).max
RESERVED: Final = 512  # plans of single entries that a strategy which is asked bar by bar may come to need


@dataclass
class PlanTable:
    """Records of plans: number 0 is no plan, 1 + k the plan of strategy k; plans of single entries stand behind.

    `first` (S,) is where the plans of single entries of each strategy begin, and `room` how many there may be;
    strategies whose own plan goes before those have no room.
    """

    records: npt.NDArray[Any]
    first: tuple[int, ...]
    room: tuple[int, ...]
    known: list[int]
    before: int = 0  # records of other tables that stand in front
    first_profile: int = 0  # where the profiles stand that are chosen from, strategy by strategy; 0 = none

    def base(self, strategy: int) -> int:
        """Return the number of a strategy's plan."""
        return self.before + 1 + strategy

    def put_behind(self, records: npt.NDArray[Any]) -> None:
        """Put the records of another table, whose numbers stay, in front of these, whose numbers rise.

        Raises `UsageError` where there are more than a number of 16 bits can tell apart.
        """
        if len(records) + len(self.records) > _MOST:
            raise UsageError(
                f"at most {_MOST:,} exit plans can be told apart in one run; found "
                f"{len(records) + len(self.records):,}: use fewer folds, or fewer strategies that are asked bar by bar"
            )
        self.records = np.concatenate((records, self.records)).view(np.recarray)
        self.first = tuple(first + len(records) for first in self.first)
        self.before += len(records)
        self.first_profile += len(records) if self.first_profile else 0

    def reserve(self, profiles: Sequence[ExitPlan]) -> None:
        """Add the plans that are chosen from entry by entry, all of them for each strategy."""
        strategies = len(self.first)
        records = plan_records([*profiles] * strategies)[1:]
        records["strategy"] = np.repeat(np.arange(strategies), len(profiles))
        self.first_profile = len(self.records)
        self.records = np.concatenate((self.records, records)).view(np.recarray)

    def learn(self, strategy: int, plans: Sequence[ExitPlan]) -> None:
        """Write down the plans of single entries that a strategy has come to use."""
        if not self.room[strategy]:
            return
        if len(plans) > self.room[strategy]:
            raise StrategyError(
                f"a strategy must keep to {self.room[strategy]} different pairs of stop and target; found more: "
                "round them to, say, a tenth of a percent"
            )
        for place in range(self.known[strategy], len(plans)):
            _write(self.records[self.first[strategy] + place], plans[place], strategy)
        self.known[strategy] = len(plans)


def plan_table(plans: Sequence[ExitPlan | None], signals: Sequence[Signals], fixed: Sequence[bool]) -> PlanTable:
    """Return the table of strategies' plans, with room for the plans of single entries unless those are `fixed`."""
    asked_later = [one.plan is not None and not one.plans for one in signals]
    room = [
        0 if settled or one.plan is None else RESERVED if later else len(one.plans)
        for one, settled, later in zip(signals, fixed, asked_later, strict=True)
    ]
    first = [1 + len(plans) + sum(room[:strategy]) for strategy in range(len(plans))]
    records = plan_records(plans, spare=sum(room))
    records["strategy"][1 : 1 + len(plans)] = np.arange(len(plans))
    table = PlanTable(records, tuple(first), tuple(room), [0] * len(plans))
    for strategy, one in enumerate(signals):
        table.learn(strategy, one.plans)
    return table


def plan_records(plans: Sequence[ExitPlan | None], spare: int = 0) -> npt.NDArray[Any]:
    """Return plans as the kernel reads them, (1 + P + spare,) records; record 0 and `None` are "no plan".

    >>> plan_records([ExitPlan(sl=1.0, tp1=2.0)])["last_takes_rest"].tolist()
    [0, 1]
    """
    records = np.zeros(1 + len(plans) + spare, dtype=PLAN_DTYPE).view(np.recarray)
    records["risk_multiplier"] = 1.0
    records["strategy"] = -1
    for name in _LEVELS:
        records[name] = np.nan
    for index, plan in enumerate(plans, start=1):
        if plan is not None:
            _write(records[index], plan, -1)
    return records


def _write(record: Any, plan: ExitPlan, strategy: int) -> None:
    record.exists = 1
    record.strategy = strategy
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
