"""What each regime was like: every figure by hand, and nothing that the bars behind a label could flatter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.analytics.regime_facts import RegimeFacts, expected_bars, regime_facts, return_facts
from stratkit.errors import UsageError

NAMES = ("calm", "wild")
LABEL = np.array([0, 0, 1, 1, 1, 0, -1, 0])
RETURNS = np.array([np.nan, 0.01, 0.02, -0.04, 0.03, 0.0, 0.01, -0.01])


def facts(label: np.ndarray = LABEL, returns: np.ndarray = RETURNS, has_bar: np.ndarray | None = None) -> RegimeFacts:
    has = np.ones(len(label), np.bool_) if has_bar is None else has_bar
    return regime_facts("A", NAMES, label, returns, has, 100.0)


def test_bars_shares_and_episodes_are_those_counted_by_hand() -> None:
    calm, wild = facts().rows
    assert (calm.bars, calm.episodes, wild.bars, wild.episodes) == (4, 3, 3, 1)
    assert calm.share == pytest.approx(4 / 7)  # of the seven bars that have a label
    assert [calm.mean_bars, wild.mean_bars] == pytest.approx([4 / 3, 3.0])
    assert (facts().bars, facts().unlabelled) == (8, 1)


def test_moves_leave_out_those_from_and_to_bars_without_a_label() -> None:
    # calm: to calm, to wild; wild: twice to wild, once to calm
    found = facts()
    assert found.transition.tolist() == [[0.5, 0.5], [pytest.approx(1 / 3), pytest.approx(2 / 3)]]
    assert found.moves.tolist() == [2, 3]
    assert [row.expected_bars for row in found.rows] == [2.0, pytest.approx(3.0)]


def test_figures_are_those_of_the_bar_behind_the_label() -> None:
    # behind the calm bars 0, 1, 5 come .01, .02, .01; nothing comes behind bar 7
    calm = facts().rows[0].next_bar
    assert calm.n == 3
    assert calm.mean_ann == pytest.approx(4 / 3)
    assert calm.volatility_ann == pytest.approx(0.1 / math.sqrt(3))  # deviation .01/sqrt(3) x sqrt(100)
    assert calm.sharpe_ann == pytest.approx(40 / math.sqrt(3))
    # SR = 4/sqrt(3), g3 = 1/sqrt(2), g4 = 1.5: 1 - sqrt(8/3) + 2/3
    assert calm.sharpe_error == pytest.approx(10 * math.sqrt((5 / 3 - math.sqrt(8 / 3)) / 3))


def test_the_bars_that_made_a_label_are_counted_apart() -> None:
    wild = facts().rows[1]
    assert wild.same_bar.mean_ann == pytest.approx(100 * (0.02 - 0.04 + 0.03) / 3)
    assert wild.next_bar.mean_ann == pytest.approx(100 * (-0.04 + 0.03 + 0.0) / 3)


def test_a_label_that_says_what_its_own_bar_did_earns_nothing_on_the_next() -> None:
    returns = 0.01 * np.random.Generator(np.random.PCG64(1)).standard_normal(4000)
    up = regime_facts(
        "A", ("down", "up"), (returns > 0).astype(np.int64), returns, np.ones(4000, np.bool_), 252.0
    ).rows[1]
    assert up.same_bar.sharpe_ann > 15
    assert abs(up.next_bar.sharpe_ann) < 2 * up.next_bar.sharpe_error


def test_the_last_bar_says_which_regime_it_is_now_and_since_when() -> None:
    found = facts(LABEL[:5], RETURNS[:5])
    assert found.now is found.rows[1]
    assert (found.last_bar, found.since) == (4, 2)
    assert facts(LABEL[:7], RETURNS[:7]).now is None


def test_a_hole_in_a_series_parts_no_episode() -> None:
    label, has = np.array([0, 0, -1, 0, 1]), np.array([True, True, False, True, True])
    returns = np.array([np.nan, 0.01, np.nan, 0.02, 0.05])
    found = facts(label, returns, has)
    assert found.rows[0].episodes == 1
    assert found.rows[0].next_bar.mean_ann == pytest.approx(100 * (0.01 + 0.02 + 0.05) / 3)
    assert found.transition[0].tolist() == [pytest.approx(2 / 3), pytest.approx(1 / 3)]
    assert (found.bars, found.unlabelled) == (4, 0)


def test_a_regime_that_was_never_left_lasts_for_ever_and_one_that_never_was_has_no_figures() -> None:
    calm, wild = facts(np.zeros(3, np.int64), np.array([np.nan, 0.1, 0.2])).rows
    assert (calm.stays, calm.expected_bars) == (1.0, math.inf)
    assert (wild.bars, wild.episodes, wild.share) == (0, 0, 0.0)
    assert all(math.isnan(value) for value in (wild.expected_bars, wild.mean_bars, wild.next_bar.sharpe_ann))


def test_one_bar_and_no_bar_are_described_without_figures() -> None:
    one = facts(np.array([0]), np.array([np.nan]))
    assert (one.rows[0].bars, one.rows[0].next_bar.n, one.since) == (1, 0, 0)
    none = facts(np.array([-1]), np.array([np.nan]), np.array([False]))
    assert (none.bars, none.last_bar, none.now) == (0, -1, None)


def test_few_episodes_are_said_to_be_few() -> None:
    label = np.tile([0, 1], 10)
    assert not facts(label, np.zeros(20)).rows[0].has_few_episodes  # ten
    assert facts(label[:18], np.zeros(18)).rows[0].has_few_episodes  # nine


def test_probability_and_confidence_are_those_of_the_last_bar_of_the_series() -> None:
    probability = np.array([[0.9, 0.1], [0.3, 0.7], [np.nan, np.nan]])
    found = regime_facts(
        "A", NAMES, np.array([0, 1, -1]), np.array([np.nan, 0.1, np.nan]), np.array([True, True, False]), 252.0,
        confidence=np.array([0.9, 0.7, np.nan]), probability=probability,
    )  # fmt: skip
    assert [row.probability for row in found.rows] == [0.3, 0.7]
    assert found.confidence == 0.7


def test_a_risk_free_rate_is_taken_off_the_mean_of_the_ratio_only() -> None:
    returns = np.array([0.01, 0.03])
    plain, less = return_facts(returns, 100.0), return_facts(returns, 100.0, 0.02)
    assert plain.mean_ann == less.mean_ann == pytest.approx(2.0)
    assert less.sharpe_ann == pytest.approx(0.0)


def test_labels_and_returns_of_other_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="must be as many; found 8, 2 and 8"):
        facts(returns=RETURNS[:2])


@given(st.lists(st.integers(-1, 1), min_size=1, max_size=60))
def test_bars_of_all_regimes_and_those_without_are_all_bars(drawn: list[int]) -> None:
    label = np.array(drawn)
    found = facts(label, np.zeros(len(label)))
    assert sum(row.bars for row in found.rows) + found.unlabelled == len(label)
    assert sum(row.episodes for row in found.rows) == int((np.diff(label, prepend=-2)[label >= 0] != 0).sum())
    known = found.transition[found.moves > 0]
    assert np.allclose(known.sum(axis=1), 1.0)


def test_an_episode_that_goes_on_three_times_in_four_lasts_four_bars() -> None:
    assert expected_bars(0.75) == 4.0
    assert math.isnan(expected_bars(math.nan))
