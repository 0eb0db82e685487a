"""Each volume indicator against its formula, written plainly, and what becomes of volumes of 0 and unknown ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from market_panels import (
    KINDS,
    NAN,
    Array,
    Function,
    Kind,
    as_panels,
    assert_is_formula,
    inputs_of,
    market,
    plain_ema,
    plain_window,
)

from stratkit.errors import UsageError
from stratkit.features.volume import (
    accumulation_distribution,
    chaikin_money_flow,
    chaikin_oscillator,
    klinger,
    obv,
    relative_volume,
    session_vwap,
    vwap,
)

Series = list[float]
DAY_NS = 86_400 * 10**9


def plain_obv(close: Series, volume: Series) -> Series:
    out = [volume[0]]
    for t in range(1, len(close)):
        change = close[t] - close[t - 1]
        out.append(out[-1] + (volume[t] if change > 0 else -volume[t] if change < 0 else 0.0))
    return out


def flows(high: Series, low: Series, close: Series, volume: Series) -> Series:
    return [v * ((c - l) - (h - c)) / (h - l) if h > l else 0.0 for h, l, c, v in zip(high, low, close, volume)]


def plain_distribution(high: Series, low: Series, close: Series, volume: Series) -> Series:
    flow = flows(high, low, close, volume)
    return [sum(flow[: t + 1]) for t in range(len(flow))]


def plain_money_flow(high: Series, low: Series, close: Series, volume: Series, n: int) -> Series:
    flow, out = flows(high, low, close, volume), [NAN] * len(close)
    for t in range(n - 1, len(close)):
        traded = sum(plain_window(volume, t, n))
        out[t] = sum(plain_window(flow, t, n)) / traded if traded > 0 else NAN
    return out


def plain_oscillator(high: Series, low: Series, close: Series, volume: Series, fast: int, slow: int) -> Series:
    line = plain_distribution(high, low, close, volume)
    quick, calm, out = line[0], line[0], [NAN] * len(line)
    for t in range(1, len(line)):
        quick += 2 / (fast + 1) * (line[t] - quick)
        calm += 2 / (slow + 1) * (line[t] - calm)
        out[t] = quick - calm if t >= slow - 1 else NAN
    return out


def plain_klinger(
    high: Series, low: Series, close: Series, volume: Series, fast: int, slow: int, signal: int
) -> list[Series]:
    level = [h + l + c for h, l, c in zip(high, low, close)]
    span = [h - l for h, l in zip(high, low)]
    trend = [0] + [1 if level[t] > level[t - 1] else -1 for t in range(1, len(level))]
    run, force = [NAN] * len(level), [NAN] * len(level)
    for t in range(1, len(level)):
        run[t] = (run[t - 1] if trend[t] == trend[t - 1] else span[t - 1]) + span[t]
        force[t] = 100 * volume[t] * trend[t] * abs(2 * span[t] / run[t] - 1) if run[t] > 0 else 0.0
    line = [a - b for a, b in zip(plain_ema(force, fast), plain_ema(force, slow))]
    signals = plain_ema(line, signal)
    return [[a if b == b else NAN for a, b in zip(line, signals)], signals]


def plain_vwap(high: Series, low: Series, close: Series, volume: Series, n: int) -> Series:
    out = [NAN] * len(close)
    for t in range(n - 1, len(close)):
        window = range(t - n + 1, t + 1)
        traded = sum(volume[s] for s in window)
        money = sum((high[s] + low[s] + close[s]) / 3 * volume[s] for s in window)
        out[t] = money / traded if traded > 0 else NAN
    return out


def plain_session(high: Series, low: Series, close: Series, volume: Series, times: list[int]) -> Series:
    out = []
    for t, time in enumerate(times):
        today = [s for s in range(t + 1) if times[s] // DAY_NS == time // DAY_NS]
        traded = sum(volume[s] for s in today)
        money = sum((high[s] + low[s] + close[s]) / 3 * volume[s] for s in today)
        out.append(money / traded if traded > 0 else NAN)
    return out


def plain_relative(volume: Series, n: int) -> Series:
    usual = [sum(volume[t - n : t]) / n if t >= n else NAN for t in range(len(volume))]
    return [v / u if u != 0 else NAN for v, u in zip(volume, usual)]


CASES: list[tuple[Function, Function, tuple[float, ...]]] = [
    (obv, plain_obv, ()),
    (accumulation_distribution, plain_distribution, ()),
    (chaikin_money_flow, plain_money_flow, (6,)),
    (chaikin_oscillator, plain_oscillator, (3, 8)),
    (klinger, plain_klinger, (4, 9, 3)),
    (vwap, plain_vwap, (5,)),
    (vwap, plain_vwap, (1,)),
    (session_vwap, plain_session, ()),
    (relative_volume, plain_relative, (5,)),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("function", "plain", "params"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_volume_indicator_equals_its_formula(
    function: Function, plain: Function, params: tuple[float, ...], kind: Kind
) -> None:
    assert_is_formula(function, plain, params, kind)


def column(*values: float) -> Any:
    return np.array(values, np.float64).reshape(-1, 1)


def test_on_balance_volume_and_the_distribution_line_by_hand() -> None:
    close, volume = column(10, 11, 11, 9), column(5, 3, 7, 2)
    np.testing.assert_array_equal(obv(close, volume).ravel(), [5, 8, 8, 6])
    high, low = column(12, 12, 11, 13), column(8, 10, 11, 9)
    # places of the close: 0, 0, no range, -1
    np.testing.assert_array_equal(accumulation_distribution(high, low, close, volume).ravel(), [0, 0, 0, -2])
    np.testing.assert_allclose(chaikin_money_flow(high, low, close, volume, 2).ravel()[1:], [0, 0, -2 / 9])


def test_the_volume_force_by_hand() -> None:
    # ranges 2, 2, 4, 1; levels rise, rise, fall: runs 2 + 2, 4 + 4, 4 + 1
    high, low, close = column(11, 12, 14, 10.5), column(9, 10, 10, 9.5), column(10, 11, 13, 10)
    # forces: |2 x 2/4 - 1| = 0; |2 x 4/8 - 1| = 0; 100 x 30 x -1 x |2 x 1/5 - 1| = -1800
    found = klinger(high, low, close, column(10, 20, 50, 30), 2, 3, 1)
    fast, slow = -1800 * 2 / 3, -1800 / 3
    np.testing.assert_allclose(found.line.ravel(), [np.nan, np.nan, np.nan, fast - slow], rtol=1e-14)


def test_a_session_begins_with_the_utc_day() -> None:
    times = np.array([0, 1, 23, 24, 25], np.int64) * 3600 * 10**9
    price, volume = column(10, 20, 40, 7, 9), column(1, 3, 0, 0, 2)
    found = session_vwap(price, price, price, volume, times)
    np.testing.assert_allclose(found.ravel(), [10, 17.5, 17.5, np.nan, 9], rtol=1e-14)


def test_the_volume_of_this_bar_is_not_in_what_it_is_compared_with() -> None:
    volume = column(1, 3, 10, 0, 0, 5)
    np.testing.assert_allclose(relative_volume(volume, 2).ravel(), [np.nan, np.nan, 5, 0, 0, np.nan], rtol=1e-14)


@pytest.mark.parametrize(("function", "plain", "params"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_bar_of_unknown_volume_is_skipped_like_a_hole(
    function: Function, plain: Function, params: tuple[float, ...]
) -> None:
    panels = market(80, 1)
    unknown = np.arange(80) % 11 == 4
    panels["volume"][unknown] = np.nan
    known = {name: panel[~unknown] for name, panel in panels.items()}
    found = as_panels(function(*inputs_of(function, panels), *params))
    for ours, theirs in zip(found, as_panels(function(*inputs_of(function, known), *params))):
        assert np.isnan(ours[unknown]).all()
        np.testing.assert_array_equal(ours[~unknown], theirs)


@pytest.mark.parametrize("volume", [0.0, np.nan], ids=["none", "unknown"])
def test_a_market_without_volume_gives_no_number_that_divides_by_it(volume: float) -> None:
    panels = market(80, 1)
    panels["volume"][:] = volume
    functions: tuple[Function, ...] = (chaikin_money_flow, vwap, session_vwap, relative_volume)
    for function in functions:
        assert np.isnan(function(*inputs_of(function, panels))).all()


def test_a_large_volume_that_left_the_window_leaves_nothing_behind() -> None:
    panels = market(80, 1)
    functions: tuple[Function, ...] = (chaikin_money_flow, vwap, relative_volume)
    usual: list[Array] = []
    for volume in (10.0, 1e15):
        panels["volume"][20] = volume
        usual += [function(*inputs_of(function, panels), 5) for function in functions]
    for before, after in zip(usual[:3], usual[3:]):
        np.testing.assert_array_equal(before[26:], after[26:])
        assert not np.array_equal(before[20:25], after[20:25])


def test_stamps_that_are_not_of_the_bars_are_refused() -> None:
    price = np.ones((4, 1))
    with pytest.raises(UsageError, match=r"times must be one stamp per bar, \(4,\); found \(3,\)"):
        session_vwap(price, price, price, price, np.arange(3))
    with pytest.raises(UsageError, match="fast_bars must be below slow_bars; found 55 and 55"):
        klinger(price, price, price, price, 55)
