"""Settings of what adapts: the seeds' block loads, all is off, contradictions are refused, variables become keys."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from stratkit.adaptive.environment import VARIABLES, from_environment
from stratkit.adaptive.settings import OptimizationSettings, SelectorSettings
from stratkit.errors import ConfigError


def test_both_are_off_by_default() -> None:
    assert not OptimizationSettings().enabled
    assert not SelectorSettings().enabled
    assert OptimizationSettings().cooldown is None


def test_the_block_of_the_public_system_is_accepted_as_it_stands() -> None:
    block = {
        "enabled": False, "enable_quality_filtering": True, "enable_adaptive_weighting": True,
        "enable_retirement_management": True, "update_interval_seconds": 3600,
    }  # fmt: skip
    assert OptimizationSettings.model_validate(block).update_interval_seconds == 3600


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"profiles": ["scalp", "none"], "default": "scalp"}, "profiles must be exit profiles; found 'none'"),
        ({"profiles": ["scalp", "scalp"], "default": "scalp"}, "profiles must differ"),
        ({"profiles": ["scalp"]}, "default must be one of profiles; found 'ultra_aggressive'"),
        ({"default": "scalpp"}, "did you mean 'scalp'"),
        ({"reward_range_r": [2, -1]}, "must rise"),
        ({"epsilon": 0.001}, "epsilon_min must not exceed epsilon"),
        ({"traits": {"trend_up": "X"}}, "must be letters of T R H L, '' for any, or '-' for risk off; found 'X'"),
    ],
)
def test_a_selector_that_contradicts_itself_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SelectorSettings.model_validate(given)


def test_two_paces_are_refused() -> None:
    with pytest.raises(ValidationError, match="found both"):
        OptimizationSettings(update_interval_seconds=60, update_every_bars=2)


def test_every_variable_becomes_its_key() -> None:
    found = from_environment(
        {
            "META_STRATEGY_ENABLED": "true", "META_STRATEGY_EPSILON": "0.05", "META_STRATEGY_ALPHA": " 0.3 ",
            "DEFAULT_STRATEGY": "moderate", "REGIME_TREND_ADX_THRESHOLD": "30", "REGIME_HIGH_VOL_ATR_PCT": "0.04",
        },
        ("regimes",),
    )  # fmt: skip
    assert {one.key: one.value for one in found} == {
        "meta_strategy.enabled": True, "meta_strategy.epsilon": 0.05, "meta_strategy.alpha": 0.3,
        "meta_strategy.default": "moderate", "regimes.rules.trend_adx": 30.0,
        "regimes.rules.range_vol_atr_pct": 4.0, "regimes.rules.high_vol_atr_pct": 6.0,
    }  # fmt: skip
    assert {one.variable for one in found} == set(VARIABLES)


@pytest.mark.parametrize(
    ("variables", "blocks", "keys"),
    [
        ({"META_STRATEGY_ENABLED": "", "PATH": "/bin"}, ("meta_strategy",), []),
        ({"META_STRATEGY_EPSILON": "x", "REGIME_TREND_ADX_THRESHOLD": "x"}, (), []),  # a figure switches nothing on
        ({"META_STRATEGY_ENABLED": "off", "META_STRATEGY_ALPHA": "1"}, (), []),
        ({"META_STRATEGY_ENABLED": "off"}, ("meta_strategy",), ["meta_strategy.enabled"]),
        (
            {"META_STRATEGY_ENABLED": "1", "DEFAULT_STRATEGY": "scalp"}, (),
            ["meta_strategy.enabled", "meta_strategy.default"],
        ),
    ],
)  # fmt: skip
def test_only_a_switch_makes_a_block(variables: dict[str, str], blocks: tuple[str, ...], keys: list[str]) -> None:
    assert [one.key for one in from_environment(variables, blocks)] == keys


@pytest.mark.parametrize(
    ("variable", "value"),
    [("META_STRATEGY_ENABLED", "maybe"), ("META_STRATEGY_ALPHA", "a fifth"), ("REGIME_HIGH_VOL_ATR_PCT", "4")],
)
def test_a_value_that_is_none_is_refused_with_its_variable(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable}: must be .* found '{value}'"):
        from_environment({variable: value}, ("meta_strategy", "regimes"))
