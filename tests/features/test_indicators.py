"""Each indicator against a plain implementation of its formula, with and without holes."""

from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pytest
from market_panels import NAN, Array, Function, Kind, assert_is_formula, plain_atr, plain_ema, plain_sma

from stratkit.errors import UsageError
from stratkit.features import indicators


def plain_average(x: list[float], n: int, start: int) -> list[float]:
    """The exponential average, from the simple one of the last n values on bar `start`."""
    out = [NAN] * len(x)
    for t in range(start, len(x)):
        out[t] = math.fsum(x[t - n + 1 : t + 1]) / n if t == start else out[t - 1] + 2 / (n + 1) * (x[t] - out[t - 1])
    return out


def plain_wilder(x: list[float], n: int) -> list[float]:
    """Average of x[1..n], then (previous (n - 1) + x) / n; x[0] is not used."""
    out = [NAN] * len(x)
    for t in range(n, len(x)):
        out[t] = math.fsum(x[1 : n + 1]) / n if t == n else (out[t - 1] * (n - 1) + x[t]) / n
    return out


def changes(x: list[float]) -> list[float]:
    return [NAN] + [x[t] - x[t - 1] for t in range(1, len(x))]


def plain_rsi(x: list[float], n: int) -> list[float]:
    gain = plain_wilder([max(change, 0.0) for change in changes(x)], n)
    loss = plain_wilder([max(-change, 0.0) for change in changes(x)], n)
    return [100 * up / (up + down) if up + down > 0 else NAN for up, down in zip(gain, loss)]


def plain_macd(x: list[float], fast: int, slow: int, signal: int) -> list[list[float]]:
    line = [a - b for a, b in zip(plain_average(x, fast, slow - 1), plain_ema(x, slow))]
    smoothed = plain_ema(line[slow - 1 :], signal)
    signals = [NAN] * (slow - 1) + smoothed
    shown = [a if not math.isnan(b) else NAN for a, b in zip(line, signals)]
    return [shown, signals, [a - b for a, b in zip(line, signals)]]


def plain_bollinger(x: list[float], n: int, k: float) -> list[list[float]]:
    mid = plain_sma(x, n)
    wide = [NAN if t < n - 1 else k * statistics.pstdev(x[t - n + 1 : t + 1]) for t in range(len(x))]
    return [mid, [a + b for a, b in zip(mid, wide)], [a - b for a, b in zip(mid, wide)]]


def plain_highest(x: list[float], n: int) -> list[float]:
    return [NAN if t < n - 1 else max(x[t - n + 1 : t + 1]) for t in range(len(x))]


def plain_lowest(x: list[float], n: int) -> list[float]:
    return [NAN if t < n - 1 else min(x[t - n + 1 : t + 1]) for t in range(len(x))]


def plain_return_std(x: list[float], n: int) -> list[float]:
    returns = [NAN] + [x[t] / x[t - 1] - 1 for t in range(1, len(x))]
    return [NAN if t < n else statistics.stdev(returns[t - n + 1 : t + 1]) for t in range(len(x))]


def plain_momentum(x: list[float], n: int) -> list[float]:
    return [NAN if t < n else x[t] - x[t - n] for t in range(len(x))]


def plain_rate(x: list[float], n: int) -> list[float]:
    return [NAN if t < n else x[t] / x[t - n] - 1 for t in range(len(x))]


CASES: list[tuple[Function, Function, tuple[float, ...]]] = [
    (indicators.sma, plain_sma, (5,)),
    (indicators.sma, plain_sma, (1,)),
    (indicators.ema, plain_ema, (5,)),
    (indicators.rsi, plain_rsi, (4,)),
    (indicators.macd, plain_macd, (3, 7, 4)),
    (indicators.bollinger, plain_bollinger, (6, 1.5)),
    (indicators.atr, plain_atr, (5,)),
    (indicators.atr, plain_atr, (1,)),
    (indicators.highest, plain_highest, (4,)),
    (indicators.lowest, plain_lowest, (4,)),
    (indicators.return_std, plain_return_std, (6,)),
    (indicators.momentum, plain_momentum, (3,)),
    (indicators.rate_of_change, plain_rate, (3,)),
]
NAMES = [f"{case[0].__name__}{case[2]}" for case in CASES]


@pytest.mark.parametrize("kind", ["whole", "holes"])
@pytest.mark.parametrize(("function", "plain", "params"), CASES, ids=NAMES)
def test_an_indicator_equals_its_formula_on_each_symbols_own_bars(
    function: Function, plain: Function, params: tuple[float, ...], kind: Kind
) -> None:
    assert_is_formula(function, plain, params, kind)


def test_rsi_is_undefined_while_nothing_has_moved_and_then_stands_on_flat_bars() -> None:
    flat = np.full((40, 1), 5.0)
    assert np.isnan(indicators.rsi(flat, 3)).all()
    moved = np.array([5.0] * 8 + [4.0, 4.5] + [4.5] * 5).reshape(-1, 1)
    found = indicators.rsi(moved, 3).ravel()
    # losses: 1 at bar 8; gains: .5 at bar 9; Wilder averages over 3: loss 1/3, then 2/9; gain 1/6
    assert np.isnan(found[:8]).all()
    assert found[8] == 0.0
    np.testing.assert_allclose(found[9:], 100 * (1 / 6) / (1 / 6 + 2 / 9), rtol=1e-12)


def test_rsi_is_zero_when_prices_only_fell() -> None:
    falling = np.array([9.0, 8.0, 7.0, 6.0, 6.0]).reshape(-1, 1)
    np.testing.assert_array_equal(indicators.rsi(falling, 3).ravel()[3:], [0.0, 0.0])


def test_a_series_before_a_listing_does_not_poison_what_follows() -> None:
    values = np.arange(1.0, 31.0).reshape(-1, 1)
    late = np.vstack([np.full((10, 1), np.nan), values])
    np.testing.assert_array_equal(indicators.ema(late, 5)[10:], indicators.ema(values, 5))


def test_infinities_count_as_no_bar() -> None:
    values = np.array([1.0, np.inf, 3.0, 5.0]).reshape(-1, 1)
    np.testing.assert_array_equal(indicators.sma(values, 2).ravel(), [np.nan, np.nan, 2.0, 4.0])


@pytest.mark.parametrize("window", [0, -1, 2.0, True, "5"])
def test_a_window_that_makes_no_sense_is_refused(window: Any) -> None:
    with pytest.raises(UsageError, match=r"window_bars must be a whole number of bars from 1 up; found "):
        indicators.sma(np.ones((5, 1)), window)


def test_macd_refuses_fast_above_slow_instead_of_swapping_them() -> None:
    with pytest.raises(UsageError, match="fast_bars must be below slow_bars; found 9 and 5"):
        indicators.macd(np.ones((50, 1)), 9, 5, 3)


def test_bollinger_refuses_a_width_that_is_not_positive_or_absurd() -> None:
    with pytest.raises(UsageError, match="deviations must be at most 1,000,000; found 1e\\+300"):
        indicators.bollinger(np.ones((30, 1)), 20, 1e300)
    with pytest.raises(UsageError, match="deviations must be above 0; found 0"):
        indicators.bollinger(np.ones((50, 1)), 5, 0.0)


def test_a_single_series_is_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"found the shape \(5,\): give a single series as series.reshape\(-1, 1\)"):
        indicators.sma(np.ones(5), 2)


def test_panels_of_different_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"panels must have one shape; found \(5, 1\) and \(4, 1\)"):
        indicators.atr(np.ones((5, 1)), np.ones((4, 1)), np.ones((5, 1)), 2)


def test_a_column_without_holes_is_handed_to_talib_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import talib

    seen: list[Array] = []

    def spy(series: Array, timeperiod: int) -> Array:
        seen.append(series)
        return series

    monkeypatch.setattr(talib, "SMA", spy)
    values = np.arange(6.0).reshape(-1, 1)
    indicators.sma(values, 2)
    assert np.shares_memory(seen[0], values)
