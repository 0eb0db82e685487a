"""`Drawdown`: one fall from a peak, with its trough and its recovery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import FloatArray, IntArray, read_only


@dataclass(frozen=True)
class Drawdown:
    """One stretch under water.

    `depth` is a negative fraction of the peak. `peak_bar` is -1 when the peak is the initial cash,
    and `peak_time` is then the start of the first bar. `bars_down` runs from peak to trough,
    `bars_to_recover` from trough to the first close back at the peak; recovery is None while open.
    Times are UTC nanoseconds, the start of the bar.
    """

    peak_bar: int
    trough_bar: int
    recovery_bar: int | None
    peak_time: int
    trough_time: int
    recovery_time: int | None
    depth: float
    bars_down: int
    bars_to_recover: int | None

    @property
    def is_open(self) -> bool:
        """Whether equity has not come back yet."""
        return self.recovery_bar is None


def drawdown_series(equity: FloatArray, initial: float) -> FloatArray:
    """Return (T,) E/cummax(E) - 1, the initial cash counting as the first peak.

    >>> drawdown_series(np.array([100.0, 80.0, 120.0]), 100.0).tolist()
    [0.0, -0.19999999999999996, 0.0]
    """
    return read_only(equity / _peaks(equity, initial) - 1.0)


def worst_drawdowns(times: IntArray, equity: FloatArray, initial: float, count: int = 10) -> tuple[Drawdown, ...]:
    """Return up to `count` drawdowns of an equity curve (T,), the deepest first.

    A drawdown ends with the first close at or above its peak; equal depths stay in order of time.
    """
    if count < 1:
        raise UsageError(f"count of drawdowns must be at least 1; found {count}")
    if len(times) != len(equity):
        raise UsageError(f"times and equity must have one value per bar; found {len(times)} and {len(equity)}")
    depth = drawdown_series(equity, initial)
    edges = np.diff(np.concatenate(([0], (depth < 0).astype(np.int8), [0])))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return ()
    # every second stretch of reduceat lies between two drawdowns; one bar more ends the last
    ends = np.column_stack((starts, stops)).ravel()
    worst = np.minimum.reduceat(np.append(depth, 0.0), ends)[::2]
    chosen = np.argsort(worst, kind="stable")[:count]
    return tuple(_drawdown(times, depth, int(starts[at]), int(stops[at])) for at in chosen)


def _drawdown(times: IntArray, depth: FloatArray, start: int, stop: int) -> Drawdown:
    peak = start - 1
    trough = start + int(depth[start:stop].argmin())
    recovery = stop if stop < len(times) else None
    return Drawdown(
        peak_bar=peak,
        trough_bar=trough,
        recovery_bar=recovery,
        peak_time=int(times[max(peak, 0)]),
        trough_time=int(times[trough]),
        recovery_time=None if recovery is None else int(times[recovery]),
        depth=float(depth[trough]),
        bars_down=trough - peak,
        bars_to_recover=None if recovery is None else recovery - trough,
    )


def _peaks(equity: FloatArray, initial: float) -> FloatArray:
    return np.maximum(np.maximum.accumulate(equity), initial)
