"""`MonteCarloSettings`: which procedures are made of a run, with how many paths, and by which numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, get_args

from stratkit.errors import UsageError, did_you_mean
from stratkit.research.monte_carlo_record import ProcedureName

PROCEDURES: Final[tuple[ProcedureName, ...]] = get_args(ProcedureName)
# the others replay the run a hundred times and more; bar permutation is among these where it is quick
USUAL: Final[tuple[ProcedureName, ...]] = (
    "trade_shuffle", "trade_resample", "returns_bootstrap", "random_entries", "bar_permutation", "ruin", "drawdowns",
    "cone",
)  # fmt: skip
METRICS: Final = ("total_return", "cagr", "sharpe", "sortino", "calmar", "ann_vol", "max_drawdown")
PATHS: Final = 10_000
MOST_PATHS: Final = 1_000_000  # the Monte Carlo error of a p value is then below 0.0005; more fill the memory
PERMUTATIONS: Final = 999  # the smallest p value is then 0.001
SEARCHES: Final = 99  # permutations with a search inside each
JITTERS: Final = 100
RUIN: Final = (0.2, 0.3, 0.5)


@dataclass(frozen=True)
class MonteCarloSettings:
    """`procedures` None = the usual ones. `permutations` None = as many as are quick, `PERMUTATIONS` when asked for.

    `block_bars` None = by the rule of Politis and White. `ruin` are losses as fractions. `split` is the
    date from which the cone is a forecast, None = the last quarter of the returns, or what a search held out.
    """

    procedures: tuple[ProcedureName, ...] | None = None
    paths: int = PATHS
    permutations: int | None = None
    jitters: int = JITTERS
    block_bars: float | None = None
    ruin: tuple[float, ...] = RUIN
    metrics: tuple[str, ...] = METRICS
    split: str | None = None
    reoptimize: bool = False
    workers: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for name in self.procedures or ():
            if name not in PROCEDURES:
                raise UsageError(f"there is no procedure {name!r}; {did_you_mean(name, PROCEDURES)}")
        self._check_counts()
        if self.block_bars is not None and not 1 <= self.block_bars < math.inf:
            raise UsageError(f"--block must be at least 1 return, and finite; found {self.block_bars:g}")
        if wrong := [limit for limit in self.ruin if not 0 < limit < 1]:
            raise UsageError(
                f"--ruin must be a loss between 0 and 1, such as 0.5 for half of the account; found {wrong[0]:g}"
            )
        if self.reoptimize and "bar_permutation" not in self.chosen:
            raise UsageError("--reoptimize searches inside each bar permutation: add --procedure bar_permutation")

    @property
    def chosen(self) -> tuple[ProcedureName, ...]:
        """The procedures in the order in which they are made: those that take long come last."""
        asked = USUAL if self.procedures is None else self.procedures
        return tuple(name for name in _ORDER if name in asked)

    def _check_counts(self) -> None:
        counts = (
            ("--paths", self.paths, 2), ("--permutations", self.permutations, 1), ("--jitters", self.jitters, 1),
            ("--workers", self.workers, 1), ("--seed", self.seed, 0),
        )  # fmt: skip
        for option, count, least in counts:
            if count is not None and count < least:
                raise UsageError(f"{option} must be {least} or more; found {count}")
        if self.paths > MOST_PATHS:
            raise UsageError(f"--paths must be {MOST_PATHS:,} or fewer; found {self.paths:,}")


_ORDER: Final[tuple[ProcedureName, ...]] = (
    "trade_shuffle", "trade_resample", "returns_bootstrap", "drawdowns", "ruin", "cone", "random_entries",
    "cost_stress", "parameter_jitter", "bar_permutation",
)  # fmt: skip
