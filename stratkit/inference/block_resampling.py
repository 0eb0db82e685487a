"""`resample_differences`: the compiled loop that draws differences of two arms and their block standard errors.

A resample of blocks needs no observation, only the sum of each block: of the columns for the difference, and of their
gradient-weighted sum for its standard error.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.compiled import allocating_nothing, compiled, inlined
from stratkit.panel import FloatArray

# which function of an arm's two column means is meant; the second column of LEVEL is not looked at
LEVEL: Final = 0  # u
SHARPE: Final = 1  # u / sqrt(v - u^2)
DOWNSIDE: Final = 2  # u / sqrt(v)
QUOTIENT: Final = 3  # u / v


@compiled
def circular_sums(columns: FloatArray, length: int) -> FloatArray:
    """Return (n, 4), the sums of the `length` rows of `columns` (n, 4) from each row on, in a circle.

    Added up one by one: differences of running sums would lose the digits that tell two nearly equal arms apart.
    """
    n = len(columns)
    sums = np.zeros((n, 4))
    for first in range(n):
        for step in range(length):
            row = first + step
            if row >= n:
                row -= n
            for column in range(4):
                sums[first, column] += columns[row, column]
    return sums


@inlined
def _value(form: int, u: float, v: float) -> float:
    if form == SHARPE:
        return float(u / np.sqrt(v - u * u))
    if form == DOWNSIDE:
        return float(u / np.sqrt(v))
    if form == QUOTIENT:
        return u / v
    return u


@inlined
def _slope_u(form: int, u: float, v: float) -> float:
    if form == SHARPE:
        return float(v / ((v - u * u) * np.sqrt(v - u * u)))
    if form == DOWNSIDE:
        return float(1.0 / np.sqrt(v))
    if form == QUOTIENT:
        return 1.0 / v
    return 1.0


@inlined
def _slope_v(form: int, u: float, v: float) -> float:
    if form == SHARPE:
        return float(-0.5 * u / ((v - u * u) * np.sqrt(v - u * u)))
    if form == DOWNSIDE:
        return float(-0.5 * u / (v * np.sqrt(v)))
    if form == QUOTIENT:
        return -u / (v * v)
    return 0.0


@allocating_nothing
def resample_differences(
    sums: FloatArray,
    last_sums: FloatArray,
    starts: npt.NDArray[np.int32],
    lengths: tuple[int, int],
    form: int,
    differences: FloatArray,
    variances: FloatArray,
) -> None:
    """Fill `differences` (reps,) and `variances` (reps,) from the block `starts` (reps, l) of each resample.

    `sums` (n, 4) are circular sums of (u, v of the first arm, u, v of the second) over whole blocks, `last_sums` over
    the last block, which is cut so that a resample has n rows; `lengths` are those of both. A variance is
    ``(1/n) sum over blocks of (gradient' (block's sum - length x mean))^2``: with blocks of one length it is
    gradient' Psi* gradient of O. Ledoit, M. Wolf, Robust performance hypothesis testing with the Sharpe ratio, Journal
    of Empirical Finance 15 (2008), section 3.2.2, without its factor T/(T - 4).
    """
    n = len(sums)
    whole = starts.shape[1] - 1
    length, last_length = lengths
    for rep in range(len(starts)):
        row = starts[rep, whole]
        a_u, a_v, b_u, b_v = last_sums[row, 0], last_sums[row, 1], last_sums[row, 2], last_sums[row, 3]
        for block in range(whole):
            row = starts[rep, block]
            a_u += sums[row, 0]
            a_v += sums[row, 1]
            b_u += sums[row, 2]
            b_v += sums[row, 3]
        a_u /= n
        a_v /= n
        b_u /= n
        b_v /= n
        differences[rep] = _value(form, a_u, a_v) - _value(form, b_u, b_v)
        by_a_u, by_a_v = _slope_u(form, a_u, a_v), _slope_v(form, a_u, a_v)
        by_b_u, by_b_v = -_slope_u(form, b_u, b_v), -_slope_v(form, b_u, b_v)
        middle = by_a_u * a_u + by_a_v * a_v + by_b_u * b_u + by_b_v * b_v
        row = starts[rep, whole]
        away = by_a_u * last_sums[row, 0] + by_a_v * last_sums[row, 1]
        away += by_b_u * last_sums[row, 2] + by_b_v * last_sums[row, 3] - last_length * middle
        total = away * away
        for block in range(whole):
            row = starts[rep, block]
            away = by_a_u * sums[row, 0] + by_a_v * sums[row, 1] + by_b_u * sums[row, 2] + by_b_v * sums[row, 3]
            away -= length * middle
            total += away * away
        variances[rep] = total / n
