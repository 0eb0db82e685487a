"""`print_monte_carlo`: each procedure with what it tests, its figures and what to know beside them, on the terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from stratkit.cli.facts import facts_table, notes_table
from stratkit.cli.terminal import Terminal
from stratkit.panel import format_time
from stratkit.reports.monte_carlo_page import MONTE_CARLO_PAGE
from stratkit.reports.monte_carlo_words import made_words, stress_levels, unit_value
from stratkit.reports.wording import capital, p_error_words, p_words
from stratkit.research.monte_carlo_plain import summary
from stratkit.research.monte_carlo_record import MonteCarlo, PathRow, Procedure

_NAME: Final = 31  # letters of the longest figure: tables stand below each other
_QUANTILES: Final = {"5%": "q05", "median": "q50", "95%": "q95"}


def print_monte_carlo(
    terminal: Terminal, study: MonteCarlo, title: str, folder: Path, files: Sequence[str], seconds: float
) -> None:
    """Print the procedures one below the other, what they say together, warnings, and where the page is."""
    out = terminal.out
    out.print(f"[bold]{escape(title)}[/bold], run {escape(study.run_id)}", soft_wrap=True)
    terminal.show(facts_table(list(_head(study))))
    for one in study.procedures:
        out.print()
        _print_procedure(terminal, one)
    out.print()
    terminal.show(facts_table([(name, Text(said)) for name, said in summary(study)]))
    for code, text in study.warnings:
        out.print(f"[yellow]warning: {escape(f'{code}: {text}')}[/yellow]", soft_wrap=True)
    where = folder / MONTE_CARLO_PAGE if MONTE_CARLO_PAGE in files else folder
    terminal.show(facts_table([("report", Text.assemble((str(where), "bold"), (f"  ({seconds:.1f} s)", "dim")))]))


def _head(study: MonteCarlo) -> list[tuple[str, Text]]:
    unit = dict(study.facts).get("Period", "period")
    span = f"{format_time(study.first_ns)} to {format_time(study.last_ns)}"
    data = f"{study.n:,} returns per {unit}, {span}, {study.periods_per_year:g} a year; {study.trades:,} closed trades"
    return [("data", Text(data)), ("paths", Text(f"{study.paths:,}, seed {study.seed}"))]


def _print_procedure(terminal: Terminal, one: Procedure) -> None:
    out = terminal.out
    terminal.show(Text.assemble((one.title, "bold"), f": {one.tests}"))
    if not one.rows:
        out.print(f"[yellow]not made: {escape(one.reason)}[/yellow]")
        return
    terminal.show(_stress_table(one) if one.name == "cost_stress" else _table(one))
    made = f"{one.paths} replays" if one.name == "cost_stress" else made_words(one)
    said = [f"varies: {one.varies}; {made}", f"not answered: {one.not_answered}", *one.notes]
    terminal.show(notes_table(said))


def _table(one: Procedure) -> Table:
    rows = one.rows
    columns: list[tuple[bool, str, Callable[[PathRow], str]]] = [
        (_any(rows, "observed"), "the run", lambda row: unit_value(row.unit, row.observed)),
        *((_any(rows, "q50"), heading, _quantile(name)) for heading, name in _QUANTILES.items()),
        (one.name == "ruin", "of the paths", _share),
        (_any(rows, "low"), f"{rows[0].level:.0%} interval", _interval),
        (_any(rows, "p_value"), "p", _p_value),
    ]
    table = _empty_table()
    kept = [(heading, cell) for keep, heading, cell in columns if keep]
    for heading, _ in kept:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(escape(capital(row.name)), *(cell(row) for _, cell in kept))
    return table


def _stress_table(one: Procedure) -> Table:
    """Return a line for each level of costs, with its figures beside each other."""
    table = _empty_table()
    figures, levels, rest = stress_levels(one)
    for figure in figures:
        table.add_column(figure, justify="right", no_wrap=True)
    for level, own in levels.items():
        table.add_row(capital(level), *(unit_value(own[name].unit, own[name].observed) for name in figures))
    for row in rest:
        table.add_row(row.name, unit_value(row.unit, row.observed))
    return table


def _empty_table() -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", min_width=_NAME, no_wrap=True)
    return table


def _any(rows: Sequence[PathRow], field: str) -> bool:
    return any(not math.isnan(getattr(row, field)) for row in rows)


def _quantile(name: str) -> Callable[[PathRow], str]:
    return lambda row: "" if math.isnan(row.q50) else unit_value(row.unit, getattr(row, name))


def _share(row: PathRow) -> str:
    """Return a share of paths with its Monte Carlo error, in percent both."""
    error = f"\N{PLUS-MINUS SIGN} {unit_value(row.unit, row.p_error)}" if row.p_error > 0 else ""
    return f"{unit_value(row.unit, row.mean)} {error}".rstrip()


def _interval(row: PathRow) -> str:
    return "" if math.isnan(row.low) else f"{unit_value(row.unit, row.low)} to {unit_value(row.unit, row.high)}"


def _p_value(row: PathRow) -> str:
    return "" if math.isnan(row.p_value) else f"{p_words(row.p_value)} {p_error_words(row.p_error)}".rstrip()
