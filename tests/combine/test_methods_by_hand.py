"""Each method on cases computed by hand: conflicts, ties, exits, weights, priorities, what is too few."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cells import Cell, at, blend, cell, said, weighs

from stratkit.combine.blend import open_blend
from stratkit.combine.settings import CombineSettings
from stratkit.errors import UsageError

LONG_SHORT_LONG = [(1, 0.8), (-1, 0.4), (1, 0.6)]


def test_the_most_confident_wins_and_its_confidence_is_kept() -> None:
    assert cell("highest_confidence", LONG_SHORT_LONG) == Cell(
        1, 0.8, 0, "won", ("lead", "outvoted", "deduplicated"), (round(0.8 / 1.4, 5), 0.0, round(0.6 / 1.4, 5))
    )


def test_a_weight_makes_a_less_confident_voice_the_strongest() -> None:
    found = cell("highest_confidence", LONG_SHORT_LONG, weights=[1.0, 3.0, 1.0])
    assert (found.side, found.confidence, found.lead) == (-1, 0.4, 1)


def test_equally_strong_voices_are_told_apart_by_priority_then_by_order() -> None:
    tie = [(1, 0.5), (-1, 0.5)]
    assert cell("highest_confidence", tie).side == 1
    assert cell("highest_confidence", tie, priorities=[0, 1]).side == -1


def test_an_exit_wins_when_it_is_the_strongest() -> None:
    assert cell("highest_confidence", [(1, 0.5), (2, 0.9)]).side == 2
    assert cell("highest_confidence", [(1, 0.9), (2, 0.5)]).side == 1


def test_the_highest_priority_wins_however_confident_the_others_are() -> None:
    found = cell("priority", [(1, 0.9), (-1, 0.1)], priorities=[1, 2])
    assert (found.side, found.confidence, found.lead, found.reason) == (-1, 0.1, 1, "won")


def test_equal_priorities_are_told_apart_by_strength_then_by_order() -> None:
    assert cell("priority", [(1, 0.4), (-1, 0.6)]).side == -1
    assert cell("priority", [(1, 0.4), (-1, 0.6)], weights=[2.0, 1.0]).side == 1
    assert cell("priority", [(1, 0.5), (-1, 0.5)], priorities=[3, 3]).lead == 0


def test_the_weighted_average_has_the_sign_of_the_sum_and_its_mean_size() -> None:
    # 2 x 0.6 - 1 x 0.4 + 0.2 = 1.0, over weights of 4
    found = cell("weighted_average", [(1, 0.6), (-1, 0.4), (1, 0.2)], weights=[2.0, 1.0, 1.0])
    assert (found.side, found.confidence, found.lead, found.reason) == (1, 0.25, 0, "won")
    assert found.shares == (round(1.2 / 1.4, 5), 0.0, round(0.2 / 1.4, 5))


def test_a_weighted_average_of_nothing_is_a_tie_although_f4_sums_are_not_exact() -> None:
    found = cell("weighted_average", [(1, 0.6), (1, 0.2), (-1, 0.8)])
    assert (found.side, found.confidence, found.lead, found.reason) == (0, 0.0, -1, "tie")
    assert found.verdicts == ("outvoted",) * 3
    assert found.shares == (0.0,) * 3


@pytest.mark.parametrize(("exit_confidence", "side"), [(0.59, 1), (0.6, 2), (0.61, 2)])
def test_exits_need_half_of_the_mass_in_a_weighted_average(exit_confidence: float, side: int) -> None:
    found = cell("weighted_average", [(1, 0.6), (2, exit_confidence)])
    assert found.side == side
    # an exit pulls the average of an entry toward 0
    assert found.confidence == pytest.approx(0.3 if side == 1 else exit_confidence / 2)


def test_a_majority_has_more_than_half_of_the_votes() -> None:
    found = cell("majority", LONG_SHORT_LONG)
    assert (found.side, found.confidence, found.lead, found.reason) == (1, 0.7, 0, "won")
    assert cell("majority", [(1, 0.9), (-1, 0.1)]).reason == "no_majority"
    assert cell("majority", [(1, 0.9), (-1, 0.9), (2, 0.9)]).side == 0


def test_votes_of_a_majority_weigh_and_its_confidence_is_their_weighted_mean() -> None:
    found = cell("majority", [(1, 0.9), (-1, 0.2), (-1, 0.5)], weights=[1.0, 1.0, 2.0])
    assert (found.side, found.confidence, found.lead) == (-1, 0.4, 2)
    assert cell("majority", [(1, 0.9), (-1, 0.2), (-1, 0.5)], weights=[5.0, 1.0, 2.0]).side == 1


def test_half_of_the_votes_is_no_majority_although_sums_of_weights_are_not_exact() -> None:
    assert cell("majority", [(1, 1.0), (1, 1.0), (-1, 1.0)], weights=[0.1, 0.2, 0.3]).reason == "no_majority"


def test_consensus_needs_its_share_of_the_votes() -> None:
    three_of_five = [(1, 0.5)] * 3 + [(-1, 1.0)] * 2
    assert cell("consensus", three_of_five).side == 1
    assert cell("consensus", three_of_five, threshold=0.61).reason == "below_threshold"
    assert cell("consensus", three_of_five, weights=[1, 1, 1, 1, 2]).side == 0


def test_consensus_needs_its_number_of_strategies() -> None:
    assert cell("consensus", [(1, 0.9), (0, 1.0)]).reason == "too_few"
    assert cell("consensus", [(1, 0.9), (0, 1.0)], min_strategies=1).reason == "alone"
    assert cell("consensus", [(1, 0.9), (1, 1.0), (0, 1.0)], min_strategies=3).reason == "too_few"


def test_two_sides_with_the_same_share_are_no_consensus() -> None:
    found = cell("consensus", [(1, 0.5), (1, 0.5), (-1, 0.9), (-1, 0.9)], threshold=0.5)
    assert (found.side, found.reason) == (0, "tie")


def test_unanimous_means_all_voices_and_enough_of_them() -> None:
    assert cell("unanimous", [(1, 0.4), (1, 0.8), (0, 1.0)]) == Cell(
        1, 0.6, 1, "agreed", ("deduplicated", "lead", "silent"), (round(0.4 / 1.2, 5), round(0.8 / 1.2, 5), 0.0)
    )
    assert cell("unanimous", LONG_SHORT_LONG).reason == "not_unanimous"
    assert cell("unanimous", [(1, 0.4), (0, 1.0)]).reason == "too_few"
    assert cell("unanimous", [(2, 0.4), (2, 1.0)]).side == 2


@pytest.mark.parametrize("method", ["highest_confidence", "weighted_average", "majority", "priority"])
def test_one_voice_alone_is_heard(method: str) -> None:
    found = cell(method, [(0, 1.0), (-1, 0.3)])
    assert found == Cell(-1, 0.3, 1, "alone", ("silent", "lead"), (0.0, 1.0))


@pytest.mark.parametrize(
    "method", ["highest_confidence", "weighted_average", "majority", "priority", "consensus", "unanimous"]
)
def test_silence_stays_silent(method: str) -> None:
    assert cell(method, [(0, 1.0), (0, 0.3)]) == Cell(0, 0.0, -1, "silent", ("silent", "silent"), (0.0, 0.0))


def test_winners_without_confidence_share_by_weight() -> None:
    found = cell("majority", [(1, 0.0), (1, 0.0)], weights=[1.0, 3.0])
    assert found.shares == (0.25, 0.75)
    assert (found.side, found.lead) == (1, 0)


def test_an_opinion_repeated_agrees_and_a_new_one_is_deduplicated() -> None:
    result = blend([said(0, [1, 1], 0.9), said(1, [0, 1], 0.5), said(2, [1, 1], 0.4)])
    assert at(result, 1, 0).verdicts == ("lead", "deduplicated", "agreed")


def test_target_weights_of_all_strategies_are_averaged_over_those_that_speak() -> None:
    silent = np.nan
    signals = [weighs(0, [0.6, 0.6, silent, 0.0, silent]), weighs(1, [-0.3, silent, silent, 0.5, 0.0])]
    result = blend(signals, "weighted_average", weights=[1.0, 2.0])
    assert result.weight is not None
    # (0.6 - 0.6) / 3 cancels out; 0.6; nobody; (0 + 1.0) / 3; a closing
    np.testing.assert_allclose(result.weight[:, 0], [0.0, 0.6, np.nan, 1 / 3, 0.0])
    assert result.side[:, 0].tolist() == [2, 1, 0, 1, 2]
    assert result.lead[:, 0].tolist() == [-1, 0, -1, 1, 1]
    assert [at(result, bar, 0).reason for bar in range(5)] == ["tie", "alone", "silent", "won", "alone"]


def test_the_lead_of_averaged_weights_is_the_largest_part_on_the_winning_side() -> None:
    result = blend([weighs(0, [0.5]), weighs(1, [-0.3]), weighs(2, [-0.4])], "weighted_average")
    assert result.weight is not None
    assert result.weight[0, 0] == pytest.approx(-0.2 / 3)
    found = at(result, 0, 0)
    assert (found.side, found.lead, found.verdicts) == (-1, 2, ("outvoted", "deduplicated", "lead"))
    assert found.shares == (0.0, round(0.3 / 0.7, 5), round(0.4 / 0.7, 5))


@pytest.mark.parametrize("method", ["highest_confidence", "majority", "consensus", "priority", "unanimous"])
def test_target_weights_are_refused_by_methods_that_blend_sides(method: str) -> None:
    with pytest.raises(UsageError, match=r"weights from 's1': use combine.method: independent"):
        cells_of([said(0, [1]), weighs(1, [0.5])], method)


def test_target_weights_of_some_strategies_only_cannot_be_averaged() -> None:
    with pytest.raises(UsageError, match="from all of them"):
        cells_of([said(0, [1]), weighs(1, [0.5])], "weighted_average")


def cells_of(signals: list[Any], method: Any) -> None:
    open_blend(signals, CombineSettings(method=method))


@pytest.mark.parametrize("method", ["consensus", "unanimous"])
def test_too_few_strategies_for_a_method_are_warned_of(method: Any) -> None:
    with pytest.warns(
        UserWarning, match=f"nothing can trade: combine.method {method} needs 2 strategies .* there is 1"
    ):
        open_blend([said(0, [1])], CombineSettings(method=method))
    open_blend([said(0, [1])], CombineSettings(method=method, min_strategies=1))
    open_blend([said(0, [1])], CombineSettings(method="majority"))
