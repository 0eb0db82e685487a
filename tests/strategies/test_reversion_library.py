"""Bollinger with RSI, support and resistance, and the two strategies of volatility on bars made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hand_made import Row, confidence_of, flat, mirrored, sides_of, signals_of

from stratkit.plans import ExitPlan

DIP: dict[str, Any] = {"window": 3, "deviations": 1.0, "rsi_bars": 2, "oversold": 30.0, "trend_bars": 10, "atr_bars": 2}
# Nine rises of 1, a fall of 3, a rise of 2. At 15 the band of 17, 18, 15 begins at 16.67 - 1.25 = 15.42, the RSI is
# 0.5 / (0.5 + 1.5) = 25 and the average of ten 14.1. At 17 the middle of 18, 15, 17 is 16.67.
SETBACK = [*range(10, 19), 15, 17]


def test_bollinger_rsi_buys_a_setback_where_band_rsi_and_trend_agree_and_leaves_in_the_middle() -> None:
    assert sides_of("bollinger_rsi", flat(SETBACK), **DIP) == [1, 2]
    assert confidence_of("bollinger_rsi", flat(SETBACK), **DIP) == [pytest.approx(5 / 30)]
    assert sides_of("bollinger_rsi", flat(SETBACK), **DIP | {"oversold": 25.0}) == [0, 0]
    assert sides_of("bollinger_rsi", flat(SETBACK), **DIP | {"deviations": 1.5}) == [0, 0]
    assert 1 not in sides_of("bollinger_rsi", flat(SETBACK), **DIP | {"trend_bars": 5})  # an average of 16.2 above it


def test_bollinger_rsi_sells_a_rally_in_a_downtrend_only_when_both_sides_are_taken() -> None:
    rally = mirrored(flat(SETBACK), 20.0)
    assert sides_of("bollinger_rsi", rally, **DIP, direction="both") == [-1, 2]
    assert sides_of("bollinger_rsi", rally, **DIP) == [0, 0]
    assert confidence_of("bollinger_rsi", rally, **DIP, direction="both") == [pytest.approx(5 / 30)]  # an RSI of 75


def test_bollinger_rsi_stops_by_price_and_by_time() -> None:
    plan = signals_of("bollinger_rsi", flat(SETBACK), **DIP, stop_atr=2.5, hold_bars=7).exit_plan
    assert plan == ExitPlan(risk_basis="atr", risk=2.5, atr_bars=2, sl=1.0, time_stop_bars=7)


# From 10 up to 14 and down again, one a bar: swing lows of 9.75 at bars 8, 16 ..., swing highs of 14.25 at 4, 12 ...
# Every true range is 1.25, the distance from a low to the close before.
ZIGZAG = flat([10 + min(bar % 8, 8 - bar % 8) for bar in range(41)], half_range=0.25)
LEVELS: dict[str, Any] = {"confirm_bars": 2, "window_bars": 20, "atr_bars": 2, "min_touches": 2}


def test_support_resistance_buys_at_a_support_that_held_twice_with_the_resistance_as_target() -> None:
    signals = signals_of("support_resistance", ZIGZAG, **LEVELS)
    assert signals.side is not None
    assert signals.stop_level is not None
    assert signals.target_level is not None
    assert signals.confidence is not None
    entries = np.flatnonzero(signals.side)
    assert entries.tolist() == [24, 32, 40]  # 23 or 25 closes at 11, whose low of 10.75 is too far above
    assert set(signals.side[entries, 0].tolist()) == {1}
    np.testing.assert_array_equal(signals.stop_level[entries, 0], 9.75 - 1.25)
    np.testing.assert_array_equal(signals.target_level[entries, 0], 14.25)
    np.testing.assert_array_equal(signals.confidence[entries, 0], 0.5)  # two touches of four
    assert np.isnan(np.delete(signals.stop_level[:, 0], entries)).all()
    assert signals.exit_plan == ExitPlan(time_stop_bars=40)


def test_support_resistance_sells_at_a_resistance_when_both_sides_are_taken() -> None:
    signals = signals_of("support_resistance", ZIGZAG, **LEVELS, direction="both")
    assert signals.side is not None
    assert signals.stop_level is not None
    assert signals.target_level is not None
    shorts = np.flatnonzero(signals.side == -1)
    assert shorts.tolist() == [28, 36]
    np.testing.assert_array_equal(signals.stop_level[shorts, 0], 14.25 + 1.25)
    np.testing.assert_array_equal(signals.target_level[shorts, 0], 9.75)


def test_support_resistance_asks_for_touches_and_for_a_way_to_the_target() -> None:
    assert not any(sides_of("support_resistance", ZIGZAG, **LEVELS | {"min_touches": 3}))
    # 4.25 to the target, 10 - 9.75 + 1.25 = 1.5 to the stop: 2.83 times as far
    assert any(sides_of("support_resistance", ZIGZAG, **LEVELS, min_reward=2.8))
    assert not any(sides_of("support_resistance", ZIGZAG, **LEVELS, min_reward=2.9))


def test_support_resistance_takes_the_level_that_was_known_before_the_bar_for_the_one_that_must_hold() -> None:
    deeper = [*ZIGZAG[:8], (10.25, 8.0, 10.0, 100.0), *ZIGZAG[9:27]]  # bar 8 leaves a lower level of 8
    falls: Row = (12.0, 8.1, 8.3, 100.0)  # through 9.75, on to a level that nobody looked at: no support held
    loose = LEVELS | {"min_touches": 1, "min_reward": 0.1}
    assert sides_of("support_resistance", [*deeper, falls], **loose)[-1] == 0
    assert sides_of("support_resistance", [*deeper, (12.0, 9.8, 10.0, 100.0)], **loose)[-1] == 1


SQUEEZE: dict[str, Any] = {"window": 5, "channel_atr": 0.5, "squeeze_bars": 2, "atr_bars": 2}
# Calm closes: bands of about 0.1 inside a channel of about 1. The close of 110 widens the bands to 102 +- 8 and the
# channel to 103.4 +- 3.3; it stands above the middle of its window, 104.5, and its average, 102. The close of 95 stands
# below both.
CALM = flat([100.0, 100.1] * 10, half_range=1.0)
RELEASE: list[Row] = [*CALM, (110, 100, 110, 100), (110, 95, 95, 100)]


def test_volatility_breakout_enters_when_a_squeeze_lets_go_and_leaves_when_momentum_turns() -> None:
    assert sides_of("volatility_breakout", RELEASE, **SQUEEZE)[-3:] == [0, 1, 2]
    assert not any(sides_of("volatility_breakout", RELEASE, **SQUEEZE)[:-2])
    down = mirrored(RELEASE, 100.0)
    assert sides_of("volatility_breakout", down, **SQUEEZE)[-3:] == [0, -1, 2]
    assert not any(sides_of("volatility_breakout", down, **SQUEEZE, direction="long_only"))


def test_volatility_breakout_asks_for_a_squeeze_that_lasted_and_for_its_end() -> None:
    assert not any(sides_of("volatility_breakout", RELEASE, **SQUEEZE | {"squeeze_bars": 20})[:-2])
    assert not any(sides_of("volatility_breakout", RELEASE, **SQUEEZE | {"channel_atr": 4.0}))  # still inside
    short_calm = [*CALM[:18], (110, 100, 110, 100), CALM[0], (110, 100, 110, 100)]
    assert sides_of("volatility_breakout", short_calm, **SQUEEZE)[-1] != 1  # no two bars of squeeze before it


QUIET: dict[str, Any] = {
    "range_bars": 5, "edge_share": 0.25, "adx_bars": 8, "max_adx": 60.0, "vol_bars": 5, "rank_bars": 20,
    "max_vol_rank": 1.0, "atr_bars": 2,
}  # fmt: skip
# Between 10 and 14; the five bars before always held a low of 9 or less and a high of 15 or more. A close of 10 lies
# 1 / 6 up in the range of 9 to 15, one of 14 lies 5 / 6.
SWINGS = [12.0, 10, 12, 14] * 12
RANGE = flat(SWINGS, half_range=1.0)


def test_low_volatility_range_buys_the_lower_edge_and_sells_the_upper_one() -> None:
    said = sides_of("low_volatility_range", RANGE, **QUIET)
    expected = {10.0: 1, 14.0: -1, 12.0: 0}
    assert said == [expected[close] for close in SWINGS[-len(said) :]]
    longs = sides_of("low_volatility_range", RANGE, **QUIET, direction="long_only")
    first = longs.index(1)
    assert longs[first:] == [{10.0: 1, 14.0: 2, 12.0: 0}[close] for close in SWINGS[-len(longs) + first :]]
    assert not any(sides_of("low_volatility_range", RANGE, **QUIET | {"edge_share": 0.16}))


def test_low_volatility_range_leaves_when_the_range_breaks_or_the_market_is_not_quiet() -> None:
    assert SWINGS[-1] == 14.0
    broken = [*RANGE, *flat([12.0, 10.0, 8.5], half_range=1.0)]  # long at 10, then below the low of 9
    assert sides_of("low_volatility_range", broken, **QUIET)[-3:] == [0, 1, 2]
    wild = [*RANGE, *flat([12.0, 10.0, 12.5], half_range=1.0)]  # in the middle, after a return larger than ever before
    assert sides_of("low_volatility_range", wild, **QUIET)[-2:] == [1, 0]
    assert sides_of("low_volatility_range", wild, **QUIET | {"max_vol_rank": 0.9})[-2:] == [1, 2]


@pytest.mark.parametrize("limit", [{"max_vol_rank": 0.05}, {"max_adx": 5.0}])
def test_low_volatility_range_is_silent_where_volatility_ranks_high_or_a_trend_is_on(limit: dict[str, Any]) -> None:
    rising = flat([50.0 + bar + 0.05 * bar * (bar % 2) for bar in range(60)], half_range=1.0)
    loose = QUIET | {"edge_share": 0.45}
    assert any(side != 2 and side for side in sides_of("low_volatility_range", rising, **loose))
    assert not any(side in (1, -1) for side in sides_of("low_volatility_range", rising, **loose | limit))


@pytest.mark.parametrize(
    ("name", "params", "plan"),
    [
        ("volatility_breakout", SQUEEZE, {"sl": 1.0, "trail_at": 1.0, "trail_by": 2.0}),
        ("low_volatility_range", QUIET, {"sl": 1.0}),
        ("volume_profile_reversion", {"atr_bars": 2}, {"sl": 1.0}),
        ("order_flow", {"atr_bars": 2}, {"sl": 1.0}),
        ("large_prints", {"atr_bars": 2, "hold_bars": 3}, {"sl": 1.0, "time_stop_bars": 3}),
    ],
)
def test_the_stop_stands_as_many_atr_away_as_asked(name: str, params: dict[str, Any], plan: dict[str, Any]) -> None:
    wanted = {"stop_atr": 1.5, **({"trail_atr": 3.0} if "trail_by" in plan else {})}
    found = signals_of(name, ZIGZAG, **params, **wanted).exit_plan
    assert found == ExitPlan(risk_basis="atr", risk=1.5, atr_bars=2, **plan)
