"""`whole_packages`: target weights without the packages of which a leg is missing."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.panel import FloatArray

MOST_NUMBERS: Final = 32_000  # of packages, which are counted in int16: then the first numbers are free again


def whole_packages(weight: FloatArray, legs: npt.NDArray[Any]) -> tuple[FloatArray, npt.NDArray[np.int16]]:
    """Return weights (T, N) and the number of each one's package, 0 = none, without packages that lack a weight.

    >>> whole_packages(np.array([[0.5, np.nan], [0.5, -0.5]]), np.ones((2, 2), np.int16))
    (array([[ nan,  nan],
           [ 0.5, -0.5]]), array([[0, 0],
           [1, 1]], dtype=int16))
    """
    missing = (legs > 0) & np.isnan(weight)
    lacking = np.zeros(legs.shape, np.bool_)
    for number in np.unique(legs[missing]):
        mine = legs == number
        lacking |= mine & (mine & missing).any(axis=1, keepdims=True)
    return np.where(lacking, np.nan, weight), np.where(lacking, 0, legs).astype(np.int16)
