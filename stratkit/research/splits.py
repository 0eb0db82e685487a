"""`Split`: which bars a choice is made on, and which bars it is then judged on.

Bars are counted from 0; a span [start, stop) leaves its stop out. What is known on a test bar must not have been used
to choose: `purged` alone takes away the training bars that are too near, for every maker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import BoolArray, IntArray, format_time
from stratkit.research.lengths import Length

Span = tuple[int, int]
_NEARLY: Final = 0.9  # of a last test by the calendar: a year of data seldom begins and ends on the same day


@dataclass(frozen=True)
class Split:
    """Spans of bars to train on and to test on; `folds` are those tested, in combinatorial splits."""

    train: tuple[Span, ...]
    test: tuple[Span, ...]
    folds: tuple[int, ...] = ()


def walk_forward(
    bars: int,
    train_bars: int,
    test_bars: int,
    *,
    anchored: bool = False,
    purge_bars: int = 0,
    step_bars: int | None = None,
) -> tuple[Split, ...]:
    """Return tests one after the other, each behind its own training: the last `train_bars` before it, less the purge.

    The first test begins at `train_bars` + `purge_bars`. `anchored` trains on all bars since the first instead.
    `step_bars` (None: `test_bars`) lie between two tests; below `test_bars` these overlap. A last test that would not
    be whole is left out. Raises `UsageError` when there is room for none.

    >>> [(split.train, split.test) for split in walk_forward(10, 4, 2)]
    [(((0, 4),), ((4, 6),)), (((2, 6),), ((6, 8),)), (((4, 8),), ((8, 10),))]
    """
    step = test_bars if step_bars is None else step_bars
    _check_lengths(train_bars=train_bars, test_bars=test_bars, step_bars=step)
    first = train_bars + purge_bars
    if first + test_bars > bars:
        raise UsageError(
            f"{bars:,} bars must hold training, purge and one test of {train_bars:,} + {purge_bars:,} + {test_bars:,} "
            "bars: shorten them, or give more bars"
        )
    splits = []
    for start in range(first, bars - test_bars + 1, step):
        begin = 0 if anchored else start - first
        test = (start, start + test_bars)
        splits.append(Split(purged((begin, start), [test], purge_bars), (test,)))
    return tuple(splits)


def walk_forward_by_time(
    times: IntArray, train: Length, test: Length, *, step: Length, anchored: bool = False, purge_bars: int = 0
) -> tuple[Split, ...]:
    """Return the same for lengths by the calendar, counted from the first of `times` (T,), UTC ns of the bars.

    Test k begins at the first bar `train` + k x `step` after it, and ends before the first bar `test` later. The last
    one is kept when the bars reach over nine tenths of it. The purge shortens the training. Raises `UsageError` when
    there is room for none, and when a training or a test would have no bar.

    >>> days = np.arange("2020-01-01", "2024-01-01", dtype="datetime64[D]").astype("datetime64[ns]").astype(np.int64)
    >>> year = Length(1, "y")
    >>> [split.test for split in walk_forward_by_time(days, Length(2, "y"), year, step=year)]
    [((731, 1096),), ((1096, 1461),)]
    """
    origin, gap = int(times[0]), int(np.median(np.diff(times))) if len(times) > 1 else 0
    splits: list[Split] = []
    while True:
        begins = step.after(origin, len(splits))
        starts = train.after(begins)
        ends = test.after(starts)
        if int(times[-1]) + gap - starts < _NEARLY * (ends - starts):
            break
        begin, start, stop = (int(np.searchsorted(times, when)) for when in (begins, starts, ends))
        trained = purged((0 if anchored else begin, start), [(start, stop)], purge_bars)
        if not trained or start == stop:
            raise UsageError(
                f"every training and every test must have bars; found {start - begin:,} and {stop - start:,} before "
                f"the purge of {purge_bars:,} in fold {len(splits)}: choose longer ones"
            )
        splits.append(Split(trained, ((start, stop),)))
    if not splits:
        raise UsageError(
            f"the bars must reach over training and one test, {train.count}{train.unit} and {test.count}{test.unit}, "
            f"from {format_time(origin)}; they end on {format_time(int(times[-1]))}: shorten them, or give more bars"
        )
    return tuple(splits)


def combinatorial(
    bars: int, folds: int, test_folds: int, *, purge_bars: int = 0, embargo_bars: int = 0
) -> tuple[Split, ...]:
    """Return every way to test on `test_folds` of `folds` equal parts of the bars and train on the rest (CPCV).

    There are C(folds, test_folds) of them; neighbouring test folds are one span. The first folds are one bar longer
    where the bars do not divide. Source: M. Lopez de Prado, Advances in Financial Machine Learning (2018), ch. 12.
    Raises `UsageError` when a fold would be empty, or a split had nothing left to train on.

    >>> [split.test for split in combinatorial(9, 3, 2)]
    [((0, 6),), ((0, 3), (6, 9)), ((3, 9),)]
    """
    _check_lengths(folds=folds, test_folds=test_folds)
    if not test_folds < folds <= bars:
        raise UsageError(
            f"folds must be more than test_folds and at most the bars; found {folds}, {test_folds} and {bars:,}"
        )
    edges = fold_edges(bars, folds)
    splits = []
    for chosen in combinations(range(folds), test_folds):
        test = _spans_of_folds(edges, chosen)
        train = purged((0, bars), test, purge_bars, embargo_bars)
        if not train:
            tested = ", ".join(map(str, chosen))
            raise UsageError(f"nothing is left to train on beside folds {tested}: lower purge_bars or embargo_bars")
        splits.append(Split(train, test, chosen))
    return tuple(splits)


def combinatorial_paths(splits: Sequence[Split]) -> tuple[tuple[int, ...], ...]:
    """Return for each path the split that tests each fold, (paths, folds): the first unused one, in their order.

    Together the paths use every test of every split once.

    >>> combinatorial_paths(combinatorial(4, 4, 2))
    ((0, 0, 1, 2), (1, 3, 3, 4), (2, 4, 5, 5))
    """
    folds = 1 + max(fold for split in splits for fold in split.folds)
    tested = [[place for place, split in enumerate(splits) if fold in split.folds] for fold in range(folds)]
    return tuple(zip(*tested, strict=True))


def purged(train: Span, tests: Sequence[Span], purge_bars: int = 0, embargo_bars: int = 0) -> tuple[Span, ...]:
    """Return what is left of a span of training bars beside spans of test bars.

    Test bars go, and the `purge_bars` before each test: what is learned there (a label, the outcome of a trade) is only
    known inside it. Behind a test `purge_bars` + `embargo_bars` go: what the test teaches reaches so far, and
    neighbouring bars resemble each other. Raises `UsageError` for a negative number of bars.

    >>> purged((0, 20), [(8, 12)], purge_bars=2, embargo_bars=1)
    ((0, 6), (15, 20))
    """
    for name, value in (("purge_bars", purge_bars), ("embargo_bars", embargo_bars)):
        if value < 0:
            raise UsageError(f"{name} must be 0 or more; found {value}")
    start, stop = train
    kept = np.ones(stop - start, np.bool_)
    for first, end in tests:
        kept[max(first - purge_bars - start, 0) : max(end + purge_bars + embargo_bars - start, 0)] = False
    return tuple((begin + start, end + start) for begin, end in _runs(kept))


def _runs(kept: BoolArray) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], kept, [False])).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def fold_edges(bars: int, folds: int) -> list[int]:
    """Return where each of the equal folds of `combinatorial` begins, and the end of the last."""
    length, longer = divmod(bars, folds)
    return [fold * length + min(fold, longer) for fold in range(folds + 1)]


def _spans_of_folds(edges: Sequence[int], chosen: Sequence[int]) -> tuple[Span, ...]:
    tested = np.zeros(edges[-1], np.bool_)
    for fold in chosen:
        tested[edges[fold] : edges[fold + 1]] = True
    return tuple(_runs(tested))


def _check_lengths(**lengths: int) -> None:
    for name, value in lengths.items():
        if value < 1:
            raise UsageError(f"{name} must be 1 or more; found {value}")
