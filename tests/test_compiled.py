"""Machine code is kept in a folder named after the sources, and never beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NUMBA_FIRST = """
import numba
from stratkit.compiled import CACHE_FOLDER
print(CACHE_FOLDER == __import__("pathlib").Path(numba.config.CACHE_DIR))
"""
FOLDER = "from stratkit.compiled import CACHE_FOLDER; print(CACHE_FOLDER)"


def python(source: str, folder: Path, **variables: str) -> str:
    """What a fresh interpreter prints for `source`, run in `folder`."""
    command = [sys.executable, "-c", source]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_folder_holds_although_numba_was_imported_first(checkout: Path) -> None:
    assert python(NUMBA_FIRST, checkout) == "True"


def test_the_folder_can_be_chosen(checkout: Path, tmp_path: Path) -> None:
    assert Path(python(FOLDER, checkout, STRATKIT_CACHE_DIR=str(tmp_path))).parent == tmp_path


def test_a_folder_that_cannot_be_written_is_passed_over(checkout: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    chosen = Path(python(FOLDER, checkout, STRATKIT_CACHE_DIR=str(in_the_way)))
    assert chosen.is_dir()
    assert in_the_way not in chosen.parents


@pytest.mark.parametrize(("path", "same"), [("risk/sizing.py", False), ("reports/page.py", True)])
def test_a_changed_kernel_source_gets_a_new_folder(tmp_path: Path, checkout: Path, path: str, same: bool) -> None:
    for name in ("compiled.py", "__init__.py", "risk/sizing.py", "reports/page.py"):
        copy = tmp_path / "stratkit" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((checkout / "stratkit" / name).read_bytes())
    before = python(FOLDER, tmp_path, STRATKIT_CACHE_DIR=str(tmp_path))
    with (tmp_path / "stratkit" / path).open("a") as source:
        source.write("\n# changed\n")
    after = python(FOLDER, tmp_path, STRATKIT_CACHE_DIR=str(tmp_path))
    assert (before == after) is same
