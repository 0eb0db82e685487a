"""`fill_books`: rows of opinions kept apart in a book per strategy, and the limit over all strategies and symbols."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.combine.codes import LEAD, OVER_TOTAL_LIMIT, SILENT
from stratkit.combine.hearing import count_changes, hear, last_place, silence
from stratkit.compiled import allocating_nothing, inlined
from stratkit.strategies.signals import FLAT


@allocating_nothing
def fill_books(heard: Any, terms: Any, memory: Any, row: Any, out: Any, start: int, rows: int) -> None:
    """Keep of the rows heard, which begin at bar `start`, what floor, schedule and limits leave."""
    for place in range(rows):
        bar, changes = start + place, 0
        for s in range(heard.side.shape[0]):
            changes += hear(heard, terms, memory, row, out.verdict, s, place, bar)
        if changes > terms.max_total > 0:
            _keep_the_most_confident_of_all(heard, terms, memory, row, out, place, bar)
        for s in range(heard.side.shape[0]):
            _write_down(terms, row, out, s, bar)
        if changes > 0:
            count_changes(memory, row, out.verdict, bar)


@inlined
def _write_down(terms: Any, row: Any, out: Any, s: int, bar: int) -> None:
    spoken, side, fates = row.spoken[s], out.side[s, bar], out.verdict[s, bar]
    for n in range(spoken.shape[0]):
        side[n] = spoken[n]
        if spoken[n] != FLAT and fates[n] == SILENT:
            fates[n] = LEAD
    if terms.gives_weights[s]:
        weight = out.weight[s, bar]
        for n in range(spoken.shape[0]):
            if spoken[n] == FLAT:
                weight[n] = np.nan


@inlined
def _keep_the_most_confident_of_all(
    heard: Any, terms: Any, memory: Any, row: Any, out: Any, place: int, bar: int
) -> None:
    strategies, symbols = row.spoken.shape
    sure, found = min(place, heard.confidence.shape[1] - 1), 0
    for s in range(strategies):
        for n in range(symbols):
            if row.is_change[s, n] and abs(row.spoken[s, n]) == 1:  # neither silenced nor turned into an exit
                row.listed[found], row.ranked[found] = s * symbols + n, heard.confidence[s, sure, n]
                found += 1
    if found <= terms.max_total:
        return
    weakest, equals_left = last_place(row.ranked, found, terms.max_total)
    for rank in range(found):
        s, n = row.listed[rank] // symbols, row.listed[rank] % symbols
        confidence = heard.confidence[s, sure, n]
        if confidence > weakest:
            continue
        if confidence == weakest and equals_left > 0:
            equals_left -= 1
            continue
        silence(terms, memory, row, s, n)
        out.verdict[s, bar, n] = OVER_TOTAL_LIMIT
