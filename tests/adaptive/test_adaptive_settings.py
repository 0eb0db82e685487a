"""Settings of what adapts: the seeds' block loads, all is off, contradictions are refused, variables become keys."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from stratkit.adaptive.environment import from_environment
from stratkit.adaptive.settings import OptimizationSettings, SelectorSettings
from stratkit.errors import ConfigError
from stratkit.regimes.settings import RegimeSettings


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
        ({"traits": {"trend_up": "X"}}, "pattern"),
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
        }
    )  # fmt: skip
    assert found["meta_strategy"] == {"enabled": True, "epsilon": 0.05, "alpha": 0.3, "default": "moderate"}
    assert found["regimes"]["rules"] == {"trend_adx": 30.0, "range_vol_atr_pct": 4.0, "high_vol_atr_pct": 6.0}
    assert SelectorSettings.model_validate(found["meta_strategy"]).default == "moderate"
    assert RegimeSettings.model_validate(found["regimes"]).rules.range_vol_atr_pct == 4.0


def test_variables_that_are_unset_or_empty_change_nothing() -> None:
    assert from_environment({"META_STRATEGY_ENABLED": "", "PATH": "/bin"}) == {}
    assert from_environment({"META_STRATEGY_ENABLED": "off"}) == {"meta_strategy": {"enabled": False}}


@pytest.mark.parametrize(
    ("variable", "value"), [("META_STRATEGY_ENABLED", "maybe"), ("META_STRATEGY_ALPHA", "a fifth")]
)
def test_a_value_that_is_none_is_refused_with_its_variable(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable} must be .* found '{value}'"):
        from_environment({variable: value})
