"""`ledger_evidence`: what one trial is worth among all that count together with it, as plain values for a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stratkit.analytics.basis import SESSION_DAY
from stratkit.analytics.settings import per_period
from stratkit.inference.estimate import Estimate
from stratkit.inference.evidence import LEAST_TRIALS, Evidence, evidence_of_pool
from stratkit.panel import FloatArray, IntArray
from stratkit.runs.ledger_entry import Ledger, LedgerEntry, LedgerKey
from stratkit.seeds import generator

UNKNOWN: Final[Mapping[str, Any]] = {"trials": None}
_FEW: Final = f"fewer than {LEAST_TRIALS} trials on the same bars"


@dataclass(frozen=True)
class Judged:
    """The trial that is judged: its `returns` (n,) per period, the buckets it was kept in, None when it was not.

    `per_year` is how many periods a year has, `risk_free` a rate per period.
    """

    returns: FloatArray
    edges: IntArray | None
    count: IntArray | None
    per_year: float
    risk_free: float = 0.0


def judged_run(entry: LedgerEntry, manifest: Mapping[str, Any], card: Mapping[str, Any]) -> Judged | None:
    """Return what is judged of a run, from its entry, manifest and scorecard; None for less than two returns.

    A first bar that did nothing has no return on the scorecard, so it has none here.
    """
    if entry.returns is None:
        return None
    per_year = float(card["periods_per_year"])
    risk_free = float((manifest["config"].get("analytics") or {}).get("risk_free_ann") or 0.0)
    is_baseline = card.get("period_unit") != SESSION_DAY and entry.returns[0] == 0.0
    return Judged(
        entry.returns[1:] if is_baseline else entry.returns, entry.edges, entry.count, per_year,
        per_period(risk_free, per_year),
    )  # fmt: skip


def ledger_evidence(ledger: Ledger, key: LedgerKey, judged: Judged, seed: int) -> Evidence | None:
    """Return what a trial is worth among all in `ledger` that count together with `key`; None when nobody counts.

    Enter the trials first, the judged one among them, then ask. `seed` resamples the test for superior ability, whose
    trials are those whose returns are kept.
    """
    pool = ledger.pool(key, judged.edges, judged.count)
    if pool is None or not pool.trials:
        return None
    draw = generator(seed, "evidence", "superior")
    return evidence_of_pool(judged.returns, pool, risk_free=judged.risk_free, draw=draw)


def evidence_record(found: Evidence | None, per_year: float) -> dict[str, Any]:
    """Return evidence as plain values, as evidence.json has them; ``trials`` is None when nobody counted.

    ``sharpe`` and ``luck_sharpe`` are per period, those ending in ``_ann`` a year. What is not known is None and has a
    sentence in ``reasons``.
    """
    if found is None:
        return dict(UNKNOWN)
    root = math.sqrt(per_year)
    overfitting, superior = found.overfitting, found.superior
    figures = {
        "sharpe": found.sharpe,
        "sharpe_ann": Estimate(found.sharpe.value * root, found.sharpe.reason),
        "psr": found.probabilistic,
        "deflated_sharpe": found.deflated,
        "luck_sharpe": found.luck,
        "luck_sharpe_ann": Estimate(found.luck.value * root, found.luck.reason),
        "pbo": Estimate.undefined(_missing(found)) if overfitting is None else Estimate(overfitting.probability),
        "spa_p": Estimate.undefined(_missing(found)) if superior is None else Estimate(superior.p_value),
    }
    return {
        "trials": found.trials,
        "effective_trials": found.effective_trials,
        **{name: figure.value if figure.is_defined else None for name, figure in figures.items()},
        "same_bars": found.same_bars,
        "pbo_trials": None if overfitting is None else overfitting.trials,
        "pbo_splits": None if overfitting is None else overfitting.splits,
        "spa_trials": None if superior is None else superior.trials,
        "reasons": {name: figure.reason for name, figure in figures.items() if not figure.is_defined},
    }


def _missing(found: Evidence) -> str:
    return _FEW if found.same_bars < LEAST_TRIALS else "the returns of the trials on these bars do not suffice"
