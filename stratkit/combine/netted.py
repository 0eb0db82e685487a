"""`blend_block`: rows of opinions blended into one opinion per symbol, and the limit over all symbols."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.combine.codes import (
    AGREED,
    AVERAGED_WEIGHTS,
    DEDUPLICATED,
    DISABLED,
    LEAD,
    OUTVOTED,
    OVER_TOTAL_LIMIT,
    SILENT,
    TOTAL_LIMIT,
)
from stratkit.combine.hearing import count_changes, hear, last_place, silence
from stratkit.combine.votes import NOBODY, average_weight, certainty, count_votes, elect
from stratkit.compiled import allocating_nothing, inlined
from stratkit.strategies.signals import EXIT, FLAT


@allocating_nothing
def blend_block(heard: Any, terms: Any, memory: Any, row: Any, out: Any, start: int, rows: int) -> None:
    """Blend the rows heard, which begin at bar `start`."""
    for place in range(rows):
        bar, changes, proposals = start + place, 0, 0
        row.speakers[:] = 0
        for s in range(heard.side.shape[0]):
            changes += hear(heard, terms, memory, row, out.verdict, s, place, bar)
            for n in range(heard.side.shape[2]):
                row.speakers[n] += row.spoken[s, n] != FLAT
        for n in range(heard.side.shape[2]):
            if row.speakers[n] > 0:
                side = _blend_cell(heard, terms, row, out, place, bar, n)
                if (side == 1 or side == -1) and side != memory.blended[n]:
                    row.listed[proposals], row.ranked[proposals] = n, out.confidence[bar, n]
                    proposals += 1
        if 0 < terms.max_total < proposals:
            _refuse_the_least_confident(terms, memory, row, out, bar, proposals)
        for n in range(heard.side.shape[2]):
            side = out.side[bar, n]
            if side != FLAT or terms.method != AVERAGED_WEIGHTS:
                memory.blended[n] = FLAT if side == EXIT else side
            if side == EXIT:
                memory.led[:, n] = False
            elif side != FLAT and out.lead[bar, n] != NOBODY:
                memory.led[out.lead[bar, n], n] = True
        if changes > 0:
            count_changes(memory, row, out.verdict, bar)


@inlined
def _blend_cell(heard: Any, terms: Any, row: Any, out: Any, place: int, bar: int, n: int) -> int:
    voters, leader = count_votes(heard, terms, row, place, n), NOBODY
    if terms.method == AVERAGED_WEIGHTS:
        weight, side, reason = average_weight(heard, row, place, n, voters)
        out.weight[bar, n] = weight
    else:
        side, reason, leader = elect(terms, row, n, voters)
    if side != FLAT:
        out.confidence[bar, n] = certainty(heard, terms, row, side, leader, place, n)
    out.side[bar, n], out.reason[bar, n] = side, reason
    out.lead[bar, n] = _share_out(row, out, side, leader, bar, n)
    return side


@inlined
def _share_out(row: Any, out: Any, side: int, leader: int, bar: int, n: int) -> int:
    """Write what each strategy has to do with a cell, and return the largest voice of the winning side."""
    total = voices = 0.0
    lead = leader
    for s in range(row.spoken.shape[0]):
        if row.voice[s] > 0.0 and row.spoken[s, n] == side:
            total, voices = total + row.strength[s], voices + row.voice[s]
            if leader == NOBODY and (lead == NOBODY or row.strength[s] > row.strength[lead]):
                lead = s
    for s in range(row.spoken.shape[0]):
        if row.spoken[s, n] == FLAT:
            continue
        fate = OUTVOTED if row.voice[s] > 0.0 else DISABLED
        if row.voice[s] > 0.0 and row.spoken[s, n] == side:
            # winners without any confidence share by weight
            share = row.strength[s] / total if total > 0.0 else row.voice[s] / voices
            out.contribution[s, bar, n] = share
            fate = LEAD if s == lead else DEDUPLICATED if row.is_change[s, n] else AGREED
        if out.verdict[s, bar, n] == SILENT:
            out.verdict[s, bar, n] = fate
    return lead


@inlined
def _refuse_the_least_confident(terms: Any, memory: Any, row: Any, out: Any, bar: int, proposals: int) -> None:
    weakest, equals_left = last_place(row.ranked, proposals, terms.max_total)
    for s in range(row.spoken.shape[0]):  # equals: the strategy named first, then the symbol
        for rank in range(proposals):
            n = row.listed[rank]
            if out.lead[bar, n] != s or out.confidence[bar, n] > weakest:
                continue
            if out.confidence[bar, n] == weakest and equals_left > 0:
                equals_left -= 1
            else:
                _refuse(terms, memory, row, out, bar, n)


@inlined
def _refuse(terms: Any, memory: Any, row: Any, out: Any, bar: int, n: int) -> None:
    """Refuse a blended change; the opposite opinion that it would have replaced is over."""
    side = out.side[bar, n]
    for s in range(row.spoken.shape[0]):
        if row.spoken[s, n] == side:
            out.verdict[s, bar, n] = OVER_TOTAL_LIMIT
            if row.is_change[s, n]:
                silence(terms, memory, row, s, n)
    out.reason[bar, n] = TOTAL_LIMIT
    if terms.method == AVERAGED_WEIGHTS:
        out.weight[bar, n] = np.nan
    elif memory.blended[n] != FLAT:
        out.side[bar, n] = EXIT
        return
    out.side[bar, n], out.lead[bar, n], out.confidence[bar, n] = FLAT, NOBODY, 0.0
    for s in range(row.spoken.shape[0]):
        out.contribution[s, bar, n] = 0.0
