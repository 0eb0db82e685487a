"""`MonteCarlo`: what chance could have made of one run, procedure by procedure, each with what it tests.

Records only; the modules of each procedure fill them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from stratkit.panel import FloatArray, IntArray

ProcedureName = Literal[
    "trade_shuffle", "trade_resample", "returns_bootstrap", "random_entries", "bar_permutation", "parameter_jitter",
    "cost_stress", "ruin", "drawdowns", "cone",
]  # fmt: skip
Unit = Literal["fraction", "ratio", "bars", "money", "count", "bps"]


@dataclass(frozen=True)
class PathRow:
    """One figure of the run beside its distribution over the paths; NaN where it does not apply.

    `p_value` is ``(1 + # at least as good) / (1 + paths)`` where the procedure tests something, else NaN; `p_error` is
    its Monte Carlo standard error, 0 where all cases were enumerated. `low` and `high` bound the run's own figure at
    `level`, NaN where the procedure gives no interval.
    """

    name: str
    unit: Unit
    better: Literal["higher", "lower"]
    observed: float
    q05: float
    q50: float
    q95: float
    mean: float
    p_value: float
    p_error: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Histogram:
    """How a figure is distributed over the paths: `edges` (h + 1,), `counts` (h,), and where the run is."""

    name: str
    unit: Unit
    observed: float
    edges: FloatArray
    counts: IntArray


@dataclass(frozen=True)
class Fan:
    """Quantiles of equity over time: `levels` (q,), `steps` (g,) periods or trades from the start, `values` (q, g).

    `observed` (g,) is the run's own equity at these steps; all start at 1. `times` (g,) are UTC nanoseconds, None where
    steps are trades. `split` is the step from which the cone is a forecast, None otherwise.
    """

    title: str
    step_unit: Literal["bars", "trades"]
    levels: FloatArray
    steps: IntArray
    values: FloatArray
    observed: FloatArray
    times: IntArray | None = None
    split: int | None = None


@dataclass(frozen=True)
class Procedure:
    """One procedure. `tests` is printed above its table: what it tests, and what it does not ("tests path risk, not
    edge"), `not_answered` the question that it leaves open, which stands beside it in the overview. `varies` is what is
    drawn anew. `notes` are facts to read beside it, such as the block length.

    One that could not be made has no rows and a `reason`.
    """

    name: ProcedureName
    title: str
    tests: str
    varies: str
    paths: int
    is_exact: bool
    rows: tuple[PathRow, ...]
    histograms: tuple[Histogram, ...] = ()
    fans: tuple[Fan, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    not_answered: str = ""


@dataclass(frozen=True)
class MonteCarlo:
    """All procedures over one run: `facts` are (name, value) to show, `warnings` (code, sentence)."""

    run_id: str
    seed: int
    paths: int
    n: int
    trades: int
    periods_per_year: float
    first_ns: int
    last_ns: int
    procedures: tuple[Procedure, ...]
    warnings: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, Any], ...] = ()

    def procedure(self, name: ProcedureName) -> Procedure | None:
        """Return a procedure by its name; None when it was not asked for."""
        return next((one for one in self.procedures if one.name == name), None)
