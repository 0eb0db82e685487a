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
    30: (0.0195, 0.0290, 0.0437, 0.0580, 0.0825, 0.1265, 0.1680),
    60: (0.0230, 0.0253, 0.0545, 0.0580, 0.0698, 0.0835, 0.1060),
    120: (0.0307, 0.0310, 0.0445, 0.0585, 0.0643, 0.0670, 0.0737),
    250: (0.0307, 0.0442, 0.0515, 0.0542, 0.0555, 0.0570, 0.0578),
    1000: (0.0437, 0.0457, 0.0498, 0.0505, 0.0568, 0.0607, 0.0550),
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
