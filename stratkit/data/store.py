"""`load_bars`: the `Bars` that `DataSettings` ask for, out of a store of Parquet files.

A store is one of: a root with a folder per frequency and a file per symbol (``root/1d/SPY.parquet``);
a folder with a file per symbol; one file with a `symbol` column; one file of one symbol, named after it.
Paths are built from symbols; only what is asked for is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from stratkit.data.acceptance import admit_rows
from stratkit.data.actions import adjusted
from stratkit.data.actions_file import load_actions
from stratkit.data.bars import FIELDS, Bars
from stratkit.data.bundled import bundled_folder
from stratkit.data.parquet import read_rows, span_text, stored_rows, stored_span, stored_symbols, write_rows
from stratkit.data.rows import Rows, align_rows, join_rows, rows_of
from stratkit.data.settings import DataSettings
from stratkit.data.symbols import escape_symbol, nearest_symbol, unescape_symbol
from stratkit.errors import DataError, OutputError, UsageError, did_you_mean
from stratkit.frequency import frequency_ns

_FREQUENCY: Final = re.compile(r"[1-9]\d*(s|min|h|d|w|mo)")
_SUFFIX: Final = ".parquet"
_TEXT_FORMATS: Final = (".csv", ".txt", ".feather", ".arrow", ".gz")


@dataclass(frozen=True)
class StoreFolder:
    """One folder of a store: its files by symbol, and the frequency that its name says, if any."""

    path: Path
    frequency: str | None
    files: dict[str, Path]


@dataclass(frozen=True)
class StoredFile:
    """One file as its metadata tell: rows, first and last stamp (UTC ns), or the `problem` it has."""

    symbol: str
    path: Path
    frequency: str | None
    size_bytes: int
    rows: int | None = None
    first: int | None = None
    last: int | None = None
    problem: str | None = None


def load_bars(settings: DataSettings) -> Bars:
    """Return the bars asked for, checked, on the union of their stamps; NaN = no bar.

    Rows whose four prices are all NaN count as no bar. With `adjust`, prices are adjusted for the events
    of `actions_path` between the first and the last bar asked for. Raises `DataError` for what is missing,
    unreadable or breaks a rule of the gate that `accept` does not name.
    """
    path = bundled_folder() if settings.path is None else Path(settings.path).expanduser()
    where = "the bundled data" if settings.path is None else str(path)
    files: dict[str | None, Path] = {None: path}
    declared = settings.frequency
    if path.is_dir():
        folder = choose_folder(path, settings.frequency)
        files = _chosen_files(folder, settings.symbols)
        declared = folder.frequency or declared
    parts = [_read(file, settings, symbol).without_blanks() for symbol, file in files.items()]
    rows = join_rows(parts).without_empty()
    del parts
    _check_found(rows, files, settings)
    actions = None if settings.actions_path is None else load_actions(settings.actions_path)
    look = f"stratkit data check {path if settings.path is not None else where}"
    rows, findings = admit_rows(rows, where, settings.accept, {} if actions is None else actions.split_dates(), look)
    bars = replace(align_rows(rows, rows.one_frequency(declared, where), where), findings=findings)
    return bars if settings.adjust is None or actions is None else adjusted(bars, actions, settings.adjust)


def list_store(root: str | Path | None = None) -> list[StoreFolder]:
    """Return the folders of a store that hold bars, finest frequency first; None = the bundled data."""
    path = bundled_folder() if root is None else Path(root).expanduser()
    if not path.is_dir():
        raise DataError(f"{path} must be a folder of bars; there is none: check the path")
    named = [entry for entry in path.iterdir() if entry.is_dir() and _FREQUENCY.fullmatch(entry.name)]
    folders = [_folder(entry, entry.name) for entry in sorted(named, key=lambda entry: frequency_ns(entry.name))]
    flat = _folder(path, None)
    return [folder for folder in (flat, *folders) if folder.files]


def describe_store(root: str | Path | None = None) -> list[StoredFile]:
    """Describe every file of a store from its metadata; one that cannot be read says why in `problem`."""
    return [
        _describe(symbol, folder.frequency, path)
        for folder in list_store(root)
        for symbol, path in folder.files.items()
    ]


def choose_folder(root: Path, frequency: str | None) -> StoreFolder:
    """Return the folder of a store that holds `frequency` (None = the only one)."""
    folders = list_store(root)
    if not folders:
        raise DataError(
            f"{root} must hold bars, as in {root.name}/1d/SPY.parquet; found no Parquet file there: "
            "bring files in with `stratkit data import FILE --to " + str(root) + "`"
        )
    flat = [folder for folder in folders if folder.frequency is None]
    named = {folder.frequency: folder for folder in folders if folder.frequency is not None}
    if flat and not named:
        return flat[0]
    if frequency is None:
        if len(named) == 1 and not flat:
            return next(iter(named.values()))
        raise UsageError(
            f"{root} holds several sets of bars ({', '.join(named)}"
            + (", and files beside them" if flat else "")
            + f"): choose one with a frequency, as in --frequency {next(iter(named))}"
        )
    for name, folder in named.items():
        if frequency_ns(name) == frequency_ns(frequency):
            return folder
    raise DataError(
        f"{root} has no folder {frequency!r}; {did_you_mean(frequency, named)}. "
        f"Coarser bars are made with `stratkit data resample`"
    )


def _find_symbol(folder: StoreFolder, symbol: str) -> Path:
    """Return the file of a symbol; raise `DataError` with the nearest name when there is none."""
    built = folder.path / f"{escape_symbol(symbol)}{_SUFFIX}"
    if symbol in folder.files or not built.is_file():
        if symbol not in folder.files:
            raise DataError(f"{folder.path} holds no symbol {symbol!r}; {nearest_symbol(symbol, list(folder.files))}")
        return folder.files[symbol]
    return built


def write_bars(bars: Bars, root: str | Path, *, overwrite: bool = False) -> list[Path]:
    """Write each symbol's bars to ``root/<frequency>/<symbol>.parquet`` and return the files.

    Bars that do not exist (NaN) get no row. Raises `OutputError`, before anything is written, when
    a file is there already and `overwrite` is False.
    """
    folder = Path(root).expanduser() / bars.frequency
    paths = [folder / f"{escape_symbol(symbol)}{_SUFFIX}" for symbol in bars.symbols]
    if not overwrite:
        refuse_existing(paths)
    rows = rows_of(bars)
    for n, path in enumerate(paths):
        span = slice(int(rows.offsets[n]), int(rows.offsets[n + 1]))
        write_rows(path, rows.times[span], {name: getattr(rows, name)[span] for name in FIELDS})
    return paths


def refuse_existing(paths: list[Path]) -> None:
    """Raise `OutputError` when one of `paths` is there already."""
    there = [path for path in paths if path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise OutputError(
            f"{there[0]}{more} must not be there yet: add --overwrite to replace it, or --to another folder"
        )


def _folder(path: Path, frequency: str | None) -> StoreFolder:
    files = sorted(entry for entry in path.iterdir() if entry.suffix == _SUFFIX and not entry.name.startswith("."))
    return StoreFolder(path, frequency, {unescape_symbol(entry.stem): entry for entry in files})


def _describe(symbol: str, frequency: str | None, path: Path) -> StoredFile:
    size = path.stat().st_size
    try:
        span, rows = stored_span(path, {}), stored_rows(path)
    except DataError as error:
        return StoredFile(symbol, path, frequency, size, problem=str(error))
    return StoredFile(symbol, path, frequency, size, rows, *(span or (None, None)))


def _chosen_files(folder: StoreFolder, symbols: tuple[str, ...] | None) -> dict[str | None, Path]:
    if symbols is None:
        return dict(folder.files.items())
    chosen: dict[str | None, Path] = {symbol: _find_symbol(folder, symbol) for symbol in symbols}
    return chosen


def _read(file: Path, settings: DataSettings, symbol: str | None) -> Rows:
    """Return the rows of a symbol's file, or of a file of its own (`symbol` None)."""
    if file.suffix.lower() in _TEXT_FORMATS and file.is_file():
        raise DataError(f"{file} must be Parquet; bring it into a store first with `stratkit data import {file}`")
    symbols = settings.symbols if symbol is None else None
    return read_rows(file, columns=settings.columns, symbols=symbols, span_ns=settings.span_ns(), name=symbol)


def _check_found(found: Rows, files: dict[str | None, Path], settings: DataSettings) -> None:
    """Raise `DataError` when nothing was found, or nothing of a symbol that was asked for by name."""
    missing = [symbol for symbol in settings.symbols or () if symbol not in found.symbols]
    if found.symbols and not missing:
        return
    file = files.get(missing[0] if missing else None, next(iter(files.values())))
    known = stored_symbols(file, settings.columns) if missing and None in files else None
    if known is not None and missing[0] not in known:
        raise DataError(f"{file} holds no symbol {missing[0]!r}; {nearest_symbol(missing[0], known)}")
    span = stored_span(file, settings.columns)
    if span is None:
        raise DataError(f"{file} must hold bars; it has columns but no row: make it again")
    asked = f"{settings.start or 'the first bar'} .. {settings.end or 'the last'}"
    name = missing[0] if missing else file.name
    raise DataError(
        f"the dates asked for must hold bars; found none of {name} in {asked}: "
        f"its data span {span_text(span)}; change the dates" + (" or leave the symbol out" if missing else "")
    )
