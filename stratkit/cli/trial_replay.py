"""`replay_trial`: one trial of a search as an ordinary run, and whether it comes out the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stratkit.backtest import RunConfig
from stratkit.cli.replaying import finish, loaded, replayed
from stratkit.cli.terminal import Terminal
from stratkit.config import FileConfig, read_resolved
from stratkit.data.bars import Bars
from stratkit.errors import RunError, UsageError
from stratkit.research.assignment import assigned
from stratkit.research.outcomes import outcome_of
from stratkit.research.search_record import kept_digest, kept_metrics, kept_trial, search_facts
from stratkit.research.search_settings import SearchSettings
from stratkit.research.study_log import changed_facts
from stratkit.research.trials import Outcome
from stratkit.runs.facts import read_json
from stratkit.runs.find import find_run
from stratkit.runs.folder import RunRecord
from stratkit.runs.table_digest import read_columns

_NAMED: Final = 5  # differences that a message names


def replay_trial(terminal: Terminal, text: str, out: Path, data: str | None, no_report: bool) -> None:
    """Replay the trial ``RUN:ID``, keep it as a run of its own, and say that it is the same bit by bit.

    Raises `UsageError` when there is no such trial or it was never replayed, `RunError` when it comes out otherwise.
    """
    run, number = trial_of_text(text)
    record = find_run(run, out)
    search = _search_of(record)
    columns = read_columns(record.path("trials.parquet"))
    trial = kept_trial(columns, search, number)
    if trial.state in ("infeasible", "failed"):
        raise UsageError(f"trial {number} of {record.run_id} was not replayed: {trial.reason}")
    config = _config(record, search, trial.values, data, no_report)
    seconds: dict[str, float] = {}
    bars = loaded(terminal, config, seconds)
    finished = replayed(terminal, config, bars, seconds)
    outcome = outcome_of(config.run(), bars, finished.result, tuple(kept_metrics(columns, number)))
    expected = kept_digest(columns, number)
    if expected and outcome.digest != expected:
        raise RunError(_differs(record, search, number, bars, outcome, kept_metrics(columns, number), data))
    same = f"trial {number} of {record.run_id}"
    if expected:
        said = f"{same}: the same as in the search, bit by bit (sha256 {outcome.digest[:16]})"
    else:
        said = f"{same} was stopped early in the search ({trial.reason}): there is nothing to compare this with"
    finish(
        terminal, finished, out,
        {"trial": {"run": record.run_id, "number": number, "digest": outcome.digest, "identical": bool(expected)}},
    )  # fmt: skip
    if not terminal.as_json:
        terminal.out.print(said, markup=False, soft_wrap=True)


def trial_of_text(text: str) -> tuple[str, int]:
    """Return run and number of ``RUN:ID``; raise `UsageError` for anything else.

    >>> trial_of_text("latest:12")
    ('latest', 12)
    """
    run, _, last = text.rpartition(":")
    if not run or not last.isdecimal():
        raise UsageError(f"--trial must be RUN:ID, such as latest:12; found {text!r}")
    return run, int(last)


def _search_of(record: RunRecord) -> Mapping[str, Any]:
    if not {"search.json", "trials.parquet"} <= set(record.files):
        raise UsageError(f"{record.run_id} must be a search to have trials; stratkit optimize makes one")
    return read_json(record.path("search.json"))


def _config(
    record: RunRecord, search: Mapping[str, Any], values: Mapping[str, Any], data: str | None, no_report: bool
) -> FileConfig:
    base = RunConfig.model_validate(search["facts"]["config"])
    if data is not None:
        base = base.model_copy(update={"data": base.data.model_copy(update={"path": data})})
    run = assigned(base, values)
    kept = read_resolved(record.path("config.yaml"))
    changed: dict[str, Any] = {name: getattr(run, name) for name in RunConfig.model_fields}
    if no_report:
        changed["report"] = kept.report.model_copy(update={"html": False, "png": False})
    return kept.model_copy(update=changed)


def _differs(
    record: RunRecord,
    search: Mapping[str, Any],
    number: int,
    bars: Bars,
    outcome: Outcome,
    then: Mapping[str, float],
    data: str | None,
) -> str:
    base = RunConfig.model_validate(search["facts"]["config"])
    settings = SearchSettings.model_validate(search["settings"])
    changed = changed_facts(search["facts"], search_facts(base, settings, bars))
    moved = [
        f"{name} {value:.6g} -> {outcome.metrics.get(name, math.nan):.6g}"
        for name, value in then.items()
        if not _equal(value, outcome.metrics.get(name, math.nan))
    ]
    figures = ", ".join(moved[:_NAMED]) or "no metric, in the last bits of a sum"
    since = f"; changed since: {'; '.join(changed[:_NAMED])}" if changed else "; nothing it was made from has changed"
    where = f" (bars from {data})" if data else ""
    return f"trial {number} of {record.run_id} must come out as in the search{where}; what differs: {figures}{since}"


def _equal(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))
