"""`TableDifference`: the first cell in which two tables that should be equal are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.panel import BoolArray
from stratkit.runs.table_digest import Column, bits, rows_of

_STAMPS: Final = ("time", "entry_time")  # the column that says when a row happened


@dataclass(frozen=True)
class TableDifference:
    """Where two tables part.

    `row` counts from 0 and `column` is the first that differs in it; None when a whole row or a
    whole column is there in one table only, as `what` says. `time_ns` is when the row happened, None
    when its table does not say. `rows` is how many rows differ, those of one table only included.
    """

    row: int | None
    column: str | None
    then: Any
    now: Any
    time_ns: int | None
    rows: int
    what: str


def first_difference(then: Mapping[str, Column], now: Mapping[str, Column]) -> TableDifference | None:
    """Return the first cell that differs between two tables, None when there is none.

    Cells are compared bit by bit; NaN equals NaN.
    """
    names = [name for name in then if name in now]
    if (odd := [*(f"{name} is gone" for name in then if name not in now), *_new(then, now)]) and not names:
        return TableDifference(None, None, None, None, None, rows_of(then), f"columns: {', '.join(odd)}")
    rows_then, rows_now = rows_of(then), rows_of(now)
    both = min(rows_then, rows_now)
    unequal = np.zeros(both, dtype=np.bool_)
    for name in names:
        unequal |= _unequal(then[name], now[name], both)
    rows = int(unequal.sum()) + abs(rows_then - rows_now)
    if unequal.any():
        row = int(unequal.argmax())
        column = next(name for name in names if _unequal(_cell(then[name], row), _cell(now[name], row), 1).any())
        values = (_value(then[column], row), _value(now[column], row))
        return TableDifference(row, column, *values, _stamp(then, row), rows, "another value")
    if rows_then != rows_now:
        longer, what = (now, "only in the new run") if rows_now > rows_then else (then, "not in the new run")
        return TableDifference(both, None, None, None, _stamp(longer, both), rows, what)
    if odd or list(then) != list(now):
        return TableDifference(None, None, None, None, None, 0, f"columns: {', '.join(odd) or 'in another order'}")
    return None


def _new(then: Mapping[str, Column], now: Mapping[str, Column]) -> list[str]:
    return [f"{name} is new" for name in now if name not in then]


def _cell(column: Column, row: int) -> Column:
    return (column[0][row : row + 1], column[1]) if isinstance(column, tuple) else column[row : row + 1]


def _unequal(then: Column, now: Column, rows: int) -> BoolArray:
    if isinstance(then, tuple) and isinstance(now, tuple):
        return np.asarray(_words(then, rows) != _words(now, rows))
    if isinstance(then, tuple) or isinstance(now, tuple) or then.dtype.kind != now.dtype.kind:
        return np.ones(rows, dtype=np.bool_)
    return np.asarray(bits(then[:rows]) != bits(now[:rows]))


def _words(column: tuple[Any, Any], rows: int) -> npt.NDArray[Any]:
    letters = [name.encode(errors="backslashreplace").decode() for name in column[1]]
    return np.array([*letters, ""], dtype=object)[:-1][column[0][:rows]] if letters else np.empty(0, dtype=object)


def _value(column: Column, row: int) -> Any:
    if isinstance(column, tuple):
        return column[1][int(column[0][row])]
    value = column[row]
    if value.dtype.kind == "M":
        return None if np.isnat(value) else f"{np.datetime_as_string(value.astype('datetime64[ns]'), unit='s')}Z"
    return value.item()


def _stamp(columns: Mapping[str, Column], row: int) -> int | None:
    for name in _STAMPS:
        column = columns.get(name)
        if column is not None and not isinstance(column, tuple) and column.dtype.kind == "M":
            return None if np.isnat(column[row]) else int(column[row].astype("datetime64[ns]").astype(np.int64))
    return None
