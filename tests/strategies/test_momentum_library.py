"""Volume breakout, adaptive trend, momentum ignition and time-series momentum on bars made by hand."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hand_made import Row, bars_of, confidence_of, flat, mirrored, sides_of, signals_of

from stratkit.data.bars import FIELDS, Bars
from stratkit.panel import NS_PER_DAY
from stratkit.plans import ExitPlan
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy

BREAKOUT = {"entry": 2, "leave": 2, "volume_bars": 2, "volume_multiple": 2.0, "min_location": 0.5, "atr_bars": 2}
BREAKOUTS: list[Row] = [
    *flat([10, 10, 10], half_range=1.0),
    (13, 11, 13, 100),  # above the channel of 11, but on usual volume
    (15, 12, 15, 400),  # above 13, four times the volume, at its high
    (17, 12, 14, 400),  # not above 15
    (20, 12, 18, 1000),  # above 17, 2.5 times the volume, and (6 - 2) / 8 = 0.5 up in its bar
    (12, 9, 10, 100),  # below the lows of 12
]


def test_volume_breakout_asks_for_the_channel_the_volume_and_a_close_near_the_high() -> None:
    assert sides_of("volume_breakout", BREAKOUTS, **BREAKOUT) == [0, 1, 0, 1, 2]
    assert sides_of("volume_breakout", BREAKOUTS, **BREAKOUT | {"min_location": 0.6}) == [0, 1, 0, 0, 2]
    assert sides_of("volume_breakout", BREAKOUTS, **BREAKOUT | {"volume_multiple": 3.0}) == [0, 1, 0, 0, 2]
    down = mirrored(BREAKOUTS, 20.0)
    assert sides_of("volume_breakout", down, **BREAKOUT, direction="both") == [0, -1, 0, -1, 2]
    assert sides_of("volume_breakout", down, **BREAKOUT) == [0] * 5
    assert sides_of("volume_breakout", down, **BREAKOUT | {"min_location": 0.6}, direction="both") == [0, -1, 0, 0, 2]


def test_volume_breakout_is_as_sure_as_the_volume_is_heavy_and_trails_its_stop() -> None:
    assert confidence_of("volume_breakout", BREAKOUTS, **BREAKOUT) == [1.0, 0.625]  # 4 / 2 / 2 and 2.5 / 2 / 2
    plan = signals_of("volume_breakout", BREAKOUTS, **BREAKOUT, stop_atr=1.5, trail_atr=3.0).exit_plan
    assert plan == ExitPlan(risk_basis="atr", risk=1.5, atr_bars=2, sl=1.0, trail_at=1.0, trail_by=2.0)


ADAPTIVE = {"efficiency_bars": 2, "filter_bars": 2, "filter_deviations": 0.0, "min_efficiency": 0.9, "atr_bars": 2}
# The average moves (2/3)^2 of the way while price is efficient, to 10.44, 11.14 and 11.96, and (2/31)^2 when the
# efficiency is 0: the close of 12 still lifts it a little. The fall to 10 is efficient and turns it.
TURN = [10.0] * 13 + [11, 12, 13, 12, 10]


@pytest.mark.parametrize(("direction", "expected"), [("both", [1, 1, 1, 0, -1]), ("long_only", [1, 1, 1, 0, 2])])
def test_adaptive_trend_enters_where_its_average_moves_on_efficiently(direction: str, expected: list[int]) -> None:
    assert sides_of("adaptive_trend", flat(TURN), **ADAPTIVE, direction=direction) == expected


def test_adaptive_trend_leaves_on_a_turn_that_is_too_noisy_to_enter_on() -> None:
    back = [*TURN[:16], 11.0]  # an efficiency of 1/3 (1 of 3 walked), and a close below the average of 11.96
    assert sides_of("adaptive_trend", flat(back), **ADAPTIVE, direction="both") == [1, 1, 1, 2]


def test_adaptive_trend_filters_small_moves_and_is_as_sure_as_price_is_efficient() -> None:
    assert sides_of("adaptive_trend", flat(TURN), **ADAPTIVE | {"filter_deviations": 3.0}, direction="both")[0] == 0
    rows = flat([*TURN[:15], 12.5, 12.25, 13.5])  # the last: 1 / 1.5 of efficiency
    assert confidence_of("adaptive_trend", rows, **ADAPTIVE | {"min_efficiency": 0.6})[-1] == pytest.approx(2 / 3)
    plan = signals_of("adaptive_trend", rows, **ADAPTIVE, stop_atr=2.5).exit_plan
    assert plan == ExitPlan(risk_basis="atr", risk=2.5, atr_bars=2, sl=1.0, trail_at=0.0, trail_by=1.0)


IGNITION = {"deviation_bars": 10, "volume_bars": 2, "volume_multiple": 2.0, "atr_bars": 2}
CALM = [100.0, 101.0] * 6  # eleven returns of about 1 %


def test_momentum_ignition_follows_a_burst_on_heavy_volume_only() -> None:
    rows = flat(CALM)
    up, down = (104.03, 104.03, 104.03, 300.0), (97.97, 97.97, 97.97, 300.0)  # 3 % from 101
    assert sides_of("momentum_ignition", [*rows, up], **IGNITION) == [0, 1]
    assert sides_of("momentum_ignition", [*rows, down], **IGNITION) == [0, -1]
    assert sides_of("momentum_ignition", [*rows, down], **IGNITION, direction="long_only") == [0, 0]
    assert sides_of("momentum_ignition", [*rows, (*up[:3], 150.0)], **IGNITION) == [0, 0]
    assert sides_of("momentum_ignition", [*rows, up], **IGNITION, deviations=3.0) == [0, 0]


def test_momentum_ignition_measures_its_burst_in_deviations_of_the_bars_before_it() -> None:
    returns = [later / earlier - 1.0 for earlier, later in pairwise(CALM)][-10:]
    burst = 0.03 / float(np.std(returns, ddof=1))
    rows = [*flat(CALM), (104.03, 104.03, 104.03, 300.0)]
    assert confidence_of("momentum_ignition", rows, **IGNITION) == [pytest.approx(burst / 4.0, rel=1e-6)]
    two_bars = signals_of("momentum_ignition", rows, **IGNITION, burst_bars=2).confidence  # 4.03 % over two bars
    before = [later / earlier - 1.0 for earlier, later in pairwise(CALM[:-1])][-10:]
    expected = 0.0403 / (float(np.std(before, ddof=1)) * math.sqrt(2)) / 4.0
    assert two_bars is not None
    assert two_bars[-1, 0] == pytest.approx(expected, rel=1e-6)


def test_momentum_ignition_leaves_after_a_few_bars() -> None:
    plan = signals_of("momentum_ignition", flat(CALM), **IGNITION, hold_bars=3, stop_atr=1.5).exit_plan
    assert plan == ExitPlan(risk_basis="atr", risk=1.5, atr_bars=2, sl=1.0, time_stop_bars=3)


def weighted_deviation(closes: list[float], window: int) -> float:
    """Exponentially weighted deviation of returns around their mean, both from the mean of the first window on."""
    returns = [later / earlier - 1.0 for earlier, later in pairwise(closes)]
    mean, square = np.mean(returns[:window]), np.mean(np.square(returns[:window]))
    for value in returns[window:]:
        mean, square = mean + 2 / (window + 1) * (value - mean), square + 2 / (window + 1) * (value**2 - square)
    return float(np.sqrt(square - mean**2))


def test_time_series_momentum_takes_the_sign_of_the_past_at_equal_risk_on_the_first_bar_of_a_month() -> None:
    up = [100 * 1.01**day * (1.02 if day % 2 else 1.0) for day in range(60)]
    down = [100 * 0.98**day * (1.05 if day % 3 else 1.0) for day in range(60)]
    close = np.column_stack([up, down])
    times = (10 + np.arange(60)) * NS_PER_DAY  # 11 January 1970: February begins on bar 21, March on bar 49
    prices = close[:, ::-1]
    bars = Bars(times, ("DOWN", "UP"), prices, prices, prices, prices, np.ones((60, 2)), "1d")
    asked = {"lookback": 6, "vol_com_bars": 2, "vol_target_pct": 20.0, "max_weight": 10.0}
    weight = run_strategy(build_strategy("time_series_momentum", asked), Context(bars)).weight
    assert weight is not None
    assert np.flatnonzero(np.isfinite(weight).any(axis=1)).tolist() == [21, 49]
    for bar in (21, 49):
        vols = [weighted_deviation(closes[: bar + 1], 5) * math.sqrt(252) for closes in (down, up)]
        np.testing.assert_allclose(weight[bar], [-0.2 / vols[0] / 2, 0.2 / vols[1] / 2], rtol=1e-9)
    capped = build_strategy("time_series_momentum", {**asked, "max_weight": 0.3, "direction": "long_only"})
    held = run_strategy(capped, Context(bars)).weight
    assert held is not None
    np.testing.assert_allclose(held[21], [0.0, 0.15])


def test_time_series_momentum_shares_among_the_markets_that_are_known() -> None:
    rows = flat([100 * 1.01**day * (1.02 if day % 2 else 1.0) for day in range(60)])
    alone = bars_of(rows, first_day=10)
    late = np.full((60, 1), np.nan)
    panels: Any = {name: np.hstack([getattr(alone, name), late]) for name in FIELDS}
    strategy = build_strategy("time_series_momentum", {"lookback": 6, "vol_com_bars": 2})
    one = run_strategy(strategy, Context(alone)).weight
    both = run_strategy(strategy, Context(Bars(alone.times, ("HAND", "LATE"), **panels, frequency="1d"))).weight
    assert one is not None
    assert both is not None
    np.testing.assert_array_equal(both[:, :1], one)
    assert np.isnan(both[:, 1]).all()
