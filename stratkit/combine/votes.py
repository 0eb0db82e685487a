"""The methods: which side wins one cell, why, and how sure the winners are."""

from __future__ import annotations

from typing import Any

from stratkit.combine.codes import (
    ALL_AGREED,
    ALONE,
    BELOW_THRESHOLD,
    CONSENSUS,
    HIGHEST_CONFIDENCE,
    MAJORITY,
    NO_MAJORITY,
    NOT_UNANIMOUS,
    PRIORITY,
    TIE,
    TOO_FEW,
    WEIGHTED_AVERAGE,
    WON,
)
from stratkit.compiled import inlined
from stratkit.strategies.signals import EXIT, FLAT, LONG, SHORT

# sums of f4 confidences are no surer than this: 0.6 + 0.2 against 0.8 is a tie
DUST = 1e-6
NOBODY = -1


@inlined
def count_votes(heard: Any, terms: Any, row: Any, place: int, n: int) -> int:
    """Add up the votes of a cell by side, and return the number of voters.

    An exit of a strategy that is disabled or weighs 0 counts, with weight 1, when nobody else speaks.
    """
    sure = min(place, heard.confidence.shape[1] - 1)
    live = quiet = 0
    for s in range(row.spoken.shape[0]):
        if row.spoken[s, n] != FLAT:
            live += not terms.muted[s]
            quiet += terms.muted[s]
    for side in range(4):
        row.votes[side], row.mass[side], row.voters[side] = 0.0, 0.0, 0
    for s in range(row.spoken.shape[0]):
        side = row.spoken[s, n]
        row.voice[s] = 0.0
        if side != FLAT and terms.muted[s] == (live == 0):
            row.voice[s] = terms.weights[s] if live > 0 else 1.0
            row.strength[s] = row.voice[s] * heard.confidence[s, sure, n]
            row.votes[side + 1] += row.voice[s]
            row.mass[side + 1] += row.strength[s]
            row.voters[side + 1] += 1
    return live if live > 0 else quiet


@inlined
def champion(terms: Any, row: Any) -> int:
    """Return the strategy that decides a cell by its strength or its priority."""
    best = NOBODY
    for s in range(row.spoken.shape[0]):
        if row.voice[s] == 0.0:
            continue
        if best == NOBODY:
            best = s
            continue
        strength = row.strength[s] - row.strength[best]
        priority = terms.priorities[s] - terms.priorities[best]
        if terms.method == PRIORITY:
            better = priority > 0 or (priority == 0 and strength > 0.0)
        else:
            better = strength > 0.0 or (strength == 0.0 and priority > 0)
        if better:
            best = s
    return best


@inlined
def elect(terms: Any, row: Any, n: int, voters: int) -> tuple[int, int, int]:
    """Return the side that wins a cell or 0, the reason, and the strategy that decided it, -1 where all did."""
    leader, failed = NOBODY, TIE
    if terms.method == HIGHEST_CONFIDENCE or terms.method == PRIORITY:
        leader = champion(terms, row)
        side = row.spoken[leader, n]
    elif terms.method == WEIGHTED_AVERAGE:
        side = _average(row)
    elif terms.method == MAJORITY:
        side, failed = _majority(row)
    elif terms.method == CONSENSUS:
        side, failed = _consensus(terms, row)
    else:
        side, failed = _unanimous(terms, row, voters)
    if side == FLAT:
        return FLAT, failed, NOBODY
    if voters == 1:
        return side, ALONE, leader
    return side, ALL_AGREED if row.voters[side + 1] == voters else WON, leader


@inlined
def _average(row: Any) -> int:
    long, short, exits = row.mass[LONG + 1], row.mass[SHORT + 1], row.mass[EXIT + 1]
    total = long + short + exits
    if row.voters[EXIT + 1] > 0 and exits >= total * (0.5 - DUST):
        return EXIT
    if abs(long - short) <= total * DUST:
        return FLAT
    return LONG if long > short else SHORT


@inlined
def _majority(row: Any) -> tuple[int, int]:
    long, short, exits = row.votes[LONG + 1], row.votes[SHORT + 1], row.votes[EXIT + 1]
    needed = (long + short + exits) * (0.5 + DUST)
    if long > needed:
        return LONG, WON
    if short > needed:
        return SHORT, WON
    if exits > needed:
        return EXIT, WON
    return FLAT, NO_MAJORITY


@inlined
def _consensus(terms: Any, row: Any) -> tuple[int, int]:
    total = row.votes[LONG + 1] + row.votes[SHORT + 1] + row.votes[EXIT + 1]
    side, failed, most = FLAT, BELOW_THRESHOLD, 0.0
    for place in range(4):
        votes = row.votes[place]
        if row.voters[place] == 0 or votes < terms.threshold * total * (1.0 - DUST):
            continue
        if row.voters[place] < terms.min_strategies:
            if failed == BELOW_THRESHOLD:
                failed = TOO_FEW
        elif votes > most + total * DUST:
            side, most = place - 1, votes
        elif votes >= most - total * DUST:
            side, failed = FLAT, TIE
    return side, failed


@inlined
def _unanimous(terms: Any, row: Any, voters: int) -> tuple[int, int]:
    for place in range(4):
        if row.voters[place] == voters:
            return (place - 1, WON) if voters >= terms.min_strategies else (FLAT, TOO_FEW)
    return FLAT, NOT_UNANIMOUS


@inlined
def certainty(heard: Any, terms: Any, row: Any, side: int, leader: int, place: int, n: int) -> float:
    """Return the confidence of the winning side, in the measure of the method."""
    if leader != NOBODY:
        return heard.confidence[leader, min(place, heard.confidence.shape[1] - 1), n]
    if terms.method != WEIGHTED_AVERAGE:
        return row.mass[side + 1] / row.votes[side + 1] if row.voters[side + 1] > 0 else 0.0
    total = row.votes[LONG + 1] + row.votes[SHORT + 1] + row.votes[EXIT + 1]
    if side == EXIT:
        return row.mass[EXIT + 1] / total
    return abs(row.mass[LONG + 1] - row.mass[SHORT + 1]) / total


@inlined
def average_weight(heard: Any, row: Any, place: int, n: int, voters: int) -> tuple[float, int, int]:
    """Return the average target weight of a cell, its side, and the reason; strength becomes the size of each part."""
    total = net = gross = 0.0
    for s in range(row.spoken.shape[0]):
        if row.voice[s] > 0.0:
            part = row.voice[s] * heard.weight[s, place, n]
            row.strength[s] = abs(part)
            total, net, gross = total + row.voice[s], net + part, gross + abs(part)
    if abs(net) <= gross * DUST:
        side, net = EXIT, 0.0
    else:
        side = LONG if net > 0.0 else SHORT
    if row.voters[side + 1] == 0:
        return net / total, side, TIE
    if voters == 1:
        return net / total, side, ALONE
    return net / total, side, ALL_AGREED if row.voters[side + 1] == voters else WON
