"""`Batch`: some rows of a CSV, Parquet or Feather file, the columns we need by our names.

Files are read a piece at a time, so that a large one does not have to fit in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather

from stratkit.data.bars import FIELDS
from stratkit.data.columns import resolve_columns
from stratkit.data.import_settings import ImportSettings
from stratkit.data.parquet import opened
from stratkit.errors import DataError

_BLOCK_BYTES: Final = 16 << 20  # of text read at once
_HEADER_BYTES: Final = 64 << 10
_BATCH_ROWS: Final = 131_072
_PARQUET: Final = (".parquet", ".pq")
_FEATHER: Final = (".feather", ".arrow")
_TEXT: Final = (".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz")
_NULLS: Final = ["", "NULL", "null", "NaN", "nan", "N/A", "n/a", "None"]
_BAD_VALUE: Final = re.compile(r"In CSV column #(\d+): (?:Row #(\d+): )?.*invalid value '(.*)'", re.DOTALL)


@dataclass(frozen=True)
class Batch:
    """Rows of a file: `columns` by our field names; `first_row` is the line (text) or row number of the first.

    `done` and `total` say how far the file has been read, in bytes or rows.
    """

    columns: Mapping[str, pa.Array]
    first_row: int
    done: int
    total: int

    def __len__(self) -> int:
        return len(self.columns["timestamp"])


def read_batches(path: Path, settings: ImportSettings) -> Iterator[Batch]:
    """Yield the batches of a file; raise `DataError` when it is missing, empty, unreadable or lacks a column."""
    if not path.is_file():
        raise DataError(f"{path} must be a file of bars; there is none: check the path")
    if path.stat().st_size == 0:
        raise DataError(f"{path} must hold bars; it is empty (0 bytes): make it again")
    name = path.name.lower()
    if name.endswith(_PARQUET):
        return _parquet_batches(path, settings)
    if name.endswith(_FEATHER):
        return _feather_batches(path, settings)
    if name.endswith(_TEXT):
        return _text_batches(path, settings)
    raise DataError(
        f"{path} must be a CSV, Parquet or Feather file ({', '.join((*_TEXT, *_PARQUET, *_FEATHER))}); "
        f"found {path.suffix or 'no ending'!r}: rename it to what it is"
    )


def _parquet_batches(path: Path, settings: ImportSettings) -> Iterator[Batch]:
    with opened(path) as file:
        fields = _fields(file.schema_arrow, settings, path)
        total, row = file.metadata.num_rows, 1
        for piece in file.iter_batches(_BATCH_ROWS, columns=list(fields.values())):
            yield Batch(_by_field(piece, fields, path), row, row - 1 + len(piece), total)
            row += len(piece)


def _feather_batches(path: Path, settings: ImportSettings) -> Iterator[Batch]:
    try:
        table = pyarrow.feather.read_table(path, memory_map=True)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path} must be a whole Feather file; it cannot be read ({_line(error)}): copy it again"
        ) from None
    fields = _fields(table.schema, settings, path)
    row = 1
    for piece in table.select(list(fields.values())).to_batches(max_chunksize=_BATCH_ROWS):
        yield Batch(_by_field(piece, fields, path), row, row - 1 + len(piece), len(table))
        row += len(piece)


def _fields(schema: pa.Schema, settings: ImportSettings, path: Path) -> dict[str, str]:
    stamps = [field.name for field in schema if pa.types.is_timestamp(field.type)]
    names = [name.strip().casefold() for name in schema.names]
    mapping = dict(settings.columns)
    if "timestamp" not in mapping and not {"timestamp", "date", "time", "datetime"} & set(names) and stamps:
        raise DataError(
            f"{path}: timestamp must be a column; found none of that name, but {stamps[0]} holds time stamps: "
            f"say --column timestamp={stamps[0]}"
        )
    return resolve_columns(schema.names, mapping, str(path))


def _by_field(piece: pa.RecordBatch, fields: Mapping[str, str], path: Path) -> dict[str, pa.Array]:
    columns = {}
    for field, name in fields.items():
        column = piece.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if field in FIELDS:
            kind = column.type
            if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
                raise DataError(f"{path}: {name} must hold numbers; it holds {kind}: convert it")
            column = column.cast(pa.float64())
        elif field == "symbol":
            column = column.cast(pa.string())
        columns[field] = column
    return columns


def _text_batches(path: Path, settings: ImportSettings) -> Iterator[Batch]:
    with _text_errors(path, [], settings):
        names = _header(path, settings)
    _check_delimiter(names, settings, path)
    fields = resolve_columns(names, settings.columns, str(path))
    kinds = {column: pa.float64() if field in FIELDS else pa.string() for field, column in fields.items()}
    convert = pyarrow.csv.ConvertOptions(
        column_types=kinds,
        include_columns=list(fields.values()),
        null_values=_NULLS,
        decimal_point=settings.decimal,
    )
    row = settings.skip_rows + (1 if settings.names else 2)
    total = path.stat().st_size
    with (
        pa.OSFile(str(path)) as raw,
        _text_errors(path, names, settings),
        _reader(raw, path, settings, convert) as reader,
    ):
        for piece in reader:
            columns = {field: piece.column(column) for field, column in fields.items()}
            yield Batch(columns, row, raw.tell(), total)
            row += len(piece)


def _header(path: Path, settings: ImportSettings) -> list[str]:
    with pa.OSFile(str(path)) as raw, _reader(raw, path, settings, None) as reader:
        return list(reader.schema.names)


def _reader(raw: Any, path: Path, settings: ImportSettings, convert: Any) -> Any:
    read = pyarrow.csv.ReadOptions(
        use_threads=False,  # the reader names the line of a bad value only then
        block_size=_BLOCK_BYTES,
        skip_rows=settings.skip_rows,
        column_names=list(settings.names) if settings.names else None,
    )
    parse = pyarrow.csv.ParseOptions(delimiter=settings.delimiter)
    return pyarrow.csv.open_csv(_stream(raw, path), read_options=read, parse_options=parse, convert_options=convert)


def _stream(raw: Any, path: Path) -> Any:
    return pa.CompressedInputStream(raw, "gzip") if path.suffix.lower() == ".gz" else raw


@contextmanager
def _text_errors(path: Path, names: list[str], settings: ImportSettings) -> Iterator[None]:
    """Turn what Arrow says of a text file into what a person can act on."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        text = str(error)
        value = _BAD_VALUE.search(text)
        if value is not None and names:
            line = f"line {int(value[2]):,}: " if value[2] else ""
            raise DataError(
                f"{path}: {line}{names[int(value[1])]} must hold numbers; found {value[3]!r}: correct or remove "
                "this line (a second header? another --decimal?)"
            ) from None
        if "Expected 1 columns" in text:
            _refuse_delimiter(_first_line(path, settings), settings, path)
        if "columns, got" in text:
            found = text.partition("error: ")[2] or text
            raise DataError(
                f"{path}: every line must have as many values as the header has names; {_line(found)}: "
                "skip a banner with --skip-rows 1, or give all names with --names (and --skip-rows past the header)"
            ) from None
        if "Empty CSV" in text:
            raise DataError(f"{path} must hold a header and bars; it has no line left to read: make it again") from None
        raise DataError(f"{path} must be a readable text file in UTF-8; found: {_line(error)}") from None


def _check_delimiter(names: list[str], settings: ImportSettings, path: Path) -> None:
    if len(names) == 1:
        _refuse_delimiter(names[0], settings, path)


def _refuse_delimiter(header: str, settings: ImportSettings, path: Path) -> None:
    """Raise `DataError` when a header that is one value holds another delimiter."""
    for other, shown in ((";", "';'"), ("\t", "'\\t'"), ("|", "'|'"), (",", ",")):
        if other in header and other != settings.delimiter:
            raise DataError(
                f"{path}: values must be separated by {settings.delimiter!r}; the header {header!r} is one value: "
                f"say --delimiter {shown}"
            )


def _first_line(path: Path, settings: ImportSettings) -> str:
    """Return the line that should hold the column names."""
    with pa.OSFile(str(path)) as raw:
        lines = _stream(raw, path).read(_HEADER_BYTES).decode(errors="replace").splitlines()
    return lines[settings.skip_rows] if len(lines) > settings.skip_rows else ""


def _line(error: object) -> str:
    return (str(error).splitlines() or ["unknown"])[0].rstrip(".")[:200]
