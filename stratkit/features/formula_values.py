"""`Values`: the panel of each term of a formula on one set of bars, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from stratkit.data.bars import FIELDS
from stratkit.errors import UsageError
from stratkit.features.events import lag
from stratkit.features.formula_operations import OPERATIONS, operate
from stratkit.features.formula_terms import (
    Chain,
    Earlier,
    Given,
    Number,
    Operation,
    Price,
    Reading,
    Term,
    given_names,
    parts,
)
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
        if isinstance(term, Chain):
            return self._once(term, lambda: self._chain(term))
        if isinstance(term, Earlier):
            return self._once(term, lambda: self._earlier(term))
        found = self._indicator(replace(term, output=None))
        if term.output is None and isinstance(found, tuple):
            name = spec_of(term.function).name
            raise UsageError(
                f"an indicator of several panels must say so to be named in a formula; found {name!r} without the "
                f"NamedTuple that it returns in its annotation: add it, and write {name}(...).NAME"
            )
        return _finite(found if term.output is None else getattr(found, term.output))

    def _operation(self, term: Operation) -> Any:
        value = self.panel if OPERATIONS[term.name].needs_panels else self._value
        return operate(term.name, *map(value, term.operands))

    def _chain(self, term: Chain) -> Any:
        values = [self._value(operand) for operand in term.operands]
        return operate("and", *(operate(*each) for each in zip(term.relations, values, values[1:])))

    def _earlier(self, term: Earlier) -> FloatArray:
        now = self.panel(term.term)
        earlier = lag(now, term.bars)
        return np.asarray(operate("-", now, earlier)) if term.is_change else earlier

    def _indicator(self, term: Reading) -> Any:
        """Return every output of an indicator; one of prices is kept as a strategy that asks for it would find it."""
        fields = tuple(each.field for each in term.on if isinstance(each, Price))
        if len(fields) == len(term.on):
            return self._source.compute(term.function, on=fields, timeframe=term.timeframe, **dict(term.params))
        coarser = self._source.coarser(term.timeframe)
        if coarser is None:
            return self._once(term, lambda: term.function(*map(self._input, term.on), **dict(term.params)))
        plain = replace(term, timeframe=None)
        return coarser.as_of(("formula", plain), lambda: Values(coarser.source)._indicator(plain))

    def _input(self, term: Term) -> Any:
        is_stamps = isinstance(term, Price) and term.field not in FIELDS
        return self._source.bars.times if is_stamps else self.panel(term)

    def _once(self, term: Term, make: Callable[[], Any]) -> Any:
        if not any(given_names(term)):
            return self._source.remember(("formula", term), make)
        if term not in self._own:
            self._own[term] = make()
        return self._own[term]


def lookback_bars(term: Term, source: IndicatorSource | None) -> int:
    """Return the first bar of a series without holes on which a term has a value; a given name has one at once.

    Without a `source` nothing is known of coarser bars, and indicators of them count as if they were there at once.
    """
    behind = max((lookback_bars(part, _inside(term, source)) for part in parts(term)), default=0)
    if isinstance(term, Operation):
        return behind + OPERATIONS[term.name].lookback_bars
    if isinstance(term, Earlier):
        return behind + term.bars
    if not isinstance(term, Reading):
        return 0
    own = behind + spec_of(term.function).lookback(**dict(term.params))
    if source is None:
        return own if term.timeframe is None else 0
    return source.bars_until(own, term.timeframe)


def _inside(term: Term, source: IndicatorSource | None) -> IndicatorSource | None:
    """Return the bars that the parts of a term stand on."""
    coarser = source.coarser(term.timeframe) if source is not None and isinstance(term, Reading) else None
    return source if coarser is None else coarser.source


def _finite(panel: Any) -> FloatArray:
    values = np.asarray(panel, dtype=np.float64)
    return np.where(np.isinf(values), np.nan, values) if np.isinf(values).any() else values
