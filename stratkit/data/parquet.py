"""Parquet files of bars: `read_rows` takes only the columns, row groups and symbols asked for; `write_rows` makes them.

A file has a `timestamp` column with a time zone, open, high, low, close, maybe volume, and a
`symbol` column when it holds several.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from stratkit.data.arrow_arrays import arrow_column, fill_floats, fill_ints
from stratkit.data.bars import FIELDS
from stratkit.data.columns import resolve_columns
from stratkit.data.rows import Rows, split_rows
from stratkit.errors import DataError, OutputError
from stratkit.panel import FloatArray, IntArray, format_time

_ROW_GROUP: Final = 131_072  # rows; about 6 MB: small enough to skip by date, large enough to compress
_NS_PER: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
SCHEMA: Final = pa.schema([("timestamp", pa.timestamp("ns", tz="UTC")), *((name, pa.float64()) for name in FIELDS)])

Span = tuple[int | None, int | None]


def read_rows(
    path: Path,
    *,
    columns: Mapping[str, str],
    symbols: Collection[str] | None,
    span_ns: Span = (None, None),
    name: str | None = None,
) -> Rows:
    """Return the rows of a file, unchecked, for `symbols` (None = all) within `span_ns` (inclusive).

    `columns` maps our fields to the file's. `name` is the symbol of a file without a symbol column,
    and must be the only one in a file that has such a column. Memory: the arrays, and one column more.
    """
    with opened(path) as file:
        fields = resolve_columns(file.schema_arrow.names, columns, str(path))
        _check_types(file.schema_arrow, fields, path)
        groups = _row_groups(file, fields, span_ns, symbols)

        def stream(field: str) -> Iterator[pa.ChunkedArray]:  # a piece at a time: a whole table would double the peak
            return (file.read_row_groups(part, columns=[fields[field]]).column(0) for part in _portions(file, groups))

        count = sum(file.metadata.row_group(group).num_rows for group in groups)
        times = _times(stream("timestamp"), count, path)
        chosen = _within(times, span_ns)
        codes: npt.NDArray[np.int32] | None = None
        names = [name or _own_name(path, symbols)] if "symbol" not in fields else []
        if "symbol" in fields:
            chunks = [chunk for column in stream("symbol") for chunk in column.chunks]
            kind = file.schema_arrow.field(fields["symbol"]).type
            names, codes = _codes(pa.chunked_array(chunks, type=kind), path)
            chosen = _of_symbols(chosen, names, codes, symbols)
        if name is not None and "symbol" in fields:
            _check_single(names, name, path)
            names, codes = [name], None
        if chosen is not None:
            times = times[chosen]
            codes = None if codes is None else codes[chosen]
        values = {}
        for field in FIELDS:
            if field not in fields:
                values[field] = np.full(len(times), np.nan)
                continue
            numbers = fill_floats(np.empty(count), stream(field))
            values[field] = numbers if chosen is None else numbers[chosen]
    if codes is None:
        return Rows((names[0],), np.array([0, len(times)], dtype=np.int64), times, **values)
    return split_rows(names, codes, times, values)


def write_rows(path: Path, times: IntArray, values: Mapping[str, FloatArray]) -> None:
    """Write the bars of one symbol to a Parquet file: zstd, whole or not at all."""
    arrays = [arrow_column(times, SCHEMA.field(0).type)]
    arrays += [arrow_column(values[name], pa.float64()) for name in FIELDS]
    write_table(path, pa.Table.from_arrays(arrays, schema=SCHEMA))


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table under a temporary name, then rename it: readers see the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, temporary, compression="zstd", use_dictionary=False, row_group_size=_ROW_GROUP)
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error}): choose another folder") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def stored_span(path: Path, columns: Mapping[str, str]) -> tuple[int, int] | None:
    """Return first and last stamp of a file, UTC ns; None when it has no row. Reads no prices."""
    with opened(path) as file:
        fields = resolve_columns(file.schema_arrow.names, columns, str(path))
        _check_types(file.schema_arrow, fields, path)
        bounds = [_bounds(file, group, fields["timestamp"]) for group in range(file.metadata.num_row_groups)]
        known = [bound for bound in bounds if bound is not None]
        if known and len(known) == len(bounds):
            return min(low for low, _ in known), max(high for _, high in known)
        times = _times([file.read(columns=[fields["timestamp"]]).column(0)], file.metadata.num_rows, path)
    return (int(times.min()), int(times.max())) if len(times) else None


def stored_rows(path: Path) -> int:
    """Return how many rows a file has."""
    with opened(path) as file:
        return int(file.metadata.num_rows)


def stored_symbols(path: Path, columns: Mapping[str, str]) -> list[str] | None:
    """Return the symbols of a file in ascending order; None when it has no symbol column."""
    with opened(path) as file:
        fields = resolve_columns(file.schema_arrow.names, columns, str(path))
        if "symbol" not in fields:
            return None
        return sorted(_codes(file.read(columns=[fields["symbol"]]).column(0), path)[0])


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; raise `DataError` when it is missing, empty, truncated or none."""
    if not path.exists():
        raise DataError(f"{path} must be a Parquet file of bars; there is none: check the path")
    if path.stat().st_size == 0:
        raise DataError(f"{path} must be a Parquet file of bars; it is empty (0 bytes): make it again")
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"{path} must be a whole Parquet file; it cannot be read ({first}): it may be truncated or of another "
            f"format; copy it again, or bring CSV and Feather in with `stratkit data import`"
        ) from None


def type_problems(schema: pa.Schema, fields: Mapping[str, str], path: Path) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the type of a column that `read_rows` needs, and what to do about it."""
    kind = schema.field(fields["timestamp"]).type
    column = fields["timestamp"]
    if not pa.types.is_timestamp(kind):
        yield (
            f"{column} must hold time stamps with a time zone; it holds {kind}",
            f"bring the file in with `stratkit data import {path.name}` (--tz, --epoch)",
        )
    elif kind.tz is None:
        yield (
            f"{column} must have a time zone; it has no time zone",
            f"say which one it is in with `stratkit data import {path.name} --tz UTC`",
        )
    for field in FIELDS:
        if field in fields:
            kind = schema.field(fields[field]).type
            if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
                yield (
                    f"{fields[field]} must hold numbers; it holds {kind}",
                    "convert it, or write the file anew with `stratkit data clean --apply`",
                )


def _check_types(schema: pa.Schema, fields: Mapping[str, str], path: Path) -> None:
    for problem, todo in type_problems(schema, fields, path):
        raise DataError(f"{path}: {problem}: {todo}")


def _row_groups(
    file: pq.ParquetFile, fields: Mapping[str, str], span_ns: Span, symbols: Collection[str] | None
) -> list[int]:
    """Return the row groups that may hold stamps of the span and one of the symbols."""
    start, end = span_ns
    kept = []
    for group in range(file.metadata.num_row_groups):
        bound = None if start is None and end is None else _bounds(file, group, fields["timestamp"])
        before = bound is not None and start is not None and bound[1] < start
        after = bound is not None and end is not None and bound[0] > end
        if not (before or after) and _may_hold(file, group, fields.get("symbol"), symbols):
            kept.append(group)
    return kept


def _may_hold(file: pq.ParquetFile, group: int, column: str | None, symbols: Collection[str] | None) -> bool:
    if column is None or symbols is None:
        return True
    statistics = _statistics(file, group, column)
    if statistics is None or not isinstance(statistics.min, str):
        return True
    return any(statistics.min <= symbol <= statistics.max for symbol in symbols)


def _statistics(file: pq.ParquetFile, group: int, column: str) -> pq.Statistics | None:
    place = file.schema_arrow.names.index(column)
    if file.schema.column(place).path != column:  # a nested column before it shifts the places
        return None
    statistics = file.metadata.row_group(group).column(place).statistics
    return statistics if statistics is not None and statistics.has_min_max else None


def _bounds(file: pq.ParquetFile, group: int, column: str) -> tuple[int, int] | None:
    statistics = _statistics(file, group, column)
    if statistics is None or statistics.physical_type != "INT64":
        return None
    unit = _NS_PER[file.schema_arrow.field(column).type.unit]
    return int(statistics.min_raw) * unit, int(statistics.max_raw) * unit


def _own_name(path: Path, symbols: Collection[str] | None) -> str:
    """Return the symbol of a file without a symbol column: the one given, else its name in capitals."""
    if symbols is None:
        return path.stem.upper()
    if len(symbols) > 1:
        raise DataError(
            f"{path} must have a symbol column to hold {len(symbols)} symbols; it has none, so it holds one: "
            "give it one name"
        )
    return next(iter(symbols))


def _times(stream: Iterable[pa.ChunkedArray], count: int, path: Path) -> IntArray:
    """Return `count` stamps as UTC ns."""
    columns = list(stream)
    blank = sum(column.null_count for column in columns)
    if blank:
        raise DataError(f"{path}: every row must have a time stamp; found {blank:,} without: remove these rows")
    times = fill_ints(np.empty(count, dtype=np.int64), iter(columns))
    unit = _NS_PER[columns[0].type.unit] if columns else 1
    return times if unit == 1 else times * unit


def _portions(file: pq.ParquetFile, groups: list[int]) -> Iterator[list[int]]:
    """Yield row groups a few at a time, about `_ROW_GROUP` rows together."""
    portion: list[int] = []
    rows = 0
    for group in groups:
        portion.append(group)
        rows += file.metadata.row_group(group).num_rows
        if rows >= _ROW_GROUP:
            yield portion
            portion, rows = [], 0
    if portion:
        yield portion


def _within(times: IntArray, span_ns: Span) -> Any:
    start, end = span_ns
    chosen = None
    if start is not None and len(times) and times.min() < start:
        chosen = times >= start
    if end is not None and len(times) and times.max() > end:
        chosen = times <= end if chosen is None else chosen & (times <= end)
    return chosen


def _of_symbols(chosen: Any, names: list[str], codes: npt.NDArray[np.int32], symbols: Collection[str] | None) -> Any:
    if symbols is None:
        return chosen
    wanted = np.array([symbol in symbols for symbol in names], dtype=np.bool_)[codes]
    return wanted if chosen is None else chosen & wanted


def _codes(column: pa.ChunkedArray, path: Path) -> tuple[list[str], npt.NDArray[np.int32]]:
    """Return the distinct symbols of a column and the place of each row's among them."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if column.null_count:
        raise DataError(f"{path}: every row must name its symbol; found {column.null_count:,} without: complete them")
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    codes: npt.NDArray[np.int32] = np.from_dlpack(encoded.indices).astype(np.int32)
    names = encoded.dictionary.to_pylist()
    blank = [code for code, name in enumerate(names) if not name.strip()]
    if blank:
        count = int(np.isin(codes, blank).sum())
        raise DataError(f"{path}: every row must name its symbol; found {count:,} with a blank name: complete them")
    return names, codes


def _check_single(names: list[str], name: str, path: Path) -> None:
    if names not in ([name], []):
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        raise DataError(
            f"{path} must hold the bars of {name}, as its place in the folder says; its symbol column holds {shown}: "
            "give the file itself as the path, or split it with `stratkit data import`"
        )


def span_text(span: tuple[int, int]) -> str:
    """Return first and last stamp as a person reads them."""
    return f"{format_time(span[0])} .. {format_time(span[1])}"
