"""Descriptive figures of a return series, in the definitions of Bacon.

Source: C. R. Bacon, Practical Portfolio Performance Measurement and Attribution, 2nd ed. (2008), ch. 4. Returns are
simple, (n,), per period, without NaN; `mar` is the minimum acceptable return of one period. Drawdowns compound. They
are for your own analyses: the scorecard holds none of them.
"""

from __future__ import annotations

import numpy as np

from stratkit.errors import DataError
from stratkit.panel import FloatArray


def downside_frequency(returns: FloatArray, mar: float = 0.0) -> float:
    """Return the share of returns below `mar`.

    >>> downside_frequency(np.array([0.1, -0.1, 0.0, -0.2]))
    0.5
    """
    return float(np.mean(_checked(returns, 1) < mar))


def upside_risk(returns: FloatArray, mar: float = 0.0) -> float:
    """Return sqrt(mean(max(r - mar, 0)^2)), mean over ALL n."""
    return float(np.sqrt(np.mean(np.maximum(_checked(returns, 1) - mar, 0.0) ** 2)))


def d_ratio(returns: FloatArray) -> float:
    """Return (number of losses x their sum) / (number of gains x their sum); infinite without a gain."""
    values = _checked(returns, 1)
    gains, losses = values[values > 0], values[values < 0]
    won = len(gains) * float(gains.sum())
    return len(losses) * -float(losses.sum()) / won if won > 0 else float("inf")


def mean_absolute_deviation(returns: FloatArray) -> float:
    """Return mean(|r - mean(r)|)."""
    values = _checked(returns, 1)
    return float(np.mean(np.abs(values - values.mean())))


def sample_excess_kurtosis(returns: FloatArray) -> float:
    """Return the excess kurtosis with the small-sample correction (that of a spreadsheet's KURT); n >= 4."""
    values = _checked(returns, 4)
    n, away = len(values), values - values.mean()
    fourth = float(np.sum(away**4)) / float(values.std(ddof=1)) ** 4
    return fourth * n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) - 3.0 * (n - 1) ** 2 / ((n - 2) * (n - 3))


def pain_index(returns: FloatArray) -> float:
    """Return the mean depth of the drawdown over all n periods, from a baseline of 1; positive."""
    equity = np.concatenate(([1.0], np.cumprod(1.0 + _checked(returns, 1))))
    return float(np.mean(1.0 - equity[1:] / np.maximum.accumulate(equity)[1:]))


def _checked(returns: FloatArray, least: int) -> FloatArray:
    values = np.asarray(returns, dtype=np.float64)
    if len(values) < least or not np.isfinite(values).all():
        raise DataError(
            f"returns must be finite and at least {least}; found {len(values)}, "
            f"{int((~np.isfinite(values)).sum())} of them not finite"
        )
    return values
