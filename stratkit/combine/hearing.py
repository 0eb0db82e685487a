"""`hear`: what is left of one strategy's opinions on a row after its schedule, the floor and its limit."""

from __future__ import annotations

from typing import Any

from stratkit.combine.codes import BELOW_FLOOR, DISABLED, OFF_SCHEDULE, OVER_STRATEGY_LIMIT
from stratkit.compiled import inlined, inner
from stratkit.strategies.signals import EXIT, FLAT


@inlined
def hear(heard: Any, terms: Any, memory: Any, row: Any, verdict: Any, s: int, place: int, bar: int) -> int:
    """Write what strategy `s` says on `bar`, at `place` of the rows heard; return its changes of opinion.

    A change is an entry that differs from the one last let through. Silence forgets that one, but for weights,
    where it means: leave the position as it is. A strategy that is switched off may only leave what it led.
    """
    opinions, voiced, spoken = heard.side[s, place], memory.voiced[s], row.spoken[s]
    before, is_change, fates, led = row.before[s], row.is_change[s], verdict[s, bar], memory.led[s]
    confidence = heard.confidence[s, min(place, heard.confidence.shape[1] - 1)]
    on_schedule = bar % terms.every_bars[s] == 0
    gives_weights, muted, floor = terms.gives_weights[s], terms.muted[s], terms.floor
    passed = changes = 0
    spoken[:] = FLAT
    is_change[:] = False
    for n in range(opinions.shape[0]):
        opinion = opinions[n]
        if opinion == FLAT:
            if voiced[n] != FLAT and on_schedule and not gives_weights:
                voiced[n] = FLAT
            continue
        changed = opinion != EXIT and opinion != voiced[n]
        if changed:
            is_change[n], before[n] = True, voiced[n]
            changes += 1
        if not on_schedule:
            fates[n] = OFF_SCHEDULE
        elif opinion == EXIT and muted and not led[n]:
            fates[n], voiced[n] = DISABLED, FLAT
        elif opinion == EXIT:
            spoken[n], voiced[n] = EXIT, FLAT
        elif muted:
            fates[n] = DISABLED
        elif confidence[n] < floor and (changed or not gives_weights):
            fates[n] = BELOW_FLOOR
        else:
            spoken[n] = opinion
            if changed:
                voiced[n] = opinion
                row.listed[passed], row.ranked[passed] = n, confidence[n]
                passed += 1
    if 0 < terms.limits[s] < passed:
        weakest, equals_left = last_place(row.ranked, passed, terms.limits[s])
        for rank in range(passed):
            n = row.listed[rank]
            if confidence[n] > weakest:
                continue
            if confidence[n] == weakest and equals_left > 0:
                equals_left -= 1
                continue
            silence(terms, memory, row, s, n)
            fates[n] = OVER_STRATEGY_LIMIT
    row.changes[s] = changes
    return changes


@inlined
def silence(terms: Any, memory: Any, row: Any, s: int, n: int) -> None:
    """Take a change of opinion back; it may come again on the next row.

    The opposite opinion that it would have replaced is over, so it becomes an exit. A weight is left as it was.
    """
    before = row.before[s, n]
    if terms.gives_weights[s]:
        row.spoken[s, n] = FLAT
        memory.voiced[s, n] = before
    else:
        row.spoken[s, n] = EXIT if before != FLAT else FLAT
        memory.voiced[s, n] = FLAT


@inner
def last_place(values: Any, count: int, places: int) -> tuple[float, int]:
    """Return the weakest of the `places` largest of `count` values, and how many of its equals are among them.

    Reorders the values: the first `places` become a heap with the weakest in front, which most others do not pass.
    """
    for parent in range(places // 2 - 1, -1, -1):
        _sink(values, parent, places)
    for place in range(places, count):
        if values[place] > values[0]:
            values[0] = values[place]
            _sink(values, 0, places)
    equals = 0
    for place in range(places):
        equals += values[place] == values[0]
    return values[0], equals


@inner
def _sink(values: Any, parent: int, places: int) -> None:
    value = values[parent]
    while 2 * parent + 1 < places:
        child = 2 * parent + 1
        if child + 1 < places and values[child + 1] < values[child]:
            child += 1
        if values[child] >= value:
            break
        values[parent] = values[child]
        parent = child
    values[parent] = value


@inlined
def count_changes(memory: Any, row: Any, verdict: Any, bar: int) -> None:
    """Count the changes of opinion on a row by what became of them."""
    for s in range(row.changes.shape[0]):
        if row.changes[s] > 0:
            is_change, fates, counts = row.is_change[s], verdict[s, bar], memory.counts[s]
            for n in range(is_change.shape[0]):
                if is_change[n]:
                    counts[fates[n]] += 1
