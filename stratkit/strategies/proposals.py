"""`Proposal`: what a per-bar strategy asks for, one symbol on one bar; `TriggerSignal`: the event behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from types import MappingProxyType
from typing import Any, Final, Literal, TypeGuard

from stratkit.errors import StrategyError, did_you_mean
from stratkit.strategies.signals import EXIT, LONG, SHORT

Side = Literal["BUY", "SELL", "SHORT", "EXIT"]
SIDES: Final[Mapping[str, int]] = MappingProxyType({"BUY": LONG, "SELL": EXIT, "SHORT": SHORT, "EXIT": EXIT})


@dataclass(frozen=True)
class TriggerSignal:
    """An event on one bar of `symbol`: its `kind`, its `strength` in [0, 1], and the measured `value` behind it.

    The kinds that are detected, and what `value` is for each, stand in `stratkit.strategies.triggers`.
    """

    symbol: str
    kind: str
    strength: float
    value: float = math.nan

    def __post_init__(self) -> None:
        _hold("strength", self.strength, "lie in [0, 1]", is_number(self.strength) and 0 <= self.strength <= 1)


@dataclass(frozen=True)
class Proposal:
    """Enter or leave `symbol` at the next chance.

    `side`: ``BUY`` goes long, ``SHORT`` goes short, ``SELL`` and ``EXIT`` leave what is held and never open anything.
    `size_pct` is percent of equity for an entry, percent of the position for ``SELL`` and ``EXIT`` (None = as
    configured, all of it). `confidence` in [0, 1] ranks entries. `stop_loss_pct` and `take_profit_pct` are percent
    of the entry's fill price. `metadata` is the strategy's own; the strategy's name is put there under ``strategy``.
    Raises `StrategyError` for a value that cannot be meant, in the line that makes it.
    """

    symbol: str
    side: Side
    size_pct: float | None = None
    reason: str = ""
    confidence: float = 1.0
    trigger: TriggerSignal | None = None
    stop_loss_pct: float | None = None
    take_profit_pct: float | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        side = str(self.side)
        if side not in SIDES:
            near = did_you_mean(side.upper(), SIDES)
            raise StrategyError(f"side must be BUY, SELL, SHORT or EXIT; found {self.side!r}; {near}")
        confidence = self.confidence
        _hold("confidence", confidence, "lie in [0, 1]", is_number(confidence) and 0 <= confidence <= 1)
        self._check_size()
        self._check_exits()
        if self.trigger is not None and not isinstance(self.trigger, TriggerSignal):
            raise StrategyError(f"trigger must be a TriggerSignal or None; found {self.trigger!r}")
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    @property
    def is_entry(self) -> bool:
        """Whether it opens a position."""
        return SIDES[self.side] != EXIT

    def _check_size(self) -> None:
        if self.size_pct is None:
            return
        is_positive = is_number(self.size_pct) and self.size_pct > 0
        if self.is_entry:
            _hold("size_pct", self.size_pct, "be a percentage of equity above 0", is_positive)
        else:
            must = "be a percentage of the position above 0 and up to 100"
            _hold("size_pct", self.size_pct, must, is_positive and self.size_pct <= 100)

    def _check_exits(self) -> None:
        stop, target = self.stop_loss_pct, self.take_profit_pct
        if not self.is_entry and (stop is not None or target is not None):
            raise StrategyError(f"stop_loss_pct and take_profit_pct belong to an entry; found them beside {self.side}")
        if stop is not None:
            must = "be a percentage of the entry price above 0 and below 100"
            _hold("stop_loss_pct", stop, must, is_number(stop) and 0 < stop < 100)
        if target is not None:
            most = 100 if self.side == "SHORT" else math.inf  # a price cannot fall by more
            must = "be a percentage of the entry price above 0" + (" and below 100 for a SHORT" if most == 100 else "")
            _hold("take_profit_pct", target, must, is_number(target) and 0 < target < most)


def tagged(proposal: Proposal, strategy: str) -> Proposal:
    """Return the proposal with the strategy's name in its metadata.

    >>> dict(tagged(Proposal("SPX", "BUY"), "dip").metadata)
    {'strategy': 'dip'}
    """
    return replace(proposal, metadata={**proposal.metadata, "strategy": strategy})


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a finite number, and no truth value."""
    return type(value) is not bool and isinstance(value, Real) and math.isfinite(value)


def _hold(name: str, value: object, must: str, holds: bool) -> None:
    if not holds:
        raise StrategyError(f"{name} must {must}; found {value!r}")
