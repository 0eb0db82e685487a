"""`RawStamps`: time stamps of a foreign column, each read as what it looks like; what was odd as findings.

An importer asks for the format and the unit; a check has to read a file before anybody knows them,
so it tries the usual ones row by row and says which it met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stratkit.data.arrow_arrays import arrow_flags, arrow_values, fill_floats, fill_ints
from stratkit.data.findings import Finding, counted, found
from stratkit.data.import_settings import ImportSettings
from stratkit.errors import UsageError
from stratkit.panel import BoolArray, FloatArray, IntArray

_NS_PER: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_FIRST_NS: Final = int(np.datetime64("1980-01-01", "ns").astype(np.int64))
_LAST_NS: Final = int(np.datetime64("2100-01-01", "ns").astype(np.int64))
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_TIME: Final = r"\d{1,2}:\d{2}"
_ZONED: Final = "iso with a zone"
_EPOCH: Final = "a count since 1970"
# what a stamp looks like -> how it is parsed; the first that fits
_FORMS: Final = (
    ("2015-06-30", rf"^{_DAY}$", "%Y-%m-%d"),
    ("2015-06-30 14:30:00", rf"^{_DAY}[T ]\d{{2}}:\d{{2}}(:\d{{2}}([.]\d{{1,9}})?)?$", "ISO8601"),
    (_ZONED, rf"^{_DAY}[T ]\d{{2}}:\d{{2}}(:\d{{2}}([.]\d{{1,9}})?)? ?(Z|UTC|[+-]\d{{2}}(:?\d{{2}})?)$", "ISO8601"),
    ("2015-06-30 02-PM", rf"^{_DAY} \d{{2}}-[AP]M$", "%Y-%m-%d %I-%p"),
    ("20150630", r"^(18|19|20|21)\d{6}$", "%Y%m%d"),
    ("20150630 143000", r"^(19|20)\d{6}[ T]\d{6}$", "%Y%m%d %H%M%S"),
    ("20150630 14:30", rf"^(19|20)\d{{6}} {_TIME}$", "%Y%m%d %H:%M"),
    ("20150630 14:30:00", rf"^(19|20)\d{{6}} {_TIME}:\d{{2}}$", "%Y%m%d %H:%M:%S"),
    (_EPOCH, r"^\d{9,19}([.]\d*)?$", ""),
    ("2015/06/30", r"^\d{4}/\d{1,2}/\d{1,2}$", "%Y/%m/%d"),
    ("2015/06/30 14:30", rf"^\d{{4}}/\d{{1,2}}/\d{{1,2}} {_TIME}$", "%Y/%m/%d %H:%M"),
    ("2015/06/30 14:30:00", rf"^\d{{4}}/\d{{1,2}}/\d{{1,2}} {_TIME}:\d{{2}}$", "%Y/%m/%d %H:%M:%S"),
    ("2015.06.30 14:30", rf"^\d{{4}}[.]\d{{2}}[.]\d{{2}} {_TIME}$", "%Y.%m.%d %H:%M"),
    ("30.06.2015", r"^\d{1,2}[.]\d{1,2}[.]\d{4}$", "%d.%m.%Y"),
    ("30.06.2015 14:30", rf"^\d{{1,2}}[.]\d{{1,2}}[.]\d{{4}} {_TIME}$", "%d.%m.%Y %H:%M"),
    ("30.06.2015 14:30:00", rf"^\d{{1,2}}[.]\d{{1,2}}[.]\d{{4}} {_TIME}:\d{{2}}$", "%d.%m.%Y %H:%M:%S"),
)


@dataclass(frozen=True)
class RawStamps:
    """`ns` (K,) where `readable`: UTC when `aware`, else as a clock on the wall showed; `zone` as the column says."""

    ns: IntArray
    readable: BoolArray
    aware: bool
    zone: str | None = None
    notes: tuple[Finding, ...] = ()


def read_raw_stamps(column: pa.ChunkedArray, settings: ImportSettings, line: IntArray) -> RawStamps:
    """Return the stamps of a column of any type; those that cannot be read are marked and named."""
    stamps = _by_type(column, settings, line)
    if stamps.readable.all():
        return stamps
    rows = line[~stamps.readable]
    place = int(np.flatnonzero(~stamps.readable)[0])
    shown = column[place].as_py()
    message = f"{counted(len(rows), 'stamp')} missing or not readable, first {shown!r}"
    note = found("bad_stamp", message, count=len(rows), rows=rows)
    return RawStamps(stamps.ns, stamps.readable, stamps.aware, stamps.zone, (*stamps.notes, note))


def mixed_epochs(name: str, column: pa.ChunkedArray, line: IntArray) -> list[Finding]:
    """Return the finding on a column of counts since 1970 in several units, if it is one."""
    try:
        values = _numbers(column.slice(0, 64))
        if not len(values) or not _units(values).all():
            return []
        return _epoch_notes(_units(_numbers(column)), line, name)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # text or dates are no counts since 1970
        return []


def _by_type(column: pa.ChunkedArray, settings: ImportSettings, line: IntArray) -> RawStamps:
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        zone = kind.tz if pa.types.is_timestamp(kind) else None
        ns, readable = _ints(column.cast(pa.timestamp("ns", tz=zone), safe=False))
        return RawStamps(ns, readable, zone is not None, zone)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        if pa.types.is_integer(kind) and _compact_dates(column):
            return _by_form(column.cast(pa.string()), settings, line)
        return _epochs(column, line)
    if settings.date_format is not None:
        return _formatted(column, settings.date_format)
    for zone in (None, "UTC"):  # the usual case, hundreds of times faster than looking at each
        try:
            ns, readable = _ints(column.cast(pa.timestamp("ns", tz=zone)))
        except pa.ArrowInvalid:
            continue
        if not _mixed_lengths(column):
            return RawStamps(ns, readable, zone is not None, zone)
    return _by_form(pc.utf8_trim_whitespace(column), settings, line)


def _by_form(column: pa.ChunkedArray, settings: ImportSettings, line: IntArray) -> RawStamps:
    count = len(column)
    ns: IntArray = np.zeros(count, dtype=np.int64)
    readable: BoolArray = np.zeros(count, dtype=np.bool_)
    zoned: BoolArray = np.zeros(count, dtype=np.bool_)
    met: dict[str, BoolArray] = {}
    notes: list[Finding] = []
    for name, pattern, form in (*_FORMS, *_slashed(column)):
        fits = arrow_flags(pc.match_substring_regex(column, pattern)) & ~readable
        if not fits.any():
            continue
        part = column.filter(arrow_values(fits))
        if name == _EPOCH:
            epochs = _epochs(part, line[fits])
            ns[fits], readable[fits] = epochs.ns, epochs.readable
            notes += epochs.notes
        else:
            parsed = pd.to_datetime(part.to_pandas(), format=form, utc=name == _ZONED, errors="coerce")
            index = pd.DatetimeIndex(parsed)
            ns[fits], readable[fits] = index.as_unit("ns").asi8, ~np.asarray(index.isna())
        zoned |= fits & (name in (_ZONED, _EPOCH))
        met[name] = fits
    notes += _form_notes(met, zoned, readable, line)
    return RawStamps(ns, readable, bool(zoned.any()), "UTC" if zoned.any() else None, tuple(notes))


def _slashed(column: pa.ChunkedArray) -> Iterator[tuple[str, str, str]]:
    """Yield the forms of dates with slashes, day or month first as a day above 12 tells; none when none does."""
    parts = pc.extract_regex(column, r"^(?P<a>\d{1,2})/(?P<b>\d{1,2})/\d{4}")
    first = pc.max(pc.struct_field(parts, "a").cast(pa.int64())).as_py()
    second = pc.max(pc.struct_field(parts, "b").cast(pa.int64())).as_py()
    if first is None or (first <= 12) == (second <= 12):
        return
    day = "%d/%m/%Y" if first > 12 else "%m/%d/%Y"
    shown = "30/06/2015" if first > 12 else "06/30/2015"
    for more, pattern, form in (("", "", ""), (" 14:30", f" {_TIME}", " %H:%M"),
                                (" 14:30:00", rf" {_TIME}:\d{{2}}", " %H:%M:%S")):  # fmt: skip
        yield shown + more, rf"^\d{{1,2}}/\d{{1,2}}/\d{{4}}{pattern}$", day + form


def _form_notes(met: dict[str, BoolArray], zoned: BoolArray, readable: BoolArray, line: IntArray) -> Iterator[Finding]:
    naive = readable & ~zoned
    if zoned.any() and naive.any():
        few = naive if naive.sum() <= zoned.sum() else zoned
        message = f"{int(zoned.sum()):,} stamps have a time zone, {int(naive.sum()):,} have none"
        yield found("mixed_zones", message, count=int(few.sum()), rows=line[few])
    if len(met) > 1:
        counts = {name: int(mask.sum()) for name, mask in met.items()}
        usual = max(counts, key=lambda name: counts[name])
        others = ~met[usual] & readable
        message = "stamps are written as " + " and ".join(f"{name!r} ({n:,})" for name, n in counts.items())
        yield found("mixed_stamp_formats", message, count=int(others.sum()), rows=line[others])


def _formatted(column: pa.ChunkedArray, form: str) -> RawStamps:
    aware = "%z" in form
    try:
        index = pd.DatetimeIndex(pd.to_datetime(column.to_pandas(), format=form, utc=aware, errors="coerce"))
    except ValueError as error:
        raise UsageError(
            f"--date-format must be a strftime format such as %d/%m/%Y; found {form!r} ({error})"
        ) from None
    return RawStamps(np.asarray(index.as_unit("ns").asi8), ~np.asarray(index.isna()), aware, "UTC" if aware else None)


def _epochs(column: pa.ChunkedArray, line: IntArray) -> RawStamps:
    values = _numbers(column)
    units = _units(values)
    ns = np.zeros(len(values), dtype=np.int64)
    for unit in np.unique(units[units > 0]).tolist():
        of_unit = units == unit
        scale = values[of_unit] * (unit / 1_000) if unit > 1 else values[of_unit]
        ns[of_unit] = np.rint(scale).astype(np.int64) * (1_000 if unit > 1 else 1)
    if pa.types.is_integer(column.type) and (units == 1).any():  # a float would round counts of ns
        ns[units == 1] = _ints(column.cast(pa.int64(), safe=False))[0][units == 1]
    return RawStamps(ns, units > 0, True, "UTC", tuple(_epoch_notes(units, line, "the stamp column")))


def _epoch_notes(units: IntArray, line: IntArray, name: str) -> list[Finding]:
    counts = {word: int((units == unit).sum()) for word, unit in _NS_PER.items()}
    counts = {word: count for word, count in counts.items() if count}
    if len(counts) < 2:
        return []
    usual = max(counts, key=lambda word: counts[word])
    others = (units != _NS_PER[usual]) & (units > 0)
    message = f"{name} counts in " + " and ".join(f"{word} ({count:,})" for word, count in counts.items())
    return [found("mixed_epochs", message, count=int(others.sum()), rows=line[others])]


def _units(values: FloatArray) -> IntArray:
    """Return the ns per unit in which each value is a date of 1980 to 2100; 0 = in none."""
    units: IntArray = np.zeros(len(values), dtype=np.int64)
    for unit in _NS_PER.values():
        units[(values >= _FIRST_NS / unit) & (values < _LAST_NS / unit)] = unit
    return units


def _compact_dates(column: pa.ChunkedArray) -> bool:
    span = pc.min_max(column).as_py()
    return span["min"] is not None and span["min"] >= 18_000_101 and span["max"] <= 21_501_231


def _mixed_lengths(column: pa.ChunkedArray) -> bool:
    lengths = pc.min_max(pc.utf8_length(column)).as_py()
    return bool(lengths["min"] != lengths["max"])


def _numbers(column: pa.ChunkedArray) -> FloatArray:
    numbers = column.cast(pa.float64(), safe=False)  # counts of ns are beyond 2**53
    return fill_floats(np.empty(len(column)), iter([numbers]))


def _ints(column: pa.ChunkedArray) -> tuple[IntArray, BoolArray]:
    readable = ~arrow_flags(pc.is_null(column)) if column.null_count else np.ones(len(column), dtype=np.bool_)
    known = pc.fill_null(column, pa.scalar(0, type=column.type)) if column.null_count else column
    return fill_ints(np.empty(len(column), dtype=np.int64), iter([known])), readable
