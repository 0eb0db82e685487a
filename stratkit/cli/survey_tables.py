"""What `stratkit optimize` prints about what surrounds its choice: importances, plateau, fragility."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from stratkit.reports.grid import Grid
from stratkit.reports.key_names import short_keys
from stratkit.reports.search_grids import break_even_sentence, fragility_grid, plateau_sentence

if TYPE_CHECKING:
    from rich.table import Table

    from stratkit.cli.terminal import Terminal
    from stratkit.reports.search_content import SearchContent
    from stratkit.research.fragility import Fragility
    from stratkit.research.survey import Survey

_BAR: Final = 20  # characters of a share of 100 %


def importances_table(terminal: Terminal, survey: Survey) -> None:
    """Print the share of each parameter by each method; a line that says why when there is none."""
    known = [one for one in survey.importances if one.shares]
    if not known:
        terminal.out.print(f"importances: {survey.importances[0].reason}", markup=False, soft_wrap=True)
        return
    names = short_keys(survey.ranked)
    table = _table(("parameter", False), *((one.method.replace("_", "-"), True) for one in known), ("", False))
    for key in survey.ranked:
        shares = [one.shares.get(key, 0.0) for one in known]
        table.add_row(names[key], *(f"{share:.0%}" for share in shares), "#" * round(_BAR * shares[0]))
    terminal.show(table)
    for one in known:
        terminal.out.print(f"{one.said}; {one.trials:,} trials", markup=False, soft_wrap=True, style="dim")


def plateau_line(terminal: Terminal, content: SearchContent) -> None:
    """Print how the best trial stands among its neighbours, and where the centre of the plateau is."""
    said = plateau_sentence(content)
    if said:
        terminal.out.print(said, markup=False, soft_wrap=True)


def fragility_table(terminal: Terminal, content: SearchContent) -> None:
    """Print what is left of the chosen trial under each change; nothing when nobody measured it."""
    grid, found = fragility_grid(content), content.fragility
    if grid is None or found is None:
        return
    terminal.show(_grid_table(grid))
    several = any(row.worst for row in found.rows)
    draws = "of several draws the median is shown, the worst behind it; " if several else ""
    terminal.out.print(break_even_sentence(found.break_even), markup=False, soft_wrap=True)
    terminal.out.print(f"{draws}{found.replays:,} replays", markup=False, soft_wrap=True, style="dim")


def survey_record(survey: Survey) -> dict[str, Any]:
    """Return importances and neighbourhoods as plain values, for JSON."""
    return {
        "importances": [
            {"method": one.method, "shares": dict(one.shares), "trials": one.trials, "reason": one.reason}
            for one in survey.importances
        ],
        "best": None if survey.best is None else asdict(survey.best),
        "robust": None if survey.robust is None else asdict(survey.robust),
    }


def fragility_record(found: Fragility) -> dict[str, Any]:
    """Return a fragility table as plain values, for JSON; fractions."""
    return asdict(found)


def _grid_table(grid: Grid) -> Table:
    from rich.text import Text

    table = _table(*((head.text.lower(), head.number) for head in grid.heads[:-1]), ("", False))
    for *cells, words in grid.rows:
        shown = [f"{cell.text} ({cell.note})" if cell.note else cell.text for cell in cells]
        table.add_row(*map(Text, shown), Text(words.text.removeprefix("n/a: ") if words.text.startswith("n/a") else ""))
    return table


def _table(*titles: tuple[str, bool]) -> Table:
    from rich.table import Table

    show = any(title for title, _ in titles)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False, show_header=show)
    for title, number in titles:
        table.add_column(title, justify="right" if number else "left", overflow="fold")
    return table
