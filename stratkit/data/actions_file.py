"""`load_actions`: the `CorporateActions` of a Parquet or CSV file, checked at the door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from stratkit.data.actions import CorporateActions
from stratkit.data.arrow_arrays import fill_floats
from stratkit.data.parquet import opened
from stratkit.errors import DataError, did_you_mean
from stratkit.panel import NS_PER_DAY, BoolArray, FloatArray, IntArray, format_time

COLUMNS: Final = ("timestamp", "symbol", "action", "value")
KINDS: Final = ("split", "dividend")
_NUMBERS: Final = (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal)

Place = Callable[[BoolArray], str]


def load_actions(path: str | Path) -> CorporateActions:
    """Return the events of a file with the columns `timestamp`, `symbol`, `action` and `value`.

    `timestamp` is the ex-date: a date, or a time with a time zone. `action` is "split" (`value` multiplies
    the number of shares, above 0) or "dividend" (`value` is cash per share held before the ex-date, above 0).
    Further columns are ignored. Raises `DataError` naming the first row that breaks a rule, and for two
    events of one kind, symbol and ex-date.
    """
    file = Path(path).expanduser()
    table = _read(file)
    columns = {name: _column(table, name, file) for name in COLUMNS}
    row = 2 if _is_text(file) else 1

    def place(bad: BoolArray) -> str:
        first = int(bad.argmax())
        return f"{int(bad.sum()):,}, first {'line' if row == 2 else 'row'} {first + row:,}"

    symbols, is_split = _symbols(columns["symbol"], file, place), _kinds(columns["action"], file, place)
    value = _values(columns["value"], is_split, file, place)
    times = _ex_dates(columns["timestamp"], row, file)
    _refuse_repeats(times, symbols, is_split, file, place)
    return CorporateActions(times, symbols, is_split, value, file.name)


def _is_text(path: Path) -> bool:
    return path.suffix.lower() in (".csv", ".txt")


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise DataError(f"{path} must be a file of corporate actions; there is none: check data.actions_path")
    if not _is_text(path):
        with opened(path) as file:
            table = file.read()
    else:
        text = pa.csv.ConvertOptions(
            column_types={"timestamp": pa.string(), "symbol": pa.string(), "action": pa.string()},
            null_values=[""],  # NA is a ticker
        )
        try:
            table = pa.csv.read_csv(path, convert_options=text)
        except pa.ArrowException as error:
            first = str(error).splitlines()[0].rstrip(".")
            raise DataError(f"{path} must be a CSV file with the header {','.join(COLUMNS)}; found: {first}") from None
    if not len(table):
        raise DataError(f"{path} must hold events; it has none: make it again, or leave data.actions_path out")
    return table


def _column(table: pa.Table, name: str, path: Path) -> pa.Array:
    if name not in table.column_names:
        raise DataError(
            f"{path} must have the columns {', '.join(COLUMNS)}; {name} is missing: "
            f"{did_you_mean(name, table.column_names)}"
        )
    column = table.column(name).combine_chunks()
    if column.null_count:
        raise DataError(f"{path}: every event must have a {name}; found {column.null_count:,} without: complete them")
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _symbols(column: pa.Array, path: Path, place: Place) -> tuple[str, ...]:
    names = tuple(str(name) for name in column.to_pylist())
    odd = np.array([not name or name != name.strip() for name in names])
    if odd.any():
        raise DataError(f"{path}: a symbol must be a name without blanks around it; found others in {place(odd)}")
    return names


def _kinds(column: pa.Array, path: Path, place: Place) -> BoolArray:
    words = [str(word) for word in column.to_pylist()]
    unknown = np.array([word not in KINDS for word in words])
    if unknown.any():
        word = words[int(unknown.argmax())]
        raise DataError(
            f"{path}: action must be {' or '.join(KINDS)}; found another in {place(unknown)}: {word!r}; "
            f"{did_you_mean(word, KINDS)}"
        )
    return np.array([word == "split" for word in words])


def _values(column: pa.Array, is_split: BoolArray, path: Path, place: Place) -> FloatArray:
    if not any(is_number(column.type) for is_number in _NUMBERS):
        raise DataError(f"{path}: value must hold numbers; it holds {column.type}: convert it")
    numbers = fill_floats(np.empty(len(column)), iter([pa.chunked_array([column])]))
    bad = ~(np.isfinite(numbers) & (numbers > 0))
    if bad.any():
        first = int(bad.argmax())
        rule = (
            "a split must be a ratio above 0, what it multiplies the number of shares by"
            if is_split[first]
            else "a dividend must be cash per share, above 0"
        )
        raise DataError(f"{path}: {rule}; found {numbers[first]:g} in {place(bad)}: correct or remove these rows")
    return numbers


def _ex_dates(column: pa.Array, first_row: int, path: Path) -> IntArray:
    from stratkit.data.batches import Batch
    from stratkit.data.import_settings import ImportSettings
    from stratkit.data.stamps import read_stamps  # reads text with pandas, which a load without actions does not need

    batch = Batch({"timestamp": column}, first_row, 0, 0)
    stamps = read_stamps(batch, ImportSettings.model_validate({}), str(path))
    clock = stamps.ns % NS_PER_DAY != 0
    if not stamps.aware and clock.any():
        raise DataError(
            f"{path}: an ex-date must be a date, or a time with a time zone; found "
            f"{format_time(int(stamps.ns[int(clock.argmax())]))} without one: write it in UTC"
        )
    return stamps.ns


def _refuse_repeats(times: IntArray, symbols: tuple[str, ...], is_split: BoolArray, path: Path, place: Place) -> None:
    seen: set[tuple[Any, ...]] = set()
    again = np.zeros(len(times), dtype=np.bool_)
    for row, key in enumerate(zip(times.tolist(), symbols, is_split.tolist(), strict=True)):
        again[row] = key in seen
        seen.add(key)
    if again.any():
        first = int(again.argmax())
        kind = KINDS[0] if is_split[first] else KINDS[1]
        raise DataError(
            f"{path}: a symbol must have one {kind} a day; found repeats in {place(again)}: {symbols[first]} on "
            f"{format_time(int(times[first]))}: remove them, or write two dividends of one day as their sum"
        )
