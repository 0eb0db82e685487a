"""Runs on disk without a replay: small ones, written by the code that writes real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import MakeRun, write_run

from stratkit.runs.folder import RunRecord
from stratkit.runs.store import register_run


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Write a small run below ``reports`` and return its record."""

    def make(name: str = "20240102-030405-aaaaaa", **content: object) -> RunRecord:
        return write_run(tmp_path / "reports", name, **content)

    return make


@pytest.fixture
def reports(make_run: MakeRun, tmp_path: Path) -> Path:
    """A folder of two runs that the database knows."""
    for name in ("20240102-030405-aaaaaa", "20240102-030406-bbbbbb"):
        register_run(make_run(name))
    return tmp_path / "reports"
