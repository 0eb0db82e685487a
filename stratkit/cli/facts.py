"""Facts of a run on the terminal: a name and what is said of it, line by line, the verdict's among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from stratkit.inference.verdict import RULE, Verdict

_NAME_WIDTH: Final = 10  # several lists of facts start at one column
_STYLES: Final = {"pass": "bold green", "caution": "bold yellow", "fail": "bold red"}


def facts_table(rows: Sequence[tuple[str, Text]]) -> Table:
    """Return facts, each behind its name."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True, min_width=_NAME_WIDTH)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table


def notes_table(said: Sequence[str]) -> Table:
    """Return remarks below a table, each behind a dash."""
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for text in said:
        table.add_row("-", Text(text))
    return table


def verdict_rows(found: Verdict) -> list[tuple[str, Text]]:
    """Return the word of a verdict, its reasons and the rule that it follows."""
    reasons = [("", Text(reason)) for reason in found.reasons]
    return [("verdict", Text(found.word, style=_STYLES[found.word])), *reasons, ("rule", Text(RULE, style="dim"))]
