"""`Opinions`: what every strategy said where something was decided, and what came of it: enough to explain it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stratkit.combine.blend import Blend, Books
from stratkit.combine.codes import ALONE, DEDUPLICATED, LEAD, NOBODY_SPOKE, OUTVOTED, SILENT
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.strategies.signals import Signals

_KEPT_ON_CHANGE = (OUTVOTED, DEDUPLICATED)


@dataclass(frozen=True)
class Opinions:
    """One row per voice, (V,) each, sorted by bar, symbol and strategy.

    `bar`, `column` (of the symbol) and `strategy` say whose voice where; `side` (+1, -1, 2 exit), `target` (a target
    weight, NaN for a side) and `confidence` what it said, `weight` how much it counted; `verdict` what came of it and
    `contribution` its share in the winning side. Of the cell as a whole: `decided` the side that was handed on, with
    `decided_target` (NaN for a side), `decided_confidence`, `lead` (-1 none) and `reason`. `remark` are the strategy's
    own words, "" without. Codes are those of `combine.codes`.
    """

    bar: IntArray
    column: IntArray
    strategy: IntArray
    side: npt.NDArray[np.int8]
    target: FloatArray
    confidence: FloatArray
    weight: FloatArray
    verdict: IntArray
    contribution: FloatArray
    decided: npt.NDArray[np.int8]
    decided_target: FloatArray
    decided_confidence: FloatArray
    lead: IntArray
    reason: IntArray
    remark: tuple[str, ...]


def opinions_at(
    signals: Sequence[Signals],
    combined: Blend | Books | None,
    bars: IntArray,
    columns: IntArray,
    weights: FloatArray,
) -> Opinions:
    """Return the voices in the cells given, and where one was newly stopped or has something to remark.

    `weights` (T, S) are those of the voices on each bar.
    """
    wanted = np.zeros(signals[0].shape, np.bool_)
    wanted[bars, columns] = True
    if combined is not None:
        wanted |= _newly_stopped(combined)
    for one in signals:
        for remarked in one.remarks:
            wanted[remarked] = True
    bar, column = np.nonzero(wanted)
    spoken = np.stack([_says(one)[bar, column] for one in signals], axis=1)  # (C, S)
    cell, strategy = np.nonzero(spoken)
    at = (strategy, bar[cell], column[cell])
    verdict = np.full(len(cell), LEAD) if combined is None else combined.verdict[at].astype(np.int64)
    given = [_given(one, bar, column) for one in signals]
    side, target, confidence = (np.stack(parts, axis=1)[cell, strategy] for parts in zip(*given))
    return Opinions(
        bar=at[1],
        column=at[2],
        strategy=strategy,
        side=side.astype(np.int8),
        target=target,
        confidence=confidence,
        weight=weights[at[1], strategy],
        verdict=verdict,
        **_of_the_cell(combined, at, side, target, confidence, verdict),
        remark=tuple(
            signals[s].remarks.get((b, c), "") for s, b, c in zip(strategy.tolist(), at[1].tolist(), at[2].tolist())
        ),
    )


def contribution_at(combined: Blend | Books | None, bars: IntArray, columns: IntArray) -> FloatArray | None:
    """Return (K, S) the share of each strategy in the opinions of K cells; None where each has books of its own."""
    if not isinstance(combined, Blend):
        return None
    return np.asarray(combined.contribution[:, bars, columns].T, dtype=np.float64)


def _newly_stopped(combined: Blend | Books) -> BoolArray:
    """Return (T, N) where the verdict on a strategy has just become one that stops it."""
    verdict = combined.verdict
    stopped = verdict > OUTVOTED - 1
    if isinstance(combined, Books):
        stopped = verdict > LEAD
    changed = np.ones_like(stopped)
    changed[:, 1:] = verdict[:, 1:] != verdict[:, :-1]
    found: BoolArray = (stopped & changed & (verdict != SILENT)).any(axis=0)
    return found


def _says(one: Signals) -> BoolArray:
    if one.side is not None:
        spoken: BoolArray = one.side != 0
        return spoken
    assert one.weight is not None  # a record holds one of the two
    return np.isfinite(one.weight)


def _given(one: Signals, bar: IntArray, column: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    confidence = np.ones(len(bar)) if one.confidence is None else one.confidence[bar, column].astype(np.float64)
    if one.side is not None:
        return one.side[bar, column].astype(np.float64), np.full(len(bar), np.nan), confidence
    assert one.weight is not None  # a record holds one of the two
    weight = one.weight[bar, column]
    direction = np.where(weight == 0, 2.0, np.sign(np.nan_to_num(weight)))
    return direction, weight, confidence


def _of_the_cell(
    combined: Blend | Books | None,
    at: tuple[IntArray, IntArray, IntArray],
    side: FloatArray,
    target: FloatArray,
    confidence: FloatArray,
    verdict: IntArray,
) -> dict[str, Any]:
    if isinstance(combined, Blend):
        cell = at[1:]
        return {
            "contribution": combined.contribution[at].astype(np.float64),
            "decided": combined.side[cell],
            "decided_target": np.full(len(side), np.nan) if combined.weight is None else combined.weight[cell],
            "decided_confidence": combined.confidence[cell].astype(np.float64),
            "lead": combined.lead[cell].astype(np.int64),
            "reason": combined.reason[cell].astype(np.int64),
        }
    passed = verdict == LEAD  # in books of their own there is nobody else
    handed_on = side if combined is None else combined.side[at].astype(np.float64)
    return {
        "contribution": passed.astype(np.float64),
        "decided": handed_on.astype(np.int8),
        "decided_target": np.where(passed, target, np.nan),
        "decided_confidence": np.where(passed, confidence, 0.0),
        "lead": np.where(passed, at[0], -1),
        "reason": np.where(handed_on != 0, ALONE, NOBODY_SPOKE),
    }
