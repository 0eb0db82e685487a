"""What `stratkit walkforward` prints about a finished walk-forward: its folds; and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stratkit.reports.walk_grids import folds_grid

if TYPE_CHECKING:
    from stratkit.cli.terminal import Terminal
    from stratkit.reports.walk_content import WalkContent


def folds_table(terminal: Terminal, content: WalkContent) -> None:
    """Print one row for each fold: tested span, chosen values, in and out of sample, efficiency."""
    from rich.table import Table
    from rich.text import Text

    grid = folds_grid(content)
    if grid.empty:
        terminal.out.print(grid.empty, markup=False)
        return
    shown = [place for place, head in enumerate(grid.heads) if head.text != "Chosen on"]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for place in shown:
        head = grid.heads[place]
        table.add_column(head.text.lower(), justify="right" if head.number else "left", overflow="fold")
    for row in grid.rows:
        table.add_row(*(Text(row[place].text) for place in shown))
    terminal.show(table)
    for fold in content.folds:
        if fold.reason:
            terminal.warn(f"fold {fold.number}: {fold.reason}")


def folds_record(content: WalkContent) -> list[dict[str, Any]]:
    """Return the folds as plain values, for JSON."""
    return [{**asdict(fold), "values": dict(fold.values)} for fold in content.folds]
