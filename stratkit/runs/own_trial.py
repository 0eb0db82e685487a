"""`own_trial`: the ledger entry of a run, from what its folder holds, so that nothing else need be kept for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from stratkit.analytics.basis import SESSION_DAY
from stratkit.errors import DataError
from stratkit.frequency import session_days
from stratkit.inference.trial_sums import bucket_edges, trial_sums
from stratkit.panel import FloatArray, IntArray, parse_time
from stratkit.runs.curves import read_curve
from stratkit.runs.facts import read_json
from stratkit.runs.find import read_record, started_at
from stratkit.runs.folder import RunRecord
from stratkit.runs.ledger_entry import Kind, LedgerEntry
from stratkit.runs.ledger_table import ENTRIES, read_entries
from stratkit.runs.trial_identity import trial_identity, trial_key, tried_values

EVIDENCE: Final = "evidence.json"


def own_trial(
    manifest: Mapping[str, Any],
    card: Mapping[str, Any],
    times: IntArray,
    equity: FloatArray,
    *,
    run_id: str,
    kind: Kind = "backtest",
    made: str = "",
) -> LedgerEntry:
    """Return the trial that a run is.

    `manifest` and `card` are what manifest.json and metrics.json hold, `times` and `equity` (T,) the account at each
    close. Raises `DataError` when the manifest is too old to tell what was tried.
    """
    config = manifest.get("config")
    if not config:
        raise DataError(f"the manifest of {run_id} must hold its configuration: an older stratkit wrote it")
    first = _first_counted(times, config)
    times, equity = times[first:], equity[first:]
    ends = _period_ends(times, str(card.get("period_unit", "")))
    initial = float((config.get("account") or {}).get("initial_cash", equity[0]))
    returns = returns_of_periods(equity, initial, ends)
    sums = trial_sums(returns[:, None]) if len(returns) > 1 else None
    metrics = {str(one["name"]): _figure(one["value"]) for one in card.get("metrics", [])}
    return LedgerEntry(
        trial_identity(manifest), trial_key(manifest), kind, run_id, 0, int(manifest.get("seed") or 0),
        tried_values(config), metrics, int(times[0]), int(times[-1]),
        edges=None if sums is None else bucket_edges(times[ends]),
        count=None if sums is None else sums.count,
        total=None if sums is None else sums.total[:, 0],
        squares=None if sums is None else sums.squares[:, 0],
        returns=None if sums is None else returns,
        made=made,
    )  # fmt: skip


def returns_of_periods(equity: FloatArray, initial_cash: float, ends: IntArray) -> FloatArray:
    """Return (n,) the return of every period, the first against the initial cash; 0 where nothing was left before.

    `ends` (n,) are the bars at which periods end. The scorecard leaves out a first bar that did nothing; trials of one
    length are compared here, so it stays.
    """
    level = np.concatenate(([initial_cash], equity[ends]))
    before = np.where(level[:-1] > 0, level[:-1], 1.0)
    return np.where(level[:-1] > 0, level[1:] / before - 1.0, 0.0)


def folder_trials(folder: Path) -> list[LedgerEntry]:
    """Return every trial that the folder of a run holds: its own, and those of a search that it was.

    Raises `DataError` when its files cannot be read or are of a version that did not say what was tried.
    """
    record = read_record(folder)
    manifest, card = read_json(record.path("manifest.json")), read_json(record.path("metrics.json"))
    curve = read_curve(record)
    own = own_trial(
        manifest, card, curve.times, curve.equity, run_id=record.run_id, kind=_kind(record), made=started_at(folder)
    )
    return [own, *(read_entries(record.path(ENTRIES)) if record.path(ENTRIES).exists() else ())]


def _first_counted(times: IntArray, config: Mapping[str, Any]) -> int:
    """Return the first bar that counts: earlier ones are history that indicators warm up on."""
    start = config.get("data", {}).get("trade_start")
    return 0 if start is None else int(np.searchsorted(times, parse_time(str(start))))


def _period_ends(times: IntArray, unit: str) -> IntArray:
    if unit != SESSION_DAY:
        return np.arange(len(times))
    days = session_days(times)
    return np.flatnonzero(np.append(days[1:] != days[:-1], True))


def _kind(record: RunRecord) -> Kind:
    try:
        kind = read_json(record.path(EVIDENCE)).get("kind")
    except DataError:
        kind = None
    return kind if kind in ("optimize", "walkforward", "abtest") else "backtest"


def _figure(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
