"""`write_entries`: ledger entries as a file in a run's folder, from which a lost ledger is made again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from stratkit.errors import DataError
from stratkit.runs.ledger_entry import LedgerEntry, LedgerKey

ENTRIES: Final = "ledger.parquet"
_PLAIN: Final = ("identity", "kind", "run_id", "number", "first_ns", "last_ns", "made")
_OBJECTS: Final = ("values", "metrics")
_ARRAYS: Final = {"edges": "<i8", "count": "<i8", "total": "<f8", "squares": "<f8", "returns": "<f8"}


def write_entries(path: Path, entries: Sequence[LedgerEntry]) -> None:
    """Write entries as Parquet, as `read_entries` gives them back: a search writes its trials to `ENTRIES`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {name: [getattr(entry, name) for entry in entries] for name in _PLAIN}
    columns["seed"] = [str(entry.seed) for entry in entries]
    columns["key"] = [json.dumps(asdict(entry.key)) for entry in entries]
    for name in _OBJECTS:
        columns[name] = [plain_json(getattr(entry, name)) for entry in entries]
    for name, dtype in _ARRAYS.items():
        columns[name] = pa.array([array_bytes(getattr(entry, name), dtype) for entry in entries], pa.binary())
    pq.write_table(pa.table(columns), path, compression="zstd")


def read_entries(path: Path) -> list[LedgerEntry]:
    """Return the entries in a file of `write_entries`; raise `DataError` when it cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} must hold the trials of a search; it cannot be read: {error}") from error
    return [_entry(row) for row in rows]


def array_bytes(values: Any, dtype: str) -> bytes | None:
    """Return an array as little-endian bytes, None for None."""
    return None if values is None else np.ascontiguousarray(values, dtype=dtype).tobytes()


def plain_json(values: Mapping[str, Any]) -> str:
    """Return values by name as JSON; what is not finite becomes null."""
    try:
        return json.dumps(dict(values), allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError):  # a NumPy scalar, NaN: thousands of entries have none
        return json.dumps({name: _plain(value) for name, value in values.items()}, separators=(",", ":"))


def metrics_from(text: str) -> dict[str, float]:
    """Return metrics by name from JSON; null becomes NaN."""
    return {name: float("nan") if value is None else float(value) for name, value in json.loads(text).items()}


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):  # NumPy scalars
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _entry(row: Mapping[str, Any]) -> LedgerEntry:
    key = {name: tuple(words) for name, words in json.loads(row["key"]).items()}
    arrays: dict[str, Any] = {
        name: None if row[name] is None else np.frombuffer(row[name], dtype) for name, dtype in _ARRAYS.items()
    }
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return LedgerEntry(
        **plain, **arrays, seed=int(row["seed"]), key=LedgerKey(**key), values=json.loads(row["values"]),
        metrics=metrics_from(row["metrics"]),
    )  # fmt: skip
