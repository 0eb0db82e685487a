"""`stratkit runs performance`: how the strategies of a run and the machine fared, at its end or on a date."""

from __future__ import annotations

from typing import Annotated

import typer

from stratkit.cli.runs import REPORTS, OutOption, RunArgument, opened_run
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal


def performance(
    run: RunArgument,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="DATE", help="How it stood after this date or time, UTC, and not at the end."),
    ] = None,
    out: OutOption = REPORTS,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Report how a run stood: states and weights of strategies, figures of each, alerts, open trades, the machine.

    With --at DATE: the same as it was known on that date, from what the run kept of its changes.
    """
    from stratkit.cli.performance_tables import status_tables
    from stratkit.cli.run_status import status_of_run

    terminal = Terminal(as_json, quiet)
    status = status_of_run(opened_run(terminal, run, out), at)
    if as_json:
        terminal.emit(status.plain())
        return
    for place, part in enumerate(status_tables(status)):
        if place:
            terminal.out.print()
        terminal.show(part)
