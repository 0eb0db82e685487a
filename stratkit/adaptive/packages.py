"""`package_numbers`: which cells of a bar are legs of one package, so that all of them are judged and sized alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.strategies.signals import Signals

_NUMBERS: Final = 2**16  # of a strategy's packages on one bar


def trades_packages(said: Sequence[Signals]) -> BoolArray:
    """Return (S,) which strategies trade packages of legs."""
    return np.array([one.legs is not None for one in said])


def package_numbers(legs: npt.NDArray[np.integer], owner: IntArray | int = 0) -> IntArray:
    """Return numbers of packages, the same for legs of one bar and strategy alone; -1 where a cell is no leg.

    `legs` (R, M) are those of some rows, as strategies number them, and `owner` says whose they are.
    """
    row = np.arange(len(legs))[:, None]
    number = (row * _NUMBERS + np.asarray(owner)) * _NUMBERS + legs.astype(np.int64)
    found = np.full(legs.shape, -1)
    is_leg = legs > 0
    found[is_leg] = np.unique(number[is_leg], return_inverse=True)[1].ravel()
    return found


def package_means(values: FloatArray, number: IntArray) -> FloatArray:
    """Return values (R, M) where each leg has the mean of its package; NaN is no value, and stays NaN.

    >>> package_means(np.array([[1.0, 3.0, 5.0, np.nan]]), np.array([[0, 0, -1, 0]]))
    array([[ 2.,  2.,  5., nan]])
    """
    counts = (number >= 0) & ~np.isnan(values)
    place = number[counts]
    means: FloatArray = values.copy()
    means[counts] = (np.bincount(place, values[counts]) / np.maximum(np.bincount(place), 1))[place]
    return means


def package_any(flags: BoolArray, number: IntArray) -> BoolArray:
    """Return (R, M) where a cell has its flag, or any leg of its package has.

    >>> package_any(np.array([[True, False, False]]), np.array([[0, 0, -1]]))
    array([[ True,  True, False]])
    """
    found: BoolArray = flags | ((number >= 0) & np.isin(number, number[flags]))
    return found
