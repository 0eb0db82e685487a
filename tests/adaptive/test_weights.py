"""Scores of strategies and the weights that follow them: hand arithmetic, and bounds that nothing leaves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_trades import closed
from hypothesis import given
from hypothesis import strategies as st

from stratkit.adaptive.measures import Measures, measured, no_trades, with_trades
from stratkit.adaptive.outcomes import Outcomes
from stratkit.adaptive.weights import first_weights, next_weights, strategy_scores

HAND = [2.0, -1.0, -1.0, 2.0, -1.0]


def figures(outcomes: Outcomes, window: int = 50, strategies: int = 1) -> Measures:
    return measured(with_trades(no_trades(strategies, window), outcomes))[0]


def test_figures_of_five_trades_equal_hand_arithmetic() -> None:
    found = figures(closed(HAND, pnl=[0.04, -0.02, -0.02, 0.04, -0.02]))
    assert found.trades.tolist() == [5]
    assert found.expectancy_r.tolist() == pytest.approx([0.2])
    assert found.profit_factor.tolist() == pytest.approx([4 / 3])
    assert found.win_rate.tolist() == pytest.approx([0.4])
    assert found.drawdown_r.tolist() == pytest.approx([2.0])  # from 2 to 0
    assert found.drawdown_frac.tolist() == pytest.approx([0.04])
    assert found.sharpe.tolist() == pytest.approx([0.2 / math.sqrt(10.8 / 4)])
    assert found.losses_in_row.tolist() == [1]


def test_a_score_of_five_trades_equals_hand_arithmetic() -> None:
    by_hand = 1 + 0.4 * 0.2 + 0.3 * (math.log2(7 / 3) - 0.5) - 0.2 * 0.2 + 0.1 * (0.2 / math.sqrt(2.7)) / 2
    assert by_hand == pytest.approx(1.2628, abs=5e-5)
    assert strategy_scores(figures(closed(HAND)), min_trades=5).tolist() == pytest.approx([by_hand], abs=1e-15)
    assert strategy_scores(figures(closed(HAND)), min_trades=6).tolist() == [1.0]


def test_the_worst_and_the_best_score_are_bounded() -> None:
    # expectancy and Sharpe at -1, profit factor 0, drawdown from 10 R: 1 - .4 - .15 - .2 - .1 x (Sharpe / 2)
    worst = strategy_scores(figures(closed([-3.0, -3.1] * 10)), 20)
    assert worst.tolist() == pytest.approx([1 - 0.4 - 0.15 - 0.2 - 0.1])
    best = strategy_scores(figures(closed([3.0, 3.1] * 10)), 20)
    assert best.tolist() == pytest.approx([1 + 0.4 + 0.3 * (math.log2(11) - 0.5) + 0.1])


def test_a_full_window_that_begins_with_losses_falls_from_nothing() -> None:
    assert figures(closed([-1.0, -2.0, 1.0]), window=3).drawdown_r.tolist() == [3.0]


def test_only_the_last_trades_of_a_window_count_and_each_strategy_has_its_own() -> None:
    found = figures(closed([-9.0, 1.0, 2.0, 3.0, -1.0], strategy=[0, 0, 1, 0, 0]), window=3, strategies=3)
    assert found.trades.tolist() == [3, 1, 0]
    assert found.expectancy_r.tolist() == pytest.approx([1.0, 2.0, 0.0])
    assert found.drawdown_r.tolist() == pytest.approx([1.0, 0.0, 0.0])
    assert found.losses_in_row.tolist() == [1, 0, 0]


def test_trades_of_the_shadow_book_do_not_count_for_the_account() -> None:
    account, both = measured(with_trades(no_trades(1, 10), closed([1.0, -2.0, 1.0], shadow=[False, True, False])))
    assert (account.trades.tolist(), both.trades.tolist()) == ([2], [3])
    assert (account.expectancy_r.tolist(), both.expectancy_r.tolist()) == ([1.0], [0.0])


def test_trades_without_r_are_measured_in_their_mean_loss() -> None:
    nan = float("nan")
    found = figures(closed([nan] * 4, pnl=[0.06, -0.01, -0.03, 0.0]))  # a mean loss of .02 is R
    assert found.expectancy_r.tolist() == pytest.approx([(3.0 - 0.5 - 1.5) / 4])
    assert figures(closed([nan, nan], pnl=[0.01, 0.03])).expectancy_r.tolist() == pytest.approx([1.0])
    assert figures(closed([nan, nan], pnl=[0.0, 0.0])).expectancy_r.tolist() == [0.0]
    # R where a trade has it stays
    assert figures(closed([2.0, nan], pnl=[0.5, -0.02])).expectancy_r.tolist() == pytest.approx([0.5])


def test_a_losing_run_may_fill_the_window() -> None:
    assert figures(closed([-1.0] * 7), window=5).losses_in_row.tolist() == [5]
    assert figures(closed([-1.0] * 4 + [0.0]), window=5).losses_in_row.tolist() == [0]


def test_weights_go_to_base_times_score_by_fifteen_percent_at_most() -> None:
    base = np.array([1.0, 1.0, 0.5, 2.0])
    found = next_weights(np.array([1.0, 1.0, 0.5, 1.9]), base, np.array([1.1, 0.5, 2.0, 1.5]))
    assert found.tolist() == pytest.approx([1.1, 0.85, 0.575, 2.0])


scores = st.lists(st.floats(-50, 50), min_size=1, max_size=40)


@given(st.floats(0, 30), scores)
def test_no_update_moves_a_weight_by_more_than_fifteen_percent_or_out_of_bounds(
    base: float, steps: list[float]
) -> None:
    weights = first_weights(np.array([base]))
    assert 0.1 <= weights[0] <= 2.0
    for score in steps:
        before, weights = weights, next_weights(weights, np.array([base]), np.array([score]))
        assert 0.1 <= weights[0] <= 2.0
        assert abs(weights[0] / before[0] - 1.0) <= 0.15 + 1e-12


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=60))
def test_every_figure_of_any_trades_is_finite(r: list[float]) -> None:
    found = figures(closed(r))
    assert all(np.isfinite(getattr(found, name)).all() for name in found.__dataclass_fields__)
    assert found.expectancy_r[0] == pytest.approx(np.mean(r[-50:]), abs=1e-9)
    assert 0 <= found.drawdown_r[0] <= -sum(min(one, 0.0) for one in r) + 1e-9
