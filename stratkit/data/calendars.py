"""`Calendar`: when a market is open: by name, or assumed from the bars themselves, with the reason said.

Names are ``24/7``, ``24/5`` (the week of foreign exchange, Sunday to Friday 17:00 New York), ``weekdays``,
and the exchanges of the library `exchange_calendars`, such as ``XNYS`` or ``XLON``.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.data.ordered_rows import OrderedRows
from stratkit.errors import UsageError, did_you_mean
from stratkit.panel import NS_PER_DAY, IntArray, read_only

AUTO: Final = "auto"
ALWAYS: Final = "24/7"
FOREIGN_EXCHANGE: Final = "24/5"
WEEKDAYS: Final = "weekdays"
PANEL: Final = "panel"
_OURS: Final = (ALWAYS, FOREIGN_EXCHANGE, WEEKDAYS)
_TRIED: Final = "XNYS"  # the one exchange that is tried without being asked for
_WEEKEND: Final = (5, 6)
_ENOUGH_DAYS: Final = 60
_ENOUGH_SYMBOLS: Final = 5
_HOUR_NS: Final = 3_600_000_000_000


@dataclass(frozen=True)
class Calendar:
    """`days` are the session dates (day numbers since 1970, ascending); None = every day.

    `opens` and `closes` (UTC ns, one per session or week) are known for exchanges and 24/5 with
    intraday bars, else None. `reason` says in words why this calendar; `assumed` that nobody asked for it.
    """

    name: str
    reason: str
    assumed: bool = False
    days: IntArray | None = None
    opens: IntArray | None = None
    closes: IntArray | None = None


def choose_calendar(name: str, ordered: OrderedRows, aware: bool) -> Calendar:
    """Return the calendar called `name` over the span of the bars; ``auto`` reads one from them.

    `aware` says that stamps are UTC; of wall-clock stamps only dates are compared. Raises
    `UsageError` for an unknown name.
    """
    if name == AUTO:
        return _assumed(ordered, aware)
    return _named(name, ordered, aware, "as asked for")


def weekday(days: IntArray) -> IntArray:
    """Return 0 for Monday to 6 for Sunday of day numbers since 1970.

    >>> weekday(np.array([0])).tolist()
    [3]
    """
    return np.asarray((days + 3) % 7)


def _named(name: str, ordered: OrderedRows, aware: bool, reason: str, assumed: bool = False) -> Calendar:
    first, last = int(ordered.rows.times.min()) // NS_PER_DAY, int(ordered.rows.times.max()) // NS_PER_DAY
    if name == ALWAYS:
        return Calendar(ALWAYS, reason, assumed)
    if name in (FOREIGN_EXCHANGE, WEEKDAYS):
        days = np.arange(first, last + 1)
        days = read_only(days[weekday(days) < 5])
        if name == FOREIGN_EXCHANGE and aware and ordered.intraday:
            return Calendar(name, reason, assumed, days, *_exchange_weeks(first, last))
        return Calendar(name, reason, assumed, days)
    return _exchange(name, first, last, reason, assumed, aware and ordered.intraday)


def _exchange(name: str, first: int, last: int, reason: str, assumed: bool, intraday: bool) -> Calendar:
    known = _library_calendar(name)
    start, end = np.datetime64(first - 7, "D"), np.datetime64(last + 7, "D")
    bound_min, bound_max = type(known).bound_min(), type(known).bound_max()
    if bound_min is not None:
        start = max(start, np.datetime64(bound_min.date(), "D"))
    if bound_max is not None:
        end = min(end, np.datetime64(bound_max.date(), "D"))
    if start >= end:
        raise UsageError(f"--calendar {name} knows {bound_min} .. {bound_max} only: choose another for these bars")
    calendar = _library_calendar(name, start=str(start), end=str(end))
    days = np.asarray(calendar.sessions.values.astype("datetime64[D]").astype(np.int64))
    if not intraday:
        return Calendar(name, reason, assumed, read_only(days))
    opens = np.asarray(calendar.opens.dt.tz_localize(None).to_numpy().astype("M8[ns]").astype(np.int64))
    closes = np.asarray(calendar.closes.dt.tz_localize(None).to_numpy().astype("M8[ns]").astype(np.int64))
    return Calendar(name, reason, assumed, read_only(days), read_only(opens), read_only(closes))


def _library_calendar(name: str, **span: str) -> Any:
    import exchange_calendars as exchanges
    from exchange_calendars.errors import InvalidCalendarName

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # between that library and pandas; nothing that a user could act on
            return exchanges.get_calendar(name, **span)
    except InvalidCalendarName:
        names = (*_OURS, *exchanges.get_calendar_names())
        raise UsageError(f"--calendar: unknown calendar {name!r}; {did_you_mean(name, names)}") from None


def _exchange_weeks(first: int, last: int) -> tuple[IntArray, IntArray]:
    """Return the opens and closes of the weeks of foreign exchange: Sunday and Friday, 17:00 New York."""
    import pandas as pd

    sundays = np.arange(first - 7, last + 8)
    sundays = sundays[weekday(sundays) == 6]

    def at_five(days: IntArray) -> IntArray:
        clock = pd.DatetimeIndex(((days * 24 + 17) * _HOUR_NS).view("M8[ns]"))
        return np.asarray(clock.tz_localize("America/New_York").as_unit("ns").asi8)

    return at_five(sundays), at_five(sundays + 5)


def _assumed(ordered: OrderedRows, aware: bool) -> Calendar:
    days = np.unique(ordered.rows.times // NS_PER_DAY)
    saturdays = int((weekday(days) == 5).sum())
    if saturdays > 0.03 * len(days):
        return _named(ALWAYS, ordered, aware, f"bars on {saturdays:,} Saturdays", assumed=True)
    if ordered.intraday and _around_the_clock(ordered):
        reason = "bars around the clock, none on Saturdays"
        return _named(FOREIGN_EXCHANGE, ordered, aware, reason, assumed=True)
    usual, stray = _usual_days(ordered)
    if len(usual) >= _ENOUGH_DAYS:
        fits = _fitting_exchange(usual, ordered, aware)
        if fits is not None:
            return fits
    if len(ordered.rows.symbols) >= _ENOUGH_SYMBOLS and len(usual) > 1:
        reason = f"the {len(usual):,} days on which at least half of the symbols have bars"
        reason += f"; {len(stray):,} other days" if len(stray) else ""
        return Calendar(PANEL, reason, True, read_only(usual))
    return _named(WEEKDAYS, ordered, aware, "no bars on weekends; its public holidays are not known", assumed=True)


def _around_the_clock(ordered: OrderedRows) -> bool:
    times = ordered.rows.times
    hours = np.unique(times % NS_PER_DAY // max(_HOUR_NS, ordered.step_ns))
    return len(hours) >= 0.9 * NS_PER_DAY / max(_HOUR_NS, ordered.step_ns)


def _usual_days(ordered: OrderedRows) -> tuple[IntArray, IntArray]:
    """Return the days on which at least half of the symbols listed then have a bar, and the other days with bars."""
    rows = ordered.rows
    day = rows.times // NS_PER_DAY
    once = np.append(True, (np.diff(day) != 0) | (np.diff(ordered.owner) != 0))
    days, counts = np.unique(day[once], return_counts=True)
    owned = np.diff(rows.offsets) > 0
    first, last = np.sort(day[rows.offsets[:-1][owned]]), np.sort(day[rows.offsets[1:][owned] - 1])
    listed = np.searchsorted(first, days, side="right") - np.searchsorted(last, days, side="left")
    usual = 2 * counts >= listed
    return days[usual], days[~usual]


def _fitting_exchange(days: IntArray, ordered: OrderedRows, aware: bool) -> Calendar | None:
    calendar = _named(_TRIED, ordered, aware, "", assumed=True)
    assert calendar.days is not None  # an exchange has dates
    sessions = calendar.days[(calendar.days >= days[0]) & (calendar.days <= days[-1])]
    both = len(np.intersect1d(days, sessions, assume_unique=True))
    if both < 0.99 * len(days) or both < 0.95 * len(sessions):
        return None
    if calendar.opens is not None and calendar.closes is not None and not _inside(calendar, ordered):
        return None
    reason = f"{both:,} of {len(days):,} days with bars are sessions of New York, of {len(sessions):,} in all"
    return Calendar(_TRIED, reason, True, calendar.days, calendar.opens, calendar.closes)


def _inside(calendar: Calendar, ordered: OrderedRows) -> bool:
    assert calendar.opens is not None  # asked before
    assert calendar.closes is not None  # likewise
    return float(within_sessions(calendar.opens, calendar.closes, ordered.rows.times, ordered.step_ns).mean()) > 0.95


def within_sessions(
    opens: IntArray, closes: IntArray, times: IntArray, step_ns: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return whether any part of each bar lies in a session."""
    place = np.searchsorted(closes, times, side="right")
    inside = place < len(opens)
    inside[inside] = times[inside] + step_ns > opens[place[inside]]
    return inside
