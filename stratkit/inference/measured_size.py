"""`measured_size`: how often the primary test of a comparison rejects at 5 % what is true, as the calibration found it.

The figures between the marks are written by `benchmarks/calibration.py --write-docs`, which writes the same ones into
the documentation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

# a size within is as good as 5 %: four standard errors of a rate of 4,000 pairs
KEPT_SIZE: Final = (0.035, 0.065)

# measured: begin
CORRELATIONS: Final = (-0.5, -0.3, 0.0, 0.1, 0.3, 0.5, 0.7)
SIZES: Final[Mapping[int, tuple[float, ...]]] = {
    30: (0.01950, 0.02900, 0.04375, 0.05800, 0.08250, 0.12650, 0.16800),
    60: (0.02300, 0.02525, 0.05450, 0.05800, 0.06975, 0.08350, 0.10600),
    120: (0.03075, 0.03100, 0.04450, 0.05850, 0.06425, 0.06700, 0.07375),
    250: (0.03075, 0.04425, 0.05150, 0.05425, 0.05550, 0.05700, 0.05775),
    1000: (0.04375, 0.04575, 0.04975, 0.05050, 0.05675, 0.06075, 0.05500),
}
# measured: end


def measured_size(n: int, correlation: float) -> float:
    """Return the share of true hypotheses that the primary test rejects at 5 % on `n` periods.

    `correlation` is that of the difference of the arms' returns from one period to the next; between those that were
    measured lies a straight line. Of lengths the longest measured one that `n` reaches is taken. NaN for fewer periods
    and for correlations beyond any that was measured.

    >>> 0.04 < measured_size(1000, 0.0) < 0.06
    True
    >>> measured_size(20, 0.0), measured_size(1000, 0.99)
    (nan, nan)
    """
    lengths = [length for length in SIZES if length <= n]
    if not lengths or not CORRELATIONS[0] <= correlation <= CORRELATIONS[-1]:
        return math.nan
    return float(np.interp(correlation, CORRELATIONS, SIZES[max(lengths)]))


def keeps_size(size: float) -> bool:
    """Return whether a measured size is as good as 5 %; one that is not known is not.

    >>> keeps_size(0.052), keeps_size(0.08), keeps_size(float("nan"))
    (True, False, False)
    """
    return KEPT_SIZE[0] <= size <= KEPT_SIZE[1]
