"""Packages of legs: their numbers, and target weights without those packages of which a leg is missing."""

from __future__ import annotations

import zlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.panel import FloatArray

_NUMBERS: Final = 32_767  # what int16 holds


def package_number(*symbols: str) -> int:
    """Return a number above 0 for the package of some symbols, the same wherever they stand and whenever it is asked.

    It depends on their names alone: numbers in order of entry or of columns would change with where the bars begin
    and with the symbols beside. Two packages of one bar that fall on one number, one chance in 32,767, trade as one.
    """
    return 1 + zlib.crc32("/".join(symbols).encode()) % _NUMBERS


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
