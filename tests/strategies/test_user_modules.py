"""Finding strategies in modules: what is imported, from where, and what is said when it cannot be used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stratkit.errors import StrategyError, UsageError
from stratkit.strategies.catalog import build_strategy, find_strategy, source_digests
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.strategy import Strategy
from stratkit.testing import check_strategy

LEVEL = "LEVEL = 70\n"
RULES = """\
from stratkit.features import rsi
from stratkit.strategies import Strategy
from .level import LEVEL
class Climb(Strategy):
    "Be long while the RSI is high."
    def signals(self, context):
        strength = context.compute(rsi, 5)
        return self.sides(context, long=strength > LEVEL, exit=strength < 50)
class Sketch(Strategy):
    "Not written yet."
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write files below the working folder, whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)

    def files(**texts: str) -> Path:
        for name, text in texts.items():
            target = tmp_path.joinpath(*name.split("__")).with_suffix(".py")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        return tmp_path

    yield files
    sys.path[:] = path
    own = {file.relative_to(tmp_path).parts[0].removesuffix(".py") for file in tmp_path.rglob("*.py")} - {"json"}
    for name in [name for name in sys.modules if name.partition(".")[0] in own]:
        del sys.modules[name]
    importlib.invalidate_caches()


def test_a_class_of_a_package_in_the_working_folder_is_found_with_its_relative_imports(write: Write) -> None:
    write(pack__rules=RULES, pack__level=LEVEL)
    found = find_strategy("pack.rules:Climb")
    assert found.name == "climb"
    check_strategy(found)
    assert find_strategy("pack.rules:Climb") is found
    assert set(source_digests(build_strategy("pack.rules:Climb"))) == {"rules.py", "level.py"}


def test_the_settings_of_a_configuration_name_a_class_of_a_module_or_of_a_file(write: Write) -> None:
    folder = write(pack__rules=RULES, pack__level=LEVEL, alone=RULES.replace("from .level import LEVEL", LEVEL))
    settings = StrategySettings(module_path="pack.rules", class_name="Climb")
    assert settings.spec == "pack.rules:Climb"
    assert build_strategy(settings.spec).name == "climb"
    in_file = StrategySettings(module_path=str(folder / "alone.py"), class_name="Climb")
    assert find_strategy(in_file.spec).__module__.startswith("stratkit_user_alone_")


def test_a_class_that_a_package_hands_on_is_found_there(write: Write) -> None:
    folder = write(hand__rules=RULES.replace("from .level import LEVEL", LEVEL))
    (folder / "hand" / "__init__.py").write_text("from .rules import Climb\n", "utf-8")
    assert find_strategy("hand:Climb") is find_strategy("hand.rules:Climb")


def test_a_built_in_strategy_may_be_named_by_its_module() -> None:
    found: type[Strategy] = find_strategy("stratkit.strategies.library.sma_cross:SmaCross")
    assert found is find_strategy("sma_cross")


def test_what_is_installed_goes_before_the_working_folder(write: Write) -> None:
    write(json=RULES)
    with pytest.raises(UsageError, match="module json must define the strategy Climb, which is not in it"):
        find_strategy("json:Climb")


@pytest.mark.parametrize("name", ["no_such_pack.rules", "pack.no_such_rules", "no_such_module"])
def test_an_unknown_module_is_a_wrong_name(write: Write, name: str) -> None:
    write(pack__rules=RULES, pack__level=LEVEL)
    missing = "no_such_pack" if name.startswith("no_such_pack") else name
    with pytest.raises(UsageError) as caught:
        find_strategy(f"{name}:Climb")
    assert str(caught.value) == (
        f"a strategy's module must be importable; found no module {missing!r} for {name!r}: "
        "check the name, install its package, or start in the folder that holds it"
    )


@pytest.mark.parametrize(
    ("rules", "level", "place", "reason"),
    [
        ("import os\nimport no_such_thing\n", "", "rules.py:2", "ModuleNotFoundError: No module named 'no_such_thing'"),
        ("from .level import LEVEL\n", "x = 1\n1 / 0\n", "level.py:2", "ZeroDivisionError: division by zero"),
        ("from .level import LEVEL\n", "LEVEL = \n", "level.py:1", "SyntaxError: invalid syntax"),
        ("import numpy as np\n\nnp.zeros(-1)\n", "", "rules.py:3", "ValueError: negative dimensions are not allowed"),
        ("import json\njson.loads('{')\n", "", "rules.py:2", "JSONDecodeError: "),
        ("raise SystemExit(3)\n", "", "rules.py:1", "SystemExit: 3"),
    ],
)
def test_a_module_that_raises_is_told_with_its_own_file_line_and_reason(
    write: Write, rules: str, level: str, place: str, reason: str
) -> None:
    folder = write(broken__rules=rules, broken__level=level)
    for _ in range(2):  # a module that failed is not taken for one that was imported
        with pytest.raises(StrategyError) as caught:
            find_strategy("broken.rules:Climb")
        start = f"module broken.rules cannot be imported: {folder / 'broken' / place}: {reason}"
        assert str(caught.value).startswith(start)


def test_a_missing_class_brings_the_nearest_and_other_classes_are_refused(write: Write) -> None:
    write(pack__rules=RULES, pack__level=LEVEL)
    with pytest.raises(UsageError) as caught:
        find_strategy("pack.rules:Climp")
    assert str(caught.value) == (
        "module pack.rules must define the strategy Climp, which is not in it; did you mean 'Climb'?"
    )
    with pytest.raises(UsageError, match=r"rsi, which is not a subclass of stratkit\.strategies\.Strategy"):
        find_strategy("pack.rules:rsi")
    with pytest.raises(UsageError, match="Sketch, which has no method signals: write it"):
        find_strategy("pack.rules:Sketch")


def test_a_file_whose_only_class_lacks_its_method_says_so(tmp_path: Path) -> None:
    path = tmp_path / "sketch.py"
    path.write_text('from stratkit.strategies import Strategy\nclass Sketch(Strategy):\n    "No."\n', "utf-8")
    for spec in (str(path), f"{path}:Sketch"):
        with pytest.raises(UsageError) as caught:
            find_strategy(spec)
        must = "must define the strategy Sketch, which has no method signals: write it"
        assert str(caught.value) == f"{path} {must}"


def test_a_class_that_its_package_cannot_make_is_told_with_file_and_line(write: Write) -> None:
    folder = write(lazy="def __getattr__(name):\n    return {}[name]\n")
    with pytest.raises(StrategyError) as caught:
        find_strategy("lazy:Climb")
    assert str(caught.value) == f"module lazy cannot hand out Climb: {folder / 'lazy.py'}:2: KeyError: 'Climb'"
