"""Other futures leave the past alone, and cuts fall where a peek would show."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.data.bars import FIELDS, PRICES
from stratkit.research.cuts import choose_cuts
from stratkit.research.futures import FUTURE_WORDS, FUTURES, other_future
from stratkit.research.outputs import Outputs
from stratkit.seeds import generator
from stratkit.testing import sample_bars

BARS = sample_bars(120)


@pytest.mark.parametrize("kind", list(FUTURES))
@pytest.mark.parametrize("start", [1, 60, 119])
def test_another_future_is_another_one_and_leaves_the_past_alone(kind: str, start: int) -> None:
    other = other_future(BARS, start, kind, generator(start, "test", kind))
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(BARS, name)[:start], getattr(other, name)[:start])
    np.testing.assert_array_equal(BARS.times[:start], other.times[:start])
    assert (np.diff(other.times) > 0).all()
    assert other.symbols == BARS.symbols
    if start < 119 or kind not in ("reversed", "holes"):  # one bar reversed is itself, one draw may find no hole
        assert other.digest != BARS.digest
    there = np.isfinite(other.close)
    for name in PRICES:
        assert (np.isfinite(getattr(other, name)) == there).all()
        assert (getattr(other, name)[there] > 0).all()
    assert (other.high >= other.low)[there].all()


def test_every_kind_has_words() -> None:
    assert FUTURES.keys() == FUTURE_WORDS.keys()


def test_symbols_vanish_for_good() -> None:
    other = other_future(BARS, 50, "vanished", generator(0, "test"))
    gone = ~np.isfinite(other.close[50:]).any(axis=0)
    assert 2 <= gone.sum() <= 4
    alone = other_future(BARS.select(("FULL",)), 50, "vanished", generator(0, "test"))
    assert not np.isfinite(alone.close[50:]).any()


def outputs(changes: list[int]) -> Outputs:
    side = np.zeros(BARS.shape, np.int8)
    for turn, (start, stop) in enumerate(pairwise([*changes, len(side)])):
        side[start:stop, 2] = 1 if turn % 2 == 0 else -1
    return Outputs({"side": side}, BARS.symbols, warmup_bars=20)


def test_cuts_fall_right_behind_the_first_opinion_the_changes_and_on_the_last_bars() -> None:
    cuts = choose_cuts(outputs([25, 60, 90]), BARS, 30, seed=0)
    assert set(cuts) >= {21, 22, 26, 27, 61, 91, 119, 118, 117}
    assert len(set(cuts)) == len(cuts) == 30


def test_a_rare_change_goes_before_frequent_ones() -> None:
    restless = outputs(list(range(21, 119, 3)))
    rare = np.zeros(BARS.shape)
    rare[70:, 4] = 1.0
    both = Outputs({"weight": rare, **restless.panels}, BARS.symbols, warmup_bars=20)
    assert 71 in choose_cuts(both, BARS, 14, seed=0)


@given(cuts=st.integers(1, 300), seed=st.integers(0, 50))
def test_cuts_are_as_many_as_asked_or_all_there_are(cuts: int, seed: int) -> None:
    chosen = choose_cuts(outputs([30, 40]), BARS, cuts, seed)
    assert len(set(chosen)) == len(chosen) == min(cuts, len(BARS.times) - 1)
    assert all(0 < cut < len(BARS.times) for cut in chosen)
