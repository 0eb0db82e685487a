"""NumPy arrays out of Arrow columns and back, without pandas.

`pyarrow`'s own `to_numpy` and `array` import pandas on first use, a second and 50 MB that loading
bars does not need; DLPack and raw buffers do the same work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stratkit.panel import FloatArray, IntArray


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


def arrow_column(values: Any, kind: pa.DataType) -> pa.Array:
    """Return an 8-byte array as an Arrow column of `kind`, sharing its memory; NaN stays NaN, not null."""
    plain = np.ascontiguousarray(values)
    return pa.Array.from_buffers(kind, len(plain), [None, pa.py_buffer(plain)])
