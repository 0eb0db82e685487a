"""`run_search`: the course of `stratkit optimize`: search, choose, judge, keep, print."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stratkit.backtest import RunConfig
from stratkit.cli.backtest import REPORTS
from stratkit.cli.finished import FinishedRun, keep_run
from stratkit.cli.learned_state import say_unread
from stratkit.cli.replaying import loaded, replayed, timed
from stratkit.cli.search_content import search_content, surrounding_record, write_search
from stratkit.cli.search_tables import print_search
from stratkit.cli.study_folder import JOURNAL, StudyFolder, new_study
from stratkit.cli.terminal import Terminal
from stratkit.config import FileConfig, resolved_yaml
from stratkit.data.bars import Bars
from stratkit.data.history import history_bars
from stratkit.data.store import load_bars
from stratkit.engine.layout import ENGINE_SEMANTICS
from stratkit.errors import RunError, StratkitError, Terminated, UsageError
from stratkit.reports.search_content import SearchContent
from stratkit.reports.wording import number
from stratkit.research.assignment import assigned
from stratkit.research.evaluation import Evaluator
from stratkit.research.executors import executor_for
from stratkit.research.fragility import Fragility, measure_fragility
from stratkit.research.holdout import Holdout, holdout_of, out_of_sample, search_config
from stratkit.research.judgement import Judgement, evidence_record, judge, trials_refused
from stratkit.research.ledger_entries import Counting
from stratkit.research.objectives import goal_of
from stratkit.research.plateau import robust_choice
from stratkit.research.samplers import sampler_note
from stratkit.research.search import SearchProgress, search
from stratkit.research.search_record import search_facts, search_record, trial_record, trials_table
from stratkit.research.search_result import SearchResult
from stratkit.research.search_settings import SearchSettings
from stratkit.research.search_space import search_space_of
from stratkit.research.study_log import StudyLog, open_study
from stratkit.research.survey import Survey, survey_of
from stratkit.runs.folder import RunDraft
from stratkit.runs.ledger import NullLedger, open_ledger
from stratkit.runs.ledger_entry import Ledger
from stratkit.runs.ledger_table import ENTRIES, write_entries
from stratkit.runs.manifest import config_digest, run_name
from stratkit.runs.own_trial import EVIDENCE

_NAMED = 5  # constraints that a message names


@dataclass(frozen=True)
class Task:
    """What is searched: the configuration, all bars, and of both the part that trials may see."""

    config: FileConfig
    bars: Bars
    holdout: Holdout
    searched: RunConfig
    search_bars: Bars

    @property
    def facts(self) -> dict[str, Any]:
        """What decides the trials."""
        return search_facts(self.searched, self.config.search, self.search_bars)


@dataclass(frozen=True)
class Found:
    """What a search came to: its trials, the judgement of the choice, and what surrounds it."""

    result: SearchResult
    judgement: Judgement
    survey: Survey
    fragility: Fragility


@dataclass(frozen=True)
class FinishedSearch:
    """A search with the run of what it chose, kept, and its judgement."""

    task: Task
    result: SearchResult
    judgement: Judgement
    content: SearchContent
    run: FinishedRun

    def as_record(self) -> dict[str, Any]:
        """Return what ``--json`` prints: the run of the chosen set, the search with every trial, the evidence."""
        result = self.result
        return {
            **self.run.as_record(),
            "search": search_record(result, self.task.config.search, self.task.facts),
            "chosen": trial_record(result.trials[self.judgement.chosen], result),
            "front": [trial_record(result.trials[number], result) for number in result.front],
            "trials": [trial_record(trial, result) for trial in result.trials],
            "evidence": {**(self.run.evidence or {}), "search": evidence_record(self.judgement)},
            "survey": surrounding_record(self.content),
            "replay": f"stratkit backtest --trial {self.run.run_id}:{self.judgement.chosen}",
        }


def run_search(
    terminal: Terminal, config: FileConfig, out: Path, resume: str | None, workers: int, cluster: str | None
) -> None:
    """Search, choose, judge on the bars held out, keep the run of the chosen set, and print what was found.

    Stopped by a signal it says how to go on: finished trials are kept. Raises `RunError` when no trial keeps every
    constraint.
    """
    started, seconds = datetime.now(UTC), dict[str, float]()
    say_unread(terminal, config)
    task = _task(terminal, config, seconds)
    folder = new_study(out, _new_name(task, started)) if resume is None else StudyFolder(out, resume)
    log = _opened(task, folder, resume is not None)
    with open_ledger(out) as ledger:
        found = _search_and_judge(terminal, task, folder, log, ledger, workers, cluster, seconds)
        for notice in ledger.notices:
            terminal.warn(notice)
    if found is None:
        _say_finished_elsewhere(terminal, folder)
        return
    result, judgement = found.result, found.judgement
    lock = folder.finishing()
    if lock is None:
        _say_finished_elsewhere(terminal, folder)
        return
    try:
        content, run = _kept(terminal, task, found, folder, seconds, started)
    finally:
        lock.let_go()
    folder.remove()
    finished = FinishedSearch(task, result, judgement, content, run)
    if terminal.as_json:
        terminal.emit(finished.as_record())
    else:
        print_search(terminal, content, judgement, task.holdout, task.bars, run)


def _search_and_judge(
    terminal: Terminal,
    task: Task,
    folder: StudyFolder,
    log: StudyLog,
    ledger: Ledger,
    workers: int,
    cluster: str | None,
    seconds: dict[str, float],
) -> Found | None:
    """Search, choose, judge and survey; None when another process has finished the search meanwhile."""
    try:
        with timed(seconds, "search"):
            result = _searched(terminal, task, folder.name, log, ledger, workers, cluster)
    except (KeyboardInterrupt, Terminated):
        _say_how_to_go_on(terminal, task, folder, log)
        raise
    except FileNotFoundError:  # the journal: another process has just turned the search into a run
        if not folder.is_run:
            raise
        return None
    except StratkitError:
        if not log.finished():  # there is nothing to go on with
            folder.remove()
        raise
    try:
        chosen = _chosen(result, task.config)
    except RunError:  # over, and nothing came of it; what was tried is in the ledger
        folder.remove()
        raise
    with timed(seconds, "judge"):
        best = assigned(task.config.run(), result.trials[chosen].values)
        outside = out_of_sample(best, task.bars, task.holdout)
        counting = Counting(task.searched, task.search_bars, ledger, folder.name, "optimize")
        seed = task.config.seed
        judgement = judge(task.searched, task.search_bars, result, chosen, outside, seed, counting)
    with timed(seconds, "survey"):
        return Found(result, judgement, survey_of(result), _fragility(terminal, task, result, chosen))


def _task(terminal: Terminal, config: FileConfig, seconds: dict[str, float]) -> Task:
    bars = loaded(terminal, config, seconds)
    run, settings = config.run(), config.search
    holdout = holdout_of(bars, settings.holdout_pct, settings.purge_bars, history_bars(run.data, bars))
    searched = search_config(run, bars, holdout)
    # loaded like a plain backtest of a trial loads them
    search_bars = bars if searched is run else load_bars(searched.data)
    note = sampler_note(search_space_of(searched, settings), settings)
    if note:
        terminal.warn(note)
    return Task(config, bars, holdout, searched, search_bars)


def _new_name(task: Task, started: datetime) -> str:
    return run_name(started, config_digest(task.config.plain()), task.bars.digest, ENGINE_SEMANTICS)


def _opened(task: Task, folder: StudyFolder, resume: bool) -> StudyLog:
    url = task.config.search.storage
    if not resume or not folder.path.is_dir():
        folder.begin(resolved_yaml(task.config))
    elif url is None and not folder.journal.is_file():  # opened, it would be made here
        raise UsageError(f"{folder.name} was stopped before it began, or is a walk-forward: begin again")
    return open_study(folder.name, task.facts, None if url else folder.journal, url, resume=resume)


def _searched(
    terminal: Terminal, task: Task, name: str, log: StudyLog, ledger: Ledger, workers: int, cluster: str | None
) -> SearchResult:
    settings, run = task.config.search, task.searched
    goal = goal_of(run, settings, search_space_of(run, settings))
    evaluator = Evaluator(run, task.search_bars, metrics=goal.metrics)
    with executor_for(evaluator, workers, cluster) as executor, terminal.progress(_label(settings)) as update:

        def told(progress: SearchProgress) -> None:
            best = progress.best
            shown = "" if best is None else f"best {settings.objectives[0]} {number(best.objectives[0])}, "
            update(progress.done, progress.total, f"{shown}{progress.rate:,.0f}/s")

        return search(
            run, task.search_bars, settings, evaluator=executor, ledger=ledger, log=log, progress=told, run_id=name,
            turn=log.join(),
        )  # fmt: skip


def _label(settings: SearchSettings) -> str:
    return f"searching by {settings.sampler}"


def _chosen(result: SearchResult, config: FileConfig) -> int:
    if result.best is None:
        counts = trials_refused(result.trials)
        reasons = "; ".join(f"{count:,} x {reason}" for reason, count in list(counts.items())[:_NAMED])
        raise RunError(
            f"a search must find a trial that keeps every constraint and has a {config.search.objectives[0]}; none of "
            f"{len(result.trials):,} does: {reasons or 'its objective is undefined'}: loosen search.constraints, or "
            "search elsewhere"
        )
    if config.search.pick == "robust":
        return robust_choice(result)
    return result.best


def _fragility(terminal: Terminal, task: Task, result: SearchResult, chosen: int) -> Fragility:
    values = result.trials[chosen].values
    with terminal.progress("replaying the choice under worse conditions") as update:
        return measure_fragility(task.searched, task.search_bars, values, result.space, told=update)


def _kept(
    terminal: Terminal, task: Task, found: Found, folder: StudyFolder, seconds: dict[str, float], started: datetime
) -> tuple[SearchContent, FinishedRun]:
    """Keep the ordinary backtest of the chosen set over all bars, with every trial and the evidence beside it."""
    result, judgement = found.result, found.judgement
    best = assigned(task.config.run(), result.trials[judgement.chosen].values)
    chosen = task.config.model_copy(update={name: getattr(best, name) for name in RunConfig.model_fields})
    run = replace(replayed(terminal, chosen, task.bars, seconds), name=folder.name, started=started, kind="optimize")
    content = search_content(
        task.config, task.bars, task.holdout, result, judgement, found.survey, found.fragility, run
    )

    def more(draft: RunDraft, counted: FinishedRun) -> None:
        draft.write_table("trials.parquet", trials_table(result))
        draft.write_json("search.json", search_record(result, task.config.search, task.facts))
        # from these the ledger can be made again
        counting = Counting(task.searched, task.search_bars, NullLedger(terminal.warn), folder.name, "optimize")
        write_entries(draft.folder / ENTRIES, counting.entries(result.trials, judgement.returns))
        draft.write_json(EVIDENCE, {**(counted.evidence or {}), "search": evidence_record(judgement)})
        write_search(draft, content, task.config)
        if folder.journal.exists():
            shutil.copyfile(folder.journal, draft.folder / JOURNAL)

    return content, keep_run(run, folder.out, more)


def _say_how_to_go_on(terminal: Terminal, task: Task, folder: StudyFolder, log: StudyLog) -> None:
    try:
        done = len(log.finished())
    except StratkitError:  # whatever is wrong with the log, the command below will say it
        done = 0
    command = folder.resume_command(task.config.search.storage, REPORTS)
    terminal.talk.print(f"{done:,} finished trials are kept; go on with: {command}", markup=False, soft_wrap=True)


def _say_finished_elsewhere(terminal: Terminal, folder: StudyFolder) -> None:
    if terminal.as_json:
        terminal.emit(
            {"run_id": folder.name, "folder": str(folder.out / folder.name), "finished_by": "another process"}
        )
    else:
        terminal.say(f"another process has finished this search: {folder.out / folder.name}")
