"""Print how fast stratkit is beside bare compiled loops, or beside public peers, all measured in this run.

    python benchmarks/bench.py [--check] [--only warm|cold] [--repeats N]
    python benchmarks/bench.py --peers PYTHON      # the interpreter of the peers' own environment

Limits are printed beside the figures they apply to; with --check the exit code is 5 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cases import Case, minutes_case, rotation_case, stops_case
from cold import ColdRuns, cold_runs
from indicators import indicators_case
from live import print_live
from peers_beside import print_peers
from several import several_case
from timing import Timing, interleaved, ratio

BARS: Final = 1_000_000
SYMBOLS, DAYS = 500, 2520
MISSED: Final = 5
CASES: Final[tuple[Callable[[], Case], ...]] = (
    lambda: minutes_case(BARS),
    lambda: stops_case(SYMBOLS, DAYS),
    lambda: rotation_case(SYMBOLS, DAYS),
    lambda: several_case(SYMBOLS, DAYS),
    lambda: indicators_case(BARS),
)


def main() -> int:
    """Run what was asked for; return the exit code."""
    options = _options()
    print(_machine())
    if options.peers is not None:
        print_peers(options.peers, BARS)
        return 0
    missed: list[str] = []
    if options.only in (None, "warm"):
        for make in CASES:
            missed += print_case(make(), options.repeats)
        missed += print_memory()
        missed += print_live()
    if options.only in (None, "cold"):
        missed += print_cold(cold_runs(BARS, options.cold_repeats))
    print(f"\n{_load()}\n{'limits missed: ' + '; '.join(missed) if missed else 'all limits kept'}")
    return MISSED if missed and options.check else 0


def print_case(case: Case, repeats: int) -> list[str]:
    """Time a case and print it; return the limits that were missed."""
    timings = interleaved({name: row.call for name, row in case.rows.items()}, repeats)
    print(f"\n{case.title}\n  {case.facts}")
    print(f"  {repeats} rounds in turn; ms:{'wall best':>29}{'median':>9}{'CPU best':>9}{'median':>9}{'x bare':>8}")
    base = next(iter(timings.values()))
    missed = []
    for name, row in case.rows.items():
        timing = timings[name]
        best, _ = ratio(timing, base)
        verdicts = list(_verdicts(timing, base, row.limit_ms, row.times_bare))
        if row.times_of is not None:
            other, limit = row.times_of
            verdicts += _compared(timing, timings[other], limit, f"x {other.split(':')[0]}")
        print(f"  {name:<43}{timing.line()}{best:8.2f}  {', '.join(text for text, _ in verdicts)}")
        missed += [f"{name.strip()} {text}" for text, kept in verdicts if not kept]
    return missed


def print_memory() -> list[str]:
    """Print the peak memory of a process that plays the case of several strategies; return the limit if missed."""
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        command: list[str | Path] = [sys.executable, here / "process.py", Path(folder) / "log"]
        command += [sys.executable, here / "several.py"]
        printed = subprocess.run([*command, str(SYMBOLS), str(DAYS)], check=True, capture_output=True, text=True).stdout
    text, kept = _verdict(json.loads(printed)["peak_bytes"] / 1e6, 1_000.0, "MB at the peak, five strategies")
    print(f"  {text}")
    return [] if kept else [text]


def _verdicts(
    timing: Timing, base: Timing, limit_ms: float | None, times_bare: float | None
) -> Iterator[tuple[str, bool]]:
    """Judge the best round: it is the one that other processes disturbed least."""
    if limit_ms is not None:
        yield _verdict(timing.best_ms, limit_ms, "ms")
    if times_bare is not None:
        yield from _compared(timing, base, times_bare, "x bare")


def _compared(timing: Timing, base: Timing, limit: float, unit: str) -> Iterator[tuple[str, bool]]:
    best, middle = ratio(timing, base)
    text, kept = _verdict(best, limit, unit)
    yield f"{text} (median of rounds {middle:.2f})", kept


def _verdict(found: float, limit: float, unit: str) -> tuple[str, bool]:
    kept = found <= limit
    return f"{'ok' if kept else 'MISSED'}: {found:.3g} <= {limit:g} {unit}", kept


def print_cold(runs: ColdRuns) -> list[str]:
    """Print what whole processes took; return the limits that were missed."""
    print(f"\nstratkit backtest on a Parquet file of {BARS:,} minute bars, as a process; page and PNGs written")
    print(f"  report.html {runs.page_mb:.2f} MB, {runs.pictures} PNGs{'wall s':>29}{'CPU s':>9}{'peak MB':>9}")
    names = ["first run ever: compiles, makes the font cache"]
    for run, spent in enumerate(runs.later, start=1):
        names.append(f"compiled cache, run {run}{' (compiled again: sources changed)' * spent.compiled}")
    for name, spent in zip(names, (runs.first, *runs.later), strict=True):
        print(f"  {name:<50}{spent.wall_s:9.2f}{spent.cpu_s:9.2f}{spent.peak_mb:9.0f}")
    verdicts = [
        _verdict(runs.first.wall_s, 20.0, "s, first run"),
        _verdict(min(spent.wall_s for spent in runs.later), 4.0, "s, best with compiled cache"),
        _verdict(max(spent.peak_mb for spent in runs.later), 600.0, "MB at the peak, with compiled cache"),
        _verdict(runs.first.peak_mb, 600.0, "MB at the peak, first run"),
    ]
    for text, _ in verdicts:
        print(f"  {text}")
    return [f"cold run {text}" for text, kept in verdicts if not kept]


def _machine() -> str:
    cores = f"{os.cpu_count()} cores, {platform.machine()}"
    return f"Python {platform.python_version()}, {platform.system()}, {cores}; {_load()}"


def _load() -> str:
    return "load over 1, 5 and 15 minutes: " + " ".join(f"{load:.2f}" for load in os.getloadavg())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure stratkit's speed.")
    parser.add_argument("--check", action="store_true", help=f"exit with {MISSED} when a limit is missed")
    parser.add_argument("--only", choices=("warm", "cold"), help="leave the other half out")
    parser.add_argument("--repeats", type=int, default=21, help="rounds of each warm case (default 21)")
    parser.add_argument("--cold-repeats", type=int, default=3, help="processes with compiled cache (default 3)")
    parser.add_argument("--peers", metavar="PYTHON", help="measure public peers with this interpreter instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
