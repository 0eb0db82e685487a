"""`ReturnFile`: what one strategy earned, out of a file of returns, of equity or of closed trades.

The columns have exact names and say what the file is: `time` with `return` or `returns`; `time` with `equity`;
`exit_time` with `return` and `pnl`. Nothing is guessed, nothing is filled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv

from stratkit.data.arrow_arrays import arrow_flags, fill_floats
from stratkit.data.column_stamps import column_stamps
from stratkit.data.parquet import opened
from stratkit.errors import DataError, did_you_mean
from stratkit.panel import BoolArray, FloatArray, IntArray, format_time

ReturnKind = Literal["returns", "equity", "trades"]

RETURN_FILES: Final = (".csv", ".parquet")
_KNOWN: Final = ("time", "return", "returns", "equity", "exit_time", "pnl")
_MUST: Final = (
    "a file must have the columns time and return (or returns), or time and equity, or exit_time, return and pnl, "
    "named exactly so"
)
_PRICES: Final = frozenset({"open", "high", "low", "close", "price", "adj close", "adj_close"})
_HUGE: Final = 0.25  # half of all returns beyond 25 % a period: no strategy's, but prices, or percents as numbers
_ROUNDING: Final = 1e-9  # between an equity curve and its own returns


@dataclass(frozen=True)
class ReturnFile:
    """`times` (n,) UTC nanoseconds, ascending, each once; `returns` (n,) simple returns of the periods that start then.

    Of trades `times` are those at which they were closed, which may repeat; `pnl` (n,) is their profit in money, None
    for the other kinds. Of equity the first row is what the first return is measured against. `digest` is the sha256
    of the file.
    """

    path: Path
    kind: ReturnKind
    times: IntArray
    returns: FloatArray
    digest: str
    pnl: FloatArray | None = None


def read_return_file(path: Path) -> ReturnFile:
    """Return the content of a CSV or Parquet file, checked; stamps without a zone are UTC.

    Raises `DataError`, with row and value, for columns of other names, for what is no number or no date, for stamps
    that are not ascending or repeat, and for returns that cannot be ones: -1 and less, or as large as prices are.
    """
    table, first_row = _table(path)
    kind = _kind(table.column_names, path)
    rows = _Rows(table, first_row, path.name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if kind == "trades":
        rows.refuse_open_trades()
        times, returns, pnl = rows.stamps("exit_time"), rows.numbers("return"), rows.numbers("pnl")
        _check_possible(returns, rows)
        order = np.argsort(times, kind="stable")
        return ReturnFile(path, kind, times[order], returns[order], digest, pnl[order])
    times = rows.stamps("time")
    _check_ascending(times, rows)
    if kind == "equity":
        return ReturnFile(path, kind, times[1:], _from_equity(rows), digest)
    returns = rows.numbers("returns" if "returns" in table.column_names else "return")
    _check_possible(returns, rows)
    return ReturnFile(path, kind, times, returns, digest)


def _table(path: Path) -> tuple[pa.Table, int]:
    """Return the table in a file, and which row of the file its first one is."""
    if not path.is_file():
        raise DataError(f"a file of returns must exist; found none at {path}: check the path")
    if path.suffix.lower() == ".parquet":
        with opened(path) as file:
            table, first_row = file.read(), 1
    else:
        text = pa.csv.ConvertOptions(column_types=dict.fromkeys(_KNOWN, pa.string()), strings_can_be_null=False)
        try:
            table, first_row = pa.csv.read_csv(path, convert_options=text), 2
        except pa.ArrowException as error:
            first = str(error).splitlines()[0].rstrip(".")
            raise DataError(f"{path} must be a CSV file with a header; found: {first}: write it again") from None
    if table.num_rows < 2:
        raise DataError(f"{path} must hold at least two rows; it has {table.num_rows}: is this the right file?")
    return table, first_row


def _kind(names: list[str], path: Path) -> ReturnKind:
    have = set(names)
    twice = [name for name in _KNOWN if names.count(name) > 1]
    if twice or {"return", "returns"} <= have or {"time", "exit_time"} <= have:
        found = f"{twice[0]} twice" if twice else ", ".join(name for name in _KNOWN if name in have)
        raise DataError(f"{path}: {_MUST}; found {found}: leave one out")
    if {"exit_time", "return", "pnl"} <= have:
        return "trades"
    if "time" in have and "equity" in have:
        return "equity"
    if "time" in have and have & {"return", "returns"}:
        return "returns"
    if prices := [name for name in names if name.lower() in _PRICES]:
        raise DataError(
            f"{path}: {_MUST}; found prices ({', '.join(prices)}): a strategy is run on these with --data {path}; "
            "to hold them is no strategy of its own: write the returns of holding, or name buy_and_hold"
        )
    missing = next(name for name in ("time", "return") if name not in have)
    raise DataError(
        f"{path}: {_MUST}; found {', '.join(names) or 'none'}: name them so; for {missing}: "
        f"{did_you_mean(missing, names)}"
    )


class _Rows:
    """The columns of one table, with the rows of the file in messages."""

    def __init__(self, table: pa.Table, first_row: int, name: str) -> None:
        self.table, self.first_row, self.where = table, first_row, name

    def place(self, bad: BoolArray) -> str:
        count = int(bad.sum())
        return f"{count:,} {'row' if count == 1 else 'rows'}, first row {int(bad.argmax()) + self.first_row:,}"

    def refuse_open_trades(self) -> None:
        column = self._column("exit_time")
        is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        is_open = np.array([not one for one in column.to_pylist()]) if is_text else arrow_flags(column.is_null())
        if is_open.any():
            raise DataError(
                f"{self.where}: every trade must be closed; found no exit_time in {self.place(is_open)}: leave trades "
                "that are still open out, for what they will earn is not known"
            )

    def stamps(self, name: str) -> IntArray:
        return column_stamps(self._column(name), name, self.where, self.place)[0]

    def numbers(self, name: str) -> FloatArray:
        column = self._column(name)
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
                raise DataError(f"{self.where}: {name} must hold numbers; it holds {column.type}: convert it")
            values = fill_floats(np.empty(len(column)), iter([pa.chunked_array([column])]))
            return self._finite(values, name, lambda row: f"{values[row]:g}")
        texts = ["" if text is None else text for text in column.to_pylist()]
        return self._finite(np.array([_number(text) for text in texts]), name, lambda row: repr(texts[row]))

    def _finite(self, values: FloatArray, name: str, shown: Callable[[int], str]) -> FloatArray:
        bad = ~np.isfinite(values)
        if bad.any():
            raise DataError(
                f"{self.where}: every {name} must be a finite number; found others (missing, NaN or text) in "
                f"{self.place(bad)}: {shown(int(bad.argmax()))}: correct these rows or leave them out"
            )
        return values

    def _column(self, name: str) -> pa.Array:
        column = self.table.column(name).combine_chunks()
        return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _check_ascending(times: IntArray, rows: _Rows) -> None:
    bad = np.append(False, np.diff(times) <= 0)
    if not bad.any():
        return
    row = int(bad.argmax())
    if times[row] == times[row - 1]:
        raise DataError(
            f"{rows.where}: every time must stand once; found {format_time(int(times[row]))} again in row "
            f"{row + rows.first_row:,}: remove the repeats; one file holds one strategy"
        )
    raise DataError(
        f"{rows.where}: times must be ascending; found {format_time(int(times[row]))} after "
        f"{format_time(int(times[row - 1]))} in row {row + rows.first_row:,}: sort the rows by time"
    )


def _check_possible(returns: FloatArray, rows: _Rows) -> None:
    bad = returns <= -1.0
    typical = float(np.median(np.abs(returns)))
    if not bad.any() and typical <= _HUGE:
        return
    bad = bad if bad.any() else np.abs(returns) > _HUGE
    row = int(bad.argmax())
    raise DataError(
        f"{rows.where}: a return must be a fraction above -1, such as 0.01 for 1 %; found {returns[row]:g} in row "
        f"{row + rows.first_row:,}, and a typical size of {typical:.3g}: prices or levels stand under the name equity, "
        "percents are divided by 100"
    )


def _from_equity(rows: _Rows) -> FloatArray:
    equity = rows.numbers("equity")
    bad = equity <= 0
    if bad.any():
        raise DataError(
            f"{rows.where}: equity must be above 0, for returns are measured against it; found others in "
            f"{rows.place(bad)}: {equity[int(bad.argmax())]:g}: end the file before the account is empty"
        )
    returns: FloatArray = equity[1:] / equity[:-1] - 1.0
    for name in {"return", "returns"} & set(rows.table.column_names):
        given = rows.numbers(name)[1:]
        apart = np.append(False, np.abs(given - returns) > _ROUNDING)
        if apart.any():
            row = int(apart.argmax())
            raise DataError(
                f"{rows.where}: equity and {name} must say the same; found {name} {given[row - 1]:g} where equity "
                f"moves by {returns[row - 1]:g}, in {rows.place(apart)}: leave one of the two columns out"
            )
    return returns
