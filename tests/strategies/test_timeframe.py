"""Signals on coarser bars: by hand, against a plain loop, and blind to what comes later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stratkit.data.bars import Bars
from stratkit.errors import DataError, StrategyError, UsageError
from stratkit.panel import FloatArray, parse_time
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.library.sma_cross import SmaCross
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.running import opinions, run_strategy
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.timeframe import on_coarser_bars
from stratkit.testing import check_strategy, sample_bars

NAN = np.nan
HOUR = 3_600_000_000_000


class Echo(Strategy):
    """Be long on every bar, with its close as the size: the size says which bar spoke."""

    class Params(Parameters):
        wait: int = bounded(0, low=0, high=50, description="bars of silence at the start")

    @property
    def warmup_bars(self) -> int:
        return int(self.params.wait)

    def signals(self, context: Context) -> Signals:
        everywhere = np.ones(context.shape, np.bool_)
        return self.sides(context, long=everywhere, size=context.bars.close)


def bars_of(rows: Mapping[str, tuple[float, ...]], frequency: str) -> Bars:
    """Bars from a close per symbol at each stamp; NaN = no bar."""
    close = np.array(list(rows.values()), np.float64)
    times = np.array([parse_time(stamp) for stamp in rows])
    symbols = tuple("ABC"[: close.shape[1]])
    return Bars(times, symbols, close, close, close, close, np.ones_like(close), frequency)


def spoken(signals: Signals) -> FloatArray:
    """The size where there is an opinion, else NaN."""
    assert signals.size is not None
    return np.where(opinions(signals), signals.size, NAN)


def echoed(rows: Mapping[str, tuple[float, ...]], frequency: str, timeframe: str, **params: int) -> list[list[float]]:
    signals = on_coarser_bars(Echo(**params), Context(bars_of(rows, frequency)), timeframe)
    return [[float(value) for value in column] for column in spoken(signals).T]


def test_a_day_speaks_on_the_hour_that_ends_it_or_on_the_first_one_after_a_gap() -> None:
    rows = {
        "2024-01-01 22:00": (1.0, 11.0),
        "2024-01-01 23:00": (2.0, NAN),  # A: ends exactly with the day
        "2024-01-02 00:00": (3.0, 13.0),  # B: the first bar of the next day
        "2024-01-02 22:00": (4.0, NAN),
        "2024-01-02 23:00": (5.0, 15.0),
        "2024-01-03 00:00": (6.0, 16.0),  # a day that is not over
    }
    a, b = echoed(rows, "1h", "1d")
    np.testing.assert_array_equal(a, [NAN, 2, NAN, NAN, 5, NAN])
    np.testing.assert_array_equal(b, [NAN, NAN, 11, NAN, 15, NAN])


def test_over_a_weekend_friday_speaks_on_monday_whoever_trades_in_between() -> None:
    rows = {
        "2024-01-05 14:00": (1.0, 11.0),  # Friday
        "2024-01-05 20:00": (2.0, 12.0),
        "2024-01-06 10:00": (NAN, 13.0),  # Saturday: B only
        "2024-01-08 14:00": (4.0, 14.0),  # Monday
        "2024-01-08 15:00": (5.0, 15.0),
    }
    a, b = echoed(rows, "1h", "1d")
    np.testing.assert_array_equal(a, [NAN, NAN, NAN, 2, NAN])
    np.testing.assert_array_equal(b, [NAN, NAN, 12, 13, NAN])
    without_b = {stamp: values[:1] for stamp, values in rows.items()}
    np.testing.assert_array_equal(echoed(without_b, "1h", "1d")[0], a)


def test_a_newer_bar_that_is_complete_at_once_drops_the_older_one() -> None:
    rows = {
        "2024-01-01 20:00": (1.0, 11.0),
        "2024-01-01 23:00": (2.0, NAN),
        "2024-01-02 23:00": (3.0, 13.0),  # B: ends both days
    }
    a, b = echoed(rows, "1h", "1d")
    np.testing.assert_array_equal(a, [NAN, 2, 3])
    np.testing.assert_array_equal(b, [NAN, NAN, 13])


def test_a_newer_bar_drops_the_older_one_even_when_it_has_nothing_to_say() -> None:
    class First(Strategy):
        """Be long on the first bar only."""

        def signals(self, context: Context) -> Signals:
            first = np.zeros(context.shape, np.bool_)
            first[0] = True
            return self.sides(context, long=first)

    rows = {"2024-01-01 20:00": (1.0,), "2024-01-02 23:00": (3.0,), "2024-01-03 00:00": (3.0,)}
    assert not opinions(on_coarser_bars(First(), Context(bars_of(rows, "1h")), "1d")).any()


def test_a_week_of_days_ends_on_sunday_or_speaks_on_monday() -> None:
    rows = {
        "2024-01-05": (1.0, 11.0),  # Friday
        "2024-01-07": (NAN, 12.0),  # Sunday ends the week
        "2024-01-08": (3.0, 13.0),
        "2024-01-14": (4.0, NAN),
        "2024-01-16": (5.0, 15.0),
    }
    a, b = echoed(rows, "1d", "1w")
    np.testing.assert_array_equal(a, [NAN, NAN, 1, 4, NAN])
    np.testing.assert_array_equal(b, [NAN, 12, NAN, NAN, 13])


def test_months_end_by_the_calendar() -> None:
    days = {
        "2024-01-31": (1.0,),
        "2024-02-28": (2.0,),
        "2024-02-29": (3.0,),
        "2024-03-30": (4.0,),
        "2024-04-02": (5.0,),
    }
    np.testing.assert_array_equal(echoed(days, "1d", "1mo")[0], [1, NAN, 3, NAN, 4])
    months = {f"2024-{month:02}-01": (float(month),) for month in range(1, 9)}
    np.testing.assert_array_equal(echoed(months, "1mo", "3mo")[0], [NAN, NAN, 3, NAN, NAN, 6, NAN, NAN])


def test_the_warm_up_is_the_first_bar_that_may_speak() -> None:
    rows = {f"2024-01-{day:02} {hour:02}:00": (float(day), float(day)) for day in range(1, 6) for hour in (12, 23)}
    context = Context(bars_of(rows, "1h"))
    assert [on_coarser_bars(Echo(wait=wait), context, "1d").warmup_bars for wait in (0, 2, 5, 9)] == [1, 5, 10, 10]
    assert on_coarser_bars(SmaCross(fast=2, slow=3), context, "1d").warmup_bars == 7


class Everything(Strategy):
    """Give every panel that goes with a side, each different on each bar."""

    def signals(self, context: Context) -> Signals:
        shape = context.shape
        count = np.arange(1.0, shape[0] * shape[1] + 1).reshape(shape)
        return Signals(
            self.name,
            side=np.where(context.has_bar, 2 - count.astype(np.int64) % 2, 0).astype(np.int8),
            confidence=(count / 100).astype(np.float32),
            size=count,
            risk_unit=count + 1,
            stop_level=count + 2,
            target_level=count + 3,
            exit_fraction=count / 1000,
            entry_level=count + 5,
            entry_order="limit",
            exit_plan=ExitPlan(sl=1.0),
            plan=(count % 2).astype(np.int16),
            plans=(ExitPlan(sl=2.0), ExitPlan(sl=3.0)),
            size_unit="fraction",
            remarks={(0, 0): "first", (0, 1): "dropped", (1, 0): "second", (2, 0): "never"},
            params={"a": 1},
        )


ROWS = {
    "2024-01-01 12:00": (1.0, 1.0),
    "2024-01-01 23:00": (1.0, NAN),
    "2024-01-02 12:00": (1.0, NAN),
    "2024-01-02 23:00": (1.0, 1.0),  # B: ends both days
    "2024-01-03 12:00": (1.0, 1.0),
}


def test_every_panel_is_carried_to_the_one_bar_and_silent_elsewhere() -> None:
    context = Context(bars_of(ROWS, "1h"))
    signals = on_coarser_bars(Everything(), context, "1d")
    # days x symbols counts 1 2 / 3 4 / 5 6; A: day 0 on row 1, day 1 on row 3; B: day 1 on row 3
    count = np.array([[NAN, NAN], [1, NAN], [NAN, NAN], [3, 4], [NAN, NAN]])
    expected: dict[str, npt.NDArray[Any]] = {
        "side": np.array([[0, 0], [1, 0], [0, 0], [1, 2], [0, 0]]),
        "confidence": np.nan_to_num(count / 100).astype(np.float32),
        "size": count,
        "risk_unit": count + 1,
        "stop_level": count + 2,
        "target_level": count + 3,
        "exit_fraction": count / 1000,
        "entry_level": count + 5,
        "plan": np.array([[-1, -1], [1, -1], [-1, -1], [1, 0], [-1, -1]]),
    }
    found = signals.panels()
    assert set(found) == set(expected)
    for name, panel in expected.items():
        np.testing.assert_array_equal(found[name], panel, name)
    assert dict(signals.remarks) == {(1, 0): "first", (3, 0): "second"}


def test_what_is_no_panel_is_kept() -> None:
    context = Context(bars_of(ROWS, "1h"))
    fine, plain = on_coarser_bars(Everything(), context, "1d"), Everything().signals(context)
    for name in ("strategy", "exit_plan", "plans", "entry_order", "size_unit", "params"):
        assert getattr(fine, name) == getattr(plain, name)


def test_weights_are_carried_to_the_one_bar_too() -> None:
    class Half(Strategy):
        """Hold half of equity in each symbol."""

        def signals(self, context: Context) -> Signals:
            return self.weights(context, np.full(context.shape, 0.5))

    signals = on_coarser_bars(Half(), Context(bars_of(ROWS, "1h")), "1d")
    expected = [[NAN, NAN], [0.5, NAN], [NAN, NAN], [0.5, 0.5], [NAN, NAN]]
    assert signals.weight is not None
    np.testing.assert_array_equal(signals.weight, expected)
    assert signals.side is None


def test_the_bars_own_frequency_is_a_plain_run() -> None:
    context = Context(sample_bars(120))
    plain = run_strategy(SmaCross(fast=5, slow=10), context)
    for timeframe in ("1d", "24h"):
        same = on_coarser_bars(SmaCross(fast=5, slow=10), context, timeframe)
        np.testing.assert_array_equal(same.panels()["side"], plain.panels()["side"])
        assert same.warmup_bars == plain.warmup_bars
    weekly = on_coarser_bars(SmaCross(fast=5, slow=10), context, "1w")
    assert not np.array_equal(weekly.panels()["side"], plain.panels()["side"])


@pytest.mark.parametrize(
    ("frequency", "timeframe", "message"),
    [
        (
            "1d",
            "1h",
            "a timeframe must be coarser than the bars; found 1h on bars of 1d: choose a multiple of 1d, or run on "
            "finer bars",
        ),
        ("2h", "3h", "each 2h bar must fall into one 3h bar; 3h is not made of whole 2h bars: choose a multiple"),
        ("1w", "1mo", "each 1w bar must fall into one 1mo bar"),
        ("1d", "daily", "a frequency must be a count and one of s, min, h, d, w, mo, such as 5min; found 'daily'"),
    ],
)
def test_a_timeframe_that_does_not_fit_is_refused(frequency: str, timeframe: str, message: str) -> None:
    context = Context(bars_of({"2024-01-01": (1.0,), "2024-01-08": (1.0,)}, frequency))
    with pytest.raises(UsageError) as caught:
        on_coarser_bars(Echo(), context, timeframe)
    assert str(caught.value).startswith(message)


def test_bars_that_overlap_at_the_end_of_a_coarse_bar_are_refused() -> None:
    rows = {"2024-01-01 22:00": (1.0, NAN), "2024-01-01 22:30": (NAN, 2.0), "2024-01-01 23:30": (NAN, 3.0)}
    np.testing.assert_array_equal(echoed(rows, "1h", "1d")[1], [NAN, NAN, 3])
    rows = {"2024-01-01 23:00": (1.0, NAN), "2024-01-01 23:30": (NAN, 2.0)}
    with pytest.raises(DataError, match=r"must not overlap .* at 2024-01-01 23:00 and one at 2024-01-01 23:30: bring"):
        echoed(rows, "1h", "1d")


def test_the_promises_of_a_strategy_are_checked_on_the_coarse_bars() -> None:
    class Early(Echo):
        """Speak in the warm-up."""

        def signals(self, context: Context) -> Signals:
            return replace(super().signals(context), side=np.ones(context.shape, np.int8))

    with pytest.raises(StrategyError, match=r"silent for its 1 warm-up bars; found an opinion on bar 0 \(2024-01-01\)"):
        on_coarser_bars(Early(wait=1), Context(bars_of(ROWS, "1h")), "1d")


class Weekly(Strategy):
    """Follow a cross of averages of weeks."""

    def signals(self, context: Context) -> Signals:
        return replace(on_coarser_bars(SmaCross(fast=2, slow=4), context, "1w"), strategy=self.name)


def test_a_strategy_on_weeks_keeps_the_whole_contract_on_days() -> None:
    check_strategy(Weekly)


# against a plain loop


@st.composite
def holed_bars(draw: st.DrawFn) -> Bars:
    """Bars on a grid of hours or days with rows and cells missing, each with a close of its own."""
    frequency, step, rows = draw(st.sampled_from([("1h", HOUR, 90), ("8h", 8 * HOUR, 60), ("1d", 24 * HOUR, 100)]))
    grid = np.flatnonzero(draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows)))
    assume(len(grid) > 1)
    columns = draw(st.integers(1, 3))
    seed = draw(st.integers(0, 10_000))
    holes = np.random.default_rng(seed).random((len(grid), columns)) < draw(st.sampled_from([0.0, 0.3, 0.8]))
    holes[np.arange(len(grid)), np.arange(len(grid)) % columns] = False  # some symbol has each stamp
    close = np.where(holes, NAN, 1.0 + np.arange(holes.size).reshape(holes.shape))
    start = parse_time("2024-02-27")
    symbols = tuple("ABC"[:columns])
    return Bars(start + grid * step, symbols, close, close, close, close, close, frequency)


TIMEFRAMES = ("1d", "2d", "1w", "1mo")


def coarse_end(time: int, timeframe: str) -> datetime:
    """The end of the coarse bar that holds a stamp, by calendar arithmetic."""
    moment = datetime.fromtimestamp(time / 1e9, UTC)
    day = moment.replace(hour=0, minute=0)
    if timeframe == "1mo":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    if timeframe == "1w":
        return day + timedelta(days=7 - day.weekday())
    count = int(timeframe[:-1])
    since = (day - datetime(1970, 1, 1, tzinfo=UTC)).days
    return day + timedelta(days=count - since % count)


def by_loop(bars: Bars, timeframe: str) -> FloatArray:
    """Which close speaks where: whenever the last complete coarse bar of a symbol has become another one."""
    said = np.full(bars.shape, NAN)
    length = {"1h": timedelta(hours=1), "8h": timedelta(hours=8), "1d": timedelta(days=1)}[bars.frequency]
    for column in range(bars.shape[1]):
        closes: dict[datetime, float] = {}  # by the end of its coarse bar
        told: datetime | None = None
        for bar, time in enumerate(bars.times.tolist()):
            close = bars.close[bar, column]
            if np.isnan(close):
                continue
            closes[coarse_end(time, timeframe)] = float(close)
            now = datetime.fromtimestamp(time / 1e9, UTC) + length
            complete = [end for end in closes if end <= now]
            if complete and max(complete) != told:
                told = max(complete)
                said[bar, column] = closes[told]
    return said


@given(bars=holed_bars(), timeframe=st.sampled_from(TIMEFRAMES))
@settings(max_examples=150)
def test_it_agrees_with_a_plain_loop(bars: Bars, timeframe: str) -> None:
    assume(timeframe != bars.frequency)
    signals = on_coarser_bars(Echo(), Context(bars), timeframe)
    expected = by_loop(bars, timeframe)
    np.testing.assert_array_equal(spoken(signals), expected)
    rows = np.flatnonzero(np.isfinite(expected).any(axis=1)).tolist()
    assert signals.warmup_bars == (rows[0] if rows else len(expected))


@given(bars=holed_bars(), timeframe=st.sampled_from(TIMEFRAMES), data=st.data())
@settings(max_examples=100)
def test_bars_that_are_changed_or_removed_later_change_nothing_before(
    bars: Bars, timeframe: str, data: st.DataObject
) -> None:
    assume(timeframe != bars.frequency)
    stop = data.draw(st.integers(1, len(bars.times)))
    before = spoken(on_coarser_bars(Echo(), Context(bars), timeframe))[:stop]
    shorter = on_coarser_bars(Echo(), Context(bars.slice(0, stop)), timeframe)
    np.testing.assert_array_equal(spoken(shorter), before)
    changed = bars.close.copy()
    changed[stop:] = np.where(np.isnan(changed[stop:]), 7.0, NAN)  # holes where bars were, bars where holes were
    other = replace(bars, open=changed, high=changed, low=changed, close=changed)
    np.testing.assert_array_equal(spoken(on_coarser_bars(Echo(), Context(other), timeframe))[:stop], before)
