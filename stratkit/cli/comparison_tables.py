"""A `Comparison` as tables on the screen and a record in JSON, for `stratkit runs compare`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from stratkit.reports.comparison_rows import (
    HEADLINES,
    SECTIONS,
    compared_trials,
    letters_of,
    metric_cells,
    run_cells,
    value_text,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from stratkit.runs.compare import Comparison, Difference, MetricLine

_BEST: Final = "*"


def comparison_record(compared: Comparison) -> dict[str, Any]:
    """Return a comparison for JSON."""
    record: dict[str, Any] = {
        "runs": [run.record.run_id for run in compared.runs],
        "notes": list(compared.notes),
    }
    for name, _ in SECTIONS:
        record[name] = {one.key: list(one.values) for one in getattr(compared, name)}
    record["evidence"] = [dict(run.evidence) or None for run in compared.runs]
    record["metrics"] = [
        {
            "name": line.name,
            "unit": line.unit,
            "better": line.better,
            "values": list(line.values),
            "best": list(line.best),
        }
        for line in compared.metrics
    ]
    return record


def comparison_tables(compared: Comparison, all_metrics: bool) -> Iterator[RenderableType]:
    """Yield the runs by letter, notes, then what differs, then the metrics with the better ones marked."""
    from rich.text import Text

    letters = letters_of(len(compared.runs))
    yield _legend(compared)
    for note in compared.notes:
        yield Text(f"note: {note}", style="yellow")
    for name, heading in SECTIONS:
        yield Text()
        found: Sequence[Difference] = getattr(compared, name)
        if found:
            yield _differences(heading, found, letters)
        else:
            yield Text(f"{heading}: the same")
    yield Text()
    shown = [line for line in compared.metrics if all_metrics or line.name in HEADLINES]
    yield _metrics(shown, letters)
    yield Text(f"{_BEST} the better value; Sharpe ratios: {compared_trials(compared)}", style="dim")


def _legend(compared: Comparison) -> Table:
    from rich.text import Text

    table = _table(["", "run", "strategy", "data"])
    for cells in run_cells(compared):
        table.add_row(*map(Text, cells[:4]))
    return table


def _differences(heading: str, found: Sequence[Difference], letters: Sequence[str]) -> Table:
    from rich.text import Text

    table = _table([heading, *letters])
    for one in found:
        table.add_row(Text(one.key), *(Text(value_text(value)) for value in one.values))
    return table


def _metrics(lines: Sequence[MetricLine], letters: Sequence[str]) -> Table:
    from rich.text import Text

    table = _table(["metric", *letters], right=True)
    for line in lines:
        cells = [Text(f"{_BEST} {text}", style="bold") if best else Text(text) for text, best in metric_cells(line)]
        table.add_row(Text(line.label), *cells)
    return table


def _table(titles: Sequence[str], right: bool = False) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for title in titles:
        table.add_column(title, justify="right" if right and title != titles[0] else "left", overflow="fold")
    return table
