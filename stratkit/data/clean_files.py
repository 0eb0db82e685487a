"""A file of bars to a repaired one beside its log, and back: `clean_file`, `write_cleaned`, `undo_cleaning`."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from stratkit.data.arrow_arrays import arrow_column, arrow_text
from stratkit.data.bars import FIELDS
from stratkit.data.calendars import AUTO
from stratkit.data.check import Progress, check_bars_at
from stratkit.data.clean_log import CleanLog, log_lines, read_log, undone
from stratkit.data.clean_settings import CleanSettings
from stratkit.data.cleaning import Cleaning, clean_rows, obstacle
from stratkit.data.import_settings import ImportSettings
from stratkit.data.parquet import read_rows, write_table
from stratkit.data.raw_rows import FEATHER, PARQUET, TEXT, RawRows, read_raw
from stratkit.data.store import list_store
from stratkit.errors import DataError, OutputError, UsageError

SUFFIX: Final = ".parquet"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class CleanedFile:
    """What was written: the file of bars, the log beside it, and how many rows they hold."""

    path: Path
    log: Path
    rows: int


@dataclass(frozen=True)
class Source:
    """One file to clean, where its result goes below a folder, and its symbol where its place in a store says it."""

    path: Path
    place: Path
    symbol: str | None = None


def sources_at(paths: Sequence[str | Path]) -> list[Source]:
    """Return the files at `paths`: each file itself, each file of a store or folder with its place in it."""
    sources = [source for path in paths for source in _sources(Path(path).expanduser())]
    places: dict[Path, Path] = {}
    for source in sources:
        other = places.setdefault(source.place, source.path)
        if other != source.path:
            raise UsageError(
                f"files to clean must have different names; found {other} and {source.path}: clean them apart"
            )
    return sources


def clean_file(
    source: Source,
    reading: ImportSettings,
    settings: CleanSettings,
    calendar: str = AUTO,
    progress: Progress | None = None,
) -> Cleaning:
    """Return what the repairs make of a file, after a check of it; nothing is written.

    `reading` says what `check_bars_at` is told, but zone, side of the stamp and frequency are those of
    `settings`; `progress` is told (done, total) steps of the check.
    """
    symbol = source.symbol or reading.symbol
    told = {"symbol": symbol, "tz": settings.tz, "stamp": settings.stamp, "frequency": settings.frequency}
    reading = reading.model_copy(update=told)
    (report,) = check_bars_at(source.path, reading, calendar=calendar, progress=progress)
    return clean_rows(read_raw(source.path, reading), report.findings, settings)


def _sources(path: Path) -> list[Source]:
    if not path.is_dir():
        return [Source(path, Path(_bare(path.name) + SUFFIX))]
    stored = [(file, symbol) for folder in list_store(path) for symbol, file in folder.files.items()]
    if stored:
        return [Source(file, file.relative_to(path), symbol) for file, symbol in stored]
    files = sorted(file for file in path.iterdir() if file.name.lower().endswith((*TEXT, *FEATHER)))
    if not files:
        raise DataError(f"{path} must hold files of bars; found no CSV, Parquet or Feather file there: check the path")
    return [Source(file, Path(_bare(file.name) + SUFFIX)) for file in files]


def _bare(name: str) -> str:
    endings = sorted((*TEXT, *FEATHER, *PARQUET), key=len, reverse=True)
    ending = next((ending for ending in endings if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)]


def log_path(out: Path) -> Path:
    """Return where the log of a cleaned file stands.

    >>> log_path(Path("bars/clean.parquet")).name
    'clean.log.jsonl'
    """
    return out.with_name(f"{out.stem}.log.jsonl")


def refuse_target(out: Path, sources: Sequence[Path], *, overwrite: bool) -> None:
    """Raise `UsageError` or `OutputError` when a cleaned file may not be written to `out`."""
    if out.suffix != SUFFIX:
        raise UsageError(f"--out must name a Parquet file; found {str(out)!r}: end it in .parquet")
    log = log_path(out)
    for source in sources:
        if _same(out, source) or _same(log, source):
            raise UsageError(f"--out must be another file than the one that is read, {source}: originals are kept")
    for path in (out, log):
        if path.exists() and not overwrite:
            raise OutputError(f"{path} must not be there yet: add --overwrite to replace it, or choose another --out")


def write_cleaned(cleaning: Cleaning, out: Path, settings: CleanSettings, *, overwrite: bool = False) -> CleanedFile:
    """Write the repaired rows and their log, both whole or neither; raise `OutputError` or `DataError`."""
    source = cleaning.before.path
    refuse_target(out, [source], overwrite=overwrite)
    reason = obstacle(cleaning)
    if reason is not None:
        raise DataError(f"{source}: {reason}")
    log = log_path(out)
    with _stage(out.parent) as folder:
        new_out, new_log = folder / out.name, folder / log.name
        write_table(new_out, _table(cleaning.after, aware=True))
        head = {
            "source": str(source),
            "source_sha256": file_digest(source),
            "result": out.name,
            "result_sha256": file_digest(new_out),
            "columns_left_out": list(cleaning.before.unread),
            "settings": settings.model_dump(mode="json"),
        }
        _write_lines(new_log, log_lines(cleaning, head))
        new_log.replace(log)  # the log first: bars without their log could not be brought back
        new_out.replace(out)
    return CleanedFile(out, log, len(cleaning.after.line))


def undo_cleaning(log_file: str | Path, out: Path, *, overwrite: bool = False) -> CleanedFile:
    """Write the rows of the source of a log, bit for bit as they were read, in their order, as Parquet.

    The cleaned file must stand beside its log, unchanged. Raises `DataError` when it does not.
    """
    path = Path(log_file).expanduser()
    log = read_log(path)
    result = path.with_name(str(log.head["result"]))
    refuse_undo_target(out, [path, result], overwrite=overwrite)
    raw = undone(log, _result_rows(result, log))
    order = np.argsort(raw.line)
    write_table(out, _table(raw, aware=raw.aware).take(pa.array(order.tolist())))
    return CleanedFile(out, path, len(raw.line))


def refuse_undo_target(out: Path, sources: Sequence[Path], *, overwrite: bool) -> None:
    """Raise when rows that were brought back may not be written to `out`."""
    if out.suffix != SUFFIX:
        raise UsageError(f"--out must name a Parquet file; found {str(out)!r}: end it in .parquet")
    if any(_same(out, source) for source in sources):
        raise UsageError(f"--out must be another file than the cleaned one and its log; found {out}")
    if out.exists() and not overwrite:
        raise OutputError(f"{out} must not be there yet: add --overwrite to replace it, or choose another --out")


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _result_rows(path: Path, log: CleanLog) -> RawRows:
    if not path.is_file():
        raise DataError(f"{path} must stand beside its log; there is none: put the cleaned file back")
    if file_digest(path) != log.head["result_sha256"]:
        raise DataError(
            f"{path} must be as it was cleaned; its sha256 is another: it was changed, and cannot be undone"
        )
    rows = read_rows(path, columns={}, symbols=None)
    return RawRows(path, rows, np.arange(len(rows.times)), True, "UTC", (), "row")


def _table(raw: RawRows, *, aware: bool) -> pa.Table:
    """Return rows as a table; stamps have a zone when they are `aware`, a symbol column always."""
    rows = raw.rows.without_empty()
    owner = np.repeat(np.arange(len(rows.symbols)), np.diff(rows.offsets))
    columns: dict[str, Any] = {"timestamp": arrow_column(rows.times, pa.timestamp("ns", tz="UTC" if aware else None))}
    columns["symbol"] = arrow_text(owner, rows.symbols)
    columns |= {name: arrow_column(getattr(rows, name), pa.float64()) for name in FIELDS}
    return pa.table(columns)


def _write_lines(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _stage(parent: Path) -> Iterator[Path]:
    """Yield a hidden folder below `parent`, in which files become whole before they are renamed; gone at the end."""
    staged: Path | None = None
    try:
        parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=".clean-", dir=parent))
        yield staged
    except OSError as error:
        raise OutputError(f"{parent} cannot be written ({error.strerror or error}): choose another folder") from None
    finally:
        if staged is not None:
            shutil.rmtree(staged, ignore_errors=True)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
