"""`Survey`: what surrounds the choice of a search: what mattered, what stands around it, maps of the space."""

from __future__ import annotations

from dataclasses import dataclass

from stratkit.research.heatmaps import Heatmap, heatmaps
from stratkit.research.importance import METHODS, Importances, importances
from stratkit.research.plateau import Neighbourhood, neighbourhood_on, plateau_of
from stratkit.research.search_result import SearchResult


@dataclass(frozen=True)
class Survey:
    """Importances by each method; the neighbourhoods of the best trial and of the centre of the plateau; maps.

    `best` and `robust` are None when no trial is feasible, and may be of one trial. `ranked` are the keys, the most
    important first; `maps` are of the first of them.
    """

    importances: tuple[Importances, ...]
    best: Neighbourhood | None
    robust: Neighbourhood | None
    ranked: tuple[str, ...]
    maps: tuple[Heatmap, ...]


def survey_of(result: SearchResult) -> Survey:
    """Return the survey of a search; it replays nothing."""
    found = tuple(importances(result, method) for method in METHODS)
    ranked = tuple(found[0].shares) or tuple(one.name for one in result.space)
    plateau = plateau_of(result)
    best = robust = None
    if plateau is not None and result.best is not None:
        best = neighbourhood_on(plateau, result, result.best)
        robust = neighbourhood_on(plateau, result, plateau.centre)
    return Survey(found, best, robust, ranked, heatmaps(result, ranked[:3]) if result.complete else ())
