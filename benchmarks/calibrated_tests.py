"""`rejections`: how often each test calls a difference on pairs whose truth is known.

The primary test goes through the functions that `stratkit abtest` calls, so that it is that command's own test, block
rule and all, that is measured.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from null_worlds import WORLDS, noise

from stratkit.data.bars import Bars
from stratkit.data.permuted import bar_steps, permuted
from stratkit.inference.comparison import Arm, Question
from stratkit.inference.hac import newey_west
from stratkit.inference.paired_tests import sign_flip
from stratkit.inference.primary_comparison import choose_block, resampled
from stratkit.inference.sharpe import probabilistic_sharpe, sample_moments
from stratkit.inference.sharpe_difference import hac_difference, jobson_korkie
from stratkit.inference.signed_rank import wilcoxon
from stratkit.inference.smooth_metrics import metric_columns, smooth_metric
from stratkit.inference.superior import superior_ability
from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.seeds import generator

LEVEL: Final = 0.05
REPS: Final = 499
PERIODS_PER_YEAR: Final = 252.0
DAILY: Final = 0.01  # standard deviation of a day's return
BASE: Final = 1.0  # yearly Sharpe ratio that both arms have
TRIALS: Final = 20  # that SPA picks the best of
PERMUTATIONS: Final = 99
GAP_SHARE: Final = 0.3  # of a bar's standard deviation that a gap before it has
LOOKBACKS: Final = (1, 5, 20)  # bars whose direction the cheap strategy follows, the best of them picked

PRIMARY: Final = "primary"
PAIR_TESTS: Final = (PRIMARY, "JKM", "LW-HAC", "LW-HAC-PW", "Newey-West", "Wilcoxon", "sign flip", "PSR")
SLOW_TESTS: Final = ("SPA", "bars")  # tens of milliseconds each: on fewer pairs


@dataclass(frozen=True)
class Truth:
    """What returns are like: `base` is the yearly Sharpe ratio that both arms have.

    `gap` is how much more the first arm has, `leverage` how much more volatile the second is.
    """

    world: str
    n: int
    gap: float = 0.0
    leverage: float = 1.0
    base: float = BASE


@dataclass(frozen=True)
class Cell:
    """Tests of one truth: the names of what is asked, out of the same series whatever they are."""

    truth: Truth
    tests: tuple[str, ...]
    pairs: int


@dataclass(frozen=True)
class Rate:
    """How many of `pairs` one test rejected where `truth` holds."""

    truth: Truth
    test: str
    pairs: int
    rejected: int

    @property
    def rate(self) -> float:
        return self.rejected / self.pairs

    @property
    def error(self) -> float:
        """The binomial standard error of `rate`."""
        return math.sqrt(self.rate * (1 - self.rate) / self.pairs)


def rejections(cell: Cell, pairs: range, seed: int) -> Counter[str]:
    """Return how many of the pairs each test of `cell` rejects at 5 %."""
    columns = TRIALS if "SPA" in cell.tests else 2
    found: Counter[str] = Counter()
    for pair, series in zip(pairs, noise(WORLDS[cell.truth.world], cell.truth.n, pairs, columns, seed), strict=True):
        for name, rejected in _answers(cell, pair, np.ascontiguousarray(series.T), seed):
            found[name] += rejected
    return found


def _answers(cell: Cell, pair: int, series: FloatArray, seed: int) -> Iterator[tuple[str, bool]]:
    """Yield what each test says of series (columns, n) with the mean 0 and the variance 1."""
    truth = cell.truth
    more = truth.gap / math.sqrt(PERIODS_PER_YEAR)

    def draw(name: str) -> np.random.Generator:
        return generator(seed, "calibration", truth.world, truth.n, pair, name)

    if PRIMARY in cell.tests:
        each = truth.base / math.sqrt(PERIODS_PER_YEAR)
        a = Arm("a", DAILY * (series[0] + each + more))
        b = Arm("b", DAILY * truth.leverage * (series[1] + each))
        question = Question(alpha=LEVEL, reps=REPS, periods_per_year=PERIODS_PER_YEAR, seed=_seed(draw("primary")))
        block = choose_block(a, b, question).length
        yield PRIMARY, resampled(a, b, question, block).p_value <= LEVEL
        if len(cell.tests) > 1:
            yield from _panel(a, b, block, draw("signs"))
            yield "PSR", _psr(DAILY * (series[0] + more))
    if "SPA" in cell.tests:
        trials = DAILY * series.T
        trials[:, 0] += DAILY * more
        yield "SPA", superior_ability(trials, draw("SPA"), resamples=REPS).p_value <= LEVEL
    if "bars" in cell.tests:
        yield "bars", permutation_p(DAILY * series[0], draw("bars")) <= LEVEL


def _seed(draw: np.random.Generator) -> int:
    return int(draw.integers(2**31))


def _panel(a: Arm, b: Arm, block: int, draw: np.random.Generator) -> Iterator[tuple[str, bool]]:
    smooth = smooth_metric("sharpe")
    x, y = (metric_columns("sharpe", arm, 0.0) for arm in (a, b))
    gap = a.returns - b.returns
    tests = {
        "JKM": jobson_korkie(a.returns, b.returns),
        "LW-HAC": hac_difference(x, y, smooth, prewhiten=False),
        "LW-HAC-PW": hac_difference(x, y, smooth, prewhiten=True),
        "Newey-West": newey_west(gap),
        "Wilcoxon": wilcoxon(gap).test,
        "sign flip": sign_flip(gap, block=block, reps=REPS, draw=draw),
    }
    return ((name, test.p_value <= LEVEL) for name, test in tests.items())


def _psr(returns: FloatArray) -> bool:
    moments = sample_moments(returns)
    sharpe = moments.mean / moments.sd
    return float(probabilistic_sharpe(sharpe, moments.n, moments.skewness, moments.kurtosis)) > 1 - LEVEL


def permutation_p(returns: FloatArray, draw: np.random.Generator) -> float:
    """Return p of the best lookback on bars with these logarithmic moves, searched anew on every permutation."""
    steps = bar_steps(_bars(returns, draw))
    real = _best(steps.bars)
    as_good = sum(_best(permuted(steps, draw)) >= real for _ in range(PERMUTATIONS))
    return (1 + as_good) / (PERMUTATIONS + 1)


def _bars(returns: FloatArray, draw: np.random.Generator) -> Bars:
    n = len(returns)
    gap = GAP_SHARE * DAILY * draw.standard_normal(n)
    close = np.cumsum(gap + returns)
    opened = close - returns
    opened, close = np.exp(opened)[:, None], np.exp(close)[:, None]
    high, low = np.maximum(opened, close), np.minimum(opened, close)
    return Bars(NS_PER_DAY * np.arange(n), ("SYN",), opened, high, low, close, np.ones((n, 1)), "1d")


def _best(bars: Bars) -> float:
    """Return the largest mean return of following the direction of the last bars, held from close to close."""
    level = np.log(bars.close[:, 0])
    longest = max(LOOKBACKS)
    earned = np.diff(level[longest:])
    return max(
        float(np.sign(level[longest:-1] - level[longest - back : -1 - back]) @ earned) / len(earned)
        for back in LOOKBACKS
    )
