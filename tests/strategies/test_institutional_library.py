"""Volume profile, order flow and large prints on bars made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hand_made import Row, confidence_of, flat, mirrored, sides_of, signals_of
from scipy.stats import norm

PROFILE: dict[str, Any] = {
    "profile_bars": 20, "bins": 5, "value_share": 0.6, "min_distance_atr": 0.0, "imbalance_bars": 2,
    "min_imbalance": -0.2, "atr_bars": 2,
}  # fmt: skip
# Five bins of 2.4 from 94 to 106: the third, 98.8 to 101.2, holds 13 of 20 bars and is the value area around 100
TRADED = [100.0] * 8 + [94.0] * 3 + [106.0] * 3 + [100.0] * 6


def profile_sides(*closes: float, volume: float = 100.0, **changed: Any) -> list[int]:
    return sides_of("volume_profile_reversion", flat([*TRADED, *closes], volume=volume), **PROFILE | changed)


def test_volume_profile_trades_back_into_the_value_area_to_the_point_of_control() -> None:
    assert profile_sides(97.0, 99.5, 100.0) == [0, 1, 2]
    assert profile_sides(103.0, 100.5, 100.0) == [0, -1, 2]
    assert profile_sides(103.0, 100.5, 100.0, direction="long_only") == [0, 0, 0]
    assert profile_sides(97.0, 98.0) == [0, 0], "it is not back inside"
    assert profile_sides(99.0, 99.5) == [0, 0], "it was never outside"
    assert profile_sides(97.0, 100.5) == [0, 0], "nothing is left to gain"


def test_volume_profile_targets_the_point_of_control_when_it_is_far_enough_away() -> None:
    signals = signals_of("volume_profile_reversion", flat([*TRADED, 97.0, 99.5]), **PROFILE)
    assert signals.target_level is not None
    assert signals.target_level[-1, 0] == pytest.approx(100.0)
    assert np.isnan(signals.target_level[:-1]).all()
    # true ranges of 3 and 2.5 behind a calm of 0: an ATR of 1.5 and then 2, of which a quarter is the way of 0.5
    assert profile_sides(97.0, 99.5, min_distance_atr=0.24)[-1] == 1
    assert profile_sides(97.0, 99.5, min_distance_atr=0.26)[-1] == 0


def test_volume_profile_follows_a_breakout_until_the_point_of_control() -> None:
    assert profile_sides(100.0, 103.0, 101.0, 99.0, mode="breakout") == [0, 1, 0, 2]
    assert profile_sides(100.0, 97.0, 99.0, 101.0, mode="breakout") == [0, -1, 0, 2]
    broken = signals_of("volume_profile_reversion", flat([*TRADED, 103.0]), **PROFILE, mode="breakout")
    assert broken.target_level is None


def test_volume_profile_asks_that_the_money_flow_does_not_speak_against_it() -> None:
    sold: Row = (101.0, 99.4, 99.5, 100.0)  # closes near its low: (0.1 - 1.5) / 1.6 = -0.875; over two bars -0.4375
    rows = [*flat([*TRADED, 97.0]), sold]
    assert sides_of("volume_profile_reversion", rows, **PROFILE)[-1] == 0
    assert sides_of("volume_profile_reversion", rows, **PROFILE | {"min_imbalance": -0.44})[-1] == 1


FLOW: dict[str, Any] = {"window_bars": 2, "threshold": 0.4, "deviation_bars": 10, "atr_bars": 2}
MIDDLE: Row = (101.0, 99.0, 100.0, 100.0)
BOUGHT: Row = (101.0, 99.0, 101.0, 100.0)
SOLD: Row = (101.0, 99.0, 99.0, 300.0)


def test_order_flow_enters_where_the_net_flow_crosses_its_threshold_and_leaves_when_it_turns() -> None:
    # net flows: 0, 100 / 200, 100 / 200, -300 / 400, 0 / 400
    rows = [*[MIDDLE] * 13, BOUGHT, MIDDLE, SOLD]
    assert sides_of("order_flow", rows, **FLOW) == [0, 1, 0, -1]
    assert sides_of("order_flow", rows, **FLOW, direction="long_only") == [0, 1, 0, 2]
    assert sides_of("order_flow", rows, **FLOW | {"threshold": 0.6}) == [0, 0, 0, -1]
    bought: Row = (*BOUGHT[:3], 900.0)  # net flow 600 / 1200: the short is left, and a long entered at 0.4
    assert sides_of("order_flow", [*rows, bought], **FLOW | {"threshold": 0.6}) == [0, 0, 0, -1, 2]
    assert sides_of("order_flow", [*rows, bought], **FLOW) == [0, 1, 0, -1, 1]
    assert confidence_of("order_flow", rows, **FLOW) == [pytest.approx(0.625), pytest.approx(0.9375)]


def test_order_flow_in_divergence_asks_that_price_went_the_other_way() -> None:
    calm = [(close + 1, close - 1, close, 100.0) for close in [100.0, 101.0] * 7]
    bought_falling: Row = (98.0, 96.0, 98.0, 100.0)  # at its high, 2 below the bar before the last
    bought_rising: Row = (103.0, 101.0, 103.0, 100.0)
    mode = FLOW | {"mode": "divergence", "divergence": 1.0}
    assert sides_of("order_flow", [*calm, bought_falling], **mode)[-1] == 1
    assert sides_of("order_flow", [*calm, bought_rising], **mode)[-1] == 0
    assert sides_of("order_flow", mirrored([*calm, bought_falling], 100.0), **mode)[-1] == -1
    neither = [*calm, (99.0, 97.0, 98.0, 100.0)]  # price falls, and nobody buys
    for said_nothing in (neither, mirrored(neither, 100.0)):
        assert sides_of("order_flow", said_nothing, **mode)[-1] == 0
    # 2 % in two bars that usually move 1.05 % each (ten returns of +-1 %): 1.35 deviations of the window
    assert sides_of("order_flow", [*calm, bought_falling], **mode | {"divergence": 1.3})[-1] == 1
    assert sides_of("order_flow", [*calm, bought_falling], **mode | {"divergence": 1.4})[-1] == 0


def test_order_flow_as_bulk_volume_reads_the_size_of_the_move_not_the_place_of_the_close() -> None:
    closes = [100.0, 101.0] * 7
    rows = flat([*closes, 98.0], half_range=1.0)
    returns = np.diff(closes[-12:]) / np.array(closes[-12:-1])
    sides = [2 * norm.cdf(moved / np.std(before, ddof=1)) - 1 for moved, before in (
        (0.01, returns[:-1]), (98.0 / 101.0 - 1.0, returns[1:]),
    )]  # fmt: skip
    flow = float(np.mean(sides))  # of two bars: 0.66 of the volume bought on balance, then all sold
    bulk = FLOW | {"proxy": "bulk_volume", "threshold": 0.1}
    assert sides_of("order_flow", rows, **bulk)[-1] == -1
    assert confidence_of("order_flow", rows, **bulk)[-1] == pytest.approx(-flow / 0.2, rel=1e-5)
    assert sides_of("order_flow", rows, **bulk | {"proxy": "close_location"})[-1] == 0


PRINTS: dict[str, Any] = {"rank_bars": 20, "min_rank": 1.0, "min_location": 0.5, "atr_bars": 2}
USUAL: list[Row] = [(101.0, 99.0, 100.0, 100.0 + bar) for bar in range(20)]
BLOCKS: list[Row] = [
    (101.0, 99.0, 101.0, 500.0),  # at the high
    (101.0, 99.0, 100.2, 600.0),  # 0.2 up from the middle
    (101.0, 99.0, 99.2, 700.0),  # 0.8 down from the middle
    (101.0, 99.0, 101.0, 650.0),  # less than the bar before
]


def test_large_prints_are_followed_or_faded_on_the_side_on_which_they_closed() -> None:
    rows = [*USUAL, *BLOCKS]
    assert sides_of("large_prints", rows, **PRINTS) == [1, 0, -1, 0]
    assert sides_of("large_prints", rows, **PRINTS, reaction="fade") == [-1, 0, 1, 0]
    assert sides_of("large_prints", rows, **PRINTS, direction="long_only") == [1, 0, 0, 0]
    assert sides_of("large_prints", rows, **PRINTS | {"min_rank": 0.95}) == [1, 0, -1, 1]  # above 19 of 20
    assert sides_of("large_prints", rows, **PRINTS | {"min_location": 0.9}) == [1, 0, 0, 0]
    assert confidence_of("large_prints", rows, **PRINTS) == [pytest.approx(1.0), pytest.approx(0.8)]
