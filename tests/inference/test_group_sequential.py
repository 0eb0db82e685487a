"""Bounds for a few looks: published tables, one look, and false alarms that are counted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.errors import UsageError
from stratkit.inference.comparison import Alternative
from stratkit.inference.group_sequential import (
    crossing,
    obrien_fleming_bounds,
    obrien_fleming_spending,
    pocock_bounds,
    pocock_spending,
    spending_bounds,
)
from stratkit.inference.power import critical_z
from stratkit.panel import FloatArray
from stratkit.seeds import generator

FIFTHS = np.arange(1, 6) / 5


@pytest.mark.parametrize("expected", [pytest.param([4.877, 3.357, 2.680, 2.290, 2.031], id="gs-lan-demets-obf-k5")])
def test_lan_and_demets_five_bounds_are_reproduced(expected: list[float]) -> None:
    # Lan and DeMets (1983), as gsDesign and ldbounds print them
    found = spending_bounds(FIFTHS, obrien_fleming_spending(FIFTHS))
    assert found == pytest.approx(np.array(expected), abs=1.1e-3)


@pytest.mark.parametrize(("constant", "z"), [pytest.param(2.040, [4.562, 3.226, 2.634, 2.281, 2.040], id="gs-obf-k5")])
def test_the_obrien_fleming_table_is_reproduced(constant: float, z: list[float]) -> None:
    # Jennison and Turnbull (2000), table 2.3
    assert crossing(FIFTHS, constant / np.sqrt(FIFTHS))[-1] == pytest.approx(0.05, abs=1e-4)
    assert constant / np.sqrt(FIFTHS) == pytest.approx(np.array(z), abs=6e-4)
    assert obrien_fleming_bounds(FIFTHS) == pytest.approx(np.array(z), abs=1.5e-3)


@pytest.mark.parametrize("constant", [pytest.param(2.413, id="gs-pocock-k5")])
def test_the_pocock_table_is_reproduced(constant: float) -> None:
    # Jennison and Turnbull (2000), table 2.1
    assert crossing(FIFTHS, np.full(5, constant))[-1] == pytest.approx(0.05, abs=1e-4)
    assert pocock_bounds(FIFTHS)[0] == pytest.approx(constant, abs=6e-4)


# Armitage, McPherson, Rowe (1969), table 2: repeated tests at 5 % on accumulating data
@pytest.mark.parametrize(
    ("looks", "chance"), [(1, 0.050), (2, 0.083), (3, 0.107), (5, 0.142), (10, 0.193), (50, 0.320)]
)
def test_peeking_has_its_published_price(looks: int, chance: float) -> None:
    times = np.arange(1, looks + 1) / looks
    assert crossing(times, np.full(looks, 1.96))[-1] == pytest.approx(chance, abs=6e-4)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_one_look_is_the_fixed_test(alternative: Alternative) -> None:
    for bounds in (
        pocock_bounds(np.ones(1), 0.01, alternative),
        obrien_fleming_bounds(np.ones(1), 0.01, alternative),
        spending_bounds(np.ones(1), obrien_fleming_spending(np.ones(1), 0.01, alternative), alternative),
        spending_bounds(np.ones(1), pocock_spending(np.ones(1), 0.01), alternative),
    ):
        assert bounds == pytest.approx(critical_z(0.01, alternative), rel=1e-9)


def paths(times: FloatArray, drift: float, count: int) -> FloatArray:
    """z statistics at each look of `count` Brownian paths."""
    steps = np.diff(times, prepend=0.0)
    moves = np.sqrt(steps) * generator(0, "paths").standard_normal((count, len(times))) + drift * steps
    return np.asarray(moves.cumsum(axis=1) / np.sqrt(times))


@pytest.mark.parametrize(("drift", "alternative"), [(0.0, "two-sided"), (1.5, "two-sided"), (1.5, "greater")])
def test_crossings_that_are_counted_are_those_computed(drift: float, alternative: Alternative) -> None:
    times, bounds = np.array([0.1, 0.35, 0.4, 1.0]), np.array([1.5, 2.0, 1.2, 1.4])
    z = paths(times, drift, 200_000)
    over = (np.abs(z) if alternative == "two-sided" else z) > bounds
    counted = np.maximum.accumulate(over, axis=1).mean(axis=0)
    assert crossing(times, bounds, drift, alternative) == pytest.approx(counted, abs=0.005)


@settings(max_examples=25, deadline=None)  # each computes several integrals
@given(
    st.lists(st.floats(0.05, 1.0), min_size=1, max_size=8),
    st.sampled_from([0.01, 0.05]),
    st.sampled_from(["two-sided", "greater"]),
)
def test_bounds_spend_what_they_may(gaps: list[float], alpha: float, alternative: Alternative) -> None:
    times = np.cumsum(gaps) / sum(gaps)
    for spent in (obrien_fleming_spending(times, alpha, alternative), pocock_spending(times, alpha)):
        bounds = spending_bounds(times, spent, alternative)
        assert crossing(times, bounds, 0.0, alternative) == pytest.approx(spent, abs=1e-8)
    for bounds in (pocock_bounds(times, alpha, alternative), obrien_fleming_bounds(times, alpha, alternative)):
        assert crossing(times, bounds, 0.0, alternative)[-1] == pytest.approx(alpha, abs=1e-8)


def test_a_look_that_may_spend_nothing_has_no_bound() -> None:
    times = np.array([0.001, 0.5, 1.0])
    bounds = spending_bounds(times, obrien_fleming_spending(times))
    assert bounds[0] == math.inf
    assert bounds[1:] == pytest.approx(spending_bounds(times[1:], obrien_fleming_spending(times[1:])), rel=1e-9)


def test_many_looks_are_still_exact() -> None:
    times = np.arange(1, 121) / 120
    bounds = spending_bounds(times, obrien_fleming_spending(times))
    assert crossing(times, bounds)[-1] == pytest.approx(0.05, abs=1e-7)
    # more than after five looks, less than of a path that is watched all the time: 4 (1 - Phi(2.2414)) = 5 %
    assert 2.031 < bounds[-1] < 2.2414


def test_a_horizon_that_is_not_reached_spends_less() -> None:
    assert obrien_fleming_spending(np.array([0.5, 0.8]))[-1] < 0.05


@pytest.mark.parametrize("wrong", [[], [0.0, 1.0], [0.5, 0.5], [0.5, 1.2]])
def test_looks_that_do_not_rise_to_the_horizon_are_refused(wrong: list[float]) -> None:
    with pytest.raises(UsageError, match="rising shares of the planned horizon"):
        crossing(np.array(wrong), np.full(len(wrong), 2.0))


@pytest.mark.parametrize("wrong", [[0.03, 0.02], [0.02, 1.0], [0.05], [0.0, 0.0]])
def test_an_error_that_cannot_be_spent_is_refused(wrong: list[float]) -> None:
    with pytest.raises(UsageError, match="error spent must rise"):
        spending_bounds(np.array([0.5, 1.0]), np.array(wrong))
