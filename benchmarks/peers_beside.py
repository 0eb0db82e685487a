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

PEERS: Final = {"vectorbt": 1_000_000, "backtesting": 1_000_000}
TIMEOUT_S: Final = 600
ABSENT: Final = 3


def print_peers(python: str, bars: int) -> None:
    """Print the SMA case of stratkit and of every peer that is installed beside `python`."""
    print(f"\nSMA {FAST}/{SLOW}, minute bars, next open, reversing, all equity, the same costs: signals to metrics")
    print(f"  {'':<36}{'bars':>10}{'first s':>9}{'warm s':>9}{'ns a bar':>10}{'peak MB':>9}{'final equity':>16}")
    for size in sorted({min(bars, most) for most in PEERS.values()}, reverse=True):
        _print_own(size)
        for name in (name for name, most in PEERS.items() if min(bars, most) == size):
            _print_peer(name, python, size)


def _print_own(bars: int) -> None:
    case = minutes_case(bars)
    rows = {name: row.call for name, row in case.rows.items() if name.startswith("stratkit")}
    for name, timing in interleaved(rows, 15).items():
        print(f"  {name:<36}{bars:10,}{'':>9}{timing.best_ms / 1e3:9.4f}{timing.best_ms * 1e6 / bars:10.0f}")


def _print_peer(name: str, python: str, bars: int) -> None:
    found = measure(name, python, bars)
    if isinstance(found, str):
        print(f"  {name}: skipped, {found}")
        return
    warm = min(found["seconds"])
    print(
        f"  {name + ' ' + found['version']:<36}{bars:10,}{found['first_s']:9.2f}{warm:9.4f}{warm * 1e9 / bars:10.0f}"
        f"{found['peak_mb']:9.0f}{found['equity']:16,.2f}"
    )


def measure(name: str, python: str, bars: int) -> dict[str, Any] | str:
    """Return what a peer's script reports, or why it was skipped."""
    script = Path(__file__).parent / "peers" / f"peer_{name}.py"
    with tempfile.TemporaryDirectory(prefix="stratkit-peer-") as folder:
        path = Path(folder) / "bars.npz"
        minutes = synthetic_minutes(bars)
        columns = {key: np.ravel(getattr(minutes, key)) for key in ("open", "high", "low", "close", "volume")}
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
