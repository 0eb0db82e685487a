"""The memory that the kernels of this room share: rows heard, terms, what was let through, and what is written."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stratkit.panel import BoolArray, FloatArray, IntArray, SideArray

Float32Array = npt.NDArray[np.float32]
CodeArray = npt.NDArray[np.uint8]


class Heard(NamedTuple):
    """What the strategies say on R rows; a weight above 0 is heard as long, below as short, 0 as an exit."""

    side: SideArray  # (S, R, N)
    weight: FloatArray  # (S, R, N), NaN = no opinion, or (0, 0, 0): nobody gives weights
    confidence: Float32Array  # (S, R, N), or (S, 1, N) for all rows


class Terms(NamedTuple):
    """What opinions are combined by; the two last change between calls."""

    method: np.int64
    floor: np.float32  # like the confidences: as f8, 0.7 would stand above an f4 of 0.7
    threshold: np.float64
    min_strategies: np.int64
    max_total: np.int64  # 0 = off
    limits: IntArray  # (S,) 0 = off
    priorities: IntArray  # (S,)
    every_bars: IntArray  # (S,)
    gives_weights: BoolArray  # (S,)
    weights: FloatArray  # (S,)
    muted: BoolArray  # (S,) disabled, or of weight 0: only exits speak, out of what it led


class Memory(NamedTuple):
    """What has to be remembered from row to row."""

    voiced: SideArray  # (S, N) entry last let through, 0 = none
    blended: SideArray  # (N,) likewise, of the blend
    led: BoolArray  # (S, N) whether it led an entry since the last exit that was decided; in books always
    counts: IntArray  # (S, verdicts) changes of opinion by what became of them


class Row(NamedTuple):
    """What is known of the row at hand."""

    spoken: SideArray  # (S, N) what is left of each opinion
    before: SideArray  # (S, N) what was voiced before a change
    is_change: BoolArray  # (S, N) an entry that was not voiced before
    changes: IntArray  # (S,) how many there are
    speakers: SideArray  # (N,) strategies that say something
    listed: IntArray  # (S x N,) cells that compete for places
    ranked: Float32Array  # (S x N,) their confidences, reordered to find the last one that gets a place
    voice: FloatArray  # (S,) weight of each vote in the cell at hand
    strength: FloatArray  # (S,) and that weight times confidence
    votes: FloatArray  # (4,) sums of `voice` per side, at side + 1
    mass: FloatArray  # (4,) sums of `strength`
    voters: IntArray  # (4,) strategies


class Written(NamedTuple):
    """The panels of the result; those that a blend or books do not have are empty."""

    side: npt.NDArray[Any]  # (T, N) of a blend, (S, T, N) of books
    weight: npt.NDArray[Any]  # likewise, or empty
    confidence: Float32Array  # (T, N), from here down of a blend only
    lead: SideArray  # (T, N)
    contribution: Float32Array  # (S, T, N)
    reason: CodeArray  # (T, N)
    verdict: CodeArray  # (S, T, N) of both


def fresh_memory(strategies: int, symbols: int, verdicts: int, in_books: bool) -> Memory:
    """Return the memory before the first row."""
    return Memory(
        np.zeros((strategies, symbols), np.int8),
        np.zeros(symbols, np.int8),
        np.full((strategies, symbols), in_books),
        np.zeros((strategies, verdicts), np.int64),
    )


def fresh_row(strategies: int, symbols: int) -> Row:
    """Return room for one row."""
    return Row(
        np.zeros((strategies, symbols), np.int8),
        np.zeros((strategies, symbols), np.int8),
        np.zeros((strategies, symbols), np.bool_),
        np.zeros(strategies, np.int64),
        np.zeros(symbols, np.int8),
        np.zeros(strategies * symbols, np.int64),
        np.zeros(strategies * symbols, np.float32),
        np.zeros(strategies),
        np.zeros(strategies),
        np.zeros(4),
        np.zeros(4),
        np.zeros(4, np.int64),
    )
