"""Which parameter matters, and the maps of two of them: only what was tried, each cell its own trials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from made_searches import FAST, SIDE, SLOW, crossing_search, numbers, random_values, result_of

from stratkit.research.heatmaps import BINS, heatmaps
from stratkit.research.importance import LEAST_TRIALS, Method, importances
from stratkit.strategies.parameters import SearchParameter

NONE: Any = None  # a choice that switches a block off
CUBE = numbers(("much", 0.0, 1.0), ("little", 0.0, 1.0), ("none", 0.0, 1.0))


@pytest.mark.parametrize("method", ["fanova", "ped_anova"])
def test_the_parameter_that_moves_the_objective_comes_first(method: Method) -> None:
    result = result_of(CUBE, random_values(CUBE, 120), lambda one: 3 * float(one["much"]) + float(one["little"]))  # type: ignore[arg-type]
    found = importances(result, method)
    assert next(iter(found.shares)) == "much"
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert found.shares["none"] < 0.1
    assert (found.method, found.trials, found.reason) == (method, 120, "")
    assert "ANOVA" in found.said


def test_the_same_trials_give_the_same_shares() -> None:
    result = crossing_search(80)
    assert importances(result) == importances(result)


def test_a_choice_can_matter_most_and_one_that_never_moved_does_not() -> None:
    kind = SearchParameter("kind", "choice", "a", "", choices=("a", "b", NONE))
    still = SearchParameter("still", "int", 3, "", 1, 9)
    values = [
        {**one, "kind": ("a", "b", None)[at % 3], "still": 3} for at, one in enumerate(random_values(CUBE[:1], 60))
    ]
    found = importances(result_of((*CUBE[:1], kind, still), values, lambda one: 5.0 if one["kind"] is None else 0.0))
    assert next(iter(found.shares)) == "kind"
    assert found.shares["still"] == 0.0


def test_what_cannot_be_said_is_given_a_reason() -> None:
    few = result_of(CUBE, random_values(CUBE, LEAST_TRIALS - 1), lambda one: float(one["much"]))  # type: ignore[arg-type]
    assert importances(few).reason == "at least 16 trials with an objective are needed; there are 15"
    flat = result_of(CUBE, random_values(CUBE, 30), lambda _: 1.0)
    assert importances(flat).reason == "all trials came to the same objective"
    alone = result_of(CUBE[:1], random_values(CUBE[:1], 30), lambda one: float(one["much"]))  # type: ignore[arg-type]
    assert "one parameter" in importances(alone).reason
    assert not importances(alone).shares


def test_a_grid_has_exact_cells_and_what_was_not_tried_stays_empty() -> None:
    names = (FAST.name, SLOW.name)
    tried = [(10, 100), (10, 200), (20, 100), (30, 200)]
    heights = {(10, 100): 1.0, (10, 200): 2.0, (20, 100): 3.0, (30, 200): 4.0}
    result = result_of((FAST, SLOW), [dict(zip(names, one)) for one in tried],
                       lambda one: heights[int(one[FAST.name]), int(one[SLOW.name])], sampler="grid")  # type: ignore[arg-type]  # fmt: skip
    (found,) = heatmaps(result, names)
    assert (found.across.labels, found.down.labels) == (("10", "20", "30"), ("100", "200"))
    assert found.across.exact
    assert np.array_equal(found.mean, [[1.0, 3.0, math.nan], [2.0, math.nan, 4.0]], equal_nan=True)
    assert found.count.tolist() == [[1, 1, 0], [1, 0, 1]]


def test_numbers_that_are_not_on_a_grid_are_put_in_bins_whose_means_are_worked_out_by_hand() -> None:
    space = (FAST, SIDE)
    sets = [
        {FAST.name: fast, SIDE.name: side} for fast, side in ((2, "both"), (6, "both"), (7, "both"), (60, "long_only"))
    ]
    result = result_of(space, sets, lambda one: float(one[FAST.name]))  # type: ignore[arg-type]
    (found,) = heatmaps(result, (FAST.name, SIDE.name))
    # 59 values in bins of 5: 2 to 6, 7 to 11 ... 57 to 60
    assert found.across.labels[:2] == ("2 to 6", "7 to 11")
    assert found.across.labels[-1] == "57 to 60"
    assert len(found.across.labels) == BINS
    assert not found.across.exact
    assert found.mean[0, :2].tolist() == [4.0, 7.0]
    assert found.mean[1, -1] == 60.0
    assert np.isnan(found.mean).sum() == 2 * BINS - 3
    assert found.count.sum() == 4


def test_a_log_scale_has_bins_of_equal_ratio() -> None:
    (one,) = numbers(("x", 1.0, 4096.0), log=True)
    (other,) = numbers(("y", 0.0, 1.0))
    result = result_of((one, other), [{"x": 2.0**at * 1.01, "y": 0.5} for at in range(12)], lambda _: 1.0)
    (found,) = heatmaps(result, ("x", "y"))
    assert found.across.labels[0] == "1 to 2"
    assert found.count.sum(axis=0).tolist() == [1] * 12


def test_no_bin_lies_between_two_whole_numbers() -> None:
    one = SearchParameter("n", "int", 1, "", 1, 30, log=True)
    result = result_of((one, SIDE), [{"n": at, SIDE.name: "both"} for at in range(1, 31)], lambda _: 1.0)
    (found,) = heatmaps(result, ("n", SIDE.name))
    assert found.across.labels[:3] == ("1", "2", "3")
    assert found.count[0].min() > 0
    assert found.count[0].sum() == 30


def test_pairs_come_in_the_order_of_importance_and_only_as_many_as_asked() -> None:
    result = crossing_search(60)
    keys = [one.name for one in result.space]
    found = heatmaps(result, keys, pairs=4)
    assert [(keys.index(one.across.name), keys.index(one.down.name)) for one in found] == [
        (0, 1),
        (0, 2),
        (0, 3),
        (1, 2),
    ]
    complete = [trial for trial in result.complete if math.isfinite(trial.objectives[0])]
    assert {int(one.count.sum()) for one in found} == {len(complete)}
    assert not heatmaps(result, keys[:1])


def test_equal_sets_of_values_count_once() -> None:
    result = result_of((FAST, SIDE), [{FAST.name: 5, SIDE.name: "both"}] * 3, lambda _: 1.0)
    (found,) = heatmaps(result, (FAST.name, SIDE.name))
    assert found.count.sum() == 1
