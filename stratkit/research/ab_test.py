"""`ABTest`: arms that were run or read, paired by time, and what their comparison says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stratkit.inference.comparison import Comparison
from stratkit.panel import IntArray

ArmKind = Literal["configuration", "run", "strategy", "returns", "equity", "trades"]


@dataclass(frozen=True)
class ArmFacts:
    """Where an arm comes from: `source` as it was typed, `kind`, and `unmatched` periods that were dropped.

    `run_id` names the run that it is or became, empty for a file. `values` are the strategies and parameters of an arm
    that was replayed. `evidence` is what the ledger says of it (trials, effective trials, luck, DSR), empty for a file.
    """

    letter: str
    name: str
    source: str
    kind: ArmKind
    run_id: str
    first_ns: int
    last_ns: int
    n: int
    unmatched: int
    values: Mapping[str, Any]
    evidence: Mapping[str, Any]


@dataclass(frozen=True)
class ABTest:
    """An A/B test as it is shown: arms, what they share, and their comparison.

    `spacing` is the frequency in words, such as "daily"; `periods_source` says where the periods a year come from.
    `looks` is how often this experiment was tested before, by the ledger; 0 = never. `experiment` is the sha256 of what
    is compared, whatever the dates, and `answer` that of the returns and the question. `false_discovery` are the p
    values of Benjamini and Hochberg, one for each arm but the first, empty unless they were asked for.
    """

    arms: tuple[ArmFacts, ...]
    comparison: Comparison
    times: IntArray
    spacing: str
    looks: int
    command: str
    test_id: str = ""
    experiment: str = ""
    answer: str = ""
    periods_source: str = ""
    false_discovery: tuple[float, ...] = ()
