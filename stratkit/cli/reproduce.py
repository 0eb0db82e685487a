"""`stratkit reproduce`: run a kept run again and say whether the same comes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stratkit.cli.runs import REPORTS, OutOption
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, Terminal

if TYPE_CHECKING:
    from stratkit.research.reproduce import Reproduction
    from stratkit.runs.folder import RunRecord

RunArgument = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="A run id, the beginning of one, a run's folder, or latest.")
]


def reproduce(
    run: RunArgument = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="PATH", help="Where the bars are now, when they moved.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every run in the folder of runs.")] = False,
    out: OutOption = REPORTS,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Run a kept run again and compare what comes out, bit by bit.

    Says identical, or the first difference and which input changed since; leaves with 5 unless identical.
    """
    from stratkit.errors import UsageError

    if every == (run is not None):
        raise UsageError("name one RUN to reproduce, or --all of them; stratkit runs list names them")
    terminal = Terminal(as_json, quiet)
    with terminal.warnings_as_lines():
        if every:
            _reproduce_all(terminal, out, data)
        else:
            _reproduce_one(terminal, run or "", out, data)


def _reproduce_one(terminal: Terminal, run: str, out: Path, data: str | None) -> None:
    from stratkit.cli.reproduction_tables import print_reproduction, reproduction_record, why
    from stratkit.errors import ConditionError
    from stratkit.runs.find import find_run

    found = _again(terminal, find_run(run, out), data)
    if terminal.as_json:
        terminal.emit(reproduction_record(found))
    else:
        print_reproduction(terminal, found)
    if found.verdict != "identical":
        raise ConditionError(f"{found.run_id} must come out identical; {why(found)}")


def _reproduce_all(terminal: Terminal, out: Path, data: str | None) -> None:
    from stratkit.cli.reproduction_tables import all_record, all_table
    from stratkit.errors import ConditionError, StratkitError, UsageError
    from stratkit.runs.find import read_record, whole_runs

    names = whole_runs(out)
    if not names:
        raise UsageError(f"no run in {out}; stratkit backtest makes one")
    found: dict[str, Reproduction | StratkitError] = {}
    for count, name in enumerate(names, 1):
        terminal.say(f"{count} of {len(names)}: {name}")
        try:
            found[name] = _again(terminal, read_record(out / name), data)
        except StratkitError as error:  # one that cannot be run again must not hide the others
            found[name] = error
    if terminal.as_json:
        terminal.emit(all_record(out, found))
    else:
        terminal.show(all_table(found))
    others = [one for one in found.values() if isinstance(one, StratkitError) or one.verdict != "identical"]
    failed = [one for one in others if isinstance(one, StratkitError)]
    if others and len(failed) == len(others):  # nothing differs, but something is missing
        raise type(failed[0])(f"{len(failed)} of {len(names)} runs could not be run again: see above")
    if others:
        raise ConditionError(f"every run must come out identical; {len(others)} of {len(names)} did not")


def _again(terminal: Terminal, record: RunRecord, data: str | None) -> Reproduction:
    from stratkit.cli.replaying import COMPILE_S
    from stratkit.compiled import is_cold
    from stratkit.research.reproduce import reproduce_run

    plain = _configuration(record)
    if is_cold():
        terminal.say(f"compiling once (about {COMPILE_S} s)")
    with terminal.progress(f"reproducing {record.run_id}") as progress:
        return reproduce_run(record, plain, data, progress)


def _configuration(record: RunRecord) -> dict[str, Any]:
    from stratkit.config import read_resolved

    return read_resolved(record.path("config.yaml")).plain()
