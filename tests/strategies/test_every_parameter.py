"""Every parameter of every built-in strategy changes what is said, not only how long it is silent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.errors import ParameterError
from stratkit.strategies.catalog import STRATEGIES, build_strategy, find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import ParameterValue, SearchParameter, search_space
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import Signals
from stratkit.testing import sample_bars

ON_BARS_ALONE = [
    name for name in STRATEGIES if not any(need.startswith("series:") for need in find_strategy(name).needs)
]
# what has no bounds is text
TEXTS: dict[str, list[ParameterValue]] = {
    "long": ["crosses_above(close, sma(30))"],
    "short": ["close < sma(200) and rsi(2) > 90"],
    "exit": ["close > sma(10)"],
    "haven": ["FULL"],
}
PARAMETERS = [(name, each.name) for name in ON_BARS_ALONE for each in search_space(find_strategy(name).Params)]


@cache
def bars() -> Bars:
    return sample_bars(1000)


@cache
def context() -> Context:
    return Context(bars())


def signals_of(name: str, params: dict[str, Any]) -> Signals | None:
    """None where the values do not go together."""
    try:
        return run_strategy(build_strategy(name, params), context())
    except ParameterError:
        return None


def differ(one: Signals, other: Signals) -> bool:
    """Whether something else is said on bars on which both may speak, or another plan goes with it."""
    spoken = slice(max(one.warmup_bars, other.warmup_bars), None)
    panels, others = one.panels(), other.panels()
    same = panels.keys() == others.keys() and all(
        np.array_equal(panel[spoken], others[key][spoken], equal_nan=panel.dtype.kind == "f")
        for key, panel in panels.items()
    )
    return not same or one.exit_plan != other.exit_plan


def other_values(parameter: SearchParameter) -> list[ParameterValue | None]:
    """Values around the default and at the bounds; every other choice."""
    if parameter.kind == "choice":
        return [value for value in parameter.choices if value != parameter.default]
    if parameter.kind == "fixed":
        return [*TEXTS[parameter.name]]
    assert parameter.low is not None
    assert parameter.high is not None
    near = [parameter.default * factor for factor in (0.5, 0.8, 1.25, 2.0)]  # type: ignore[operator]  # a number
    values = [min(max(value, parameter.low), parameter.high) for value in (*near, parameter.low, parameter.high)]
    whole = [round(value) for value in values] if parameter.kind == "int" else values
    return [value for value in dict.fromkeys(whole) if value != parameter.default]


def settings_beside(name: str) -> Iterator[dict[str, Any]]:
    """The defaults, and each other mode: some parameters belong to one mode only."""
    yield {}
    if name == "pairs":  # else so few pass the test that it does not matter how many are tested
        yield {"p_value": 0.5}
    for parameter in search_space(find_strategy(name).Params):
        if parameter.kind == "choice":
            yield from ({parameter.name: value} for value in other_values(parameter))


@pytest.mark.parametrize(("name", "changed"), PARAMETERS, ids=[f"{name}-{changed}" for name, changed in PARAMETERS])
def test_every_parameter_changes_what_is_said(name: str, changed: str) -> None:
    parameter = next(each for each in search_space(find_strategy(name).Params) if each.name == changed)
    for beside in settings_beside(name):
        before = signals_of(name, beside)
        assert before is not None
        found = (signals_of(name, {**beside, changed: value}) for value in other_values(parameter))
        if any(differ(before, after) for after in found if after is not None):
            return
    pytest.fail(f"{changed} of {name} changes nothing")
