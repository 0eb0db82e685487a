"""`stratkit runs`: the runs that were kept: list, show, compare, tag, note, remove."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.runs.compare import Comparison
    from stratkit.runs.facts import RunFacts
    from stratkit.runs.folder import RunRecord
    from stratkit.runs.remarks import Remarks
    from stratkit.runs.store import RunStore

app = typer.Typer(
    help="List, show, compare, tag and remove the runs that were kept.", no_args_is_help=True, rich_markup_mode=None
)

REPORTS: Final = Path("reports")
_LISTED: Final = 50  # more would scroll away; --limit and --json give all

OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the runs, as given to backtest.")]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="A run id, the beginning of one, a run's folder, or latest.")
]
RunsArgument = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Run ids, beginnings of ids, folders, or latest.")
]


@app.command("list")
def list_runs(
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="NAME", help="Only runs of this strategy.")
    ] = None,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Only runs on this symbol.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Only runs started since this date, UTC.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="Only runs with this tag. Repeat.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Only runs where this holds, as in 'sharpe>1 and max_drawdown>-20%': metrics, bars, trades, seconds, "
            "params.NAME, keys of the configuration. Repeat.",
        ),
    ] = None,
    sort: Annotated[
        str, typer.Option("--sort", metavar="NAME", help="Metric, column or key; the largest or newest first.")
    ] = "started",
    reverse: Annotated[bool, typer.Option("--reverse", help="The smallest or oldest first.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help=f"At most so many; {_LISTED} on the screen.")
    ] = None,
    out: OutOption = REPORTS,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """List the runs that were kept, the newest first."""
    from stratkit.cli.run_tables import list_record, list_table
    from stratkit.runs.query import Selection, select_runs

    terminal = Terminal(as_json, quiet)
    selection = Selection(strategy, symbol, since, tuple(tag or ()), tuple(where or ()), sort, reverse)
    with _opened(terminal, out, for_reading=True) as store:
        rows = store.read(lambda connection: select_runs(connection, selection))
    limit = limit if limit is not None or as_json else _LISTED
    shown = rows[:limit]
    if as_json:
        terminal.emit({"folder": str(out), "found": len(rows), "runs": [list_record(row) for row in shown]})
        return
    if rows:
        terminal.show(list_table(shown, selection.sort, terminal.out.width))
    _say_how_many(terminal, len(rows), len(shown), out, selection != Selection(sort=sort, reverse=reverse))


@app.command("show")
def show_run(
    run: RunArgument,
    decision: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--decision",
            metavar="TIME SYMBOL",
            help="Say why this was decided on that symbol, such as --decision 2015-06-30 SP500.",
        ),
    ] = None,
    out: OutOption = REPORTS,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Show one run: what ran on what, every metric, its files, and whether they can be read.

    With --decision TIME SYMBOL: what was decided on that symbol at that bar, by whom, and why, in a sentence.
    """
    from stratkit.cli.run_tables import evidence_table, fact_lines, files_line, metrics_table, show_record

    terminal = Terminal(as_json, quiet)
    facts = opened_run(terminal, run, out)
    if decision is not None:
        from stratkit.cli.decision import show_decision

        show_decision(terminal, facts, *decision)
        return
    if as_json:
        terminal.emit(show_record(facts))
        return
    terminal.show(fact_lines(facts))
    terminal.out.print()
    terminal.show(metrics_table(facts))
    terminal.out.print()
    if (evidence := evidence_table(facts)) is not None:
        terminal.show(evidence)
        terminal.out.print()
    terminal.show(files_line(facts))


@app.command("compare")
def compare(
    runs: RunsArgument,
    all_metrics: Annotated[bool, typer.Option("--all", help="Every metric, not the headline ones only.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write a page with the equity curves together.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE when it is there.")] = False,
    out: OutOption = REPORTS,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Compare runs: what differs in configuration, data and makers, and their metrics side by side."""
    from stratkit.cli.comparison_tables import comparison_record, comparison_tables
    from stratkit.runs.compare import compare_runs

    terminal = Terminal(as_json, quiet)
    compared = compare_runs([opened_run(terminal, run, out) for run in runs])
    page = None if html is None else _page(html, compared, overwrite)
    if as_json:
        terminal.emit({**comparison_record(compared), "page": page})
        return
    for table in comparison_tables(compared, all_metrics):
        terminal.show(table)
    if page is not None:
        terminal.say(f"equity curves together: {page}")


@app.command("tag")
def tag_run(
    run: RunArgument,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="Words to find the run by.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take these tags away.")] = False,
    out: OutOption = REPORTS,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Give a run tags, by which runs list --tag finds it."""
    from stratkit.errors import UsageError, did_you_mean
    from stratkit.runs.find import find_run
    from stratkit.runs.remarks import read_remarks

    terminal = Terminal(as_json, quiet)
    record = find_run(run, out)
    before = read_remarks(record.folder)
    for tag in tags if remove else ():
        if tag not in before.tags:
            raise UsageError(f"{record.run_id} has no tag {tag!r}; {did_you_mean(tag, before.tags)}")
    after = before.untagged(tags) if remove else before.tagged(tags)
    _remark(terminal, record, after)
    if as_json:
        terminal.emit({"run_id": record.run_id, "tags": after.tags})
    else:
        terminal.out.print(f"{record.run_id}  {', '.join(after.tags) or 'no tags'}", markup=False, soft_wrap=True)


@app.command("note")
def note_run(
    run: RunArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to remember; an empty text takes the note away.")],
    out: OutOption = REPORTS,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a note on a run, in the place of the one it has."""
    from stratkit.runs.find import find_run
    from stratkit.runs.remarks import read_remarks

    terminal = Terminal(as_json, quiet)
    record = find_run(run, out)
    after = read_remarks(record.folder).noted(text)
    _remark(terminal, record, after)
    if as_json:
        terminal.emit({"run_id": record.run_id, "note": after.note})
    else:
        terminal.out.print(f"{record.run_id}  {after.note or 'no note'}", markup=False, soft_wrap=True)


@app.command("remove")
def remove_runs(
    runs: RunsArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    out: OutOption = REPORTS,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Remove runs for good: their folders and all that the store knows of them."""
    terminal = Terminal(as_json, quiet)
    with _opened(terminal, out, for_reading=True) as store:  # a full disk is no obstacle to what frees it
        chosen = list(dict.fromkeys(_named(store, run) for run in runs))
        _confirm(chosen, out, yes)
        _count_first(terminal, out)
        for name in chosen:
            for notice in store.remove(name):
                terminal.warn(notice)
            terminal.say(f"{name} removed")
    if as_json:
        terminal.emit({"removed": chosen})


def _count_first(terminal: Terminal, out: Path) -> None:
    """Enter all runs in the trial ledger before any goes: what was tried stays tried."""
    from stratkit.errors import StratkitError
    from stratkit.runs.ledger import open_ledger

    try:
        with open_ledger(out) as ledger:
            for notice in ledger.notices:
                terminal.warn(notice)
    except StratkitError as error:  # a full disk is no obstacle here either
        terminal.warn(f"the trials of these runs may not be counted: {error}")


@contextmanager
def _opened(terminal: Terminal, out: Path, *, for_reading: bool) -> Iterator[RunStore]:
    from stratkit.runs.store import open_store

    with open_store(out, read_config, for_reading=for_reading) as store:
        for notice in store.notices:
            terminal.warn(notice)
        yield store


def read_config(path: Path) -> Mapping[str, Any]:
    """Return a run's config.yaml as plain values."""
    from stratkit.yaml_positions import load_yaml

    plain: Mapping[str, Any] = load_yaml(path).plain()
    return plain


def opened_run(terminal: Terminal, run: str, out: Path) -> RunFacts:
    """Return what is known of a run by its name, and warn of what cannot be read of it."""
    from stratkit.runs.facts import read_facts
    from stratkit.runs.find import find_run

    facts = read_facts(find_run(run, out), read_config)
    for problem in facts.problems:
        terminal.warn(problem)
    return facts


def _remark(terminal: Terminal, record: RunRecord, remarks: Remarks) -> None:
    from stratkit.runs.store import remark_run

    for notice in remark_run(record, remarks):
        terminal.warn(notice)


def _page(path: Path, compared: Comparison, overwrite: bool) -> str:
    from stratkit.errors import UsageError
    from stratkit.reports.comparison import write_comparison

    if path.exists() and not overwrite:
        raise UsageError(f"--html must name a new file; {path} is there: add --overwrite, or choose another name")
    return str(write_comparison(path, compared))


def _named(store: RunStore, run: str) -> str:
    from stratkit.errors import UsageError
    from stratkit.runs.find import LATEST, latest_run

    if run == LATEST:
        return latest_run(store.folder)
    path = Path(run)
    if path.is_dir() and path.resolve().parent != store.folder.resolve():
        raise UsageError(
            f"runs are removed from one folder, {store.folder}; {run} is not in it: name its own with --out"
        )
    return store.match(path.name)


def _confirm(names: list[str], out: Path, yes: bool) -> None:
    from stratkit.errors import UsageError

    if yes:
        return
    listed = ", ".join(names)
    if not sys.stdin.isatty():
        raise UsageError(f"removing must be confirmed; would remove {listed} from {out}: add --yes")
    if not typer.confirm(f"remove {listed} from {out} for good?", err=True):
        raise UsageError("nothing was removed")


def _say_how_many(terminal: Terminal, found: int, shown: int, out: Path, filtered: bool) -> None:
    if not found:
        hint = "take a filter away" if filtered else "stratkit backtest makes one"
        terminal.say(f"no run {'like this ' if filtered else ''}in {out}; {hint}")
        return
    if shown < found:
        terminal.say(f"{shown} of {found:,} runs; --limit {found} lists all")
    terminal.say("the best of many runs is better than what it will do next; stratkit runs ledger counts the trials")
