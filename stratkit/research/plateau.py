"""`robust_choice`: the centre of the plateau instead of the highest peak, and how a set of values stands around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import FloatArray
from stratkit.research.landscape import Landscape, landscape
from stratkit.research.search_result import SearchResult

RADIUS: Final = 0.1  # Gower distance: in one dimension alone, a tenth of its range
_NOT_FEASIBLE: Final = "trial {} must be feasible with a finite objective; found {}"


@dataclass(frozen=True)
class Neighbourhood:
    """What trials near trial `number` came to, in the first objective.

    `count` different sets of values lie within `radius` of it (Gower distance), itself left out; `others` more were
    pruned, failed, or miss a constraint. `median` and `worst` are over the `count`, NaN when there is none. `smoothed`
    is the objective of `number` as `robust_choice` smooths it.
    """

    number: int
    objective: float
    radius: float
    count: int
    others: int
    median: float
    worst: float
    smoothed: float


@dataclass(frozen=True)
class Plateau:
    """A search's trials as a landscape, and its `smoothed` heights (M,); `sign` turns them into the objective."""

    land: Landscape
    smoothed: FloatArray
    sign: float

    @property
    def centre(self) -> int:
        """The number of the feasible trial with the best smoothed height, the first of equals."""
        best = np.where(self.land.feasible, self.smoothed, -np.inf)
        return int(min(self.land.numbers[best == best.max()]))


def robust_choice(result: SearchResult) -> int:
    """Return the number of the feasible trial with the best smoothed first objective, the first of equals.

    It is smoothed over the trials within `RADIUS`, at least the nearest 2 D + 1 of D dimensions with itself, as a mean
    in which each counts in inverse proportion to the trials within half the radius of it: samplers crowd around the
    peak, and its crowd shall count for one place. Trials without a feasible objective count as in `Landscape`. The mean
    over trials that are there already estimates what the objective is worth when the parameters are not quite right:
    J. Branke, Creating Robust Solutions by Means of Evolutionary Algorithms, PPSN V (1998). Raises `UsageError` when
    no trial is feasible.
    """
    found = plateau_of(result)
    if found is None:
        raise UsageError(
            "a trial can only be chosen among feasible ones with a finite objective; found none: relax the constraints"
        )
    return found.centre


def plateau_of(result: SearchResult) -> Plateau | None:
    """Return the landscape of a search with its smoothed heights; None when no trial is feasible."""
    land = landscape(result)
    if land is None:
        return None
    return Plateau(land, smoothed_heights(land), 1.0 if result.objectives[0].direction == "maximize" else -1.0)


def neighbourhood_on(plateau: Plateau, result: SearchResult, number: int, radius: float = RADIUS) -> Neighbourhood:
    """Return how the objective stands around a feasible trial of a search whose plateau is known.

    Raises `UsageError` for a trial that is not feasible.
    """
    land, sign = plateau.land, plateau.sign
    place = _place_of(land, result, number)
    if place is None:
        raise UsageError(_NOT_FEASIBLE.format(number, dict(result.trials[number].values)))
    (_, apart) = next(land.distances(np.array([place])))
    near = apart <= radius
    near[place] = False
    around = land.heights[near & land.feasible]
    return Neighbourhood(
        number=number,
        objective=sign * float(land.heights[place]),
        radius=radius,
        count=len(around),
        others=int((near & ~land.feasible).sum()),
        median=sign * float(np.median(around)) if len(around) else float("nan"),
        worst=sign * float(around.min()) if len(around) else float("nan"),
        smoothed=sign * float(plateau.smoothed[place]),
    )


def smoothed_heights(land: Landscape) -> FloatArray:
    """Return (M,) the heights, each a mean over its neighbourhood as `robust_choice` says."""
    everywhere = np.arange(len(land.numbers))
    crowd = np.array([(apart <= RADIUS / 2).sum() for _, apart in land.distances(everywhere)])
    weight = 1.0 / crowd
    least = min(2 * land.dimensions + 1, len(everywhere))
    smoothed = np.empty(len(everywhere))
    for place, apart in land.distances(everywhere):
        near = apart <= max(RADIUS, float(np.partition(apart, least - 1)[least - 1]))
        smoothed[place] = weight[near] @ land.heights[near] / weight[near].sum()
    return smoothed


def _place_of(land: Landscape, result: SearchResult, number: int) -> int | None:
    """Return where a trial is, which may have the same values as an earlier one; None when it is not feasible."""
    values = result.trials[number].values
    for place, other in enumerate(land.numbers.tolist()):
        if land.feasible[place] and dict(result.trials[other].values) == dict(values):
            return place
    return None
