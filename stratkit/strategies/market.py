"""`Market`: bars, indicators, events and surroundings of a run, handed on bar by bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Final, get_args

import numpy as np

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.panel import BoolArray, IntArray
from stratkit.strategies.context import Context
from stratkit.strategies.past import History, Past
from stratkit.strategies.proposals import TriggerSignal
from stratkit.strategies.surroundings import Regime, Surroundings, frozen
from stratkit.strategies.triggers import TriggerKind, Triggers, detect_triggers
from stratkit.strategies.universe import Asset, Universe

_KEPT: Final = 64  # indicators of one strategy, by parameters
_KINDS: Final[tuple[TriggerKind, ...]] = get_args(TriggerKind)

Indicator = Callable[..., Any]


class Market:
    """Everything that is known of all bars, of which each method hands on what was known at one of them.

    Indicators are causal functions of the bars, so each is computed once for all bars, and its row t is read at t.
    """

    def __init__(self, context: Context, surroundings: Surroundings) -> None:
        surroundings.check(context.bars)
        self._context = context
        self._surroundings = replace(surroundings, risk_constraints=frozen(surroundings.risk_constraints))
        self._past = Past(context.bars)
        self._panel = lru_cache(maxsize=_KEPT)(self._computed)
        self._universe: tuple[bytes, Universe] = (b"", Universe(()))

    def bars(self, bar: int) -> Bars:
        """Return the bars up to and including `bar`."""
        return self._past.until(bar + 1)

    def history(self, bar: int, symbol: str, rows: int) -> History:
        """Return the last own bars of a symbol up to and including `bar`."""
        return self._past.history(symbol, rows, bar + 1)

    def row(
        self, bar: int, indicator: Indicator, args: tuple[Any, ...], params: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return what an indicator was at `bar`, by symbol."""
        panels = self._panel(indicator, args, tuple(params.items()))
        symbols = self._context.bars.symbols
        return MappingProxyType({symbol: _at(panels, bar, column) for column, symbol in enumerate(symbols)})

    def value(
        self, bar: int, indicator: Indicator, args: tuple[Any, ...], params: Mapping[str, Any], symbol: str, ago: int
    ) -> Any:
        """Return what an indicator was for one symbol at `bar`, or `ago` own bars before its last bar."""
        panels = self._panel(indicator, args, tuple(params.items()))
        column = self._past.column(symbol)
        if ago == 0:
            return _at(panels, bar, column)
        if ago < 0:
            raise UsageError(f"bars_ago must be 0 or more, for nothing may look ahead; found {ago}")
        row = self._past.own_row(column, bar + 1, ago)
        return _at(panels, -1 if row is None else row, column, is_known=row is not None)

    def series(self, bar: int, name: str) -> Mapping[str, float]:
        """Return what an external series was at `bar`, by symbol."""
        panel = self._context.series(name)
        return MappingProxyType(dict(zip(self._context.bars.symbols, panel[bar].tolist(), strict=True)))

    def triggers(self, bar: int) -> tuple[TriggerSignal, ...]:
        """Return the events on `bar` of symbols that may be entered, by symbol and kind."""
        symbols, eligible = self._context.bars.symbols, self._eligible[bar]
        found = self._triggers
        return tuple(
            TriggerSignal(symbol, kind, float(found.strength[kind][bar, column]), float(found.value[kind][bar, column]))
            for column, symbol in enumerate(symbols)
            for kind in _KINDS
            if eligible[column] and found.strength[kind][bar, column] > 0
        )

    def universe(self, bar: int) -> Universe:
        """Return the symbols that have had a bar by `bar`, the same record as long as nothing changes in it."""
        listed, has_bar, eligible = self._first_bar <= bar, self._context.has_bar[bar], self._eligible[bar]
        key = listed.tobytes() + has_bar.tobytes() + eligible.tobytes()
        if self._universe[0] != key:
            tiers, symbols = self._surroundings.tiers, self._context.bars.symbols
            assets = [
                Asset(symbols[column], tiers.get(symbols[column]), bool(eligible[column]), bool(has_bar[column]))
                for column in np.flatnonzero(listed)
            ]
            self._universe = (key, Universe(tuple(assets)))
        return self._universe[1]

    def regime(self, bar: int) -> Regime:
        """Return the word for the market at `bar`."""
        return "chop" if self._words is None else self._words[bar]

    @property
    def risk_constraints(self) -> Mapping[str, Any]:
        """The caps of the run, read-only."""
        return self._surroundings.risk_constraints

    def time_ns(self, bar: int) -> int:
        """Return the stamp of a bar."""
        return int(self._context.bars.times[bar])

    @cached_property
    def _words(self) -> Sequence[Regime] | None:
        given: Sequence[Regime] | None = self._surroundings.regime
        return self._context.regime_words if given is None else given

    @cached_property
    def _triggers(self) -> Triggers:
        return detect_triggers(self._context, self._surroundings.triggers)

    @cached_property
    def _eligible(self) -> BoolArray:
        given = self._surroundings.eligible
        return self._context.has_bar if given is None else self._context.has_bar & np.asarray(given, np.bool_)

    @cached_property
    def _first_bar(self) -> IntArray:
        has_bar = self._context.has_bar
        return np.where(has_bar.any(axis=0), has_bar.argmax(axis=0), len(has_bar))

    def _computed(self, indicator: Indicator, args: tuple[Any, ...], params: tuple[tuple[str, Any], ...]) -> Any:
        return self._context.compute(indicator, *args, **dict(params))


def _at(panels: Any, row: int, column: int, is_known: bool = True) -> Any:
    """Return the value of a panel, or of each panel of a tuple, NaN when there is none."""
    if isinstance(panels, tuple):
        values = [_at(panel, row, column, is_known) for panel in panels]
        return type(panels)(*values) if hasattr(panels, "_fields") else tuple(values)
    return panels[row, column].item() if is_known else np.nan
