"""`stratkit data check`: what is wrong with files of bars, where, how bad, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from stratkit.cli.bar_tables import literal, time_text
from stratkit.cli.data_options import ColumnOption, built_settings, column_pairs
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from rich.table import Table

    from stratkit.data.check_report import CheckReport
    from stratkit.data.findings import Finding
    from stratkit.data.import_settings import ImportSettings

_SHOWN_SYMBOLS: Final = 3  # of one kind of finding
_SHOWN_PLACES: Final = 3
_STYLES: Final = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def check_data(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders or stores of bars.")],
    calendar: Annotated[
        str,
        typer.Option("--calendar", metavar="NAME", help="24/7, 24/5, weekdays, or an exchange: XNYS; default auto."),
    ] = "auto",
    tz: Annotated[
        str | None, typer.Option("--tz", metavar="ZONE", help="Zone of stamps that have none, such as UTC.")
    ] = None,
    stamp: Annotated[
        Literal["start", "end"], typer.Option("--stamp", help="Whether a stamp is the start or the end of its bar.")
    ] = "start",
    symbol: Annotated[
        list[str] | None, typer.Option("--symbol", metavar="NAME", help="Only this symbol. Repeat for more.")
    ] = None,
    column: ColumnOption = None,
    frequency: Annotated[
        str | None, typer.Option("--frequency", metavar="F", help="Length of the bars, such as 1d; default measured.")
    ] = None,
    date_format: Annotated[
        str | None, typer.Option("--date-format", metavar="FORMAT", help="strftime format of text stamps.")
    ] = None,
    actions: Annotated[
        str | None, typer.Option("--actions", metavar="FILE", help="Splits and dividends: those jumps are explained.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with pictures of every bad spot.")
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option("--fail-on", help="Leave with exit code 3 from this severity on.")
    ] = "error",
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Check bars: order, gaps, prices, jumps, time zones; nothing is changed.

    Reads what an import would refuse. Exit code 3 when there is a finding of severity error: a run
    refuses such bars. What only you can know is asked, with the option that answers it.
    """
    from stratkit.data.check import check_bars_at

    terminal = Terminal(as_json, quiet)
    settings = _settings(tz, stamp, column, frequency, date_format)
    reports: list[CheckReport] = []
    with terminal.progress("checking bars") as progress:
        for path in paths:
            reports += check_bars_at(
                path, settings, calendar=calendar, symbols=symbol, actions=actions, progress=progress
            )
    if html is not None:
        from stratkit.reports.data_quality import write_quality_page

        write_quality_page(html, reports)
    if as_json:
        terminal.emit({"reports": [report.as_record() for report in reports], "failed": _failed(reports, fail_on)})
    else:
        for report in reports:
            _show(terminal, report)
        if html is not None:
            terminal.say(f"pictures: {html}")
    if _failed(reports, fail_on):
        from stratkit.errors import DataError

        raise typer.Exit(DataError.exit_code)


def _settings(
    tz: str | None, stamp: str, column: list[str] | None, frequency: str | None, date_format: str | None
) -> ImportSettings:
    from stratkit.data.import_settings import ImportSettings

    return built_settings(
        ImportSettings,
        tz=tz,
        stamp=stamp,
        columns=column_pairs(column),
        frequency=frequency,
        date_format=date_format,
    )


def _failed(reports: Sequence[CheckReport], fail_on: Literal["error", "warning"]) -> bool:
    grave: tuple[Any, ...] = ("error",) if fail_on == "error" else ("error", "warning")
    return any(report.of_severity(*grave) for report in reports)


def _show(terminal: Terminal, report: CheckReport) -> None:
    out = terminal.out
    out.print(f"[bold]{literal(report.source)}[/bold]", soft_wrap=True)
    names = report.symbols[0] if len(report.symbols) == 1 else f"{len(report.symbols):,} symbols"
    span = f"{time_text(report.first)} .. {time_text(report.last)}"
    out.print(literal(f"{names}, {report.rows:,} rows, {report.frequency}, {span}"), soft_wrap=True)
    assumed = " (assumed)" if report.calendar.assumed else ""
    out.print(literal(f"score {report.score:g} of 100, calendar {report.calendar.name}{assumed}"), soft_wrap=True)
    if report.findings:
        terminal.show(_table(report))
    else:
        out.print("nothing found")
    worst = sorted(report.scores, key=lambda symbol: report.scores[symbol])[:5]
    if len(report.symbols) > 1 and report.scores[worst[0]] < report.score:
        shown = ", ".join(f"{symbol} {report.scores[symbol]:g}" for symbol in worst)
        terminal.say(f"lowest scores: {shown}")


def _table(report: CheckReport) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    table.add_column("severity", no_wrap=True)
    table.add_column("code", overflow="fold")
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("what was found, and what to do", overflow="fold", ratio=1)
    for group in report.by_code():
        first = group[0]
        text = Text("\n".join(_lines(group, report)))
        text.append(f"\n{first.todo}", style="dim")
        severity = Text(first.severity, style=_STYLES[first.severity])
        table.add_row(severity, first.code, f"{sum(finding.count for finding in group):,}", text)
    return table


def _lines(group: Sequence[Finding], report: CheckReport) -> list[str]:
    """Return the messages of a group: the symbols with most first, and where in the file."""
    lines = []
    for finding in group[:_SHOWN_SYMBOLS]:
        name = f"{finding.symbol}: " if finding.symbol is not None and len(report.symbols) > 1 else ""
        lines.append(name + finding.message + _places(finding, report.unit))
    if len(group) > _SHOWN_SYMBOLS:
        more = len(group) - _SHOWN_SYMBOLS
        lines.append(f"... and {more:,} more symbol" + ("" if more == 1 else "s"))
    return lines


def _places(finding: Finding, unit: str) -> str:
    if not finding.rows:
        return ""
    shown = ", ".join(str(row) for row in finding.rows[:_SHOWN_PLACES])
    more = ", ..." if len(finding.places) > _SHOWN_PLACES else ""
    return f" ({unit} {shown}{more})"
