"""Do labels find states that are known? Balanced accuracy after warm-up, beside the filter that knows the parameters.

python benchmarks/regimes.py                   # seeds 0-3, and the time that 5,000 bars take
python benchmarks/regimes.py --seeds 8 --methods "hmm;jump"
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.data.planted import switching_market
from stratkit.panel import FloatArray, IntArray
from stratkit.regimes.hmm import hmm_labels
from stratkit.regimes.label import label_regimes
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import FitSettings, RegimeSettings, RuleSettings
from stratkit.regimes.state_fit import StateFit

BARS: Final = 3_000
SIGMA: Final = (0.007, 0.020)  # of a day's log return
STAY: Final = (100.0, 40.0)  # mean bars in a state
FIT: Final = FitSettings()
MOST_POINTS: Final = 5.0  # that the causal HMM may stay behind the filter with the true parameters
LEAST: Final = 0.80  # balanced accuracy of the causal HMM
TIMED_BARS: Final = 5_000
MOST_SECONDS: Final = 5.0  # of processor time for the causal HMM on them
MAJORITY: Final = 0.5  # who always says the more frequent state is right in all of one and none of the other
WILD: Final = ("high_volatility", "high_downside", "range_high_vol", "high")  # names that say the second state

# rules look at each bar's own range; the jump model looks for falls rather than for volatility
LABELS: Final[dict[str, RegimeSettings]] = {
    "hmm": RegimeSettings(method="hmm", fit=FIT),
    "markov": RegimeSettings(method="markov", fit=FIT),
    "jump": RegimeSettings(method="jump", fit=FIT),
    "volatility": RegimeSettings(method="volatility", fit=FIT),
    "rules": RegimeSettings(method="rules"),
    "rules, quantile": RegimeSettings(method="rules", rules=RuleSettings(thresholds="quantile")),
}


@dataclass(frozen=True)
class Row:
    """Balanced accuracy of each method on the bars of one seed, and of the filter with the true parameters."""

    seed: int
    true: float
    methods: dict[str, float]


def log_returns(bars: Bars) -> FloatArray:
    return np.diff(np.log(bars.close), axis=0, prepend=np.nan)


def balanced_accuracy(found: IntArray, state: IntArray) -> float:
    """Return the mean over both states of the share of their bars after warm-up that were named rightly."""
    late = np.arange(len(state)) >= FIT.min_bars
    return float(np.mean([(found[late & (state == each)] == each).mean() for each in (0, 1)]))


def true_states(returns: FloatArray) -> IntArray:
    """Return the more probable state on each bar, filtered with the parameters that made it."""
    leaves = [1 / stay for stay in STAY]
    transition = np.array([[1 - leaves[0], leaves[0]], [leaves[1], 1 - leaves[1]]])
    share = np.array(STAY) / sum(STAY)
    probability = StateFit(share, transition, np.zeros(2), np.array(SIGMA) ** 2).filtered(returns)
    return np.asarray(probability.argmax(axis=1), dtype=np.int64)


def said_states(labels: RegimeLabels) -> IntArray:
    """Return 1 where a label says that the market is wild, else 0: so do labels that are unknown."""
    wild = [code for code, name in enumerate(labels.names) if name in WILD]
    return np.isin(labels.label[:, 0], wild).astype(np.int64)


def row(seed: int, methods: Iterable[str]) -> Row:
    bars, state = switching_market(BARS, seed, volatility=SIGMA, stay_bars=STAY)
    returns = log_returns(bars)
    labels = {name: label_regimes(LABELS[name], bars, seed=0) for name in methods}
    found = {name: balanced_accuracy(said_states(each), state) for name, each in labels.items()}
    return Row(seed, balanced_accuracy(true_states(np.nan_to_num(returns[:, 0])), state), found)


def misses(rows: list[Row]) -> list[str]:
    """Return what does not hold, in words."""
    said = []
    for each in rows:
        hmm = each.methods.get("hmm", float("nan"))
        if not hmm >= LEAST:
            said.append(f"seed {each.seed}: {hmm:.1%} is below {LEAST:.0%}")
        if not 100 * (each.true - hmm) <= MOST_POINTS:
            said.append(f"seed {each.seed}: {100 * (each.true - hmm):.1f} points behind the true parameters")
    return said


def seconds(bars: int = TIMED_BARS) -> float:
    """Return the processor time of default HMM labels, in which nothing compiles any more."""
    returns = log_returns(switching_market(bars, 9, volatility=SIGMA, stay_bars=STAY)[0])
    hmm_labels(returns[:300], FIT, 0)
    began = time.process_time()
    hmm_labels(returns, FIT, 0)
    return time.process_time() - began


def show(rows: list[Row]) -> None:
    names = list(rows[0].methods)
    print(f"balanced accuracy after {FIT.min_bars} of {BARS:,} bars; daily sigma {SIGMA}, mean stay {STAY} bars")
    print("".join(f"{name:>17}" for name in ("seed", "true parameters", *names, "majority guess")))
    for each in rows:
        shares = [each.true, *each.methods.values(), MAJORITY]
        print(f"{each.seed:>17}" + "".join(f"{share:>17.1%}" for share in shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--methods", default=";".join(LABELS), help="with semicolons between them; hmm is judged")
    chosen = parser.parse_args()
    rows = [row(seed, chosen.methods.split(";")) for seed in range(chosen.seeds)]
    show(rows)
    missed = misses(rows)
    took = seconds()
    print(f"hmm: {took:.2f} s of processor time for {TIMED_BARS:,} bars, {MOST_SECONDS:g} allowed")
    if took > MOST_SECONDS:
        missed.append(f"{took:.1f} s is above {MOST_SECONDS:g} s")
    for each in missed:
        print(f"missed: {each}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
