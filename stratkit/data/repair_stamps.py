"""Repairs of stamps: zone, end to start, order, and which row of a repeated stamp stays."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from stratkit.data.bars import FIELDS
from stratkit.data.clean_settings import CleanSettings
from stratkit.data.raw_rows import RawRows
from stratkit.data.repair import bits, owner, reordered, taken, with_values
from stratkit.data.source_lines import source_lines
from stratkit.errors import UsageError
from stratkit.frequency import frequency_ns
from stratkit.panel import NS_PER_DAY, BoolArray, IntArray

_ZONED: Final = re.compile(r"\d:\d{2}([.]\d+)? ?(Z|UTC|[+-]\d{2}(:?\d{2})?)\b")


def localize(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows with wall-clock stamps of `settings.tz` in UTC; stamps that are no one moment go.

    Clocks that go forward skip an hour and clocks that go back repeat one: a row stamped there cannot be placed.
    Midnights of daily bars are dates and stay. In a file where only some stamps lack a zone, `lines` tells which.
    """
    if settings.tz is None:
        return raw
    if raw.aware and not len(lines):
        return raw
    local = _without_zone(raw, lines) if raw.aware else np.ones(len(raw.line), dtype=np.bool_)
    if not (raw.rows.times[local] % NS_PER_DAY).any():
        return replace(raw, aware=True)
    clock = pd.DatetimeIndex(raw.rows.times[local].view("M8[ns]"))
    placed = clock.tz_localize(settings.tz, ambiguous="NaT", nonexistent="NaT")
    lost = np.zeros(len(local), dtype=np.bool_)
    lost[local] = np.asarray(placed.isna())
    times = raw.rows.times.copy()
    times[local] = placed.as_unit("ns").asi8
    return replace(taken(with_values(raw, {"times": times}), ~lost), aware=True, zone="UTC")


def _without_zone(raw: RawRows, lines: IntArray) -> BoolArray:
    """Return (K,) which rows of a mixed file have no zone: those on `lines`, or all others."""
    named = np.isin(raw.line, lines)
    text = source_lines(raw.path, lines[:1]).get(int(lines[0]), "")
    return ~named if _ZONED.search(text) else named


def shift_to_start(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows stamped one bar earlier: at the start instead of the end."""
    if settings.stamp == "start" or not len(raw.line):
        return raw
    word = settings.frequency or raw.frequency
    length = frequency_ns(word) if word else _commonest_step(raw)
    if word and word.endswith("mo"):
        raise UsageError("monthly bars must be stamped at their start: --stamp end is for fixed lengths")
    return with_values(raw, {"times": raw.rows.times - length})


def _commonest_step(raw: RawRows) -> int:
    rows = reordered(raw, np.lexsort((raw.rows.times, owner(raw)))).rows
    steps = rows.inner_steps[rows.inner_steps > 1]
    if not len(steps):
        raise UsageError("the length of a bar must be known to shift its stamp; say it with --frequency")
    lengths, counts = np.unique(steps, return_counts=True)
    return int(lengths[counts.argmax()])


def sort(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows of each symbol in order of their stamps; equal stamps stay in the order found."""
    if not (raw.rows.inner_steps < 0).any():
        return raw
    return reordered(raw, np.lexsort((raw.line, raw.rows.times, owner(raw))))


def drop_equal(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows without those that say again what an earlier row of the file says."""
    columns = [bits(getattr(raw.rows, name)) for name in FIELDS]
    order = np.lexsort((raw.line, *columns, raw.rows.times, owner(raw)))
    same = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for values in (*columns, raw.rows.times, owner(raw)):
        same &= values[order][1:] == values[order][:-1]
    kept = np.ones(len(order), dtype=np.bool_)
    kept[order[1:][same]] = False
    return taken(raw, kept)


def keep_one(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows with one of each stamp: the first or last of the file, or that of the largest volume.

    Of equal volumes the first of the file stays; an unknown volume is below all others.
    """
    if settings.keep is None:
        return raw
    preference = {
        "first": raw.line,
        "last": -raw.line,
        "volume": -np.nan_to_num(raw.rows.volume, nan=-np.inf),
    }[settings.keep]
    order = np.lexsort((raw.line, preference, raw.rows.times, owner(raw)))
    again = (np.diff(raw.rows.times[order]) == 0) & (np.diff(owner(raw)[order]) == 0)
    kept = np.ones(len(order), dtype=np.bool_)
    kept[order[1:][again]] = False
    return taken(raw, kept)
