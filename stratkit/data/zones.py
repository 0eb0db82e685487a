"""`known_zone`: the name of a time zone, checked."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from stratkit.data.symbols import nearest_symbol


def known_zone(name: str) -> str:
    """Return `name`; raise ValueError with the nearest zone when it is none."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest_symbol(name, sorted(available_timezones()))
        raise ValueError(f"must be a time zone such as America/New_York or UTC; found {name!r}; {near}") from None
    return name
