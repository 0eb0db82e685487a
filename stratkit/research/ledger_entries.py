"""`Counting`: adds every trial of a search to the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.inference.trial_pool import TrialPool
from stratkit.panel import FloatArray
from stratkit.research.assignment import assigned
from stratkit.research.counted import trial_ground
from stratkit.research.trials import Trial
from stratkit.runs.ledger_entry import Kind, Ledger, LedgerEntry


class Counting:
    """The ledger of one search of `config` on one set of bars."""

    def __init__(self, config: RunConfig, bars: Bars, ledger: Ledger, run_id: str, kind: Kind) -> None:
        self.config, self.ledger = config, ledger
        self.ground = trial_ground(config, bars, kind, run_id)

    def add(self, trials: Sequence[Trial], returns: Mapping[int, FloatArray] | None = None) -> int:
        """Add those that were replayed, to the end or not, in one call; return how many were new.

        `returns` (n,) per period by number belong to the best.
        """
        entries = self.entries(trials, returns or {})
        return self.ledger.add(entries) if entries else 0

    def entries(self, trials: Sequence[Trial], returns: Mapping[int, FloatArray]) -> list[LedgerEntry]:
        """Return the entries of the trials that were replayed."""
        return [
            self.ground.entry(
                assigned(self.config, trial.values), trial.values, trial.outcome, number=trial.number,
                returns=returns.get(trial.number),
            )
            for trial in trials
            if trial.state in ("complete", "pruned")
        ]  # fmt: skip

    def pool(self, trial: Trial) -> TrialPool | None:
        """Return all trials that count together with this one; None where nobody counts."""
        assert trial.outcome is not None  # a trial that is judged is complete
        return self.ledger.pool(self.ground.key, self.ground.edges, trial.outcome.count)
