"""Each oscillator against its published formula, written plainly, and what it says where nothing moves."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from market_panels import KINDS, NAN, Function, Kind, assert_is_formula, plain_ema, plain_sma, plain_window

from stratkit.errors import UsageError
from stratkit.features.oscillators import cci, mfi, stochastic, trix, ultimate_oscillator, williams_r

Series = list[float]


def over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator != 0 else NAN


def plain_stochastic(high: Series, low: Series, close: Series, n: int, smooth: int, signal: int) -> list[Series]:
    raw = [NAN] * len(close)
    for t in range(n - 1, len(close)):
        bottom, top = min(plain_window(low, t, n)), max(plain_window(high, t, n))
        raw[t] = over(100 * (close[t] - bottom), top - bottom)
    k = plain_sma(raw, smooth)
    d = plain_sma(k, signal)
    first = n + smooth + signal - 3
    return [[NAN if t < first else value for t, value in enumerate(k)], d]


def plain_williams(high: Series, low: Series, close: Series, n: int) -> Series:
    out = [NAN] * len(close)
    for t in range(n - 1, len(close)):
        bottom, top = min(plain_window(low, t, n)), max(plain_window(high, t, n))
        out[t] = over(-100 * (top - close[t]), top - bottom)
    return out


def typical(high: Series, low: Series, close: Series) -> Series:
    return [(h + l + c) / 3 for h, l, c in zip(high, low, close)]


def plain_cci(high: Series, low: Series, close: Series, n: int) -> Series:
    price = typical(high, low, close)
    out = [NAN] * len(price)
    for t in range(n - 1, len(price)):
        window = plain_window(price, t, n)
        if len(set(window)) == 1:
            out[t] = 0.0
            continue
        mean = sum(window) / n
        out[t] = (price[t] - mean) / (0.015 * sum(abs(p - mean) for p in window) / n)
    return out


def plain_mfi(high: Series, low: Series, close: Series, volume: Series, n: int) -> Series:
    price = typical(high, low, close)
    out = [NAN] * len(price)
    for t in range(n, len(price)):
        window = range(t - n + 1, t + 1)
        rising = sum(price[s] * volume[s] for s in window if price[s] > price[s - 1])
        falling = sum(price[s] * volume[s] for s in window if price[s] < price[s - 1])
        if falling > 0:
            out[t] = 100 - 100 / (1 + rising / falling)  # as published
        elif rising > 0:
            out[t] = 100.0
    return out


def plain_ultimate(high: Series, low: Series, close: Series, short: int, middle: int, long: int) -> Series:
    out = [NAN] * len(close)
    for t in range(long, len(close)):

        def average(n: int, t: int = t) -> float:
            window = range(t - n + 1, t + 1)
            pressure = sum(close[s] - min(low[s], close[s - 1]) for s in window)
            return over(pressure, sum(max(high[s], close[s - 1]) - min(low[s], close[s - 1]) for s in window))

        out[t] = 100 * (4 * average(short) + 2 * average(middle) + average(long)) / 7
    return out


def plain_trix(close: Series, n: int) -> Series:
    triple = plain_ema(plain_ema(plain_ema(close, n), n), n)
    return [NAN] + [100 * (triple[t] / triple[t - 1] - 1) for t in range(1, len(close))]


CASES: list[tuple[Function, Function, tuple[float, ...]]] = [
    (stochastic, plain_stochastic, (5, 3, 2)),
    (stochastic, plain_stochastic, (14, 1, 3)),
    (williams_r, plain_williams, (6,)),
    (cci, plain_cci, (7,)),
    (mfi, plain_mfi, (5,)),
    (mfi, plain_mfi, (1,)),
    (ultimate_oscillator, plain_ultimate, (2, 4, 9)),
    (trix, plain_trix, (4,)),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("function", "plain", "params"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_an_oscillator_equals_its_formula(
    function: Function, plain: Function, params: tuple[float, ...], kind: Kind
) -> None:
    assert_is_formula(function, plain, params, kind)


def column(*values: float) -> Any:
    return np.array(values, np.float64).reshape(-1, 1)


def test_a_stochastic_and_williams_r_by_hand() -> None:
    high, low, close = column(10, 12, 14, 13), column(8, 9, 11, 10), column(9, 12, 12, 10)
    # windows of 3: [8, 14] with close 12 and [9, 14] with close 10
    found = stochastic(high, low, close, 3, 1, 2)
    np.testing.assert_allclose(found.k.ravel(), [np.nan, np.nan, np.nan, 20.0], rtol=1e-14)
    np.testing.assert_allclose(found.d.ravel(), [np.nan, np.nan, np.nan, (200 / 3 + 20) / 2], rtol=1e-14)
    np.testing.assert_allclose(williams_r(high, low, close, 3).ravel()[2:], [-100 / 3, -80.0], rtol=1e-14)


def test_a_money_flow_index_by_hand() -> None:
    price, volume = column(10, 11, 10, 10, 12), column(5, 2, 3, 50, 1)
    # flows: +22, -30, none where nothing changed, +12
    np.testing.assert_allclose(mfi(price, price, price, volume, 2).ravel()[2:], [100 * 22 / 52, 0.0, 100.0], rtol=1e-14)


def test_where_a_window_has_no_range_nothing_is_said_instead_of_an_extreme() -> None:
    flat = np.full((60, 1), 0.1)
    for panel in (*stochastic(flat, flat, flat), williams_r(flat, flat, flat), ultimate_oscillator(flat, flat, flat)):
        assert np.isnan(panel).all()
    assert np.isnan(mfi(flat, flat, flat, flat)).all()
    np.testing.assert_array_equal(cci(flat, flat, flat)[19:], 0.0)


def test_money_flow_without_volume_is_nan_and_comes_back_with_volume() -> None:
    price = np.arange(1.0, 21.0).reshape(-1, 1)
    volume = np.where((np.arange(20) >= 5) & (np.arange(20) < 10), 0.0, 7.0).reshape(-1, 1)
    found = mfi(price, price, price, volume, 3).ravel()
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found)), [0, 1, 2, 7, 8, 9])
    np.testing.assert_array_equal(found[10:], 100.0)


def test_a_large_volume_that_left_the_window_leaves_nothing_behind() -> None:
    price = np.array([10.0, 11.0] * 20).reshape(-1, 1)
    volume = np.full((40, 1), 1e-3)
    usual = mfi(price, price, price, volume, 4)
    volume[12] = 1e15
    np.testing.assert_array_equal(mfi(price, price, price, volume, 4)[16:], usual[16:])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: stochastic(x, x, x, 1), "window_bars must be a whole number of bars from 2 up; found 1"),
        (lambda x: stochastic(x, x, x, 5, 0), "smooth_bars must be a whole number of bars from 1 up; found 0"),
        (lambda x: ultimate_oscillator(x, x, x, 7, 7, 9), "short_bars must be below middle_bars; found 7 and 7"),
        (lambda x: ultimate_oscillator(x, x, x, 7, 8, 8), "middle_bars must be below long_bars; found 8 and 8"),
        (lambda x: mfi(x, x, x, x, cast(Any, 2.5)), "window_bars must be a whole number of bars from 1 up; found 2.5"),
    ],
)
def test_windows_that_make_no_sense_are_refused(call: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        call(np.ones((9, 1)))
    assert message in str(caught.value)
