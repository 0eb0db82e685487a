"""`column_stamps`: the time stamps in one column of a table, as nanoseconds, each checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa

from stratkit.data.arrow_arrays import arrow_flags, fill_ints
from stratkit.errors import DataError
from stratkit.panel import BoolArray, IntArray

_TEXTS: Final = (pa.types.is_string, pa.types.is_large_string)
_ISO: Final = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.]\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?"
_WITH_ZONE: Final = r":\d{2}(?:[.]\d+)? ?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)$"  # no groups: pandas warns of them

Place = Callable[[BoolArray], str]  # where the rows are that are True, in words


def column_stamps(column: pa.Array, name: str, where: str, place: Place) -> tuple[IntArray, bool]:
    """Return the stamps of a column in ns, of UTC or of a clock on the wall, and whether they have no zone.

    `where` names the file and `place` the rows in messages. Raises `DataError` for a row without a stamp, for what is
    no date, and for stamps of which only some have a zone.
    """
    missing = arrow_flags(column.is_null())
    if missing.any():
        raise DataError(f"{where}: every row must have a {name}; found none in {place(missing)}: complete these rows")
    kind = column.type
    if any(is_text(kind) for is_text in _TEXTS):
        return _parsed(column, name, where, place)
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise DataError(
            f"{where}: {name} must hold dates, times or ISO text such as 2015-06-30 14:30; it holds {kind}: convert it"
        )
    is_naive = not pa.types.is_timestamp(kind) or kind.tz is None
    try:
        whole = column.cast(pa.timestamp("ns", tz=None if is_naive else "UTC"))
    except pa.ArrowInvalid as error:
        raise DataError(f"{where}: {name} must lie between the years 1678 and 2261; {error}") from None
    return fill_ints(np.empty(len(column), np.int64), iter([pa.chunked_array([whole])])), is_naive


def _parsed(column: pa.Array, name: str, where: str, place: Place) -> tuple[IntArray, bool]:
    import pandas as pd  # reads text, which a Parquet file seldom holds

    text = pd.Series(column.to_pylist(), dtype="str")
    zoned = text.str.contains(_WITH_ZONE, regex=True)
    good = text.str.fullmatch(_ISO)
    if zoned.any() and not zoned.all():
        good &= zoned
    parsed = pd.to_datetime(text.where(good), format="ISO8601", utc=True, errors="coerce")
    bad = parsed.isna().to_numpy()
    if bad.any():
        found = text.iloc[int(bad.argmax())]
        raise DataError(
            f"{where}: {name} must be an ISO date or time, all with a time zone or all without; found others in "
            f"{place(bad)}: {found!r}: correct these rows"
        )
    try:
        ns = pd.DatetimeIndex(parsed).as_unit("ns").asi8
    except pd.errors.OutOfBoundsDatetime as error:
        raise DataError(f"{where}: {name} must lie between the years 1678 and 2261; {error}") from None
    return np.asarray(ns, np.int64), not bool(zoned.any())
