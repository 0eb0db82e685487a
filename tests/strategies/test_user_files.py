"""A strategy may be written in several files: all of them are its source."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stratkit.errors import StrategyError
from stratkit.strategies.catalog import build_strategy, find_strategy, source_digest, source_digests, source_packages
from stratkit.strategies.user_files import imported_packages, source_files

OWN = """
import json
import numpy as np
from stratkit.strategies.strategy import Strategy
{imports}
class Own(Strategy):
    "Own."
    number = {number}
    def signals(self, context):
        {lazy}
        return self.sides(context)
"""


def write(folder: Path, files: dict[str, str], imports: str = "", number: str = "0", lazy: str = "pass") -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "own.py"
    path.write_text(OWN.format(imports=imports, number=number, lazy=lazy), "utf-8")
    return path


def number_of(path: Path) -> object:
    return vars(find_strategy(str(path)))["number"]


def test_a_strategy_imports_what_stands_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path / "Müller", {"rules_a.py": "LEVEL = 7\n"}, "from rules_a import LEVEL", "LEVEL")
    assert number_of(path) == 7
    assert list(source_digests(build_strategy(str(path)))) == ["own.py", "rules_a.py"]


def test_a_changed_neighbour_is_run_and_changes_the_digest(tmp_path: Path) -> None:
    path = write(tmp_path, {"rules_b.py": "LEVEL = 7\n"}, "import rules_b", "rules_b.LEVEL")
    before, first = source_digest(build_strategy(str(path))), number_of(path)
    (tmp_path / "rules_b.py").write_text("LEVEL = 11\n")
    assert (first, number_of(path)) == (7, 11)
    assert source_digest(build_strategy(str(path))) != before


def test_neighbours_of_neighbours_packages_and_late_imports_count(tmp_path: Path) -> None:
    files = {
        "rules_c.py": "from deep_c.core import LEVEL\n",
        "deep_c/__init__.py": "from .core import LEVEL\n",
        "deep_c/core.py": "from . import more\nLEVEL = more.LEVEL\n",
        "deep_c/more.py": "LEVEL = 3\n",
        "late_c.py": "X = 1\n",
        "unused_c.py": "X = 1\n",
    }
    path = write(tmp_path, files, "from rules_c import LEVEL", "LEVEL", lazy="import late_c")
    assert number_of(path) == 3
    names = list(source_digests(build_strategy(str(path))))
    assert names == ["own.py", "deep_c/__init__.py", "deep_c/core.py", "deep_c/more.py", "late_c.py", "rules_c.py"]


def test_two_folders_with_a_neighbour_of_one_name_keep_apart(tmp_path: Path) -> None:
    one = write(tmp_path / "one", {"rules_d.py": "LEVEL = 1\n"}, "from rules_d import LEVEL", "LEVEL")
    two = write(tmp_path / "two", {"rules_d.py": "LEVEL = 2\n"}, "from rules_d import LEVEL", "LEVEL")
    assert [number_of(path) for path in (one, two, one)] == [1, 2, 1]
    assert sys.modules["rules_d"].__file__ == str(tmp_path / "one" / "rules_d.py")


def test_a_neighbour_never_replaces_pythons_own_or_an_installed_module(tmp_path: Path) -> None:
    files = {"json.py": "raise RuntimeError\n", "numpy.py": "raise RuntimeError\n"}
    path = write(tmp_path, files, "", "np.float64(2.0)")
    assert number_of(path) == 2.0
    assert list(source_digests(build_strategy(str(path)))) == ["own.py"]


def test_a_broken_neighbour_is_told_and_may_be_mended(tmp_path: Path) -> None:
    path = write(tmp_path, {"rules_e.py": "LEVEL = \n"}, "from rules_e import LEVEL", "LEVEL")
    with pytest.raises(StrategyError, match=r"rules_e\.py:1: SyntaxError"):
        find_strategy(str(path))
    (tmp_path / "rules_e.py").write_text("LEVEL = 12345\n")
    assert number_of(path) == 12345


def test_a_class_that_stands_beside_the_file_has_its_own_source(tmp_path: Path) -> None:
    path = write(tmp_path, {})
    (tmp_path / "named.py").write_text("from own import Own\n")
    strategy = build_strategy(f"{tmp_path / 'named.py'}:Own")
    assert list(source_digests(strategy)) == [path.name]


def test_a_package_is_its_own_modules(tmp_path: Path) -> None:
    package = {
        "pack/__init__.py": "",
        "pack/a.py": "from pack.b import X\nimport numpy\n",
        "pack/b.py": "from .c import X\n",
        "pack/c.py": "X = 1\n",
        "pack/d.py": "",
        "outside.py": "X = 1\n",
    }
    write(tmp_path, package)
    found = source_files(tmp_path / "pack/a.py", "pack.a")
    assert [file.name for file in found] == ["a.py", "__init__.py", "b.py", "c.py"]
    (tmp_path / "pack/__init__.py").write_text("import outside\nfrom .d import *\n")
    assert "outside.py" not in {file.name for file in source_files(tmp_path / "pack/a.py", "pack.a")}
    assert "d.py" in {file.name for file in source_files(tmp_path / "pack/a.py", "pack.a")}


def test_built_in_strategies_are_one_file_and_name_no_packages() -> None:
    built = build_strategy("sma_cross")
    assert list(source_digests(built)) == ["sma_cross.py"]
    assert source_packages(built) == []


def test_installed_packages_that_a_file_imports_are_named(tmp_path: Path) -> None:
    files = {"rules_f.py": "import scipy.stats\n"}
    path = write(tmp_path, files, "import rules_f")
    assert source_packages(build_strategy(str(path))) == ["numpy", "scipy"]
    assert imported_packages([path]) == ["numpy"]
