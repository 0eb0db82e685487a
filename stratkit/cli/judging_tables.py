"""`print_judgement`: a judgement of what adapts on the terminal: the verdict first, then what it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from stratkit.cli.facts import facts_table, notes_table
from stratkit.cli.terminal import Terminal
from stratkit.inference.averaged_difference import AveragedDifference, Found
from stratkit.reports.judgement_content import JudgementContent
from stratkit.reports.judgement_page import JUDGEMENT_PAGE
from stratkit.reports.judgement_words import (
    FIGURES,
    TONES,
    ends_text,
    figure_text,
    found_text,
    judgement_facts,
    lacks_ends,
    references_of,
    regret_ends,
)
from stratkit.reports.wording import number, p_words
from stratkit.research.adaptive_judgement import JudgedArm
from stratkit.research.difference_words import NO_INTERVAL
from stratkit.research.selector_words import BY_TOTAL_R, UNFAIR

_STYLES: Final = {"gain": "bold green", "warn": "bold yellow", "loss": "bold red"}
_HEADS: Final = {"base": "the base", "random": "random choice", "fixed": "best fixed *"}
_SHORT: Final = {"Max drawdown": "max DD", "Cost": "cost/yr", "Total R": "R", "Mean R": "mean R", "Trades": "trades"}


def print_judgement(terminal: Terminal, content: JudgementContent, folder: Path) -> None:
    """Print a judgement; `folder` is where it was kept."""
    out, verdict = terminal.out, content.verdict
    out.print(f"[bold]{escape(content.title)}[/bold], the adaptive layer judged")
    terminal.show(Text(verdict.headline, style=_STYLES[TONES[verdict.effect]]))
    out.print()
    terminal.show(facts_table([(name.lower(), Text(value)) for name, value in _facts(content)]))
    out.print()
    terminal.show(_arms_table(content))
    terminal.show(notes_table(_marks(content)))
    out.print()
    if not content.judgement.is_idle:
        terminal.show(_tests_table(content))
        if lacks_ends(content):
            terminal.show(notes_table([NO_INTERVAL]))
        out.print()
    if any(one.regret is not None for one in content.judgement.arms):
        terminal.show(_regret_table(content))
        out.print()
    rows = [*_lines("parts", verdict.parts), *_lines("selector", verdict.selector)]
    rows += [("warning", Text(warning, style="yellow")) for warning in content.warnings]
    where = folder / JUDGEMENT_PAGE if (folder / JUDGEMENT_PAGE).exists() else folder
    terminal.show(facts_table([*rows, ("report", Text(str(where), style="bold"))]))


def _facts(content: JudgementContent) -> list[tuple[str, str]]:
    facts = dict(judgement_facts(content))
    data = f"{facts['Symbols']}, {facts['Bars']} bars, {facts['Dates']}"
    chances = f"{len(content.judgement.seeds)} ({facts['Seeds']}) where choices hang on them; all see the same bars"
    notes = [("" if place else "note", note) for place, note in enumerate(content.judgement.notes)]
    return [("data", data), ("seeds", chances), *notes]


def _lines(name: str, lines: Sequence[str]) -> list[tuple[str, Text]]:
    return [("" if place else name, Text(line)) for place, line in enumerate(lines)]


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(first, no_wrap=True)
    for head in others:
        table.add_column(head, justify="right")
    return table


def _arms_table(content: JudgementContent) -> Table:
    judgement = content.judgement
    table = _table("arm", *(_SHORT.get(label, label) for _, label, _ in FIGURES))
    for one in [*judgement.of_role("base", "part", "all"), *judgement.of_role("equal", "random", "fixed")]:
        best = one is judgement.best
        name = f"{one.arm.name} *" if best else one.arm.name
        quiet = "" if one.arm.role in ("base", "part", "all") or best else "dim"
        off = "off in the configuration" in one.arm.note
        figures = (figure_text(figure, one.replays.figures[figure]) for figure, _, _ in FIGURES)
        table.add_row(f"{name} (off)" if off else name, *figures, style=quiet)
    return table


def _tests_table(content: JudgementContent) -> Table:
    names = references_of(content)
    table = _table("Sharpe against", *(_HEADS[name] for name in names), "would be seen")
    for one in content.judgement.judged:
        found = one.against["base"]
        seen = number(found.detectable) if isinstance(found, AveragedDifference) else ""
        table.add_row(one.arm.name, *(_difference(one, one.against[name]) for name in names), seen)
        if any(ends := [ends_text(one.against[name]) for name in names]):
            table.add_row("", *ends, "", style="dim")
    return table


def _difference(one: JudgedArm, found: Found) -> str:
    if not isinstance(found, AveragedDifference):
        return found_text(one, found)
    return f"{found_text(one, found)}, p {p_words(found.p_adjusted)}"


def _regret_table(content: JudgementContent) -> Table:
    table = _table("regret in R", "all bars", "over seeds", "first half", "second half")
    for one in content.judgement.arms:
        if one.regret is not None and one is not content.judgement.best:
            table.add_row(*_regret_row(one), style="" if one.arm.role != "fixed" else "dim")
    return table


def _regret_row(one: JudgedArm) -> tuple[str, ...]:
    assert one.regret is not None  # asked by the caller
    halves = (number(part, 1, signed=True) for part in (one.regret.first_half, one.regret.second_half))
    return (one.arm.name, number(one.regret.total, 1), regret_ends(one), *halves)


def _marks(content: JudgementContent) -> list[str]:
    """Return what the figures of the table hold, and what its marks mean."""
    said = ["figures of arms with seeds are means over them; R is per unit of initial risk, n/a without a stop"]
    if content.judgement.best is not None:
        said.append(f"* {BY_TOTAL_R}; {UNFAIR}")
    if any("off in" in one.arm.note for one in content.judgement.arms):
        said.append("(off): switched off in the configuration, judged alone all the same")
    few = min((one.replays.seeds for one in content.judgement.arms if one.arm.is_seeded), default=0)
    if 0 < few < len(content.judgement.seeds):
        said.append(f"an arm that traded with none of {few} seeds was not replayed with more")
    return said
