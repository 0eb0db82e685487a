"""`Stamps`: the time stamps of a foreign file as nanoseconds, and their way to bar starts in UTC.

A zone, an epoch unit and a date format are always said, never guessed. Daily stamps at midnight are
session dates: labels that need no zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stratkit.data.arrow_arrays import fill_floats, fill_ints
from stratkit.data.batches import Batch
from stratkit.data.import_settings import ImportSettings
from stratkit.errors import DataError, UsageError
from stratkit.frequency import frequency_ns
from stratkit.panel import NS_PER_DAY, BoolArray, IntArray, format_time

_NS_PER: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_ZONE: Final = r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
_ISO: Final = rf"^{_DAY}([T ]\d{{2}}:\d{{2}}(:\d{{2}}([.]\d{{1,9}})?)?({_ZONE})?)?$"
_WITH_ZONE: Final = rf":\d{{2}}([.]\d+)?{_ZONE}$"
_FIRST_NS: Final = int(np.datetime64("1980-01-01", "ns").astype(np.int64))  # epochs of each unit are told apart
_LAST_NS: Final = int(np.datetime64("2100-01-01", "ns").astype(np.int64))  # by the year they would mean


@dataclass(frozen=True)
class Stamps:
    """`ns` (K,) since 1970: UTC when `aware`, else as a clock on the wall showed; `zone` as the column says."""

    ns: IntArray
    aware: bool
    zone: str | None = None


def read_stamps(batch: Batch, settings: ImportSettings, where: str) -> Stamps:
    """Return the stamps of a batch; raise `DataError` naming the rows that are none."""
    column = batch.columns["timestamp"]
    _check_complete(column, batch, where)
    if "clock" in batch.columns:
        clock = batch.columns["clock"]
        _check_complete(clock, batch, where)
        column = pc.binary_join_element_wise(column.cast(pa.string()), clock.cast(pa.string()), " ")
    kind = column.type
    if pa.types.is_timestamp(kind):
        _refuse_options(settings, where, f"the column holds time stamps ({kind})")
        return Stamps(_ints(column.cast(pa.timestamp("ns", tz=kind.tz))), kind.tz is not None, kind.tz)
    if pa.types.is_date(kind):
        _refuse_options(settings, where, "the column holds dates")
        return Stamps(_ints(column.cast(pa.timestamp("ns"))), aware=False)
    if settings.date_format is not None:
        return _formatted(column.cast(pa.string()), settings.date_format, batch, where)
    if settings.epoch is not None:
        return Stamps(_epochs(column, settings.epoch, batch, where), aware=True)
    if not pa.types.is_string(kind) and not pa.types.is_large_string(kind):
        raise DataError(_say_epoch(_numbers(column), f"{where}: stamps that are numbers ({kind})"))
    return _iso(column, batch, where)


def bar_starts(stamps: Stamps, frequency: str, settings: ImportSettings, where: str) -> IntArray:
    """Return the start of each bar, UTC ns; daily bars at local midnight become 00:00 UTC of their date."""
    ns = stamps.ns
    daily = frequency_ns(frequency) >= NS_PER_DAY
    if stamps.aware:
        wall = _wall_clock(ns, settings.tz or stamps.zone)
        times = wall if daily and _at_midnight(wall) else ns
    elif daily and _at_midnight(ns):
        times = ns  # session dates: a label, the same in every zone
    else:
        times = _localized(ns, settings.tz, where)
        times = ns if daily and _at_midnight(ns) else times
    if settings.stamp == "start":
        return times
    if frequency.endswith("mo"):
        raise UsageError(f"{where}: monthly bars must be stamped at their start: --stamp end is for fixed lengths")
    return np.asarray(times - frequency_ns(frequency), dtype=np.int64)


def check_zone_known(stamps: Stamps, settings: ImportSettings, where: str) -> None:
    """Raise `DataError` at once when wall-clock stamps with a time of day come without a zone."""
    if not stamps.aware and settings.tz is None and not _at_midnight(stamps.ns):
        _refuse_zone(stamps.ns, where)


def _at_midnight(ns: IntArray) -> bool:
    return not bool((ns % NS_PER_DAY).any())


def _refuse_zone(ns: IntArray, where: str) -> None:
    first = int((ns % NS_PER_DAY != 0).argmax())
    raise DataError(
        f"{where}: stamps with a time of day must have a time zone; found no time zone, first "
        f"{format_time(int(ns[first]))}: say which clock they are on, as in --tz UTC or --tz America/New_York"
    )


def _wall_clock(ns: IntArray, zone: str | None) -> IntArray:
    if zone is None or zone == "UTC":
        return ns
    local = pd.DatetimeIndex(ns.view("M8[ns]")).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return np.asarray(local.as_unit("ns").asi8)


def _localized(ns: IntArray, zone: str | None, where: str) -> IntArray:
    if zone is None:
        _refuse_zone(ns, where)
    clock = pd.DatetimeIndex(ns.view("M8[ns]"))
    times = clock.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    if not times.hasnans:
        return np.asarray(times.as_unit("ns").asi8)
    far = pd.Timedelta(hours=3)
    twice = np.asarray(clock.tz_localize(zone, ambiguous="NaT", nonexistent=far).isna())
    never = np.asarray(times.isna()) & ~twice
    parts = [
        f"{int(mask.sum()):,} that {what}, first {format_time(int(ns[mask.argmax()]))}"
        for mask, what in ((twice, "happen twice when clocks go back"), (never, "are skipped when clocks go forward"))
        if mask.any()
    ]
    raise DataError(
        f"{where}: each stamp must be one moment in {zone}; found {' and '.join(parts)}: is the zone right? "
        "Convert these stamps to UTC, or remove these rows"
    )


def _iso(column: pa.Array, batch: Batch, where: str) -> Stamps:
    digits = pc.match_substring_regex(column, r"^\d+([.]\d*)?$")
    if pc.any(digits).as_py():
        raise DataError(_say_epoch(_numbers(column.filter(digits)), f"{where}: stamps that are numbers"))
    _check_all(pc.match_substring_regex(column, _ISO), column, batch, where, "an ISO date or time (2015-06-30 14:30)")
    zoned = pc.match_substring_regex(column, _WITH_ZONE)
    aware = bool(pc.any(zoned).as_py())
    if aware and not pc.all(zoned).as_py():
        _check_all(zoned, column, batch, where, "with a time zone like the others")
    parsed = pd.to_datetime(column.to_pandas(), format="ISO8601", utc=aware, errors="coerce")
    return Stamps(_parsed(parsed, column, batch, where), aware)


def _formatted(column: pa.Array, form: str, batch: Batch, where: str) -> Stamps:
    aware = "%z" in form
    try:
        parsed = pd.to_datetime(column.to_pandas(), format=form, utc=aware, errors="coerce")
    except ValueError as error:
        raise UsageError(
            f"--date-format must be a strftime format such as %d/%m/%Y; found {form!r} ({error})"
        ) from None
    return Stamps(_parsed(parsed, column, batch, where, f"in the format {form!r}"), aware)


def _parsed(
    parsed: pd.Series, column: pa.Array, batch: Batch, where: str, what: str = "a date that exists"
) -> IntArray:
    _check_all(pa.array(parsed.notna().to_numpy()), column, batch, where, what)
    return np.asarray(pd.DatetimeIndex(parsed).as_unit("ns").asi8)


def _check_all(good: pa.Array, column: pa.Array, batch: Batch, where: str, what: str) -> None:
    bad = pc.invert(good)
    count = pc.sum(bad).as_py()
    if count:
        first = pc.index(bad, True).as_py()
        raise DataError(
            f"{where}: each stamp must be {what}; found {count:,} that are not, first in row "
            f"{batch.first_row + first:,}: {column[first].as_py()!r}: correct them, or say their format, "
            "as in --date-format '%d/%m/%Y %H:%M'"
        )


def _check_complete(column: pa.Array, batch: Batch, where: str) -> None:
    if column.null_count:
        first = pc.index(pc.is_null(column), True).as_py()
        raise DataError(
            f"{where}: every row must have a stamp; found {column.null_count:,} without, first row "
            f"{batch.first_row + first:,}: complete or remove these rows"
        )


def _epochs(column: pa.Array, unit: str, batch: Batch, where: str) -> IntArray:
    values = _numbers(column)
    bad = np.flatnonzero(~_plausible(values, unit))
    if len(bad):
        row = batch.first_row + int(bad[0])
        raise DataError(
            f"{where}: every stamp must count in {unit} since 1970 (years 1980 to 2100); found {len(bad):,} that do "
            f"not, first row {row:,}, and in all {_looks(values)}: a file of one unit is needed; split or convert it"
        )
    if unit == "ns" and not pa.types.is_floating(column.type):
        return _ints(column.cast(pa.int64()))
    return (
        np.rint(values * (_NS_PER[unit] / 1_000)).astype(np.int64) * 1_000 if unit != "ns" else values.astype(np.int64)
    )


def _numbers(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    try:
        numbers = column.cast(pa.float64(), safe=False)  # counts of ns are beyond 2**53
    except pa.ArrowInvalid as error:
        raise DataError(
            f"stamps must be numbers with --epoch; {str(error).splitlines()[0]}: leave --epoch out"
        ) from None
    return fill_floats(np.empty(len(column)), _one(numbers))


def _ints(column: pa.Array) -> IntArray:
    return fill_ints(np.empty(len(column), dtype=np.int64), _one(column))


def _one(column: pa.Array) -> Iterator[pa.ChunkedArray]:
    return iter([pa.chunked_array([column])])


def _plausible(values: np.ndarray[tuple[int], np.dtype[np.float64]], unit: str) -> BoolArray:
    return np.asarray((values >= _FIRST_NS / _NS_PER[unit]) & (values < _LAST_NS / _NS_PER[unit]))


def _looks(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    counts = {unit: int(_plausible(values, unit).sum()) for unit in _NS_PER}
    known = [f"{count:,} that look like {unit}" for unit, count in counts.items() if count]
    return " and ".join(known) or "none that looks like a date in s, ms, us or ns"


def _say_epoch(values: np.ndarray[tuple[int], np.dtype[np.float64]], subject: str) -> str:
    return (
        f"{subject} must come with their unit; found {_looks(values)}: say it with --epoch s, ms, us or ns "
        "(or --date-format %Y%m%d for dates written as 20150630)"
    )


def _refuse_options(settings: ImportSettings, where: str, reason: str) -> None:
    for option, value in (("--epoch", settings.epoch), ("--date-format", settings.date_format)):
        if value is not None:
            raise UsageError(f"{where}: {option} is for stamps that are numbers or text; {reason}: leave it out")
