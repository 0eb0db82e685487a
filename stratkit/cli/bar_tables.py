"""Bars as tables on the screen and records in JSON, for `stratkit data`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.table import Table

    from stratkit.data.bars import Bars
    from stratkit.data.overview import SymbolOverview

_EDGE_ROWS: Final = 3  # first and last bars that are shown
_NUMERIC: Final = ("bars", "rows", "kB", "missing", "gaps", "open", "high", "low", "close", "volume", "no volume")


def overview_record(overview: SymbolOverview) -> dict[str, Any]:
    """Return what is known of a symbol, for JSON."""
    record = times_as_text(vars(overview))
    record["longest_gaps"] = [[time_text(gap.before), time_text(gap.after)] for gap in overview.longest_gaps]
    return record


def overview_table(overviews: Sequence[SymbolOverview]) -> Table:
    """Return span, gaps and volumes of each symbol, for the screen."""
    table = empty_table("symbol", "bars", "first", "last", "missing", "gaps", "longest gap", "no volume")
    for one in overviews:
        gap = (
            f"{time_text(one.longest_gaps[0].before)} .. {time_text(one.longest_gaps[0].after)}"
            if one.longest_gaps
            else ""
        )
        volume = f"{one.zero_volume:,}" + (f" ({one.unknown_volume:,} unknown)" if one.unknown_volume else "")
        cells = (
            one.symbol,
            f"{one.bars:,}",
            time_text(one.first),
            time_text(one.last),
            f"{one.missing:,}",
            f"{one.gaps:,}",
        )
        table.add_row(*map(literal, (*cells, gap, volume)))
    return table


def _edge_places(bars: Bars) -> list[int]:
    """Return the first and last bars of the first symbol."""
    import numpy as np

    places = np.flatnonzero(np.isfinite(bars.close[:, 0])).tolist()
    return places if len(places) <= 2 * _EDGE_ROWS else [*places[:_EDGE_ROWS], *places[-_EDGE_ROWS:]]


def edge_records(bars: Bars) -> list[dict[str, Any]]:
    """Return the first and last bars of the first symbol, for JSON."""
    names = ("open", "high", "low", "close", "volume")
    return [
        {"time": time_text(int(bars.times[bar])), "symbol": bars.symbols[0]}
        | {name: float(getattr(bars, name)[bar, 0]) for name in names}
        for bar in _edge_places(bars)
    ]


def edge_table(bars: Bars) -> Table:
    """Return the first and last bars of the first symbol, for the screen."""
    table = empty_table("time", "symbol", "open", "high", "low", "close", "volume")
    for record in edge_records(bars):
        table.add_row(*(literal(f"{v:,.8g}" if isinstance(v, float) else v) for v in record.values()))
    return table


def times_as_text(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with paths, first and last stamp as text."""
    shown: dict[str, Any] = {n: str(value) if isinstance(value, Path) else value for n, value in record.items()}
    for name in ("first", "last"):
        shown[name] = None if record[name] is None else time_text(record[name])
    return shown


def time_text(time_ns: int) -> str:
    """Return a stamp as a person reads it."""
    from stratkit.panel import format_time

    return format_time(time_ns)


def literal(text: str) -> str:
    """Return text from users and files so that none of it is read as markup."""
    from rich.markup import escape

    return escape(text)


def empty_table(*titles: str) -> Table:
    """Return a table with these columns; numbers are set to the right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for title in titles:
        numeric = title in _NUMERIC
        table.add_column(title, justify="right" if numeric else "left", overflow="fold", no_wrap=title == titles[0])
    return table
