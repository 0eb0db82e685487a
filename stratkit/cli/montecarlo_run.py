"""`run_montecarlo`: the course of `stratkit montecarlo`: find the run, make its procedures, keep and print them."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from stratkit.cli.montecarlo_tables import print_monte_carlo
from stratkit.cli.terminal import Terminal
from stratkit.compiled import is_cold
from stratkit.config import read_resolved
from stratkit.errors import UsageError
from stratkit.reports.monte_carlo_content import MonteCarloContent
from stratkit.reports.monte_carlo_figures import write_monte_carlo_figures
from stratkit.reports.monte_carlo_page import write_monte_carlo_page
from stratkit.reports.settings import ReportSettings
from stratkit.reports.wording import first_names
from stratkit.research.monte_carlo import Course, monte_carlo
from stratkit.research.monte_carlo_plain import monte_carlo_record
from stratkit.research.monte_carlo_record import MonteCarlo, ProcedureName
from stratkit.research.monte_carlo_run import StudiedRun, studied_run
from stratkit.research.monte_carlo_settings import MonteCarloSettings
from stratkit.research.monte_carlo_words import WORDS
from stratkit.runs.ab_looks import AB_RECORD
from stratkit.runs.find import LATEST, find_run
from stratkit.runs.folder import RunRecord
from stratkit.runs.json_text import json_text
from stratkit.runs.results import new_results

RESULTS: Final = "montecarlo"
RECORD: Final = "montecarlo.json"
_COMPILE_S: Final = 25  # measured on two cores
_NAMED: Final = 3  # strategies, or symbols, in a title


def run_montecarlo(
    terminal: Terminal, name: str, settings: MonteCarloSettings, out: Path, data: str | None, is_seeded: bool,
    writes_report: bool,
) -> None:  # fmt: skip
    """Make the procedures of a run, keep them in its folder, and print them; with no seed given that of the run.

    Stopped by a signal it keeps and prints what is finished, and raises the signal again.
    """
    begun = time.perf_counter()
    record = _found(terminal, name, out)
    plain = read_resolved(record.path("config.yaml"))
    if is_cold():
        terminal.say(f"compiling once (about {_COMPILE_S} s)")
    run = studied_run(record, plain.plain(), data)
    settings = settings if is_seeded else replace(settings, seed=run.config.seed)
    with new_results(record, RESULTS) as folder:  # begun before the work, which would be lost where nothing can be kept
        course = _made(terminal, run, settings)
        _write(folder, run, course.study, plain.report, writes_report)
        files = sorted(path.name for path in folder.iterdir())
    if terminal.as_json:
        terminal.emit({**monte_carlo_record(course.study), "folder": str(record.path(RESULTS)), "files": files})
    else:
        print_monte_carlo(terminal, course.study, _title(run), record.path(RESULTS), files, time.perf_counter() - begun)
    if course.signal is not None:
        raise course.signal


def _found(terminal: Terminal, name: str, out: Path) -> RunRecord:
    for folder in (out / name, Path(name).expanduser()):
        if (folder / AB_RECORD).is_file():
            raise UsageError(
                f"{name} is an A/B test, which has no account of its own: name a run, such as that of one of its arms"
            )
    record = find_run(name, out)
    if name == LATEST:
        terminal.say(f"the latest run in {out}: {record.run_id}")
    return record


def _made(terminal: Terminal, run: StudiedRun, settings: MonteCarloSettings) -> Course:
    with terminal.progress("montecarlo") as update:

        def told(name: ProcedureName, done: int, total: int) -> None:
            update(done, total, WORDS[name].title.lower())

        return monte_carlo(run, settings, told, terminal.say)


def _write(folder: Path, run: StudiedRun, study: MonteCarlo, report: ReportSettings, writes_report: bool) -> None:
    (folder / RECORD).write_text(json_text(monte_carlo_record(study)), encoding="utf-8", newline="\n")
    if writes_report:
        content = MonteCarloContent(_title(run), study, " ".join(("stratkit", *sys.argv[1:])))
        write_monte_carlo_page(folder, content)
        write_monte_carlo_figures(folder, content, report.png_dpi)


def _title(run: StudiedRun) -> str:
    return f"{first_names(list(run.config.enabled()), _NAMED)} on {first_names(run.symbols, _NAMED)}"
