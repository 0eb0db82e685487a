"""`pnl_shares`: what part of the P&L each of several made, where there is a profit to share."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.panel import FloatArray

_ROUNDING: Final = 1e-9  # of all that was won and lost: a total within it is no profit


def pnl_shares(pnl: FloatArray, total: float) -> FloatArray:
    """Return P&L (n,) as fractions of `total`; NaN where that is not positive: of a loss the winners would be negative.

    >>> pnl_shares(np.array([3.0, 1.0]), 4.0).tolist(), pnl_shares(np.array([3.0, -4.0]), -1.0).tolist()
    ([0.75, 0.25], [nan, nan])
    """
    if not total > _ROUNDING * np.abs(pnl).sum():
        return np.full(len(pnl), np.nan)
    shares: FloatArray = pnl / total
    return shares
