"""`RawTable`: a text file as columns of text with its line numbers, however broken; what was odd as findings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from stratkit.data.arrow_arrays import arrow_flags, arrow_values
from stratkit.data.bars import PRICES
from stratkit.data.columns import ALIASES
from stratkit.data.findings import Finding, counted, found
from stratkit.data.import_settings import ImportSettings
from stratkit.errors import DataError
from stratkit.panel import BoolArray, IntArray

_HEAD_BYTES: Final = 64 << 10
_BLOCK_BYTES: Final = 16 << 20
_DELIMITERS: Final = (",", ";", "\t", "|")
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2})?([.]\d+)?")


@dataclass(frozen=True)
class RawTable:
    """Columns of a file by the names it gives them, as Arrow arrays; `line` (K,) is where each row stands.

    `clock` names the column that holds the time of day where the header forgot it.
    """

    columns: Mapping[str, pa.ChunkedArray]
    line: IntArray
    notes: tuple[Finding, ...] = ()
    clock: str | None = None


@dataclass(frozen=True)
class _Layout:
    """How a text file is to be read: `skip` lines, then rows of `names`."""

    names: tuple[str, ...]
    skip: int
    delimiter: str
    notes: tuple[Finding, ...]
    clock: str | None


def read_text(path: Path, settings: ImportSettings) -> RawTable:
    """Return all columns of a text file as text; lines that do not fit are left out, and named in a finding."""
    layout = _layout(path, settings)
    odd: list[tuple[int, int]] = []

    def leave_out(row: Any) -> str:
        odd.append((int(row.number), int(row.actual_columns)))
        return "skip"

    table = _parsed(path, layout, leave_out)
    line = _lines(len(table), layout.skip, [number for number, _ in odd])
    columns = {name: table.column(place) for place, name in enumerate(layout.names)}
    notes = [*layout.notes, *_ragged(odd, len(layout.names))]
    return _without_headers(_without_blanks(RawTable(columns, line, tuple(notes), layout.clock)))


def _parsed(path: Path, layout: _Layout, leave_out: Any) -> pa.Table:
    read = pyarrow.csv.ReadOptions(
        use_threads=False,  # line numbers are known only then
        block_size=_BLOCK_BYTES,
        skip_rows=layout.skip,
        column_names=[str(place) for place in range(len(layout.names))],  # names of a file may repeat
        encoding="latin-1" if not _is_utf8(path) else "utf8",
    )
    parse = pyarrow.csv.ParseOptions(
        delimiter=layout.delimiter, invalid_row_handler=leave_out, ignore_empty_lines=False
    )
    kinds = {str(place): pa.string() for place in range(len(layout.names))}
    convert = pyarrow.csv.ConvertOptions(column_types=kinds, strings_can_be_null=True, null_values=[""])
    try:
        with pa.OSFile(str(path)) as raw:
            return pyarrow.csv.read_csv(_stream(raw, path), read, parse, convert)
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or ["unknown"])[0][:200]
        raise DataError(f"{path} must be a readable text file; found: {reason}: copy it again") from None


def _layout(path: Path, settings: ImportSettings) -> _Layout:
    lines = _head(path)
    if settings.names is not None:
        return _Layout(settings.names, settings.skip_rows, settings.delimiter, (), None)
    found_at = _find_header(lines, settings)
    if found_at is None:
        shown = lines[settings.skip_rows][:80] if len(lines) > settings.skip_rows else ""
        raise DataError(
            f"{path} must have a header with open, high, low and close; the first line is {shown!r}: "
            "name the columns with --names, or map them with --column"
        )
    at, delimiter = found_at
    names = _split(lines[at], delimiter)
    notes = []
    if at > settings.skip_rows:
        message = f"{counted(at - settings.skip_rows, 'line')} before the header: {lines[settings.skip_rows][:60]!r}"
        rows = np.arange(settings.skip_rows + 1, at + 1)
        notes.append(found("banner_lines", message, count=len(rows), rows=rows, todo=f"import with --skip-rows {at}"))
    clock = None
    widths = [len(_split(line, delimiter)) for line in lines[at + 1 : at + 21] if line.strip()]
    if widths and min(widths) > len(names):
        names, clock = _completed(names, _split(lines[at + 1], delimiter))
        notes.append(_short_header(at, names, clock, min(widths)))
    return _Layout(tuple(names), at + 1, delimiter, tuple(notes), clock)


def _short_header(at: int, names: list[str], clock: str | None, width: int) -> Finding:
    missing = [name for name in names if name == clock or name.startswith("unnamed_")]
    mapping = f" --column timestamp={names[0]} --column clock={clock}" if clock else ""
    return found(
        "short_header",
        f"the header has {width - len(missing)} names, the lines {width} values"
        + (": date and time stand in two columns" if clock else ""),
        count=1,
        rows=np.array([at + 1]),
        todo=f"say --skip-rows {at + 1} --names {','.join(names)}{mapping}",
    )


def _completed(names: list[str], values: list[str]) -> tuple[list[str], str | None]:
    """Return names for all values: a time of day right behind the date is the clock, what is left is unnamed."""
    names = list(names)
    clock = None
    if len(values) > 1 and _CLOCK.fullmatch(values[1].strip()) and names[0].casefold() in ALIASES["timestamp"]:
        clock = "Time" if "Time" not in names else "clock"
        names.insert(1, clock)
    names += [f"unnamed_{place}" for place in range(len(names) + 1, len(values) + 1)]
    return names, clock


def _find_header(lines: Sequence[str], settings: ImportSettings) -> tuple[int, str] | None:
    wanted = {settings.columns.get(name, name).casefold() for name in PRICES}
    delimiters = dict.fromkeys((settings.delimiter, *_DELIMITERS))
    for at, line in enumerate(lines[:50]):
        if at < settings.skip_rows:
            continue
        for delimiter in delimiters:
            if wanted <= {name.casefold() for name in _split(line, delimiter)}:
                return at, delimiter
    return None


def _split(line: str, delimiter: str) -> list[str]:
    return [value.strip().strip('"') for value in line.split(delimiter)]


def _head(path: Path) -> list[str]:
    with pa.OSFile(str(path)) as raw:
        text = bytes(_stream(raw, path).read(_HEAD_BYTES)).decode("utf-8-sig", errors="replace")
    lines = text.splitlines()
    return lines[:-1] if len(text) == _HEAD_BYTES and len(lines) > 1 else lines


def _stream(raw: Any, path: Path) -> Any:
    return pa.CompressedInputStream(raw, "gzip") if path.suffix.lower() == ".gz" else raw


def _is_utf8(path: Path) -> bool:
    with pa.OSFile(str(path)) as raw:
        head = bytes(_stream(raw, path).read(_HEAD_BYTES))
    try:
        head[: head.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines(count: int, skip: int, left_out: Sequence[int]) -> IntArray:
    """Return the line of each row that was kept, counted from 1."""
    everything = np.arange(skip + 1, skip + 1 + count + len(left_out))
    return np.setdiff1d(everything, np.array(left_out, dtype=np.int64), assume_unique=True)


def _ragged(odd: list[tuple[int, int]], width: int) -> list[Finding]:
    if not odd:
        return []
    rows = np.array([number for number, _ in odd], dtype=np.int64)
    message = f"{counted(len(odd), 'line')} with another number of values than the {width} of the header"
    message += f", first {odd[0][1]} in line {odd[0][0]:,}"
    return [found("ragged_lines", message, count=len(odd), rows=rows)]


def _without_blanks(table: RawTable) -> RawTable:
    """Take out lines without any value: blank ones."""
    empty: BoolArray = np.ones(len(table.line), dtype=np.bool_)
    for column in table.columns.values():
        if not column.null_count:
            return table
        empty &= arrow_flags(pc.is_null(column))
    return _chosen(table, ~empty)


def _without_headers(table: RawTable) -> RawTable:
    """Take out lines in which two columns hold their own names."""
    if not len(table.line):
        return table
    again = np.zeros(len(table.line), dtype=np.int64)
    for name in [name for name in table.columns if name.casefold() in PRICES][:2]:
        equal = pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(table.columns[name])), name.casefold())
        again += arrow_flags(equal)
    if not (again == 2).any():
        return table
    rows = table.line[again == 2]
    message = f"the header stands again in {counted(len(rows), 'line')}"
    note = found("repeated_header", message, count=len(rows), rows=rows)
    return _chosen(replace(table, notes=(*table.notes, note)), again < 2)


def _chosen(table: RawTable, chosen: BoolArray) -> RawTable:
    kept = arrow_values(chosen)
    columns = {name: column.filter(kept) for name, column in table.columns.items()}
    return replace(table, columns=columns, line=table.line[chosen])
