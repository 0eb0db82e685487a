"""`Landscape`: the trials of a search as points between 0 and 1 with a height each, and how far they lie apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.research.search_result import SearchResult
from stratkit.research.trials import Assignment, Trial
from stratkit.strategies.parameters import ParameterValue, SearchParameter

_AT_ONCE: Final = 256  # rows of distances held at a time


@dataclass(frozen=True)
class Landscape:
    """M different sets of values, each by the first trial that had it.

    `numbers` (M,) are the trials; `points` (M, C) their places as of `unit_points`; `dimensions` D. `heights` (M,) are
    the first objective, turned so that more is better, where the trial is `feasible` and has one. Elsewhere, as in
    trials that were pruned, failed or miss a constraint, it is the lower quartile of the others': a pruned trial was in
    the worse half, and that is its middle.
    """

    numbers: IntArray
    points: FloatArray
    heights: FloatArray
    feasible: BoolArray
    dimensions: int

    def distances(self, places: IntArray) -> Iterator[tuple[int, FloatArray]]:
        """Yield each of `places` with its Gower distances (M,) to all points.

        ``mean over dimensions of |x - y|``, and for choices 0 where they are the same, else 1. Source: J. C. Gower, A
        General Coefficient of Similarity and Some of Its Properties, Biometrics 27 (1971).
        """
        from scipy.spatial.distance import cdist

        for first in range(0, len(places), _AT_ONCE):
            own = places[first : first + _AT_ONCE]
            apart = cdist(self.points[own], self.points, "cityblock") / self.dimensions
            yield from zip(own.tolist(), apart, strict=True)


def landscape(result: SearchResult) -> Landscape | None:
    """Return the landscape of a search; None when no feasible trial has a finite first objective.

    Trials that break a rule between parameters were never replayed: where they are there is no land.
    """
    seen: dict[tuple[ParameterValue | None, ...], Trial] = {}
    for trial in result.trials:
        if trial.state != "infeasible":
            seen.setdefault(tuple(trial.values[one.name] for one in result.space), trial)
    trials = list(seen.values())
    sign = 1.0 if result.objectives[0].direction == "maximize" else -1.0
    raw = np.array([sign * trial.objectives[0] if trial.objectives else math.nan for trial in trials])
    feasible = np.array([trial.is_feasible for trial in trials], np.bool_) & np.isfinite(raw)
    if not feasible.any():
        return None
    return Landscape(
        numbers=np.array([trial.number for trial in trials]),
        points=unit_points(result.space, [trial.values for trial in trials]),
        heights=np.where(feasible, raw, np.quantile(raw[feasible], 0.25)),
        feasible=feasible,
        dimensions=len(result.space),
    )


def unit_points(space: Sequence[SearchParameter], values: Sequence[Assignment]) -> FloatArray:
    """Return (M, C) the places of sets of values, so that sums of absolute differences count each dimension up to 1.

    A number has one column, its place between its bounds, on a log scale where it is searched on one. A choice has a
    column for each value, one half where it is taken.
    """
    columns = [column for one in space for column in _columns(one, values)]
    return np.column_stack(columns) if columns else np.zeros((len(values), 0))


def unit_place(one: SearchParameter, value: float) -> float:
    """Return where a number lies between its bounds, 0 to 1; 0 when the bounds are one.

    >>> unit_place(SearchParameter("n", "int", 10, "", 1, 100, log=True), 10)
    0.5
    """
    low, high, at = (math.log(x) if one.log else float(x) for x in (*bounds(one), value))
    return (at - low) / (high - low) if high > low else 0.0


def free_value(one: SearchParameter, place: float) -> float:
    """Return what lies at a place between 0 and 1 of a number's bounds, whatever its step."""
    low, high = bounds(one)
    if one.log:
        return math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
    return low + place * (high - low)


def value_at_place(one: SearchParameter, place: float) -> int | float:
    """Return the value nearest to a place between 0 and 1 that can be taken: on a step, whole where it must be.

    >>> value_at_place(SearchParameter("n", "int", 10, "", 0, 100, step=25), 0.3)
    25
    """
    value = free_value(one, min(max(place, 0.0), 1.0))
    low, high = bounds(one)
    step = step_of(one)
    if step is not None:
        most = math.floor((high - low) / step + 1e-9)
        value = low + min(round((value - low) / step), most) * step
    value = min(max(value, low), high)
    return round(value) if one.kind == "int" else float(value)


def number_in(values: Assignment, one: SearchParameter) -> float:
    """Return the value of a dimension that is a number."""
    value = values[one.name]
    assert isinstance(value, int | float), one.name
    return float(value)


def bounds(one: SearchParameter) -> tuple[float, float]:
    """Return the smallest and the largest value of a number."""
    assert one.low is not None, one.name  # numbers have bounds
    assert one.high is not None, one.name
    return float(one.low), float(one.high)


def step_of(one: SearchParameter) -> float | None:
    """Return the distance of two values of a number, None where any value is allowed."""
    if one.step is not None:
        return float(one.step)
    return 1.0 if one.kind == "int" else None


def choice_place(one: SearchParameter, value: ParameterValue | None) -> int:
    """Return which of its choices a value is: ``True`` is not 1."""
    alike = (place for place, own in enumerate(one.choices) if own == value and type(own) is type(value))
    return next(alike)


def _columns(one: SearchParameter, values: Sequence[Assignment]) -> Iterator[FloatArray]:
    if one.kind != "choice":
        yield np.array([unit_place(one, number_in(each, one)) for each in values])
        return
    taken = np.array([choice_place(one, each[one.name]) for each in values])
    for place in range(len(one.choices)):
        yield np.where(taken == place, 0.5, 0.0)
