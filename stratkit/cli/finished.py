"""`FinishedRun`: one replay with everything that is shown, printed as JSON or kept in its folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stratkit.alerts.alert import Alert
from stratkit.analytics.attribution import Attribution
from stratkit.analytics.learned import Learned, learned_of
from stratkit.analytics.scorecard import Scorecard
from stratkit.cli.attribution_record import attribution_record
from stratkit.cli.counted import count_trial
from stratkit.cli.learned_record import learned_record
from stratkit.cli.watched import Watched
from stratkit.config import FileConfig, resolved_yaml
from stratkit.data.bars import Bars
from stratkit.data.findings import CODES, Finding, finding_record
from stratkit.data.history import traded_bars
from stratkit.engine.layout import ENGINE_SEMANTICS
from stratkit.engine.profiles import fill_options, is_optimistic, override_labels, overrides, profile_label
from stratkit.engine.result import BacktestResult
from stratkit.errors import StratkitError
from stratkit.panel import format_time, parse_time
from stratkit.reports.content import Fault as ReportedFault
from stratkit.reports.content import RaisedAlert, ReportContent
from stratkit.reports.page_names import SEARCH_PAGE, WALK_PAGE
from stratkit.reports.wording import first_names
from stratkit.research.ambiguity import Ambiguity
from stratkit.research.provenance import run_manifest, run_tables
from stratkit.research.refused_trades import CapEffect
from stratkit.runs.adaptive_state import STATE_BEFORE, StateFile
from stratkit.runs.folder import RunDraft, RunRecord, new_run
from stratkit.runs.ledger_entry import Kind
from stratkit.runs.manifest import config_digest, run_name, versions
from stratkit.runs.own_trial import EVIDENCE
from stratkit.runs.store import register_run
from stratkit.runs.system import system_record
from stratkit.strategies.catalog import find_strategy
from stratkit.strategies.faults import Fault

if TYPE_CHECKING:
    from stratkit.analytics.benchmark import Benchmark

REPORT: Final = "report.html"
ADAPTIVE: Final = "adaptive.json"
PERFORMANCE: Final = "performance.json"
ALERTS: Final = "alerts.json"  # of latency and memory too, which differ between equal runs
_STUDY_PAGES: Final[Mapping[Kind, str]] = {"optimize": SEARCH_PAGE, "walkforward": WALK_PAGE}
_FAULTS_KEPT: Final = 100  # in metrics.json; all are counted there
MoreFiles = Callable[[RunDraft, "FinishedRun"], None]
_NAMED: Final = 3  # strategies, or symbols, in a title


@dataclass(frozen=True)
class FinishedRun:
    """A replay, its scorecard, and how it came about.

    `warnings` are those shown on the way; `seconds` are the durations of its phases; `record` is
    its folder once it is kept; `ambiguity` what hangs on bars whose inside nobody knows; `attribution` who earned
    what; `cap_effects` what caps saved or cost, None when nobody asked; `watched` how strategies and machine fared;
    `evidence` what evidence.json holds once its trial is counted, which is one of `kind`. `name` is the run id that it
    got before it began; empty as a rule. `inputs` are what decided it beside its configuration: path and digest by
    role, for the manifest. `state` is the file of what earlier runs learned, as it was read.
    """

    config: FileConfig
    bars: Bars
    result: BacktestResult
    scorecard: Scorecard
    benchmark: Benchmark | None
    warnings: tuple[str, ...]
    command: tuple[str, ...]
    started: datetime
    seconds: Mapping[str, float]
    record: RunRecord | None = None
    ambiguity: Ambiguity | None = None
    attribution: Attribution | None = None
    cap_effects: tuple[CapEffect, ...] | None = None
    watched: Watched | None = None
    kind: Kind = "backtest"
    evidence: Mapping[str, Any] | None = None
    name: str = ""
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    state: StateFile | None = None

    @cached_property
    def traded(self) -> Bars:
        """The bars on which something could trade; `bars` are all that were looked at."""
        return traded_bars(self.config.data, self.bars)

    @property
    def run_id(self) -> str:
        """The name of its folder, or the one it would get."""
        if self.name and self.record is None:
            return self.name
        identity = (config_digest(self.config.run().model_dump(mode="json")), self.bars.digest, ENGINE_SEMANTICS)
        return self.record.run_id if self.record else run_name(self.started, *identity)

    @property
    def report(self) -> Path | None:
        """The page, when one was written."""
        return self.record.path(REPORT) if self.record and REPORT in self.record.files else None

    @cached_property
    def learned(self) -> Learned | None:
        """What adapted on the way; None where nothing does."""
        return learned_of(self.result)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What the configured rules say; none are configured by default."""
        return () if self.watched is None or self.config.alerts is None else self.watched.alerts

    @property
    def optimistic(self) -> bool:
        """Whether orders fill at the close that decided them, which nobody could have traded."""
        return is_optimistic(self.config.execution)

    @property
    def fills_label(self) -> str:
        """The fill profile, and every option that was set beside it."""
        return profile_label(self.config.execution)

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """Every warning once: those met on the way, those of the scorecard, those of the result."""
        return tuple(dict.fromkeys((*self.warnings, *self.scorecard.warnings, *_warnings(self))))

    def metrics(self) -> dict[str, Any]:
        """Return the scorecard and the benchmark's as plain values; fractions, no times."""
        card = self.scorecard
        against = self.benchmark
        running = self.config.enabled()
        families = {name: find_strategy(settings.spec).family for name, settings in running.items()}
        return {
            "strategy": " + ".join(running),
            "family": " + ".join(dict.fromkeys(families.values())),
            "strategies": [
                {"name": name, "type": settings.spec, "family": families[name]} for name, settings in running.items()
            ],
            "basis": card.basis,
            "periods_per_year": card.periods_per_year,
            "periods_source": card.periods_source,
            "period_unit": card.period_unit,
            "fill_profile": self.config.execution.profile,
            "fill_options": fill_options(self.config.execution),
            "fill_overrides": overrides(self.config.execution),
            "optimistic": self.optimistic,
            "ambiguity": None if self.ambiguity is None else asdict(self.ambiguity),
            "engine_semantics": ENGINE_SEMANTICS,
            "attribution": None if self.attribution is None else attribution_record(self.attribution),
            "cap_effects": None if self.cap_effects is None else [asdict(effect) for effect in self.cap_effects],
            "faults": [asdict(fault) for fault in self.result.faults[:_FAULTS_KEPT]],
            "fault_counts": dict(Counter(fault.strategy for fault in self.result.faults)),
            "metrics": [asdict(metric) for metric in card],
            "benchmark": None if against is None else _benchmark(against),
            "data_findings": [_finding(finding) for finding in self.bars.findings],
            "warnings": list(self.all_warnings),
        }

    def as_record(self) -> dict[str, Any]:
        """Return what ``--json`` prints: run, data, config, metrics, warnings, files and time taken."""
        return {
            "run_id": self.run_id,
            "folder": str(self.record.folder) if self.record else None,
            "report": str(self.report) if self.report else None,
            "files": list(self.record.files) if self.record else [],
            "data": self._data(),
            "config": self.config.plain(),
            **self.metrics(),
            "trials": None if self.evidence is None else self.evidence["trials"],
            "evidence": None if self.evidence is None else dict(self.evidence),
            "alerts": [alert.plain() for alert in self.alerts],
            "performance": None if self.watched is None else self.watched.performance.plain(),
            **({} if self.learned is None else {"adaptive": learned_record(self.learned, self.result.times)}),
            "seconds": dict(self.seconds),
        }

    def content(self) -> ReportContent:
        """Return what the report shows."""
        running = list(self.config.enabled().values())
        return ReportContent(
            title=title(self),
            subtitle=running[0].description if len(running) == 1 else "",
            result=self.result,
            bars=self.traded,
            scorecard=self.scorecard,
            profile=self.fills_label,
            optimistic=self.optimistic,
            overrides=override_labels(self.config.execution),
            ambiguity=self.ambiguity,
            config_text=resolved_yaml(self.config),
            provenance=tuple(self._provenance().items()),
            warnings=self.all_warnings,
            benchmark=self.benchmark,
            risk_free_ann=self.config.analytics.risk_free_ann,
            command=" ".join(self.command),
            evidence=self.evidence,
            attribution=self.attribution,
            cap_effects=self.cap_effects or (),
            faults=tuple(_reported_faults(self.result.faults)),
            performance=None if self.watched is None else self.watched.performance,
            study_page=_STUDY_PAGES.get(self.kind, "") if self.config.report.html else "",
            alerts=tuple(
                RaisedAlert(alert.time, alert.severity, alert.strategy or "", alert.message) for alert in self.alerts
            ),
        )

    def manifest(self) -> dict[str, Any]:
        """Return what the run was made from, and the digests of what came out."""
        made = run_manifest(self.config.run(), self.config.plain(), self.bars, run_tables(self.result), self.command)
        state = {} if self.state is None else self.state.inputs()
        return {**made, "inputs": {**made["inputs"], **state, **self.inputs}}

    def _data(self) -> dict[str, Any]:
        times = self.traded.times
        return {
            "source": self.bars.source,
            "symbols": list(self.bars.symbols),
            "bars": len(times),
            "frequency": self.bars.frequency,
            "first": format_time(int(times[0])),
            "last": format_time(int(times[-1])),
            "history_bars": len(self.bars.times) - len(times),
            "digest": self.bars.digest,
        }

    def _provenance(self) -> dict[str, str]:
        return {
            "Run": self.run_id,
            "Data": f"{self.bars.source}, sha256 {self.bars.digest[:16]}",
            "Configuration": f"sha256 {config_digest(self.config.plain())[:16]}",
            "Engine semantics": str(ENGINE_SEMANTICS),
            "Seed": str(self.config.seed),
            **versions(),
        }


def title(run: FinishedRun) -> str:
    """Return what ran on what, in one line."""
    names = list(run.config.enabled())
    what = " + ".join(names) if len(names) <= _NAMED else f"{len(names)} strategies"
    return f"{what} on {first_names(run.bars.symbols, _NAMED)}"


def keep_run(run: FinishedRun, parent: Path, more: MoreFiles | None = None) -> FinishedRun:
    """Write the folder of a run below `parent` and return the run with its record; `more` adds files of its own."""
    begun = time.perf_counter()
    with new_run(parent, run.run_id) as draft:
        named = replace(run, record=RunRecord(draft.run_id, draft.folder, ()))
        manifest = named.manifest()
        _write_tables(draft, named, manifest)
        named = _counted(draft, named, manifest, parent)
        _write_report(draft, named)
        if more is not None:
            more(draft, named)
        seconds = {**run.seconds, "write": time.perf_counter() - begun}
        draft.write_json("system.json", system_record(draft.run_id, run.started, seconds, parent / draft.run_id))
    kept = replace(named, record=draft.record, seconds=seconds)
    return replace(kept, warnings=(*kept.warnings, *_listed(kept)))


def _counted(draft: RunDraft, run: FinishedRun, manifest: Mapping[str, Any], parent: Path) -> FinishedRun:
    """Enter the run in the trial ledger, and write and return what it is worth among all trials so far."""
    found, notices = count_trial(parent, draft.run_id, manifest, run.metrics(), run.result, run.kind)
    draft.write_json(EVIDENCE, found)
    return replace(run, evidence=found, warnings=(*run.warnings, *notices))


def _listed(run: FinishedRun) -> list[str]:
    """Put a kept run on the list of runs and return what is to be said of it; the run is whole either way."""
    assert run.record is not None  # it was kept
    try:
        return register_run(run.record, lambda _path: run.config.plain())
    except StratkitError as error:
        return [f"this run is whole, but not on the list of runs yet: {error}; stratkit runs list tries again"]


def _write_tables(draft: RunDraft, run: FinishedRun, manifest: Mapping[str, Any]) -> None:
    for name, columns in run_tables(run.result).items():
        draft.write_table(f"{name}.parquet", columns)
    draft.write_json("metrics.json", run.metrics())
    draft.write_text("config.yaml", resolved_yaml(run.config))
    draft.write_json("manifest.json", manifest)
    if run.state is not None and run.state.content is not None and run.state.is_used:
        (draft.folder / STATE_BEFORE).write_bytes(run.state.content)
    if run.learned is not None:
        draft.write_json(ADAPTIVE, learned_record(run.learned, run.result.times))
    if run.watched is not None:
        draft.write_json(PERFORMANCE, run.watched.plain())
    if run.config.alerts is not None:
        draft.write_json(ALERTS, {"alerts": [alert.plain() for alert in run.alerts]})


def _write_report(draft: RunDraft, run: FinishedRun) -> None:
    settings = run.config.report
    if not (settings.html or settings.png):
        return
    content = run.content()
    if settings.html:
        from stratkit.reports.page import write_report

        write_report(draft.folder, content, settings)
        if content.learned is not None:
            from stratkit.reports.learned_page import write_learned_page

            write_learned_page(draft.folder, content)
    if settings.png:
        from stratkit.reports.figures import write_figures

        write_figures(draft.folder, content, settings)


def _finding(finding: Finding) -> dict[str, Any]:
    accepted = CODES[finding.code].accepted if finding.severity == "error" else None
    return {**finding_record(finding), "accepted": accepted}


def _benchmark(benchmark: Benchmark) -> dict[str, Any]:
    metrics = [asdict(metric) for metric in benchmark.scorecard]
    return {"name": benchmark.name, "metrics": metrics}


def _reported_faults(faults: tuple[Fault, ...]) -> Iterator[ReportedFault]:
    for name in dict.fromkeys(fault.strategy for fault in faults):
        own = [fault.message for fault in faults if fault.strategy == name]
        yield ReportedFault(name, len(own), own[0])


def _warnings(run: FinishedRun) -> list[str]:
    costs = run.config.costs.model_dump(exclude={"slippage_volatility_bars"})
    last = int(run.traded.times[-1])
    late = [date for date in run.config.overrides if parse_time(date) > last]
    found = [f"overrides.{date} never holds: the last bar is at {format_time(last)}" for date in late]
    if len(run.result.fills) and not any(costs.values()):
        found.append("all costs are zero: these results are before commission, spread and slippage")
    return found
