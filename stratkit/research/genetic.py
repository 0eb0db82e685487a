"""`GeneticProposer`: generations of sets of values that are selected, crossed and changed.

A pure function of a seed and of what was tried so far, so that a search that was interrupted goes on as if it had not
been. That is why no library serves: deap, the best kept one, draws from Python's global random module, so that what it
proposes depends on whoever else draws, and a state would have to be kept; pymoo counts its own evaluations and asks for
whole generations. The operators are few lines each and are taken from the papers named beside them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stratkit.panel import FloatArray, IntArray
from stratkit.research.dimensions import Point, canonical, point_key, unit_of, value_count, value_of
from stratkit.research.objectives import Goal, upward
from stratkit.research.pareto import crowding, pareto_ranks
from stratkit.research.proposer import random_point
from stratkit.research.search_settings import GeneticSettings
from stratkit.research.trials import Assignment, Trial
from stratkit.seeds import generator
from stratkit.strategies.parameters import SearchParameter

_TRIES = 50  # children that are drawn until one keeps the rules between parameters and is new
_REACH = 0.5  # a blend reaches so far beyond its parents, in units of their distance


class GeneticProposer:
    """Proposes the children of the last generation; keeps nothing but what it was told."""

    def __init__(self, space: Sequence[SearchParameter], goal: Goal, settings: GeneticSettings, seed: int) -> None:
        self.space, self.goal, self.settings, self.seed = tuple(space), goal, settings, seed
        self.history: list[Trial] = []

    def ask(self, number: int) -> list[Assignment]:
        """Return up to `number` sets of the generation that is being filled."""
        return propose(self.space, self.goal, self.settings, self.seed, self.history, number)

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take in what came of them."""
        self.history.extend(trials)


@dataclass(frozen=True)
class Pool:
    """Those who may have children: `units` (n, D) in [0, 1] and `fitness` (n,), more is better."""

    units: FloatArray
    fitness: FloatArray


def propose(
    space: Sequence[SearchParameter],
    goal: Goal,
    settings: GeneticSettings,
    seed: int,
    history: Sequence[Trial],
    number: int,
) -> list[Assignment]:
    """Return up to `number` sets of values: the rest of the generation that `history` has begun, or of the next.

    The first generation is drawn at random and has `population` sets; a later one has that many less `elites`, the
    best so far, which are parents beside the last generation without being tried again.
    """
    generation, begun, size = _generation(len(history), settings)
    known = {point_key(trial.values) for trial in history}
    pool = _pool(space, goal, settings, history, len(history) - begun) if generation else None
    proposed: list[Assignment] = []
    for place in range(begun, min(begun + number, size)):
        draw = generator(seed, "research", "search", "genetic", generation, place)
        values = _new_one(space, goal, settings, pool, known, draw)
        known.add(point_key(values))
        proposed.append(values)
    return proposed


def _generation(tried: int, settings: GeneticSettings) -> tuple[int, int, int]:
    """Return the generation that is being filled, how many it has, and how many it will have."""
    if tried < settings.population:
        return 0, tried, settings.population
    size = settings.population - settings.elites
    before, begun = divmod(tried - settings.population, size)
    return 1 + before, begun, size


def _pool(
    space: Sequence[SearchParameter], goal: Goal, settings: GeneticSettings, history: Sequence[Trial], ended: int
) -> Pool | None:
    """Return the last whole generation, which ended after so many trials, and the elites; None when it is too small."""
    last = settings.population if ended == settings.population else settings.population - settings.elites
    whole = [trial for trial in history[:ended] if trial.state == "complete"]
    elites = [whole[place] for place in _order(whole, goal)[: settings.elites]]
    recent = [trial for trial in history[ended - last : ended] if trial.state == "complete"]
    parents = list({point_key(trial.values): trial for trial in (*elites, *recent)}.values())
    if len(parents) < 2:
        return None
    units = np.array([[unit_of(dimension, trial.values[dimension.name]) for dimension in space] for trial in parents])
    # ranks, not objectives: sharing divides fitness, which must be positive and on no scale of its own
    rank = np.empty(len(parents))
    rank[_order(parents, goal)] = np.arange(len(parents), 0, -1)
    return Pool(units, rank / _niche_counts(units, space, settings.niche_radius))


def _order(trials: Sequence[Trial], goal: Goal) -> IntArray:
    """Return the places of the trials, the best first: those that keep the constraints, then front by front.

    Within a front those in the emptiest part come first. Source: K. Deb and others, A Fast and Elitist Multiobjective
    Genetic Algorithm: NSGA-II, IEEE Transactions on Evolutionary Computation 6 (2002).
    """
    if not trials:
        return np.empty(0, np.int64)
    values = np.array([upward(trial, goal.objectives) for trial in trials])
    violation = np.array([trial.violation for trial in trials])
    ranks = pareto_ranks(values)
    return np.asarray(np.lexsort((np.arange(len(trials)), -crowding(values, ranks), ranks, violation)), np.int64)


def _niche_counts(units: FloatArray, space: Sequence[SearchParameter], radius: float) -> FloatArray:
    """Return how many each shares its place with, itself included, the nearer the more.

    Source: D. E. Goldberg, J. Richardson, Genetic Algorithms with Sharing for Multimodal Function Optimization (1987).
    """
    if radius == 0:
        return np.ones(len(units))
    choice = np.array([dimension.kind == "choice" for dimension in space])
    apart = np.abs(units[:, None, :] - units[None, :, :])
    apart = np.where(choice, apart > 0, apart)  # choices have no distance: equal or not
    distance = np.sqrt((apart**2).mean(axis=2))
    counts: FloatArray = np.maximum(0.0, 1.0 - distance / radius).sum(axis=1)
    return counts


def _new_one(
    space: Sequence[SearchParameter],
    goal: Goal,
    settings: GeneticSettings,
    pool: Pool | None,
    known: set[Point],
    draw: np.random.Generator,
) -> Assignment:
    values = random_point(space, draw) if pool is None else _child(space, settings, pool, draw)
    for _ in range(_TRIES):
        if point_key(values) not in known and not goal.broken(values):
            return values
        values = random_point(space, draw) if pool is None else _child(space, settings, pool, draw)
    return values


def _child(
    space: Sequence[SearchParameter], settings: GeneticSettings, pool: Pool, draw: np.random.Generator
) -> Assignment:
    one, other = _parent(pool, settings, draw), _parent(pool, settings, draw)
    crossed = draw.random() < settings.crossover
    rate = 1.0 / len(space) if settings.mutation is None else settings.mutation
    values = {}
    for place, dimension in enumerate(space):
        unit = _crossed(dimension, one[place], other[place], draw) if crossed else float(one[place])
        if draw.random() < rate:
            unit = _changed(dimension, unit, settings.mutation_scale, draw)
        values[dimension.name] = value_of(dimension, unit)
    return canonical(space, values)


def _parent(pool: Pool, settings: GeneticSettings, draw: np.random.Generator) -> FloatArray:
    """Return the fittest of a few that are drawn: a tournament."""
    drawn = draw.integers(len(pool.fitness), size=settings.tournament)
    return np.asarray(pool.units[drawn[np.argmax(pool.fitness[drawn])]])


def _crossed(dimension: SearchParameter, one: float, other: float, draw: np.random.Generator) -> float:
    """Return the place of a child: that of one parent or, of numbers, half of the time one around and between both.

    Source of the blend: L. J. Eshelman, J. D. Schaffer, Real-coded Genetic Algorithms and Interval-schemata (1993).
    """
    if dimension.kind == "choice" or draw.random() < 0.5:
        return float(one if draw.random() < 0.5 else other)
    low, high = min(one, other), max(one, other)
    reach = _REACH * (high - low)
    return _reflected(float(draw.uniform(low - reach, high + reach)))


def _changed(dimension: SearchParameter, unit: float, scale: float, draw: np.random.Generator) -> float:
    if dimension.kind == "choice":
        count = len(dimension.choices)
        others = max(count - 1, 1)
        place = (min(int(unit * count), count - 1) + 1 + int(draw.integers(others))) % count
        return (place + 0.5) / count
    moved = _reflected(unit + scale * float(draw.standard_normal()))
    if value_of(dimension, moved) != value_of(dimension, unit):
        return moved
    count = value_count(dimension) or 1
    # a change that rounding would undo becomes one step
    return _reflected(unit + (1.0 if draw.random() < 0.5 else -1.0) / count)


def _reflected(unit: float) -> float:
    """Return a number as mirrors at 0 and 1 throw it back.

    >>> _reflected(-0.25), _reflected(1.25), _reflected(2.5)
    (0.25, 0.75, 0.5)
    """
    folded = math.fmod(abs(unit), 2.0)
    return 2.0 - folded if folded > 1.0 else folded
