"""`Proposer`: who says what is tried next, from what came of what was tried before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from stratkit.research.dimensions import canonical, value_at, value_count, value_of
from stratkit.research.trials import Assignment, Trial
from stratkit.seeds import generator
from stratkit.strategies.parameters import SearchParameter


class Proposer(Protocol):
    """Proposes sets of values; what it proposes depends on its seed and on what it was told, on nothing else."""

    def ask(self, number: int) -> list[Assignment]:
        """Return up to `number` sets of values to be tried; none when there is nothing left to propose."""

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take in what came of the sets asked for, in their order; sets that nobody asked for may follow."""


class GridProposer:
    """Every combination of the values of all dimensions once, the last dimension changing fastest."""

    def __init__(self, space: Sequence[SearchParameter]) -> None:
        self.space = tuple(space)
        self.points = point_count(space)
        self.next = 0

    def ask(self, number: int) -> list[Assignment]:
        """Return the next points of the grid."""
        assert self.points is not None  # checked before a grid is made
        stop = min(self.next + number, self.points)
        found = [grid_point(self.space, place) for place in range(self.next, stop)]
        self.next = stop
        return found

    def tell(self, trials: Sequence[Trial]) -> None:
        """Nothing that happens changes a grid."""


def point_count(space: Sequence[SearchParameter]) -> int | None:
    """Return how many points a space has; None where a number may have any value.

    >>> number = SearchParameter("a", "int", 1, "", low=1, high=3)
    >>> point_count([number, SearchParameter("b", "choice", 0, "", choices=(0, 1))])
    6
    """
    counts = [value_count(dimension) for dimension in space]
    product = 1
    for count in counts:
        if count is None:
            return None
        product *= count
    return product


def grid_point(space: Sequence[SearchParameter], place: int) -> Assignment:
    """Return the point number `place` of all combinations, from 0, the last dimension changing fastest."""
    values = {}
    for dimension in reversed(space):
        count = value_count(dimension)
        assert count is not None  # the space has a number of points
        place, own = divmod(place, count)
        values[dimension.name] = value_at(dimension, own)
    return {dimension.name: values[dimension.name] for dimension in space}


def random_point(space: Sequence[SearchParameter], draw: np.random.Generator) -> Assignment:
    """Return a point drawn evenly from the space."""
    units = draw.random(len(space))
    return canonical(space, {dimension.name: value_of(dimension, float(unit)) for dimension, unit in zip(space, units)})


def derived_seed(seed: int, *names: str | int) -> int:
    """Return a seed for a library that takes whole numbers."""
    return int(generator(seed, "research", "search", *names).integers(2**31 - 1))
