"""`Measured`: the one test that decides between two arms, with its resamples for what is built on them.

The studentized circular block bootstrap of O. Ledoit and M. Wolf, Robust performance hypothesis testing with the
Sharpe ratio, Journal of Empirical Finance 15 (2008); of a Calmar ratio, which hangs on the path, a block bootstrap of
the path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from stratkit.inference.block_length import circular_block_length
from stratkit.inference.comparison import Arm, BlockSensitivity, ComparedMetric, PrimaryTest, Question
from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.inference.interval import Interval
from stratkit.inference.path_difference import calmar_difference
from stratkit.inference.smooth_metrics import metric_columns, smooth_metric
from stratkit.inference.studentized_bootstrap import (
    Starts,
    StudentizedBootstrap,
    influence,
    studentized_difference,
)
from stratkit.panel import FloatArray
from stratkit.seeds import generator

SMOOTH_TEST: Final = "Ledoit-Wolf studentized circular block bootstrap"
PATH_TEST: Final = "circular block bootstrap of the path"


@dataclass(frozen=True)
class Block:
    """The length of the bootstrap's blocks in periods, and the rule that it comes from."""

    length: int
    rule: str


@dataclass(frozen=True)
class Measured:
    """The primary test and what its resamples show.

    `statistic` is signed; `t_star` (reps,) are those of the resamples, centred on the difference; `factor` turns a
    figure per period into the one that is shown.
    """

    primary: PrimaryTest
    statistic: float
    t_star: FloatArray
    factor: float

    @property
    def is_constant(self) -> bool:
        """Whether the difference is the same in every resample: arms a constant apart, one a multiple of the other."""
        return self.primary.se_period == 0.0

    @property
    def se(self) -> float:
        """The standard error of the difference in the unit that is shown."""
        return self.primary.se_period * self.factor


def choose_block(a: Arm, b: Arm, question: Question) -> Block:
    """Return the block that was asked for, or the one that fits the series that the metric's difference averages.

    Politis and White's circular length of the influence function of the difference. A Calmar ratio has none: it hangs
    on drawdowns, which last, so that its blocks hold at least the root of n.
    """
    if question.block is not None:
        return Block(question.block, "given")
    if question.metric == "calmar":
        root = math.ceil(math.sqrt(len(a.returns)))
        return Block(max(root, circular_block_length(a.returns - b.returns)), "root of n: drawdowns need long blocks")
    x, y = _columns(a, b, question)
    series = influence(x, y, smooth_metric(question.metric))
    return Block(circular_block_length(series), "Politis-White on the influence function")


def measure(
    a: Arm,
    b: Arm,
    question: Question,
    *,
    block: Block | None = None,
    starts: Starts | None = None,
    letters: tuple[str, str] = ("A", "B"),
) -> Measured:
    """Return the primary test of a less b.

    The draws hang on the seed alone, so that all pairs of an experiment, and a pair that is swapped, see the same
    resamples. `starts` (reps, l) are those of `block`, drawn before for several pairs.
    """
    chosen = choose_block(a, b, question) if block is None else block
    metric, year = question.metric, question.periods_per_year
    factor = 1.0 if metric == "calmar" else smooth_metric(metric).annual(1.0, year)
    boot = resampled(a, b, question, chosen.length, starts)
    primary = PrimaryTest(
        metric=metric,
        hypothesis=hypothesis(question, letters),
        test=PATH_TEST if metric == "calmar" else SMOOTH_TEST,
        difference=boot.difference * factor,
        interval=interval_of(boot, factor),
        difference_period=boot.difference,
        se_period=boot.se,
        se_name=_se_name(metric, boot.se),
        statistic=abs(boot.statistic),
        p_value=boot.p_value,
        p_error=boot.p_error,
        block=chosen.length,
        block_rule=chosen.rule,
        reps=boot.reps,
        seed=question.seed,
        sensitivity=_sensitivity(a, b, question, boot),
        drawn=boot.drawn * factor,
    )
    return Measured(primary, boot.statistic, boot.t_star, factor)


def resampled(
    a: Arm, b: Arm, question: Question, block: int, starts: Starts | None = None, metric: ComparedMetric | None = None
) -> StudentizedBootstrap:
    """Return the bootstrap of the question's metric, or of another one, with blocks of `block` periods."""
    metric = question.metric if metric is None else metric
    draw = generator(question.seed, "comparison", block)
    level = 1 - question.alpha
    if metric == "calmar":
        return calmar_difference(
            a.returns, b.returns, block=block, reps=question.reps, draw=draw, level=level,
            periods_per_year=question.periods_per_year, alternative=question.alternative, starts=starts,
        )  # fmt: skip
    x, y = _columns(a, b, question, metric)
    return studentized_difference(
        x, y, smooth_metric(metric), block=block, reps=question.reps, draw=draw, level=level,
        alternative=question.alternative, starts=starts,
    )  # fmt: skip


def interval_of(boot: StudentizedBootstrap, factor: float) -> Interval:
    """Return the bootstrap's interval in the unit that is shown."""
    return Interval(boot.difference * factor, boot.low * factor, boot.high * factor, boot.level, "bootstrap")


def _se_name(metric: ComparedMetric, se: float) -> str:
    if se == 0.0:
        return "the difference does not vary"
    return "spread of the resamples" if metric == "calmar" else "prewhitened HAC"


def hypothesis(question: Question, letters: tuple[str, str]) -> str:
    """Return the hypothesis in words.

    >>> hypothesis(Question(), ("A", "B"))
    'Sharpe ratio A = Sharpe ratio B, two-sided'
    """
    name, (a, b) = METRIC_WORDS[question.metric], letters
    if question.alternative == "greater":
        return f"{name} {a} <= {name} {b}, one-sided"
    return f"{name} {a} = {name} {b}, two-sided"


def _sensitivity(a: Arm, b: Arm, question: Question, boot: StudentizedBootstrap) -> tuple[BlockSensitivity, ...]:
    """Return the test with half, the same and twice the block: what rests on the length shows here."""
    half, twice = max(1, boot.block // 2), min(2 * boot.block, len(a.returns) // 2)
    found = []
    for block in sorted({half, boot.block, twice}):
        again = boot if block == boot.block else resampled(a, b, question, block)
        found.append(BlockSensitivity(block, again.p_value, again.p_error))
    return tuple(found)


def _columns(a: Arm, b: Arm, question: Question, metric: ComparedMetric | None = None) -> tuple[FloatArray, FloatArray]:
    metric = question.metric if metric is None else metric
    risk_free = question.risk_free_ann / question.periods_per_year
    return metric_columns(metric, a, risk_free), metric_columns(metric, b, risk_free)
