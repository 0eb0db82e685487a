"""External series on bars: never before they were known, to the nanosecond, whatever the bars and the lag."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.data.bars import Bars
from stratkit.data.resample import bar_ends
from stratkit.data.series import ExternalSeries
from stratkit.errors import UsageError
from stratkit.features.external import SeriesSource, join_series
from stratkit.panel import NS_PER_DAY, FloatArray, parse_time

HOUR = NS_PER_DAY // 24


def bars_at(times: Any, close: Any = None, frequency: str = "1h", symbols: tuple[str, ...] = ("A",)) -> Bars:
    stamps = np.asarray(times, np.int64)
    panel = np.ones((len(stamps), len(symbols))) if close is None else np.asarray(close, np.float64)
    return Bars(stamps, symbols, panel, panel, panel, panel, panel, frequency=frequency)


def series_of(*rows: tuple[int, int, float], **more: Any) -> ExternalSeries:
    """Rows of (timestamp, known, value)."""
    times, known, values = (np.array(column) for column in zip(*rows))
    return ExternalSeries(times.astype(np.int64), known.astype(np.int64), values.astype(np.float64), **more)


def test_a_table_by_hand() -> None:
    hours = [hour * HOUR for hour in range(6)]  # bars end at 1, 2, 3, 4, 5, 6 o'clock
    series = series_of(
        (0, 2 * HOUR, 10.0),  # known exactly when the second bar ends: it counts there
        (HOUR, 3 * HOUR + 1, 11.0),  # one nanosecond after the third bar: it counts from the fourth on
        (0, 4 * HOUR, 12.0),  # revises what was replaced already: it never counts
        (2 * HOUR, 5 * HOUR, 13.0),
        (2 * HOUR, 5 * HOUR + 30, 14.0),  # its revision
    )
    panel = join_series(series, bars_at(hours))
    np.testing.assert_array_equal(panel.ravel(), [np.nan, 10, 10, 11, 13, 14])
    assert not panel.flags.writeable


def test_a_month_is_over_when_the_calendar_says_so() -> None:
    stamps = [parse_time(text) for text in ("2023-01-01", "2023-02-01", "2024-02-01")]
    known = [parse_time("2023-02-01"), parse_time("2023-03-01") + 1, parse_time("2024-02-29T23:59")]
    series = series_of(*((moment, moment, float(place)) for place, moment in enumerate(known)))
    panel = join_series(series, bars_at(stamps, frequency="1mo"))
    np.testing.assert_array_equal(panel.ravel(), [0.0, 0.0, 2.0])


def test_a_value_counts_for_its_longest_age_and_not_a_nanosecond_more() -> None:
    bars = bars_at([0, HOUR, 2 * HOUR])
    exactly = series_of((0, HOUR, 7.0), max_age_ns=HOUR)
    np.testing.assert_array_equal(join_series(exactly, bars).ravel(), [7, 7, np.nan])
    shorter = replace(exactly, max_age_ns=HOUR - 1)
    np.testing.assert_array_equal(join_series(shorter, bars).ravel(), [7, np.nan, np.nan])
    np.testing.assert_array_equal(join_series(replace(exactly, max_age_ns=None), bars).ravel(), [7, 7, 7])


def test_a_value_of_the_market_stands_on_every_symbol_that_has_a_bar() -> None:
    close = [[1.0, np.nan], [1.0, 1.0]]
    panel = join_series(series_of((0, 0, 5.0)), bars_at([0, HOUR], close, symbols=("A", "B")))
    np.testing.assert_array_equal(panel, [[5, np.nan], [5, 5]])


def test_values_by_symbol_stand_on_their_own_symbol() -> None:
    rows = [(0, 0, 1.0), (0, 0, 2.0), (HOUR, HOUR, 3.0)]
    series = series_of(*rows, symbols=("B", "X"), column=np.array([1, 0, 0]))
    bars = bars_at([0, HOUR], symbols=("A", "B", "X"))
    panel = join_series(series, bars)
    np.testing.assert_array_equal(panel, [[np.nan, 3, 1], [np.nan, 3, 1]])
    np.testing.assert_array_equal(join_series(series, bars.select(("X",))), panel[:, [2]])


def test_nothing_is_known_of_a_series_whose_symbols_the_bars_lack() -> None:
    series = series_of((0, 0, 1.0), symbols=("X",), column=np.array([0]))
    assert np.isnan(join_series(series, bars_at([0, HOUR]))).all()
    nothing = series.rows(np.zeros(1, np.bool_))
    assert np.isnan(join_series(replace(nothing, symbols=()), bars_at([0, HOUR]))).all()


@st.composite
def markets(draw: st.DrawFn) -> tuple[ExternalSeries, Bars]:
    """Few bars with holes, and a series whose moments crowd around the ends of the bars."""
    steps = draw(st.lists(st.integers(1, 4), min_size=1, max_size=12))
    times = np.cumsum(steps) * HOUR
    symbols = ("A", "B")
    holes = draw(st.lists(st.booleans(), min_size=2 * len(times), max_size=2 * len(times)))
    close = np.where(np.array(holes).reshape(-1, 2), np.nan, 1.0)
    moment = st.builds(lambda hour, off: hour * HOUR + off, st.integers(-2, 55), st.sampled_from([-1, 0, 1]))
    rows = draw(st.lists(st.tuples(moment, st.integers(0, 3 * HOUR), st.integers(0, 1)), min_size=1, max_size=25))
    stamps, delay, column = (np.array(part, np.int64) for part in zip(*rows))
    by_symbol = draw(st.booleans())
    keys = np.stack([stamps, delay, column if by_symbol else 0 * column])
    unique = np.sort(np.unique(keys, axis=1, return_index=True)[1])  # one value a stamp and publication
    stamps, delay, column = stamps[unique], delay[unique], column[unique]
    series = ExternalSeries(
        stamps,
        stamps + delay,
        np.arange(len(stamps), dtype=np.float64),
        ("A", "Z") if by_symbol else (),
        column,
        draw(st.sampled_from([None, 1, HOUR, 5 * HOUR])),
    )
    return series, bars_at(times, close, symbols=symbols)


def plain_join(series: ExternalSeries, bars: Bars) -> FloatArray:
    """The rule once more, one bar, symbol and row at a time."""
    panel = np.full(bars.shape, np.nan)
    for bar, end in enumerate(bar_ends(bars.times, bars.frequency)):
        for place, symbol in enumerate(bars.symbols):
            best: tuple[int, int, float] | None = None
            for time, known, value, column in zip(series.times, series.known, series.values, series.column):
                if series.symbols and series.symbols[column] != symbol:
                    continue
                if known <= end and (best is None or (time, known) >= best[:2]):
                    best = (time, known, value)
            fresh = best is not None and (series.max_age_ns is None or end - best[1] <= series.max_age_ns)
            if best is not None and fresh and np.isfinite(bars.close[bar, place]):
                panel[bar, place] = best[2]
    return panel


@given(markets())
@settings(max_examples=200, deadline=None)
def test_it_equals_a_plain_loop(market: tuple[ExternalSeries, Bars]) -> None:
    series, bars = market
    np.testing.assert_array_equal(join_series(series, bars), plain_join(series, bars))


@given(markets(), st.integers(0, 12))
@settings(max_examples=200, deadline=None)
def test_rows_that_become_known_later_change_nothing_before(market: tuple[ExternalSeries, Bars], bar: int) -> None:
    series, bars = market
    bar = min(bar, len(bars.times) - 1)
    end = int(bar_ends(bars.times, bars.frequency)[bar])
    before = join_series(series, bars)[: bar + 1]
    later = series.known > end
    changed = replace(series, values=np.where(later, -1.0, series.values), times=np.where(later, end, series.times))
    for other in (changed, series.rows(~later)):
        np.testing.assert_array_equal(join_series(other, bars)[: bar + 1], before)


@given(st.integers(0, 10**15), st.integers(0, 10**14), st.integers(-3, 3))
@settings(max_examples=200, deadline=None)
def test_a_value_of_time_t_is_invisible_before_t_plus_lag_to_the_nanosecond(stamp: int, lag: int, off: int) -> None:
    end = stamp + lag + off
    panel = join_series(series_of((stamp, stamp + lag, 1.0)), bars_at([end - HOUR]))
    assert np.isfinite(panel[0, 0]) == (off >= 0)


def test_a_source_joins_once_and_names_what_is_missing() -> None:
    bars = bars_at([0, HOUR])
    source = SeriesSource(bars, {"vix": series_of((0, 0, 5.0))})
    assert source.panel("vix") is source.panel("vix")
    with pytest.raises(UsageError, match=r"no series 'vxi'; did you mean 'vix'\?: configure data.series.vxi"):
        source.panel("vxi")
    with pytest.raises(UsageError, match=r"no series 'vix'; none is known: configure data.series.vix"):
        SeriesSource(bars).panel("vix")
    np.testing.assert_array_equal(source.on(bars.slice(0, 1)).panel("vix"), [[5.0]])


def test_a_series_that_covers_a_part_of_the_bars_or_ended_long_ago_is_told_of() -> None:
    bars = bars_at([hour * HOUR for hour in range(20)])
    late = series_of((12 * HOUR, 12 * HOUR, 5.0))  # known from the end of the bar before on
    ended = series_of((0, 0, 5.0), (4 * HOUR, 4 * HOUR, 6.0))
    whole = series_of((0, 0, 5.0), (19 * HOUR, 19 * HOUR, 6.0))
    assert list(SeriesSource(bars, {"late": late, "ended": ended, "whole": whole}).gaps()) == [
        "data.series.late is known on 45% of the bars; what reads it is silent on the others",
        "data.series.ended ends 1970-01-01 04:00 and is taken to stand from there on: set its max_age",
    ]


def test_values_of_a_day_that_are_said_to_be_known_at_its_beginning_are_told_of() -> None:
    day = 24 * HOUR
    bars = bars_at([place * day for place in range(4)], frequency="1d")
    early = series_of((0, 0, 5.0), (3 * day, 3 * day, 6.0))
    late = series_of((0, day, 5.0), (2 * day, 3 * day, 6.0))
    source = SeriesSource(bars, {"early": early, "late": late})
    told = [gap for gap in source.gaps() if "midnight" in gap]
    assert len(told) == 1
    assert told[0].startswith("data.series.early is stamped at midnight and said to be known by then")
