"""`TrialGround`: what all trials of one search share, so that each becomes a ledger entry in microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.frequency import return_periods
from stratkit.inference.trial_sums import bucket_edges
from stratkit.panel import FloatArray, IntArray
from stratkit.research.provenance import run_manifest
from stratkit.research.trials import Assignment, Outcome
from stratkit.runs.ledger_entry import Kind, LedgerEntry, LedgerKey
from stratkit.runs.trial_identity import trial_identity, trial_key


@dataclass(frozen=True)
class TrialGround:
    """The run that trials are made in, and the bars that they share.

    `base` is the manifest of the configuration that they change; `key` what they count together with; `edges` the
    buckets of their returns, None for bars of less than two periods.
    """

    kind: Kind
    run_id: str
    base: Mapping[str, Any]
    key: LedgerKey
    first_ns: int
    last_ns: int
    edges: IntArray | None

    def entry(
        self,
        config: RunConfig,
        values: Assignment,
        outcome: Outcome | None,
        *,
        number: int,
        returns: FloatArray | None = None,
    ) -> LedgerEntry:
        """Return the entry of one trial: `values` that were tried, and `config`, the configuration with them in place.

        `outcome` is None for a trial that was stopped early or failed: it was tried all the same. `returns` (n,) are
        its returns of every period, the first against the initial cash, for those that are among the best.
        """
        manifest = {**self.base, "config": config.model_dump(mode="json", by_alias=True)}
        return LedgerEntry(
            trial_identity(manifest), self.key, self.kind, self.run_id, number, config.seed, dict(values),
            {} if outcome is None else outcome.metrics, self.first_ns, self.last_ns,
            edges=None if outcome is None else self.edges,
            count=None if outcome is None else outcome.count,
            total=None if outcome is None else outcome.total,
            squares=None if outcome is None else outcome.squares,
            returns=None if outcome is None else returns,
        )  # fmt: skip


def trial_ground(config: RunConfig, bars: Bars, kind: Kind, run_id: str) -> TrialGround:
    """Return what trials that change values of `config` share, on exactly these `bars`."""
    base = run_manifest(config, config.model_dump(mode="json", by_alias=True), bars, {}, ())
    ends = np.flatnonzero(return_periods(bars.times, bars.frequency).period_end)
    return TrialGround(
        kind, run_id, base, trial_key(base), int(bars.times[0]), int(bars.times[-1]),
        bucket_edges(bars.times[ends]) if len(ends) > 1 else None,
    )  # fmt: skip
