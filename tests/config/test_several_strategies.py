"""A configuration of several strategies: the well-known form loads as it stands, and each wrong word in it is found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from stratkit.backtest import run_backtest
from stratkit.config import FileConfig, load_config
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import ConfigError
from stratkit.plans import PROFILES
from stratkit.yaml_positions import Placed, parse_yaml

# the form in which configurations of this kind are written, comments and all
WELL_KNOWN = """\
strategies:
  rules_engine:
    enabled: true                       # REQ-STR2: Feature flag
    type: "rules_engine"                # Maps to StrategyRegistry.STRATEGY_CLASSES
    description: "Deterministic baseline strategy"
    risk_budgets:                       # REQ-STR3: Per-strategy caps
      max_at_risk_pct: 15.0             # Max 15% of account in this strategy
      max_trades_per_cycle: 5           # Max 5 proposals per cycle
    params: {}                          # Strategy-specific parameters

  mean_reversion:
    enabled: false                      # Default disabled (must explicitly enable)
    type: "mean_reversion"
    description: "Buy oversold, sell overbought"
    risk_budgets:
      max_at_risk_pct: 10.0
      max_trades_per_cycle: 3
    params:
      rsi_oversold: 30
      rsi_overbought: 70

global:
  dedupe_by_symbol: true                # Keep highest confidence when multiple strategies propose same symbol
  max_total_proposals_per_cycle: 10     # Hard cap across all strategies
"""
FREE = ("rules_engine", "mean_reversion")  # names of strategies are the user's own


def load(folder: Path, text: str, **options: Any) -> FileConfig:
    path = folder / "strategies.yaml"
    path.write_text(text)
    return load_config([path], **options)


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


def keys(block: Placed) -> list[tuple[str, str]]:
    """Every key below a block with its place."""
    found = []
    for name in block.names:
        below = block.child(name)
        found += [(name, below.key_place), *keys(below)]
    return found


def root() -> Placed:
    parsed = parse_yaml(WELL_KNOWN, "strategies.yaml")
    assert parsed is not None
    return parsed


KEYS = [(name, place) for name, place in keys(root()) if name not in FREE]


def test_the_well_known_form_loads_and_runs_as_it_stands(tmp_path: Path) -> None:
    config = load(tmp_path, WELL_KNOWN)
    assert list(config.enabled()) == ["rules_engine"]
    budgets = config.strategies["mean_reversion"].risk_budgets
    assert (budgets.max_at_risk_pct, budgets.max_trades_per_cycle) == (10.0, 3)
    assert config.global_.max_total_proposals_per_cycle == 10
    result = run_backtest(config.run(), synthetic_universe(6, 500, seed=3).bars)
    assert len(result.fills) > 0
    assert result.strategies == ("rules_engine",)


def test_both_of_its_strategies_run_together(tmp_path: Path) -> None:
    config = load(tmp_path, WELL_KNOWN, settings=("strategies.mean_reversion.enabled=true",))
    result = run_backtest(config.run(), synthetic_universe(6, 500, seed=3).bars)
    assert set(result.fills["strategy"].tolist()) == {0, 1}


def test_there_are_keys_to_get_wrong() -> None:
    assert len(KEYS) == 20


@pytest.mark.parametrize(("name", "place"), KEYS, ids=[f"{name} at {place}" for name, place in KEYS])
def test_every_unknown_key_is_refused_with_the_nearest_name_and_its_place(
    tmp_path: Path, name: str, place: str
) -> None:
    line, column = (int(part) for part in place.split(":")[1:])
    lines = WELL_KNOWN.split("\n")
    lines[line - 1] = lines[line - 1].replace(f"{name}:", f"{name}x:", 1)
    found = complaint(tmp_path, "\n".join(lines))
    assert f"strategies.yaml:{line}:{column}: " in found
    assert re.search(rf"{name}x'.*; did you mean {name!r}\?", found)


@pytest.mark.parametrize("name", FREE)
def test_an_unknown_type_is_refused_whether_the_strategy_is_enabled_or_not(tmp_path: Path, name: str) -> None:
    text = WELL_KNOWN.replace(f'type: "{name}"', f'type: "{name}s"')
    line = next(number for number, row in enumerate(text.split("\n"), start=1) if f'"{name}s"' in row)
    found = complaint(tmp_path, text)
    assert found.startswith(f"strategies.yaml:{line}:11: unknown strategy '{name}s'")
    assert f"did you mean {name!r}?" in found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("enabled: true", 'enabled: "yes"'), "strategies.rules_engine.enabled must be true or false; found 'yes'"),
        (("max_at_risk_pct: 15.0", "max_at_risk_pct: -1"), "must be above 0; found -1"),
        (("max_trades_per_cycle: 5", "max_trades_per_cycle: 0"), "must be at least 1; found 0"),
        (("rsi_oversold: 30", "rsi_oversold: 300"), "rsi_oversold must be"),
        (("dedupe_by_symbol: true", "dedupe_by_symbol: maybe"), "must be true or false; found 'maybe'"),
        (("params: {}", "params: 5"), "must be a block of keys; found 5"),
    ],
)
def test_a_wrong_value_is_said_with_its_place(tmp_path: Path, change: tuple[str, str], reason: str) -> None:
    text = WELL_KNOWN.replace(*change, 1)
    assert text != WELL_KNOWN
    found = complaint(tmp_path, text)
    assert reason in found
    assert re.match(r"strategies\.yaml:\d+:\d+: ", found)


# ---- plans by name, dated overrides, and how opinions are combined


BASE = "strategies:\n  trend: {enabled: true, type: sma_cross}\n"


def test_an_exit_plan_may_be_a_profile_by_name(tmp_path: Path) -> None:
    config = load(tmp_path, BASE + "exit_plan: scalp\n")
    assert config.plan_of(config.strategies["trend"]) == PROFILES["scalp"].plan


def test_an_unknown_plan_is_said_with_its_place(tmp_path: Path) -> None:
    assert complaint(tmp_path, BASE + "exit_plan: scalpp\n") == (
        "strategies.yaml:3:12: unknown exit plan 'scalpp'; did you mean 'scalp'?"
    )
    own = "strategies:\n  trend:\n    enabled: true\n    type: sma_cross\n    exit_plan: mine\n"
    assert complaint(tmp_path, own + "exit_plans: {mime: {sl: 1}}\n") == (
        "strategies.yaml:5:16: unknown exit plan 'mine'; did you mean 'mime'?"
    )
    assert load(tmp_path, own + "exit_plans: {mine: {sl: 1}}\n").strategies["trend"].exit_plan == "mine"


def test_a_plan_that_does_not_hold_is_said_like_any_other_block(tmp_path: Path) -> None:
    assert "strategies.yaml:3:25: exit_plan.tp1 must be above 0; found 0" in complaint(
        tmp_path, BASE + "exit_plan: {sl: 1, tp1: 0}\n"
    )
    own = BASE.replace("}", ", exit_plan: {sll: 1}}")
    assert "'strategies.trend.exit_plan' has no key 'sll'; did you mean 'sl'?" in complaint(tmp_path, own)


def test_overrides_name_dates_and_strategies(tmp_path: Path) -> None:
    text = BASE + "overrides:\n  2015-06-01:\n    trend: {enabled: false}\n"
    assert load(tmp_path, text).overrides["2015-06-01"]["trend"].enabled is False
    assert complaint(tmp_path, text.replace("trend: {enabled: false", "trnd: {enabled: false")) == (
        "strategies.yaml:5:5: there is no strategy 'trnd'; did you mean 'trend'?"
    )
    assert complaint(tmp_path, text.replace("2015-06-01", "June")).startswith("strategies.yaml:4:3: ")


def test_settings_that_contradict_each_other_are_said_with_their_place(tmp_path: Path) -> None:
    text = BASE + "global: {dedupe_by_symbol: false}\ncombine:\n  method: majority\n"
    assert complaint(tmp_path, text).startswith("strategies.yaml:5:11: with global.dedupe_by_symbol: false")


def test_of_several_files_later_ones_win(tmp_path: Path) -> None:
    stage = tmp_path / "live.yaml"
    stage.write_text("strategies: {mean_reversion: {enabled: true, risk_budgets: {max_at_risk_pct: 5}}}\n")
    base = tmp_path / "base.yaml"
    base.write_text(WELL_KNOWN)
    config = load_config([base, stage])
    assert list(config.enabled()) == ["rules_engine", "mean_reversion"]
    assert config.strategies["mean_reversion"].risk_budgets.max_at_risk_pct == 5
    assert config.strategies["mean_reversion"].risk_budgets.max_trades_per_cycle == 3
