"""Variables of the environment stand between files and what is typed, and are read once, when a run is configured."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratkit.config import load_config
from stratkit.errors import ConfigError

ON = {"META_STRATEGY_ENABLED": "true", "META_STRATEGY_EPSILON": "0.4"}


def _file(folder: Path, text: str) -> list[Path]:
    path = folder / "own.yaml"
    path.write_text(f"strategies: {{a: {{enabled: true, type: sma_cross}}}}\n{text}")
    return [path]


def test_variables_win_over_files_and_lose_against_what_is_typed(tmp_path: Path) -> None:
    files = _file(tmp_path, "meta_strategy: {enabled: false, epsilon: 0.2, alpha: 0.5}")
    plain = load_config(files).meta_strategy
    told = load_config(files, environment=ON).meta_strategy
    typed = load_config(files, environment=ON, settings=["meta_strategy.epsilon=0.3"]).meta_strategy
    assert plain is not None
    assert told is not None
    assert typed is not None
    assert [(one.enabled, one.epsilon, one.alpha) for one in (plain, told, typed)] == [
        (False, 0.2, 0.5), (True, 0.4, 0.5), (True, 0.3, 0.5),
    ]  # fmt: skip


def test_thresholds_of_regimes_hold_where_regimes_are_labelled_by_whomever() -> None:
    variables = {"REGIME_TREND_ADX_THRESHOLD": "31"}
    assert load_config(environment=variables).regimes is None
    regimes = load_config(environment=variables, settings=["regimes.method=rules"]).regimes
    assert regimes is not None
    assert regimes.rules.trend_adx == 31.0


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({**ON, "META_STRATEGY_EPSILON": "2"}, "META_STRATEGY_EPSILON: meta_strategy.epsilon must be at most 1"),
        ({**ON, "DEFAULT_STRATEGY": "scalpp"}, "DEFAULT_STRATEGY: meta_strategy.default must be one of profiles; "),
    ],
)
def test_an_error_names_the_variable(variables: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=f"^{said}"):
        load_config(environment=variables)


def test_an_error_of_a_block_points_at_the_key_it_is_about(tmp_path: Path) -> None:
    files = _file(tmp_path, "meta_strategy:\n  epsilon: 0.1\n  default: scalpp\n")
    with pytest.raises(ConfigError, match=r"own.yaml:4:3: meta_strategy.default must be one of profiles"):
        load_config(files)
