"""`on_pieces`: what is cut, what is kept of the indicator's form, and how it is asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from market_panels import Array, market

from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import UsageError
from stratkit.features.indicators import ema, macd, sma
from stratkit.features.pieces import on_pieces
from stratkit.features.source import IndicatorSource
from stratkit.features.volume import session_vwap
from stratkit.panel import SideArray
from stratkit.strategies.context import Context


def column(*values: float) -> Array:
    return np.array(values, np.float64).reshape(-1, 1)


def test_an_average_begins_anew_behind_each_hole() -> None:
    values = np.hstack([column(1, 3, np.nan, 5, 9, np.nan), column(np.nan, 2, 4, 6, np.nan, 8)])
    found = on_pieces(sma, values, window_bars=2)
    np.testing.assert_array_equal(found[:, 0], [np.nan, 2, np.nan, np.nan, 7, np.nan])
    np.testing.assert_array_equal(found[:, 1], [np.nan, np.nan, 3, 5, np.nan, np.nan])
    np.testing.assert_array_equal(sma(values, 2)[:, 1], [np.nan, np.nan, 3, 5, np.nan, 7])


def test_panels_without_holes_are_handed_over_as_they_are() -> None:
    seen: list[Array] = []

    def spy(values: Array) -> Array:
        seen.append(values)
        return values

    values = column(1, 2, 3)
    on_pieces(spy, values)
    assert seen[0] is values


def test_stamps_are_cut_with_the_bars() -> None:
    price, volume = column(10, 20, np.nan, 30, 50), np.ones((5, 1))
    times = np.arange(5) * 3600 * 10**9
    found = on_pieces(session_vwap, price, price, price, volume, times)
    np.testing.assert_array_equal(found.ravel(), [10, 15, np.nan, 30, 40])


class Pair(NamedTuple):
    """A level and a side."""

    level: Array
    side: SideArray


def test_the_form_of_the_result_is_kept() -> None:
    def named(values: Array) -> Pair:
        return Pair(values, np.sign(values).astype(np.int8))

    def plain(values: Array) -> tuple[Array, Array]:
        return values, -values

    values = column(1, np.nan, -3)
    found = on_pieces(named, values)
    assert isinstance(found, Pair)
    np.testing.assert_array_equal(found.level, values)
    np.testing.assert_array_equal(found.side.ravel(), [1, 0, -1])
    assert found.side.dtype == np.int8
    assert type(on_pieces(plain, values)) is tuple


def test_panels_of_different_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"panels of one shape; found \[\(2, 1\), \(3, 1\)\]"):
        on_pieces(sma, np.ones((3, 1)), np.ones((2, 1)), window_bars=1)


@pytest.fixture
def bars() -> Bars:
    panels = market(60, 2)
    for name in FIELDS:
        panels[name][20:23, 0] = np.nan
    open_, high, low, close, volume = (panels[name] for name in FIELDS)
    return Bars(panels["times"].astype(np.int64), ("A", "B"), open_, high, low, close, volume, "97m")


def test_a_source_keeps_both_readings_of_holes_apart(bars: Bars) -> None:
    source = IndicatorSource(bars)
    skipped, restarted = source.compute(ema, 5), source.compute(ema, 5, holes="restart")
    np.testing.assert_array_equal(skipped, ema(bars.close, 5))
    np.testing.assert_array_equal(restarted, on_pieces(ema, bars.close, window_bars=5))
    assert np.isnan(restarted[23:27, 0]).all()
    assert np.isfinite(skipped[23:27, 0]).all()
    assert source.compute(ema, 5, holes="skip") is skipped
    assert source.compute(ema, 5, holes="restart") is restarted
    assert source.compute(macd, 3, 5, 2, holes="restart").line.flags.writeable is False


def test_a_context_hands_the_reading_on(bars: Bars) -> None:
    context = Context(bars)
    np.testing.assert_array_equal(
        context.compute(sma, 5, holes="restart", on="high"), on_pieces(sma, bars.high, window_bars=5)
    )
    assert context.lookback_bars == 4


def test_another_reading_is_refused(bars: Bars) -> None:
    unknown: Any = "fill"
    with pytest.raises(UsageError, match="holes must be 'skip' or 'restart'; found 'fill'"):
        IndicatorSource(bars).compute(sma, 5, holes=unknown)


def test_an_indicator_may_read_the_stamps(bars: Bars) -> None:
    found = IndicatorSource(bars).compute(session_vwap)
    expected = session_vwap(bars.high, bars.low, bars.close, bars.volume, bars.times)
    np.testing.assert_array_equal(found, expected)
    assert not np.array_equal(found, session_vwap(bars.high, bars.low, bars.close, bars.volume, 0 * bars.times))
