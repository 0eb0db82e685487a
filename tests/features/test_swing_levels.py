"""Support and resistance from swing points: by hand, against a plain reading of the rule, and never ahead of time."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from stratkit.errors import UsageError
from stratkit.features import atr, swing_levels
from stratkit.seeds import generator

NAN = math.nan
Array = npt.NDArray[np.float64]
# a low of 5 at bar 2 and a high of 9 at bar 5, each with two bars on both sides
CLOSE = [7.0, 6, 5, 6, 8, 9, 8, 7, 7, 7]


def levels(close: list[float], **params: float) -> list[list[float]]:
    panel = np.array(close)[:, None]
    whole = {"confirm_bars": 2, "window_bars": 5, "zone_atr": 0.0, "atr_bars": 1, **params}
    found = swing_levels(panel, panel, panel, **whole)  # type: ignore[arg-type]  # one dict of whole and other numbers
    return [part[:, 0].tolist() for part in found]


def test_a_swing_point_is_a_level_from_its_last_confirming_bar_on_and_as_long_as_the_window_holds_it() -> None:
    support, resistance, below, above = levels(CLOSE)
    # bar 7 still sees the low of bar 2, five bars back; bar 8 does not. The high of bar 5 is known from bar 7 on
    np.testing.assert_array_equal(support, [NAN] * 5 + [5, 5, 5, NAN, NAN])
    np.testing.assert_array_equal(resistance, [NAN] * 7 + [9, 9, 9])
    np.testing.assert_array_equal(below, [NAN] * 5 + [1, 1, 1, NAN, NAN])
    np.testing.assert_array_equal(above, [NAN] * 7 + [1, 1, 1])


def test_a_level_changes_its_side_with_the_close() -> None:
    support, resistance, _, _ = levels([*CLOSE[:8], 10.0])
    assert math.isnan(resistance[8])
    assert support[8] == 9.0


def test_touches_count_the_swing_points_within_the_zone() -> None:
    close = [7.0, 6, 5, 6, 7, 6, 5.5, 6, 7, 7]  # lows of 5 and 5.5, a high of 7 between them; true ranges of 1
    support, _, below, _ = levels(close, window_bars=8, zone_atr=0.5)
    assert (support[8], below[8]) == (5.5, 2)  # the range of bar 8 is 1: half of it reaches from 5.5 to 5
    assert levels(close, window_bars=8, zone_atr=0.4)[2][8] == 1


def plain(high: Array, low: Array, close: Array, zone: Array, k: int, n: int) -> list[tuple[float, ...]]:
    """The rule as its docstring reads, bar by bar."""
    found = []
    for t in range(len(close)):
        points = []
        for p in range(max(k, t - n), t - k + 1):
            before, after = range(p - k, p), range(p + 1, p + k + 1)
            if all(high[q] < high[p] for q in before) and all(high[q] <= high[p] for q in after):
                points.append(high[p])
            if all(low[q] > low[p] for q in before) and all(low[q] >= low[p] for q in after):
                points.append(low[p])
        support = max((price for price in points if price < close[t]), default=NAN)
        resistance = min((price for price in points if price > close[t]), default=NAN)
        touches = [sum(abs(price - level) <= zone[t] for price in points) or NAN for level in (support, resistance)]
        found.append((support, resistance, *touches) if t >= n else (NAN,) * 4)
    return found


@pytest.mark.parametrize(("confirm", "window"), [(1, 10), (3, 40), (5, 25)])
def test_it_is_the_plain_rule(confirm: int, window: int) -> None:
    draw = generator(1, "swing levels")
    close = 100 + np.cumsum(draw.standard_normal((300, 1)), axis=0).round(1)  # rounded: equal highs happen
    high, low = close + draw.random((300, 1)).round(1), close - draw.random((300, 1)).round(1)
    found = np.column_stack(swing_levels(high, low, close, confirm, window, 0.5, 5))
    zone = 0.5 * atr(high, low, close, 5)
    expected = plain(high[:, 0], low[:, 0], close[:, 0], zone[:, 0], confirm, window)
    np.testing.assert_array_equal(found, np.array(expected))
    assert np.isfinite(found).all(axis=1).sum() > 50


def test_what_comes_later_changes_no_level_and_holes_are_skipped() -> None:
    draw = generator(2, "swing levels")
    close = 100 + np.cumsum(draw.standard_normal((200, 1)), axis=0)
    whole = swing_levels(close + 1, close - 1, close)
    for stop in (130, 155, 199):
        part = swing_levels(close[:stop] + 1, close[:stop] - 1, close[:stop])
        for later, now in zip(whole, part, strict=True):
            np.testing.assert_array_equal(later[:stop], now)
    holed = np.insert(close, [20, 20, 140], NAN, axis=0)
    for skipped, without in zip(swing_levels(holed + 1, holed - 1, holed), whole, strict=True):
        np.testing.assert_array_equal(skipped[np.isfinite(holed)], without[:, 0])
        assert np.isnan(skipped[np.isnan(holed)]).all()


def test_windows_that_make_no_sense_are_refused() -> None:
    panel = np.ones((9, 1))
    with pytest.raises(UsageError, match="window_bars above twice as many"):
        swing_levels(panel, panel, panel, 3, 6)
