"""`count_trial`: enters a finished run in the trial ledger and says what it is worth among all that were tried."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stratkit.engine.result import BacktestResult
from stratkit.errors import StratkitError
from stratkit.runs.ledger import NullLedger, open_ledger
from stratkit.runs.ledger_entry import Kind, Ledger, LedgerEntry
from stratkit.runs.ledger_evidence import evidence_record, judged_run, ledger_evidence
from stratkit.runs.own_trial import own_trial


def count_trial(
    parent: Path, run_id: str, manifest: Mapping[str, Any], card: Mapping[str, Any], result: BacktestResult, kind: Kind
) -> tuple[dict[str, Any], list[str]]:
    """Enter a run in the ledger of the runs in `parent`; return its evidence as plain values, and notices.

    A ledger that cannot be written costs no run: the evidence then says that trials were not counted, and the next
    use of the ledger enters the run from its folder.
    """
    entry = own_trial(manifest, card, result.times, result.equity, run_id=run_id, kind=kind)
    about = {"kind": kind, "identity": entry.identity}
    try:
        with open_ledger(parent) as ledger:
            ledger.add([entry], [run_id])
            return {**_evidence(ledger, entry, manifest, card), **about}, ledger.notices
    except StratkitError as error:
        notices = [f"this trial was not counted: {error}; the next use of the ledger counts it from its folder"]
        return {**_evidence(NullLedger(notices.append), entry, manifest, card), **about}, notices


def _evidence(
    ledger: Ledger, entry: LedgerEntry, manifest: Mapping[str, Any], card: Mapping[str, Any]
) -> dict[str, Any]:
    judged = judged_run(entry, manifest, card)
    if judged is None:
        return evidence_record(None, 1.0)
    return evidence_record(ledger_evidence(ledger, entry.key, judged, entry.seed), judged.per_year)
