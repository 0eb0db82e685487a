"""A reproduced run on the screen and as a record in JSON, for `stratkit reproduce`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stratkit.errors import StratkitError

if TYPE_CHECKING:
    from rich.table import Table

    from stratkit.cli.terminal import Terminal
    from stratkit.research.reproduce import Reproduction, TableCheck

_SHOWN: Final = 12  # letters of a digest
_CHANGES: Final = 10  # so many are named on the screen
_STYLES: Final = {"identical": "green", "different": "red", "another run": "red", "damaged": "yellow"}


def print_reproduction(terminal: Terminal, found: Reproduction) -> None:
    """Print the verdict, each table, the first difference, what changed, and the notes."""
    from rich.markup import escape

    style = _STYLES[found.verdict]
    terminal.out.print(f"[bold]{escape(found.run_id)}[/bold]  [{style}]{found.said}[/{style}]", soft_wrap=True)
    terminal.show(_checks(found))
    lines = _facts(found)
    if lines:
        table = _grid()
        for name, text in lines:
            table.add_row(name, escape(text))
        terminal.out.print()
        terminal.show(table)


def reproduction_record(found: Reproduction) -> dict[str, Any]:
    """Return a reproduced run for JSON."""
    first = found.first
    return {
        "run_id": found.run_id,
        "folder": str(found.folder),
        "verdict": found.verdict,
        "identical": found.verdict == "identical",
        "said": found.said,
        "tables": [{**asdict(table), "same": table.same} for table in found.tables],
        "first_difference": None if first is None or first.difference is None else _first(first),
        "changes": [asdict(change) for change in found.changes],
        "notes": list(found.notes),
    }


def all_record(out: Path, found: Mapping[str, Reproduction | StratkitError]) -> dict[str, Any]:
    """Return all reproduced runs for JSON; one that could not be run again has its error."""
    runs = [
        {"run_id": name, "verdict": "failed", "identical": False, "said": "could not be run again", "error": str(one)}
        if isinstance(one, StratkitError)
        else {**reproduction_record(one), "error": None}
        for name, one in found.items()
    ]
    same = sum(bool(run["identical"]) for run in runs)
    return {"folder": str(out), "found": len(runs), "identical": same, "runs": runs}


def all_table(found: Mapping[str, Reproduction | StratkitError]) -> Table:
    """Return a line for each run: its verdict, and why."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("run", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("why", overflow="fold")
    for name, one in found.items():
        if isinstance(one, StratkitError):
            table.add_row(Text(name), Text("could not run", "yellow"), Text(str(one)))
        else:
            words = "identical" if one.verdict == "identical" else "not identical"
            table.add_row(Text(name), Text(words, _STYLES[one.verdict]), Text(why(one)))
    return table


def why(found: Reproduction) -> str:
    """Return in one line what differs and what changed."""
    if found.verdict == "identical":
        return "; ".join(change.text for change in found.changes)
    changed = "; ".join(change.text for change in found.changes[:3])
    more = f"; and {len(found.changes) - 3} more changes" if len(found.changes) > 3 else ""
    if found.verdict == "another run":
        return f"the same came out, but {changed}{more}"
    if found.verdict == "damaged":
        return "; ".join(note for note in found.notes if "stored table" in note)
    apart = [table.name for table in found.tables if not table.same]
    verb = "differ" if len(apart) > 1 else "differs"
    return f"{', '.join(apart)} {verb}; {changed or 'no input is known to have changed'}{more}"


def difference_text(table: TableCheck) -> str:
    """Return the first difference of a table in words: row, stamp, column, both values.

    Rows count from 1 on the screen.
    """
    from stratkit.panel import format_time

    found = table.difference
    if found is None or found.row is None:
        return f"{table.name}: {found.what if found else ''}"
    when = "" if found.time_ns is None else f" ({format_time(found.time_ns)})"
    where = f"{table.name}, row {found.row + 1:,}{when}"
    if found.column is None:
        return f"{where}: {found.what}"
    return f"{where}, {found.column}: {_value(found.then)} then, {_value(found.now)} now"


def _value(value: Any) -> str:
    return repr(value) if isinstance(value, float) else "nothing" if value is None else str(value) or "empty"


def _first(table: TableCheck) -> dict[str, Any]:
    from stratkit.panel import format_time

    assert table.difference is not None  # the first difference has one
    time_ns = table.difference.time_ns
    return {
        "table": table.name,
        **asdict(table.difference),
        "time": None if time_ns is None else format_time(time_ns),
        "text": difference_text(table),
    }


def _facts(found: Reproduction) -> list[tuple[str, str]]:
    lines = []
    if found.first is not None:
        lines.append(("first", difference_text(found.first)))
    lines += [("changed", change.text) for change in found.changes[:_CHANGES]]
    if len(found.changes) > _CHANGES:
        lines.append(("", f"... and {len(found.changes) - _CHANGES:,} more; --json lists all"))
    if found.verdict == "different" and not found.changes:
        lines.append(("changed", "no input that is known: another machine, or something that its files do not tell"))
    return [*lines, *(("note", note) for note in found.notes)]


def _checks(found: Reproduction) -> Table:
    table = _grid()
    for check in found.tables:
        rows = f"{check.rows_now:,} rows"
        if check.rows_then != check.rows_now and check.rows_then is not None:
            rows = f"{check.rows_then:,} rows then, {check.rows_now:,} now"
        differing = check.difference.rows if check.difference else 0
        said = "identical" if check.same else f"{differing:,} rows differ" if differing else "differs"
        table.add_row(check.name, f"{said:<14} {rows}, sha256 {check.sha256_now[:_SHOWN]}")
    return table


def _grid() -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True, min_width=10)
    table.add_column(overflow="fold")
    return table
