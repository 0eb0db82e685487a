"""`Judgement`: whether the best of a search is more than luck: the figures, and the verdict by one rule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.analytics.basis import basis_of
from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.history import traded_bars
from stratkit.errors import UsageError
from stratkit.frequency import return_periods
from stratkit.inference.evidence import Evidence, evidence_of_pool
from stratkit.inference.superior import SuperiorAbility, superior_ability
from stratkit.inference.trial_pool import DatedSums, TrialPool
from stratkit.inference.verdict import RULE, Verdict, verdict
from stratkit.panel import FloatArray
from stratkit.research.assignment import assigned
from stratkit.research.holdout import OutOfSample
from stratkit.research.ledger_entries import Counting
from stratkit.research.objectives import upward
from stratkit.research.search_result import SearchResult
from stratkit.research.trial_returns import risk_free, trial_returns
from stratkit.research.trials import Trial
from stratkit.seeds import generator

TESTED: Final = 200  # the best trials, whose returns the test for superior ability takes whole


@dataclass(frozen=True)
class Judgement:
    """What was found of the chosen trial.

    `evidence` counts every trial of the ledger that counts together; its ratios are per period, of returns less the
    risk-free rate. `superior` tests the trials numbered `tested` against cash; None where it cannot be, `untested` says
    why. `returns` (n,) per period are theirs, by number.
    """

    chosen: int
    evidence: Evidence
    superior: SuperiorAbility | None
    tested: tuple[int, ...]
    untested: str
    holdout: OutOfSample
    periods_per_year: float
    verdict: Verdict
    returns: Mapping[int, FloatArray]

    @property
    def overfitting(self) -> float:
        """PBO, NaN where it is not known."""
        return math.nan if self.evidence.overfitting is None else self.evidence.overfitting.probability

    @property
    def superior_p(self) -> float:
        """The consistent p value, NaN where it is not known."""
        return math.nan if self.superior is None else self.superior.p_value


def judge(
    config: RunConfig,
    bars: Bars,
    result: SearchResult,
    chosen: int,
    out_of_sample: OutOfSample,
    seed: int,
    counting: Counting,
) -> Judgement:
    """Judge trial `chosen` of a search of `config` on `bars`, the bars that were searched.

    It is judged among all trials of its ledger, or of this search where nobody counts. Its own returns and those of the
    best trials are made by replaying them, and handed to the ledger; of all others their sums are enough.
    """
    traded = traded_bars(config.data, bars)  # history is only looked at: it is no part of a year
    periods = return_periods(traded.times, bars.frequency, config.analytics.periods_per_year)
    rate = risk_free(config, periods)
    best = _best(result)
    returns = {trial.number: _returns(config, bars, trial) for trial in best}
    counting.add(best, returns)
    own = returns[chosen] if chosen in returns else _returns(config, bars, result.trials[chosen])
    pool = counting.pool(result.trials[chosen]) or _pool(result, counting)
    found = evidence_of_pool(own, pool, risk_free=rate)
    superior, why = _tested(np.column_stack(list(returns.values())) - rate, seed)
    judged = math.nan if found.overfitting is None else found.overfitting.probability
    word = verdict(
        float(found.deflated), judged, out_of_sample.sharpe.low, math.nan if superior is None else superior.p_value
    )
    return Judgement(
        chosen, found, superior, tuple(trial.number for trial in best), why, out_of_sample,
        basis_of(periods, config.analytics).per_year, word, returns,
    )  # fmt: skip


def evidence_record(judgement: Judgement) -> dict[str, Any]:
    """Return what evidence.json says of a search: plain values, ratios a year."""
    found, superior, holdout = judgement.evidence, judgement.superior, judgement.holdout
    root = math.sqrt(judgement.periods_per_year)
    overfitting = found.overfitting
    return {
        "kind": "optimize",
        "chosen": judgement.chosen,
        "trials": found.trials,
        "effective_trials": found.effective_trials,
        "sharpe": float(found.sharpe) * root,
        "luck_sharpe": float(found.luck) * root,
        "psr": float(found.probabilistic),
        "dsr": float(found.deflated),
        "pbo": judgement.overfitting,
        "pbo_loss": None if overfitting is None else overfitting.loss_probability,
        "pbo_splits": None if overfitting is None else overfitting.splits,
        "spa_p": judgement.superior_p,
        "spa": None
        if superior is None
        else {
            "p_lower": superior.p_lower,
            "p_upper": superior.p_upper,
            "statistic": superior.statistic,
            "trials": superior.trials,
            "subset": f"the best {superior.trials} of {found.trials} trials, against cash",
            "mean_block_bars": superior.mean_block_bars,
            "resamples": superior.resamples,
        },
        "spa_reason": judgement.untested,
        "holdout": {
            "sharpe": holdout.sharpe.estimate,
            "low": holdout.sharpe.low,
            "high": holdout.sharpe.high,
            "level": holdout.sharpe.level,
            "periods": holdout.periods,
            "method": holdout.sharpe.method,
        },
        "verdict": judgement.verdict.word,
        "rule": RULE,
        "reasons": list(judgement.verdict.reasons),
    }


def _best(result: SearchResult) -> list[Trial]:
    """Return the best complete trials by the first objective; whether one keeps a constraint does not matter here."""
    order = sorted(
        result.complete, key=lambda trial: (upward(trial, result.objectives)[0], -trial.number), reverse=True
    )
    return order[:TESTED]


def _returns(config: RunConfig, bars: Bars, trial: Trial) -> FloatArray:
    own = assigned(config, trial.values)
    return trial_returns(own, bars, run_backtest(own, bars))


def _tested(difference: FloatArray, seed: int) -> tuple[SuperiorAbility | None, str]:
    try:
        return superior_ability(difference, generator(seed, "research", "search", "superior")), ""
    except UsageError as error:
        return None, str(error)


def _pool(result: SearchResult, counting: Counting) -> TrialPool:
    """Return the trials of this search alone."""
    sums = result.sums()
    assert sums is not None  # the chosen trial is complete
    assert counting.ground.edges is not None  # it has returns
    unfinished = sum(trial.state == "pruned" for trial in result.trials)
    return TrialPool(DatedSums(counting.ground.edges, sums), unfinished=unfinished)


def trials_refused(trials: Sequence[Trial]) -> dict[str, int]:
    """Return how many trials each constraint refused, and how many failed for what reason, most first."""
    counts: dict[str, int] = {}
    for trial in trials:
        if not trial.is_feasible:
            # what was found differs from trial to trial, what must hold does not
            for reason in (part for part in trial.reason.split("; ") if not part.startswith("found ")):
                counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
