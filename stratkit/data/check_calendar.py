"""Findings on what the calendar expects and the bars lack, and on bars where it expects none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from stratkit.data.calendars import ALWAYS, FOREIGN_EXCHANGE, Calendar, weekday, within_sessions
from stratkit.data.findings import Finding, counted, found
from stratkit.data.ordered_rows import OrderedRows
from stratkit.panel import NS_PER_DAY, BoolArray, IntArray, format_time

_LONG_SESSIONS: Final = 10
_LONG_NS: Final = 5 * NS_PER_DAY
_HABIT: Final = 0.6  # of the days of a week a time of day is there, to be expected on the others
_EARLY_NS: Final = 14 * NS_PER_DAY
_HOUR_NS: Final = 3_600_000_000_000
_SLACK_NS: Final = 4 * _HOUR_NS  # brokers open and close their week at different hours
_PARTLY: Final = 0.05


@dataclass(frozen=True)
class MissingBars:
    """The stamps of one symbol that its calendar expects and that are not there, as holes of neighbours.

    `stamps` (X,) are all of them; hole h is stamps[starts[h]:stops[h]]; `before` (H,) are the rows
    before each hole; `expected` counts what should be there from the first bar to the last.
    """

    stamps: IntArray
    starts: IntArray
    stops: IntArray
    before: IntArray
    expected: int


def check_calendar(ordered: OrderedRows, calendar: Calendar) -> Iterator[Finding]:
    """Yield holes, stray bars and series that end early."""
    if calendar.assumed:
        todo = "say it with --calendar if it is another: 24/7, 24/5, or an exchange such as XNYS"
        yield found("calendar_assumed", f"{calendar.name}: {calendar.reason}", count=1, todo=todo)
    for n in range(len(ordered.rows.symbols)):
        missing = missing_bars(ordered, n, calendar)
        if missing is not None and len(missing.stamps):
            yield from _holes(ordered, n, missing)
    yield from _stray(ordered, calendar)
    yield from _early_ends(ordered)


def missing_bars(ordered: OrderedRows, n: int, calendar: Calendar) -> MissingBars | None:
    """Return what symbol `n` lacks between its first and its last bar; None when it has too few bars to say."""
    start, stop = int(ordered.rows.offsets[n]), int(ordered.rows.offsets[n + 1])
    times = ordered.rows.times[start:stop]
    if len(times) < 2:
        return None
    expected = _expected(times, ordered, calendar)
    absent = ~np.isin(expected, times, assume_unique=True, kind="sort") if len(expected) else np.empty(0, dtype=bool)
    places = np.flatnonzero(absent)
    cuts = np.flatnonzero(np.diff(places) > 1) + 1
    starts = np.concatenate(([0], cuts)) if len(places) else np.empty(0, dtype=np.int64)
    stops = np.concatenate((cuts, [len(places)])) if len(places) else np.empty(0, dtype=np.int64)
    stamps = expected[places]
    before = start + np.searchsorted(times, stamps[starts]) - 1
    return MissingBars(stamps, starts, stops, np.maximum(before, start), len(expected))


def _expected(times: IntArray, ordered: OrderedRows, calendar: Calendar) -> IntArray:
    first, last = int(times[0]), int(times[-1])
    if ordered.frequency.endswith("mo"):
        return _months(times)
    if ordered.step_ns > NS_PER_DAY or calendar.name == ALWAYS:
        return np.arange(first, last + 1, ordered.step_ns)
    if not ordered.intraday:
        assert calendar.days is not None  # every calendar but 24/7 has dates
        clock = first % NS_PER_DAY
        stamps = calendar.days * NS_PER_DAY + clock
    elif calendar.opens is not None and calendar.closes is not None and calendar.name != FOREIGN_EXCHANGE:
        stamps = _session_grid(times, ordered.step_ns, calendar.opens, calendar.closes)
    else:
        stamps = _habitual(times, ordered.step_ns, calendar)
    return np.asarray(stamps[(stamps >= first) & (stamps <= last)])


def _months(times: IntArray) -> IntArray:
    """Return a stamp for every month: those that are there, and the first of each that lacks one."""
    months = times.view("M8[ns]").astype("M8[M]").astype(np.int64)
    every = np.arange(months[0], months[-1] + 1)
    absent = every[~np.isin(every, months)]
    return np.sort(np.concatenate((times, absent.astype("M8[M]").astype("M8[ns]").astype(np.int64))))


def _session_grid(times: IntArray, step: int, opens: IntArray, closes: IntArray) -> IntArray:
    """Return the stamps of all bars that begin in, or reach into, a session."""
    phase = _commonest(times % step)
    first = opens - step + 1
    first = first + (phase - first) % step
    counts = np.maximum(-((first - closes) // step), 0)
    ends = np.cumsum(counts)
    within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
    return np.asarray(np.repeat(first, counts) + within * step)


def _habitual(times: IntArray, step: int, calendar: Calendar) -> IntArray:
    """Return the stamps that a symbol's own week makes usual, on every session date.

    A time of day is usual in a week when most days of that week have it: so neither a change of the clocks
    nor a break of trading is taken for holes. A week without bars borrows from the one before.
    """
    assert calendar.days is not None  # every calendar but 24/7 has dates
    phase = _commonest(times % step)
    on_grid = times[(times % step) == phase]
    day = on_grid // NS_PER_DAY
    on_grid, day = on_grid[weekday(day) < 5], day[weekday(day) < 5]
    if not len(day):
        return np.asarray(on_grid)
    slots = NS_PER_DAY // step
    week = (day + 3) // 7
    keys, counts = np.unique(week * slots + on_grid % NS_PER_DAY // step, return_counts=True)
    days = np.unique(day)
    weeks, present = np.unique((days + 3) // 7, return_counts=True)
    usual = counts >= np.maximum(2, _HABIT * present[np.searchsorted(weeks, keys // slots)])
    keys = keys[usual]
    if not len(keys):
        return np.asarray(keys)
    own = np.unique(keys // slots)
    dates = calendar.days[(calendar.days >= day[0]) & (calendar.days <= day[-1])]
    model = own[np.maximum(np.searchsorted(own, (dates + 3) // 7, side="right") - 1, 0)]
    begin, end = np.searchsorted(keys, model * slots), np.searchsorted(keys, (model + 1) * slots)
    counts = end - begin
    ends = np.cumsum(counts)
    places = np.arange(int(ends[-1])) - np.repeat(ends - counts - begin, counts)
    stamps = np.repeat(dates, counts) * NS_PER_DAY + keys[places] % slots * step + phase
    if calendar.opens is None or calendar.closes is None:
        return np.asarray(stamps)
    return np.asarray(stamps[within_sessions(calendar.opens, calendar.closes, stamps, 0)])


def _holes(ordered: OrderedRows, n: int, missing: MissingBars) -> Iterator[Finding]:
    count, holes = len(missing.stamps), len(missing.starts)
    lengths = missing.stops - missing.starts
    spans = missing.stamps[missing.stops - 1] - missing.stamps[missing.starts] + ordered.step_ns
    long = (lengths >= _LONG_SESSIONS) if not ordered.intraday else (spans >= _LONG_NS)
    share = count / missing.expected
    message = f"{count:,} of {missing.expected:,} bars missing ({max(share, 0.0001):.2%}) in {counted(holes, 'hole')}"
    message += f", first {format_time(int(missing.stamps[0]))}"
    if ordered.intraday and share > _PARTLY:
        message += "; where nobody trades a feed may have no row"
    symbol = ordered.rows.symbols[n]
    yield found("missing_bars", message, symbol=symbol, count=count, rows=ordered.line[missing.before],
                stamps=missing.stamps[missing.starts])  # fmt: skip
    if long.any():
        longest = int(np.where(long, spans, 0).argmax())
        begin, end = missing.stamps[missing.starts[longest]], missing.stamps[missing.stops[longest] - 1]
        text = (
            f"{counted(int(long.sum()), 'long hole')}, the longest {format_time(int(begin))} .. {format_time(int(end))}"
        )
        yield found("long_gap", text, symbol=symbol, count=int(long.sum()), rows=ordered.line[missing.before[long]],
                    stamps=missing.stamps[missing.starts[long]])  # fmt: skip
    yield from _clock_nights(ordered, n, missing)


def _stray(ordered: OrderedRows, calendar: Calendar) -> Iterator[Finding]:
    times = ordered.rows.times
    if calendar.days is None or ordered.step_ns > NS_PER_DAY:
        return
    stray: BoolArray
    if calendar.opens is None or calendar.closes is None:
        days = times // NS_PER_DAY
        stray = ~np.isin(days, calendar.days)
        if ordered.intraday and calendar.name != ALWAYS:
            stray &= weekday(days) != 6  # a Sunday evening belongs to Monday's session
    else:
        slack = _SLACK_NS if calendar.name == FOREIGN_EXCHANGE else 0
        stray = ~within_sessions(calendar.opens - slack, calendar.closes + slack, times, ordered.step_ns)

    def say(count: int, row: int) -> str:
        return f"{counted(count, 'bar')} outside the sessions of {calendar.name}, first {format_time(int(times[row]))}"

    yield from ordered.findings("off_calendar", np.flatnonzero(stray), say)


def _early_ends(ordered: OrderedRows) -> Iterator[Finding]:
    rows = ordered.rows
    if len(rows.symbols) < 2:
        return
    last = rows.offsets[1:] - 1
    end = int(rows.times.max())
    early = last[end - rows.times[last] > max(_EARLY_NS, 3 * ordered.step_ns)]

    def say(_count: int, row: int) -> str:
        return f"the last bar is {format_time(int(rows.times[row]))}, those of others reach {format_time(end)}"

    yield from ordered.findings("ends_early", early, say)


def _clock_nights(ordered: OrderedRows, n: int, missing: MissingBars) -> Iterator[Finding]:
    """Yield the hour that is missing each spring, when the nights of one region all lack it."""
    if not ordered.intraday or ordered.step_ns > _HOUR_NS:
        return
    lengths = (missing.stops - missing.starts) * ordered.step_ns
    begins = missing.stamps[missing.starts]
    hour = (lengths == _HOUR_NS) & (begins % NS_PER_DAY <= 3 * _HOUR_NS)
    nights = begins[hour] // NS_PER_DAY
    first, last = (int(ordered.rows.times[int(ordered.rows.offsets[n + edge]) - edge]) for edge in (0, 1))
    for region, springs in spring_nights(first // NS_PER_DAY + 1, last // NS_PER_DAY - 1).items():
        met = np.isin(springs, nights)
        if len(springs) and met.all():
            message = f"an hour is missing on all {len(springs):,} nights when {region} clocks go forward"
            chosen = hour & np.isin(begins // NS_PER_DAY, springs)
            yield found("dst_hole", message, symbol=ordered.rows.symbols[n], count=len(springs),
                        rows=ordered.line[missing.before[chosen]], stamps=begins[chosen])  # fmt: skip


def spring_nights(first: int, last: int) -> dict[str, IntArray]:
    """Return the day numbers in [first, last] on which clocks go forward, by region.

    >>> {region: days.astype("M8[D]").tolist() for region, days in spring_nights(18_262, 18_400).items()}
    {'American': [datetime.date(2020, 3, 8)], 'European': [datetime.date(2020, 3, 29)]}
    """
    years = range(np.datetime64(first, "D").astype(object).year, np.datetime64(last, "D").astype(object).year + 1)
    american = [_sunday(year, 3, 2) if year >= 2007 else _sunday(year, 4, 1) for year in years]
    european = [_sunday(year, 4, 1) - 7 for year in years]  # the last one of March
    regions = {"American": american, "European": european}
    return {
        name: np.array([day for day in days if first <= day <= last], dtype=np.int64) for name, days in regions.items()
    }


def _sunday(year: int, month: int, which: int) -> int:
    first = (date(year, month, 1) - date(1970, 1, 1)).days
    return first + (6 - (first + 3) % 7) % 7 + 7 * (which - 1)


def _commonest(values: IntArray) -> int:
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()])
