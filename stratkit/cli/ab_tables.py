"""`print_ab_test`: an A/B test on the terminal: what was compared, what the one test says, and the verdict last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.table import Table
from rich.text import Text

from stratkit.cli.ab_lines import (
    checks_table,
    equivalence_line,
    power_lines,
    primary_lines,
    sequential_lines,
    trial_lines,
)
from stratkit.cli.ab_many_tables import arms_table, many_rows
from stratkit.cli.facts import facts_table
from stratkit.cli.terminal import Terminal
from stratkit.inference.comparison import ROW_LABELS, ComparedRow, PairComparison, VerdictKind
from stratkit.panel import format_time
from stratkit.reports.ab_page import AB_PAGE
from stratkit.reports.wording import number, percent
from stratkit.research.ab_test import ABTest

STYLES: Final[dict[VerdictKind, str]] = {
    "better": "bold green", "equivalent": "bold green", "no-difference": "bold yellow", "invalid": "bold red",
}  # fmt: skip
_HEADS: Final = {"mean": "annual return"}  # (arithmetic) would take the room of two figures
_DESCRIBED: Final = "described, not tested"
_NAME: Final = 48  # letters of an arm's name on the screen
_FIGURES_FROM: Final = 28  # the column in which the figures of arms begin
_FIGURE: Final = 9  # columns that one of them takes: -100.0% and the space behind it


def print_ab_test(terminal: Terminal, test: ABTest, folder: Path) -> None:
    """Print an A/B test; `folder` is where it was kept."""
    found, pair = test.comparison, test.comparison.first
    many = found.many
    terminal.show(facts_table([*_arm_rows(test), ("data", Text(_data_words(test)))]))
    terminal.out.print()
    width = _FIGURES_FROM + _FIGURE * len(test.arms)
    terminal.show(_metrics_table(test) if many is None or width <= terminal.out.width else _table_by_arm(test))
    terminal.out.print()
    if many is not None:
        terminal.show(arms_table(test, many))
        terminal.out.print()
    rows: list[tuple[str, Text]] = []
    if many is None:
        rows += _lines("primary", primary_lines(pair))
        terminal.show(facts_table(rows))
        if pair.checks:
            terminal.show(
                facts_table(
                    [("checks", Text("the same question under other assumptions; none of them decides", style="dim"))]
                )
            )
            terminal.show(checks_table(pair))
        rows = [*_lines("margin", equivalence_line(pair)), *_lines("power", power_lines(test, pair))]
    else:
        rows += [(name, Text(value)) for name, value in many_rows(test, many)]
    if found.sequential is not None:
        rows += _lines("sequential", sequential_lines(test, found.sequential))
    rows += _lines("multiple", trial_lines(test))
    rows += [
        ("warnings" if place == 0 else "", Text.assemble((line.code, "yellow"), f": {line.sentence}"))
        for place, line in enumerate(found.warnings)
    ]
    rows.append(("verdict", Text(found.verdict.text, style=STYLES[found.verdict.kind])))
    rows.append(("", Text(found.verdict.words)))
    where = folder / AB_PAGE if (folder / AB_PAGE).exists() else folder
    rows.append(("report", Text(str(where), style="bold")))
    terminal.show(facts_table(rows))


def _lines(name: str, lines: Sequence[str]) -> list[tuple[str, Text]]:
    return [(name if place == 0 else "", Text(line)) for place, line in enumerate(lines)]


def _arm_rows(test: ABTest) -> list[tuple[str, Text]]:
    rows = []
    for arm in test.arms:
        name = arm.name if len(arm.name) <= _NAME else f"{arm.name[: _NAME - 3]}..."
        told = f"  {arm.kind}" + (f" {arm.run_id}" if arm.kind == "run" and arm.run_id != arm.name else "")
        if arm.kind in ("returns", "equity", "trades"):
            told = f"  file of {arm.kind}, {arm.source.rpartition('=')[2]}"
        rows.append((arm.letter, Text.assemble((name, "bold"), (told, "dim"))))
    return rows


def _data_words(test: ABTest) -> str:
    question = test.comparison.question
    span = f"{format_time(int(test.times[0]))} .. {format_time(int(test.times[-1]))}"
    dropped = sum(arm.unmatched for arm in test.arms)
    each = ", ".join(f"{arm.letter} {arm.unmatched:,}" for arm in test.arms if arm.unmatched)
    unmatched = f"{dropped:,} unmatched dropped" + (f": {each}" if each else "")
    said = (
        f"{len(test.times):,} paired {test.spacing} returns {span} ({unmatched})  P={question.periods_per_year:g}  "
        f"rf={question.risk_free_ann:g}"
    )
    if len(test.arms) == 2:
        said += f"  corr {number(test.comparison.first.correlation, 3)}"
    return said


def _metrics_table(test: ABTest) -> Table:
    pairs = test.comparison.pairs
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", no_wrap=True)
    for arm in test.arms:
        table.add_column(arm.letter, justify="right", no_wrap=True)
    if len(pairs) == 1:
        table.add_column("A less B", justify="right", no_wrap=True)
        table.add_column(f"{_level(test)} interval", justify="right", no_wrap=True)
        table.add_column("", style="dim", no_wrap=True)
    for row in pairs[0].rows:
        others = [_same(pair, row.metric) for pair in pairs]
        values = [row.a, *(math.nan if other is None else other.b for other in others)]
        cells = [_shown(row, value) for value in values]
        if len(pairs) == 1:
            cells += [_shown(row, row.difference, signed=True), _interval(row), _note(row)]
        table.add_row(ROW_LABELS[row.metric], *cells, style="bold" if row.is_primary else "")
    return table


def _table_by_arm(test: ABTest) -> Table:
    """Return a line for each arm: beside each other so many do not fit."""
    pairs = test.comparison.pairs
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", no_wrap=True)
    for row in pairs[0].rows:
        table.add_column(_HEADS.get(row.metric, ROW_LABELS[row.metric]), justify="right")
    for place, arm in enumerate(test.arms):
        others = [_same(pairs[max(place - 1, 0)], row.metric) for row in pairs[0].rows]
        values = [math.nan if one is None else one.b if place else one.a for one in others]
        table.add_row(arm.letter, *(_shown(row, value) for row, value in zip(pairs[0].rows, values, strict=True)))
    return table


def _same(pair: PairComparison, metric: str) -> ComparedRow | None:
    return next((row for row in pair.rows if row.metric == metric), None)


def _shown(row: ComparedRow, value: float, signed: bool = False) -> str:
    return percent(value, 1, signed) if row.unit == "fraction" else number(value, 3, signed)


def _interval(row: ComparedRow) -> str:
    if row.interval is None or not row.interval.is_defined:
        return ""
    return f"{_shown(row, row.interval.low)} .. {_shown(row, row.interval.high)}"


def _note(row: ComparedRow) -> str:
    if row.is_primary:
        return "<- primary"
    return _DESCRIBED if row.interval is None else "unadjusted"


def _level(test: ABTest) -> str:
    return f"{100 * (1 - test.comparison.question.alpha):g}%"
