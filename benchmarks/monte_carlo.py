"""Print how fast stratkit resamples paths of returns, beside a bare compiled loop, plain numpy and arch.

    python benchmarks/monte_carlo.py [--check] [--repeats N] [--workers N]

All are timed in one process, in turn; the peak memory of each comes from a process of its own. Limits are printed
beside the figures they apply to; with --check the exit code is 5 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from bare_paths import CHUNK, arch_paths, bare_paths, numpy_paths
from timing import interleaved

from stratkit.inference.path_resampling import stationary_paths
from stratkit.panel import FloatArray
from stratkit.seeds import generator

MISSED: Final = 5
PATHS, BARS, MEAN_BLOCK = 10_000, 2520, 10.0
LIMIT_S, LIMIT_MB = 0.2, 300.0
BARE: Final = "bare numba loop"
ENGINE: Final = "stratkit, 1 worker"
FIGURES: Final = ("terminal wealth", "maximum drawdown", "Sharpe ratio")


def history() -> FloatArray:
    """Return ten years of daily returns with fat tails and volatility that clusters."""
    draw = generator(0, "benchmark", "returns")
    shocks = draw.standard_t(5, BARS) / np.sqrt(5 / 3)
    variance = np.empty(BARS)
    variance[0] = 1e-4
    for bar in range(1, BARS):
        variance[bar] = 1e-4 * 0.04 + variance[bar - 1] * (0.88 + 0.08 * shocks[bar - 1] ** 2)
    return np.asarray(0.0004 + np.sqrt(variance) * shocks)


def ours(returns: FloatArray, workers: int, *, more: bool = False) -> FloatArray:
    """Return the figures of the engine under test."""
    draw = generator(0, "benchmark", "paths")
    sample = stationary_paths(
        returns, paths=PATHS, bars=BARS, mean_block_bars=MEAN_BLOCK, draw=draw, workers=workers, more=more
    )
    return np.stack((sample.wealth, sample.max_drawdown, sample.sharpe))


def calls(returns: FloatArray, workers: int) -> dict[str, Callable[[], FloatArray]]:
    """Return everything that is compared, the bare loop first."""
    asked = (returns, PATHS, BARS, MEAN_BLOCK, 0)
    return {
        BARE: lambda: bare_paths(*asked),
        ENGINE: lambda: ours(returns, 1),
        "  with downside and time under water": lambda: ours(returns, 1, more=True),
        f"stratkit, {workers} workers": lambda: ours(returns, workers),
        f"numpy, {CHUNK} paths at a time": lambda: numpy_paths(*asked),
        "arch": lambda: arch_paths(*asked),
    }


def check_agreement(found: dict[str, FloatArray]) -> None:
    """Stop unless all draw from the same distributions: deciles within five standard errors of each other."""
    levels = np.linspace(0.1, 0.9, 9)
    for figure, name in enumerate(FIGURES):
        base = np.quantile(found[ENGINE][figure], levels)
        for other, figures in found.items():
            # where our decile stands among the others' paths
            rank = np.searchsorted(np.sort(figures[figure]), base) / PATHS
            error = np.sqrt(2 * levels * (1 - levels) / PATHS)
            if not (np.abs(rank - levels) < 5 * error).all():
                raise SystemExit(f"deciles of the {name} must agree; those of {other.strip()} do not: {rank.round(3)}")


def peak_mb(name: str, workers: int) -> float:
    """Return the peak memory of a process that makes one call, twice."""
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        command: list[str | Path] = [
            sys.executable,
            here / "process.py",
            Path(folder) / "log",
            sys.executable,
            __file__,
        ]
        command += ["--once", name, "--workers", str(workers)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(json.loads(printed)["peak_bytes"]) / 1e6


def print_table(repeats: int, workers: int) -> list[str]:
    """Measure and print everything; return the limits that were missed."""
    rows = calls(history(), workers)
    check_agreement({name: call() for name, call in rows.items()})
    timings = interleaved(rows, repeats)
    memory = {name: peak_mb(name, workers) for name in rows}
    print(f"\n{PATHS:,} stationary-bootstrap paths x {BARS:,} bars, mean block {MEAN_BLOCK:g}: {', '.join(FIGURES)}")
    print(f"  deciles of all three agree among all; {repeats} rounds in turn")
    print(f"  {'':<38}{'wall s':>9}{'CPU s':>9}{'ns a bar':>10}{'x bare':>8}{'peak MB':>9}")
    base = timings[BARE].best_ms
    for name, one in timings.items():
        each = one.best_ms * 1e6 / PATHS / BARS
        spent = f"{one.best_ms / 1e3:9.3f}{min(one.cpu_ms) / 1e3:9.3f}{each:10.2f}{one.best_ms / base:8.2f}"
        print(f"  {name:<38}{spent}{memory[name]:9.0f}")
    verdicts = (
        (timings[ENGINE].best_ms / 1e3, LIMIT_S, "s with 1 worker"),
        (memory[ENGINE], LIMIT_MB, "MB at the peak"),
    )
    missed = []
    for found, limit, unit in verdicts:
        text = f"{'ok' if found <= limit else 'MISSED'}: {found:.3g} <= {limit:g} {unit}"
        print(f"  {text}")
        missed += [text] if found > limit else []
    return missed


def main() -> int:
    """Run what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Measure stratkit's resampled paths.")
    parser.add_argument("--check", action="store_true", help=f"exit with {MISSED} when a limit is missed")
    parser.add_argument("--repeats", type=int, default=5, help="rounds of each call (default 5)")
    parser.add_argument("--workers", type=int, default=2, help="threads of the second row (default 2)")
    parser.add_argument("--once", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once is not None:
        call = calls(history(), options.workers)[options.once]
        call()
        call()
        return 0
    print("load over 1, 5 and 15 minutes: " + " ".join(f"{load:.2f}" for load in os.getloadavg()))
    missed = print_table(options.repeats, options.workers)
    print(f"\n{'limits missed: ' + '; '.join(missed) if missed else 'all limits kept'}")
    return MISSED if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
