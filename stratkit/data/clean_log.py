"""`CleanLog`: a cleaning as JSON lines, from which the rows of the source can be made again bit for bit.

The first line says what was cleaned: sha256 of source, of result and of the rows as read, and `order`, the
row of the source that each row of the result came from, as runs of (first, step, count). Every further
line is one row taken out or one value changed, in the order in which the repairs did it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from stratkit.data.bars import FIELDS
from stratkit.data.cleaning import Cleaning, Settled
from stratkit.data.raw_rows import RawRows
from stratkit.data.repair import CHANGING, Change, bits, column
from stratkit.data.rows import split_rows
from stratkit.errors import DataError
from stratkit.panel import FloatArray, IntArray

FORMAT: Final = 1
_TEXT: Final = "text"  # field of a line as it stands in the source, which is no value of a row
_ROW: Final = "row"


@dataclass(frozen=True)
class CleanLog:
    """The head of a log and its entries, in the order of the file."""

    head: dict[str, Any]
    entries: list[dict[str, Any]]


def log_lines(cleaning: Cleaning, head: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a log; `head` says which files it is about."""
    raw = cleaning.before
    yield _json(
        {
            "stratkit_clean": FORMAT,
            **head,
            "unit": raw.unit,
            "aware": raw.aware,
            "rows_sha256": rows_digest(raw),
            "rows_read": len(raw.line),
            "rows_written": len(cleaning.after.line),
            "repairs": [_summary(change) for change in cleaning.changes],
            "entries": _count(cleaning),
            "order": runs_of(cleaning.after.line),
        }
    )
    labels = _Labels(raw)
    for settled in cleaning.settled:
        yield from _settled_lines(settled, labels)
    for change in cleaning.changes:
        yield from _change_lines(change, labels)


class _Labels:
    """Symbol and stamp of each row as it was read, looked up by the line it stands on."""

    def __init__(self, raw: RawRows) -> None:
        self.order = np.argsort(raw.line)
        self.lines = raw.line[self.order]
        self.times = raw.rows.times
        self.owner = np.repeat(np.arange(len(raw.rows.symbols)), np.diff(raw.rows.offsets))
        self.symbols = raw.rows.symbols

    def entries(self, lines: IntArray) -> Iterator[dict[str, Any]]:
        """Yield the beginning of an entry for each line."""
        rows = self.order[np.searchsorted(self.lines, lines)]
        owners = self.owner[rows].tolist()
        for line, owner, stamp in zip(lines.tolist(), owners, _texts(self.times[rows]), strict=True):
            yield {"row": line, "symbol": self.symbols[owner], "stamp": stamp}


def _summary(change: Change) -> dict[str, Any]:
    return {"repair": change.repair.name, "rows": change.touched, "reason": change.repair.reason}


def _count(cleaning: Cleaning) -> int:
    values = sum(len(field.line) for change in cleaning.changes for field in change.fields)
    rows = sum(len(change.dropped.line) for change in cleaning.changes)
    return values + rows + sum(len(settled.lines) for settled in cleaning.settled)


def read_log(path: Path) -> CleanLog:
    """Return a log; raise `DataError` when the file is none, or is not whole."""
    if not path.is_file():
        raise DataError(f"{path} must be the log of a cleaning; there is none: check the path")
    lines = path.read_text("utf-8", errors="replace").splitlines()
    try:
        records = [json.loads(line) for line in lines]
    except json.JSONDecodeError as error:
        raise DataError(f"{path} must be the log of a cleaning, JSON lines; found {error.msg}: copy it again") from None
    head = records[0] if records and isinstance(records[0], dict) else {}
    if head.get("stratkit_clean") != FORMAT:
        raise DataError(
            f"{path} must be the log of a cleaning (stratkit_clean {FORMAT}); its first line says otherwise"
        )
    if head["entries"] != len(records) - 1:
        raise DataError(f"{path} must have {head['entries']:,} entries; found {len(records) - 1:,}: copy it again")
    return CleanLog(head, records[1:])


def undone(log: CleanLog, cleaned: RawRows) -> RawRows:
    """Return the rows of the source as they were read, in the order of the source, from a log and its result.

    Raises `DataError` when they are not those that were read: the log was changed.
    """
    lines = lines_of(log.head["order"])
    if len(lines) != len(cleaned.line):
        raise DataError(f"the result must have {len(lines):,} rows; found {len(cleaned.line):,}: it is another file")
    everything = np.union1d(lines, [entry["row"] for entry in log.entries if entry["field"] == _ROW]).astype(np.int64)
    place = dict(zip(everything.tolist(), range(len(everything)), strict=True))
    at = np.searchsorted(everything, lines)
    values: dict[str, Any] = {name: np.full(len(everything), np.nan) for name in FIELDS}
    values["timestamp"] = np.zeros(len(everything), dtype=np.int64)
    for name in CHANGING:
        values[name][at] = column(cleaned, name)
    owners = np.empty(len(everything), dtype=object)
    owners[at] = np.repeat(np.array(cleaned.rows.symbols, dtype=object), np.diff(cleaned.rows.offsets))
    for entry in reversed(log.entries):
        if entry["field"] != _TEXT:
            _take_back(entry, place[entry["row"]], values, owners)
    return _checked(_regrouped(log, cleaned, everything, owners, values), log)


def _take_back(entry: dict[str, Any], row: int, values: dict[str, Any], owners: Any) -> None:
    if entry["field"] != _ROW:
        values[entry["field"]][row] = _value(entry["field"], entry["old"])
        return
    owners[row] = entry["symbol"]
    for name in CHANGING:
        values[name][row] = _value(name, entry["old"][name])


def _regrouped(log: CleanLog, cleaned: RawRows, lines: IntArray, owners: Any, values: dict[str, Any]) -> RawRows:
    names = {name: code for code, name in enumerate(dict.fromkeys(owners.tolist()))}
    codes = np.array([names[name] for name in owners.tolist()], dtype=np.int32)
    fields = {name: values[name] for name in FIELDS}
    rows = split_rows(list(names), codes, values["timestamp"], fields)
    order = split_rows(list(names), codes, lines, fields).times
    aware = bool(log.head["aware"])
    return RawRows(cleaned.path, rows, order, aware, "UTC" if aware else None, (), log.head["unit"])


def _checked(raw: RawRows, log: CleanLog) -> RawRows:
    if rows_digest(raw) != log.head["rows_sha256"]:
        raise DataError("the rows made from the log must be those that were read; they are not: the log was changed")
    return raw


def rows_digest(raw: RawRows) -> str:
    """Return the sha256 of rows in the order of their source: lines, symbols, stamps and values."""
    order = np.argsort(raw.line)
    symbols = np.repeat(np.array(raw.rows.symbols, dtype=object), np.diff(raw.rows.offsets))[order]
    digest = hashlib.sha256("\x00".join(symbols).encode())
    digest.update(raw.line[order].astype("<i8").tobytes())
    for name in CHANGING:
        values = column(raw, name)[order]
        if values.dtype == np.float64:
            values = np.where(np.isnan(values), np.nan, values)  # one kind of NaN, as a log has
        digest.update(bits(values).astype("<i8").tobytes())
    return digest.hexdigest()


def runs_of(lines: IntArray) -> list[list[int]]:
    """Return whole numbers as runs of (first, step, count).

    >>> runs_of(np.array([9, 8, 7, 2, 4, 6, 5]))
    [[9, -1, 3], [2, 2, 3], [5, 1, 1]]
    """
    runs: list[list[int]] = []
    start, steps = 0, np.diff(lines)
    changes = np.flatnonzero(np.diff(steps)) + 1  # places where the step becomes another
    while start < len(lines):
        if start == len(lines) - 1:
            runs.append([int(lines[start]), 1, 1])
            break
        after = int(np.searchsorted(changes, start, side="right"))
        stop = int(changes[after]) + 1 if after < len(changes) else len(lines)
        runs.append([int(lines[start]), int(steps[start]), stop - start])
        start = stop
    return runs


def lines_of(runs: Sequence[Sequence[int]]) -> IntArray:
    """Return the numbers of `runs_of`.

    >>> lines_of([[9, -1, 3], [2, 2, 2]]).tolist()
    [9, 8, 7, 2, 4]
    """
    parts = [first + step * np.arange(count, dtype=np.int64) for first, step, count in runs]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _settled_lines(settled: Settled, labels: _Labels) -> Iterator[str]:
    nowhere = ({"row": line, "symbol": None, "stamp": None} for line in settled.lines.tolist())
    for entry in nowhere if settled.left_out else labels.entries(settled.lines):
        values = {"field": _TEXT, "old": settled.text.get(entry["row"]), "new": entry["stamp"]}
        yield _json(entry | values | {"repair": settled.name, "reason": settled.reason})


def _change_lines(change: Change, labels: _Labels) -> Iterator[str]:
    end = {"repair": change.repair.name, "reason": change.repair.reason}
    dropped = change.dropped
    columns = [_texts(column(dropped, name)) for name in CHANGING]
    for entry, *values in zip(labels.entries(dropped.line), *columns, strict=True):
        old = dict(zip(CHANGING, values, strict=True))
        yield _json(entry | {"field": _ROW, "old": old, "new": None} | end)
    for field in change.fields:
        pairs = zip(labels.entries(field.line), _texts(field.old), _texts(field.new), strict=True)
        for entry, before, after in pairs:
            yield _json(entry | {"field": field.field, "old": before, "new": after} | end)


def _texts(values: FloatArray | IntArray) -> list[Any]:
    """Return stamps as ISO text and numbers as they are; null for NaN, text for infinities, which JSON has not."""
    if values.dtype != np.float64:
        return list(np.datetime_as_string(values.view("M8[ns]"), unit="ns").tolist())
    return [value if math.isfinite(value) else None if math.isnan(value) else str(value) for value in values.tolist()]


def _value(name: str, value: Any) -> float | int:
    if name == "timestamp":
        return int(np.datetime64(value, "ns").astype(np.int64))
    return np.nan if value is None else float(value)


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"
