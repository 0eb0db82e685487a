"""`ExternalSeries`: dated values from outside the bars, each with the moment from which it was known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from stratkit.data.arrow_arrays import fill_floats
from stratkit.data.bundled import BUNDLED_PREFIX, bundled_series
from stratkit.data.column_stamps import Place, column_stamps
from stratkit.data.parquet import opened
from stratkit.data.series_settings import SeriesSettings
from stratkit.errors import DataError, did_you_mean
from stratkit.panel import BoolArray, FloatArray, IntArray, format_time, read_only

_NUMBERS: Final = (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal)


@dataclass(frozen=True)
class ExternalSeries:
    """K values, kept in the order in which they became known.

    `times` (K,) int64, UTC ns, is what each value is about; `known` (K,) when it became known, publication lag
    included; `values` (K,) finite float64. `symbols` names the symbols that have values of their own, () = the
    values are those of the whole market; `column` (K,) int64 is the place of each row's symbol in it. A value counts
    for `max_age_ns` from when it became known, None = until the next one. `lag_ns` is the lag in `known`, `digest` the
    sha256 of the file ("" = of none), `source` says in words where the values came from.
    """

    times: IntArray
    known: IntArray
    values: FloatArray
    symbols: tuple[str, ...] = ()
    column: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    max_age_ns: int | None = None
    lag_ns: int = 0
    digest: str = ""
    source: str = "arrays"

    def __post_init__(self) -> None:
        given = self.column if self.symbols else np.zeros(len(self.times), np.int64)
        arrays = {"times": self.times, "known": self.known, "values": self.values, "column": given}
        if len({len(array) for array in arrays.values()}) > 1:
            raise DataError(f"the columns of a series must be as long as each other; found {self.source}")
        order = np.lexsort((self.times, self.known))
        for name, array in arrays.items():
            kind = np.float64 if name == "values" else np.int64
            object.__setattr__(self, name, read_only(np.ascontiguousarray(array, dtype=kind)[order]))

    def rows(self, chosen: BoolArray) -> ExternalSeries:
        """Return the series without the rows that are not `chosen` (K,)."""
        parts: dict[str, Any] = {name: getattr(self, name)[chosen] for name in ("times", "known", "values", "column")}
        return replace(self, **parts)


def load_series(name: str, settings: SeriesSettings) -> ExternalSeries:
    """Return the series called `name` out of its file, checked.

    Rows may stand in any order. Raises `DataError` for a file or column that is not there; for values that are not
    finite numbers; for stamps that are no dates, have no time zone when none is given, or that clocks skip or repeat;
    for values published before their timestamp; and for two values of one timestamp and symbol, which only publication
    times tell apart.
    """
    path = series_path(settings.path)
    table, first_row = _read(name, path, settings)
    where = f"series {name} ({path.name})"

    def place(bad: BoolArray) -> str:
        return f"{int(bad.sum()):,}, first in row {int(bad.argmax()) + first_row:,}"

    stamps = [settings.timestamp, *([settings.published] if settings.published else [])]
    columns = {column: _column(table, column, where) for column in (*stamps, settings.value)}
    read = [_stamps(columns[column], column, settings.time_zone, where, place) for column in stamps]
    if settings.time_zone is not None and not any(is_naive for _, is_naive in read):
        raise DataError(f"{where}: time_zone is for stamps without a zone; found all with one: leave it out")
    times, published = read[0][0], read[-1][0]
    early = published < times
    if early.any():
        first = int(early.argmax())
        raise DataError(
            f"{where}: a value must be published at or after its {settings.timestamp}; found {place(early)}: "
            f"{format_time(int(times[first]))}, published {format_time(int(published[first]))}: are the columns right?"
        )
    far = published > np.iinfo(np.int64).max - settings.lag_ns
    if far.any():
        raise DataError(f"{where}: publication must lie before the year 2262; found it later in {place(far)}")
    symbols, codes = _symbols(table, settings.symbol, where, place)
    _refuse_repeats(times, published, codes, settings, where, place)
    return ExternalSeries(
        times,
        published + settings.lag_ns,
        _values(columns[settings.value], settings.value, where, place),
        symbols,
        codes,
        settings.max_age_ns,
        settings.lag_ns,
        series_digest(path),
        path.name,
    )


def series_path(text: str) -> Path:
    """Return the file that `path` in the settings of a series names; ``bundled:VIX`` is one of those that ship."""
    if text.startswith(BUNDLED_PREFIX):
        return bundled_series(text.removeprefix(BUNDLED_PREFIX))
    return Path(text).expanduser()


def series_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read(name: str, path: Path, settings: SeriesSettings) -> tuple[pa.Table, int]:
    """Return the table in a file, and which row of the file its first one is."""
    if not path.is_file():
        raise DataError(f"data.series.{name}.path must name a file; found none at {path}: check the path")
    if path.suffix.lower() not in (".csv", ".txt"):
        with opened(path) as file:
            table, first_row = file.read(), 1
    else:
        texts = [column for column in (settings.timestamp, settings.published, settings.symbol) if column]
        text = pa.csv.ConvertOptions(
            column_types=dict.fromkeys(texts, pa.string()),
            null_values=[""],  # NA is a ticker
        )
        try:
            table, first_row = pa.csv.read_csv(path, convert_options=text), 2
        except pa.ArrowException as error:
            first = str(error).splitlines()[0].rstrip(".")
            raise DataError(f"series {name}: {path} must be a CSV file with a header; found: {first}") from None
    if not len(table):
        raise DataError(f"series {name}: {path} must hold values; it has no row: make it again")
    return table, first_row


def _column(table: pa.Table, name: str, where: str) -> pa.Array:
    if name not in table.column_names:
        raise DataError(f"{where} must have a column {name!r}; {did_you_mean(name, table.column_names)}")
    column = table.column(name).combine_chunks()
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _values(column: pa.Array, name: str, where: str, place: Place) -> FloatArray:
    if not any(is_number(column.type) for is_number in _NUMBERS):
        raise DataError(
            f"{where}: {name} must hold numbers; it holds {column.type}: convert it, or name another column"
        )
    numbers = fill_floats(np.empty(len(column)), iter([pa.chunked_array([column])]))
    bad = ~np.isfinite(numbers)
    if bad.any():
        raise DataError(
            f"{where}: every {name} must be a finite number; found others (missing, NaN or infinite) in {place(bad)}: "
            "leave these rows out"
        )
    return numbers


def _symbols(table: pa.Table, name: str | None, where: str, place: Place) -> tuple[tuple[str, ...], IntArray]:
    """Return the symbols of a file, ascending, and the place of each row's symbol among them."""
    if name is None:
        return (), np.zeros(len(table), np.int64)
    names = ["" if symbol is None else str(symbol) for symbol in _column(table, name, where).to_pylist()]
    odd = np.array([not symbol or symbol != symbol.strip() for symbol in names])
    if odd.any():
        raise DataError(f"{where}: a {name} must be a name without blanks around it; found others in {place(odd)}")
    symbols, codes = np.unique(np.array(names, dtype=object), return_inverse=True)
    return tuple(symbols.tolist()), codes.astype(np.int64)


def _stamps(column: pa.Array, name: str, zone: str | None, where: str, place: Place) -> tuple[IntArray, bool]:
    """Return the stamps of a column in UTC ns, and whether they had no zone of their own."""
    clock, is_naive = column_stamps(column, name, where, place)
    if not is_naive:
        return clock, False
    if zone is None:
        raise DataError(
            f"{where}: every {name} must have a time zone; found none: write them in UTC, or say which clock they are "
            "on with time_zone, such as UTC or America/New_York"
        )
    return _localized(clock, name, zone, where, place), True


def _localized(clock: IntArray, name: str, zone: str, where: str, place: Place) -> IntArray:
    import pandas as pd  # knows when clocks change

    moments = pd.DatetimeIndex(clock.view("M8[ns]")).tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    odd = np.asarray(moments.isna())
    if odd.any():
        raise DataError(
            f"{where}: each {name} must be one moment in {zone}; found others, which clocks skip or repeat, in "
            f"{place(odd)}: {format_time(int(clock[odd.argmax()]))}: write them in UTC"
        )
    return np.asarray(moments.as_unit("ns").asi8, np.int64)


def _refuse_repeats(
    times: IntArray, published: IntArray, codes: IntArray, settings: SeriesSettings, where: str, place: Place
) -> None:
    order = np.lexsort((published, times, codes))
    same = np.ones(max(len(order) - 1, 0), np.bool_)
    for key in (times, codes, published):  # without publication times the last equals the first
        same &= key[order][1:] == key[order][:-1]
    again = np.zeros(len(order), np.bool_)
    again[order[1:][same]] = True
    if again.any():
        stamp = format_time(int(times[int(again.argmax())]))
        what = "symbol and timestamp" if settings.symbol else "timestamp"
        what += " and publication time" if settings.published else ""
        to_do = "remove them" if settings.published else "remove them, or name the column of publication times"
        raise DataError(f"{where} must have one value a {what}; found repeats in {place(again)}: {stamp}: {to_do}")
