"""`order_rows`: raw rows on their way to `OrderedRows`, with findings on zones, order, repeats and grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from stratkit.data.bars import PRICES
from stratkit.data.findings import Finding, counted, found
from stratkit.data.import_settings import ImportSettings
from stratkit.data.ordered_rows import OrderedRows, sorted_rows
from stratkit.data.raw_rows import RawRows
from stratkit.data.rows import Rows
from stratkit.errors import DataError
from stratkit.frequency import frequency_ns, is_intraday, measure_frequency
from stratkit.panel import NS_PER_DAY, BoolArray, FloatArray, IntArray, format_time

_EARLIEST: Final = int(np.datetime64("1800-01-01", "ns").astype(np.int64))
_LATEST: Final = int(np.datetime64("2150-01-01", "ns").astype(np.int64))
_ENOUGH_STEPS: Final = 20
_ROUND_NS: Final = 1800 * 1_000_000_000  # sessions open and close on the half hour


def order_rows(raw: RawRows, settings: ImportSettings) -> tuple[OrderedRows, list[Finding]]:
    """Return the rows in UTC, in order and without repeats, and what was wrong with their stamps.

    Of repeated stamps the first row in the file stays. Stamps without a zone count as UTC unless
    `settings.tz` says otherwise. Raises `DataError` when no row is left.
    """
    plausible = (raw.rows.times >= _EARLIEST) & (raw.rows.times <= _LATEST)
    notes = list(_implausible(raw, plausible))
    raw = replace(raw, rows=raw.rows.take(plausible).without_empty(), line=raw.line[plausible])
    if not len(raw.line):
        raise DataError(f"{raw.path} must hold bars; no row with a stamp was found: make it again")
    frequency = settings.frequency or raw.frequency or _measured(raw)
    rows, more = _in_utc(raw, settings, frequency)
    notes += more
    notes += _order_notes(rows, raw.line)
    rows, line = sorted_rows(rows, raw.line)
    repeats = np.append(False, rows.inner_steps == 0)
    notes += _repeat_notes(OrderedRows(rows, line, frequency), repeats)
    ordered = OrderedRows(rows, line, frequency).chosen(~repeats)
    notes += [*_other_frequency(ordered), *_off_grid(ordered)]
    if settings.stamp == "start":
        notes += _end_stamped(ordered)
    return ordered, notes


def _measured(raw: RawRows) -> str:
    """Return the commonest step between distinct stamps of one symbol."""
    rows, _ = sorted_rows(raw.rows, raw.line)
    steps = rows.inner_steps
    steps = steps[steps > 1]
    if not len(steps):
        return "1d"
    lengths, counts = np.unique(steps, return_counts=True)
    commonest = int(lengths[counts.argmax()])
    if NS_PER_DAY < commonest < 7 * NS_PER_DAY and not (rows.times % NS_PER_DAY).any():
        return "1d"  # session dates with holes: nothing trades every third day
    whole = commonest - commonest % 1_000_000_000 or 1_000_000_000  # a step off the second is no frequency
    return measure_frequency(np.array([0, whole]))


def _implausible(raw: RawRows, plausible: BoolArray) -> Iterator[Finding]:
    if plausible.all():
        return
    line, times = raw.line[~plausible], raw.rows.times[~plausible]
    message = f"{counted(len(line), 'stamp')} outside 1800 .. 2150, first {format_time(int(times[0]))}"
    yield found("implausible_stamp", message, count=len(line), rows=line, stamps=times)


def _in_utc(raw: RawRows, settings: ImportSettings, frequency: str) -> tuple[Rows, list[Finding]]:
    """Return the rows with the starts of their bars in UTC; daily bars at midnight stand at 00:00 of their date."""
    times = raw.rows.times
    daily = not is_intraday(frequency)
    notes: list[Finding] = []
    if raw.aware:
        zone = settings.tz or raw.zone
        if daily and zone not in (None, "UTC"):
            wall = pd.DatetimeIndex(times.view("M8[ns]")).tz_localize("UTC").tz_convert(zone).tz_localize(None)
            ns = np.asarray(wall.as_unit("ns").asi8)
            times = ns if not (ns % NS_PER_DAY).any() else times
    elif (times % NS_PER_DAY).any() or not daily:
        if settings.tz is None:
            notes.append(
                found("no_time_zone", f"stamps such as {format_time(int(times[0]))} have no time zone", count=1)
            )
        else:
            times, notes = _localized(raw, settings.tz)
    if settings.stamp == "end":
        times = times - frequency_ns(frequency)
    return replace(raw.rows, times=np.asarray(times, dtype=np.int64)), notes


def _localized(raw: RawRows, zone: str) -> tuple[IntArray, list[Finding]]:
    """Return wall-clock stamps in UTC: of an hour that was twice the first copy is summer time, the next winter."""
    clock = pd.DatetimeIndex(raw.rows.times.view("M8[ns]"))
    far = pd.Timedelta(hours=3)
    doubled = np.asarray(clock.tz_localize(zone, ambiguous="NaT", nonexistent=far).isna())
    skipped = np.asarray(clock.tz_localize(zone, ambiguous=np.ones(len(clock), dtype=bool), nonexistent="NaT").isna())
    again = np.append(False, raw.rows.times[1:] <= raw.rows.times[:-1])
    back = doubled & (np.cumsum(again & doubled) > 0)
    summer = ~_second_copies(raw, doubled) if back.any() else np.ones(len(clock), dtype=bool)
    times = clock.tz_localize(zone, ambiguous=summer, nonexistent="shift_forward").tz_convert("UTC").tz_localize(None)
    notes = []
    for code, mask, what in (("dst_skipped", skipped, "never were"), ("dst_doubled", doubled, "were twice")):
        if mask.any():
            count = int(mask.sum())
            first = format_time(int(raw.rows.times[mask.argmax()]))
            message = f"{counted(count, 'stamp')} that {what} in {zone}, first {first}"
            notes.append(found(code, message, count=count, rows=raw.line[mask], stamps=raw.rows.times[mask]))
    return np.asarray(times.as_unit("ns").asi8), notes


def _second_copies(raw: RawRows, doubled: BoolArray) -> BoolArray:
    """Whether a doubled stamp was there before within its symbol."""
    owner = np.repeat(np.arange(len(raw.rows.symbols)), np.diff(raw.rows.offsets))
    places = np.flatnonzero(doubled)
    order = places[np.lexsort((places, raw.rows.times[places], owner[places]))]
    same = (np.diff(raw.rows.times[order]) == 0) & (np.diff(owner[order]) == 0)
    second: BoolArray = np.zeros(len(doubled), dtype=np.bool_)
    second[order[1:][same]] = True
    return second


def _order_notes(rows: Rows, line: IntArray) -> Iterator[Finding]:
    ordered = OrderedRows(rows, line, "1d")
    back = np.flatnonzero(rows.inner_steps < 0) + 1
    if not len(back):
        return
    forward = np.bincount(ordered.owner[np.flatnonzero(rows.inner_steps > 1) + 1], minlength=len(rows.symbols))
    backward = np.bincount(ordered.owner[back], minlength=len(rows.symbols))
    falling = (backward > 9 * forward) & (backward > 1)
    falls = falling[ordered.owner[back]]

    def say(count: int, row: int) -> str:
        return f"{counted(count, 'step')} back in time, first {format_time(int(rows.times[row]))}"

    def say_falling(_count: int, row: int) -> str:
        return f"rows run from the newest to the oldest, second {format_time(int(rows.times[row]))}"

    yield from ordered.findings("unsorted", back[~falls], say)
    yield from ordered.findings("descending", back[falls], say_falling)


def _repeat_notes(ordered: OrderedRows, repeats: BoolArray) -> Iterator[Finding]:
    if not repeats.any():
        return
    rows = ordered.rows
    priced = repeats.copy()
    for name in PRICES:
        priced[1:] &= _equal_to_last(getattr(rows, name))
    same = priced.copy()
    same[1:] &= _equal_to_last(rows.volume)

    def say(values: str) -> Callable[[int, int], str]:
        return lambda count, row: (
            f"{counted(count, 'repeated stamp')} with {values}, first {format_time(int(rows.times[row]))}"
        )

    def say_conflict(count: int, row: int) -> str:
        own = ordered.owner == ordered.owner[row]
        volumes = int((priced & ~same & own).sum())
        what = "other values" if not volumes else f"other values ({volumes:,} of them in the volume only)"
        return say(what)(count, row)

    yield from ordered.findings("equal_duplicates", np.flatnonzero(same), say("equal values"))
    yield from ordered.findings("conflicting_duplicates", np.flatnonzero(repeats & ~same), say_conflict)


def _equal_to_last(column: FloatArray) -> BoolArray:
    return np.asarray((column[1:] == column[:-1]) | (np.isnan(column[1:]) & np.isnan(column[:-1])))


def _other_frequency(ordered: OrderedRows) -> Iterator[Finding]:
    rows = ordered.rows
    if len(rows.symbols) == 1:
        return
    for symbol, start, stop in zip(rows.symbols, rows.offsets[:-1].tolist(), rows.offsets[1:].tolist(), strict=True):
        if stop - start <= _ENOUGH_STEPS:
            continue
        steps = rows.inner_steps[start : stop - 1]
        step = int(np.median(steps))
        if step != ordered.step_ns and not (step > ordered.step_ns and (steps == ordered.step_ns).any()):
            word = measure_frequency(np.array([0, max(step - step % 1_000_000_000, 1_000_000_000)]))
            message = f"bars are {word} apart, those of the others {ordered.frequency}"
            yield found("mixed_frequency", message, symbol=symbol, count=stop - start, rows=ordered.line[start:stop],
                        stamps=rows.times[start:stop])  # fmt: skip


def _off_grid(ordered: OrderedRows) -> Iterator[Finding]:
    """Yield stamps whose place within a step is another than the usual one, where one is usual."""
    step = min(ordered.step_ns, NS_PER_DAY)
    if ordered.frequency.endswith(("w", "mo")):
        return
    phase = ordered.rows.times % step
    phases, counts = np.unique(phase, return_counts=True)
    usual = phases[counts > 0.02 * len(phase)]  # daylight saving and early sessions have phases of their own
    off = np.flatnonzero(~np.isin(phase, usual))
    if len(off) and len(usual):

        def say(count: int, row: int) -> str:
            first = format_time(int(ordered.rows.times[row]))
            return f"{counted(count, 'stamp')} beside the {ordered.frequency} grid, first {first}"

        yield from ordered.findings("off_grid", off, say)


def _end_stamped(ordered: OrderedRows) -> Iterator[Finding]:
    """Yield the question whether stamps are ends: days that begin one bar after the half hour and end on it."""
    if not ordered.intraday or ordered.step_ns >= _ROUND_NS:
        return
    rows = ordered.rows
    days = rows.times // NS_PER_DAY
    first = np.flatnonzero(np.append(True, (days[1:] != days[:-1]) | (rows.inner_steps == 1)))
    last = np.append(first[1:] - 1, len(days) - 1)
    opens, closes = _commonest(rows.times[first] % NS_PER_DAY), _commonest(rows.times[last] % NS_PER_DAY)
    if opens % _ROUND_NS == ordered.step_ns and closes % _ROUND_NS == 0:
        shown = [format_time(NS_PER_DAY + clock).split(" ")[-1] for clock in (opens, closes)]
        message = f"days begin at {shown[0]} and end at {shown[1]}: stamps may be the ends of their bars"
        yield found("end_stamped", message, count=len(rows.times))


def _commonest(values: IntArray) -> int:
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()])
