"""`TrialGroup`: trials that count together, which of them is best, and what that one is worth."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.panel import IntArray
from stratkit.runs.ledger import TrialLedger
from stratkit.runs.ledger_entry import LedgerEntry
from stratkit.runs.ledger_evidence import UNKNOWN, Judged, evidence_record, ledger_evidence

_YEAR_NS: Final = 365.25 * 86_400e9
_STANDARD: Final = (252.0, 365.0, 52.0, 12.0)  # periods a year that a count near them means
_NEAR: Final = 0.03


@dataclass(frozen=True)
class TrialGroup:
    """The trials of one group, the newest first.

    `evidence` is what evidence.json would hold of the best of them now, that with the highest Sharpe ratio a year: PSR
    and DSR are not known where its returns are not kept, and only the number of trials where none has a ratio.
    """

    number: int
    trials: tuple[LedgerEntry, ...]
    best: LedgerEntry | None
    evidence: Mapping[str, Any]

    @property
    def strategies(self) -> tuple[str, ...]:
        """Their implementations, under every name that they had."""
        return tuple(dict.fromkeys(name for trial in self.trials for name in trial.key.implementations))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that they were tried on."""
        return self.trials[0].key.symbols

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many were made in which way."""
        return dict(Counter(trial.kind for trial in self.trials))

    @property
    def first(self) -> str:
        """The day of the first one."""
        return self.trials[-1].made[:10]

    @property
    def last(self) -> str:
        """The day of the last one."""
        return self.trials[0].made[:10]


def trial_groups(ledger: TrialLedger, strategy: str | None = None, symbol: str | None = None) -> list[TrialGroup]:
    """Return the groups in a ledger, the largest first: those of a strategy, and those on a symbol.

    `strategy` is the name of a built-in one, or a file or a class of a user's own.
    """
    found = []
    for number in ledger.groups():
        trials = tuple(ledger.trials(number))
        if not trials or not _is_asked(trials, strategy, symbol):
            continue
        found.append(TrialGroup(number, trials, *_best(ledger, trials)))
    return sorted(found, key=lambda group: (-len(group.trials), group.number))


def periods_a_year(edges: IntArray, count: IntArray) -> float:
    """Return how many return periods a year has: 252, 365, 52 or 12 where the count is within 3 % of one of them.

    >>> import numpy as np
    >>> periods_a_year(np.array([0, 365 * 86_400 * 10**9]), np.array([251]))
    252.0
    """
    counted = float(count.sum()) * _YEAR_NS / float(edges[-1] - edges[0])
    return next((standard for standard in _STANDARD if abs(counted / standard - 1) <= _NEAR), counted)


def _is_asked(trials: Sequence[LedgerEntry], strategy: str | None, symbol: str | None) -> bool:
    if symbol is not None and symbol not in trials[0].key.symbols:
        return False
    return strategy is None or any(
        strategy in (name, *re.split(r"[/:]|\.py", name)) or strategy == name.partition(":")[0]
        for trial in trials
        for name in trial.key.implementations
    )


def _best(ledger: TrialLedger, trials: Sequence[LedgerEntry]) -> tuple[LedgerEntry | None, Mapping[str, Any]]:
    best = min(trials, key=lambda trial: (-_sharpe(trial), trial.identity))
    found = ledger.series(best.identity)
    if found is None or not math.isfinite(_sharpe(best)):
        return None, {**UNKNOWN, "trials": len(trials)}
    returns, edges, count = found
    # without its returns nothing is known of its own ratio, but all of the luck that it had to beat
    judged = Judged(np.zeros(0) if returns is None else returns, edges, count, periods_a_year(edges, count))
    return best, evidence_record(ledger_evidence(ledger, best.key, judged, best.seed), judged.per_year)


def _sharpe(trial: LedgerEntry) -> float:
    value = trial.metrics.get("sharpe", math.nan)
    return -math.inf if math.isnan(value) else value
