"""`choose_cuts`: after which bars to hide the future, those first at which a peek would show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, zip_longest
from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.frequency import session_days
from stratkit.panel import BoolArray, IntArray
from stratkit.research.outputs import Outputs, Panel, unequal
from stratkit.seeds import generator

_AFTER_WARMUP: Final = (1, 2, 3, 5, 9)
_RESTLESS: Final = 0.5  # a panel that changes on more than half of its bars says nothing about where to cut
_JUMPS: Final = 12  # largest moves of each symbol


def choose_cuts(outputs: Outputs, bars: Bars, cuts: int, seed: int) -> list[int]:
    """Return up to `cuts` different numbers of bars to show, in the order of their promise.

    A value that looks k bars ahead is seen through by hiding the bars right behind it. So first come
    the end of the warm-up and the last bars, then in turn: bars on which an output changes, rare
    changes first; the eve of the largest moves, of holes, of listings and of new days and months;
    random bars. All numbers lie in 1 .. T - 1; when `cuts` covers them all, all are returned.
    """
    bars_in_all = len(bars.times)
    draw = generator(seed, "research", "cuts")
    changes = _changes(outputs, draw)
    first = next((cut for cut in _firsts(outputs)), outputs.warmup_bars)
    last_bars = (bars_in_all - 1, bars_in_all - 2, bars_in_all - 3)
    near = [first + ahead for ahead in _AFTER_WARMUP] + [outputs.warmup_bars + ahead for ahead in _AFTER_WARMUP[:3]]
    ends = chain.from_iterable(zip_longest(near, last_bars))
    rest = chain.from_iterable(zip_longest(changes, _eves(bars, draw), draw.permutation(bars_in_all).tolist(), changes))
    wanted = (cut for cut in chain(ends, rest) if cut is not None and 0 < cut < bars_in_all)
    return list(islice(dict.fromkeys(wanted), cuts))


def spread_cuts(chosen: list[int], most: int) -> list[int]:
    """Return `most` of the `chosen` cuts, evenly spread from the last to the first.

    >>> spread_cuts([9, 1, 5, 3, 7], 3)
    [9, 5, 1]
    """
    ordered = sorted(chosen)
    places = np.linspace(len(ordered) - 1, 0, min(most, len(ordered)))
    return [ordered[int(place)] for place in places]


def _firsts(outputs: Outputs) -> Iterator[int]:
    """Yield the first bar on which a signal says anything."""
    for name in ("side", "weight"):
        if name in outputs.panels:
            panel = outputs.panels[name]
            spoken = (np.isfinite(panel) if panel.dtype.kind == "f" else panel != 0).any(axis=1)
            if spoken.any():
                yield int(spoken.argmax())


def _changes(outputs: Outputs, draw: np.random.Generator) -> Iterator[int]:
    """Yield cuts right behind changes of outputs: one of each group in turn, the rarest group first.

    A group is one new value of one column of one panel.
    """
    groups: list[IntArray] = []
    for panel in outputs.panels.values():
        for column in panel.reshape(len(panel), -1).T:
            groups += _groups(column)
    groups.sort(key=len)
    shuffled = [draw.permutation(group).tolist() for group in groups]
    yield from (int(bar) + 1 for bar in chain.from_iterable(zip_longest(*shuffled)) if bar is not None)


def _groups(column: Panel) -> list[IntArray]:
    changed = np.flatnonzero(unequal(column[1:], column[:-1])) + 1
    if not len(changed) or len(changed) > _RESTLESS * len(column):
        return []
    values = column[changed].astype(np.float64)
    if len(np.unique(values)) > 8:  # a level, not a state: all its changes are one group
        return [changed]
    return [changed[~unequal(values, np.full_like(values, value))] for value in np.unique(values)]


def _eves(bars: Bars, draw: np.random.Generator) -> Iterator[int]:
    """Yield cuts right before what could not be foreseen."""
    has_bar = np.isfinite(bars.close)
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = np.abs(np.diff(np.log(bars.close), axis=0))
    moves = np.where(np.isfinite(moves), moves, -1.0)
    jumps = np.argsort(-moves, axis=0, kind="stable")[:_JUMPS].ravel() + 1
    holes = np.flatnonzero((has_bar[1:] != has_bar[:-1]).any(axis=1)) + 1
    kinds = [jumps, draw.permutation(holes), *(draw.permutation(turn) for turn in _turns(bars.times))]
    lists = [kind.tolist() for kind in kinds]
    yield from (int(cut) for cut in chain.from_iterable(zip_longest(*lists)) if cut is not None)


def _turns(times: IntArray) -> Iterator[IntArray]:
    """Yield the first bars of days (where bars are finer) and of months."""
    days = session_days(times)
    months = times.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    for period in (days, months):
        turned: BoolArray = period[1:] != period[:-1]
        if 0 < turned.sum() < len(turned):
            yield np.flatnonzero(turned) + 1
