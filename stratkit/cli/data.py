"""`stratkit data`: bring bars in, see what is there, make coarser or synthetic ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stratkit.cli.bar_tables import (
    edge_records,
    edge_table,
    empty_table,
    literal,
    overview_record,
    overview_table,
    time_text,
    times_as_text,
)
from stratkit.cli.data_check import check_data
from stratkit.cli.data_clean import clean_data
from stratkit.cli.data_options import (
    ColumnOption,
    DataOption,
    EndOption,
    OverwriteOption,
    StartOption,
    SymbolsOption,
    built_settings,
    column_pairs,
    listed,
)
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.data.bars import Bars
    from stratkit.data.settings import DataSettings

app = typer.Typer(
    help="Import, check and clean bars, list and show what a store holds, resample it, make synthetic bars.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_SHOWN_SYMBOLS = 30


@app.command("import")
def import_data(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="CSV (.csv, .txt, .gz), Parquet or Feather.")],
    to: Annotated[str, typer.Option("--to", help="Root of the store to write to.", metavar="ROOT")] = "bars",
    symbol: Annotated[
        str | None, typer.Option("--symbol", help="Symbol, when the file names none; default the file's name.")
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option("--tz", help="Zone of stamps that have none, such as America/New_York.", metavar="ZONE"),
    ] = None,
    epoch: Annotated[
        Literal["s", "ms", "us", "ns"] | None, typer.Option("--epoch", help="Unit of stamps that count from 1970.")
    ] = None,
    stamp: Annotated[
        Literal["start", "end"], typer.Option("--stamp", help="Whether a stamp is the start or the end of its bar.")
    ] = "start",
    column: ColumnOption = None,
    frequency: Annotated[
        str | None, typer.Option("--frequency", help="Frequency the bars must have, such as 1d; default as measured.")
    ] = None,
    skip_rows: Annotated[int, typer.Option("--skip-rows", min=0, help="Lines before the header of a text file.")] = 0,
    names: Annotated[
        str | None, typer.Option("--names", help="Column names of a text file without a header.", metavar="A,B")
    ] = None,
    delimiter: Annotated[str, typer.Option("--delimiter", help="Character between values of a text file.")] = ",",
    decimal: Annotated[str, typer.Option("--decimal", help="Decimal point of a text file, . or ,")] = ".",
    date_format: Annotated[
        str | None, typer.Option("--date-format", help="strftime format of text stamps; default ISO 8601.")
    ] = None,
    sort: Annotated[bool, typer.Option("--sort", help="Put rows in order of their stamps.")] = False,
    duplicates: Annotated[
        Literal["refuse", "first", "last"], typer.Option("--duplicates", help="Which row stays where a stamp repeats.")
    ] = "refuse",
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Import files of bars into a store: checked, in UTC, one Parquet file per symbol.

    Nothing about a file is guessed: say its time zone, epoch unit and date format. If any symbol
    fails a check, nothing is written.
    """
    from stratkit.data.import_settings import ImportSettings
    from stratkit.data.importers import import_files

    terminal = Terminal(as_json, quiet)
    settings = built_settings(
        ImportSettings,
        to=to,
        symbol=symbol,
        tz=tz,
        epoch=epoch,
        stamp=stamp,
        columns=column_pairs(column),
        frequency=frequency,
        skip_rows=skip_rows,
        names=listed(names),
        delimiter="\t" if delimiter == "\\t" else delimiter,
        decimal=decimal,
        date_format=date_format,
        sort=sort,
        duplicates=duplicates,
        overwrite=overwrite,
    )
    with terminal.progress("reading bars") as progress:
        imported = import_files(files, settings, progress)
    if as_json:
        terminal.emit({"imported": [times_as_text(vars(one)) for one in imported]})
        return
    table = empty_table("symbol", "frequency", "bars", "first", "last", "notes")
    for one in imported[:_SHOWN_SYMBOLS]:
        cells = (
            one.symbol,
            one.frequency,
            f"{one.bars:,}",
            time_text(one.first),
            time_text(one.last),
            "; ".join(one.notes),
        )
        table.add_row(*map(literal, cells))
    terminal.out.print(table)
    _say_rest(terminal, len(imported))
    terminal.say(f"{len(imported)} symbols written to {to}: use them with --data {to}")


app.command("check")(check_data)
app.command("clean")(clean_data)


@app.command("list")
def list_data(
    root: Annotated[str | None, typer.Argument(metavar="[ROOT]", help="A store; default the bundled data.")] = None,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """List the symbols of a store with their spans and sizes; reads no prices."""
    from stratkit.data.store import describe_store

    terminal = Terminal(as_json, quiet)
    files = describe_store(root)
    if as_json:
        terminal.emit({"root": root or "bundled", "files": [times_as_text(vars(file)) for file in files]})
        return
    table = empty_table("symbol", "frequency", "rows", "first", "last", "kB")
    for file in files:
        span = ("", "") if file.first is None or file.last is None else (time_text(file.first), time_text(file.last))
        rows = "" if file.rows is None else f"{file.rows:,}"
        cells = (file.symbol, file.frequency or "", rows, *span, f"{file.size_bytes / 1000:,.0f}")
        table.add_row(*map(literal, cells))
        if file.problem:
            terminal.warn(file.problem)
    terminal.out.print(table)
    terminal.say("stratkit data show SYMBOL looks closer at one")


@app.command("show")
def show_data(
    what: Annotated[str, typer.Argument(metavar="PATH|SYMBOL", help="A Parquet file, a store, or a symbol of --data.")],
    data: DataOption = None,
    frequency: Annotated[str | None, typer.Option("--frequency", help="Folder of a store, such as 1d.")] = None,
    symbols: SymbolsOption = None,
    start: StartOption = None,
    end: EndOption = None,
    column: ColumnOption = None,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Check bars and show their span, frequency, gaps, first and last rows, and digest."""
    from stratkit.data.overview import describe_bars
    from stratkit.data.store import load_bars

    terminal = Terminal(as_json, quiet)
    bars = load_bars(_asked(what, data, frequency, symbols, column, start, end))
    overviews = describe_bars(bars)
    if as_json:
        facts = {"source": bars.source, "frequency": bars.frequency, "bars": bars.shape[0], "digest": bars.digest}
        terminal.emit({**facts, "symbols": [overview_record(one) for one in overviews], "rows": edge_records(bars)})
        return
    for name, fact in (("source", bars.source), ("bars", repr(bars)), ("digest", bars.digest)):
        terminal.out.print(f"{name:8} {fact}", markup=False, soft_wrap=True)
    terminal.out.print(overview_table(overviews[:_SHOWN_SYMBOLS]))
    _say_rest(terminal, len(overviews))
    terminal.out.print(edge_table(bars))
    if len(overviews) > 1:
        terminal.say(f"first and last bars of {bars.symbols[0]}")


@app.command("resample")
def resample_data(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A store, a folder or a Parquet file.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Coarser frequency: 5min, 1h, 1d, 1w, 1mo.")],
    to: Annotated[
        str | None,
        typer.Option("--to", help="Root of the store to write to; default PATH if a folder.", metavar="ROOT"),
    ] = None,
    frequency: Annotated[
        str | None, typer.Option("--frequency", help="Frequency to start from, in a store of several.")
    ] = None,
    symbols: SymbolsOption = None,
    column: ColumnOption = None,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Make coarser bars: first open, highest high, lowest low, last close, summed volume, in UTC."""
    from stratkit.data.resample import resample_bars
    from stratkit.data.store import load_bars, write_bars

    terminal = Terminal(as_json, quiet)
    coarse = resample_bars(load_bars(_asked(path, None, frequency, symbols, column)), target)
    root = to or (path if Path(path).expanduser().is_dir() else "bars")
    _report_written(terminal, coarse, write_bars(coarse, root, overwrite=overwrite), root)


@app.command("sample")
def sample_data(
    to: Annotated[str, typer.Option("--to", help="Root of the store to write to.", metavar="ROOT")] = "synthetic",
    symbols: Annotated[
        int | None, typer.Option("--symbols", min=1, help="How many; default 20, or 1 when finer than 1d.")
    ] = None,
    bars: Annotated[
        int | None, typer.Option("--bars", min=2, help="How many; default 2,520, or 1,000,000 when finer than 1d.")
    ] = None,
    frequency: Annotated[str, typer.Option("--frequency", help="1d or finer, such as 1min.")] = "1d",
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Make seeded synthetic bars: bull, bear and chop regimes, jumps, a late listing, a delisting."""
    from stratkit.data.store import write_bars
    from stratkit.data.synthetic import synthetic_universe
    from stratkit.frequency import is_intraday

    terminal = Terminal(as_json, quiet)
    fine = is_intraday(frequency)
    universe = synthetic_universe(
        symbols or (1 if fine else 20), bars or (1_000_000 if fine else 2520), frequency, seed or 0
    )
    _report_written(terminal, universe.bars, write_bars(universe.bars, to, overwrite=overwrite), to)


def _report_written(terminal: Terminal, bars: Bars, paths: Sequence[Path], root: str) -> None:
    if terminal.as_json:
        terminal.emit({"root": root, "frequency": bars.frequency, "bars": bars.shape[0], "digest": bars.digest,
                       "files": [str(path) for path in paths]})  # fmt: skip
        return
    terminal.out.print(f"{bars!r} written to {paths[0].parent}", markup=False, soft_wrap=True)
    terminal.say(f"use them with --data {root}")


def _asked(
    what: str,
    data: str | None,
    frequency: str | None,
    symbols: str | None,
    column: list[str] | None,
    start: str | None = None,
    end: str | None = None,
) -> DataSettings:
    """Return the data settings of a path, or of a symbol in a store."""
    from stratkit.data.settings import DataSettings
    from stratkit.errors import UsageError

    is_path = Path(what).expanduser().exists() or what.endswith(".parquet") or ("/" in what and data is None)
    if is_path and data is not None:
        raise UsageError(f"with --data a symbol of it is expected; found the path {what!r}: leave --data out")
    if not is_path and symbols is not None:
        raise UsageError(f"--symbols is for a path; found the symbol {what!r}: leave --symbols out")
    return built_settings(
        DataSettings,
        path=what if is_path else data,
        symbols=listed(symbols) if is_path else (what,),
        start=start,
        end=end,
        frequency=frequency,
        columns=column_pairs(column),
    )


def _say_rest(terminal: Terminal, count: int) -> None:
    if count > _SHOWN_SYMBOLS:
        terminal.say(f"... and {count - _SHOWN_SYMBOLS} more symbols (--json lists all)")
