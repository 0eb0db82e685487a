"""`run_regime`: the course of `stratkit regime`: load, label, split a run, compare, keep, print."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stratkit.backtest import RunConfig
from stratkit.cli.environment import say_variables
from stratkit.cli.regime_folder import write_regime
from stratkit.cli.regime_tables import print_regime
from stratkit.cli.terminal import Terminal
from stratkit.config import FileConfig, load_config, resolved_yaml
from stratkit.data.acceptance import finding_line
from stratkit.data.bars import Bars
from stratkit.data.store import load_bars
from stratkit.errors import UsageError
from stratkit.regimes.settings import RegimeSettings
from stratkit.reports.regime_content import RegimeContent
from stratkit.reports.regime_words import method_name
from stratkit.reports.settings import ReportSettings
from stratkit.research.regime_comparison import MethodComparison, compare_methods
from stratkit.research.regime_of_run import config_of_run, run_by_regime
from stratkit.research.regime_record import regime_record
from stratkit.research.regime_study import RegimeStudy, ShownMethod, long_fits, study_regimes
from stratkit.runs.find import LATEST, REGIME, find_run
from stratkit.runs.folder import RunDraft, RunRecord, new_run
from stratkit.runs.manifest import run_name
from stratkit.yaml_positions import Placed, assign

_REGIMES = "regimes"
_NAMED = 3  # symbols in a title


@dataclass(frozen=True)
class RegimeOptions:
    """The options of the command: what labels, which run is split, and what else is done."""

    method: ShownMethod | None
    run: str | None
    compares: bool
    symbol: str | None
    data: str | None
    has_dates: bool
    writes_report: bool


@dataclass(frozen=True)
class _Bars:
    """Bars to label with the configuration that they are of; `record` is the run to split."""

    config: FileConfig
    bars: Bars
    record: RunRecord | None = None


def run_regime(
    terminal: Terminal, configs: Sequence[Path], options: list[Placed], settings: list[str], asked: RegimeOptions,
    out: Path,
) -> None:  # fmt: skip
    """Label bars, keep what was found in a folder of its own, and print it."""
    begun, started = time.perf_counter(), datetime.now(UTC)
    if asked.run is None:
        labelled = assign(_REGIMES, Placed({}, "stratkit regime"))  # with or without such a block
        config = load_config(
            configs, options=[labelled, *options], settings=settings, needs_strategy=False, environment=os.environ
        )
        say_variables(terminal, config)
        found = _Bars(config, _loaded(terminal, config))
    else:
        found = _of_run(terminal, configs, options, settings, asked, out)
    given = found.config.regimes or RegimeSettings()
    method = asked.method or given.method
    if told := long_fits(found.bars, given, method):
        terminal.say(told)
    study = study_regimes(found.bars, given, method, found.config.seed, found.config.analytics, asked.symbol)
    split = None if found.record is None else run_by_regime(found.record, found.bars, study)
    compared = _compared(terminal, study) if asked.compares else None
    content = RegimeContent(
        _title(study), study, compared, split, " ".join(("stratkit", *sys.argv[1:])), resolved_yaml(found.config)
    )
    record = {**regime_record(study, compared, split), "made": started.isoformat(timespec="seconds")}
    name = REGIME + run_name(started, content.command, found.bars.digest, found.config.model_dump_json())
    with new_run(out, name) as draft:
        # a run without a page of its own can be split on a page
        report = found.config.report if found.record is None else ReportSettings()
        write_regime(draft, content, record, report, asked.writes_report)
    folder = _folder(draft)
    if terminal.as_json:
        terminal.emit({**record, "folder": str(folder)})
    else:
        print_regime(terminal, content, folder, time.perf_counter() - begun)


def _of_run(
    terminal: Terminal, configs: Sequence[Path], options: list[Placed], settings: list[str], asked: RegimeOptions,
    out: Path,
) -> _Bars:  # fmt: skip
    """Return the bars of a kept run, wherever its configuration leads from here."""
    if configs or asked.has_dates:
        raise UsageError(
            "--by-regime takes bars, dates and configuration from the run: leave out CONFIG, --from and --to; "
            "--set regimes.KEY=VALUE and --method choose the labels"
        )
    record = find_run(asked.run or "", out)
    if asked.run == LATEST:
        terminal.say(f"the latest run in {out}: {record.run_id}")
    config = load_config([record.path("config.yaml")], options=options, settings=settings, needs_strategy=False)
    return _Bars(config, _loaded(terminal, config_of_run(record, config.plain(), asked.data)), record)


def _loaded(terminal: Terminal, config: RunConfig) -> Bars:
    """Return bars, and say what was found in them; nothing is replayed, so no engine is compiled."""
    bars = load_bars(config.data)
    for finding in bars.findings:
        terminal.warn(finding_line(finding))
    return bars


def _compared(terminal: Terminal, study: RegimeStudy) -> MethodComparison:
    with terminal.progress("labelling") as update:
        return compare_methods(study, told=update)


def _title(study: RegimeStudy) -> str:
    names = study.bars.symbols if study.settings.scope == "symbol" else ("the market",)
    more = len(names) - _NAMED
    shown = ", ".join([one.name for one in study.series][:_NAMED]) if more > 0 else ", ".join(names)
    return f"Regimes of {shown}{f' and {more:,} more' if more > 0 else ''} by {method_name(study.method)}"


def _folder(draft: RunDraft) -> Path:
    assert draft.record is not None  # the block ended well
    return draft.record.folder
