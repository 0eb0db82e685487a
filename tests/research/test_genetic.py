"""The genetic search: a pure function of seed and history whose operators do what they are named for."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_cases import FAST, SLOW, Formula, peak, run_search, shown

from stratkit.research.dimensions import Value, point_key, unit_of
from stratkit.research.genetic import Pool, _child, _niche_counts, _order, propose
from stratkit.research.objectives import Goal
from stratkit.research.pareto import crowding, pareto_ranks
from stratkit.research.search_result import Objective
from stratkit.research.search_settings import ConstraintSettings, GeneticSettings, SearchSettings
from stratkit.research.trials import Trial
from stratkit.strategies.parameters import SearchParameter

SPACE = (
    SearchParameter("int", "int", 3, "", low=-3, high=40, step=1),
    SearchParameter("log", "int", 3, "", low=2, high=300, log=True),
    SearchParameter("float", "float", 0.5, "", low=0.0, high=1.0),
    SearchParameter("step", "float", 0.5, "", low=0.1, high=2.0, step=0.1),
    SearchParameter("choice", "choice", "a", "", choices=("a", None, True, 3)),
)
GOAL = Goal((Objective("sharpe", "maximize"),), (), (), {})
BOTH = Goal((Objective("sharpe", "maximize"), Objective("cagr", "maximize")), (), (), {})


def filled(count: int, seed: int, genetic: GeneticSettings) -> list[Trial]:
    """A history in which every set of values is worth its whole number."""
    history: list[Trial] = []
    while len(history) < count:
        for values in propose(SPACE, GOAL, genetic, seed, history, 8):
            worth = values["int"]
            assert isinstance(worth, int)
            history.append(Trial(len(history), values, "complete", (float(worth),)))
    return history


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(4, 10), st.integers(0, 3), st.floats(0, 1), st.floats(0.01, 1))
def test_every_value_is_one_of_its_dimension(
    seed: int, population: int, elites: int, mutation: float, scale: float
) -> None:
    genetic = GeneticSettings(population=population, elites=elites, mutation=mutation, mutation_scale=scale)
    for trial in filled(3 * population, seed, genetic):
        values = trial.values
        assert type(values["int"]) is int
        assert -3 <= values["int"] <= 40
        assert type(values["log"]) is int
        assert 2 <= values["log"] <= 300
        assert type(values["float"]) is float
        assert 0 <= values["float"] <= 1
        assert type(values["step"]) is float
        assert round(values["step"] * 10) == pytest.approx(values["step"] * 10, abs=1e-9)
        assert 0.1 <= values["step"] <= 2.0
        assert any(values["choice"] is choice for choice in ("a", None, True, 3))


def test_it_depends_on_seed_and_history_and_on_nothing_else() -> None:
    genetic = GeneticSettings(population=8)
    history = filled(20, 5, genetic)
    first = propose(SPACE, GOAL, genetic, 5, history, 8)
    random.seed(1)
    np.random.seed(1)  # the global state that other libraries draw from
    assert propose(SPACE, GOAL, genetic, 5, history, 8) == first
    assert propose(SPACE, GOAL, genetic, 6, history, 8) != first
    # asked for less at a time, it proposes the same: the history holds what came before
    assert propose(SPACE, GOAL, genetic, 5, history, 3) == first[:3]


def test_a_generation_ends_before_the_next_begins() -> None:
    genetic = GeneticSettings(population=10, elites=3)
    assert len(propose(SPACE, GOAL, genetic, 0, [], 99)) == 10
    history = filled(10, 0, genetic)
    assert len(propose(SPACE, GOAL, genetic, 0, history[:10], 99)) == 7
    assert len(propose(SPACE, GOAL, genetic, 0, history[:4], 99)) == 6


def test_generations_grow_better_and_nothing_is_proposed_twice() -> None:
    genetic = GeneticSettings(population=20, niche_radius=0.0)
    history = filled(120, 3, genetic)
    worth = [trial.objectives[0] for trial in history]
    assert np.mean(worth[100:]) > np.mean(worth[:20]) + 10
    assert len({point_key(trial.values) for trial in history}) == len(history)


def one_value(trial: Trial, genetic: GeneticSettings, pool: Pool, draws: int = 300) -> list[object]:
    return [_child(SPACE, genetic, pool, np.random.default_rng(seed))["int"] for seed in range(draws)]


def pool_of(*ints: int, fitness: tuple[float, ...]) -> Pool:
    values: dict[str, Value] = {"log": 20, "float": 0.5, "step": 1.0, "choice": "a"}
    units = [[unit_of(one, {**values, "int": each}[one.name]) for one in SPACE] for each in ints]
    return Pool(np.array(units), np.array(fitness))


def test_without_crossover_and_mutation_a_child_is_its_parent() -> None:
    still = GeneticSettings(crossover=0.0, mutation=0.0, tournament=1)
    assert {*one_value(None, still, pool_of(4, 30, fitness=(1, 1)))} == {4, 30}  # type: ignore[arg-type]  # not read


def test_a_larger_tournament_chooses_the_fitter_more_often() -> None:
    pool = pool_of(4, 30, fitness=(1, 2))
    shares = []
    for tournament in (1, 2, 6):
        still = GeneticSettings(crossover=0.0, mutation=0.0, tournament=tournament)
        shares.append(np.mean([value == 30 for value in one_value(None, still, pool)]))  # type: ignore[arg-type]  # not read
    # 1 - (1/2)^n of n draws hold the fitter one
    assert shares == pytest.approx([0.5, 0.75, 1 - 0.5**6], abs=0.08)


def test_crossover_blends_numbers_between_and_around_the_parents() -> None:
    mixed = GeneticSettings(crossover=1.0, mutation=0.0, tournament=1)
    found = {*one_value(None, mixed, pool_of(10, 20, fitness=(1, 1)))}  # type: ignore[arg-type]  # not read
    assert {10, 20} < found
    assert any(isinstance(value, int) and 11 <= value <= 19 for value in found)
    assert all(isinstance(value, int) and 4 <= value <= 26 for value in found)  # half their distance beyond


def test_mutation_changes_a_value_and_its_scale_by_how_much() -> None:
    def spread(scale: float) -> float:
        moved = GeneticSettings(crossover=0.0, mutation=1.0, mutation_scale=scale, tournament=1)
        found = one_value(None, moved, pool_of(18, 18, fitness=(1, 1)))  # type: ignore[arg-type]  # not read
        assert 18 not in found
        return float(np.std([value for value in found if isinstance(value, int)]))

    assert spread(0.02) < spread(0.1) < spread(0.4)


def test_those_who_are_many_in_one_place_share_their_fitness() -> None:
    axis = [SearchParameter("x", "float", 0.0, "", low=0.0, high=1.0)]
    units = np.array([[0.10], [0.10], [0.15], [0.90]])
    # the triangle of Goldberg and Richardson, 1 - d/0.1: 1 + 1 + 0.5, twice; 0.5 + 0.5 + 1; alone
    assert _niche_counts(units, axis, 0.1) == pytest.approx([2.5, 2.5, 2.0, 1.0])
    assert _niche_counts(units, axis, 0.0).tolist() == [1, 1, 1, 1]


def test_niches_keep_two_peaks_alive() -> None:
    axis = (SearchParameter("x", "float", 0.0, "", low=0.0, high=1.0),)

    def worth(x: float) -> float:
        return max(math.exp(-(((x - 0.2) / 0.05) ** 2)), 0.9 * math.exp(-(((x - 0.8) / 0.05) ** 2)))

    def smaller_share(radius: float, seed: int) -> float:
        genetic = GeneticSettings(population=20, niche_radius=radius, mutation=0.3, mutation_scale=0.02)
        history: list[Trial] = []
        while len(history) < 400:
            for values in propose(axis, GOAL, genetic, seed, history, 20):
                x = values["x"]
                assert isinstance(x, float)
                history.append(Trial(len(history), values, "complete", (worth(x),)))
        low = np.mean([float(trial.values["x"] or 0) < 0.5 for trial in history[-90:]])
        return float(min(low, 1 - low))

    without, with_niches = (np.mean([smaller_share(radius, seed) for seed in range(5)]) for radius in (0.0, 0.2))
    assert with_niches > without + 0.1


def test_elites_stay_parents_for_ever() -> None:
    genetic = GeneticSettings(population=6, elites=1, crossover=0.0, mutation=0.0, tournament=50, niche_radius=0.0)
    star = Trial(0, {"int": 40, "log": 9, "float": 0.5, "step": 1.0, "choice": "a"}, "complete", (99.0,))
    weak = [
        Trial(number, {"int": number, "log": 9, "float": 0.25, "step": 1.0, "choice": "a"}, "complete", (0.0,))
        for number in range(1, 6 + 5 * 3)
    ]
    child = _of_last(genetic, [star, *weak])
    assert child != _of_last(genetic.model_copy(update={"elites": 0}), [star, *weak])


def _of_last(genetic: GeneticSettings, history: list[Trial]) -> float:
    """The pool's best fitness belongs to the star only while elites remember it."""
    from stratkit.research.genetic import _pool

    ended = 6 + 3 * (6 - genetic.elites)
    pool = _pool(SPACE, GOAL, genetic, history[:ended], ended)
    assert pool is not None
    return float(pool.units[int(np.argmax(pool.fitness)), 0])


def test_those_that_keep_the_constraints_come_first_then_the_least_violation() -> None:
    found = [
        Trial(0, {}, "complete", (9.0,), 0.5),
        Trial(1, {}, "complete", (1.0,)),
        Trial(2, {}, "complete", (8.0,), 0.1),
    ]
    assert _order(found, GOAL).tolist() == [1, 2, 0]


def test_of_one_front_the_ends_and_the_emptiest_places_come_first() -> None:
    points = [(0.0, 4.0), (0.1, 3.9), (1.0, 3.0), (4.0, 0.0), (0.0, 0.0)]
    trials = [Trial(number, {}, "complete", point) for number, point in enumerate(points)]
    order = _order(trials, BOTH).tolist()
    assert sorted(order[:2]) == [0, 3]
    assert order[2:] == [2, 1, 4]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_fronts_peel_off_one_by_one(points: list[tuple[int, int, int]]) -> None:
    values = np.array(points, dtype=float)
    ranks = pareto_ranks(values)
    for place, rank in enumerate(ranks):
        above = [
            ranks[other]
            for other in range(len(values))
            if (values[other] >= values[place]).all() and (values[other] > values[place]).any()
        ]
        # it is beaten by somebody of the front before, and by nobody of its own or behind
        assert (max(above) + 1 if above else 0) == rank


def test_crowding_bears_what_has_no_value() -> None:
    values = np.array([[-np.inf, 1.0], [0.0, 0.5], [1.0, 0.0], [-np.inf, -np.inf]])
    assert not np.isnan(crowding(values, np.zeros(4, np.int64))).any()


def test_rules_between_parameters_are_kept_from_the_start() -> None:
    rules = ConstraintSettings(parameters=("fast * 3 < slow",))
    search = SearchSettings(sampler="genetic", fixed=("direction",), trials=40, constraints=rules)
    result = run_search(search, Formula(peak))
    assert all(trial.values[FAST] * 3 < trial.values[SLOW] for trial in result.trials)  # type: ignore[operator]  # numbers


@pytest.mark.parametrize(
    "change",
    [
        {"population": 10}, {"elites": 5}, {"tournament": 8}, {"crossover": 0.1}, {"mutation": 0.9},
        {"mutation_scale": 0.9}, {"niche_radius": 0.5},
    ],
)  # fmt: skip
def test_every_setting_changes_the_search(change: dict[str, float]) -> None:
    base = SearchSettings(sampler="genetic", fixed=("direction",), trials=70)
    other = base.model_copy(update={"genetic": GeneticSettings.model_validate(change)})
    assert shown(run_search(base, Formula(peak))) != shown(run_search(other, Formula(peak)))
