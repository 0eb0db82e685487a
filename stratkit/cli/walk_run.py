"""`run_walk`: the course of `stratkit walkforward`: choose fold by fold, live through the tests, keep, print."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stratkit.backtest import RunConfig, attribute_backtest, score_backtest
from stratkit.cli.backtest import REPORTS
from stratkit.cli.finished import FinishedRun, keep_run
from stratkit.cli.replaying import loaded, timed
from stratkit.cli.study_folder import StudyFolder
from stratkit.cli.terminal import Terminal
from stratkit.cli.walk_content import write_walk
from stratkit.cli.walk_folder import WalkFolder
from stratkit.cli.walk_tables import print_walk
from stratkit.config import FileConfig, resolved_yaml
from stratkit.engine.layout import ENGINE_SEMANTICS
from stratkit.errors import RunError, StratkitError, Terminated
from stratkit.reports.wording import number
from stratkit.research.fold_choice import Choice, chosen_by_search
from stratkit.research.search import SearchProgress
from stratkit.research.search_record import search_facts
from stratkit.research.walk_forward import Plan, WalkForward, plan_walk_forward, run_walk_forward
from stratkit.research.walk_forward_record import decided_by, verdict_record, walk_record
from stratkit.runs.folder import RunDraft
from stratkit.runs.manifest import config_digest, run_name
from stratkit.runs.own_trial import EVIDENCE


@dataclass(frozen=True)
class FinishedWalk:
    """A walk-forward with the run of its account, kept."""

    walk: WalkForward
    run: FinishedRun
    record: dict[str, Any]

    def as_record(self) -> dict[str, Any]:
        """Return what ``--json`` prints: the run of the account, and the walk-forward that it came from."""
        found = verdict_record(self.walk, self.run.evidence)
        evidence = {**(self.run.evidence or {}), "walk_forward": found}
        return {**self.run.as_record(), "walk_forward": self.record, "evidence": evidence}


def run_walk(terminal: Terminal, config: FileConfig, out: Path, resume: str | None, workers: int) -> None:
    """Walk forward, keep the account as a run with its folds beside it, and print what was found.

    Stopped by a signal it says how to go on: finished folds are kept.
    """
    started, seconds = datetime.now(UTC), dict[str, float]()
    bars = loaded(terminal, config, seconds)
    plan = plan_walk_forward(config.run(), bars, config.walkforward, config.search.objectives)
    name = resume or run_name(started, config_digest(config.plain()), bars.digest, ENGINE_SEMANTICS)
    folder = WalkFolder(StudyFolder(out, name))
    facts = {
        **search_facts(config.run(), config.search, bars),
        "walkforward": config.walkforward.model_dump(mode="json"),
        "trials": config.search.trials,
    }
    finished: dict[int, Choice] = {}
    if resume is None:
        folder.begin(resolved_yaml(config), facts)
    else:
        finished = folder.resume(facts)
        terminal.say(f"{len(finished)} of {len(plan.splits)} folds are done")
    try:
        with timed(seconds, "walk"):
            walk = _walked(terminal, config, plan, folder, finished, workers)
    except (KeyboardInterrupt, Terminated):
        terminal.talk.print(
            f"finished folds are kept; go on with: {folder.resume_command(REPORTS)}", markup=False, soft_wrap=True
        )
        raise
    except StratkitError:
        if not folder.has_folds or isinstance(sys.exception(), RunError):  # there is nothing to go on with
            folder.study.remove()
        raise
    done = _kept(terminal, config, walk, folder, seconds, started)
    folder.study.remove()
    if terminal.as_json:
        terminal.emit(done.as_record())
    else:
        print_walk(terminal, walk, done.run, config.search)


def _walked(
    terminal: Terminal, config: FileConfig, plan: Plan, folder: WalkFolder, finished: dict[int, Choice], workers: int
) -> WalkForward:
    settings, count = config.search, len(plan.splits)
    with terminal.progress(f"walking forward by {settings.sampler}") as update:

        def told(fold: int, progress: SearchProgress) -> None:
            best = progress.best
            shown = "" if best is None else f", best {settings.objectives[0]} {number(best.objectives[0])}"
            done, trials = fold * settings.trials + progress.done, count * settings.trials
            update(done, trials, f"fold {fold + 1} of {count}{shown}")

        return run_walk_forward(plan, chosen_by_search(settings, workers, told), finished=finished, keep=folder.keep)


def _kept(
    terminal: Terminal,
    config: FileConfig,
    walk: WalkForward,
    folder: WalkFolder,
    seconds: dict[str, float],
    started: datetime,
) -> FinishedWalk:
    plan = walk.plan
    tested = config.model_copy(update={name: getattr(plan.tested, name) for name in RunConfig.model_fields})
    bars, result = plan.tested_bars, walk.result
    with timed(seconds, "score"):
        scorecard, benchmark = score_backtest(plan.tested, bars, result)
        attribution = attribute_backtest(plan.tested, bars, result)
    record = walk_record(walk, config.search, config.seed)
    run = FinishedRun(
        tested, bars, result, scorecard, benchmark, tuple(terminal.noted), ("stratkit", *sys.argv[1:]), started,
        seconds, attribution=attribution, name=folder.study.name, inputs=decided_by(record),
        kind="walkforward",
    )  # fmt: skip

    def more(draft: RunDraft, counted: FinishedRun) -> None:
        draft.write_json(EVIDENCE, {**(counted.evidence or {}), "walk_forward": verdict_record(walk, counted.evidence)})
        write_walk(draft, walk, record, config, counted)

    return FinishedWalk(walk, keep_run(run, folder.study.out, more), record)
