"""What a search varies: a strategy's typed parameters, and any key of the configuration."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_cases import DIRECTION, FAST, SLOW, cross_config

from stratkit.errors import ConfigError, UsageError
from stratkit.research.assignment import assigned
from stratkit.research.dimensions import canonical, point_key, unit_of, value_at, value_count, value_of
from stratkit.research.proposer import grid_point, point_count
from stratkit.research.search_settings import SearchSettings
from stratkit.research.search_space import search_space_of
from stratkit.strategies.parameters import SearchParameter
from stratkit.strategies.settings import StrategySettings


def space(**settings: object) -> dict[str, SearchParameter]:
    found = search_space_of(cross_config(), SearchSettings.model_validate(settings))
    return {dimension.name: dimension for dimension in found}


def test_the_space_is_what_the_strategy_declares_in_its_order() -> None:
    found = space()
    assert list(found) == [FAST, SLOW, DIRECTION]
    assert (found[FAST].low, found[FAST].high, found[FAST].log, found[FAST].default) == (2, 200, True, 5)
    assert found[DIRECTION].choices == ("both", "long_only")


def test_several_strategies_carry_their_names_and_a_short_name_must_be_one() -> None:
    settings = StrategySettings(enabled=True, type="sma_cross")
    off = StrategySettings(enabled=False, type="sma_cross")
    config = cross_config().model_copy(update={"strategies": {"a": settings, "b": settings, "c": off}})
    keys = [one.name for one in search_space_of(config, SearchSettings(fixed=("a.params.direction",)))]
    assert keys == [f"strategies.{key}" for key in ("a.params.fast", "a.params.slow")] + [
        f"strategies.b.params.{name}" for name in ("fast", "slow", "direction")
    ]
    with pytest.raises(UsageError, match="'fast' must name one key; 2 end like this"):
        search_space_of(config, SearchSettings(fixed=("fast",)))


def test_what_is_fixed_is_left_out_and_ranges_replace_what_was_declared() -> None:
    found = space(fixed=("direction", SLOW), space={"fast": {"high": 30}})
    assert list(found) == [FAST]
    assert (found[FAST].low, found[FAST].high, found[FAST].log) == (2, 30, True)
    stepped = space(space={"slow": {"low": 50, "high": 200, "step": 50, "log": False}})[SLOW]
    assert [value_at(stepped, place) for place in range(value_count(stepped) or 0)] == [50, 100, 150, 200]
    assert space(space={"fast": {"choices": [5, 8]}})[FAST].choices == (5, 8)


@pytest.mark.parametrize(
    ("key", "ranges", "kind", "ends"),
    [
        ("risk.caps.max_symbol_pct", {"low": 5, "high": 50}, "float", (5.0, 50.0)),
        ("risk.caps.max_open_positions", {"low": 1, "high": 5}, "int", (1, 5)),
        ("risk.sizing.scale_by_confidence", {}, "choice", (False, True)),
        ("risk.caps.on_breach", {}, "choice", ("reject", "scale")),
        ("exit_plan.sl", {"low": 0.5, "high": 3}, "float", (0.5, 3.0)),
        ("exit_plan.time_stop_bars", {"choices": [None, 5, 20]}, "choice", (None, 20)),
        ("strategies.cross.weight", {"low": 0.5, "high": 2}, "float", (0.5, 2.0)),
        ("strategies.cross.risk_budgets.max_at_risk_pct", {"low": 10, "high": 90}, "float", (10.0, 90.0)),
        ("combine.min_confidence", {"low": 0, "high": 0.5}, "float", (0.0, 0.5)),
    ],
)
def test_any_key_of_the_configuration_has_the_kind_of_its_field(
    key: str, ranges: dict[str, object], kind: str, ends: tuple[object, object]
) -> None:
    dimension = space(space={key: ranges})[key]
    assert dimension.kind == kind
    found = (value_of(dimension, 0.0), value_of(dimension, 1.0))
    assert found == ends
    assert [type(value) for value in found] == [type(value) for value in ends]
    for value in found:
        assigned(cross_config(), {key: value})  # the configuration takes it


@pytest.mark.parametrize(
    ("key", "ranges", "said"),
    [
        ("risk.caps.max_symbol_pc", {"low": 1, "high": 2}, "did you mean 'max_symbol_pct'"),
        ("rsk.caps.max_symbol_pct", {"low": 1, "high": 2}, "did you mean 'risk'"),
        ("strategies.cros.weight", {"low": 1, "high": 2}, "did you mean 'cross'"),
        ("strategies.cross.params.fst", {"low": 1, "high": 2}, "did you mean 'fast'"),
        ("risk.caps", {"low": 1, "high": 2}, "must be the key of one value"),
        ("risk.caps.max_symbol_pct", {"low": 0, "high": 50}, "does not take 0.0"),
        ("risk.caps.max_symbol_pct", {"low": 1}, "give low and high"),
        ("risk.caps.max_symbol_pct", {"choices": ["much"]}, "does not take 'much'"),
        ("risk.sizing.rule", {"choices": ["martingale"]}, "does not take 'martingale'"),
        ("analytics.benchmark", {}, "there is no key|give the choices"),
        ("data.start", {"choices": ["2010-01-01"]}, "must not vary data.start"),
        ("seed", {"low": 0, "high": 5}, "must not vary seed"),
        ("strategies.cross.enabled", {}, "must not vary strategies.cross.enabled"),
        ("fast", {"low": 1}, "must be a whole number between 2 and 200; found 1"),
        ("fast", {"low": 30, "high": 20}, "low must not be above high"),
        ("fast", {"low": 2.5}, "low of .*fast must be a whole number"),
        ("fast", {"step": 2}, "must have a step or a log scale; found both"),
        ("direction", {"low": 1, "high": 2}, "give choices, no bounds"),
        ("direction", {"choices": ["both", "short_only"]}, "must be one of both, long_only"),
        ("exit_plan.sl", {"low": -1, "high": 2, "log": True}, "needs a low above 0"),
    ],
)
def test_what_a_key_does_not_take_is_refused(key: str, ranges: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        space(space={key: ranges})


def test_a_search_without_anything_to_vary_is_refused() -> None:
    with pytest.raises(ConfigError, match="must have something to vary"):
        space(fixed=("fast", "slow", "direction"))
    with pytest.raises(ConfigError, match="must not both name"):
        space(fixed=("fast",), space={"fast": {"low": 5}})


NUMBERS = st.integers(-50, 50)


@st.composite
def dimensions(draw: st.DrawFn) -> SearchParameter:
    kind = draw(st.sampled_from(["int", "float", "choice"]))
    if kind == "choice":
        values = draw(st.lists(st.sampled_from([None, True, False, 1, 2, 0.5, "a"]), min_size=1, unique_by=repr))
        return SearchParameter("x", "choice", values[0], "", choices=tuple(values))
    log = draw(st.booleans())
    low = draw(st.integers(1, 50) if log else NUMBERS)
    high = low + draw(st.integers(0, 100))
    if kind == "int":
        step = None if log else draw(st.sampled_from([None, 1, 3, 7]))
        return SearchParameter("x", "int", low, "", low, high, step, log)
    scale = draw(st.sampled_from([1.0, 0.1, 0.01]))
    step_ = None if log else draw(st.sampled_from([None, 0.1, 0.25]))
    return SearchParameter("x", "float", float(low), "", low * scale, high * scale, step_, log)


@given(dimensions(), st.floats(0, 1))
def test_every_place_is_a_value_of_its_kind_within_bounds(dimension: SearchParameter, unit: float) -> None:
    value = value_of(dimension, unit)
    if dimension.kind == "choice":
        assert any(value is choice or (type(value) is type(choice) and value == choice) for choice in dimension.choices)
        return
    assert type(value) is (int if dimension.kind == "int" else float)
    assert isinstance(value, int | float)
    assert dimension.low is not None
    assert dimension.high is not None
    assert dimension.low - 1e-9 <= value <= dimension.high + 1e-9
    if dimension.step:
        steps = (value - dimension.low) / dimension.step
        assert steps == pytest.approx(round(steps), abs=1e-6)


@given(dimensions(), st.floats(0, 1))
def test_a_value_leads_to_its_cell_and_back(dimension: SearchParameter, unit: float) -> None:
    value = value_of(dimension, unit)
    back = value_of(dimension, unit_of(dimension, value))
    if isinstance(value, float) and dimension.step is None:
        assert back == pytest.approx(value, rel=1e-9, abs=1e-12)
    else:
        assert point_key({"x": back}) == point_key({"x": value})


def test_whole_numbers_are_drawn_evenly_also_at_the_ends() -> None:
    dimension = SearchParameter("x", "int", 1, "", low=1, high=4)
    counts = Counter(value_of(dimension, unit) for unit in (np.arange(1000) + 0.5) / 1000)
    assert counts == {1: 250, 2: 250, 3: 250, 4: 250}


def test_a_grid_is_the_product_of_all_values() -> None:
    axes = [
        SearchParameter("a", "int", 1, "", low=1, high=7, step=3),
        SearchParameter("b", "float", 0.0, "", low=0.1, high=0.35, step=0.1),
        SearchParameter("c", "choice", None, "", choices=(None, True)),
    ]
    assert point_count(axes) == 3 * 3 * 2
    points = [tuple(grid_point(axes, place).values()) for place in range(18)]
    assert points == [(a, b, c) for a in (1, 4, 7) for b in (0.1, 0.2, 0.3) for c in (None, True)]
    assert point_count([SearchParameter("d", "float", 0.0, "", low=0.0, high=1.0)]) is None


def test_true_and_one_are_two_points_and_rounding_dust_is_none() -> None:
    assert point_key({"x": True}) != point_key({"x": 1})
    stepped = SearchParameter("x", "float", 0.1, "", low=0.1, high=1.0, step=0.1)
    assert canonical([stepped], {"x": 0.1 + 0.2}) == {"x": 0.3}
