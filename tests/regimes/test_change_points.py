"""CUSUM alarms and events as published and by hand; PELT beside the slow search and beside every segmentation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from stratkit.regimes.change_points import cusum_events, cusum_labels, page_cusum, pelt_change_points, pelt_labels
from stratkit.regimes.settings import FitSettings

# Montgomery, Introduction to Statistical Quality Control, table 9.1: mean 10 for twenty values, then 11
MONTGOMERY = [
    9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.2, 10.34, 9.03, 11.47, 10.51, 9.4, 10.08, 9.37, 10.62, 10.31,
    8.52, 10.84, 10.9, 9.33, 12.29, 11.5, 10.6, 11.08, 10.38, 11.62, 11.31, 10.52,
]  # fmt: skip


def test_cusum_montgomery() -> None:
    upper, _ = page_cusum(np.array(MONTGOMERY), target=10.0, drift=0.5)
    assert upper[28] == pytest.approx(5.28, abs=1e-9)
    assert upper[29] == pytest.approx(5.30, abs=1e-9)
    assert np.flatnonzero(upper > 5)[0] + 1 == 29


def test_cusum_filter_afml() -> None:
    from backtesting.test import GOOG

    # vector cusum-filter-afml: López de Prado, snippet 2.4, changes of the log close, h = 5 %
    events = cusum_events(np.diff(np.log(GOOG["Close"].to_numpy(dtype=float))), 0.05)
    assert len(events) == 292
    assert events[:5].tolist() == [0, 6, 14, 16, 19]
    assert events[-1] == 2132


def test_an_event_sets_only_its_own_side_back() -> None:
    # sums up: .04, .07 (event, 0), .03; sums down: 0, 0, -.03 ... so that the fall at the end is one of .06
    assert cusum_events(np.array([0.04, 0.03, -0.03, -0.03, 0.02]), 0.05).tolist() == [1, 3]


def drift_market() -> np.ndarray:
    """Thirty returns of mean 0 and deviation 1 % (±1 % in turn), then those that a test puts behind them."""
    return np.tile([0.01, -0.01], 15)


def test_a_drift_begins_above_the_threshold_and_ends_at_zero_by_hand() -> None:
    # deviation of the first 30: .01, mean 0; drift .5, threshold 2. Behind them standardised 2, 2, 2, -1, -4, -3, 0.
    later = np.array([2.0, 2.0, 2.0, -1.0, -4.0, -3.0, 0.0]) * 0.01
    fit = FitSettings(min_bars=30, refit_bars=100, cusum_threshold=2.0, cusum_drift=0.5)
    labels = cusum_labels(np.append(drift_market(), later)[:, None], fit)
    # upper: 1.5 3.0 4.5 3.0 0 0 0; lower: 0 0 0 .5 4.0 6.5 6.0 (bar 29, of -1, left .5 below, gone at the first 2)
    assert [labels.names[code] for code in labels.label[30:, 0]] == [
        "steady", "drift_up", "drift_up", "drift_up", "drift_down", "drift_down", "drift_down",
    ]  # fmt: skip
    assert labels.confidence[30:, 0] == pytest.approx([1 - 1.5 / 4, 3 / 5, 4.5 / 6.5, 3 / 5, 4 / 6, 6.5 / 8.5, 6 / 8])
    assert labels.label[:29, 0].tolist() == [-1] * 29
    assert labels.causal
    assert labels.refits == (29,)


def test_of_two_drifts_the_later_counts_until_it_is_over() -> None:
    # upper after 9: 8.5, after -4: 4, after 1.5: 5, after .9: 5.4; lower: 0, 3.5, 1.5, .1, then -> the upper again
    later = np.array([9.0, -4.0, 1.5, 0.9, 0.0, 0.0]) * 0.01
    fit = FitSettings(min_bars=30, refit_bars=100, cusum_threshold=2.0, cusum_drift=0.5)
    labels = cusum_labels(np.append(drift_market(), later)[:, None], fit)
    # lower: .5 before; 0; 3.5; 1.5; .1; 0 (x = 0: -.5 + .1 < 0)
    assert labels.label[30:, 0].tolist() == [1, 2, 2, 2, 1, 1]


def cost(values: np.ndarray, cuts: tuple[int, ...], penalty: float) -> float:
    return sum(float(((part - part.mean()) ** 2).sum()) for part in np.split(values, cuts)) + penalty * len(cuts)


@pytest.mark.parametrize("seed", range(6))
def test_pelt_finds_the_cheapest_of_all_segmentations(seed: int) -> None:
    draw = np.random.default_rng(seed)
    values = np.concatenate([draw.normal(mean, 1, 6) for mean in (0, 3, -1)])
    possible = [
        cuts
        for count in range(4)
        for cuts in combinations(range(3, len(values) - 2), count)
        if all(later - earlier >= 3 for earlier, later in zip((0, *cuts), (*cuts, len(values))))
    ]
    best = min(possible, key=lambda cuts: cost(values, cuts, 4.0))
    assert pelt_change_points(values, 4.0, 3) == list(best)


def test_pelt_in_c_equals_ruptures_pelt_with_a_jump_of_one_and_not_of_five() -> None:
    from ruptures import Pelt

    draw = np.random.default_rng(7)
    values = np.concatenate([draw.normal(mean, 1, bars) for mean, bars in ((0, 63), (2, 41), (0, 77), (4, 33))])
    found = pelt_change_points(values, 10.0, 5)
    assert found == Pelt("l2", min_size=5, jump=1).fit(values).predict(pen=10.0)[:-1]
    assert found != Pelt("l2", min_size=5, jump=5).fit(values).predict(pen=10.0)[:-1]
    assert len(found) == 3


def test_segments_are_named_by_volatility_and_know_the_future() -> None:
    draw = np.random.default_rng(1)
    returns = np.concatenate([draw.normal(0, 0.005, 100), draw.normal(0, 0.03, 100)])[:, None]
    labels = pelt_labels(returns)
    assert not labels.causal
    turn = int(labels.label[:, 0].argmax())
    assert abs(turn - 100) <= 3
    assert labels.label[:turn, 0].max() == 0
    assert labels.label[turn:, 0].min() == 1


def test_a_series_without_a_bar_or_a_move_has_no_segments() -> None:
    empty = np.column_stack([np.full(60, np.nan), np.zeros(60)])
    assert (pelt_labels(empty).label == -1).all()
    assert (cusum_labels(empty, FitSettings(min_bars=30)).label == -1).all()
