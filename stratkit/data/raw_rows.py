"""`RawRows`: every row that a file of bars holds, however broken, with findings on how it had to be read.

Where an importer refuses, this reader goes on: a check needs the rows to say what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather

from stratkit.data.arrow_arrays import arrow_flags, fill_floats
from stratkit.data.bars import FIELDS
from stratkit.data.columns import ALIASES, resolve_columns
from stratkit.data.findings import Finding, counted, found
from stratkit.data.import_settings import ImportSettings
from stratkit.data.parquet import opened, type_problems
from stratkit.data.raw_stamps import RawStamps, mixed_epochs, read_raw_stamps
from stratkit.data.raw_text import RawTable, read_text
from stratkit.data.rows import Rows, split_rows
from stratkit.data.symbols import nearest_symbol
from stratkit.errors import DataError
from stratkit.panel import BoolArray, FloatArray, IntArray

TEXT: Final = (".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz", ".tsv.gz")
PARQUET: Final = (".parquet", ".pq")
FEATHER: Final = (".feather", ".arrow")
_NULL_WORDS: Final = ("null", "none", "n/a", "na", "#n/a", "-", "nil")
_NUMBER: Final = r"^[+-]?(\d+([.]\d*)?|[.]\d+)([eE][+-]?\d+)?$"
_NOT_FINITE: Final = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity")
_EPOCH_NAMES: Final = ("unix", "epoch", "timestamp", "time", "ts", "open_time", "opentime", "date")


@dataclass(frozen=True)
class RawRows:
    """`rows`, symbol by symbol in the order found; `line` (K,) is where each stands in its file.

    Stamps are UTC when `aware`, else as a clock on the wall showed; `zone` as the column says. Lines
    of text are counted from 1, header included; rows of other files from 1. `notes` are the findings
    of the reading; `unit` is "line" or "row"; `frequency` what a folder's name says, if any; `unread` are
    the columns of the file that are no part of a bar.
    """

    path: Path
    rows: Rows
    line: IntArray
    aware: bool
    zone: str | None
    notes: tuple[Finding, ...]
    unit: str
    frequency: str | None = None
    unread: tuple[str, ...] = ()


def read_raw(path: Path, settings: ImportSettings, symbols: Collection[str] | None = None) -> RawRows:
    """Return the rows of a CSV, Parquet or Feather file for `symbols` (None = all).

    Raises `DataError` only where no row can be had: no such file, another format, no price columns.
    """
    table, unit = _table(path, settings)
    fields, notes = _fields(table, settings, path)
    notes += _refused_columns(path, settings)
    stamps = read_raw_stamps(_stamp_column(table, fields), settings, table.line)
    values: dict[str, FloatArray] = {}
    for field in FIELDS:
        if field in fields:
            values[field], more = _numbers(fields[field], table.columns[fields[field]], table.line)
            notes += more
        else:
            values[field] = np.full(len(table.line), np.nan)
    extra = [name for name in table.columns if name not in fields.values()]
    for name in extra:
        notes += _extra_notes(name, table)
    names, codes, named = _symbols(table, fields, settings, path, symbols)
    if not named.all():
        rows = table.line[~named]
        notes.append(
            found(
                "no_symbol_name",
                f"{counted(len(rows), 'row')} without the name of a symbol",
                count=len(rows),
                rows=rows,
            )
        )
    kept = named & stamps.readable
    raw = _grouped(path, names, codes, stamps, values, table.line, kept)
    raw = _only(raw, symbols) if symbols is not None and "symbol" in fields else raw
    return replace(raw, notes=(*table.notes, *notes, *stamps.notes), unit=unit, unread=_unread(path, table, fields))


def _table(path: Path, settings: ImportSettings) -> tuple[RawTable, str]:
    if not path.is_file():
        raise DataError(f"{path} must be a file of bars; there is none: check the path")
    if path.stat().st_size == 0:
        raise DataError(f"{path} must hold bars; it is empty (0 bytes): make it again")
    name = path.name.lower()
    if name.endswith(TEXT):
        return read_text(path, settings), "line"
    if name.endswith(PARQUET):
        with opened(path) as file:
            wanted = [column for column in file.schema_arrow.names if "." not in column]
            return _numbered(file.read(columns=wanted)), "row"
    if name.endswith(FEATHER):
        try:
            return _numbered(pyarrow.feather.read_table(path, memory_map=True)), "row"
        except (pa.ArrowException, OSError) as error:
            reason = (str(error).splitlines() or ["unknown"])[0][:200]
            raise DataError(
                f"{path} must be a whole Feather file; it cannot be read ({reason}): copy it again"
            ) from None
    raise DataError(
        f"{path} must be a CSV, Parquet or Feather file ({', '.join((*TEXT, *PARQUET, *FEATHER))}); "
        f"found {path.suffix or 'no ending'!r}: rename it to what it is"
    )


def _numbered(table: pa.Table) -> RawTable:
    columns = {
        name: column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return RawTable(columns, np.arange(1, len(table) + 1))


def _fields(table: RawTable, settings: ImportSettings, path: Path) -> tuple[dict[str, str], list[Finding]]:
    """Return field -> column, with a question where several columns would do."""
    names, mapping, notes = list(table.columns), dict(settings.columns), []
    if table.clock and "timestamp" not in mapping:
        mapping |= {"timestamp": next(iter(table.columns)), "clock": table.clock}
    for field, aliases in ALIASES.items():
        matches = [name for name in names if name.strip().casefold() in aliases]
        if field in mapping or len(matches) < 2:
            continue
        mapping[field] = matches[0]
        asked = f"--column {field}={matches[0]}"
        if field == "timestamp" and "clock" not in mapping and _is_clock(table.columns[matches[1]]):
            mapping["clock"] = matches[1]
            asked += f" --column clock={matches[1]}"
        notes.append(_several(field, matches, f"say which one, as in {asked}"))
    if "timestamp" not in mapping and not any(name.strip().casefold() in ALIASES["timestamp"] for name in names):
        stamped = [name for name in names if pa.types.is_timestamp(table.columns[name].type)]
        if len(stamped) == 1:
            mapping["timestamp"] = stamped[0]
    if "volume" not in mapping:
        likely = [name for name in names if "vol" in name.casefold()]
        exact = [name for name in likely if name.strip().casefold() == "volume"]
        if likely and (len(likely) > 1 or not exact):
            mapping["volume"] = (exact or likely)[0]
            todo = f"say which one counts units, as in --column volume={_quoted(likely[0])}"
            notes.append(_several("volume", likely, todo))
    return resolve_columns(names, mapping, str(path)), notes


def _unread(path: Path, table: RawTable, fields: dict[str, str]) -> tuple[str, ...]:
    names = list(table.columns)
    if path.name.lower().endswith(PARQUET):
        with opened(path) as file:
            names = file.schema_arrow.names  # those with a dot are not in the table
    return tuple(name for name in names if name not in fields.values())


def _refused_columns(path: Path, settings: ImportSettings) -> Iterator[Finding]:
    """Yield what a run refuses in the columns of a Parquet file, which it reads without an import."""
    if not path.name.lower().endswith(PARQUET):
        return
    with opened(path) as file:
        schema = file.schema_arrow
    try:
        fields = resolve_columns(schema.names, settings.columns, str(path))
    except DataError as error:
        message = str(error).removeprefix(f"{path}: ")
        yield found("refused_column", f"a run refuses this file: {message}", count=1)
        return
    for message, todo in type_problems(schema, fields, path):
        yield found("refused_column", f"a run refuses this file: {message}", count=1, todo=todo)


def _several(field: str, names: list[str], todo: str) -> Finding:
    message = f"{field} could be {' or '.join(names)}" if len(names) > 1 else f"{field} is taken from {names[0]}"
    return found("several_columns", message, count=len(names), todo=todo)


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _is_clock(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(column.type):
        return False
    return bool(pc.all(pc.match_substring_regex(column.slice(0, 64), r"^\d{1,2}:\d{2}")).as_py())


def _stamp_column(table: RawTable, fields: dict[str, str]) -> pa.ChunkedArray:
    column = table.columns[fields["timestamp"]]
    if "clock" not in fields:
        return column
    clock = table.columns[fields["clock"]]
    return pc.binary_join_element_wise(column.cast(pa.string()), clock.cast(pa.string()), " ")


def _numbers(name: str, column: pa.ChunkedArray, line: IntArray) -> tuple[FloatArray, list[Finding]]:
    out: FloatArray = np.empty(len(column))
    try:
        return fill_floats(out, iter([column.cast(pa.float64(), safe=False)])), []
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # not all numbers: each value is looked at below
        text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    words = pc.is_in(pc.utf8_lower(text), pa.array(_NULL_WORDS))
    good = pc.or_(pc.match_substring_regex(text, _NUMBER), pc.is_in(pc.utf8_lower(text), pa.array(_NOT_FINITE)))
    known = pc.if_else(pc.fill_null(good, False), text, pa.scalar(None, pa.string()))
    values = fill_floats(out, iter([known.cast(pa.float64())]))
    bad = ~arrow_flags(good) & ~arrow_flags(words) & arrow_flags(pc.is_valid(text))
    notes = _null_note(name, arrow_flags(words), line)
    if bad.any():
        shown = text[int(bad.argmax())].as_py()
        message = f"{counted(int(bad.sum()), 'value')} of {name} that cannot be a number, first {shown!r}"
        notes.append(found("bad_number", message, count=int(bad.sum()), rows=line[bad]))
    return values, notes


def _extra_notes(name: str, table: RawTable) -> Iterator[Finding]:
    """Yield what is odd in a column that is not read: units mixed, words among numbers."""
    column = table.columns[name]
    if name.strip().casefold() in _EPOCH_NAMES:
        yield from mixed_epochs(name, column, table.line)
    if not pa.types.is_string(column.type) or not len(column):
        return
    words = arrow_flags(pc.is_in(pc.utf8_lower(column), pa.array(_NULL_WORDS)))
    if words.any() and arrow_flags(pc.match_substring_regex(column, _NUMBER)).any():
        yield from _null_note(name, words, table.line)


def _null_note(name: str, words: BoolArray, line: IntArray) -> list[Finding]:
    if not words.any():
        return []
    count = int(words.sum())
    return [
        found(
            "null_text", f"{counted(count, 'value')} of {name} saying NULL or the like", count=count, rows=line[words]
        )
    ]


def _symbols(
    table: RawTable, fields: dict[str, str], settings: ImportSettings, path: Path, symbols: Collection[str] | None
) -> tuple[list[str], IntArray, BoolArray]:
    """Return distinct names, the place of each row's among them, and whether the row has one."""
    count = len(table.line)
    if "symbol" not in fields:
        own = next(iter(symbols)) if symbols is not None and len(symbols) == 1 else None
        return [settings.symbol or own or stem(path)], np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.bool_)
    text = pc.utf8_trim_whitespace(table.columns[fields["symbol"]].cast(pa.string()))
    blank = pc.fill_null(pc.equal(text, ""), True)
    encoded = pc.if_else(blank, pa.scalar("", pa.string()), text).combine_chunks()
    encoded = (
        pa.concat_arrays(encoded.chunks) if isinstance(encoded, pa.ChunkedArray) else encoded
    ).dictionary_encode()
    codes = np.from_dlpack(encoded.indices).astype(np.int64)
    return encoded.dictionary.to_pylist(), codes, ~arrow_flags(blank)


def stem(path: Path) -> str:
    """Return the symbol of a file that names none: its name in capitals."""
    name = path.name.removesuffix(".gz").removesuffix(".GZ")
    return (name[: name.rindex(".")] if "." in name else name).upper()


def _grouped(
    path: Path,
    names: list[str],
    codes: IntArray,
    stamps: RawStamps,
    values: dict[str, FloatArray],
    line: IntArray,
    kept: BoolArray,
) -> RawRows:
    places = codes[kept].astype(np.int32)
    values = {name: array[kept] for name, array in values.items()}
    rows = split_rows(names, places, stamps.ns[kept], values)
    own = split_rows(names, places, line[kept], values).times  # in the order of the rows
    return RawRows(path, rows, own, stamps.aware, stamps.zone, (), "row")


def _only(raw: RawRows, symbols: Collection[str]) -> RawRows:
    missing = [symbol for symbol in symbols if symbol not in raw.rows.symbols]
    if missing:
        near = nearest_symbol(missing[0], list(raw.rows.symbols))
        raise DataError(f"{raw.path} holds no symbol {missing[0]!r}; {near}")
    chosen = np.repeat(np.isin(raw.rows.symbols, list(symbols)), np.diff(raw.rows.offsets))
    return replace(raw, rows=raw.rows.take(chosen).without_empty(), line=raw.line[chosen])
