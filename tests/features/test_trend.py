"""Each trend indicator against its published formula, written plainly, and by hand where it is short."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from market_panels import (
    KINDS,
    NAN,
    Function,
    Kind,
    assert_is_formula,
    market,
    plain_atr,
    plain_ranges,
    plain_window,
)

from stratkit.errors import UsageError
from stratkit.features.trend import (
    adx,
    aroon,
    directional,
    efficiency_ratio,
    ichimoku,
    kama,
    linear_slope,
    parabolic_sar,
    supertrend,
    wma,
)

Series = list[float]


def wilder_sums(x: Series, n: int) -> Series:
    """TA-Lib's beginning: the sum of bars 1 .. n-1, then previous (1 - 1/n) + x from bar n on."""
    out, held = [NAN] * len(x), sum(x[1:n])
    for t in range(n, len(x)):
        held = held * (1 - 1 / n) + x[t]
        out[t] = held
    return out


def plain_directional(high: Series, low: Series, close: Series, n: int) -> list[Series]:
    up, down = [NAN], [NAN]
    for t in range(1, len(close)):
        rise, fall = high[t] - high[t - 1], low[t - 1] - low[t]
        up.append(rise if rise > fall and rise > 0 else 0.0)
        down.append(fall if fall > rise and fall > 0 else 0.0)
    spans = wilder_sums(plain_ranges(high, low, close), n)
    return [[100 * s / span for s, span in zip(wilder_sums(moves, n), spans)] for moves in (up, down)]


def plain_adx(high: Series, low: Series, close: Series, n: int) -> Series:
    plus, minus = plain_directional(high, low, close, n)
    index = [100 * abs(a - b) / (a + b) for a, b in zip(plus, minus)]
    out = [NAN] * len(close)
    for t in range(2 * n - 1, len(close)):
        out[t] = sum(index[n : 2 * n]) / n if t == 2 * n - 1 else (out[t - 1] * (n - 1) + index[t]) / n
    return out


def plain_aroon(high: Series, low: Series, n: int) -> list[Series]:
    up, down = [NAN] * len(high), [NAN] * len(high)
    for t in range(n, len(high)):
        highs, lows = plain_window(high, t, n + 1)[::-1], plain_window(low, t, n + 1)[::-1]
        up[t] = 100 * (n - highs.index(max(highs))) / n
        down[t] = 100 * (n - lows.index(min(lows))) / n
    return [up, down]


def plain_sar(high: Series, low: Series, acceleration: float, maximum: float) -> Series:
    out = [NAN] * len(high)
    fall, rise = low[0] - low[1], high[1] - high[0]
    is_up = not (fall > 0 and fall > rise)
    stop, extreme = (low[0], high[1]) if is_up else (high[0], low[1])
    factor = acceleration
    for t in range(1, len(high)):
        lows, highs = low[max(t - 1, 1) : t + 1], high[max(t - 1, 1) : t + 1]  # bars 1 and 1 at the start
        if low[t] <= stop if is_up else high[t] >= stop:
            stop, is_up, factor = extreme, not is_up, acceleration
            out[t] = min(stop, *lows) if is_up else max(stop, *highs)
            extreme = high[t] if is_up else low[t]
        else:
            out[t] = stop
            if high[t] > extreme if is_up else low[t] < extreme:
                extreme, factor = (high[t] if is_up else low[t]), min(factor + acceleration, maximum)
        stop = out[t] + factor * (extreme - out[t])
        stop = min(stop, *lows) if is_up else max(stop, *highs)
    return out


def plain_efficiency(close: Series, n: int) -> Series:
    out = [NAN] * len(close)
    for t in range(n, len(close)):
        walked = sum(abs(close[s] - close[s - 1]) for s in range(t - n + 1, t + 1))
        out[t] = abs(close[t] - close[t - n]) / walked if walked > 0 else NAN
    return out


def plain_kama(close: Series, n: int) -> Series:
    out, average = [NAN] * len(close), close[n - 1] if len(close) >= n else NAN
    ratio = plain_efficiency(close, n)
    for t in range(n, len(close)):
        e = 1.0 if ratio[t] != ratio[t] else ratio[t]  # a NaN where nothing moved
        average += (e * (2 / 3 - 2 / 31) + 2 / 31) ** 2 * (close[t] - average)
        out[t] = average
    return out


def plain_wma(close: Series, n: int) -> Series:
    total = n * (n + 1) / 2
    weighted = [sum((k + 1) * x for k, x in enumerate(plain_window(close, t, n))) / total for t in range(len(close))]
    return [NAN if t < n - 1 else weighted[t] for t in range(len(close))]


def plain_slope(close: Series, n: int) -> Series:
    out = [NAN] * len(close)
    middle = (n - 1) / 2
    for t in range(n - 1, len(close)):
        window = plain_window(close, t, n)
        mean = sum(window) / n
        products = sum((k - middle) * (y - mean) for k, y in enumerate(window))
        out[t] = products / sum((k - middle) ** 2 for k in range(n))
    return out


def plain_supertrend(high: Series, low: Series, close: Series, n: int, multiple: float) -> list[Series]:
    spans = plain_atr(high, low, close, n)
    line, direction = [NAN] * len(close), [NAN] * len(close)
    upper = lower = side = NAN
    for t in range(n, len(close)):
        middle = (high[t] + low[t]) / 2
        basic_upper, basic_lower = middle + multiple * spans[t], middle - multiple * spans[t]
        if t == n:
            upper, lower, side = basic_upper, basic_lower, 1.0 if close[t] >= middle else -1.0
        else:
            upper = basic_upper if close[t - 1] > upper else min(basic_upper, upper)
            lower = basic_lower if close[t - 1] < lower else max(basic_lower, lower)
            side = 1.0 if side < 0 and close[t] > upper else -1.0 if side > 0 and close[t] < lower else side
        line[t], direction[t] = lower if side > 0 else upper, side
    return [line, direction]


def plain_ichimoku(high: Series, low: Series, close: Series, short: int, base: int, span: int) -> list[Series]:
    def middle(t: int, n: int) -> float:
        return (max(high[t - n + 1 : t + 1]) + min(low[t - n + 1 : t + 1])) / 2

    lines: list[Series] = [[NAN] * len(close) for _ in range(4)]
    for t in range(span - 1 + base, len(close)):
        then = t - base
        lines[0][t], lines[1][t] = middle(t, short), middle(t, base)
        lines[2][t], lines[3][t] = (middle(then, short) + middle(then, base)) / 2, middle(then, span)
    return lines


CASES: list[tuple[Function, Function, tuple[float, ...]]] = [
    (adx, plain_adx, (4,)),
    (adx, plain_adx, (14,)),
    (directional, plain_directional, (5,)),
    (aroon, plain_aroon, (6,)),
    (parabolic_sar, plain_sar, (0.02, 0.2)),
    (parabolic_sar, plain_sar, (0.1, 0.15)),
    (kama, plain_kama, (5,)),
    (wma, plain_wma, (4,)),
    (wma, plain_wma, (1,)),
    (efficiency_ratio, plain_efficiency, (5,)),
    (efficiency_ratio, plain_efficiency, (1,)),
    (linear_slope, plain_slope, (6,)),
    (supertrend, plain_supertrend, (5, 1.5)),
    (supertrend, plain_supertrend, (3, 0.5)),
    (ichimoku, plain_ichimoku, (3, 7, 12)),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("function", "plain", "params"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_trend_indicator_equals_its_formula(
    function: Function, plain: Function, params: tuple[float, ...], kind: Kind
) -> None:
    assert_is_formula(function, plain, params, kind)


def column(*values: float) -> Any:
    return np.array(values, np.float64).reshape(-1, 1)


def test_the_cloud_at_a_bar_is_what_was_known_base_bars_before() -> None:
    panels = market(60, 1)
    high, low, close = panels["high"], panels["low"], panels["close"]
    found = ichimoku(high, low, close, 3, 7, 12)
    changed = [panel.copy() for panel in (high, low, close)]
    for panel in changed:
        panel[43:] *= 2.0  # everything less than 7 bars before bar 49
    later = ichimoku(changed[0], changed[1], changed[2], 3, 7, 12)
    for ours, theirs in ((found.span_a, later.span_a), (found.span_b, later.span_b)):
        np.testing.assert_array_equal(ours[:50], theirs[:50])
        assert ours[50, 0] != theirs[50, 0]
    assert found.conversion[49, 0] != later.conversion[49, 0]


def test_a_parabolic_stop_by_hand() -> None:
    high, low = column(10, 11, 12, 13, 12), column(9, 10, 11, 12, 9)
    # up from low 9, extreme 11; bar 2: 9 + .1 (11 - 9) = 9.2, then extreme 12 and factor .2;
    # bar 3: 9.2 + .2 (12 - 9.2) = 9.76, then 13 and .2 at most: 9.76 + .2 (13 - 9.76) = 10.408;
    # bar 4 reaches it with its low of 9: the stop is the extreme, 13
    np.testing.assert_allclose(parabolic_sar(high, low, 0.1, 0.2).ravel()[1:], [9.0, 9.2, 9.76, 13.0], rtol=1e-14)


def test_supertrend_by_hand() -> None:
    # every bar is 2 high and no gap exceeds it, so the average true range is 2; middle +- 2
    close = column(10, 10, 11, 12, 11.5, 9.9, 9.5, 11.6)
    middle = column(10, 10, 11, 12, 11, 10.5, 9.5, 10.6)
    found = supertrend(middle + 1, middle - 1, close, 1, 1.0)
    # bands from bar 1: 8..12, 9..12 (12 < 13), 10..12 (close 11 <= 12), 10..12, then at bar 5 close 9.9 < 10: down;
    # at bar 6 the upper band is min(11.5, 12); bar 7: close 11.6 > min(12.6, 11.5): up, lower band as of bar 7
    np.testing.assert_array_equal(found.direction.ravel()[1:], [1, 1, 1, 1, -1, -1, 1])
    spans = [2, 2, 2, 2, 2, 2, 2.1]  # high 11.6 - close 9.5 on the last bar
    lower_last = 10.6 - spans[-1]
    np.testing.assert_allclose(found.line.ravel()[1:], [8, 9, 10, 10, 12, 11.5, lower_last], rtol=1e-12)


def test_an_efficiency_ratio_is_1_straight_on_and_0_there_and_back() -> None:
    np.testing.assert_array_equal(efficiency_ratio(column(1, 2, 4, 7), 3).ravel()[3:], [1.0])
    np.testing.assert_array_equal(efficiency_ratio(column(1, 2, 1, 2, 1), 2).ravel()[2:], [0.0, 0.0, 0.0])
    assert np.isnan(efficiency_ratio(np.full((30, 1), 0.1), 5)).all()
    tenths = np.cumsum(np.full((3000, 1), 0.1), axis=0)  # of which 7 steps sum to less than the way
    assert efficiency_ratio(tenths, 7)[7:].max() == 1.0


def test_a_line_has_its_own_slope_and_of_equal_extremes_the_latest_counts() -> None:
    np.testing.assert_allclose(linear_slope(3.0 + 0.25 * np.arange(30.0).reshape(-1, 1), 7)[6:], 0.25, rtol=1e-12)
    level = np.ones((9, 1))
    found = aroon(level, level, 4)
    np.testing.assert_array_equal(found.up[4:], 100.0)
    np.testing.assert_array_equal(found.down[4:], 100.0)


def test_where_nothing_has_moved_there_is_no_direction() -> None:
    flat = np.full((60, 1), 0.1)
    np.testing.assert_array_equal(adx(flat, flat, flat)[27:], 0.0)
    for panel in directional(flat, flat, flat):
        np.testing.assert_array_equal(panel[14:], 0.0)
    np.testing.assert_allclose(kama(flat)[10:], 0.1, rtol=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: adx(x, x, x, 1), "window_bars must be a whole number of bars from 2 up; found 1"),
        (lambda x: parabolic_sar(x, x, 0.3, 0.2), "acceleration must be at most maximum; found 0.3 and 0.2"),
        (lambda x: parabolic_sar(x, x, 0.0), "acceleration must be above 0; found 0.0"),
        (lambda x: supertrend(x, x, x, 5, -1.0), "multiple must be above 0; found -1.0"),
        (lambda x: ichimoku(x, x, x, 9, 9, 52), "conversion_bars must be below base_bars; found 9 and 9"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(call: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        call(np.ones((9, 1)))
    assert message in str(caught.value)
