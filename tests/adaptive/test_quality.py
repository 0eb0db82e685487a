"""Quality of signals: hand arithmetic, what no signal can reach, and sizes that stay within bounds."""

from __future__ import annotations

import numpy as np
import pytest
from closed_trades import RULES, closed, terms
from hypothesis import given
from hypothesis import strategies as st

from stratkit.adaptive.quality import (
    closed_regimes,
    confluence,
    passes,
    quality_scores,
    reachable,
    signal_quality,
    size_multiplier,
)
from stratkit.adaptive.settings import OptimizationSettings
from stratkit.adaptive.success_rates import counted, no_rates, rate_table

TREND_UP, RANGE, WILD, ILLIQUID = 0, 2, 4, 5


@pytest.mark.parametrize(
    ("confidence", "alignment", "success", "voices", "factor", "quality"),
    [
        (0.8, 0.9, 0.5, 2, 1.1, (0.24 + 0.27 + 0.2) * (5 / 6) * 1.1),
        (1.0, 1.0, 0.5, 1, 1.1, 0.8 * (2 / 3) * 1.1),  # one voice, cold: .587 at most
        (1.0, 0.9, 1.0, 7, 1.1, 1.0),  # 1.067 is clipped, and more than three voices add nothing
        (0.0, 0.4, 0.0, 0, 0.8, 0.12 * 0.5 * 0.8),
    ],
)
def test_quality_is_the_stated_sum_times_agreement_times_regime(
    confidence: float, alignment: float, success: float, voices: int, factor: float, quality: float
) -> None:
    assert quality_scores(confidence, alignment, success, voices, factor) == pytest.approx(quality, abs=1e-15)


def test_voices_on_the_same_side_and_aligned_timeframes_are_counted() -> None:
    side = np.array([[[1, 1, -1, 0, 2]]], np.int8)  # one bar, one symbol, five strategies
    assert confluence(side).tolist() == [[[2, 2, 1, 0, 0]]]
    higher = np.array([[[1]], [[1]], [[-1]], [[0]]], np.int8)  # four higher timeframes
    assert confluence(side, higher).tolist() == [[[4, 4, 2, 0, 0]]]


def test_a_panel_of_signals_has_the_quality_of_its_hand_made_parts() -> None:
    judged = terms(("trend", "mean_reversion", "sentiment"), symbols=2)
    rates = no_rates(3, 2, len(RULES))
    # strategy 0, symbol 1, long, trend up: 4 of 5 gained; short is not touched by them
    rates = counted(rates, closed([1, 1, 1, 1, -1], symbol=1, regime=TREND_UP))
    side = np.array([[[1, -1, 0], [1, 1, -1]], [[-1, 2, 0], [0, 0, 1]]], np.int8)  # 2 = exit
    label = np.array([[RANGE, TREND_UP], [-1, WILD]], np.int8)
    found = signal_quality(judged, rates, side, np.full(side.shape, 0.9), label)
    expected = [
        [
            [(0.27 + 0.12 + 0.2) * (2 / 3) * 0.8, (0.27 + 0.27 + 0.2) * (2 / 3) * 0.8, np.nan],
            [(0.27 + 0.27 + 0.32) * (5 / 6) * 1.1, (0.27 + 0.12 + 0.2) * (5 / 6) * 1.1,
             (0.27 + 0.15 + 0.2) * (2 / 3) * 1.1],
        ],
        [[(0.27 + 0.15 + 0.2) * (2 / 3), np.nan, np.nan], [np.nan, np.nan, (0.27 + 0.15 + 0.2) * (2 / 3) * 0.7]],
    ]  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)
    assert passes(judged, found).tolist() == [
        [[False, False, True], [True, False, False]],
        [[False, True, True], [True, True, False]],
    ]


def test_a_success_rate_is_one_half_until_five_trades_are_closed() -> None:
    four, fifth = closed([1, 1, 1, 1], side=-1, regime=-1), closed([-1], side=-1, regime=-1)
    rates = counted(no_rates(1, 1, 2), four)
    assert rate_table(rates, 5)[0, 0].tolist() == [[0.5] * 3, [0.5] * 3]
    assert rate_table(counted(rates, fifth), 5)[0, 0].tolist() == [[0.5] * 3, [0.5, 0.5, 0.8]]
    assert rates.trades.sum() == 4  # what was handed out has not changed


def test_a_trade_of_zero_is_no_success() -> None:
    assert rate_table(counted(no_rates(1, 1, 1), closed([0.0] * 5)), 5)[0, 0, 0, 0] == 0.0


def test_one_trend_follower_alone_can_reach_the_threshold_nowhere_at_first() -> None:
    judged = terms(("trend",))
    # (.3 + .27 + .2) x 2/3 x 1.1 in a trend; with a success rate of 1: (.3 + .27 + .4) x 2/3 x 1.1 = .711
    assert reachable(judged)[TREND_UP] == pytest.approx(0.77 * (2 / 3) * 1.1)
    said = closed_regimes(judged)
    assert said is not None
    _, never, at_first = said.split("; ")
    assert "none can ever reach it in" in never
    assert "high_volatility (0.40 at most)" in never  # .85 x 2/3 x .7 = .397
    assert "before success rates have risen in trend_up (0.56 at most), trend_down (0.56 at most)" in at_first


def test_three_voices_reach_it_in_trends_and_after_successes_in_ranges() -> None:
    said = closed_regimes(terms(("trend", "mean_reversion", "breakout")))
    assert said is not None
    assert "trend_up" not in said
    assert "ever reach it in high_volatility (0.59 at most); " in said  # .85 x .7 = .595, a bit less as a double
    assert "have risen in range_low_vol (0.62 at most)" in said  # .77 x .8 = .616
    assert closed_regimes(terms(("trend",) * 3, regimes=("trend_up",))) is None


def test_aligned_timeframes_count_as_voices_of_what_is_reachable() -> None:
    optimization = OptimizationSettings.model_validate({"enabled": True, "quality": {"timeframes": ["1w", "1mo"]}})
    judged = terms(("trend",), optimization=optimization)
    assert reachable(judged)[TREND_UP] == pytest.approx(0.77 * 1.1)


def test_other_names_of_regimes_may_be_given_a_kind_and_families_a_table() -> None:
    settings = OptimizationSettings.model_validate(
        {"enabled": True, "regime_kinds": {"calm": "ranging"}, "quality": {"alignment": {"trend": {"ranging": 1.0}}}}
    )
    judged = terms(("trend",), regimes=("calm", "odd"), optimization=settings)
    assert reachable(judged).tolist() == pytest.approx([0.8 * (2 / 3) * 0.8, 0.65 * (2 / 3)])


def test_a_size_is_scaled_by_quality_score_and_regime_and_clipped_once() -> None:
    judged = terms(("trend",))
    found = size_multiplier(
        judged, np.array([0.7, 0.35, 1.0, np.nan]), np.array([1.0, 1.2, 2.39, 1.2]), [1.1, 0.8, 1.1, 0.8]
    )
    assert found.tolist() == pytest.approx([1.1, 0.75 * 1.2 * 0.8, 2.0, 0.96])
    # clipped at each step it would be .1 x 2 = .2
    assert size_multiplier(judged, np.array([0.7]), 0.05, 2.0).tolist() == pytest.approx([0.1])


@given(st.floats(0, 1), st.floats(-3, 10), st.floats(0.01, 5))
def test_no_multiplier_leaves_its_bounds(quality: float, factor: float, regime: float) -> None:
    assert 0.1 <= float(size_multiplier(terms(), np.array([quality]), factor, regime)[0]) <= 2.0


@given(*(st.floats(0, 1) for _ in range(3)), st.integers(0, 20), st.floats(0.01, 5))
def test_quality_stays_between_nothing_and_one(c: float, a: float, s: float, voices: int, factor: float) -> None:
    assert 0.0 <= float(quality_scores(c, a, s, voices, factor)) <= 1.0
    assert quality_scores(c, a, s, voices + 1, factor) >= quality_scores(c, a, s, voices, factor)
