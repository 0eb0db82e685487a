"""What silences an opinion, computed by hand: floor, schedule, switch, the limit per strategy and the one on all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cells import at, blend, books, cell, play, said, weighs, words

from stratkit.combine.blend import CELLS_AT_ONCE, blend_rows, open_blend, proposal_counts
from stratkit.combine.settings import GlobalSettings
from stratkit.errors import UsageError

FOUR_SURE = [0.3, 0.9, 0.5, 0.9]  # of four symbols


def test_the_floor_refuses_entries_below_it_and_no_exit() -> None:
    found = cell("highest_confidence", [(1, 0.4), (-1, 0.5), (2, 0.1)], min_confidence=0.5)
    assert found.verdicts == ("below_floor", "lead", "outvoted")
    assert cell("highest_confidence", [(2, 0.1)], min_confidence=0.5).side == 2


def test_a_confidence_of_exactly_the_floor_is_heard() -> None:
    assert cell("highest_confidence", [(1, 0.7)], min_confidence=0.7).side == 1  # 0.7 as f4 is below 0.7 as f8


def test_an_entry_below_the_floor_does_not_end_what_was_voiced() -> None:
    result = play([said(0, [1, 1, 1], [0.9, 0.1, 0.9])], min_confidence=0.5)
    assert result.result.side[:, 0].tolist() == [1, 0, 1]
    assert proposal_counts(result)["s0"]["lead"] == 1


def test_only_the_most_confident_changes_of_a_strategy_stay_and_ties_go_by_symbol() -> None:
    result = blend([said(0, [[1, 1, -1, 1]], [FOUR_SURE])], limits=[1])
    assert result.side.tolist() == [[0, 1, 0, 0]]
    assert [words(result, 0, n)[0] for n in range(4)] == ["over_strategy_limit", "lead", *["over_strategy_limit"] * 2]
    assert blend([said(0, [[1, 1, -1, 1]], [FOUR_SURE])], limits=[3]).side.tolist() == [[0, 1, -1, 1]]
    assert blend([said(0, [[1, 1, -1, 1]], [FOUR_SURE])], limits=[0]).side.tolist() == [[1, 1, -1, 1]]


def test_what_was_silenced_comes_again_on_the_next_row() -> None:
    signals = [said(0, [[1, 1, -1, 1]] * 5, [FOUR_SURE] * 5)]
    assert blend(signals, limits=[1]).side.tolist() == [
        [0, 1, 0, 0],
        [0, 1, 0, 1],
        [0, 1, -1, 1],
        [1, 1, -1, 1],
        [1, 1, -1, 1],
    ]
    counts = proposal_counts(play(signals, limits=[1]))["s0"]
    assert (counts["lead"], counts["over_strategy_limit"]) == (4, 3 + 2 + 1)


def test_a_silenced_opposite_ends_the_opinion_before_it() -> None:
    result = blend([said(0, [[1, 1], [-1, -1], [-1, -1]], [[0.9, 0.2]] * 3)], limits=[1])
    # row 0: the second waits; row 1: the first turns, the second waits and had said nothing
    assert result.side.tolist() == [[1, 0], [-1, 0], [-1, -1]]
    both = blend([said(0, [[1, 0], [1, 1], [-1, -1], [-1, -1]], [[0.9, 0.2]] * 4)], limits=[1])
    assert both.side.tolist() == [[1, 0], [1, 1], [-1, 2], [-1, -1]]
    assert words(both, 2, 1) == ("over_strategy_limit",)
    assert (both.lead[2, 1], both.contribution[0, 2, 1]) == (0, 1.0)


def test_exits_pass_every_limit_and_take_no_place() -> None:
    signals = [said(0, [[1, 0], [2, 1]])]
    assert blend(signals, limits=[1], max_total=1).side.tolist() == [[1, 0], [2, 1]]


def test_silence_and_exits_make_the_next_entry_a_change_again() -> None:
    for pause in (0, 2):
        counts = proposal_counts(play([said(0, [1, pause, 1])]))["s0"]
        assert counts["lead"] == 2


def test_a_strategy_speaks_on_its_own_bars_only_and_its_silence_between_forgets_nothing() -> None:
    result = play([said(0, [1, 0, 1, 2, 1])], every_bars=[2])
    assert result.result.side[:, 0].tolist() == [1, 0, 1, 0, 1]
    assert [words(result.result, bar)[0] for bar in range(5)] == ["lead", "silent", "lead", "off_schedule", "lead"]
    assert proposal_counts(result)["s0"]["lead"] == 1


OFF = pytest.mark.parametrize("off", [{"enabled": [False, True]}, {"weights": [0.0, 1.0]}])


@OFF
def test_a_strategy_that_is_off_enters_nothing_and_leaves_nothing_of_others(off: dict[str, Any]) -> None:
    result = blend([said(0, [1, 2, 2]), said(1, [-1, -1, 0])], **off)
    assert result.side[:, 0].tolist() == [-1, -1, 0]
    assert [words(result, bar) for bar in range(3)] == [
        ("disabled", "lead"),
        ("disabled", "lead"),
        ("disabled", "silent"),
    ]


@OFF
def test_a_strategy_that_was_switched_off_still_leaves_what_it_led_where_nobody_else_speaks(
    off: dict[str, Any],
) -> None:
    blending = open_blend([said(0, [1, 2, 2, 2, 2]), said(1, [0, 1, 0, 0, -1])])
    blend_rows(blending, 0, 1)
    blend_rows(blending, 1, 5, **off)
    result = blending.result
    # led on bar 0, outvoted by the live voice on bar 1, left on bar 2; from then on there is nothing of its own
    assert result.side[:, 0].tolist() == [1, 1, 2, 0, -1]
    assert [words(result, bar)[0] for bar in range(5)] == ["lead", "disabled", "lead", "disabled", "disabled"]


def test_weights_and_switches_may_change_between_stretches() -> None:
    blending = open_blend([said(0, [1, 1, 1], 0.5), said(1, [-1, -1, -1], 0.4)])
    blend_rows(blending, 0, 1)
    blend_rows(blending, 1, 2, weights=[1.0, 2.0])
    blend_rows(blending, 2, 3, weights=[1.0, 2.0], enabled=[True, False])
    assert blending.result.side[:, 0].tolist() == [1, -1, 1]


def test_the_limit_on_all_keeps_the_most_confident_blended_changes() -> None:
    signals = [said(0, [[1, 1, -1, 1]], [FOUR_SURE])]
    result = blend(signals, max_total=2)
    assert result.side.tolist() == [[0, 1, 0, 1]]
    dropped = at(result, 0, 2)
    assert (dropped.reason, dropped.lead, dropped.confidence, dropped.verdicts, dropped.shares) == (
        "total_limit", -1, 0.0, ("over_total_limit",), (0.0,),
    )  # fmt: skip


def test_equal_blended_changes_go_by_strategy_then_symbol() -> None:
    signals = [said(0, [[0, 0, 1]]), said(1, [[1, 1, 0]])]
    assert blend(signals, max_total=1).side.tolist() == [[0, 0, 1]]
    assert blend(signals, max_total=2).side.tolist() == [[1, 0, 1]]


def test_a_blended_opposite_over_the_limit_on_all_becomes_an_exit_and_comes_again() -> None:
    signals = [said(0, [[1, 0], [-1, 1], [-1, 1]], [[0.5, 0.9]] * 3)]
    result = play(signals, max_total=1)
    assert result.result.side.tolist() == [[1, 0], [2, 1], [-1, 1]]
    counts = proposal_counts(result)["s0"]
    assert (counts["lead"], counts["over_total_limit"]) == (3, 1)


def test_changes_over_the_limit_on_all_use_the_limit_of_their_strategy_again() -> None:
    strong = said(1, [[0, 0, 1]] * 3, 0.9)
    weak = said(0, [[1, 1, 0]] * 3, [[0.5, 0.4, 0.0]] * 3)
    result = play([weak, strong], limits=[1, 0], max_total=1)
    assert result.result.side.tolist() == [[0, 0, 1], [1, 0, 1], [1, 1, 1]]
    counts = proposal_counts(result)["s0"]
    assert (counts["lead"], counts["over_strategy_limit"], counts["over_total_limit"]) == (2, 2, 1)


def test_books_keep_every_strategy_apart() -> None:
    result = books([said(0, [1, 2]), said(1, [-1, -1])])
    assert result.side[:, :, 0].tolist() == [[1, 2], [-1, -1]]
    assert words(result, 0) == ("lead", "lead")
    assert result.weight is None


def test_books_share_the_limit_on_all() -> None:
    signals = [said(0, [[1, 1]], [[0.5, 0.7]]), said(1, [[-1, 1]], [[0.5, 0.9]])]
    result = books(signals, max_total=3)
    assert result.side.tolist() == [[[1, 1]], [[0, 1]]]  # 0.5 twice: the strategy named first
    assert words(result, 0, 0) == ("lead", "over_total_limit")
    assert books(signals, max_total=1).side.tolist() == [[[0, 0]], [[0, 1]]]


def test_in_books_a_silenced_opposite_becomes_an_exit_too() -> None:
    result = books([said(0, [1, -1, -1], 0.5), said(1, [0, 1, 1], 0.9)], max_total=1)
    assert result.side[:, :, 0].tolist() == [[1, 2, -1], [0, 1, 1]]


def test_books_hear_floor_schedule_and_switches() -> None:
    signals = [said(0, [1, 1], 0.4), said(1, [1, 1]), said(2, [1, 2])]
    result = books(signals, min_confidence=0.5, every_bars=[1, 2, 1], enabled=[True, True, False])
    assert result.side[:, :, 0].tolist() == [[0, 0], [1, 0], [0, 2]]
    assert words(result, 0) == ("below_floor", "lead", "disabled")
    assert words(result, 1) == ("below_floor", "off_schedule", "lead")


def test_books_keep_target_weights_as_they_are() -> None:
    silent = np.nan
    result = books([weighs(0, [0.5, silent, -0.25, 0.0]), said(1, [1, 0, 0, 2])])
    assert result.weight is not None
    np.testing.assert_array_equal(result.weight[0, :, 0], [0.5, silent, -0.25, 0.0])
    assert np.isnan(result.weight[1]).all()
    assert result.side[:, :, 0].tolist() == [[1, 0, -1, 2], [1, 0, 0, 2]]


def test_a_limit_counts_weights_that_open_or_turn_and_no_others() -> None:
    silent = np.nan
    given = [[0.5, 0.5], [silent, 0.5], [0.7, 0.6], [-0.5, -0.5], [-0.5, -0.6], [0.0, 0.0]]
    result = books([weighs(0, given, [[0.9, 0.3]] * 6)], limits=[1])
    assert result.weight is not None
    np.testing.assert_array_equal(
        result.weight[0], [[0.5, silent], [silent, 0.5], [0.7, 0.6], [-0.5, silent], [-0.5, -0.6], [0.0, 0.0]]
    )


def test_the_floor_refuses_weights_that_open_or_turn_and_no_change_of_size() -> None:
    silent = np.nan
    result = books([weighs(0, [0.5, 0.3, -0.3, 0.0], [0.9, 0.1, 0.1, 0.1])], min_confidence=0.5)
    assert result.weight is not None
    np.testing.assert_array_equal(result.weight[0, :, 0], [0.5, 0.3, silent, 0.0])


def test_averaged_weights_over_the_limit_on_all_leave_the_position_as_it_is() -> None:
    result = blend([weighs(0, [[0.5, 0.0], [-0.5, 0.5]], [[0.5, 0.9]] * 2)], "weighted_average", max_total=1)
    assert result.weight is not None
    np.testing.assert_array_equal(result.weight, [[0.5, 0.0], [np.nan, 0.5]])
    assert result.side.tolist() == [[1, 2], [0, 1]]


def test_rows_filled_later_are_heard_when_they_are_blended() -> None:
    sides = np.zeros((3, 1), np.int8)
    blending = open_blend([said(0, sides)])
    assert np.shares_memory(sides, blending.signals[0].side)
    blend_rows(blending, 0, 2)
    sides[2] = -1
    blend_rows(blending, 2, 3)
    assert blending.result.side[:, 0].tolist() == [0, 0, -1]


def test_results_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        blend([said(0, [1])]).side[0, 0] = 0


def test_a_long_stretch_is_blended_in_blocks_that_cannot_be_told() -> None:
    random = np.random.default_rng(3)
    signals = [said(0, random.integers(-1, 3, (700, 500)), random.random((700, 500)))]
    whole = play(signals, limits=[4], max_total=3)
    assert CELLS_AT_ONCE < 700 * 500
    parts = open_blend(signals, None, GlobalSettings(max_total_proposals_per_cycle=3), limits=[4])
    for bar in range(700):
        blend_rows(parts, bar, bar + 1)
    np.testing.assert_array_equal(whole.result.side, parts.result.side)
    assert proposal_counts(whole) == proposal_counts(parts)


@pytest.mark.parametrize(
    ("start", "stop", "message"),
    [(1, 2, "must begin at 0 and end by 3; found 1 to 2"), (0, 4, "found 0 to 4"), (0, -1, "found 0 to -1")],
)
def test_rows_out_of_order_are_refused(start: int, stop: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        blend_rows(open_blend([said(0, [1, 1, 1])]), start, stop)


def test_wrong_voices_are_refused() -> None:
    with pytest.raises(UsageError, match=r"finite and at least 0; found \[-1.0\]"):
        play([said(0, [1])], weights=[-1.0])
    with pytest.raises(UsageError, match="one value for each of 1 strategies"):
        play([said(0, [1])], enabled=[True, True])
    with pytest.raises(UsageError, match="limits must hold one number for each of 1 strategies"):
        play([said(0, [1])], limits=[1, 1])
    with pytest.raises(UsageError, match="every_bars must be at least 1"):
        play([said(0, [1])], every_bars=[0])


def test_strategies_on_other_axes_and_too_many_of_them_are_refused() -> None:
    with pytest.raises(UsageError, match="found \\(2, 1\\) of 's1'"):
        open_blend([said(0, [1]), said(1, [1, 1])])
    with pytest.raises(UsageError, match="found 0"):
        open_blend([])
    with pytest.raises(UsageError, match="found 128"):
        open_blend([said(0, [1])] * 128)
