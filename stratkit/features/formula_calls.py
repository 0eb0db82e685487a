"""`Call`: what stands in the brackets of an indicator: its numbers, what it is computed on, its timeframe."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.data.bars import FIELDS
from stratkit.errors import UsageError
from stratkit.features.formula_text import FormulaText
from stratkit.features.specs import IndicatorSpec
from stratkit.frequency import frequency_word

MAX_WINDOW_BARS: Final = 100_000  # what TA-Lib takes

Given = tuple[str | None, float, ast.expr]  # a parameter's name, None by place; its number; where it stands


@dataclass(frozen=True)
class Call:
    """The arguments of one call: `numbers` with their names, None for those by place."""

    numbers: tuple[tuple[str | None, ast.expr], ...]
    on: tuple[ast.expr, ...] | None
    timeframe: str | None

    @staticmethod
    def of(node: ast.Call, text: FormulaText) -> Call:
        """Sort the arguments of a call; raise `UsageError` for stars and for a timeframe that is none."""
        named = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None}
        stars = [argument for argument in node.args if isinstance(argument, ast.Starred)]
        if stars or len(named) < len(node.keywords):
            text.refuse(node, "must write out each argument", "leave * and ** out")
        on, timeframe = named.pop("on", None), named.pop("timeframe", None)
        numbers = [*((None, argument) for argument in node.args), *named.items()]
        parts = None if on is None else tuple(on.elts) if isinstance(on, ast.Tuple) else (on,)
        return Call(tuple(numbers), parts, None if timeframe is None else _word(timeframe, text))


def bound_parameters(
    spec: IndicatorSpec, given: list[Given], node: ast.Call, text: FormulaText
) -> tuple[tuple[str, Any], ...]:
    """Return every parameter of an indicator by name; raise `UsageError` for one that is not there or does not hold."""
    by_place = [value for name, value, _ in given if name is None]
    named = {name: value for name, value, _ in given if name is not None}
    try:
        bound = spec.parameters(*by_place, **named)
    except UsageError as error:
        text.refuse(node, "must give an indicator the parameters that it has", str(error))
    names = list(bound)
    for place, (name, value, where) in enumerate(given):
        key = names[place] if name is None else name
        bound[key] = _typed(spec, key, value, where, text)
    if spec.is_built_in:
        _try(spec, bound, node, text)
    return tuple(bound.items())


def _typed(spec: IndicatorSpec, name: str, value: float, node: ast.expr, text: FormulaText) -> Any:
    """Return a number as the parameter's annotation wants it: a whole one for a count of bars."""
    kind = inspect.signature(spec.function).parameters[name].annotation
    if kind in (float, "float"):
        return value
    if value.is_integer() and abs(value) <= MAX_WINDOW_BARS:
        return int(value)
    if kind in (int, "int"):
        text.refuse(node, f"must give {name} as a whole number up to {MAX_WINDOW_BARS}", "write one")
    return value


def _try(spec: IndicatorSpec, params: dict[str, Any], node: ast.Call, text: FormulaText) -> None:
    """Compute an indicator of one bar, so that parameters that make no sense are refused before any run."""
    bar = [np.ones((1, 1)) if field in FIELDS else np.zeros(1, np.int64) for field in spec.inputs]
    try:
        spec.function(*bar, **params)
    except UsageError as error:
        text.refuse(node, "must give an indicator parameters that hold", str(error))


def _word(node: ast.expr, text: FormulaText) -> str:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        text.refuse(node, "gives a timeframe as text", 'write it as in timeframe="1d"')
    try:
        return frequency_word(node.value)
    except UsageError as error:
        text.refuse(node, "must give a timeframe that there is", str(error))
