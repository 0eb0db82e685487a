"""`hide_later`: tables keyed by date without their rows from a moment on, for data that a strategy brings itself.

A table is a pandas Series or DataFrame, a dict from dates to values, or a list of records with dates
in them. A row is hidden when any date in it, index included, lies at or after the moment: a value
that was published later than the day it is about carries two dates and waits for the second. Bare
dates without values (a list of holidays, a set of meeting days) are known beforehand and stay.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.research.suspects import is_vouched
from stratkit.runs.manifest import file_digest

_ISO: Final = re.compile(r"\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?)?)?")
_READERS: Final = ("read_csv", "read_parquet", "read_excel", "read_json", "read_feather", "read_pickle", "read_table")
_EVER: Final = int(np.iinfo(np.int64).min) + 1  # the smallest number itself means NaT
_SAMPLE: Final = 50  # keys that decide whether a dict is keyed by dates


@dataclass(frozen=True)
class OtherRows:
    """The rows of a series that become known after `until_ns` are `scale` times as large."""

    until_ns: int
    scale: float


@dataclass(frozen=True)
class SeriesFiles:
    """The files behind external series, as far as a strategy may read them itself.

    `lags` tells how long after the dates in it a file becomes known, in ns by the sha256 of its bytes.
    """

    lags: Mapping[str, int] = field(default_factory=dict)
    later: OtherRows | None = None

    def lag_ns(self, source: object) -> int | None:
        """Return the lag of a file, None for one that is behind no series."""
        if not self.lags or not isinstance(source, str | Path) or not Path(source).is_file():
            return None
        return self.lags.get(file_digest(Path(source)))


def hide_later(value: Any, known_until_ns: int) -> Any:
    """Return `value` without what is dated at or after `known_until_ns`; the same object when nothing is.

    >>> hide_later({"2020-01-01": 1.0, "2020-02-01": 2.0}, 1_577_836_800_000_000_001)
    {'2020-01-01': 1.0}
    """
    if _is_frame(value):
        return _frame(value, known_until_ns)
    if isinstance(value, np.ndarray):
        return _records(value, known_until_ns)
    if type(value) is dict and value:
        return _mapping(value, known_until_ns)
    if type(value) in (list, tuple) and value and all(isinstance(row, tuple | list | dict) for row in value):
        kept = [row for row in value if not _is_later(row, known_until_ns)]
        return value if len(kept) == len(value) else type(value)(kept)
    return value


def has_dates(value: Any) -> bool:
    """Whether `value` is a table keyed by date."""
    return hide_later(value, _EVER) is not value


@contextmanager
def readers_hide(known_until_ns: int | None, read: list[str], files: SeriesFiles | None = None) -> Iterator[None]:
    """Let the file readers of pandas hide later rows while the context lasts; note the files in `read`.

    Only a pandas that is imported already is touched; None hides nothing and only notes. Rows of `files` are later
    when they become known later.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None:
        yield
        return
    originals = {name: getattr(pandas, name) for name in _READERS}
    for name, original in originals.items():
        setattr(pandas, name, _reader(original, known_until_ns, read, files or SeriesFiles()))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(pandas, name, original)


def later_tables(space: ModuleType | type) -> tuple[str, ...]:
    """Name the tables keyed by date that a module or class holds, without those that are vouched for.

    Its author vouches for one by a comment, ``# causal: a calendar that is known beforehand``, on
    the line that makes it.
    """
    named = [name for name, value in vars(space).items() if not name.startswith("__") and has_dates(value)]
    return tuple(name for name in named if name not in _vouched_names(space)) if named else ()


def _vouched_names(space: ModuleType | type) -> set[str]:
    try:
        source = textwrap.dedent(inspect.getsource(space))
    except (OSError, TypeError):  # typed in a session
        return set()
    lines = source.splitlines()
    tree = ast.parse(source)
    body = tree.body if isinstance(space, ModuleType) else getattr(tree.body[0], "body", [])
    vouched = [node for node in body if any(map(is_vouched, lines[node.lineno - 1 : node.end_lineno]))]
    return {name.id for node in vouched for name in ast.walk(node) if isinstance(name, ast.Name)}


def _reader(original: Any, known_until_ns: int | None, read: list[str], files: SeriesFiles) -> Any:
    def reader(*args: Any, **kwargs: Any) -> Any:
        frame = original(*args, **kwargs)
        if not _is_frame(frame):
            return frame
        caller = sys._getframe(1)
        if not has_dates(frame) or is_vouched(linecache.getline(caller.f_code.co_filename, caller.f_lineno)):
            return frame
        source = args[0] if args else next(iter(kwargs.values()), None)
        read.append(Path(source).name if isinstance(source, str | Path) else "a file")
        lag_ns = files.lag_ns(source)
        if lag_ns is not None and files.later is not None:
            frame = _scaled(frame, files.later.until_ns + 1 - lag_ns, files.later.scale)
        # a series may be known at the very end of a bar; any other row that is dated at that moment is hidden
        dated_ns = 0 if lag_ns is None else 1 - lag_ns
        return frame if known_until_ns is None else _frame(frame, known_until_ns + dated_ns)

    return reader


def _is_frame(value: object) -> bool:
    return type(value).__module__.startswith("pandas") and type(value).__name__ in ("Series", "DataFrame")


def _frame(frame: Any, known_until_ns: int) -> Any:
    later = _later_rows(frame, known_until_ns)
    return frame if later is None else frame[~later]


def _scaled(frame: Any, known_until_ns: int, scale: float) -> Any:
    """Return a table whose numbers in later rows are `scale` times as large."""
    later = _later_rows(frame, known_until_ns)
    if later is None:
        return frame
    if frame.ndim == 1:
        return frame.where(~later, frame * scale) if frame.dtype.kind in "fiu" else frame
    changed = frame.copy()
    for name in frame.columns:
        if frame[name].dtype.kind in "fiu":
            changed[name] = np.where(later, frame[name] * scale, frame[name])
    return changed


def _later_rows(frame: Any, known_until_ns: int) -> npt.NDArray[np.bool_] | None:
    """Return which rows carry a date at or after a moment, None when no row does or none carries a date."""
    columns = [frame.index.get_level_values(level) for level in range(frame.index.nlevels)]
    columns = [level for level in columns if type(level).__name__ != "RangeIndex"]
    columns += [frame] if frame.ndim == 1 else [frame.iloc[:, column] for column in range(frame.shape[1])]
    dated = [stamps for stamps in map(_stamps, columns) if stamps is not None]
    if not dated or len(dated) == len(columns):  # bare dates are no data
        return None
    later = np.logical_or.reduce([stamps >= np.datetime64(known_until_ns, "ns") for stamps in dated])
    return later if later.any() else None


def _stamps(column: Any) -> npt.NDArray[np.datetime64] | None:
    """Return a column's UTC stamps when it holds dates, as such or as text, else None."""
    if column.dtype.kind == "M":
        stamps: npt.NDArray[np.datetime64] = np.asarray(column, dtype="datetime64[ns]")
        return stamps
    if column.dtype.kind != "O" or not any(_stamp(value) is not None for value in column[:_SAMPLE]):
        return None
    parsed = [_stamp(value) for value in column]
    return np.array([np.datetime64("NaT") if stamp is None else stamp for stamp in parsed], "datetime64[ns]")


def _records(array: npt.NDArray[Any], known_until_ns: int) -> npt.NDArray[Any]:
    fields = [name for name in array.dtype.names or () if array.dtype[name].kind == "M"]
    if not fields or len(fields) == len(array.dtype.names or ()):
        return array
    moment = np.datetime64(known_until_ns, "ns")
    later = np.logical_or.reduce([array[name] >= moment for name in fields])
    return array[~later] if later.any() else array


def _mapping(table: dict[Any, Any], known_until_ns: int) -> dict[Any, Any]:
    sample = [_stamp(key) for key, _ in zip(table, range(_SAMPLE), strict=False)]
    if all(stamp is not None for stamp in sample):
        kept = {key: row for key, row in table.items() if not _is_later((key, row), known_until_ns)}
        return table if len(kept) == len(table) else kept
    inner = {key: hide_later(value, known_until_ns) for key, value in table.items()}
    return inner if any(inner[key] is not table[key] for key in table) else table


def _is_later(row: Any, known_until_ns: int) -> bool:
    cells = list(_cells(row))
    stamps = [stamp for stamp in map(_stamp, cells) if stamp is not None]
    if not stamps or len(stamps) == len(cells):  # bare dates are no data
        return False
    return any(stamp >= np.datetime64(known_until_ns, "ns") for stamp in stamps)


def _cells(row: Any) -> Iterator[Any]:
    if isinstance(row, dict):
        row = list(row.values())
    if isinstance(row, tuple | list):
        for cell in row:
            yield from _cells(cell)
    else:
        yield row


def _stamp(value: object) -> np.datetime64 | None:
    """Return the UTC stamp of a date, a time or an ISO text, else None."""
    if isinstance(value, np.datetime64):
        stamp: np.datetime64 = value.astype("datetime64[ns]")
        return stamp
    if isinstance(value, datetime):
        bare = value if value.tzinfo is None else (value - (value.utcoffset() or value - value)).replace(tzinfo=None)
        return None if str(bare) == "NaT" else np.datetime64(bare, "ns")
    if isinstance(value, date):
        return np.datetime64(value, "ns")
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            return np.datetime64(re.sub(r"Z|\+00:00", "", value).replace(" ", "T"), "ns")
        except ValueError:
            return None
    return None
