"""Typed parameters: bounds, the search space, and what a wrong value is told."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import ValidationError, model_validator

from stratkit.errors import ParameterError
from stratkit.strategies.parameters import Parameters, SearchParameter, bounded, build_parameters, choice, search_space


class Sample(Parameters):
    window: int = bounded(14, low=2, high=100, step=2, log=True, description="bars")
    width: float = bounded(2.0, low=0.5, high=4.0, description="deviations")
    direction: Literal["both", "long_only"] = choice("both", description="sides")
    strict: bool = choice(False, description="on or off")
    label: str = "x"

    @model_validator(mode="after")
    def _hold_together(self) -> Sample:
        if self.width > self.window:
            raise ValueError(f"width must not pass window; found width={self.width:g}, window={self.window}")
        return self


def test_the_search_space_lists_every_parameter_in_order() -> None:
    assert search_space(Sample) == (
        SearchParameter("window", "int", 14, "bars", 2, 100, 2, True),
        SearchParameter("width", "float", 2.0, "deviations", 0.5, 4.0),
        SearchParameter("direction", "choice", "both", "sides", choices=("both", "long_only")),
        SearchParameter("strict", "choice", False, "on or off", choices=(False, True)),
        SearchParameter("label", "fixed", "x", ""),
    )


@pytest.mark.parametrize("values", [{"window": 2}, {"window": 100}, {"width": 4}, {"width": 0.5}, {"strict": True}])
def test_values_on_the_bounds_are_taken(values: dict[str, Any]) -> None:
    built = build_parameters(Sample, values, "sample")
    assert {name: getattr(built, name) for name in values} == values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"window": 101}, "sample: window must be a whole number between 2 and 100; found 101"),
        ({"window": 1}, "sample: window must be a whole number between 2 and 100; found 1"),
        ({"window": 20.5}, "sample: window must be a whole number between 2 and 100; found 20.5"),
        ({"window": "20"}, "sample: window must be a whole number between 2 and 100; found '20'"),
        ({"window": True}, "sample: window must be a whole number between 2 and 100; found True"),
        ({"width": float("nan")}, "sample: width must be a number between 0.5 and 4; found nan"),
        ({"width": 4.5}, "sample: width must be a number between 0.5 and 4; found 4.5"),
        ({"direction": "short"}, "sample: direction must be one of both, long_only; found 'short'"),
        ({"strict": "yes"}, "sample: strict must be one of false, true; found 'yes'"),
        ({"windwo": 5}, "sample: there is no parameter 'windwo'; did you mean 'window'?"),
        ({"window": 3, "width": 3.5}, "sample: width must not pass window; found width=3.5, window=3"),
        ({"label": 5}, "sample: label: Input should be a valid string; found 5"),
    ],
)
def test_a_wrong_value_is_told_what_must_hold_and_what_was_found(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        build_parameters(Sample, values, "sample")
    assert str(caught.value) == message


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ParameterError, match=r"window must be .*; found 0; there is no parameter 'zzz'; known: window"):
        build_parameters(Sample, {"window": 0, "zzz": 1}, "sample")


def test_parameters_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Sample().window = 5  # type: ignore[misc]  # the point of the test


def test_a_default_outside_its_own_bounds_is_found_when_it_is_used() -> None:
    class Wrong(Parameters):
        window: int = bounded(1, low=2, high=10)

    with pytest.raises(ParameterError, match="window must be a whole number between 2 and 10; found 1"):
        build_parameters(Wrong, {}, "wrong")


def test_a_log_scale_needs_a_positive_lower_bound() -> None:
    with pytest.raises(ParameterError, match="a log scale needs a lower bound above 0; found low=0"):
        bounded(1, low=0, high=10, log=True)
