"""NumPy arrays out of Arrow columns and back, without pandas.

`pyarrow`'s own `to_numpy` and `array` import pandas on first use, a second and 50 MB that loading
bars does not need; DLPack and raw buffers do the same work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stratkit.errors import UsageError
from stratkit.panel import BoolArray, FloatArray, IntArray

_KINDS: Final = {
    "f": (np.dtype(np.float64), pa.float64()),
    "i": (np.dtype(np.int64), pa.int64()),
    "b": (np.dtype(np.bool_), pa.bool_()),
    "M": (np.dtype("datetime64[ns]"), pa.timestamp("ns", tz="UTC")),
}


def fill_floats(out: FloatArray, columns: Iterator[pa.ChunkedArray]) -> FloatArray:
    """Fill `out` with the numbers of several columns, one after the other; null becomes NaN."""
    at = 0
    for column in columns:
        for chunk in column.chunks:
            numbers = chunk if pa.types.is_float64(chunk.type) else chunk.cast(pa.float64())
            if numbers.null_count:
                numbers = pc.fill_null(numbers, float("nan"))
            out[at : at + len(chunk)] = np.from_dlpack(numbers)
            at += len(chunk)
    return out


def fill_ints(out: IntArray, columns: Iterator[pa.ChunkedArray]) -> IntArray:
    """Fill `out` with the whole numbers of several columns without nulls; stamps count in their unit."""
    at = 0
    for column in columns:
        for chunk in column.chunks:
            out[at : at + len(chunk)] = np.from_dlpack(chunk.view(pa.int64()))
            at += len(chunk)
    return out


def arrow_flags(mask: pa.Array | pa.ChunkedArray) -> BoolArray:
    """Return a column of truths as an array; null becomes False.

    >>> arrow_flags(pa.array([True, None])).tolist()
    [True, False]
    """
    chunked = mask if isinstance(mask, pa.ChunkedArray) else pa.chunked_array([mask])
    numbers = pc.fill_null(chunked, False).cast(pa.int8())
    parts = [np.from_dlpack(chunk) for chunk in numbers.chunks]
    flags: BoolArray = np.concatenate(parts) != 0 if parts else np.empty(0, dtype=np.bool_)
    return flags


def arrow_column(values: Any, kind: pa.DataType) -> pa.Array:
    """Return an 8-byte array as an Arrow column of `kind`, sharing its memory; NaN stays NaN, not null."""
    plain = np.ascontiguousarray(values)
    return pa.Array.from_buffers(kind, len(plain), [None, pa.py_buffer(plain)])


def arrow_values(values: npt.NDArray[Any]) -> pa.Array:
    """Return a (K,) array as an Arrow column: float64, int64, bool or UTC nanoseconds; NaN and NaT become null.

    Raises `UsageError` for any other kind of array.

    >>> arrow_values(np.array([1.5, np.nan])).to_pylist()
    [1.5, None]
    """
    if values.dtype.kind not in _KINDS:
        raise UsageError(
            f"a column must hold floats, signed whole numbers, booleans or times; found {values.dtype}; "
            f"give text as codes and names"
        )
    dtype, kind = _KINDS[values.dtype.kind]
    plain = np.ascontiguousarray(values, dtype=dtype)
    unknown = np.isnan(plain) if dtype == np.float64 else np.isnat(plain) if plain.dtype.kind == "M" else None
    known = None if unknown is None or not unknown.any() else _bits(~unknown)
    content = _bits(plain) if dtype == np.bool_ else pa.py_buffer(plain)
    return pa.Array.from_buffers(kind, len(plain), [known, content])


def arrow_text(codes: IntArray, names: Sequence[str]) -> pa.Array:
    """Return ``names[code]`` of each code as an Arrow column of text; -1 is the last name, as in NumPy.

    >>> arrow_text(np.array([1, 0, -1]), ("buy", "sell")).to_pylist()
    ['sell', 'buy', 'sell']
    """
    # a file's name may hold bytes that are no text
    letters = [name.encode(errors="backslashreplace") for name in names]
    ends = np.cumsum([0, *map(len, letters)], dtype=np.int32)
    words = pa.Array.from_buffers(pa.string(), len(names), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(letters))])
    return words.take(arrow_values(np.where(codes < 0, codes + len(names), codes)))


def _bits(flags: BoolArray) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))
