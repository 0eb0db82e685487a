"""`Context`: what a strategy may look at: the bars, indicators of them, external series, its parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.features.external import SeriesSource
from stratkit.features.source import Holes, IndicatorSource
from stratkit.features.specs import spec_of
from stratkit.panel import BoolArray, FloatArray
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeMethod, RegimeSettings, RegimeWord
from stratkit.regimes.source import LabelSource, settings_to_trade_on
from stratkit.regimes.words import words_of
from stratkit.strategies.parameters import Parameters

R = TypeVar("R")
_NOT_GIVEN = cast(IndicatorSource, None)  # replaced by a source of the context's own bars
_NO_SERIES = cast(SeriesSource, None)  # likewise
_NO_LABELS = cast(LabelSource, None)  # likewise


@dataclass(frozen=True)
class Context:
    """An immutable view of the market for one strategy; every array in it is read-only.

    `indicators` may be shared between contexts of the same bars, so that strategies and parameter
    sets that ask for the same indicator pay for it once; it is made when not given. `params` are
    those of the strategy that is run, filled in by `run_strategy`. With `assume_positions` a per-bar strategy that
    needs its account is told the positions that its own proposals would have made: for proofs, which have none.
    `external` holds the external series of the run. `regime_settings` are those of the run, None where it labels no
    regimes; `labelled` makes labels of the bars, and `seed` is what fitted ones begin with.
    """

    bars: Bars
    indicators: IndicatorSource = field(default=_NOT_GIVEN)
    params: Parameters = field(default_factory=Parameters)
    assume_positions: bool = False
    external: SeriesSource = field(default=_NO_SERIES, repr=False)
    regime_settings: RegimeSettings | None = None
    labelled: LabelSource = field(default=_NO_LABELS, repr=False)
    seed: int = 0
    _lookbacks: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.indicators is _NOT_GIVEN:
            object.__setattr__(self, "indicators", IndicatorSource(self.bars))
        if self.external is _NO_SERIES:
            object.__setattr__(self, "external", SeriesSource(self.bars))
        if self.labelled is _NO_LABELS:
            object.__setattr__(self, "labelled", LabelSource(self.bars))
        if self.indicators.bars is not self.bars:
            raise UsageError("the indicators of a context must be of its own bars; found those of other bars")
        if self.external.bars is not self.bars:
            raise UsageError("the series of a context must stand beside its own bars; found other bars")
        if self.labelled.bars is not self.bars:
            raise UsageError("the labels of a context must be of its own bars; found those of other bars")

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

    @property
    def regimes(self) -> RegimeLabels | None:
        """The regime of each bar as the run labels it, (T, N); None where it labels none."""
        return None if self.regime_settings is None else self._labels(self.regime_settings)

    @property
    def regime_words(self) -> list[RegimeWord] | None:
        """Bull, bear or chop for the whole market on each bar, by the labels of the run; None where it labels none."""
        if self.regime_settings is None:
            return None
        return words_of(self.labelled.labels(self.regime_settings, self.seed), self.regime_settings)

    def labels(self, method: RegimeMethod, **settings: Any) -> RegimeLabels:
        """Return (T, N) the regime of each bar by a method of your choice, whatever the run labels.

        `settings` are those of `RegimeSettings`: ``labels("hmm", scope="market", fit={"states": 3})``. Made once per
        method and settings. Raises `UsageError` for a setting that does not exist, and where the method's extra is
        missing or its labels know the future.
        """
        return self._labels(settings_to_trade_on(method, **settings))

    def _labels(self, settings: RegimeSettings) -> RegimeLabels:
        found = self.labelled.labels(settings, self.seed)
        labelled = np.flatnonzero((found.label >= 0).any(axis=1))
        self._lookbacks.append(int(labelled[0]) if len(labelled) else self.shape[0])
        return found

    def series(self, name: str) -> FloatArray:
        """Return (T, N) an external series: on each bar the latest value that was known when the bar ended.

        NaN before the first value, where it is too old to count, and where a symbol has no bar. Raises `UsageError`
        for a series that the run does not have.
        """
        return self.external.panel(name)

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
