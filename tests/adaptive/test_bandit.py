"""The selector: Q by hand, published indices, who competes, and what chance may decide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from closed_trades import RULES, closed, terms

from stratkit.adaptive.bandit import NO_ARM, ArmTable, Choices, bar_uniforms, choose, empty_table, epsilon_of, learn
from stratkit.adaptive.outcomes import Outcomes
from stratkit.adaptive.policies import thompson_draws, upper_bounds
from stratkit.adaptive.profiles import default_profile, profiles_by_regime, suitable_profiles
from stratkit.adaptive.settings import SelectorSettings
from stratkit.panel import FloatArray
from stratkit.regimes.matching import ordered_names

ARMS = 3
NEVER, ALWAYS = 0.999, 0.0


def selector(**given: Any) -> SelectorSettings:
    return SelectorSettings.model_validate({"enabled": True, **given})


def table_after(settings: SelectorSettings, outcomes: Outcomes, symbols: int = 1, regimes: int = 2) -> ArmTable:
    return learn(empty_table(symbols, regimes, ARMS, settings), settings, outcomes)


def chosen(
    table: ArmTable, settings: SelectorSettings, uniform: list[float], suits: tuple[bool, ...] = (True,) * ARMS,
    default: int | None = None, regime: int = 0, symbol: int = 0,
) -> Choices:  # fmt: skip
    return choose(
        table, settings, np.array([symbol]), np.array([regime]), np.array([suits]), np.array([uniform]), default
    )


def test_q_is_the_moving_average_of_realised_r_by_hand() -> None:
    table = table_after(selector(), closed([3.5, -1.0, 2.0], profile=[1, 1, 2]))
    # 0 -> .2 x 3.5 = .7 -> .8 x .7 - .2 = .36; 0 -> .4
    assert table.q[0].tolist() == pytest.approx([0.0, 0.36, 0.4])
    assert table.count[0].tolist() == [0, 2, 1]
    more = learn(table, selector(), closed([1.0], profile=1))
    assert more.q[0, 1] == pytest.approx(0.8 * 0.36 + 0.2)
    assert table.count[0].tolist() == [0, 2, 1]  # what was handed out has not changed


def test_each_symbol_and_regime_has_a_cell_and_the_unknown_one_too() -> None:
    trades = closed([1.0, 2.0, 3.0], symbol=[0, 1, 1], regime=[1, 0, -1])
    table = table_after(selector(alpha=1.0), trades, symbols=2)
    assert table.q[:, 0].tolist() == [0.0, 1.0, 0.0, 2.0, 0.0, 3.0]
    market = table_after(selector(alpha=1.0, scope="market"), trades, symbols=2)
    assert market.q[:, 0].tolist() == [2.0, 1.0, 3.0]


def test_a_trade_without_r_or_profile_teaches_nothing() -> None:
    empty = empty_table(1, 2, ARMS, selector())
    assert learn(empty, selector(), closed([float("nan"), 1.0], profile=[0, -1], pnl=[0.1, 0.1])) is empty


def test_strategies_can_be_the_arms() -> None:
    table = table_after(selector(over="strategies", alpha=1.0), closed([2.0], strategy=2, profile=-1))
    assert table.q[0].tolist() == [0.0, 0.0, 2.0]


@pytest.mark.parametrize("vector", ["ucb1-index"])
def test_the_index_of_ucb1_is_the_published_one(vector: str) -> None:
    # Auer, Cesa-Bianchi, Fischer (2002), Machine Learning 47:235: mean + sqrt(2 ln t / n)
    means, counts, t = [0.5, 0.6, 0.4], [10.0, 5.0, 3.0], 18.0
    index = upper_bounds(np.array([means]), np.array([counts]), np.array([t]))[0]
    np.testing.assert_allclose(index, [1.2603120093614417, 1.6752435552740903, 1.788133460897802], rtol=1e-12)
    assert index.argmax() == 2


def test_ucb1_chooses_by_rewards_scaled_to_one() -> None:
    settings = selector(policy="ucb1", reward_range_r=(-1.0, 1.0), bound_width=1.0)
    rewards = [0.0] * 10 + [0.2] * 5 + [-0.2] * 3  # scaled: .5, .6, .4, as in the published example
    profiles = [0] * 10 + [1] * 5 + [2] * 3
    table = table_after(settings, closed(rewards, profile=profiles))
    assert chosen(table, settings, [NEVER] * 4).arm.tolist() == [2]
    greedy = selector(policy="ucb1", reward_range_r=(-1.0, 1.0), bound_width=0.01)
    assert chosen(table, greedy, [NEVER] * 4).arm.tolist() == [1]


def test_ucb1_tries_what_was_never_tried_first() -> None:
    settings = selector(policy="ucb1")
    table = table_after(settings, closed([3.0], profile=0))
    assert chosen(table, settings, [NEVER] * 4, default=2).arm.tolist() == [2]
    assert chosen(table, settings, [NEVER] * 4).arm.tolist() == [1]


def test_rewards_beyond_their_range_are_held_within_except_for_q() -> None:
    table = table_after(selector(policy="ucb1", alpha=1.0), closed([12.0, -9.0], profile=[0, 1]))
    assert table.total[0].tolist() == [4.0, -2.0, 0.0]
    assert table.q[0].tolist() == [12.0, -9.0, 0.0]


def test_older_trades_are_discounted_by_hand() -> None:
    settings = selector(policy="discounted", discount=0.5)
    table = table_after(settings, closed([1.0, 2.0, 3.0], profile=[0, 1, 0]))
    # arm 0: 1 x .25 + 1 trades, 1 x .25 + 3 R; arm 1: .5 trades, 1 R
    assert table.weight[0].tolist() == [1.25, 0.5, 0.0]
    assert table.total[0].tolist() == [3.25, 1.0, 0.0]
    both = table_after(settings, closed([1.0, 1.0], profile=[0, 0], regime=[0, 1]))
    assert both.weight[:2, 0].tolist() == [1.0, 1.0]  # time passes in the own cell only


def test_only_the_window_counts_by_hand() -> None:
    settings = selector(policy="sliding_window", window_trades=3)
    table = table_after(settings, closed([4.0, 1.0, -2.0, 0.5], profile=[0, 1, 1, 2]))
    assert table.weight[0].tolist() == [0.0, 2.0, 1.0]
    assert table.total[0].tolist() == [0.0, -1.0, 0.5]
    assert table.count[0].tolist() == [1, 2, 1]
    assert chosen(table, settings, [NEVER] * 4).arm.tolist() == [0]  # forgotten, so it is tried again


def test_a_thompson_draw_is_the_stated_quantile() -> None:
    # N(4 / (3 + 1), 1.5^2 / 4): the median, and the quantile of one standard deviation
    draws = thompson_draws(np.full((1, 2), 3.0), np.full((1, 2), 4.0), np.array([[0.5, 0.8413447460685429]]), 1.5)
    assert draws[0].tolist() == pytest.approx([1.0, 1.75])
    assert np.isfinite(thompson_draws(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), 1.5)).all()


def test_thompson_follows_its_draws() -> None:
    settings = selector(policy="thompson", cold_start_trades=0)
    table = empty_table(1, 2, ARMS, settings)
    assert chosen(table, settings, [NEVER, 0.1, 0.2, 0.9]).arm.tolist() == [2]
    assert chosen(table, settings, [NEVER, 0.9, 0.2, 0.1]).arm.tolist() == [0]


def test_epsilon_greedy_uses_the_best_and_tries_at_random() -> None:
    settings = selector()
    table = table_after(settings, closed([1.0, 2.0], profile=[0, 1]))
    best, tried = (chosen(table, settings, [first, 0.3, 0.2, 0.9]) for first in (0.1, 0.0999))
    assert (best.arm.tolist(), best.explored.tolist()) == ([1], [False])
    assert (tried.arm.tolist(), tried.explored.tolist()) == ([2], [True])
    assert chosen(table, settings, [ALWAYS, 0.3, 0.2, 0.9], (True, True, False)).arm.tolist() == [0]


def test_epsilon_falls_with_the_trades_of_a_cell_to_its_least() -> None:
    settings = selector(epsilon=0.4, epsilon_decay=0.5, epsilon_min=0.15)
    table = table_after(settings, closed([1.0, 1.0, 1.0], regime=[0, 1, 1]))
    assert epsilon_of(table, settings).tolist() == pytest.approx([0.2, 0.15, 0.4])


def test_a_cold_cell_uses_the_default_whatever_chance_says() -> None:
    for policy in ("epsilon_greedy", "ucb1", "thompson", "discounted", "sliding_window"):
        settings = selector(policy=policy, cold_start_trades=2)
        table = table_after(settings, closed([5.0], profile=0))
        uniform = [ALWAYS, 0.9, 0.2, 0.1]
        assert chosen(table, settings, uniform, default=1).arm.tolist() == [1]
        assert chosen(table, settings, uniform, (True, False, True), default=1).arm.tolist() == [0]  # it does not suit


def test_only_what_suits_competes_and_where_nothing_does_it_is_risk_off() -> None:
    settings = selector()
    table = table_after(settings, closed([1.0, 2.0], profile=[0, 1]))
    assert chosen(table, settings, [NEVER] * 4, (True, False, True)).arm.tolist() == [0]
    nothing = chosen(table, settings, [NEVER] * 4, (False,) * 3)
    assert (nothing.arm.tolist(), nothing.explored.tolist()) == ([NO_ARM], [False])


def test_rows_are_chosen_as_they_would_be_alone() -> None:
    settings = selector(policy="thompson")
    draw = np.random.default_rng(3)
    trades = closed(
        draw.normal(0, 1, 60).tolist(), symbol=draw.integers(0, 4, 60).tolist(),
        regime=draw.integers(-1, 2, 60).tolist(), profile=draw.integers(0, ARMS, 60).tolist(),
    )  # fmt: skip
    table = table_after(settings, trades, symbols=4)
    symbol, regime = draw.integers(0, 4, 30), draw.integers(-1, 2, 30)
    uniform: FloatArray = draw.random((30, ARMS + 1))
    suits = draw.random((30, ARMS)) < 0.7
    together = choose(table, settings, symbol, regime, suits, uniform, 1)
    alone = [
        choose(table, settings, symbol[k : k + 1], regime[k : k + 1], suits[k : k + 1], uniform[k : k + 1], 1)
        for k in range(30)
    ]
    assert together.arm.tolist() == [int(one.arm[0]) for one in alone]
    assert len(set(together.arm.tolist())) > 1


def test_uniforms_belong_to_seed_bar_and_slot_however_many_slots_there_are() -> None:
    few, many = bar_uniforms(7, 30, 2, ARMS), bar_uniforms(7, 30, 5, ARMS)
    assert few.shape == (2, ARMS + 1)
    assert (many[:2] == few).all()
    assert not (bar_uniforms(7, 31, 2, ARMS) == few).any()
    assert not (bar_uniforms(8, 30, 2, ARMS) == few).any()


def test_profiles_compete_where_they_suit_all_that_a_regime_is() -> None:
    judged = terms()
    names = np.array(judged.selector.profiles)
    suits = {regime: names[row].tolist() for regime, row in zip((*RULES, "not known"), profiles_by_regime(judged))}
    trending = [
        "defensive",
        "moderate",
        "moderate_aggressive",
        "balanced_aggressive",
        "ultra_aggressive",
        "trend_rider",
    ]
    assert suits["trend_up"] == suits["trend_down"] == trending
    assert suits["range_low_vol"] == ["defensive", "moderate", "scalp"]
    assert suits["range_high_vol"] == ["moderate"]
    assert suits["high_volatility"] == trending[1:]
    assert suits["illiquid"] == []
    assert suits["unknown"] == suits["not known"] == list(names)
    own = terms(selector=selector(traits={"illiquid": "L", "trend_up": "-"}))
    assert profiles_by_regime(own)[[0, 5]].sum(axis=1).tolist() == [0, 3]


@pytest.mark.parametrize("states", [2, 3, 6])
def test_states_of_fitted_models_suit_what_their_names_say(states: int) -> None:
    for figure in ("volatility", "downside"):
        names = ordered_names(states, figure)
        judged = terms(regimes=names)
        assert (judged.traits(names[0]), judged.traits(names[-1])) == ("L", "H")
        assert judged.kind(names[-1]) == "volatile"


def test_an_opinion_must_be_as_confident_as_a_profile_asks() -> None:
    judged = terms()
    found = suitable_profiles(judged, np.array([0, 0, 0, -1]), np.array([0.44, 0.5, 0.6, 1.0], np.float32))
    assert found.sum(axis=1).tolist() == [0, 3, 6, 7]
    assert judged.selector.profiles[default_profile(judged)] == "ultra_aggressive"
    # the least of each, .45 to .60, in the precision in which confidence is kept, is enough: .45 is less there
    least = np.array([0.45, 0.48, 0.50, 0.52, 0.53, 0.55, 0.60], np.float32)
    assert suitable_profiles(judged, np.full(7, -1), least).diagonal().all()


def test_a_logarithm_of_less_than_one_trade_is_no_bonus() -> None:
    assert upper_bounds(np.array([[0.3, 0.2]]), np.array([[0.4, 0.1]]), np.array([0.5])).tolist() == [[0.3, 0.2]]
    assert math.isinf(upper_bounds(np.array([[0.3]]), np.array([[0.0]]), np.array([0.0]))[0, 0])
