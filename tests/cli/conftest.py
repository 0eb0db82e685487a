"""Fixtures of the command line: a way to run it, files of bars, strategies of a user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import Outcome, Stratkit, WriteBars, WriteStrategy, price_frame

from stratkit.cli.main import run


@pytest.fixture
def stratkit(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stratkit:
    """Run one command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str | Path) -> Outcome:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return command


@pytest.fixture
def write_bars(tmp_path: Path) -> WriteBars:
    """Write a Parquet file of one symbol, after `change` had its way with the right frame."""

    def write(change: Callable[[pd.DataFrame], pd.DataFrame] | None = None, name: str = "ACME", **shape: Any) -> Path:
        frame = price_frame(**shape)
        path = tmp_path / f"{name}.parquet"
        (change(frame) if change else frame).to_parquet(path, index=False)
        return path

    return write


@pytest.fixture
def strategy_file(tmp_path: Path) -> WriteStrategy:
    """Write a strategy whose `signals` body is given."""

    def write(body: str) -> Path:
        path = tmp_path / "own.py"
        path.write_text(
            "import time\n"
            "from pathlib import Path\n"
            "import numpy as np\n"
            "from stratkit.strategies.strategy import Strategy\n"
            "class Own(Strategy):\n"
            '    "A strategy of a user\'s own."\n'
            "    def signals(self, context):\n" + "".join(f"        {line}\n" for line in body.splitlines())
        )
        return path

    return write
