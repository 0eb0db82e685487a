"""`PairComparison` and `Comparison`: is one arm of an experiment better than another, and how sure can anyone be.

Records only; `paired_comparison` and `arm_comparison` fill them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from stratkit.inference.interval import Interval
from stratkit.inference.test_result import TestResult
from stratkit.panel import FloatArray, IntArray

ComparedMetric = Literal["sharpe", "mean", "sortino", "calmar", "win_rate", "profit_factor"]
Alternative = Literal["two-sided", "greater"]  # greater: the first arm is better
VerdictKind = Literal["better", "no-difference", "equivalent", "invalid"]
SequentialMode = Literal["always-valid", "alpha-spending"]

# What `ComparedRow.metric` holds, in the order of the rows, and the words for it.
ROW_LABELS: Final[Mapping[str, str]] = {
    "mean": "annual return (arithmetic)",
    "volatility": "volatility",
    "sharpe": "Sharpe",
    "sortino": "Sortino",
    "max_drawdown": "max drawdown",
    "calmar": "Calmar",
    "win_rate": "win rate",
    "profit_factor": "profit factor",
}


@dataclass(frozen=True)
class Question:
    """What is asked, declared before anything is looked at.

    `margin` is the equivalence margin in the unit that the metric is shown in (a yearly ratio, a yearly return as a
    fraction, a share), None = equivalence is not asked. `block` is the length of the bootstrap's blocks in periods,
    None = Politis and White's rule. `risk_free_ann` is a rate a year.
    """

    metric: ComparedMetric = "sharpe"
    alpha: float = 0.05
    alternative: Alternative = "two-sided"
    margin: float | None = None
    block: int | None = None
    reps: int = 4999
    power: float = 0.8
    periods_per_year: float = 252.0
    risk_free_ann: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class TradeFlows:
    """Closed trades of one arm by the period they were closed in, each (n,): counts, and money as positive numbers."""

    closed: FloatArray
    won: FloatArray
    gross_profit: FloatArray
    gross_loss: FloatArray


@dataclass(frozen=True)
class Arm:
    """One arm on the periods that all arms share: `returns` (n,) simple per period; `flows` None = trades unknown."""

    name: str
    returns: FloatArray
    flows: TradeFlows | None = None


@dataclass(frozen=True)
class ComparedRow:
    """One metric of both arms: fractions or ratios, a year's where it has a year in it.

    `metric` is a key of `ROW_LABELS`. A drawdown is a negative fraction. `interval` is that of the difference a - b,
    None for a metric that is described and not tested.
    """

    metric: str
    unit: Literal["fraction", "ratio"]
    a: float
    b: float
    difference: float
    interval: Interval | None = None
    is_primary: bool = False


@dataclass(frozen=True)
class BlockSensitivity:
    """The primary test once more with another block length."""

    block: int
    p_value: float
    p_error: float


@dataclass(frozen=True)
class PrimaryTest:
    """The one test that decides.

    `difference` and `interval` are in the unit that is shown (a year's), `difference_period` and `se_period` per
    period; `statistic` is their quotient's size. `drawn` (reps,) are the differences of the resamples, in the unit that
    is shown. `block_rule` says how `block` came about.
    """

    metric: ComparedMetric
    hypothesis: str
    test: str
    difference: float
    interval: Interval
    difference_period: float
    se_period: float
    se_name: str
    statistic: float
    p_value: float
    p_error: float
    block: int
    block_rule: str
    reps: int
    seed: int
    sensitivity: tuple[BlockSensitivity, ...]
    drawn: FloatArray


@dataclass(frozen=True)
class PowerFacts:
    """What could have been found here. `detectable` is the smallest difference found with probability `power`.

    All differences are in the unit that is shown. `needed` periods would detect a difference of the observed size, by
    the variance that `needed_by` names; NaN when there is none. `gaps` (g,) and `powers` (g,) draw the power curve.
    """

    power: float
    detectable: float
    observed: float
    needed: float
    needed_years: float
    needed_by: str
    gaps: FloatArray
    powers: FloatArray


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests: `holds` when the interval at 1 - 2 alpha lies within +-`margin`; `p_value` is the larger."""

    margin: float
    interval: Interval
    p_value: float
    p_error: float
    holds: bool


@dataclass(frozen=True)
class WarningLine:
    """A warning that programs can read: a code such as SHORT, and its sentence with figures."""

    code: str
    sentence: str


@dataclass(frozen=True)
class PairVerdict:
    """The one line that a reader takes home.

    `text` is "A BETTER", "B BETTER", "NO DETECTABLE DIFFERENCE (underpowered)", "NO DETECTABLE DIFFERENCE",
    "EQUIVALENT (within +-0.1)" or "INVALID (reason)", with the letters of the arms; `words` say it in a sentence.
    `better` is the index of the better arm, None when none is.
    """

    kind: VerdictKind
    text: str
    words: str
    better: int | None = None


@dataclass(frozen=True)
class PairComparison:
    """Arm a against arm b: everything that the page, the terminal and ``--json`` show of two arms.

    Of identical arms no test is run: `primary`, `power` and `checks` are then None and empty. `different` counts the
    periods in which their returns differ.
    """

    names: tuple[str, str]
    letters: tuple[str, str]
    n: int
    correlation: float
    different: int
    rows: tuple[ComparedRow, ...]
    primary: PrimaryTest | None
    checks: tuple[TestResult, ...]
    power: PowerFacts | None
    equivalence: Equivalence | None
    warnings: tuple[WarningLine, ...]
    verdict: PairVerdict


@dataclass(frozen=True)
class ArmRow:
    """One arm against the first, among more than two: raw and adjusted p values of the primary metric.

    `in_confidence_set` tells whether the model confidence set holds it, `set_p` its p value there. The first arm has
    no p values against itself: NaN.
    """

    name: str
    letter: str
    value: float
    difference: float
    interval: Interval | None
    p_raw: float
    p_holm: float
    p_romano_wolf: float
    p_error: float
    in_confidence_set: bool
    set_p: float


@dataclass(frozen=True)
class ManyArms:
    """More than two arms: a table against the first, the test for superior predictive ability, the confidence set."""

    rows: tuple[ArmRow, ...]
    spa_lower: float
    spa_consistent: float
    spa_upper: float
    spa_error: float
    set_level: float
    block: int
    reps: int


@dataclass(frozen=True)
class SequentialPlan:
    """How a comparison that is still running is looked at, declared before the first look.

    `planned_n` is the horizon in periods: alpha spending needs it, the always valid bounds are tightest there (None =
    one year). Alpha spending looks `looks` times at equal distances; the always valid mode after every block. Returns
    are taken together in blocks of `block` periods, five days being a week.
    """

    mode: SequentialMode = "always-valid"
    planned_n: int | None = None
    looks: int = 5
    block: int = 5


@dataclass(frozen=True)
class Look:
    """One look of a sequential comparison after `n` periods; bounds and difference in the unit that is shown.

    `fixed_z` is the statistic, `boundary` what it must exceed at this look under alpha spending, NaN beside the always
    valid mode; `p_value` is always valid.
    """

    n: int
    difference: float
    low: float
    high: float
    p_value: float
    fixed_z: float
    boundary: float


@dataclass(frozen=True)
class Sequential:
    """A comparison that may be looked at while it runs: `mode`, its looks, and when it could have been stopped."""

    mode: SequentialMode
    looks: tuple[Look, ...]
    stopped_at: int | None
    planned_n: int | None
    words: str


@dataclass(frozen=True)
class Comparison:
    """All arms on the periods they share: the first pair in full, all pairs against the first, and one verdict.

    `times` (n,) are UTC nanoseconds of the periods' starts, `returns` (n, K), `equity` (n, K) starts at 1 before the
    first period.
    """

    question: Question
    names: tuple[str, ...]
    times: IntArray
    returns: FloatArray
    equity: FloatArray
    pairs: tuple[PairComparison, ...]
    many: ManyArms | None
    sequential: Sequential | None
    warnings: tuple[WarningLine, ...]
    verdict: PairVerdict

    @property
    def first(self) -> PairComparison:
        """The first arm against the second."""
        return self.pairs[0]
