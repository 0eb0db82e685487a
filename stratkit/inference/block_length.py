"""`block_length` and `circular_block_length`: how long the blocks of a bootstrap must be, by Politis and White's rule.

Source: D. N. Politis, H. White, Automatic Block-Length Selection for the Dependent Bootstrap, Econometric Reviews 23
(2004), corrected by A. Patton, same authors, 28 (2009). Written out here because the package that has it takes longer
to import than most backtests take to run.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import BoolArray, FloatArray

# D of the rule over 2 g0^2: of geometric block lengths, and of fixed blocks in a circle (2009, p. 374)
_STATIONARY: Final = 1.0
_CIRCULAR: Final = 2 / 3


def block_length(series: FloatArray) -> float:
    """Return the largest mean length, at least 1, that the stationary bootstrap needs for the columns (T, K).

    Columns that do not vary have none.

    >>> block_length(np.tile([[1.0], [-1.0]], (500, 1))) > block_length(np.random.default_rng(0).random((1000, 1)))
    True
    """
    return float(np.fmax(block_lengths(series), 1.0).max(initial=1.0))


def block_lengths(series: FloatArray) -> FloatArray:
    """Return (K,) the mean lengths that the rule finds for the stationary bootstrap of the columns (T, K).

    Not rounded and with no floor; NaN for a column that does not vary or is too short.
    """
    return _rule(series, _STATIONARY)


def circular_block_length(series: FloatArray) -> int:
    """Return the block length of the circular bootstrap of `series` (n,): rounded up, at least 1, at most n / 10.

    Give it the series whose mean is resampled: returns for their mean, the influence function for a Sharpe ratio. Its
    cap keeps ten blocks, fewer of which would leave a block standard error to chance. Raises `UsageError` for a series
    that is not finite.

    >>> circular_block_length(np.arange(100.0))
    10
    """
    if series.ndim != 1 or not np.isfinite(series).all():
        raise UsageError(f"a block length needs one finite series, (n,); found the shape {series.shape} or a gap")
    length = float(_rule(series[:, None], _CIRCULAR)[0])
    return 1 if math.isnan(length) else min(max(math.ceil(length), 1), max(len(series) // 10, 1))


def _rule(series: FloatArray, spread: float) -> FloatArray:
    bars = len(series)
    series = np.ascontiguousarray(series)  # sums of another layout differ in their last digit
    away = series - series.mean(axis=0)
    quiet = max(5, int(math.log10(bars)))  # so many correlations in a row must be insignificant
    longest = min(math.ceil(math.sqrt(bars)) + quiet, bars - 2)
    if longest < 1:
        return np.full(series.shape[1], math.nan)
    covariance = np.stack([(away[lag:] * away[: bars - lag]).sum(axis=0) for lag in range(longest + 1)]) / bars
    square = np.cumsum(away**2, axis=0)
    # of the values that the lag leaves on either side, less one
    later = square[-1] - square[: longest + 1]
    earlier = square[bars - 2 - np.arange(longest + 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = bars * np.abs(covariance) / np.sqrt(later * earlier)
    small = correlation < 2 * math.sqrt(math.log10(bars) / bars)
    columns = range(series.shape[1])
    return np.array([_length(covariance[:, one], small[:, one], quiet, bars, spread) for one in columns])


def _length(covariance: FloatArray, small: BoolArray, quiet: int, bars: int, spread: float) -> float:
    """Return the rule's length for one series; NaN for one that does not vary."""
    longest = len(covariance) - 1
    first = next((lag for lag in range(longest + 1 - quiet) if small[lag : lag + quiet].all()), None)
    width = longest if first is None else min(2 * max(first, 1), longest)
    lag = np.arange(1, width + 1)
    window = np.minimum(1.0, 2 * (1 - lag / width))
    slope = 2 * float((window * lag) @ covariance[1 : width + 1])
    spectrum = float(covariance[0] + 2 * window @ covariance[1 : width + 1])
    if spectrum == 0.0:
        return math.nan
    length = float((slope**2 / (spread * spectrum**2) * bars) ** (1 / 3))
    return min(length, math.ceil(min(3 * math.sqrt(bars), bars / 3)))
