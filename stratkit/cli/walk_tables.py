"""`print_walk`: the folds of a walk-forward and what its account is worth, on the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from stratkit.analytics.definitions import DEFINITIONS
from stratkit.cli.facts import facts_table, verdict_rows
from stratkit.cli.finished import FinishedRun, title
from stratkit.cli.terminal import Terminal
from stratkit.cli.walk_content import scheme
from stratkit.panel import format_time
from stratkit.reports.evidence_words import figure, trials_words
from stratkit.reports.key_names import short_keys, value_words
from stratkit.reports.page_names import WALK_PAGE
from stratkit.reports.wording import in_unit, number
from stratkit.research.search_settings import SearchSettings
from stratkit.research.splits import Span
from stratkit.research.walk_forward import Plan, WalkForward
from stratkit.research.walk_forward_folds import mean_stability, profitable_share, stability
from stratkit.research.walk_forward_record import walk_verdict
from stratkit.strategies.parameters import SearchParameter

_MANY: Final = 4  # parameters that leave little room beside each other
_MOST: Final = 6  # of more there is no room for any


def print_walk(terminal: Terminal, walk: WalkForward, run: FinishedRun, search: SearchSettings) -> None:
    """Print every fold, the account out of sample, the verdict with its reasons, and where the report is."""
    out = terminal.out
    searched = f"{search.trials:,} trials a fold by {search.sampler}"
    out.print(f"[bold]{escape(title(run))}[/bold], {escape(scheme(walk))}; {searched}", soft_wrap=True)
    terminal.show(_fold_table(walk, search))
    if not _shown_space(walk):
        out.print(f"[dim]the values of {len(_space(walk)):,} parameters are in folds.json[/dim]", soft_wrap=True)
    out.print()
    terminal.show(facts_table(_judged_rows(walk, run.evidence)))
    for warning in run.all_warnings:
        out.print(f"[yellow]warning: {escape(warning)}[/yellow]", soft_wrap=True)
    where = run.report or (run.record.folder if run.record else "not kept")
    took = f"  ({sum(run.seconds.values()):.1f} s)"
    record = run.record
    page = [("folds", Text(f"{record.path(WALK_PAGE)}"))] if record and WALK_PAGE in record.files else []
    terminal.show(facts_table([*page, ("report", Text.assemble((str(where), "bold"), (took, "dim")))]))


def _fold_table(walk: WalkForward, search: SearchSettings) -> Table:
    space = _shown_space(walk)
    gap = 2 if len(space) < _MANY else 1
    table = Table(box=None, padding=(0, gap, 0, 0), header_style="dim", pad_edge=False)
    objective = DEFINITIONS[search.objectives[0]]
    is_sharpe = search.objectives[0] == "sharpe"
    table.add_column("test", no_wrap=gap == 1)
    for name in short_keys([one.name for one in space]).values():
        table.add_column(escape(name), justify="right")
    headings = ["Sharpe in", "out"] if is_sharpe else [f"{objective.label} in", "out", "Sharpe in", "out"]
    for heading in (*headings, "return", "efficiency", "trades"):
        table.add_column(escape(heading), justify="right", no_wrap=True)
    for fold in walk.folds:
        own = [] if is_sharpe else [_figure(metrics, objective.name) for metrics in (fold.inside, fold.outside)]
        table.add_row(
            _dates(walk.plan, fold.split.test, " ..\n" if gap == 1 else " .. "),
            *(value_words(fold.values.get(one.name, one.default)) for one in space), *own,
            _figure(fold.inside, "sharpe"), _figure(fold.outside, "sharpe"), _figure(fold.outside, "total_return"),
            number(fold.efficiency), f"{fold.outside['trades']:.0f}",
        )  # fmt: skip
    return table


def _space(walk: WalkForward) -> tuple[SearchParameter, ...]:
    return next((fold.choice.space for fold in walk.folds if fold.choice.space), ())


def _shown_space(walk: WalkForward) -> tuple[SearchParameter, ...]:
    space = _space(walk)
    return space if len(space) <= _MOST else ()


def _judged_rows(walk: WalkForward, evidence: Mapping[str, Any] | None) -> list[tuple[str, Text]]:
    interval, moves = walk.sharpe, stability(walk.folds)
    names = short_keys([one.name for one in _space(walk)])
    each = ", ".join(f"{names[key]} {number(value)}" for key, value in moves.items())
    account = f"{_date(walk.plan, walk.plan.first)} to {_date(walk.plan, walk.plan.stop - 1)}"
    sharpe = f"{number(interval.estimate)}"
    if interval.is_defined:
        sharpe += f", {100 * interval.level:g}% interval {number(interval.low)} .. {number(interval.high)}"
    rows = [
        ("out of sample", f"{account}, return {_figure(walk.outside, 'total_return')}, "
                          f"{_figure(walk.outside, 'cagr')} a year"),
        ("Sharpe", f"{sharpe}, n = {walk.periods:,}"),
        *_path_rows(walk),
        ("efficiency", f"{number(walk.efficiency)}: its yearly return over the mean of those in the trainings"),
        ("profitable", f"{100 * profitable_share(walk.folds):.0f}% of {len(walk.folds)} folds"),
        ("stability", f"{number(mean_stability(walk.folds))} ({each}): 1 = parameters stay, 0 = from end to end"),
        ("PSR", f"{number(walk.probabilistic)}: how probably its true ratio is above 0, were it the only trial"),
        ("trials", trials_words(evidence)),
        *_deflated_row(evidence),
        ("PBO", f"{number(walk.overfit)}: median over the folds' searches"),
        ("SPA", "unknown: no trades" if math.isnan(walk.superior_p) else f"p {walk.superior_p:.3f} against cash"),
    ]  # fmt: skip
    return [*((name, Text(value)) for name, value in rows), *verdict_rows(walk_verdict(walk, evidence))]


def _deflated_row(evidence: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if evidence is None or evidence.get("deflated_sharpe") is None:
        return []
    luck = figure(evidence, "luck_sharpe_ann")
    return [
        ("DSR", f"{figure(evidence, 'deflated_sharpe')}: how probably it is above {luck}, which the best of all "
                "trials so far reaches by luck")
    ]  # fmt: skip


def _path_rows(walk: WalkForward) -> list[tuple[str, str]]:
    if len(walk.paths) == 1:
        return []
    ratios = np.array([path.sharpe for path in walk.paths])
    spread = (
        f"{number(float(ratios.min()))} .. {number(float(ratios.max()))}, median {number(float(np.median(ratios)))}"
    )
    below = int((ratios <= 0).sum())
    return [
        ("paths", f"{len(ratios)} accounts, Sharpe {spread}, {below} of them not above 0; the one nearest the median "
                  f"is shown (path {walk.shown})")
    ]  # fmt: skip


def _figure(metrics: object, name: str) -> str:
    assert isinstance(metrics, dict)  # metrics by name
    return in_unit(metrics[name], DEFINITIONS[name].unit)


def _dates(plan: Plan, spans: Sequence[Span], between: str) -> str:
    """Return the days of spans; the times of day are on the page and in folds.json."""
    days = [(_date(plan, start)[:10], _date(plan, stop - 1)[:10]) for start, stop in spans]
    return (",\n" if "\n" in between else ", ").join(between.join(span) for span in days)


def _date(plan: Plan, bar: int) -> str:
    return format_time(int(plan.bars.times[plan.history + bar]))
