"""Print how fast stratkit sweeps over pairs of averages, beside a bare compiled loop and a public peer.

    python benchmarks/sweep.py [--check] [--repeats N] [--workers N] [--peers PYTHON]

Every size is measured in a process of its own, so that its peak memory is its own. Limits are printed beside the
figures they apply to; with --check the exit code is 5 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from bare_sweep import BareSweep, sma_sweep
from cases import CASH, DAILY_COSTS, complete_universe
from timing import interleaved

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.research.assignment import assigned
from stratkit.research.evaluation import Evaluator
from stratkit.research.outcomes import outcome_of
from stratkit.research.trials import Assignment, Evaluation, Outcome

MISSED: Final = 5
ABSENT: Final = 3
PEER_TIMEOUT_S: Final = 900
AGREEMENT: Final = 1e-9  # relative: the bare loop orders its sums differently
FAST_KEY, SLOW_KEY = "strategies.cross.params.fast", "strategies.cross.params.slow"


class Size(NamedTuple):
    """How many pairs on how many bars, and what they may take."""

    fasts: range
    slows: range
    bars: int
    limit_s: float | None
    limit_mb: float

    @property
    def pairs(self) -> int:
        """Number of pairs of windows."""
        return len(self.fasts) * len(self.slows)

    @property
    def title(self) -> str:
        """The size in words."""
        return f"{self.pairs:,} SMA pairs x {self.bars:,} daily bars, costs and metrics"


SIZES: Final = {
    "wide": Size(range(2, 52), range(52, 152), 10_000, 0.6, 400.0),
    "many": Size(range(2, 101), range(101, 248), 3_000, None, 500.0),
    "small": Size(range(2, 8), range(8, 16), 600, 0.6, 400.0),
}


def config() -> RunConfig:
    """Return what is swept: an account of one symbol that reverses on every cross, and pays for it."""
    cross = {"enabled": True, "type": "sma_cross", "params": {"fast": 20, "slow": 50}}
    plain = {"strategies": {"cross": cross}, "costs": DAILY_COSTS.model_dump(), "analytics": {"benchmark": None}}
    return RunConfig.model_validate(plain)


def assignments(size: Size) -> list[Assignment]:
    """Return the values of every pair."""
    return [{FAST_KEY: fast, SLOW_KEY: slow} for fast in size.fasts for slow in size.slows]


def swept(bars: Bars, values: list[Assignment], workers: int) -> list[Evaluation]:
    """Return what every pair came to, from nothing but the bars: each indicator is computed once on the way."""
    return Evaluator(config(), bars, workers).evaluate(values)


def bare(bars: Bars, size: Size) -> BareSweep:
    """Return what the bare loop makes of the same pairs."""
    pairs = np.array([(fast, slow) for fast in size.fasts for slow in size.slows])
    commission, spread = DAILY_COSTS.commission_bps * 1e-4, DAILY_COSTS.half_spread_bps * 1e-4
    return sma_sweep(np.ravel(bars.open), np.ravel(bars.close), pairs, CASH, commission, spread)


def check_agreement(bars: Bars, values: list[Assignment], found: list[Evaluation], plain: BareSweep) -> None:
    """Stop unless every pair ends like the bare loop, and a few of them like a plain backtest in every bit."""
    outcomes = [one for one in found if isinstance(one, Outcome)]
    if len(outcomes) != len(values):
        raise SystemExit(f"every pair must be replayed; {len(values) - len(outcomes)} were not")
    for name, other in (("total_return", plain.equity / CASH - 1.0), ("max_drawdown", plain.max_drawdown)):
        own = np.array([one.metrics[name] for one in outcomes])
        worst = np.abs((1.0 + own) / (1.0 + other) - 1.0).max()
        if not worst <= AGREEMENT:
            raise SystemExit(f"{name} must agree between the bare loop and the sweep; found {worst:.3g} apart")
    for place in np.linspace(0, len(values) - 1, 5).astype(int).tolist():
        alone = assigned(config(), values[place])
        if outcome_of(alone, bars, run_backtest(alone, bars)).digest != outcomes[place].digest:
            raise SystemExit(f"a plain backtest must give the sums of the sweep; it does not at {dict(values[place])}")


def measure(size: Size, repeats: int, workers: int) -> dict[str, Any]:
    """Return times [s] and peak memory [MB] of this process: of the sweep first, then beside the bare loop."""
    bars, values = complete_universe(1, size.bars), assignments(size)
    found = swept(bars, values, workers)  # compiled, or read from the cache
    found = swept(bars, values, workers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    check_agreement(bars, values, found, bare(bars, size))
    trades = float(np.mean([one.metrics["trades"] for one in found if isinstance(one, Outcome)]))
    del found
    timings = interleaved(
        {
            "bare loop, all cores": lambda: bare(bars, size),
            f"stratkit, {workers} workers": lambda: swept(bars, values, workers),
            "stratkit, 1 worker": lambda: swept(bars, values, 1),
        },
        repeats,
    )
    seconds = {name: [one.best_ms / 1e3, min(one.cpu_ms) / 1e3] for name, one in timings.items()}
    return {"seconds": seconds, "peak_mb": peak, "trades": trades}


def print_size(name: str, repeats: int, workers: int, peers: str | None) -> list[str]:
    """Measure one size in a process of its own and print it; return the limits that were missed."""
    size = SIZES[name]
    command = [sys.executable, __file__, "--measure", name, "--repeats", str(repeats), "--workers", str(workers)]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"\n{size.title}: {report['trades']:.0f} trades a pair; return and drawdown agree with the bare loop")
    print(f"  {'':<34}{'wall s':>9}{'CPU s':>9}{'ns a bar':>10}{'x bare':>8}")
    base = report["seconds"]["bare loop, all cores"][0]
    for row, (wall, spent) in report["seconds"].items():
        _print_row(row, wall, spent, size, base)
    if peers is not None:
        print_peer(size, peers, base)
    best, peak = report["seconds"][f"stratkit, {workers} workers"][0], report["peak_mb"]
    verdicts = [(peak, size.limit_mb, "MB at the peak")]
    if size.limit_s is not None:
        verdicts.insert(0, (best, size.limit_s, f"s with {workers} workers"))
    missed = []
    for found, limit, unit in verdicts:
        text = f"{'ok' if found <= limit else 'MISSED'}: {found:.3g} <= {limit:g} {unit}"
        print(f"  {text}")
        missed += [text] if found > limit else []
    return missed


def _print_row(row: str, wall: float, spent: float, size: Size, base: float) -> None:
    each = wall * 1e9 / size.pairs / size.bars
    print(f"  {row:<34}{wall:9.3f}{spent:9.3f}{each:10.1f}{wall / base:8.1f}")


def print_peer(size: Size, python: str, base: float) -> None:
    """Print what vectorbt takes for the same pairs, or why it was skipped."""
    bars = complete_universe(1, size.bars)
    with tempfile.TemporaryDirectory(prefix="stratkit-peer-") as folder:
        path = Path(folder) / "bars.npz"
        columns: dict[str, Any] = {name: np.ravel(getattr(bars, name)) for name in ("open", "close")}
        np.savez(path, times=bars.times, **columns)
        script = Path(__file__).parent / "peers" / "peer_vectorbt_sweep.py"
        spans = (size.fasts.start, size.fasts.stop, size.slows.start, size.slows.stop)
        costs = (DAILY_COSTS.commission_bps, DAILY_COSTS.half_spread_bps)
        command = [python, str(script), str(path), *map(str, (*spans, CASH, *costs))]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=PEER_TIMEOUT_S, check=False)
        except (FileNotFoundError, subprocess.TimeoutExpired) as error:
            print(f"  vectorbt: skipped, {error}")
            return
    if run.returncode != 0:
        reason = run.stdout if run.returncode == ABSENT else (run.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"  vectorbt: skipped, {reason.strip()}")
        return
    report = json.loads(run.stdout.strip().splitlines()[-1])
    _print_row(f"vectorbt {report['version']}, in chunks of {report['chunk']}", report["wall_s"], report["cpu_s"], size,
               base)  # fmt: skip
    ends = np.array(report["equity"])
    alike = np.abs(ends / bare(bars, size).equity - 1.0) < AGREEMENT
    print(f"  {'':<34}peak {report['peak_mb']:.0f} MB; {alike.mean():.1%} of its pairs end like ours")


def main() -> int:
    """Run what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Measure stratkit's sweeps.")
    parser.add_argument("--check", action="store_true", help=f"exit with {MISSED} when a limit is missed")
    parser.add_argument("--repeats", type=int, default=5, help="rounds of each call (default 5)")
    parser.add_argument("--workers", type=int, default=2, help="threads of the sweep (default 2)")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter of the peers' own environment")
    parser.add_argument("--measure", choices=SIZES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure is not None:
        print(json.dumps(measure(SIZES[options.measure], options.repeats, options.workers)))
        return 0
    missed: list[str] = []
    print("load over 1, 5 and 15 minutes: " + " ".join(f"{load:.2f}" for load in os.getloadavg()))
    for name in ("wide", "many"):
        missed += print_size(name, options.repeats, options.workers, options.peers)
    print(f"\n{'limits missed: ' + '; '.join(missed) if missed else 'all limits kept'}")
    return MISSED if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
