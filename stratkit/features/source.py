"""`IndicatorSource`: indicators of one set of bars, each computed once per name and parameters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, Final, Literal, TypeVar, cast, get_args

import numpy as np

from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import UsageError, did_you_mean
from stratkit.features.completed import CompletedBars, coarser_bars, is_same_length
from stratkit.features.pieces import on_pieces
from stratkit.features.specs import IndicatorSpec, spec_of
from stratkit.frequency import frequency_word
from stratkit.panel import BoolArray, read_only

R = TypeVar("R")
Holes = Literal["skip", "restart"]
READABLE: Final = (*FIELDS, "times")  # what an indicator may read of the bars

# room for some thirty series of a million bars: a sweep over averages stays inside small memory
DEFAULT_MAX_BYTES: Final = 256 * 2**20
_COARSE_SHARE: Final = 4  # of the room of the fine bars: there are fewer coarse ones


class IndicatorSource:
    """Computes indicators of `bars` and keeps the latest used ones, up to `max_bytes` in all.

    Results are read-only, so that every strategy can be handed the same arrays.
    """

    def __init__(self, bars: Bars, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.bars = bars
        self.max_bytes = max_bytes
        self._kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._bytes = 0
        self._coarser: dict[str, CoarserSource] = {}

    @cached_property
    def has_bar(self) -> BoolArray:
        """(T, N): where a symbol has a bar."""
        has_bar: BoolArray = read_only(np.isfinite(self.bars.close))
        return has_bar

    def compute(
        self,
        function: Callable[..., R],
        *args: object,
        on: str | tuple[str, ...] | None = None,
        timeframe: str | None = None,
        holes: Holes = "skip",
        **params: object,
    ) -> R:
        """Return `function` of the bars: its inputs are filled in, the parameters are given.

        `on` names other fields to read than the indicator's own, such as ``on="high"``. `timeframe`, such as ``"1d"``,
        computes it on coarser bars: on each bar the value of the last coarse bar that is complete at its close. At a
        hole, a bar that a symbol does not have, the indicator goes on as if it were not there (``"skip"``), or begins
        anew behind it (``"restart"``).
        Raises `UsageError` for a field, a parameter or a way with holes that does not exist, or a timeframe not made
        of whole bars.
        """
        if holes not in get_args(Holes):
            raise UsageError(f"holes must be 'skip' or 'restart'; found {holes!r}")
        spec = spec_of(function)
        fields = _fields(spec, on)
        values = spec.parameters(*args, **params)
        key = (spec.name, function, fields, holes, *values.items())
        coarser = self.coarser(timeframe)
        if coarser is not None:
            return coarser.as_of(key, lambda: coarser.source.compute(function, on=fields, holes=holes, **values))
        panels = [getattr(self.bars, name) for name in fields]
        return self.remember(
            key, lambda: function(*panels, **values) if holes == "skip" else on_pieces(function, *panels, **values)
        )

    def coarser(self, timeframe: str | None) -> CoarserSource | None:
        """Return the same market on bars of `timeframe`, made once; None for None and for the bars' own."""
        if timeframe is None or is_same_length(self.bars.frequency, timeframe):
            return None
        word = frequency_word(timeframe)
        if word not in self._coarser:
            self._coarser[word] = CoarserSource(self, coarser_bars(self.bars, word))
        return self._coarser[word]

    def bars_until(self, lookback_bars: int, timeframe: str | None) -> int:
        """Return the first bar that a lookback on bars of `timeframe` may leave a value on; T when none does."""
        coarser = self.coarser(timeframe)
        return lookback_bars if coarser is None else coarser.join.first_bar(lookback_bars)

    def remember(self, key: tuple[Hashable, ...], make: Callable[[], R]) -> R:
        """Return the panel, or tuple of panels, that `make` returns: made once for a `key`, and read-only."""
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._keep(key, _frozen(make()))
        return cast(R, self._kept[key])

    def _keep(self, key: tuple[object, ...], result: object) -> None:
        self._kept[key] = result
        self._bytes += _size(result)
        while self._bytes > self.max_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _size(oldest)


class CoarserSource:
    """Indicators of coarser bars, joined to the bars of a `fine` source: `source` computes them, `join` dates them."""

    def __init__(self, fine: IndicatorSource, bars: Bars) -> None:
        self.source = IndicatorSource(bars, fine.max_bytes // _COARSE_SHARE)
        self.join = CompletedBars.of(bars, fine.bars)
        self._fine = fine

    def as_of(self, key: tuple[Hashable, ...], make: Callable[[], R]) -> R:
        """Return what `make` makes of the coarse bars, on each fine bar that of the last complete one; once per key."""
        return self._fine.remember(("as of", self.source.bars.frequency, *key), lambda: self._joined(make()))

    def _joined(self, result: R) -> R:
        if isinstance(result, tuple):
            parts = [self.join.as_of(panel) for panel in result]
            return cast(R, type(result)(*parts) if hasattr(result, "_fields") else tuple(parts))
        return cast(R, self.join.as_of(np.asarray(result)))


def _fields(spec: IndicatorSpec, on: str | tuple[str, ...] | None) -> tuple[str, ...]:
    fields = spec.inputs if on is None else (on,) if isinstance(on, str) else on
    if len(fields) != len(spec.inputs):
        raise UsageError(f"indicator {spec.name!r} reads {len(spec.inputs)} fields; found on={on!r}")
    for name in fields:
        if name not in READABLE:
            raise UsageError(f"bars have no field {name!r}; {did_you_mean(name, READABLE)}")
    return fields


def _frozen(result: object) -> object:
    if isinstance(result, tuple):
        parts = [read_only(panel) for panel in result]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    return read_only(np.asarray(result))


def _size(result: object) -> int:
    panels = result if isinstance(result, tuple) else (result,)
    return sum(int(np.asarray(panel).nbytes) for panel in panels)
