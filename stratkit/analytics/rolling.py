"""Rolling Sharpe ratio and volatility: what the last `window` returns looked like at each of them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from stratkit.compiled import compiled
from stratkit.errors import UsageError
from stratkit.inference.sharpe import ROUNDING
from stratkit.panel import FloatArray, read_only


def rolling_sharpe(returns: npt.ArrayLike, window: int, per_year: float, risk_free: float = 0.0) -> FloatArray:
    """Return (n,) mean(r - f)/sd(r, ddof=1) sqrt(P) of the last `window` returns; f per period.

    NaN until a window is full, while it holds a NaN, and where its returns do not vary.
    """
    mean, sd = _windows(returns, window)
    ratio = np.full_like(mean, np.nan)
    np.divide(mean - risk_free, sd, out=ratio, where=sd > ROUNDING)
    return read_only(ratio * math.sqrt(per_year))


def rolling_volatility(returns: npt.ArrayLike, window: int, per_year: float) -> FloatArray:
    """Return (n,) sd(r, ddof=1) sqrt(P) of the last `window` returns; NaN as in `rolling_sharpe`,
    but 0 where they do not vary.
    """
    _, sd = _windows(returns, window)
    return read_only(np.where(sd <= ROUNDING, 0.0, sd) * math.sqrt(per_year))


def _windows(returns: npt.ArrayLike, window: int) -> tuple[FloatArray, FloatArray]:
    if window < 2:
        raise UsageError(f"a rolling window must hold at least 2 returns; found {window}")
    values = read_only(np.ascontiguousarray(returns, dtype=np.float64))
    return _moments_of_windows(values, window)


@compiled
def _with(count: int, mean: float, square: float, value: float) -> tuple[float, float]:
    """Return mean and sum of squared deviations of `count` values, the last one new (Welford 1962)."""
    away = value - mean
    grown = mean + away / count
    return grown, square + away * (value - grown)


@compiled
def _moments_of_windows(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Return mean and sd (ddof=1) of the last `window` values at each place, NaN where unknown.

    A window is the end of one block of `window` values and the start of the next. Both are built up
    by adding only and then merged (Chan, Golub, LeVeque 1979): linear in n, nothing is ever
    subtracted, and a NaN or an outlier leaves no trace once it is out of the window.
    """
    n = len(values)
    mean, sd = np.full(n, np.nan), np.full(n, np.nan)
    end_mean, end_square = np.full(window + 1, np.nan), np.full(window + 1, np.nan)
    for block in range(0, n, window):
        start_mean, start_square = 0.0, 0.0
        for place in range(min(window, n - block)):
            bar = block + place
            start_mean, start_square = _with(place + 1, start_mean, start_square, values[bar])
            new, old = place + 1, window - place - 1  # values of this block and of the one before
            if old == 0:
                mean[bar], sd[bar] = start_mean, math.sqrt(start_square / (window - 1))
            else:
                apart = start_mean - end_mean[old]
                square = start_square + end_square[old] + apart * apart * new * old / window
                mean[bar], sd[bar] = end_mean[old] + apart * new / window, math.sqrt(square / (window - 1))
        end_mean[0], end_square[0] = 0.0, 0.0
        for count in range(1, min(window, n - block) + 1):
            value = values[min(block + window, n) - count]
            end_mean[count], end_square[count] = _with(count, end_mean[count - 1], end_square[count - 1], value)
    return mean, sd
