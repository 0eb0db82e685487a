"""`open_proposer`: the sampler that the settings name, over Optuna's or our own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from stratkit.errors import UsageError
from stratkit.research.genetic import GeneticProposer
from stratkit.research.objectives import Goal
from stratkit.research.proposer import GridProposer, Proposer, point_count
from stratkit.research.search_settings import SearchSettings
from stratkit.strategies.parameters import SearchParameter

GENERATIONS: Final = ("nsga2", "nsga3", "genetic")


def open_proposer(space: Sequence[SearchParameter], goal: Goal, settings: SearchSettings, seed: int) -> Proposer:
    """Return who proposes in a search that is about to begin.

    Raises `UsageError` for what the sampler cannot do: a grid of numbers without steps or of more points than trials,
    several objectives with CMA-ES, Gaussian processes without torch.
    """
    if settings.sampler == "grid":
        _check_grid(space, settings.trials)
        return GridProposer(space)
    if settings.sampler == "genetic":
        return GeneticProposer(space, goal, settings.genetic, seed)
    if settings.sampler == "cmaes" and len(goal.objectives) > 1:
        raise UsageError(
            f"sampler cmaes takes one objective; found {len(goal.objectives)}: use tpe, nsga2, nsga3 or genetic"
        )
    if settings.sampler == "gp" and find_spec("torch") is None:
        raise UsageError("sampler gp needs torch, which is not installed: pip install 'stratkit[gp]'")
    from stratkit.research.optuna_samplers import OptunaProposer, optuna_sampler

    return OptunaProposer(space, goal, settings.sampler, optuna_sampler(space, settings, seed))


def sampler_note(space: Sequence[SearchParameter], settings: SearchSettings) -> str:
    """Return what is worth knowing of how a sampler treats this space; nothing as a rule."""
    choices = [dimension.name for dimension in space if dimension.kind == "choice"]
    numbers = len(space) - len(choices)
    if settings.sampler == "cmaes" and numbers < 2:
        return f"cmaes needs two numbers to vary; found {numbers}: everything is drawn at random"
    if settings.sampler == "cmaes" and choices:
        return f"cmaes moves numbers only: {', '.join(choices)} is drawn at random"
    if settings.sampler in GENERATIONS and settings.trials < 2 * settings.genetic.population:
        return (
            f"{settings.sampler} learns between generations of {settings.genetic.population}, and {settings.trials} "
            "trials hold fewer than two: give more trials, or lower search.genetic.population"
        )
    return ""


def _check_grid(space: Sequence[SearchParameter], trials: int) -> None:
    without = [dimension.name for dimension in space if point_count([dimension]) is None]
    if without:
        raise UsageError(
            f"a grid needs a step or choices of every number; {without[0]} has none: give it in search.space, or keep "
            "its value with search.fixed"
        )
    points = point_count(space)
    assert points is not None  # each dimension has a number of values
    if points > trials:
        raise UsageError(
            f"a grid must fit search.trials: it has {points:,} points, and {trials:,} trials are allowed: give "
            f"--trials {points}, or fewer values in search.space (a larger step, closer bounds)"
        )
