"""Does a search fool its user? Verdicts on noise, and on bars that hold an edge of stated size.

python benchmarks/honesty.py                    # noise of seeds 0-99, an edge on seeds 0-19
python benchmarks/honesty.py --sampler genetic --trials 100 --noise 20 --edges 5
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import numpy as np

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.data.planted import planted_market
from stratkit.features.indicators import sma
from stratkit.inference.verdict import RULE, verdict
from stratkit.research.assignment import assigned
from stratkit.research.evaluation import Evaluator
from stratkit.research.holdout import holdout_of, out_of_sample
from stratkit.research.judgement import Judgement, judge
from stratkit.research.ledger_entries import Counting
from stratkit.research.plateau import robust_choice
from stratkit.research.search import search
from stratkit.research.search_settings import SearchSettings
from stratkit.runs.ledger import NullLedger

BARS: Final = 5_000  # twenty years of days, of which the last five are held out
EDGE: Final = 2.5  # yearly Sharpe ratio of the planted rule before costs
FAST, SLOW = 20, 80  # the planted rule
AGREES: Final = 0.7  # share of the bars on which a found rule must take the planted side to be near it
LIMITS: Final = {
    "noise that passes": "<= 5 of 100",
    "noise that fails": ">= 60 of 100",
    "edges that pass": ">= 16 of 20",
}
CONFIG: Final = {
    "strategies": {
        "cross": {"enabled": True, "type": "sma_cross", "params": {"fast": FAST, "slow": SLOW, "direction": "both"}}
    },
    "costs": {"commission_bps": 1.0, "half_spread_bps": 1.0},
    "analytics": {"benchmark": "none"},
}


@dataclass(frozen=True)
class Case:
    """One search: on what, how, and what came of it; `agreement` is NaN on noise."""

    seed: int
    edge: float
    word: str
    deflated: float
    overfit: float
    low: float
    superior_p: float
    fast: int
    slow: int
    agreement: float


def case(seed: int, edge: float, sampler: str, trials: int, pick: str = "best") -> Case:
    """Search averages on bars of one seed, and judge what is chosen."""
    bars = planted_market(BARS, seed, sharpe_ann=edge, fast=FAST, slow=SLOW)
    config = RunConfig.model_validate({**CONFIG, "seed": seed})
    settings = SearchSettings.model_validate({"sampler": sampler, "trials": trials, "fixed": ("direction",)})
    holdout = holdout_of(bars, settings.holdout_pct, settings.purge_bars)
    searched = bars.slice(0, holdout.stop)
    ledger = NullLedger(_silent)  # each seed is a world of its own
    result = search(config, searched, settings, evaluator=Evaluator(config, searched), ledger=ledger)
    assert result.best is not None
    chosen = robust_choice(result) if pick == "robust" else result.best
    values = result.trials[chosen].values
    outside = out_of_sample(assigned(config, values), bars, holdout)
    judged = judge(
        config, searched, result, chosen, outside, seed, Counting(config, searched, ledger, "honesty", "optimize")
    )
    fast, slow = (int(values[f"strategies.cross.params.{name}"]) for name in ("fast", "slow"))  # type: ignore[arg-type]  # both are whole numbers
    return _case(seed, edge, judged, fast, slow, _agreement(bars, fast, slow) if edge else math.nan)


def _silent(_sentence: str) -> None:
    pass


def _case(seed: int, edge: float, judged: Judgement, fast: int, slow: int, agreement: float) -> Case:
    return Case(
        seed, edge, judged.verdict.word, float(judged.evidence.deflated), judged.overfitting,
        judged.holdout.sharpe.low, judged.superior_p, fast, slow, agreement,
    )  # fmt: skip


def _agreement(bars: Bars, fast: int, slow: int) -> float:
    """Return the share of bars on which two pairs of averages stand the same way."""
    close = bars.close
    found, true = (np.sign(sma(close, a) - sma(close, b)) for a, b in ((fast, slow), (FAST, SLOW)))
    known = np.isfinite(found) & np.isfinite(true)
    return float((found == true)[known].mean())


def cases(seeds: range, edge: float, sampler: str, trials: int, pick: str, workers: int) -> Iterator[Case]:
    """Yield the cases of seeds in their order."""
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_quiet) as pool:
        count = len(seeds)
        yield from pool.map(
            case, seeds, [edge] * count, [sampler] * count, [trials] * count, [pick] * count, chunksize=4
        )


def _quiet() -> None:
    warnings.simplefilter("ignore")


def report(noise: list[Case], edges: list[Case]) -> bool:
    """Print what was seen, and return whether the limits hold, scaled to the number of seeds."""
    words = Counter(one.word for one in noise)
    print(f"noise, {len(noise)} seeds: " + ", ".join(f"{words[word]} {word}" for word in ("pass", "caution", "fail")))
    _quantiles(noise)
    found = Counter(one.word for one in edges)
    near = sum(one.agreement >= AGREES for one in edges)
    print(
        f"edge of {EDGE:g} a year at {FAST}/{SLOW}, {len(edges)} seeds: "
        + ", ".join(f"{found[word]} {word}" for word in ("pass", "caution", "fail"))
        + f"; {near} take the planted side on {AGREES:.0%} of the bars or more"
    )
    _quantiles(edges)
    for one in edges:
        print(
            f"  seed {one.seed:2d}  {one.word:8s} {one.fast:3d}/{one.slow:<3d}  agrees {one.agreement:.0%}  "
            f"DSR {one.deflated:.3f}  PBO {one.overfit:.2f}  holdout low {one.low:+.2f}  SPA p {one.superior_p:.3f}"
        )
    holds = [
        words["pass"] <= 0.05 * len(noise),
        words["fail"] >= 0.60 * len(noise),
        found["pass"] >= 0.80 * len(edges),
    ]
    for (what, limit), kept in zip(LIMITS.items(), holds, strict=True):
        print(f"{'kept  ' if kept else 'MISSED'}  {what}: {limit}")
    return all(holds)


def _quantiles(found: list[Case]) -> None:
    for label, name in (("DSR", "deflated"), ("PBO", "overfit"), ("holdout low", "low"), ("SPA p", "superior_p")):
        values = np.quantile([getattr(one, name) for one in found], [0.05, 0.25, 0.5, 0.75, 0.95])
        print(f"  {label:12s} 5/25/50/75/95 %: " + "  ".join(f"{value:6.2f}" for value in values))


def other_limits(noise: list[Case], edges: list[Case]) -> None:
    """Print what other limits of the deflated ratio and of PBO would have said."""
    print("other limits (DSR pass, PBO pass): noise that passes, edges that pass")
    for deflated in (0.8, 0.9, 0.95, 0.99):
        for overfit in (0.2, 0.3, 0.4, 0.5):
            passing = [
                sum(
                    one.deflated > deflated and one.overfit < overfit and one.low > 0 and one.superior_p < 0.05
                    for one in found
                )
                for found in (noise, edges)
            ]
            print(
                f"  {deflated:4.2f} {overfit:4.2f}   {passing[0]:3d} of {len(noise)}   {passing[1]:3d} of {len(edges)}"
            )
    assert verdict(1.0, 0.0, 1.0, 0.0).word == "pass"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--pick", default="best", choices=("best", "robust"))
    parser.add_argument("--noise", type=int, default=100)
    parser.add_argument("--edges", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    print(f"{chosen.trials} trials by {chosen.sampler} on {BARS:,} daily bars, 25 % held out\n{RULE}")
    began = time.perf_counter()
    noise = list(cases(range(chosen.noise), 0.0, chosen.sampler, chosen.trials, chosen.pick, chosen.workers))
    edges = list(cases(range(chosen.edges), EDGE, chosen.sampler, chosen.trials, chosen.pick, chosen.workers))
    kept = report(noise, edges)
    other_limits(noise, edges)
    print(f"{time.perf_counter() - began:.0f} s")
    sys.exit(0 if kept else 5)


if __name__ == "__main__":
    main()
