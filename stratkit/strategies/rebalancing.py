"""`period_starts`: the bars on which a strategy of monthly, weekly or daily decisions speaks."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stratkit.data.resample import bucket_starts
from stratkit.panel import BoolArray, IntArray

Period = Literal["daily", "weekly", "monthly"]
_BUCKETS = {"daily": "1d", "weekly": "1w", "monthly": "1mo"}


def period_starts(times: IntArray, period: Period) -> BoolArray:
    """Return (T,) whether a bar is the first of a UTC day, of a week from Monday, or of a month.

    Only then is it known that the period before is over. The very first bar is none, for what came before it is not
    known. The schedule does not depend on where the bars begin.

    >>> days = np.array([30, 31, 32, 60]) * 86_400_000_000_000  # 31 January, 1 and 2 February, 2 March
    >>> period_starts(days, "monthly")
    array([False,  True, False,  True])
    """
    bucket = bucket_starts(times, _BUCKETS[period])
    starts: BoolArray = np.append(False, bucket[1:] != bucket[:-1])[: len(times)]
    return starts
