"""`cold_runs`: whole `stratkit backtest` processes on a Parquet file, timed from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stratkit.data.synthetic import synthetic_minutes

CHECKOUT: Final = Path(__file__).resolve().parent.parent
WATCHER: Final = Path(__file__).resolve().parent / "process.py"
ENTRY: Final = "from stratkit.cli.main import main; raise SystemExit(main())"  # the installed command's own line
OPTIONS: Final = ("--strategy", "sma_cross", "--set", "strategies.sma_cross.params.fast=20",
                  "--set", "strategies.sma_cross.params.slow=50", "--set", "costs.commission_bps=0.2",
                  "--set", "costs.half_spread_bps=0.2")  # fmt: skip


class Spent(NamedTuple):
    """What one process took: wall and processor time [s], peak resident memory [MB]; and what it said."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str

    @property
    def compiled(self) -> bool:
        """Whether it had to compile: the first run ever does, and any after a change of the sources."""
        return "compiling once" in self.said


class ColdRuns(NamedTuple):
    """The first run ever, compilation and font cache included, and runs after it; `page_mb` is the report's size."""

    first: Spent
    later: list[Spent]
    page_mb: float
    pictures: int


def write_minutes(path: Path, bars: int) -> None:
    """Write synthetic minute bars as one anonymous Parquet file."""
    minutes = synthetic_minutes(bars)
    columns = {name: np.ravel(getattr(minutes, name)) for name in ("open", "high", "low", "close", "volume")}
    stamps = pa.array(minutes.times, pa.timestamp("ns", tz="UTC"))
    pq.write_table(pa.table({"timestamp": stamps, **columns}), path)


def cold_runs(bars: int, repeats: int) -> ColdRuns:
    """Run the command with an empty cache, then `repeats` times with the cache that the first run left."""
    with tempfile.TemporaryDirectory(prefix="stratkit-bench-") as name:
        folder = Path(name)
        write_minutes(folder / "minutes.parquet", bars)
        first = _spend(folder, 0)
        later = [_spend(folder, run) for run in range(1, repeats + 1)]
        page = next((folder / "out0").glob("*/report.html"))
        pictures = len(list(page.parent.rglob("*.png")))
        return ColdRuns(first, later, page.stat().st_size / 1e6, pictures)


def spend(command: list[str], environment: dict[str, str], log: Path) -> Spent:
    """Run a command to its end and return what it took; stop the benchmark when it fails."""
    run = subprocess.run(
        [sys.executable, str(WATCHER), str(log), *command], env=environment, capture_output=True, text=True, check=False
    )
    said = log.read_text()
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(command)} must succeed; found exit code {run.returncode}:\n{said}{run.stderr}")
    took = json.loads(run.stdout)
    return Spent(took["wall_s"], took["cpu_s"], took["peak_bytes"] / 1e6, said)


def _spend(folder: Path, run: int) -> Spent:
    environment = {
        # an installation has its bytecode; a shell that forbids writing it would measure Python's own compiler
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPATH": str(CHECKOUT),
        "STRATKIT_CACHE_DIR": str(folder / "cache"),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
    }
    command = [sys.executable, "-c", ENTRY, "backtest", "--data", str(folder / "minutes.parquet"),
               "--out", str(folder / f"out{run}"), *OPTIONS]  # fmt: skip
    return spend(command, environment, folder / "log.txt")
