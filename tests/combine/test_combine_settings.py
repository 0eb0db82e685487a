"""The settings of the room, and what contradicts what."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from stratkit.combine.codes import METHODS
from stratkit.combine.settings import CombineSettings, GlobalSettings, Method, method_of
from stratkit.errors import UsageError


@pytest.mark.parametrize(
    ("method", "dedupe", "found"),
    [
        (None, True, "highest_confidence"),
        (None, False, "independent"),
        ("independent", True, "independent"),
        ("independent", False, "independent"),
        ("majority", True, "majority"),
    ],
)
def test_the_method_follows_from_both_settings(method: Any, dedupe: bool, found: str) -> None:
    assert method_of(CombineSettings(method=method), GlobalSettings(dedupe_by_symbol=dedupe)) == found


@pytest.mark.parametrize("method", [name for name in METHODS if name != "independent"])
def test_one_position_per_strategy_contradicts_a_method_that_blends(method: Any) -> None:
    with pytest.raises(UsageError, match=f"must be independent; found {method}: leave one of the two settings out"):
        method_of(CombineSettings(method=method), GlobalSettings(dedupe_by_symbol=False))


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (CombineSettings, {"method": "loudest"}),
        (CombineSettings, {"min_confidence": 1.1}),
        (CombineSettings, {"min_confidence": -0.1}),
        (CombineSettings, {"threshold": 0.0}),
        (CombineSettings, {"threshold": 1.1}),
        (CombineSettings, {"min_strategies": 0}),
        (CombineSettings, {"minimum": 1}),
        (GlobalSettings, {"max_total_proposals_per_cycle": 0}),
        (GlobalSettings, {"on_error": "ignore"}),
        (GlobalSettings, {"time_limit_seconds": 0.0}),
        (GlobalSettings, {"dedupe": True}),
    ],
)
def test_what_is_out_of_bounds_or_unknown_is_refused(model: type[BaseModel], wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        model(**wrong)


@pytest.mark.parametrize("model", [CombineSettings, GlobalSettings])
def test_every_setting_is_described(model: type[BaseModel]) -> None:
    assert all(field.description for field in model.model_fields.values())


def test_the_codes_of_methods_are_those_of_the_setting() -> None:
    assert get_args(Method) == METHODS
