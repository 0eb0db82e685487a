"""The axes of every panel: bar times and symbols, and how arrays are checked against them.

`times` is (T,) int64, nanoseconds since 1970 UTC, strictly increasing, each the START of a bar;
`symbols` is an ascending tuple of N names. Every (T, N) array of the project stands on such axes.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.errors import UsageError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
SideArray = npt.NDArray[np.int8]

NS_PER_SECOND = 1_000_000_000
NS_PER_DAY = 86_400 * NS_PER_SECOND


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view of `array` that cannot be written through."""
    view = array.view()
    view.flags.writeable = False
    return view


def on_axes(
    array: npt.ArrayLike, shape: tuple[int, int], name: str, dtype: npt.DTypeLike = np.float64
) -> npt.NDArray[Any]:
    """Return `array` as a C-ordered (T, N) array; a (T,) array stands for N = 1.

    Raises `UsageError` naming the array when its shape is another one.
    """
    values = np.asarray(array)
    if values.ndim == 1 and shape[1] == 1:
        values = values.reshape(-1, 1)
    if values.shape != shape:
        raise UsageError(
            f"{name} must have the shape of the bars, {shape[0]} bars x {shape[1]} symbols; found {values.shape}"
        )
    return np.ascontiguousarray(values, dtype=dtype)


_OFFSET: Final = re.compile(r":\d+(\.\d+)?[+-]\d{2}:?(\d{2})?$")  # of a time zone, behind a time of day


def parse_time(text: str, name: str = "date") -> int:
    """Return the UTC nanoseconds of an ISO date or date-time; a bare date is its midnight.

    >>> parse_time("1970-01-02")
    86400000000000
    """
    if _OFFSET.search(text):
        raise UsageError(f"{name} must be in UTC, without an offset; found {text!r}")
    try:
        stamp = np.datetime64(text.removesuffix("Z").replace(" ", "T"), "ns")
    except ValueError:
        raise UsageError(f"{name} must be an ISO date such as 2015-06-30; found {text!r}") from None
    if np.isnat(stamp):
        raise UsageError(f"{name} must be an ISO date such as 2015-06-30; found {text!r}")
    return int(stamp.astype(np.int64))


def parse_span(text: str, name: str = "date") -> tuple[int, int]:
    """Return the first and last UTC nanosecond of an ISO date, the whole of it, or of a date-time, which is one.

    >>> parse_span("1970-01-02"), parse_span("1970-01-02T00:00")
    ((86400000000000, 172799999999999), (86400000000000, 86400000000000))
    """
    first = parse_time(text, name)
    is_date = len(text.strip()) == len("2015-06-30")
    return first, first + (NS_PER_DAY - 1 if is_date else 0)


def format_time(time_ns: int) -> str:
    """Return a stamp as a person reads it: the date, and the time of day only when there is one.

    >>> format_time(86_400_000_000_000), format_time(90_000_000_000)
    ('1970-01-02', '1970-01-01 00:01:30')
    """
    date, clock = str(np.datetime64(int(time_ns), "ns").astype("datetime64[s]")).split("T")
    if clock == "00:00:00":
        return date
    return f"{date} {clock.removesuffix(':00') if clock.endswith(':00') else clock}"
