"""`Context`: what a strategy may look at: the bars, indicators of them, its parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.features.source import Holes, IndicatorSource
from stratkit.features.specs import spec_of
from stratkit.panel import BoolArray
from stratkit.strategies.parameters import Parameters

R = TypeVar("R")
_NOT_GIVEN = cast(IndicatorSource, None)  # replaced by a source of the context's own bars


@dataclass(frozen=True)
class Context:
    """An immutable view of the market for one strategy; every array in it is read-only.

    `indicators` may be shared between contexts of the same bars, so that strategies and parameter
    sets that ask for the same indicator pay for it once; it is made when not given. `params` are
    those of the strategy that is run, filled in by `run_strategy`. With `assume_positions` a per-bar strategy that
    needs its account is told the positions that its own proposals would have made: for proofs, which have none.
    """

    bars: Bars
    indicators: IndicatorSource = field(default=_NOT_GIVEN)
    params: Parameters = field(default_factory=Parameters)
    assume_positions: bool = False
    _lookbacks: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.indicators is _NOT_GIVEN:
            object.__setattr__(self, "indicators", IndicatorSource(self.bars))
        if self.indicators.bars is not self.bars:
            raise UsageError("the indicators of a context must be of its own bars; found those of other bars")

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        return self.bars.shape

    @property
    def has_bar(self) -> BoolArray:
        """(T, N): where a symbol has a bar."""
        return self.indicators.has_bar

    @property
    def lookback_bars(self) -> int:
        """The longest lookback of the indicators computed through this context so far."""
        return max(self._lookbacks, default=0)

    def compute(
        self,
        indicator: Callable[..., R],
        *args: object,
        on: str | tuple[str, ...] | None = None,
        timeframe: str | None = None,
        holes: Holes = "skip",
        **params: object,
    ) -> R:
        """Return an indicator of the bars, computed once per parameters: ``compute(sma, 20)``.

        `on` reads another field than the indicator's own: ``compute(sma, 20, on="volume")``. `timeframe` looks at
        coarser bars, ``compute(rsi, 14, timeframe="1d")``: on each bar the last one that is complete at its close.
        Bars that a symbol does not have are skipped, or with ``holes="restart"`` the indicator begins anew behind them.
        """
        spec = spec_of(indicator)
        result = self.indicators.compute(indicator, *args, on=on, timeframe=timeframe, holes=holes, **params)
        lookback_bars = spec.lookback(**spec.parameters(*args, **params))
        self._lookbacks.append(self.indicators.bars_until(lookback_bars, timeframe))
        return result
