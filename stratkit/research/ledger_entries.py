"""`Counting`: adds every trial of a search to the ledger, with what decides that it is the same as another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.engine.layout import ENGINE_SEMANTICS
from stratkit.errors import ConfigError
from stratkit.frequency import return_periods
from stratkit.panel import IntArray
from stratkit.research.assignment import assigned
from stratkit.research.trials import Outcome, Trial
from stratkit.runs.ledger_entry import Kind, Ledger, LedgerEntry, LedgerKey
from stratkit.strategies.catalog import build_strategy, source_digest


class NullLedger:
    """Counts nothing; for tests and for searches on data that is made up."""

    def add(self, entries: Sequence[LedgerEntry]) -> int:
        """Forget them."""
        return 0


class Counting:
    """The ledger of one search on one set of bars."""

    def __init__(self, config: RunConfig, bars: Bars, ledger: Ledger, run_id: str, kind: Kind) -> None:
        self.config, self.bars, self.ledger, self.run_id, self.kind = config, bars, ledger, run_id, kind

    def add(self, trials: Sequence[Trial]) -> int:
        """Add those that were replayed, to the end or not, in one call; return how many were new."""
        replayed = [trial for trial in trials if trial.state in ("complete", "pruned")]
        return self.ledger.add([self.entry(trial) for trial in replayed]) if replayed else 0

    def entry(self, trial: Trial) -> LedgerEntry:
        """Return what is kept of one trial."""
        outcome = trial.outcome
        times = self.bars.times
        return LedgerEntry(
            self._identity(trial), self._key, self.kind, self.run_id, trial.number, self.config.seed,
            dict(trial.values), dict(outcome.metrics) if outcome else {}, int(times[0]), int(times[-1]),
            edges=self._edges(outcome) if outcome else None,
            count=outcome.count if outcome else None,
            total=outcome.total if outcome else None,
            squares=outcome.squares if outcome else None,
        )  # fmt: skip

    def _identity(self, trial: Trial) -> str:
        try:
            plain: Mapping[str, Any] = assigned(self.config, trial.values).model_dump(mode="json", by_alias=True)
        except ConfigError:  # it was never a configuration
            plain = {**self.config.model_dump(mode="json", by_alias=True), "values": dict(trial.values)}
        deciding = [plain, self.bars.digest, self._key.sources, ENGINE_SEMANTICS]
        return hashlib.sha256(json.dumps(deciding, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def _key(self) -> LedgerKey:
        running = self.config.enabled().values()
        built = [build_strategy(settings.spec, settings.params) for settings in running]
        sources = [source_digest(one) or settings.spec for one, settings in zip(built, running)]
        return LedgerKey(
            tuple(sorted({settings.spec for settings in running})), tuple(sorted(set(sources))),
            tuple(sorted(self.bars.symbols)),
        )  # fmt: skip

    def _edges(self, outcome: Outcome) -> IntArray:
        """Return (B + 1,) the stamps between which the buckets lie; the last ends one period after its last stamp."""
        periods = return_periods(self.bars.times, self.bars.frequency, self.config.analytics.periods_per_year)
        ends = self.bars.times[periods.period_end]
        first = np.concatenate(([0], np.cumsum(outcome.count)[:-1]))
        return np.append(ends[first], 2 * ends[-1] - ends[-2]).astype(np.int64)
