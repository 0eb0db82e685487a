"""Small searches that tests share: a made-up evaluator whose answer is a formula, and the real one on few bars."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from stratkit.analytics.definitions import DEFINITIONS
from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.inference.trial_pool import TrialPool
from stratkit.panel import FloatArray, IntArray
from stratkit.research.search import SearchProgress, search
from stratkit.research.search_result import SearchResult
from stratkit.research.search_settings import SearchSettings
from stratkit.research.study_log import KeepsTrials
from stratkit.research.trials import Assignment, Evaluation, Outcome, Unfinished
from stratkit.research.worklist import Told
from stratkit.runs.ledger import NullLedger
from stratkit.runs.ledger_entry import LedgerEntry, LedgerKey
from stratkit.strategies.settings import StrategySettings

FAST, SLOW, DIRECTION = (f"strategies.cross.params.{name}" for name in ("fast", "slow", "direction"))
# samplers of a search; gp needs torch and is tested apart
SAMPLERS = ("tpe", "cmaes", "nsga2", "nsga3", "qmc", "random", "grid", "genetic")


def cross_config(seed: int = 0) -> RunConfig:
    """One moving-average cross."""
    params: dict[str, bool | int | float | str] = {"fast": 5, "slow": 20, "direction": "both"}
    return RunConfig(strategies={"cross": StrategySettings(enabled=True, type="sma_cross", params=params)}, seed=seed)


def few_bars(count: int = 400, seed: int = 1) -> Bars:
    return synthetic_universe(1, count, seed=seed).bars


@dataclass
class Formula:
    """Answers with a formula of the values, and remembers what it was asked."""

    answer: Callable[[Assignment], float | dict[str, float] | Unfinished]
    calls: list[Assignment] = field(default_factory=list)
    thresholds: list[FloatArray | None] = field(default_factory=list)
    after: int | None = None  # so many replays, then Ctrl-C

    def evaluate(
        self, values: Sequence[Assignment], stop_below: FloatArray | None = None, told: Told | None = None
    ) -> list[Evaluation]:
        self.thresholds.append(stop_below)
        found: list[Evaluation] = []
        for place, one in enumerate(values):
            if self.after is not None and len(self.calls) >= self.after:
                raise KeyboardInterrupt
            self.calls.append(one)
            answer = self.answer(one)
            found.append(answer if isinstance(answer, Unfinished) else made_outcome(answer, one))
            if told is not None:
                told(place, found[-1])
        return found


def made_outcome(answer: float | dict[str, float], values: Assignment) -> Outcome:
    metrics = dict.fromkeys(DEFINITIONS, 0.0)
    metrics.update({"sharpe": answer} if isinstance(answer, float) else answer)
    # returns whose mean follows the ratio, each bucket a little different
    total = metrics["sharpe"] + np.arange(8.0) if math.isfinite(metrics["sharpe"]) else np.arange(8.0)
    digest = hashlib.sha256(repr(dict(values)).encode()).hexdigest()
    return Outcome(metrics, np.full(8, 10, np.int64), total / 100, np.full(8, 0.01), digest)


def peak(values: Assignment) -> float:
    """A smooth hill with its top at fast 20, slow 100."""
    fast, slow = float(values[FAST] or 0), float(values[SLOW] or 0)
    return float(-(math.log(fast / 20) ** 2) - math.log(slow / 100) ** 2)


@dataclass
class Counted:
    """A ledger that remembers its calls."""

    calls: list[list[LedgerEntry]] = field(default_factory=list)

    def add(self, entries: Sequence[LedgerEntry]) -> int:
        self.calls.append(list(entries))
        return len(entries)

    def pool(self, key: LedgerKey, edges: IntArray | None, count: IntArray | None) -> TrialPool | None:
        return None


def run_search(
    settings: SearchSettings,
    evaluator: Formula,
    *,
    seed: int = 0,
    log: KeepsTrials | None = None,
    turn: int = 0,
    ledger: Counted | None = None,
    told: Callable[[SearchProgress], None] | None = None,
) -> SearchResult:
    config, bars = cross_config(seed), few_bars()
    return search(
        config,
        bars,
        settings,
        evaluator=evaluator,
        ledger=ledger or NullLedger(lambda _said: None),
        log=log,
        turn=turn,
        progress=told,
    )


def shown(result: SearchResult) -> list[tuple[object, ...]]:
    """What two equal searches share."""
    return [
        (one.number, dict(one.values), one.state, one.objectives, one.violation, one.reason,
         one.outcome.digest if one.outcome else None)
        for one in result.trials
    ]  # fmt: skip
