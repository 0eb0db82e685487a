"""`month_starts`: the bars on which a strategy of monthly decisions speaks."""

from __future__ import annotations

import numpy as np

from stratkit.panel import BoolArray, IntArray


def month_starts(times: IntArray) -> BoolArray:
    """Return (T,) whether a bar is the first of a month: only then is it known that the month before is over.

    The very first bar is none, for what came before it is not known.

    >>> days = np.array([30, 31, 32, 60]) * 86_400_000_000_000  # 31 January, 1 and 2 February, 2 March
    >>> month_starts(days)
    array([False,  True, False,  True])
    """
    month = times.astype("datetime64[ns]").astype("datetime64[M]")
    starts: BoolArray = np.append(False, month[1:] != month[:-1])[: len(times)]
    return starts
