"""`stratkit data clean`: propose repairs of bars, write them to a new file beside a log, and take them back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stratkit.cli.clean_tables import cleaning_record, offer_table, proposal_table, remains_record, remains_text
from stratkit.cli.data_options import ColumnOption, OverwriteOption, built_settings, column_pairs, listed
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.data.check_report import CheckReport
    from stratkit.data.clean_files import CleanedFile, Source
    from stratkit.data.clean_settings import CleanSettings
    from stratkit.data.cleaning import Cleaning


def clean_data(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="CSV, Parquet or Feather files, folders, stores.")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", help="Parquet file to write; a folder when there are several.", metavar="FILE"),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the repaired bars and their log to --out.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only propose, which is the default.")] = False,
    repair: Annotated[
        list[str] | None,
        typer.Option(
            "--repair",
            metavar="NAME|CODE",
            help="Only this repair, or those of a finding; 'safe' = the usual ones. Repeat.",
        ),
    ] = None,
    tz: Annotated[str | None, typer.Option("--tz", help="Zone of stamps that have none.", metavar="ZONE")] = None,
    stamp: Annotated[
        Literal["start", "end"], typer.Option("--stamp", help="Whether a stamp is the start or the end of its bar.")
    ] = "start",
    frequency: Annotated[
        str | None, typer.Option("--frequency", help="Length of a bar, such as 1h; default as measured.")
    ] = None,
    keep: Annotated[
        Literal["first", "last", "volume"] | None,
        typer.Option("--keep", help="Which row of a stamp stays: first, last or that of the largest volume."),
    ] = None,
    price_scale: Annotated[
        float | None, typer.Option("--price-scale", help="Divide prices by this, such as 100000 for points.")
    ] = None,
    widen_bps: Annotated[
        float, typer.Option("--widen-bps", help="Widen high and low to hold open and close when off by this [bps].")
    ] = 1.0,
    actions: Annotated[
        str | None,
        typer.Option("--actions", help="File of splits, for stretches not adjusted for them.", metavar="FILE"),
    ] = None,
    calendar: Annotated[
        str, typer.Option("--calendar", help="24/7, 24/5 or an exchange such as XNYS; default what fits.")
    ] = "auto",
    symbol: Annotated[
        str | None, typer.Option("--symbol", help="Symbol, when the file names none; default the file's name.")
    ] = None,
    column: ColumnOption = None,
    skip_rows: Annotated[int, typer.Option("--skip-rows", min=0, help="Lines before the header of a text file.")] = 0,
    names: Annotated[
        str | None, typer.Option("--names", help="Column names of a text file without a header.", metavar="A,B")
    ] = None,
    delimiter: Annotated[str, typer.Option("--delimiter", help="Character between values of a text file.")] = ",",
    date_format: Annotated[
        str | None, typer.Option("--date-format", help="strftime format of text stamps; default the usual ones.")
    ] = None,
    undo: Annotated[
        str | None, typer.Option("--undo", help="Write the rows of before from the log of a cleaning.", metavar="LOG")
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Propose repairs of bars; with --apply, write them to a new file with a log that can take them back.

    The file that is read is never changed, and a missing bar is never made up. Repairs that take a choice
    wait for its option; those that take out bars on suspicion wait to be named with --repair.
    """
    terminal = Terminal(as_json, quiet)
    if undo is not None:
        _undo(terminal, paths, undo, out, overwrite)
        return
    from stratkit.data.clean_settings import CleanSettings
    from stratkit.data.import_settings import ImportSettings

    settings = built_settings(
        CleanSettings,
        repairs=None if repair is None else tuple(repair),
        tz=tz,
        stamp=stamp,
        frequency=frequency,
        keep=keep,
        price_scale=price_scale,
        widen_bps=widen_bps,
        actions_path=actions,
    )
    reading = built_settings(
        ImportSettings,
        symbol=symbol,
        columns=column_pairs(column),
        skip_rows=skip_rows,
        names=listed(names),
        delimiter="\t" if delimiter == "\\t" else delimiter,
        date_format=date_format,
    )
    targets = _targets(paths, out, apply=apply, dry_run=dry_run, overwrite=overwrite)
    from stratkit.data.clean_files import clean_file

    records = []
    for source, target in targets:
        with terminal.progress("checking bars") as progress:
            cleaning = clean_file(source, reading, settings, calendar, progress)
        written, left = _written(cleaning, target if apply else None, settings, overwrite, calendar)
        records.append(_record(cleaning, written, left))
        if not as_json:
            _show(terminal, cleaning, written, left, several=len(targets) > 1)
    if as_json:
        terminal.emit({"files": records})
    elif not apply:
        terminal.say("nothing was written: add --apply --out FILE.parquet to write the repaired bars")


def _undo(terminal: Terminal, paths: list[str] | None, log: str, out: str | None, overwrite: bool) -> None:
    from stratkit.data.clean_files import undo_cleaning
    from stratkit.errors import UsageError

    if paths:
        raise UsageError(f"--undo takes the log alone; found {paths[0]!r} too: leave it out")
    if out is None:
        raise UsageError("--undo needs a file to write the rows of before to: add --out FILE.parquet")
    done = undo_cleaning(log, Path(out).expanduser(), overwrite=overwrite)
    if terminal.as_json:
        terminal.emit({"undone": log, "out": str(done.path), "rows": done.rows})
        return
    terminal.out.print(f"{done.rows:,} rows as they were read written to {done.path}", markup=False, soft_wrap=True)


def _targets(
    paths: list[str] | None, out: str | None, *, apply: bool, dry_run: bool, overwrite: bool
) -> list[tuple[Source, Path | None]]:
    """Return each file to clean and where its result goes, all of it refused before anything is written."""
    from stratkit.data.clean_files import SUFFIX, refuse_target, sources_at
    from stratkit.errors import UsageError

    if not paths:
        raise UsageError("a file to clean must be named: stratkit data clean FILE")
    if apply and dry_run:
        raise UsageError("--apply and --dry-run exclude each other: leave one out")
    if apply and out is None:
        raise UsageError("--apply needs a new file to write to: add --out FILE.parquet")
    sources = sources_at(paths)
    if out is None:
        return [(source, None) for source in sources]
    single = len(sources) == 1 and not Path(paths[0]).expanduser().is_dir()
    root = Path(out).expanduser()
    if not single and root.suffix == SUFFIX:
        raise UsageError(f"--out must be a folder for {len(sources)} files; found {out!r}: name one")
    targets = [(source, root if single else root / source.place) for source in sources]
    for _, target in targets if apply else []:
        refuse_target(target, [source.path for source in sources], overwrite=overwrite)
    return list(targets)


def _written(
    cleaning: Cleaning, target: Path | None, settings: CleanSettings, overwrite: bool, calendar: str
) -> tuple[CleanedFile | None, CheckReport | None]:
    """Write a cleaning and return what a check finds in the result."""
    if target is None:
        return None, None
    from stratkit.data.check import check_bars_at
    from stratkit.data.clean_files import write_cleaned

    written = write_cleaned(cleaning, target, settings, overwrite=overwrite)
    (report,) = check_bars_at(written.path, calendar=calendar)
    return written, report


def _record(cleaning: Cleaning, written: CleanedFile | None, left: CheckReport | None) -> dict[str, Any]:
    return {
        **cleaning_record(cleaning),
        "result": None if written is None else str(written.path),
        "log": None if written is None else str(written.log),
        "remaining": None if left is None else remains_record(left),
    }


def _show(
    terminal: Terminal, cleaning: Cleaning, written: CleanedFile | None, left: CheckReport | None, *, several: bool
) -> None:
    from stratkit.data.cleaning import obstacle

    before, after = len(cleaning.before.line), len(cleaning.after.line)
    verb = "written" if written else "would be written"
    if several:
        terminal.out.print(str(cleaning.before.path), markup=False, soft_wrap=True, style="bold")
    if cleaning.changes or cleaning.settled:
        terminal.show(proposal_table(cleaning))
    else:
        terminal.out.print("nothing to repair", markup=False)
    if cleaning.offers:
        terminal.show(offer_table(cleaning))
    terminal.out.print(f"{before:,} rows read, {after:,} {verb}", markup=False, soft_wrap=True)
    if cleaning.before.unread:
        shown = ", ".join(name or "''" for name in cleaning.before.unread)
        terminal.out.print(f"columns left out: {shown}", markup=False, soft_wrap=True)
    reason = obstacle(cleaning)
    if reason is not None:
        terminal.warn(f"these bars cannot be written yet: {reason}")
    if written is not None and left is not None:
        terminal.out.print(f"bars  {written.path}\nlog   {written.log}", markup=False, soft_wrap=True)
        terminal.out.print(remains_text(left), markup=False, soft_wrap=True)
        if any(finding.severity == "error" for finding in left.findings):
            terminal.warn(f"errors are left: stratkit data check {written.path} says where")
