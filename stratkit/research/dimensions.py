"""Values of a `SearchParameter` on the unit interval: one scale on which all kinds of dimensions are alike.

A dimension of n values (whole numbers, steps, choices) divides [0, 1) into n cells of equal width, so that uniform
draws are uniform values; on a log scale equal widths are equal ratios.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from stratkit.research.trials import Assignment
from stratkit.strategies.parameters import ParameterValue, SearchParameter

Value = ParameterValue | None
Point = tuple[tuple[str, str, Value], ...]


def value_count(dimension: SearchParameter) -> int | None:
    """Return how many values a dimension has; None for a number without step.

    >>> value_count(SearchParameter("x", "int", 1, "", low=1, high=10, step=4))
    3
    """
    if dimension.kind == "choice":
        return len(dimension.choices)
    low, high = _bounds(dimension)
    step = _step(dimension)
    return None if step is None else 1 + math.floor((high - low) / step + 1e-9)


def value_of(dimension: SearchParameter, unit: float) -> Value:
    """Return the value at `unit` in [0, 1].

    >>> [value_of(SearchParameter("x", "int", 1, "", low=1, high=4), unit) for unit in (0.0, 0.24, 0.25, 1.0)]
    [1, 1, 2, 4]
    """
    count = value_count(dimension)
    if dimension.log:
        low, high = _log_bounds(dimension)
        return _number(dimension, math.exp(low + unit * (high - low)))
    if count is not None:
        return value_at(dimension, min(int(unit * count), count - 1))
    low, high = _bounds(dimension)
    return _number(dimension, low + unit * (high - low))


def unit_of(dimension: SearchParameter, value: Value) -> float:
    """Return the middle of the cell in which `value` lies; `value_of` leads back to it."""
    if dimension.kind == "choice":
        return (_place(dimension.choices, value) + 0.5) / len(dimension.choices)
    assert isinstance(value, int | float)  # a value of this dimension
    if dimension.log:
        low, high = _log_bounds(dimension)
        return (math.log(value) - low) / (high - low) if high > low else 0.5
    low, high = _bounds(dimension)
    step, count = _step(dimension), value_count(dimension)
    if step is not None and count is not None:
        return (round((value - low) / step) + 0.5) / count
    return (value - low) / (high - low) if high > low else 0.5


def value_at(dimension: SearchParameter, place: int) -> Value:
    """Return the value number `place`, from 0, of a dimension that has a number of them."""
    if dimension.kind == "choice":
        return dimension.choices[place]
    low, _ = _bounds(dimension)
    step = _step(dimension)
    assert step is not None  # it has a number of values
    return _number(dimension, low + place * step)


def canonical(space: Sequence[SearchParameter], values: Assignment) -> dict[str, Value]:
    """Return the values in the order of the space, whole numbers as such and steps without rounding dust.

    >>> canonical([SearchParameter("x", "float", 0.1, "", low=0.1, high=1.0, step=0.1)], {"x": 0.1 + 2 * 0.1})
    {'x': 0.3}
    """
    named: dict[str, Value] = {}
    for dimension in space:
        value = values[dimension.name]
        if dimension.kind in ("int", "float"):
            assert isinstance(value, int | float)  # so a sampler was told
            value = _number(dimension, value)
        named[dimension.name] = value
    return named


def point_key(values: Assignment) -> Point:
    """Return what two equal points share; true and 1 are not the same."""
    return tuple((name, type(value).__name__, value) for name, value in values.items())


def _number(dimension: SearchParameter, number: float) -> int | float:
    low, high = _bounds(dimension)
    step = _step(dimension)
    if dimension.kind == "int":
        assert step is not None  # whole numbers lie at least 1 apart
        count = value_count(dimension)
        assert count is not None
        place = min(max(round((number - low) / step), 0), count - 1)
        return round(low + place * step)
    bounded = min(max(float(number), low), high)
    return bounded if step is None else float(f"{bounded:.12g}")


def _bounds(dimension: SearchParameter) -> tuple[float, float]:
    assert dimension.low is not None  # numbers have bounds
    assert dimension.high is not None
    return dimension.low, dimension.high


def _log_bounds(dimension: SearchParameter) -> tuple[float, float]:
    low, high = _bounds(dimension)
    # half a number wider at both ends, or the first and the last whole number would be drawn half as often
    margin = 0.5 if dimension.kind == "int" else 0.0
    return math.log(low - margin), math.log(high + margin)


def _step(dimension: SearchParameter) -> float | None:
    return (dimension.step or 1) if dimension.kind == "int" else dimension.step


def _place(choices: Sequence[Value], value: Value) -> int:
    return next(place for place, choice in enumerate(choices) if type(choice) is type(value) and choice == value)
