"""`Direction`: whether a strategy takes short positions, or only leaves its long ones; and which it took last."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stratkit.features.events import last_nonzero
from stratkit.panel import BoolArray, SideArray
from stratkit.strategies.signals import EXIT, SHORT

Direction = Literal["both", "long_only"]


def directed(side: SideArray, direction: Direction) -> SideArray:
    """Return `side` with every short turned into an exit when the direction is ``long_only``.

    >>> directed(np.array([[1], [-1]], np.int8), "long_only").ravel()
    array([1, 2], dtype=int8)
    """
    if direction == "both":
        return side
    return np.where(side == SHORT, np.int8(EXIT), side)


def latest_side(long: BoolArray, short: BoolArray) -> SideArray:
    """Return (T, N) int8: +1 where the latest of two kinds of entry was long, -1 short, 0 before any.

    >>> latest_side(np.array([[True], [False]]), np.array([[False], [False]])).ravel()
    array([1, 1], dtype=int8)
    """
    return last_nonzero(long.view(np.int8) - short.view(np.int8))
