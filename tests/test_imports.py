"""Every module can be imported alone, first, silently and without a warning."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# One interpreter serves all modules: third parties stay loaded, stratkit's own modules are
# forgotten before each import, so that each module is once the first of stratkit to be imported.
IMPORT_EACH_ALONE = """
import contextlib, importlib, io, json, sys, traceback
failures = {}
for name in sys.argv[1:]:
    for loaded in [key for key in sys.modules if key == "stratkit" or key.startswith("stratkit.")]:
        del sys.modules[loaded]
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            importlib.import_module(name)
    except BaseException:
        failures[name] = traceback.format_exc(limit=-3)
    if said.getvalue():
        failures.setdefault(name, "printed: " + said.getvalue())
print(json.dumps(failures))
"""


def module_names(root: Path) -> list[str]:
    """The dotted names of all modules of the package below `root`."""
    paths = sorted((root / "stratkit").rglob("*.py"))
    names = [".".join(path.relative_to(root).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def import_each_alone(names: list[str], folder: Path) -> dict[str, str]:
    """The failure of each module that cannot be imported alone, by name."""
    command = [sys.executable, "-W", "error", "-c", IMPORT_EACH_ALONE, *names]
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


def test_a_circle_of_imports_is_caught(tmp_path: Path) -> None:
    package = tmp_path / "stratkit"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "one.py").write_text("from stratkit.two import b\na = 1")
    (package / "two.py").write_text("from stratkit.one import a\nb = 2")
    assert import_each_alone(["stratkit.one"], tmp_path).keys() == {"stratkit.one"}
