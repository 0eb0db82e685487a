"""`print_search`: what a search found, and what it is worth, on the terminal."""

from __future__ import annotations

import math
from typing import Final

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from stratkit.analytics.definitions import DEFINITIONS
from stratkit.cli.facts import facts_table, verdict_rows
from stratkit.cli.finished import FinishedRun, title
from stratkit.cli.survey_tables import fragility_table, importances_table, plateau_line
from stratkit.cli.terminal import Terminal
from stratkit.data.bars import Bars
from stratkit.inference.evidence import Evidence
from stratkit.panel import format_time
from stratkit.reports.key_names import short_keys, value_words
from stratkit.reports.page_names import SEARCH_PAGE
from stratkit.reports.search_content import SearchContent
from stratkit.reports.wording import MISSING, in_unit, number
from stratkit.research.holdout import Holdout
from stratkit.research.judgement import Judgement
from stratkit.research.search_result import SearchResult
from stratkit.strategies.parameters import SearchParameter

_FRONT: Final = 12  # rows of the Pareto front that are shown


def print_search(
    terminal: Terminal,
    content: SearchContent,
    judgement: Judgement,
    holdout: Holdout,
    bars: Bars,
    run: FinishedRun,
) -> None:
    """Print the chosen values, what surrounds them, the figures of the verdict with its reasons, and what is next."""
    out, result = terminal.out, content.result
    out.print(f"[bold]{escape(title(run))}[/bold], searched by {result.sampler}, seed {result.seed}", soft_wrap=True)
    terminal.show(_span_rows(result, holdout, bars))
    out.print()
    terminal.show(_values_table(result, judgement.chosen))
    out.print()
    if len(result.objectives) > 1:
        terminal.show(_front_table(result))
        out.print()
    importances_table(terminal, content.survey)
    plateau_line(terminal, content)
    out.print()
    fragility_table(terminal, content)
    out.print()
    terminal.show(facts_table(_judged_rows(result, judgement)))
    for warning in run.all_warnings:
        out.print(f"[yellow]warning: {escape(warning)}[/yellow]", soft_wrap=True)
    where = run.report or (run.record.folder if run.record else "not kept")
    page = run.record is not None and SEARCH_PAGE in run.record.files
    rows = [
        *([("search", Text(f"{run.record.path(SEARCH_PAGE)}"))] if page and run.record else []),
        ("report", Text.assemble((str(where), "bold"), (f"  ({sum(run.seconds.values()):.1f} s)", "dim"))),
        ("replay", Text(f"stratkit backtest --trial {run.run_id}:{judgement.chosen}")),
    ]
    terminal.show(facts_table(rows))


def _span_rows(result: SearchResult, holdout: Holdout, bars: Bars) -> Table:
    rows = [("searched", Text(f"{holdout.stop:,} bars, {_span(bars, 0, holdout.stop)}; {result.ended}"))]
    held = "none: the choice is judged nowhere but where it was made"
    if not holdout.is_empty:
        held = f"{holdout.bars - holdout.first:,} bars, {_span(bars, holdout.first, holdout.bars)}, seen by no trial"
    return facts_table([*rows, ("held out", Text(held))])


def _span(bars: Bars, start: int, stop: int) -> str:
    return f"{format_time(int(bars.times[start]))} to {format_time(int(bars.times[stop - 1]))}"


def _values_table(result: SearchResult, chosen: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in ("default", "chosen"):
        table.add_column(heading, justify="right")
    table.add_column("tried", style="dim")
    names = short_keys([one.name for one in result.space])
    for dimension in result.space:
        value = result.trials[chosen].values[dimension.name]
        table.add_row(
            escape(names[dimension.name]), value_words(dimension.default),
            Text(value_words(value), style="bold"), range_text(dimension),
        )  # fmt: skip
    return table


def _front_title(count: int) -> str:
    return (
        f"nobody beats these {count:,} in all objectives"
        if count > 1
        else "one is as good as any other in all objectives"
    )


def _front_table(result: SearchResult) -> Table:
    table = Table(
        title=_front_title(len(result.front)), title_justify="left", box=None,
        padding=(0, 2, 0, 0), header_style="dim", pad_edge=False,
    )  # fmt: skip
    table.add_column("trial", justify="right")
    for objective in result.objectives:
        table.add_column(DEFINITIONS[objective.metric].label, justify="right")
    for name in short_keys([one.name for one in result.space]).values():
        table.add_column(escape(name), justify="right", style="dim")
    for place in result.front[:_FRONT]:
        trial = result.trials[place]
        figures = [
            in_unit(value, DEFINITIONS[objective.metric].unit)
            for value, objective in zip(trial.objectives, result.objectives)
        ]
        table.add_row(str(place), *figures, *(value_words(trial.values[one.name]) for one in result.space))
    if len(result.front) > _FRONT:
        table.add_row("...", *([""] * (len(result.objectives) + len(result.space))))
    return table


def _judged_rows(result: SearchResult, judgement: Judgement) -> list[tuple[str, Text]]:
    trial, found = result.trials[judgement.chosen], judgement.evidence
    root = math.sqrt(judgement.periods_per_year)
    figures = [
        f"{DEFINITIONS[one.metric].label} {in_unit(value, DEFINITIONS[one.metric].unit)}"
        for value, one in zip(trial.objectives, result.objectives)
    ]
    holdout = judgement.holdout
    outside = f"Sharpe ratio {number(holdout.sharpe.estimate)}"
    if holdout.sharpe.is_defined:
        level = f"{100 * holdout.sharpe.level:g}%"
        outside += f", {level} interval {number(holdout.sharpe.low)} .. {number(holdout.sharpe.high)}"
    outside += f", n = {holdout.periods:,}"
    pbo = number(judgement.overfitting)
    rows = [
        ("in sample", Text(f"{', '.join(figures)} (trial {trial.number})")),
        ("held out", Text(outside if holdout.periods else "nothing is held out")),
        ("trials", Text(f"{_counts(result)}; {_worth(found)}")),
        ("luck", Text(f"the best of that many reaches a Sharpe ratio of {number(float(found.luck) * root)} by luck")),
        ("DSR", Text(f"{number(float(found.deflated))}: the probability that its true ratio is above that")),
        ("PBO", Text(_pbo(pbo))),
        ("SPA", Text(_spa(judgement))),
    ]
    return [*rows, *verdict_rows(judgement.verdict)]


def _worth(found: Evidence) -> str:
    independent = number(found.effective_trials, 1)
    return f"{found.trials:,} so far count together, worth {independent} independent ones"


def _counts(result: SearchResult) -> str:
    said = {"complete": "replayed", "pruned": "stopped early", "failed": "failed", "infeasible": "against a rule"}
    states = [trial.state for trial in result.trials]
    return ", ".join(f"{states.count(state):,} {word}" for state, word in said.items() if state in states)


def _pbo(shown: str) -> str:
    if shown == MISSING:
        return f"{MISSING}: it takes eight trials"
    return f"{shown}: how often the best of one half of the bars is below the median in the other"


def _spa(judgement: Judgement) -> str:
    if judgement.superior is None:
        return f"{MISSING}: {judgement.untested}"
    return f"p {judgement.superior.p_value:.3f}: the best {judgement.superior.trials:,} trials against cash"


def range_text(dimension: SearchParameter) -> str:
    """Return what was tried of a dimension."""
    if dimension.kind == "choice":
        return ", ".join(value_words(value) for value in dimension.choices)
    step = "" if dimension.step is None else f" by {dimension.step:g}"
    return f"{dimension.low:g} to {dimension.high:g}{step}{', log scale' if dimension.log else ''}"
