"""`print_peers`: public backtesters on the same bars, each as a process of its own environment."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from cases import CASH, FAST, MINUTE_COSTS, SLOW, minutes_case
from timing import interleaved

from stratkit.data.synthetic import synthetic_minutes

PEERS: Final = ("vectorbt", "backtesting")
OWN_REPEATS: Final = 15
TIMEOUT_S: Final = 600
ABSENT: Final = 3


def print_peers(python: str, bars: int) -> None:
    """Print the SMA case of stratkit and of every peer that is installed beside `python`."""
    print(f"\nSMA {FAST}/{SLOW} on {bars:,} minute bars, reversing at the next open, same costs: signals to metrics")
    print(f"  {'':<32}{'first s':>9}{'warm s':>9}{'ns a bar':>10}{'peak MB':>9}{'final equity':>16}")
    case = minutes_case(bars)
    rows = {name: row.call for name, row in case.rows.items() if name.startswith("stratkit")}
    equity = f"{'':>9}{case.equity:16,.2f}"
    for name, timing in interleaved(rows, OWN_REPEATS).items():
        print(f"  {name:<32}{'':>9}{timing.best_ms / 1e3:9.4f}{timing.best_ms * 1e6 / bars:10.0f}{equity}")
    for name in PEERS:
        print(f"  {_line(name, measure(name, python, bars), bars)}")


def _line(name: str, found: dict[str, Any] | str, bars: int) -> str:
    if isinstance(found, str):
        return f"{name}: skipped, {found}"
    title, warm = f"{name} {found['version']}", min(found["seconds"])
    times = f"{found['first_s']:9.2f}{warm:9.4f}{warm * 1e9 / bars:10.0f}"
    return f"{title:<32}{times}{found['peak_mb']:9.0f}{found['equity']:16,.2f}"


def measure(name: str, python: str, bars: int) -> dict[str, Any] | str:
    """Return what a peer's script reports, or why it was skipped."""
    script = Path(__file__).parent / "peers" / f"peer_{name}.py"
    with tempfile.TemporaryDirectory(prefix="stratkit-peer-") as folder:
        path = Path(folder) / "bars.npz"
        minutes = synthetic_minutes(bars)
        columns: dict[str, Any] = {
            key: np.ravel(getattr(minutes, key)) for key in ("open", "high", "low", "close", "volume")
        }
        np.savez(path, times=minutes.times, **columns)
        costs = (str(MINUTE_COSTS.commission_bps), str(MINUTE_COSTS.half_spread_bps))
        command = [python, str(script), str(path), str(FAST), str(SLOW), str(CASH), *costs]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except FileNotFoundError:
            return f"no interpreter at {python}"
        except subprocess.TimeoutExpired:
            return f"it took more than {TIMEOUT_S} s"
    if run.returncode == ABSENT:
        return run.stdout.strip()
    if run.returncode != 0:
        return "it failed: " + (run.stderr.strip().splitlines() or ["no message"])[-1]
    report: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return report
