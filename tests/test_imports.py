"""Every module can be imported alone, first, silently and without a warning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import imports_alone
import pytest

# it copies processes, which Windows cannot; what it proves holds on every machine
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process can be copied on POSIX only")


def module_names(root: Path) -> list[str]:
    """The dotted names of all modules of the package below `root`."""
    paths = sorted((root / "stratkit").rglob("*.py"))
    names = [".".join(path.relative_to(root).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def import_each_alone(names: list[str], folder: Path) -> dict[str, str]:
    """The failure of each module that cannot be imported alone, by name."""
    command = [sys.executable, "-W", "error", imports_alone.__file__, str(folder), *names]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    failures: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return failures


def test_every_module_can_be_imported_alone(checkout: Path) -> None:
    names = module_names(checkout)
    assert len(names) > 20
    failures = import_each_alone(names, checkout)
    assert not failures, "\n".join(f"{name}: {reason}" for name, reason in failures.items())


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import stratkit.there_is_no_such_module", "ModuleNotFoundError"),
        ("import warnings\nwarnings.warn('old')", "UserWarning"),
        ("print('hello')", "printed: hello"),
    ],
)
def test_a_module_that_fails_warns_or_prints_is_caught(tmp_path: Path, source: str, reason: str) -> None:
    package = tmp_path / "stratkit"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "broken.py").write_text(source)
    (package / "fine.py").touch()
    failures = import_each_alone(["stratkit.fine", "stratkit.broken"], tmp_path)
    assert list(failures) == ["stratkit.broken"]
    assert reason in failures["stratkit.broken"]


def package(folder: Path, **sources: str) -> list[str]:
    """Write a package of a few modules; return their names."""
    (folder / "stratkit").mkdir()
    for name, source in {"__init__": "", **sources}.items():
        (folder / "stratkit" / f"{name}.py").write_text(source)
    return [f"stratkit.{name}" for name in sources]


def test_a_circle_of_imports_is_caught(tmp_path: Path) -> None:
    names = package(tmp_path, one="from stratkit.two import b\na = 1", two="from stratkit.one import a\nb = 2")
    assert import_each_alone(names, tmp_path).keys() == set(names)


def test_a_circle_that_holds_from_one_side_is_caught_from_the_other(tmp_path: Path) -> None:
    names = package(tmp_path, one="from stratkit.two import b\na = 1", two="b = 2\nfrom stratkit.one import a")
    assert import_each_alone(names, tmp_path).keys() == {"stratkit.one"}


def test_a_module_that_leans_on_what_another_has_imported_is_caught(tmp_path: Path) -> None:
    names = package(
        tmp_path,
        base="found = []",
        early="from stratkit.base import found\nfound.append(1)",
        late="from stratkit.base import found\nfound[0]",
        later="from stratkit.early import found\nfound[0]",
    )
    assert import_each_alone(names, tmp_path).keys() == {"stratkit.late"}


def test_a_module_that_fails_only_behind_its_busy_package_is_caught(tmp_path: Path) -> None:
    names = package(tmp_path, __init__="from stratkit.one import a", one="a = 1", two="from stratkit.one import b")
    assert import_each_alone(names[1:], tmp_path).keys() == {"stratkit.two"}
