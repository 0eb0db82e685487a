"""`cell` and `rows`: small blends made by hand, and what became of them in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratkit.combine.blend import Blend, Blending, Books, blend_rows, open_blend
from stratkit.combine.codes import REASONS, VERDICTS
from stratkit.combine.settings import CombineSettings, GlobalSettings
from stratkit.strategies.signals import Signals


@dataclass(frozen=True)
class Cell:
    """One cell of a blend in words."""

    side: int
    confidence: float
    lead: int
    reason: str
    verdicts: tuple[str, ...]
    shares: tuple[float, ...]


def said(number: int, sides: Any, confidence: Any = None) -> Signals:
    """A strategy that says `sides`, (T,) of one symbol or (T, N)."""
    panel = np.atleast_2d(np.asarray(sides, np.int8).T).T
    sure = None if confidence is None else np.broadcast_to(np.atleast_2d(np.asarray(confidence).T).T, panel.shape)
    return Signals(f"s{number}", side=panel, confidence=sure)


def weighs(number: int, weights: Any, confidence: Any = None) -> Signals:
    """A strategy that gives target `weights`, likewise."""
    panel = np.atleast_2d(np.asarray(weights, float).T).T
    sure = None if confidence is None else np.broadcast_to(np.atleast_2d(np.asarray(confidence).T).T, panel.shape)
    return Signals(f"s{number}", weight=panel, confidence=sure)


def play(
    signals: Sequence[Signals],
    method: Any = None,
    *,
    weights: Sequence[float] | None = None,
    enabled: Sequence[bool] | None = None,
    max_total: int | None = None,
    dedupe: bool = True,
    priorities: Sequence[int] | None = None,
    limits: Sequence[int] | None = None,
    every_bars: Sequence[int] | None = None,
    **combine: Any,
) -> Blending:
    """Blend all rows at once."""
    blending = open_blend(
        signals,
        CombineSettings(method=method, **combine),
        GlobalSettings(max_total_proposals_per_cycle=max_total, dedupe_by_symbol=dedupe),
        priorities=priorities,
        limits=limits,
        every_bars=every_bars,
    )
    blend_rows(blending, 0, signals[0].shape[0], weights, enabled)
    return blending


def blend(signals: Sequence[Signals], method: Any = None, **options: Any) -> Blend:
    """The blend of all rows."""
    result = play(signals, method, **options).result
    assert isinstance(result, Blend)
    return result


def books(signals: Sequence[Signals], **options: Any) -> Books:
    """The books of all rows."""
    result = play(signals, "independent", **options).result
    assert isinstance(result, Books)
    return result


def cell(method: str, voices: Sequence[tuple[int, float]], **options: Any) -> Cell:
    """Blend one bar of one symbol, from (side, confidence) of each strategy."""
    result = blend([said(number, [side], [sure]) for number, (side, sure) in enumerate(voices)], method, **options)
    return at(result, 0, 0)


def at(result: Blend, bar: int, column: int) -> Cell:
    """One cell of a blend."""
    return Cell(
        int(result.side[bar, column]),
        round(float(result.confidence[bar, column]), 5),
        int(result.lead[bar, column]),
        REASONS[result.reason[bar, column]],
        words(result, bar, column),
        tuple(round(float(share), 5) for share in result.contribution[:, bar, column]),
    )


def words(result: Blend | Books, bar: int, column: int = 0) -> tuple[str, ...]:
    """The verdicts on all strategies in one cell."""
    return tuple(VERDICTS[code] for code in result.verdict[:, bar, column])
