"""`EquityCurve`: the account of one run at each close, from its equity.parquet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stratkit.data.arrow_arrays import fill_floats, fill_ints
from stratkit.errors import DataError
from stratkit.panel import FloatArray, IntArray
from stratkit.runs.folder import RunRecord


@dataclass(frozen=True)
class EquityCurve:
    """`times` (T,) UTC nanoseconds of each bar's start, `equity` (T,) account currency at its close."""

    times: IntArray
    equity: FloatArray


def read_curve(record: RunRecord) -> EquityCurve:
    """Return the equity of a run; raise `DataError` when its file cannot be read or is empty."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = record.path("equity.parquet")
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns=["time", "equity"])
        times = fill_ints(np.empty(len(table), np.int64), iter([table["time"]]))
        equity = fill_floats(np.empty(len(table)), iter([table["equity"]]))
    except (OSError, KeyError, pa.ArrowException) as error:
        raise DataError(f"{path} must hold the equity of each bar; it cannot be read: {error}") from error
    if not len(times):
        raise DataError(f"{path} must hold the equity of each bar; it has no rows")
    return EquityCurve(times, equity)


def rebased(curves: Sequence[EquityCurve]) -> tuple[list[FloatArray], int | None]:
    """Return the curves as multiples of their value at the first bar all of them reach, and that time [ns].

    Curves that do not overlap start at 1 each, and there is no such time. Raises `DataError` when a
    value to divide by is not positive.
    """
    start = max(int(curve.times[0]) for curve in curves)
    shared = all(int(curve.times[-1]) >= start for curve in curves)
    scaled = []
    for curve in curves:
        base = curve.equity[np.searchsorted(curve.times, start) if shared else 0]
        if not base > 0:
            raise DataError(f"a curve must have a positive equity where all are 1; found {base:g}")
        scaled.append(curve.equity / base)
    return scaled, start if shared else None
