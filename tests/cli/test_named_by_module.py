"""Strategies of a user's own, named by module and class in a configuration or on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Stratkit, WriteBars

RULES = """\
from stratkit.features import rsi
from stratkit.strategies import Parameters, Strategy, bounded
class Climb(Strategy):
    "Be long while the RSI is high."
    class Params(Parameters):
        window: int = bounded(5, low=2, high=50, description="bars of the RSI")
    def signals(self, context):
        strength = context.compute(rsi, self.params.window)
        return self.sides(context, long=strength > 60, exit=strength < 50)
"""
CONFIG = """\
strategies:
  mine:
    enabled: true
    description: in climb.py
    module_path: {module_path}
    class_name: {class_name}
    params: {{window: 7}}
"""


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    """A package with one strategy in the working folder."""
    (tmp_path / "hills").mkdir()
    path = tmp_path / "hills" / "climb.py"
    path.write_text(RULES, "utf-8")
    yield path
    for name in ("hills", "hills.climb"):
        sys.modules.pop(name, None)


def config(path: str, class_name: str = "Climb") -> str:
    Path("own.yaml").write_text(CONFIG.format(module_path=path, class_name=class_name), "utf-8")
    return "own.yaml"


@pytest.mark.parametrize("module_path", ["hills.climb", "hills/climb.py"])
def test_a_run_of_a_class_in_a_module_or_file_can_be_made_again(
    stratkit: Stratkit, write_bars: WriteBars, package: Path, module_path: str
) -> None:
    done = stratkit("backtest", config(module_path), "--data", write_bars(), "--no-report", "--json")
    assert done.code == 0, done.err
    shown = stratkit("runs", "show", done.json["run_id"])
    assert "mine (Climb)" in shown.out
    again = stratkit("reproduce", done.json["run_id"])
    assert again.code == 0, again.out + again.err


def test_a_file_that_module_path_names_is_found_from_another_folder(
    stratkit: Stratkit, write_bars: WriteBars, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = stratkit("backtest", config("hills/climb.py"), "--data", write_bars(), "--no-report", "--json")
    folder = Path(done.json["folder"]).resolve()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = stratkit("reproduce", folder)
    assert again.code == 0, again.out + again.err


def test_on_the_command_line_the_class_gives_the_name(stratkit: Stratkit, write_bars: WriteBars, package: Path) -> None:
    setting = "strategies.Climb.params.window=9"
    done = stratkit("backtest", "--strategy", "hills.climb:Climb", "--data", write_bars(), "--set", setting)
    assert done.code == 0, done.err
    assert done.out.startswith("Climb on ACME")
    assert "window 9" in done.out


def test_a_class_that_is_missing_is_told_at_its_place(stratkit: Stratkit, package: Path) -> None:
    done = stratkit("backtest", config("hills.climb", "Climp"))
    assert done.code == 2
    assert "own.yaml:6:17: module hills.climb must define the strategy Climp" in done.err
    assert "did you mean 'Climb'?" in done.err


def test_strategies_show_takes_a_module(stratkit: Stratkit, package: Path) -> None:
    done = stratkit("strategies", "show", "hills.climb:Climb")
    assert done.code == 0
    assert "climb: Be long while the RSI is high." in done.out
