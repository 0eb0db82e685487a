"""`take_over`: a stage that goes on with the account of another one, under targets and rules of its own.

What was opened before stays as it is: a position keeps the levels and the exit plan that it was opened with, an order
that waits goes on waiting. From the next bar on the new stage decides, charges and sizes.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.engine.playing import Record
from stratkit.engine.rules import next_open_of
from stratkit.engine.simulate import Stage
from stratkit.errors import UsageError
from stratkit.panel import read_only
from stratkit.risk.sheet import DEFAULTS
from stratkit.risk.targets import Panels, Targets

_OF_SLOTS: Final = ("slot_symbol", "slot_strategy", "slot_kind")
_PANELS: Final = (*(name for name in Panels._fields if name != "plans"), "legs")


def take_over(stage: Stage, before: Stage, row: int, leaves: bool = False) -> None:
    """Let `stage`, of which nothing was played, go on where `before` stands; its first decision is that of `row`.

    With `leaves` the last row of `before` has asked to leave every position: those that had no price leave at the next
    open at which they have one, and nothing waits to enter any more.
    Both stand on the same bars and own their panels; `before` is used up. Raises `UsageError` where the two do not
    fill the same slots, at the same moment, or only one of them trades packages.
    """
    _check_alike(stage, before)
    table = stage.sheet.table
    old, numbers = before.sheet.targets, len(before.sheet.targets.plans)
    table.put_behind(old.plans)
    new = stage.sheet.targets
    panels = {name: _joined(name, getattr(old, name), getattr(new, name), row) for name in _PANELS}
    targets = new._replace(
        plans=table.records, slot_plan=np.where(new.slot_plan > 0, new.slot_plan + numbers, 0), **panels
    )
    stage.sheet.targets = targets
    stage.initial_cash = before.initial_cash
    _take_over_account(stage, before, targets)
    if leaves:
        slots = stage.playing.book.slots
        slots["exit_wanted"] = np.where(slots["side"] != 0, np.inf, slots["exit_wanted"])
        slots["waiting"] = 0.0
        slots["weight_wanted"] = np.nan


def _take_over_account(stage: Stage, before: Stage, targets: Targets) -> None:
    mine, theirs = stage.playing, before.playing
    book = theirs.book
    for name in ("size", "rule", "order"):
        book.slots[name] = getattr(targets, f"slot_{name}")
    book.slots["entry_plan"] = targets.slot_plan
    book.strategies["cap"] = targets.strategy_cap
    book.strategies["multiplier"] = targets.strategy_multiplier
    mine.book, mine.logs, mine.bar = book, theirs.logs, theirs.bar
    mine.record = _with_room(theirs.record, mine.record)
    shown = targets
    if mine.packages is not None and theirs.packages is not None:
        packages = mine.packages
        packages.legs, packages.asked = targets.legs, targets.weight
        packages.shown[: len(theirs.packages.shown)] = theirs.packages.shown
        packages.held, packages.leaving = theirs.packages.held, theirs.packages.leaving
        shown = targets._replace(weight=packages.shown)
    mine.panels = Panels(*map(read_only, shown.panels()))


def _with_room(record: Record, mine: Record) -> Record:
    """Return the record of the stage before, with room for carry where one of the two charges any."""
    if len(record.carry) or not len(mine.carry):
        return record
    return record._replace(carry=mine.carry)


def _joined(name: str, old: npt.NDArray[Any], new: npt.NDArray[Any], row: int) -> npt.NDArray[Any]:
    """Return a panel whose rows before `row` are the old ones."""
    if old is new or np.shares_memory(old, new):  # of a blend that goes on in the same arrays
        return new
    if not len(old) and not len(new):
        return new
    default = DEFAULTS.get(name, np.nan)
    panel = new if len(new) else np.full(old.shape, default, old.dtype)
    panel[:row] = old[:row] if len(old) else default
    return panel


def _check_alike(stage: Stage, before: Stage) -> None:
    new, old = stage.sheet.targets, before.sheet.targets
    if stage.strategies != before.strategies or any(
        not np.array_equal(getattr(new, name), getattr(old, name)) for name in _OF_SLOTS
    ):
        raise UsageError(
            "one account needs the same strategies to the end, combined in one way, each with sides or with weights; "
            "found others: do not search what changes that"
        )
    if next_open_of(stage.playing.rules) != next_open_of(before.playing.rules):
        raise UsageError("orders must fill at one moment to the end, the open or the close; found both")
    if (stage.playing.packages is None) != (before.playing.packages is None):
        raise UsageError("packages of legs must be asked for to the end, or not at all; found both")
