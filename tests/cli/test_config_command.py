"""`stratkit config` writes, completes and explains configurations."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Stratkit

from stratkit.yaml_positions import parse_yaml


def test_init_writes_a_commented_configuration_that_loads(stratkit: Stratkit, tmp_path: Path) -> None:
    done = stratkit("config", "init")
    assert (done.code, done.out) == (0, "wrote stratkit.yaml\n")
    assert "stratkit backtest stratkit.yaml" in done.err
    text = (tmp_path / "stratkit.yaml").read_text()
    assert text.count("#") > 50
    shown = stratkit("config", "show", "stratkit.yaml")
    assert shown.code == 0
    assert shown.out == stratkit("config", "show").out


def test_init_takes_another_strategy(stratkit: Stratkit) -> None:
    assert stratkit("config", "init", "mine.yaml", "--strategy", "donchian_breakout").code == 0
    assert "stop_atr: 2" in stratkit("config", "show", "mine.yaml").out


def test_init_overwrites_only_when_forced(stratkit: Stratkit, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("mine")
    refused = stratkit("config", "init", path)
    assert (refused.code, path.read_text()) == (2, "mine")
    assert "must not replace one that is there; use --force" in refused.err
    assert stratkit("config", "init", path, "--force").code == 0
    assert path.read_text() != "mine"


def test_init_into_a_folder_that_is_not_there_is_an_output_error(stratkit: Stratkit) -> None:
    done = stratkit("config", "init", "no/such/c.yaml")
    assert done.code == 4
    assert "must be writable" in done.err


def test_show_resolves_settings_and_seed(stratkit: Stratkit) -> None:
    done = stratkit("config", "show", "--set", "costs.commission_bps=7", "--seed", "3")
    root = parse_yaml(done.out, "out")
    assert root is not None
    plain = root.plain()
    assert (plain["costs"]["commission_bps"], plain["seed"]) == (7.0, 3)


def test_show_as_json_is_the_same_configuration(stratkit: Stratkit) -> None:
    root = parse_yaml(stratkit("config", "show").out, "out")
    assert root is not None
    assert stratkit("config", "show", "--json").json == root.plain()


def test_show_picks_one_strategy(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("strategies: {a: {type: sma_cross}, b: {type: macd_trend}}")
    shown = stratkit("config", "show", "c.yaml", "--only", "b", "--json").json
    assert [settings["enabled"] for settings in shown["strategies"].values()] == [False, True]


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_the_schema_is_json(stratkit: Stratkit, arguments: tuple[str, ...]) -> None:
    schema = stratkit("config", "schema", *arguments).json
    assert schema["title"] == "stratkit configuration"
    assert schema["properties"]["seed"]["type"] == "integer"


def test_a_wrong_file_is_exit_2(stratkit: Stratkit) -> None:
    done = stratkit("config", "show", "nowhere.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: nowhere.yaml: a configuration file must exist; found none\n"
