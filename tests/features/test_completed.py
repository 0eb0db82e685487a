"""Indicators on coarser bars: by hand, against a plain loop, and blind to what comes later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stratkit.data.bars import Bars
from stratkit.errors import DataError, UsageError
from stratkit.features.completed import is_same_length
from stratkit.features.indicators import macd, momentum, rsi, sma
from stratkit.features.source import IndicatorSource
from stratkit.features.specs import indicator
from stratkit.panel import FloatArray, parse_time
from stratkit.strategies.context import Context
from stratkit.testing import sample_bars

NAN = np.nan
MINUTE = 60_000_000_000
LENGTHS = {
    "1min": timedelta(minutes=1), "30min": timedelta(minutes=30), "1h": timedelta(hours=1), "1d": timedelta(days=1),
}  # fmt: skip
CALLS: list[int] = []


@indicator("close", lookback=lambda ahead=0: 1)
def weekly_change(values: FloatArray, ahead: int = 0) -> FloatArray:
    CALLS.append(len(values))
    return np.diff(values, axis=0, prepend=np.full_like(values[:1], NAN)) + ahead


def bars_of(rows: Mapping[str, tuple[float, ...]], frequency: str) -> Bars:
    """Bars from a close per symbol at each stamp; NaN = no bar."""
    close = np.array(list(rows.values()), np.float64)
    times = np.array([parse_time(stamp) for stamp in rows])
    return panels_of(times, close, frequency)


def panels_of(times: Any, close: FloatArray, frequency: str) -> Bars:
    symbols = tuple("ABCD"[: close.shape[1]])
    return Bars(np.asarray(times), symbols, close, close, close, close, np.ones_like(close), frequency)


def last_close(bars: Bars, timeframe: str) -> FloatArray:
    """The close of the last coarse bar: an average over one bar."""
    return IndicatorSource(bars).compute(sma, 1, timeframe=timeframe)


def test_each_hour_knows_the_last_day_that_is_over() -> None:
    rows = {
        "2024-01-01 22:00": (1.0, 11.0),
        "2024-01-01 23:00": (2.0, NAN),  # A: its close is the end of the day
        "2024-01-02 00:00": (3.0, 13.0),  # B: the first bar after the end of the day
        "2024-01-02 22:00": (4.0, NAN),  # B has no bar, so nothing is known of it
        "2024-01-02 23:00": (5.0, 15.0),
        "2024-01-03 00:00": (6.0, 16.0),
    }
    a, b = last_close(bars_of(rows, "1h"), "1d").T
    np.testing.assert_array_equal(a, [NAN, 2, 2, 2, 5, 5])
    np.testing.assert_array_equal(b, [NAN, NAN, 11, NAN, 15, 15])


def test_weeks_start_on_monday() -> None:
    rows = {
        "2024-01-05": (1.0, 11.0),  # Friday
        "2024-01-07": (NAN, 12.0),  # Sunday ends the week
        "2024-01-08": (3.0, 13.0),
        "2024-01-14": (4.0, NAN),
        "2024-01-16": (5.0, 15.0),
    }
    a, b = last_close(bars_of(rows, "1d"), "1w").T
    np.testing.assert_array_equal(a, [NAN, NAN, 1, 4, 4])
    np.testing.assert_array_equal(b, [NAN, 12, 12, NAN, 13])


def test_three_days_count_from_1970() -> None:
    # 1970-01-01 is day 0, and 2024-01-03 day 19,725 = 3 x 6,575
    rows = {f"2024-01-{day:02}": (float(day),) for day in range(1, 10)}
    np.testing.assert_array_equal(
        last_close(bars_of(rows, "1d"), "3d").ravel(), [NAN, 2, 2, 2, 5, 5, 5, 8, 8]
    )  # fmt: skip


def test_sessions_of_half_hours_are_cut_at_full_hours() -> None:
    rows = {
        "2024-01-02 14:30": (1.0,),  # alone in the hour from 14:00
        "2024-01-02 15:00": (2.0,),
        "2024-01-02 15:30": (3.0,),
        "2024-01-02 20:30": (4.0,),  # the day is over at midnight, of which the next session tells
        "2024-01-03 14:30": (5.0,),
    }
    bars = bars_of(rows, "30min")
    np.testing.assert_array_equal(last_close(bars, "1h").ravel(), [1, 1, 3, 4, 5])
    np.testing.assert_array_equal(last_close(bars, "1d").ravel(), [NAN, NAN, NAN, NAN, 4])


def test_a_value_that_a_coarse_bar_has_not_is_not_that_of_an_earlier_one() -> None:
    rows = {f"2024-01-{day:02}": (float(day),) for day in (1, 7, 8, 14, 15, 21)}
    weekly = IndicatorSource(bars_of(rows, "1d")).compute(weekly_change, timeframe="1w")
    np.testing.assert_array_equal(weekly.ravel(), [NAN, NAN, NAN, 7, 7, 7])


def test_coarse_bars_are_made_once_and_minutes_may_be_written_m() -> None:
    CALLS.clear()
    source = IndicatorSource(panels_of(np.arange(60) * MINUTE, np.arange(60.0).reshape(-1, 1), "1min"))
    first = source.compute(weekly_change, timeframe="5m")
    assert source.compute(weekly_change, 0, timeframe="5min") is first
    assert source.coarser("5m") is source.coarser("5min")
    assert CALLS == [12]
    assert not first.flags.writeable


def test_the_bars_own_timeframe_is_no_other_question() -> None:
    source = IndicatorSource(sample_bars(50))
    plain = source.compute(sma, 5)
    for timeframe in ("1d", "24h", None):
        assert source.compute(sma, 5, timeframe=timeframe) is plain
    assert not np.array_equal(source.compute(sma, 5, timeframe="1w"), plain, equal_nan=True)


def test_a_timeframe_may_read_another_field_and_give_several_panels() -> None:
    bars = sample_bars(300)
    source = IndicatorSource(bars)
    coarser = source.coarser("1w")
    assert coarser is not None
    found = source.compute(macd, 3, 5, 2, on="volume", timeframe="1w")
    plain = IndicatorSource(coarser.source.bars).compute(macd, 3, 5, 2, on="volume")
    for name in ("line", "signal", "histogram"):
        np.testing.assert_array_equal(getattr(found, name), coarser.join.as_of(getattr(plain, name)))


def test_the_lookback_is_the_first_bar_that_may_know_enough_coarse_ones() -> None:
    # Monday to Sunday from 2024-01-01: week k is complete on day 7 x (k + 1) - 1
    rows = {f"2024-01-{day:02}": (float(day),) for day in range(1, 29)}
    context = Context(bars_of(rows, "1d"))
    context.compute(sma, 3, timeframe="1w")
    assert context.lookback_bars == 20
    context.compute(sma, 5, timeframe="1w")  # five weeks are not there
    assert context.lookback_bars == 28


@pytest.mark.parametrize(
    ("frequency", "timeframe", "message"),
    [
        ("1d", "1h", "a timeframe must be coarser than the bars; found 1h on bars of 1d"),
        ("1d", "5m", "a timeframe must be coarser than the bars; found 5min on bars of 1d"),
        ("2h", "3h", "each 2h bar must fall into one 3h bar"),
        ("1d", "week", "a frequency must be a count and one of s, min, h, d, w, mo, such as 5min; found 'week'"),
    ],
)
def test_a_timeframe_that_does_not_fit_is_refused(frequency: str, timeframe: str, message: str) -> None:
    source = IndicatorSource(bars_of({"2024-01-01": (1.0,), "2024-01-08": (1.0,)}, frequency))
    with pytest.raises(UsageError) as caught:
        source.compute(rsi, 14, timeframe=timeframe)
    assert str(caught.value).startswith(message)


def test_bars_that_overlap_where_a_coarse_bar_ends_are_refused() -> None:
    rows = {"2024-01-01 23:00": (1.0, NAN), "2024-01-01 23:30": (NAN, 2.0)}
    with pytest.raises(DataError, match="must not overlap where a bar of 1d ends"):
        last_close(bars_of(rows, "1h"), "1d")


def test_a_month_has_no_length_in_days() -> None:
    assert is_same_length("12mo", "12mo")
    assert not is_same_length("1mo", "30d")


# against a plain loop, and truncated

GRIDS = {
    "1min": (np.arange(0, 400), MINUTE),
    "30min": (np.flatnonzero([29 <= bar % 48 < 42 and bar // 48 % 7 < 5 for bar in range(48 * 12)]), 30 * MINUTE),
    "1h": (np.arange(0, 24 * 9), 60 * MINUTE),
    "1d": (np.arange(0, 60), 24 * 60 * MINUTE),
}
TIMEFRAMES = {
    "1min": ("3m", "5m", "15m", "30m", "1h"),
    "30min": ("1h", "4h", "6h", "12h", "1d", "3d", "1w"),
    "1h": ("4h", "1d", "3d", "1w"),
    "1d": ("3d", "1w", "1mo"),
}


@st.composite
def markets(draw: st.DrawFn) -> tuple[Bars, str]:
    """Bars of symbols with calendars of their own on a grid with holes, and a coarser timeframe."""
    frequency = draw(st.sampled_from(sorted(GRIDS)))
    grid, step = GRIDS[frequency]
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    kept = grid[random.random(len(grid)) < draw(st.sampled_from([1.0, 0.7, 0.2]))]
    assume(len(kept) > 1)
    columns = draw(st.integers(1, 3))
    holes = random.random((len(kept), columns)) < draw(st.sampled_from([0.0, 0.3, 0.8]))
    holes[np.arange(len(kept)), np.arange(len(kept)) % columns] = False  # some symbol has each stamp
    close = np.where(holes, NAN, 1.0 + np.arange(holes.size).reshape(holes.shape))
    start = parse_time("2024-02-26") + draw(st.integers(0, 6)) * 24 * 60 * MINUTE
    bars = panels_of(start + kept * step, close, frequency)
    return bars, draw(st.sampled_from(TIMEFRAMES[frequency]))


def coarse_end(moment: datetime, timeframe: str) -> datetime:
    """The end of the coarse bar that holds a stamp, by calendar arithmetic."""
    day = moment.replace(hour=0, minute=0)
    if timeframe == "1mo":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    if timeframe == "1w":
        return day + timedelta(days=7 - day.weekday())
    count, unit = int(timeframe[:-1]), {"m": "minutes", "h": "hours", "d": "days"}[timeframe[-1]]
    length = timedelta(**{unit: count})
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return moment - since % length + length


def by_loop(bars: Bars, timeframe: str) -> tuple[FloatArray, FloatArray]:
    """The close of the last complete coarse bar, and its change from the one before, bar by bar."""
    close, change = np.full(bars.shape, NAN), np.full(bars.shape, NAN)
    for column in range(bars.shape[1]):
        closes: dict[datetime, float] = {}  # by the end of its coarse bar
        for bar, time in enumerate(bars.times.tolist()):
            price = bars.close[bar, column]
            if np.isnan(price):
                continue
            moment = datetime.fromtimestamp(time / 1e9, UTC)
            closes[coarse_end(moment, timeframe)] = float(price)
            known = [value for end, value in closes.items() if end <= moment + LENGTHS[bars.frequency]]
            close[bar, column] = known[-1] if known else NAN
            change[bar, column] = known[-1] - known[-2] if len(known) > 1 else NAN
    return close, change


def own_change(bars: Bars, timeframe: str) -> FloatArray:
    return IndicatorSource(bars).compute(momentum, 1, timeframe=timeframe)


@given(market=markets())
@settings(max_examples=200)
def test_it_agrees_with_a_plain_loop(market: tuple[Bars, str]) -> None:
    bars, timeframe = market
    close, change = by_loop(bars, timeframe)
    np.testing.assert_array_equal(last_close(bars, timeframe), close)
    np.testing.assert_array_equal(own_change(bars, timeframe), change)
    context = Context(bars)
    context.compute(sma, 1, timeframe=timeframe)
    first = np.flatnonzero(np.isfinite(close).any(axis=1)).tolist()
    assert context.lookback_bars == (first[0] if first else len(close))


@given(market=markets(), data=st.data())
@settings(max_examples=25)
def test_nothing_known_at_a_bar_changes_with_what_comes_after_it(market: tuple[Bars, str], data: st.DataObject) -> None:
    bars, timeframe = market
    whole = own_change(bars, timeframe)
    for stop in range(1, len(bars.times)):
        np.testing.assert_array_equal(own_change(bars.slice(0, stop), timeframe), whole[:stop])
    stop = data.draw(st.integers(1, len(bars.times)))
    changed = bars.close.copy()
    changed[stop:] = np.where(np.isnan(changed[stop:]), 7.0, NAN)  # holes where bars were, bars where holes were
    other = replace(bars, open=changed, high=changed, low=changed, close=changed)
    np.testing.assert_array_equal(own_change(other, timeframe)[:stop], whole[:stop])
