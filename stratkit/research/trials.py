"""`Trial`: one set of values that was tried, and what its replay came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stratkit.panel import FloatArray, IntArray
from stratkit.strategies.parameters import ParameterValue

# value by the dotted key of a configuration, such as strategies.sma_cross.params.fast or risk.caps.max_symbol_pct
Assignment = Mapping[str, ParameterValue | None]
State = Literal["complete", "pruned", "infeasible", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What a replay came to, without its bars.

    `metrics` by name, NaN where undefined; returns per period as `count`, `total` and `squares` (B,) in equal buckets
    of time; `digest` is the sha256 of the running sums that every replay keeps (`Tally.bytes_of_each`) whatever metrics
    are asked for: a plain backtest of the same configuration, fed into the same sums, has the same (`outcome_of`).
    """

    metrics: Mapping[str, float]
    count: IntArray
    total: FloatArray
    squares: FloatArray
    digest: str


@dataclass(frozen=True)
class Trial:
    """One trial of a search, numbered from 0 in the order of proposal.

    `objectives` are in the order of the search's, NaN where undefined; `violation` adds up how far its results miss
    the constraints, 0 = none. An ``infeasible`` trial breaks a rule between parameters and was never replayed, a
    ``pruned`` one was stopped early, a ``failed`` one raised; `reason` says why.
    """

    number: int
    values: Assignment
    state: State
    objectives: tuple[float, ...] = ()
    violation: float = 0.0
    outcome: Outcome | None = None
    reason: str = ""

    @property
    def is_feasible(self) -> bool:
        """Whether it was replayed to the end and keeps every constraint."""
        return self.state == "complete" and self.violation == 0.0


@dataclass(frozen=True)
class Unfinished:
    """Why a set of values has no outcome."""

    state: Literal["pruned", "infeasible", "failed"]
    reason: str


Evaluation = Outcome | Unfinished
