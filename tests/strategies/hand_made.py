"""Bars made by hand of one symbol, and what a strategy says on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stratkit.data.bars import Bars
from stratkit.panel import NS_PER_DAY
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import Signals

Row = tuple[float, float, float, float]


def bars_of(rows: Sequence[Row], first_day: int = 0) -> Bars:
    """Daily bars from rows of high, low, close and volume; each opens at its close."""
    high, low, close, volume = np.array(rows, dtype=np.float64).T[:, :, None]
    times = (first_day + np.arange(len(rows))) * NS_PER_DAY
    return Bars(times, ("HAND",), close, high, low, close, volume, "1d")


def flat(closes: Sequence[float], half_range: float = 0.0, volume: float = 100.0) -> list[Row]:
    """Rows whose high and low lie `half_range` from the close."""
    return [(close + half_range, close - half_range, close, volume) for close in closes]


def mirrored(rows: Sequence[Row], around: float) -> list[Row]:
    """The same rows upside down."""
    return [(2 * around - low, 2 * around - high, 2 * around - close, volume) for high, low, close, volume in rows]


def signals_of(name: str, rows: Sequence[Row], **params: Any) -> Signals:
    return run_strategy(build_strategy(name, params), Context(bars_of(rows)))


def sides_of(name: str, rows: Sequence[Row], **params: Any) -> list[int]:
    """The side on every bar behind the warm-up."""
    signals = signals_of(name, rows, **params)
    assert signals.side is not None
    return [int(side) for side in signals.side[signals.warmup_bars :, 0]]


def confidence_of(name: str, rows: Sequence[Row], **params: Any) -> list[float]:
    """The confidence on every bar with an entry."""
    signals = signals_of(name, rows, **params)
    assert signals.side is not None
    assert signals.confidence is not None
    return [float(value) for value in signals.confidence[np.isin(signals.side, (1, -1))]]
