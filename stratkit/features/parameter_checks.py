"""`check_window` and its like: what must hold of an indicator's parameters, or `UsageError`."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from stratkit.errors import UsageError

_LONGEST: Final = 100_000  # TA-Lib takes no longer window
_LARGEST: Final = 1e6  # beyond 3e37 TA-Lib raises an error without words


def check_window(name: str, window_bars: int, low: int) -> None:
    """Raise `UsageError` unless `window_bars` is a whole number of bars, from `low` to 100,000."""
    if not _is_whole(window_bars) or window_bars < low:
        raise UsageError(f"{name} must be a whole number of bars from {low} up; found {window_bars!r}")
    if window_bars > _LONGEST:
        raise UsageError(f"{name} must be at most {_LONGEST} bars; found {window_bars}")


def check_ascending(**windows: int) -> None:
    """Raise `UsageError` unless each window is longer than the one before it."""
    names = list(windows)
    for shorter, longer in pairwise(names):
        if windows[shorter] >= windows[longer]:
            raise UsageError(f"{shorter} must be below {longer}; found {windows[shorter]} and {windows[longer]}")


def check_positive(name: str, value: float) -> None:
    """Raise `UsageError` unless `value` is above 0 and at most a million."""
    if not value > 0:
        raise UsageError(f"{name} must be above 0; found {value}")
    if value > _LARGEST:
        raise UsageError(f"{name} must be at most {_LARGEST:,.0f}; found {value:g}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
