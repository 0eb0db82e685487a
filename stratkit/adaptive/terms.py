"""`Terms`: what adaptation goes by in one run: settings, the names that arrays stand for, waiting times in bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from stratkit.adaptive.settings import OptimizationSettings, RegimeKind, SelectorSettings
from stratkit.errors import UsageError
from stratkit.regimes.labels import NOT_KNOWN

_DAY_SECONDS: Final = 86_400.0
_HOUR_SECONDS: Final = 3_600.0

# by the names that the methods of `regimes` give; what is not listed is of no special kind
KINDS: Final[dict[str, RegimeKind]] = {
    "trend_up": "trending", "trend_down": "trending", "bull": "trending", "bear": "trending",
    "drift_up": "trending", "drift_down": "trending",
    "range_low_vol": "ranging", "range_high_vol": "ranging", "sideways": "ranging", "steady": "ranging",
    "high": "volatile", "extreme": "volatile",
    **{
        f"{step}_{figure}": "volatile"
        for step in ("high", "extreme", "utmost", "outermost") for figure in ("volatility", "downside")
    },
}  # fmt: skip
TRAITS: Final[dict[str, str]] = {
    "range_low_vol": "RL", "range_high_vol": "RH", "illiquid": "-",
    "low": "L", "low_volatility": "L", "low_downside": "L",
}  # fmt: skip
_TRAITS_OF_KIND: Final[dict[RegimeKind, str]] = {"trending": "T", "ranging": "R", "volatile": "H", "other": ""}


@dataclass(frozen=True)
class Terms:
    """Settings with names and paces: S `strategies` of S `families`, N `symbols`, R `regimes` by their codes.

    `scales`: a weight multiplies sizes, for there is no vote that it could count in. Updates come every `update_bars`;
    a strategy is suspended after `degraded_bars` and retired after `suspended_bars`. Arrays by regime have R + 1
    entries, the last for bars whose regime is not known (code -1). `origin` is what a state says it was learned under.
    """

    optimization: OptimizationSettings
    selector: SelectorSettings
    strategies: tuple[str, ...]
    families: tuple[str, ...]
    symbols: tuple[str, ...]
    regimes: tuple[str, ...]
    scales: bool
    update_bars: int
    degraded_bars: int
    suspended_bars: int
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arms(self) -> tuple[str, ...]:
        """What the selector chooses from: exit profiles, or strategies."""
        return self.selector.profiles if self.selector.over == "profiles" else self.strategies

    @property
    def named_regimes(self) -> tuple[str, ...]:
        """The names of the R + 1 entries of an array by regime."""
        return (*self.regimes, NOT_KNOWN)

    def kind(self, regime: str) -> RegimeKind:
        """Return the kind of a regime: what the settings say, else what its name is known for, else other."""
        return self.optimization.regime_kinds.get(regime, KINDS.get(regime, "other"))

    @property
    def chooses_strategies(self) -> bool:
        """Whether one of the strategies that want to enter a symbol is chosen, and not an exit profile."""
        return self.selector.enabled and self.selector.over == "strategies"

    @cached_property
    def all_traits(self) -> tuple[str, ...]:
        """The traits of all regimes."""
        return tuple(self.traits(regime) for regime in self.regimes)

    def traits(self, regime: str) -> str:
        """Return what a profile must suit in a regime, as letters of T R H L; '' = anything, '-' = nothing does."""
        known = self.selector.traits.get(regime, TRAITS.get(regime))
        return _TRAITS_OF_KIND[self.kind(regime)] if known is None else known


def terms_of(
    optimization: OptimizationSettings,
    selector: SelectorSettings,
    strategies: Sequence[str],
    families: Sequence[str],
    symbols: Sequence[str],
    regimes: Sequence[str],
    bar_seconds: float,
    *,
    scales: bool = False,
    origin: Mapping[str, Any] | None = None,
) -> Terms:
    """Return the terms of a run on bars of `bar_seconds`; a time that is no whole number of bars is rounded up.

    Raises `UsageError` when the settings name a regime that the labels do not have.
    """
    for where, names in (
        ("optimization.regime_kinds", optimization.regime_kinds),
        ("meta_strategy.traits", selector.traits),
    ):
        for name in names:
            if name not in regimes:
                raise UsageError(
                    f"{where} must name regimes of the labels; found {name!r}; known: {', '.join(regimes) or 'none'}"
                )
    health = optimization.health
    seconds = optimization.update_interval_seconds or _DAY_SECONDS
    return Terms(
        optimization, selector, tuple(strategies), tuple(families), tuple(symbols), tuple(regimes), scales,
        optimization.update_every_bars or _bars(seconds, bar_seconds),
        health.degraded_bars or _bars(health.degraded_hours * _HOUR_SECONDS, bar_seconds),
        health.suspended_bars or _bars(health.suspended_hours * _HOUR_SECONDS, bar_seconds), origin or {},
    )  # fmt: skip


def _bars(seconds: float, bar_seconds: float) -> int:
    return max(1, math.ceil(seconds / bar_seconds))
