"""Fill profiles: what each bundles, what may be set alone, and that every option reaches the kernel's rules."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from stratkit.engine.layout import RULES_DTYPE
from stratkit.engine.profiles import (
    OPTIONS,
    PROFILE_NAMES,
    PROFILES,
    fill_codes,
    fill_options,
    given_labels,
    is_optimistic,
    override_labels,
    overrides,
    profile_label,
    trades_at_next_open,
)
from stratkit.engine.rules import rule_record
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings, FillProfile
from stratkit.risk.settings import RiskSettings

# the table of docs/execution.md, column by column
TABLE = {
    "intents_fill_at": ("next_open", "this_close", "next_open", "this_close", "next_open"),
    "gapped_stop": ("open", "open", "open", "open", "level"),
    "gapped_target": ("open", "open", "open", "open", "level"),
    "same_bar": ("stop_first", "stop_first", "path", "stop_first", "trailing_last"),
    "entry_bar_exits": (True, True, True, False, True),
    "trailing_moves": ("next_bar", "next_bar", None, "next_bar", "before_test"),  # without meaning on a path
    "opposite_in_bar": (False, True, True, True, True),
    "slippage_on_stops": (True, True, True, False, False),
}
# every value of every option, and the code under which the kernel reads it
CODES: dict[str, tuple[str, dict[Any, int]]] = {
    "intents_fill_at": ("intents_fill_at", {"next_open": 0, "this_close": 1}),
    "gapped_stop": ("gapped_stop", {"open": 0, "level": 1}),
    "gapped_target": ("gapped_target", {"open": 0, "level": 1}),
    "same_bar": ("same_bar", {"stop_first": 0, "target_first": 1, "path": 2, "trailing_last": 3}),
    "entry_bar_exits": ("entry_bar_exits", {False: 0, True: 1}),
    "trailing_moves": ("trailing_first", {"next_bar": 0, "before_test": 1}),
    "opposite_in_bar": ("opposite_in_bar", {False: 0, True: 1}),
    "slippage_on_stops": ("slippage_on_stops", {False: 0, True: 1}),
}
EVERY_VALUE = [(name, value) for name, (_, codes) in CODES.items() for value in codes]


def rules_of(execution: ExecutionSettings) -> Any:
    return rule_record("1d", AccountSettings(), CostSettings(), execution, RiskSettings())[0]


def test_the_profiles_are_the_table_of_the_contract() -> None:
    assert PROFILE_NAMES == ("conservative", "close", "tradingview", "vectorbt", "freqtrade")
    assert tuple(TABLE) == OPTIONS == tuple(CODES)
    for name, values in TABLE.items():
        for profile, value in zip(PROFILE_NAMES, values, strict=True):
            if value is not None:
                assert PROFILES[profile][name] == value, (profile, name)


def test_the_options_are_those_of_the_settings_and_of_the_rules() -> None:
    assert set(OPTIONS) <= set(ExecutionSettings.model_fields)
    assert set(fill_codes(ExecutionSettings())) <= set(RULES_DTYPE.names or ())


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize(("name", "value"), EVERY_VALUE)
def test_an_option_that_is_set_alone_reaches_the_kernel_and_changes_no_other(
    profile: FillProfile, name: str, value: Any
) -> None:
    plain, given = ExecutionSettings(profile=profile), ExecutionSettings(profile=profile, **{name: value})
    field, codes = CODES[name]
    before, after = rules_of(plain), rules_of(given)
    assert after[field] == codes[value]
    assert [other for other in RULES_DTYPE.names or () if before[other] != after[other]] == (
        [] if PROFILES[profile][name] == value else [field]
    )
    assert fill_options(given) == {**PROFILES[profile], name: value}


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize(("name", "value"), EVERY_VALUE)
def test_what_differs_from_the_profile_is_named_and_nothing_else(profile: FillProfile, name: str, value: Any) -> None:
    given = ExecutionSettings(profile=profile, **{name: value})
    same = PROFILES[profile][name] == value
    word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
    assert overrides(given) == ({} if same else {name: value})
    assert override_labels(given) == (() if same else (f"{name}={word}",))
    assert profile_label(given) == (profile if same else f"{profile}, {name}={word}")
    assert given_labels(given) == (f"{name}={word}",)


def test_several_overrides_stand_in_the_order_of_the_table() -> None:
    given = ExecutionSettings(slippage_on_stops=False, same_bar="path", entry_bar_exits=False)
    assert profile_label(given) == "conservative, same_bar=path, entry_bar_exits=no, slippage_on_stops=no"


def test_optimistic_is_what_fills_at_the_close_whatever_the_profile_is_called() -> None:
    said = {profile: is_optimistic(ExecutionSettings(profile=profile)) for profile in PROFILE_NAMES}
    assert [profile for profile, optimistic in said.items() if optimistic] == ["close", "vectorbt"]
    assert is_optimistic(ExecutionSettings(intents_fill_at="this_close"))
    assert trades_at_next_open(ExecutionSettings(profile="vectorbt", intents_fill_at="next_open"))


@pytest.mark.parametrize("option", [{"profile": "open"}, {"same_bar": "first"}, {"gapped_stop": "worst"}])
def test_an_unknown_word_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ExecutionSettings(**option)
