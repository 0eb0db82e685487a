"""The centre of the plateau: a broad hill is chosen before a needle, however the trials crowd around the needle."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_searches import FAST, SIDE, SLOW, numbers, random_values, result_of, with_trial

from stratkit.errors import UsageError
from stratkit.research.landscape import landscape, unit_place, unit_points, value_at_place
from stratkit.research.plateau import (
    RADIUS,
    Neighbourhood,
    neighbourhood_on,
    plateau_of,
    robust_choice,
    smoothed_heights,
)
from stratkit.research.search_result import Objective, SearchResult
from stratkit.research.trials import Assignment
from stratkit.strategies.parameters import SearchParameter

NONE: Any = None  # a choice that switches a block off
SQUARE = numbers(("x", 0.0, 1.0), ("y", 0.0, 1.0))


def needle_and_hill(values: Assignment) -> float:
    """A needle of height 3 at (0.9, 0.9), a hill of height 2 around (0.3, 0.3)."""
    x, y = at(values, "x"), at(values, "y")
    needle = 3.0 if math.hypot(x - 0.9, y - 0.9) < 0.02 else 0.0
    return max(needle, 2.0 * math.exp(-((x - 0.3) ** 2 + (y - 0.3) ** 2) / 0.05))


def near_needle(result: SearchResult) -> float:
    """Return the mean objective of the trials around the needle."""
    away = [(at(trial.values, "x") - 0.9, at(trial.values, "y") - 0.9) for trial in result.trials]
    return float(np.mean([one.objectives[0] for one, by in zip(result.trials, away) if math.hypot(*by) < 0.1]))


def at(values: Assignment, name: str) -> float:
    return float(values[name])  # type: ignore[arg-type]  # a number


def test_best_is_the_needle_and_robust_the_hill() -> None:
    values = [*random_values(SQUARE, 300), {"x": 0.9, "y": 0.9}]
    result = result_of(SQUARE, values, needle_and_hill)
    assert result.best == 300
    chosen = result.trials[robust_choice(result)].values
    assert math.hypot(at(chosen, "x") - 0.3, at(chosen, "y") - 0.3) < 0.08


def test_a_crowd_around_the_needle_counts_for_one_place() -> None:
    crowd: list[Assignment] = [{"x": 0.9 + 0.0005 * at, "y": 0.9} for at in range(-30, 30)]
    values = [*random_values(SQUARE, 200), *crowd]
    result = result_of(SQUARE, values, needle_and_hill)
    assert near_needle(result) > 2.0  # a plain mean over all of them would choose the needle
    assert at(result.trials[robust_choice(result)].values, "x") < 0.5


def neighbourhood(result: SearchResult, number: int, radius: float = RADIUS) -> Neighbourhood:
    plateau = plateau_of(result)
    assert plateau is not None
    return neighbourhood_on(plateau, result, number, radius)


def line(*heights: float, step: float = 0.02, kind: Literal["maximize", "minimize"] = "maximize") -> SearchResult:
    """Trials at 0, step, 2 step ... between 0 and 1."""
    values = [{"x": place * step} for place in range(len(heights))]
    return result_of(
        numbers(("x", 0.0, 1.0)), values, lambda one: heights[round(at(one, "x") / step)],
        objective=Objective("sharpe", kind),
    )  # fmt: skip


def test_the_smoothed_height_is_the_weighted_mean_that_is_worked_out_by_hand() -> None:
    # 0, 0.04 and 0.08 lie within 0.1 of each other; within half of it 0 has 2, 0.04 has 3, 0.08 has 2. 0.5 stands alone
    space = numbers(("x", 0.0, 1.0))
    result = result_of(space, [{"x": 0.0}, {"x": 0.04}, {"x": 0.08}, {"x": 0.5}],
                       lambda one: {0.0: 1.0, 0.04: 5.0, 0.08: 3.0, 0.5: -2.0}[at(one, "x")])  # fmt: skip
    land = landscape(result)
    assert land is not None
    three = (1.0 / 2 + 5.0 / 3 + 3.0 / 2) / (1 / 2 + 1 / 3 + 1 / 2)
    # the nearest three of the one that stands alone are itself, 0.08 and 0.04
    alone = (-2.0 + 3.0 / 2 + 5.0 / 3) / (1 + 1 / 2 + 1 / 3)
    assert smoothed_heights(land).tolist() == pytest.approx([three, three, three, alone])


def test_less_is_better_where_the_objective_is_minimized() -> None:
    heights = [5.0] * 10 + [1.0] * 12 + [5.0] * 10 + [0.0] + [5.0] * 10
    low = line(*heights, kind="minimize")
    assert low.best == 32
    assert robust_choice(low) in range(14, 18)
    assert robust_choice(line(*[-height for height in heights])) == robust_choice(low)


def test_trials_that_were_pruned_pull_down_and_are_never_chosen() -> None:
    heights = [2.0] * 20 + [0.0] * 16 + [1.9] * 20
    result = line(*heights, step=0.015)
    assert robust_choice(result) < 20
    for number in range(0, 20, 2):
        result = with_trial(result, number, state="pruned", objectives=())
    assert robust_choice(result) >= 36


def test_a_trial_that_misses_a_constraint_lends_its_height_to_nobody() -> None:
    result = line(*([2.0] * 20 + [0.0] * 16 + [1.9] * 20), step=0.015)
    for number in range(0, 20, 2):
        result = with_trial(result, number, violation=1.0)
    assert robust_choice(result) >= 36


def test_where_a_rule_forbids_trials_there_is_no_land() -> None:
    result = line(*([0.0] * 20 + [2.0] * 30), step=0.01)
    for number in range(30, 50):
        result = with_trial(result, number, state="infeasible", objectives=())
    beside = neighbourhood(result, 29, radius=0.055)
    assert (beside.count, beside.others, beside.worst) == (5, 0, 2.0)
    for number in range(30, 50):
        result = with_trial(result, number, state="failed", objectives=())
    assert neighbourhood(result, 29, radius=0.055).others == 5


def test_without_a_feasible_trial_nothing_is_chosen() -> None:
    result = with_trial(line(1.0), 0, violation=2.0)
    with pytest.raises(UsageError, match="relax the constraints"):
        robust_choice(result)
    with pytest.raises(UsageError, match="trial 1 must be feasible"):
        neighbourhood(with_trial(line(1.0, 2.0), 1, violation=2.0), 1)


def test_the_neighbourhood_counts_what_is_near_without_itself() -> None:
    found = neighbourhood(line(1.0, 2.0, 3.0, 4.0, 9.0, 5.0, 6.0, 7.0, 8.0, 0.0, 0.0), 4)
    # trials 0 to 9 lie within 5 steps of 0.02
    assert (found.count, found.others, found.radius) == (9, 0, RADIUS)
    assert (found.objective, found.median, found.worst) == (9.0, 4.0, 0.0)
    nearer = neighbourhood(line(1.0, 2.0, 3.0, 4.0, 9.0, 5.0), 4, radius=0.03)
    assert (nearer.count, nearer.median, nearer.worst) == (2, 4.5, 4.0)


def test_what_is_tried_twice_counts_once_and_what_failed_is_told_apart() -> None:
    space = numbers(("x", 0.0, 1.0))
    result = result_of(space, [{"x": 0.5}, {"x": 0.5}, {"x": 0.52}, {"x": 0.48}, {"x": 0.9}], lambda _: 1.0)
    result = with_trial(result, 3, state="failed", objectives=())
    found = neighbourhood(result, 1)
    assert (found.count, found.others) == (1, 1)


def test_nobody_near_is_said_as_nothing() -> None:
    found = neighbourhood(line(1.0, 2.0, step=0.5), 1)
    assert found.count == 0
    assert math.isnan(found.median)
    assert math.isnan(found.worst)


def test_a_choice_counts_as_far_as_a_whole_range_and_a_log_scale_by_its_ratio() -> None:
    space = (FAST, SLOW, SIDE)
    names = [one.name for one in space]
    sets: list[Assignment] = [
        dict(zip(names, one)) for one in ((2, 20, "both"), (60, 20, "both"), (2, 89, "both"), (2, 20, "long_only"))
    ]
    result = result_of(space, sets, lambda _: 1.0)
    land = landscape(result)
    assert land is not None
    _, apart = next(land.distances(np.array([0])))
    log_place = math.log(89 / 20) / math.log(400 / 20)
    assert apart.tolist() == pytest.approx([0.0, 1 / 3, log_place / 3, 1 / 3])


def test_true_is_another_choice_than_one() -> None:
    space = (SearchParameter("c", "choice", 1, "", choices=(1, True, NONE)),)
    points = unit_points(space, [{"c": 1}, {"c": True}, {"c": None}])
    assert points.tolist() == [[0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]


@given(
    low=st.integers(1, 50), width=st.integers(1, 500), place=st.floats(0, 1), log=st.booleans(), step=st.integers(1, 7)
)
def test_a_value_at_a_place_can_be_taken(low: int, width: int, place: float, log: bool, step: int) -> None:
    one = SearchParameter("n", "int", low, "", low, low + width, step=1 if log else step, log=log)
    value = value_at_place(one, place)
    assert isinstance(value, int)
    assert low <= value <= low + width
    assert (value - low) % (one.step or 1) == 0
    assert value_at_place(one, unit_place(one, value)) == value
