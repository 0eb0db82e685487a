"""`jittered`: sets of values near another one, inside the search space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from stratkit.research.landscape import bounds, step_of, unit_place, value_at_place
from stratkit.research.trials import Assignment
from stratkit.strategies.parameters import ParameterValue, SearchParameter


def jittered(
    space: Sequence[SearchParameter], values: Assignment, width: float, draw: np.random.Generator, count: int
) -> Iterator[Assignment]:
    """Yield `count` sets in which each number is drawn anew within `width` of its range around where it is.

    The range is that of the search, on its own scale; where a step is longer than that, it moves by one step up, down
    or not at all. Choices stay as they are.
    """
    for _ in range(count):
        yield {**values, **{one.name: _moved(one, values[one.name], width, draw) for one in space if _can_move(one)}}


def _can_move(one: SearchParameter) -> bool:
    return one.kind in ("int", "float") and one.high != one.low


def _moved(one: SearchParameter, value: ParameterValue | None, width: float, draw: np.random.Generator) -> int | float:
    assert isinstance(value, int | float)  # a number
    low, high = bounds(one)
    place, step = unit_place(one, value), step_of(one)
    beside = [] if step is None else [min(max(value + way * step, low), high) for way in (-1, 0, 1)]
    if any(abs(unit_place(one, each) - place) > width for each in beside):
        return value_at_place(one, unit_place(one, beside[int(draw.integers(3))]))
    return value_at_place(one, place + float(draw.uniform(-width, width)))
