"""`stratkit strategies list | show`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stratkit.cli.strategies import app
from stratkit.errors import UsageError
from stratkit.strategies.catalog import STRATEGIES

FILE = """\
from stratkit.features import sma
from stratkit.strategies import Strategy
class Above(Strategy):
    "Be long above the average."
    def signals(self, context):
        return self.sides(context, long=context.bars.close > context.compute(sma, 40))
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False, standalone_mode=False)


def test_list_names_every_strategy_with_its_warm_up() -> None:
    result = run("list")
    for name in STRATEGIES:
        assert name in result.stdout
    assert "50 bars" in result.stdout
    assert "mean_reversion" in result.stdout
    assert "stratkit strategies show NAME" in result.stderr
    assert "one of your own is named path/to/file.py:Class or package.module:Class" in result.stderr
    assert "stratkit strategies new NAME" in result.stderr
    assert run("list", "--quiet").stderr == ""


def test_list_puts_the_strategies_of_a_family_together() -> None:
    lines = run("list").stdout.splitlines()
    family = lines.index(" mean_reversion")
    named = [line.split()[0] for line in lines[family + 1 :] if line.startswith("   ") and line[3] != " "]
    assert named[:2] == ["rsi_reversion", "bollinger_reversion"]
    assert "volume" in next(line for line in lines if "rules_engine" in line)


def test_list_as_json_is_one_object() -> None:
    result = run("list", "--json")
    records = json.loads(result.stdout)["strategies"]
    assert [record["name"] for record in records] == list(STRATEGIES)
    assert {record["name"]: record["warmup_bars"] for record in records}["macd_trend"] == 34
    assert {record["name"]: record["needs"] for record in records}["momentum_rotation"] == ["several symbols"]
    assert all(record["edge"] for record in records)
    assert result.stderr == ""


def test_a_broken_package_does_not_hide_the_other_strategies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES.builtin, "broken", "no_such_package:Thing")
    result = run("list")
    assert "sma_cross" in result.stdout
    assert "No module named 'no_such_package'" in result.stderr


def test_show_prints_parameters_with_their_bounds_and_the_source() -> None:
    out = run("show", "rsi_reversion").stdout
    assert "New Concepts in Technical Trading Systems" in out
    assert "14 bars with the defaults" in out
    assert "buy_below" in out
    assert "1 to 49" in out
    assert "both, long_only" in out
    assert "  edge     Whoever must sell at once" in out


def test_show_prints_needs_and_units_in_brackets_as_they_are() -> None:
    out = run("show", "rules_engine").stdout
    assert "  needs    volume" in out
    assert "volume of a spike [mean]" in out


def test_show_takes_a_file_and_sees_a_warm_up_that_is_not_declared(tmp_path: Path) -> None:
    path = tmp_path / "above.py"
    path.write_text(FILE, encoding="utf-8")
    out = run("show", f"{path}:Above").stdout
    assert "above: Be long above the average." in out
    assert "39 bars with the defaults" in out
    assert "it has no parameters" in out


def test_show_as_json_carries_the_search_space() -> None:
    record = json.loads(run("show", "sma_cross", "--json").stdout)
    assert record["parameters"][0] == {
        "name": "fast",
        "kind": "int",
        "default": 20,
        "low": 2,
        "high": 200,
        "step": None,
        "log": True,
        "choices": [],
        "allowed": "a whole number between 2 and 200",
        "description": "bars of the fast average",
    }
    assert len(record["source_sha256"]) == 64


def test_an_unknown_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="did you mean 'sma_cross'"):
        run("show", "sma_crss")
