"""`iso`: bar times as text that sorts, for rows and files."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(time_ns: int) -> str:
    """Return UTC nanoseconds as text, to the second.

    >>> iso(86_400_000_000_000)
    '1970-01-02T00:00:00Z'
    """
    return f"{datetime.fromtimestamp(time_ns // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def short(stamp: str) -> str:
    """Return such a text as a person reads it: the date, and the time of day only when there is one.

    >>> short("2020-01-02T00:00:00Z"), short("2020-01-02T09:30:00+00:00")
    ('2020-01-02', '2020-01-02 09:30')
    """
    date, _, clock = stamp.removesuffix("Z").removesuffix("+00:00").partition("T")
    return date if clock in ("", "00:00:00") else f"{date} {clock.removesuffix(':00')}"
