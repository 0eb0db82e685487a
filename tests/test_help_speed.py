"""`stratkit --help` answers at once, because nothing heavy is imported by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HELP = "import sys; sys.argv = ['stratkit', '--help']; from stratkit.cli.main import main; main()"
# the same, then what had to be imported for it
HELP_AND_MODULES = f"""
import atexit, json, sys
atexit.register(lambda: sys.stderr.write(json.dumps(sorted(sys.modules))))
{HELP}
"""
HEAVY = {"numpy", "pandas", "scipy", "numba", "optuna", "pyarrow", "matplotlib", "plotly", "talib", "pydantic"}
LIMIT_SECONDS = 0.3


def cpu_seconds(source: str, folder: Path) -> float:
    """Processor time of a fresh interpreter running `source`: on an idle machine, what one waits for."""
    before = os.times()
    subprocess.run([sys.executable, "-c", source], cwd=folder, capture_output=True, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not count the time of children")
def test_help_is_shown_within_300_ms(checkout: Path) -> None:
    cpu_seconds(HELP, checkout)  # bytecode is written once
    # the best of several: a machine that is busy elsewhere only ever adds time
    best = min(cpu_seconds(HELP, checkout) for _ in range(5))
    bare = min(cpu_seconds("pass", checkout) for _ in range(5))
    print(f"help {best * 1000:.0f} ms, an empty interpreter {bare * 1000:.0f} ms")
    assert best < LIMIT_SECONDS


def test_help_imports_nothing_heavy(checkout: Path) -> None:
    command = [sys.executable, "-c", HELP_AND_MODULES]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    assert "backtest" in done.stdout
    imported = {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}
    assert "stratkit" in imported
    assert not imported & HEAVY
