"""`Surroundings`: what a run tells its per-bar strategies beside the bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, get_args

import numpy as np

from stratkit.data.bars import Bars
from stratkit.errors import UsageError, did_you_mean
from stratkit.panel import BoolArray, read_only
from stratkit.regimes.settings import RegimeWord
from stratkit.strategies.triggers import TriggerRules

Regime = RegimeWord
REGIMES: Final[tuple[str, ...]] = get_args(Regime)


@dataclass(frozen=True)
class Surroundings:
    """What a run knows beside the bars; every part may be left out.

    `tiers` by symbol; `eligible` (T, N) whether a symbol may be entered on a bar (None = wherever it has one);
    `regime` a word for the market on each bar, known at its close (None = that of the labels of the run, chop where
    nobody labels it); `risk_constraints` the caps of the run by name; `triggers` what counts as an event.
    """

    tiers: Mapping[str, str] = field(default_factory=dict)
    eligible: BoolArray | None = None
    regime: Sequence[Regime] | None = None
    risk_constraints: Mapping[str, Any] = field(default_factory=dict)
    triggers: TriggerRules = field(default_factory=TriggerRules)

    def check(self, bars: Bars) -> None:
        """Raise `UsageError` for what does not stand on the bars."""
        for symbol in self.tiers:
            if symbol not in bars.symbols:
                raise UsageError(f"tiers name an unknown symbol {symbol!r}; {did_you_mean(symbol, bars.symbols)}")
        if self.eligible is not None and np.shape(self.eligible) != bars.shape:
            raise UsageError(f"eligible must have the shape {bars.shape}; found {np.shape(self.eligible)}")
        if self.regime is not None and len(self.regime) != len(bars.times):
            raise UsageError(f"regime must hold a word for each of {len(bars.times)} bars; found {len(self.regime)}")


def frozen(value: Any) -> Any:
    """Return a copy of nested mappings, sequences and arrays that cannot be written to.

    >>> frozen({"positions": {"SPX": [1, 2]}})["positions"]["SPX"]
    (1, 2)
    """
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen(each) for key, each in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(each) for each in value)
    return read_only(value.copy()) if isinstance(value, np.ndarray) else value
