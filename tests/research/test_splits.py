"""Where training ends and testing begins: published cases, and what holds for every maker."""

from __future__ import annotations

from collections import Counter
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stratkit.errors import UsageError
from stratkit.research.lengths import Length, length_of
from stratkit.research.splits import (
    Span,
    Split,
    combinatorial,
    combinatorial_paths,
    purged,
    walk_forward,
    walk_forward_by_time,
)


def bars_of(spans: tuple[Span, ...]) -> list[int]:
    return [bar for start, stop in spans for bar in range(start, stop)]


def test_rolling_windows_are_those_of_the_definition() -> None:
    found = [(bars_of(split.train), bars_of(split.test)) for split in walk_forward(10, 4, 2)]
    assert found == [([0, 1, 2, 3], [4, 5]), ([2, 3, 4, 5], [6, 7]), ([4, 5, 6, 7], [8, 9])]


def test_anchored_windows_with_a_purge_are_those_of_scikit_learn() -> None:
    # TimeSeriesSplit(n_splits=3, test_size=2, gap=2) on 12 samples, from its documentation
    found = [
        (bars_of(split.train), bars_of(split.test)) for split in walk_forward(12, 4, 2, anchored=True, purge_bars=2)
    ]
    assert found == [([0, 1, 2, 3], [6, 7]), ([0, 1, 2, 3, 4, 5], [8, 9]), ([0, 1, 2, 3, 4, 5, 6, 7], [10, 11])]


@pytest.mark.parametrize(
    ("folds", "test_folds", "splits", "paths"),
    [(6, 2, 15, 5), (5, 2, 10, 4), (10, 2, 45, 9), (16, 8, 12870, 6435), (6, 1, 6, 1)],
)
def test_combinatorial_splits_and_paths_are_as_many_as_published(
    folds: int, test_folds: int, splits: int, paths: int
) -> None:
    found = combinatorial(64, folds, test_folds)
    assert (len(found), len(combinatorial_paths(found))) == (splits, paths)


def test_training_bars_near_a_test_go_on_both_sides() -> None:
    assert purged((0, 20), [(8, 12)], 2, 1) == ((0, 6), (15, 20))
    assert purged((0, 20), [(0, 4)], 2, 1) == ((7, 20),)
    assert purged((0, 20), [(16, 20)], 2, 5) == ((0, 14),)
    assert purged((10, 20), [(2, 6), (18, 25)], 1, 3) == ((10, 17),)
    assert purged((0, 6), [(2, 4)], 2) == ()


@given(
    st.integers(2, 200), st.integers(1, 60), st.integers(1, 40), st.booleans(), st.integers(0, 20), st.integers(1, 40)
)
def test_no_choice_is_made_on_bars_that_the_test_reaches(
    bars: int, train: int, test: int, anchored: bool, purge: int, step: int
) -> None:
    assume(train + purge + test <= bars)
    splits = walk_forward(bars, train, test, anchored=anchored, purge_bars=purge, step_bars=step)
    for split in splits:
        trained, tested = bars_of(split.train), bars_of(split.test)
        assert max(trained) + purge < min(tested)
        assert len(tested) == test
        assert max(tested) < bars
        assert min(trained) == 0 if anchored else len(trained) == train
    starts = [split.test[0][0] for split in splits]
    assert starts == list(range(train + purge, bars - test + 1, step))


@given(st.integers(4, 150), st.integers(2, 7), st.integers(1, 6), st.integers(0, 6), st.integers(0, 6))
def test_combinatorial_training_keeps_its_distance_from_every_test(
    bars: int, folds: int, test_folds: int, purge: int, embargo: int
) -> None:
    assume(test_folds < folds <= bars)
    try:
        splits = combinatorial(bars, folds, test_folds, purge_bars=purge, embargo_bars=embargo)
    except UsageError:
        assume(False)  # nothing is left to train on
    for split in splits:
        trained, tested = np.array(bars_of(split.train)), np.array(bars_of(split.test))
        for bar in trained:
            assert not ((tested >= bar - purge - embargo) & (tested <= bar)).any()
            assert not ((tested >= bar) & (tested <= bar + purge)).any()
        near = [
            bar for bar in range(bars)
            if not ((tested >= bar - purge - embargo) & (tested <= bar + purge)).any()
        ]  # fmt: skip
        assert trained.tolist() == near, "and nothing farther away is taken"
    tests = Counter(bar for split in splits for bar in bars_of(split.test))
    assert set(tests.values()) == {comb(folds - 1, test_folds - 1)}


@given(
    st.lists(st.integers(1, 5), min_size=30, max_size=500), st.integers(1, 9), st.sampled_from(["d", "w", "m"]),
    st.integers(1, 5), st.integers(1, 5), st.booleans(), st.integers(0, 5),
)  # fmt: skip
def test_lengths_by_the_calendar_keep_training_before_its_test(
    gaps: list[int], train: int, unit: str, test: int, step: int, anchored: bool, purge: int
) -> None:
    times = days("2020-01-31") + np.cumsum(gaps) * 86_400 * 10**9
    lengths = [length_of(f"{count}{unit}") for count in (train, test, step)]
    try:
        splits = walk_forward_by_time(
            times, lengths[0], lengths[1], step=lengths[2], anchored=anchored, purge_bars=purge
        )
    except UsageError:
        return
    origin = int(times[0])
    for number, split in enumerate(splits):
        begins, starts = lengths[2].after(origin, number), lengths[0].after(lengths[2].after(origin, number))
        assert max(bars_of(split.train)) + purge < min(bars_of(split.test))
        trained, tested = times[bars_of(split.train)], times[bars_of(split.test)]
        assert trained.min() >= (origin if anchored else begins)
        assert starts <= tested.min()
        assert tested.max() < lengths[1].after(starts)
        assert anchored == (0 in bars_of(split.train)) or number == 0


def days(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("1m", "2020-01-31", "2020-02-29"),
        ("1y", "2020-02-29", "2021-02-28"),
        ("13m", "2019-12-31T06:00", "2021-01-31T06:00"),
        ("90d", "2020-01-01", "2020-03-31"),
        ("2w", "2020-12-25", "2021-01-08"),
    ],
)
def test_a_length_of_time_ends_where_the_calendar_says(text: str, begin: str, end: str) -> None:
    assert length_of(text).after(days(begin)) == days(end)


def test_a_length_is_never_guessed() -> None:
    assert length_of(250) == length_of("250") == length_of("250 bars") == Length(250, "bars")
    for text in ("3 years", "0y", "-5", "1.5y", "y", "", "3M"):
        with pytest.raises(UsageError, match="a length must be a number of bars"):
            length_of(text)


def test_a_last_test_is_kept_when_it_is_nearly_whole() -> None:
    times = np.arange(days("2000-01-04"), days("2003-12-31"), 86_400 * 10**9)
    year = length_of("1y")
    assert len(walk_forward_by_time(times, year, year, step=year)) == 3
    assert len(walk_forward_by_time(times[:-40], year, year, step=year)) == 2
    with pytest.raises(UsageError, match="the bars must reach over training and one test, 9y and 1y"):
        walk_forward_by_time(times, length_of("9y"), year, step=year)


@given(st.integers(2, 6), st.integers(1, 5))
def test_paths_go_through_all_folds_and_use_every_test_once(folds: int, test_folds: int) -> None:
    assume(test_folds < folds)
    splits = combinatorial(folds * 3, folds, test_folds)
    paths = combinatorial_paths(splits)
    used = Counter((split, fold) for path in paths for fold, split in enumerate(path))
    assert set(used.values()) == {1}
    assert set(used) == {(place, fold) for place, split in enumerate(splits) for fold in split.folds}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: walk_forward(10, 8, 3), r"10 bars must hold training, purge and one test of 8 \+ 0 \+ 3 bars"),
        (lambda: walk_forward(10, 0, 3), "train_bars must be 1 or more; found 0"),
        (lambda: walk_forward(10, 4, 3, step_bars=0), "step_bars must be 1 or more; found 0"),
        (lambda: walk_forward(10, 4, 3, purge_bars=-1), "purge_bars must be 0 or more; found -1"),
        (lambda: combinatorial(10, 3, 3), "folds must be more than test_folds and at most the bars; found 3, 3 and 10"),
        (lambda: combinatorial(9, 3, 1, embargo_bars=9, purge_bars=9), "nothing is left to train on beside folds 0"),
    ],
)
def test_what_leaves_no_room_is_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(UsageError, match=message):
        make()


def test_a_split_is_a_plain_record() -> None:
    assert Split(((0, 2),), ((2, 3),)) == Split(((0, 2),), ((2, 3),))
