"""`mean_interval`: where the mean of a few independent draws lies, by Student's t."""

from __future__ import annotations

import math

from stratkit.inference.interval import Interval
from stratkit.panel import FloatArray


def mean_interval(values: FloatArray, method: str, level: float = 0.95) -> Interval | None:
    """Return the interval of the mean of values (n,), of which `method` says what they are drawn over; None of one.

    >>> import numpy as np
    >>> found = mean_interval(np.array([3.0, 2.0, -2.0]), "Student t over seeds")  # mean 1, sd sqrt(7)
    >>> round(found.high - 1.0, 4) == round(4.302653 * (7 / 3) ** 0.5, 4)
    True
    """
    if len(values) < 2:
        return None
    from scipy.special import stdtrit  # a tenth of a second to import

    middle, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
    reach = float(stdtrit(len(values) - 1, (1 + level) / 2)) * error
    return Interval(middle, middle - reach, middle + reach, level, method)
