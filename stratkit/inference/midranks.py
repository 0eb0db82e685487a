"""`midranks`: the places of values in their order, where equal ones share the mean of theirs."""

from __future__ import annotations

import numpy as np

from stratkit.panel import FloatArray


def midranks(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (n,) ranks from 1, ties sharing their mean, and (d,) how many of the n share each of d values.

    >>> ranks, ties = midranks(np.array([5.0, 1.0, 5.0]))
    >>> ranks.tolist(), ties.tolist()
    ([2.5, 1.0, 2.5], [1.0, 2.0])
    """
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[group]), count.astype(np.float64)
