"""`table_digest`: the sha256 of what a table holds, whatever file or library version it comes out of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from stratkit.errors import DataError
from stratkit.panel import IntArray

if TYPE_CHECKING:
    import pyarrow as pa

Words: TypeAlias = tuple[IntArray, Sequence[str]]  # row k reads names[codes[k]]
Column: TypeAlias = npt.NDArray[Any] | Words
_NO_TEXT: Final = "\x00"  # a null where a text belongs, which no table of ours has


def table_digest(columns: Mapping[str, Column]) -> str:
    """Return the sha256 of columns of one length: their order, names, kinds and every bit of every value.

    All NaN are one, for files keep nothing else of them; -0.0 is not 0.0. The order of rows counts.

    >>> table_digest({"a": np.array([1.0])}) == table_digest({"a": np.array([1])})
    False
    """
    digest = hashlib.sha256()
    for name, values in columns.items():
        if isinstance(values, tuple):
            codes, words = _ranked(*values)
            digest.update(json.dumps([name, "text", len(codes), words]).encode())
            digest.update(codes.astype("<i4").tobytes())
        else:
            digest.update(json.dumps([name, values.dtype.kind, len(values)]).encode())
            digest.update(np.ascontiguousarray(bits(values), dtype="<i8").data)
    return digest.hexdigest()


def read_columns(path: Path) -> dict[str, Column]:
    """Return the columns of a table that a run wrote, as it had them in memory; raise `DataError` when damaged."""
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        with path.open("rb") as file:
            table = pq.ParquetFile(file).read()
    except (OSError, ArrowException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"{path} must be a whole Parquet file: {reason}") from error
    return {name: _column(table.column(name), path) for name in table.column_names}


def bits(values: npt.NDArray[Any]) -> IntArray:
    """Return (K,) numbers, truths or times as whole numbers that are equal where every bit is; all NaN are one."""
    if values.dtype.kind == "f":
        floats = values.astype(np.float64)
        return np.where(np.isnan(floats), np.nan, floats).view(np.int64)
    if values.dtype.kind == "M":
        return values.astype("datetime64[ns]").view(np.int64)
    return values.astype(np.int64)


def rows_of(columns: Mapping[str, Column]) -> int:
    """Return how many rows a table has."""
    first = next(iter(columns.values()))
    return len(first[0]) if isinstance(first, tuple) else len(first)


def _ranked(codes: IntArray, names: Sequence[str]) -> tuple[IntArray, list[str]]:
    """Return codes into the names that occur, each once and in order, so that equal texts are equal codes."""
    codes = np.where(codes < 0, codes + len(names), codes)
    # a file's name may hold bytes that are no text: files keep them as escapes
    letters = [name.encode(errors="backslashreplace").decode() for name in names]
    used = np.flatnonzero(np.bincount(codes, minlength=len(names))) if len(names) else np.empty(0, np.int64)
    words = sorted({letters[code] for code in used})
    place = {word: rank for rank, word in enumerate(words)}
    ranks = np.array([place.get(word, -1) for word in letters], dtype=np.int64)
    return (ranks[codes] if len(codes) else np.empty(0, np.int64)), words


def _column(column: pa.ChunkedArray, path: Path) -> Column:
    import pyarrow as pa
    import pyarrow.compute as pc

    from stratkit.data.arrow_arrays import arrow_flags, fill_floats, fill_ints

    kind, rows = column.type, len(column)
    if pa.types.is_boolean(kind):
        return arrow_flags(column)
    if pa.types.is_floating(kind):
        return fill_floats(np.empty(rows), iter([column]))
    if pa.types.is_integer(kind) and not column.null_count:
        return fill_ints(np.empty(rows, np.int64), iter([column.cast(pa.int64())]))
    if pa.types.is_timestamp(kind):
        stamps = pc.fill_null(column.cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64()), np.iinfo(np.int64).min)
        return fill_ints(np.empty(rows, np.int64), iter([stamps])).view("datetime64[ns]")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        words = pc.fill_null(column.cast(pa.string()), _NO_TEXT).combine_chunks().dictionary_encode()
        words = words.combine_chunks() if isinstance(words, pa.ChunkedArray) else words
        codes = fill_ints(np.empty(rows, np.int64), iter([pa.chunked_array([words.indices.cast(pa.int64())])]))
        return codes, tuple(words.dictionary.to_pylist())
    raise DataError(f"{path} must hold numbers, times and texts; found {kind}: it was not written by stratkit")
