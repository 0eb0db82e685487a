"""`Values`: the panel of each term of a formula on one set of bars, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from stratkit.features.events import lag
from stratkit.features.formula_operations import OPERATIONS, operate
from stratkit.features.formula_terms import Earlier, Given, Number, Operation, Price, Reading, Term, given_names
from stratkit.features.source import IndicatorSource
from stratkit.features.specs import spec_of
from stratkit.panel import FloatArray

_NOTHING: Final[Mapping[str, FloatArray]] = {}


class Values:
    """Computes terms on the bars of `source`, which keeps them; what depends on `names` is kept here, for this formula.

    Every panel is (T, N) float64, NaN where a symbol has no bar.
    """

    def __init__(self, source: IndicatorSource, names: Mapping[str, FloatArray] = _NOTHING) -> None:
        self._source = source
        self._names = names
        self._own: dict[Term, Any] = {}

    def panel(self, term: Term) -> FloatArray:
        """Return the panel of a term."""
        return np.where(self._source.has_bar, self._value(term), np.nan)

    def lookback_bars(self, term: Term) -> int:
        """Return the first bar of a series without holes on which a term has a value; a given name has one at once."""
        if isinstance(term, Operation):
            return OPERATIONS[term.name].lookback_bars + max(map(self.lookback_bars, term.operands))
        if isinstance(term, Earlier):
            return term.bars + self.lookback_bars(term.term)
        if not isinstance(term, Reading):
            return 0
        coarser = self._source.coarser(term.timeframe)
        inside = self if coarser is None else Values(coarser.source)
        own = spec_of(term.function).lookback(**dict(term.params))
        return self._source.bars_until(own + max(map(inside.lookback_bars, term.on), default=0), term.timeframe)

    def _value(self, term: Term) -> Any:
        """Return a panel, or a plain number for what is one on every bar."""
        if isinstance(term, Number):
            return term.value
        if isinstance(term, Price):
            return getattr(self._source.bars, term.field)
        if isinstance(term, Given):
            return self._names[term.name]
        if isinstance(term, Operation):
            return self._once(term, lambda: self._operation(term))
        if isinstance(term, Earlier):
            return self._once(term, lambda: lag(self.panel(term.term), term.bars))
        found = self._indicator(replace(term, output=None))
        return _finite(found if term.output is None else getattr(found, term.output))

    def _operation(self, term: Operation) -> Any:
        value = self.panel if OPERATIONS[term.name].needs_panels else self._value
        return operate(term.name, *map(value, term.operands))

    def _indicator(self, term: Reading) -> Any:
        """Return every output of an indicator; one of prices is kept as a strategy that asks for it would find it."""
        fields = tuple(each.field for each in term.on if isinstance(each, Price))
        if len(fields) == len(term.on):
            return self._source.compute(term.function, on=fields, timeframe=term.timeframe, **dict(term.params))
        coarser = self._source.coarser(term.timeframe)
        if coarser is None:
            return self._once(term, lambda: term.function(*map(self.panel, term.on), **dict(term.params)))
        plain = replace(term, timeframe=None)
        return coarser.as_of(("formula", plain), lambda: Values(coarser.source)._indicator(plain))

    def _once(self, term: Term, make: Callable[[], Any]) -> Any:
        if not any(given_names(term)):
            return self._source.remember(("formula", term), make)
        if term not in self._own:
            self._own[term] = make()
        return self._own[term]


def _finite(panel: Any) -> FloatArray:
    values = np.asarray(panel, dtype=np.float64)
    return np.where(np.isinf(values), np.nan, values) if np.isinf(values).any() else values
