"""Bars whose figures can be worked out by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import Bars

DAY_NS = 86_400_000_000_000


def bars_around(close: npt.ArrayLike, half_range: npt.ArrayLike = 0.5, volume: npt.ArrayLike = 1000.0) -> Bars:
    """Return daily bars of one symbol that open where they close, half a range above and below it."""
    closes = np.asarray(close, dtype=np.float64).reshape(-1, 1)
    half = np.broadcast_to(np.asarray(half_range, dtype=np.float64), len(closes)).reshape(-1, 1)
    traded = np.broadcast_to(np.asarray(volume, dtype=np.float64), len(closes)).reshape(-1, 1)
    times = np.arange(len(closes), dtype=np.int64) * DAY_NS
    return Bars(times, ("A",), closes, closes + half, closes - half, closes, traded, "1d")
