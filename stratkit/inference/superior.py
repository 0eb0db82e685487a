"""`SuperiorAbility`: whether the best of many trials is better than a benchmark, or only the best of many.

The test for superior predictive ability: P. R. Hansen, A Test for Superior Predictive Ability, Journal of Business &
Economic Statistics 23 (2005), with the stationary bootstrap of D. N. Politis, J. P. Romano (1994).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.block_length import block_length
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import BoolArray, FloatArray, IntArray

_AT_ONCE: Final = 256  # resamples held at a time


@dataclass(frozen=True)
class SuperiorAbility:
    """The test's answer: `p_value` is the consistent one, between the bounds `p_lower` and `p_upper`.

    `statistic` is the largest studentized mean difference, at least 0, and `best` the trial it belongs to.
    """

    p_value: float
    p_lower: float
    p_upper: float
    statistic: float
    best: int
    trials: int
    mean_block_bars: float
    resamples: int

    @property
    def p_error(self) -> float:
        """The Monte Carlo standard error of `p_value`."""
        return drawn_p_error(self.p_value, self.resamples)


def superior_ability(
    difference: FloatArray, draw: np.random.Generator, *, mean_block_bars: float | None = None, resamples: int = 1000
) -> SuperiorAbility:
    """Test whether any of K trials beats the benchmark, from (T, K) returns of each less those of the benchmark.

    Each difference is divided by its own standard error, so that a volatile trial does not drown the others. The p
    values are ``(1 + #) / (B + 1)`` and so never 0. `mean_block_bars` of the bootstrap is the largest of the lengths
    that Politis and White's rule (2004, corrected 2009) finds for the trials, unless given. A trial whose difference
    does not vary is left out. Raises `UsageError` for differences that are not finite, or when no trial varies.
    """
    if difference.ndim != 2 or not difference.size:
        raise UsageError(f"differences of at least one trial must be given, (T, K); found the shape {difference.shape}")
    if not np.isfinite(difference).all():
        raise UsageError("differences must be finite: align the trials on the bars that all of them have")
    if resamples < 1:
        raise UsageError(f"at least one resample must be drawn; found {resamples}")
    bars = len(difference)
    mean, spread = difference.mean(axis=0), np.ptp(difference, axis=0)
    varies = np.flatnonzero(spread > 1e-12 * np.abs(difference).max(initial=0.0))
    if not len(varies):
        raise UsageError("no trial differs from the benchmark by more than a constant: there is nothing to test")
    kept = difference[:, varies]
    block = block_length(kept) if mean_block_bars is None else mean_block_bars
    error = np.sqrt(stationary_variance(kept, block) / bars)
    ratio = mean[varies] / error
    statistic = max(0.0, float(ratio.max()))
    clearly_bad = _clearly_bad(ratio, bars)
    null = {
        "lower": np.maximum(mean[varies], 0.0),
        "consistent": np.where(clearly_bad, 0.0, mean[varies]),
        "upper": mean[varies],
    }
    exceeded = dict.fromkeys(null, 0)
    for first in range(0, resamples, _AT_ONCE):
        weight = row_weights(stationary_rows(bars, block, min(_AT_ONCE, resamples - first), draw))
        means = weight @ kept
        for name, center in null.items():
            largest = np.maximum(((means - center) / error).max(axis=1), 0.0)
            exceeded[name] += int((largest >= statistic).sum())
    p_values = {name: (1 + count) / (resamples + 1) for name, count in exceeded.items()}
    return SuperiorAbility(
        p_value=p_values["consistent"],
        p_lower=p_values["lower"],
        p_upper=p_values["upper"],
        statistic=statistic,
        best=int(varies[ratio.argmax()]),
        trials=difference.shape[1],
        mean_block_bars=float(block),
        resamples=resamples,
    )


def superior_of_draws(statistic: FloatArray, drawn: FloatArray, n: int, *, mean_block_bars: float) -> SuperiorAbility:
    """Test likewise from K studentized differences and their (B, K) resamples, whatever figure it is that differs.

    `statistic` (K,) is each trial's difference from the benchmark over its standard error, `drawn` the resampled
    differences less the measured ones over their own standard errors, all K from the same resamples: so arms can be
    compared by their Sharpe ratios. `n` counts the periods behind them. Raises `UsageError` for other shapes.

    >>> drawn = np.random.default_rng(0).standard_normal((999, 2))
    >>> superior_of_draws(np.array([0.1, 4.0]), drawn, 500, mean_block_bars=1.0).p_value
    0.001
    """
    if statistic.ndim != 1 or drawn.shape[1:] != statistic.shape or not drawn.size:
        raise UsageError(f"draws (B, K) must belong to K statistics; found {drawn.shape} and {statistic.shape}")
    highest = max(0.0, float(statistic.max()))
    # back from where a resample is centred to where the null hypothesis puts it
    moved = {
        "lower": np.minimum(statistic, 0.0),
        "consistent": np.where(_clearly_bad(statistic, n), statistic, 0.0),
        "upper": np.zeros(len(statistic)),
    }
    p_values = {
        name: (1 + int((np.maximum((drawn + by).max(axis=1), 0.0) >= highest).sum())) / (len(drawn) + 1)
        for name, by in moved.items()
    }
    return SuperiorAbility(
        p_value=p_values["consistent"],
        p_lower=p_values["lower"],
        p_upper=p_values["upper"],
        statistic=highest,
        best=int(statistic.argmax()),
        trials=len(statistic),
        mean_block_bars=mean_block_bars,
        resamples=len(drawn),
    )


def _clearly_bad(ratio: FloatArray, bars: int) -> BoolArray:
    """Return which studentized differences are so low that the consistent null hypothesis leaves their trials out."""
    if bars <= 15:  # the law of the iterated logarithm says nothing of so few
        return np.zeros(len(ratio), np.bool_)
    return np.asarray(ratio < -math.sqrt(2.0 * math.log(math.log(bars))))


def stationary_variance(series: FloatArray, mean_block_bars: float) -> FloatArray:
    """Return (K,) the variance of sqrt(T) x mean under the stationary bootstrap of columns (T, K), exactly.

    ``R(0) + 2 sum of [(1 - i/n)(1 - p)^i + (i/n)(1 - p)^(n - i)] R(i)``, p = 1 / mean length. Source: Politis and
    Romano, The Stationary Bootstrap, JASA 89 (1994), lemma 1.
    """
    bars = len(series)
    away = series - series.mean(axis=0)
    size = 1 << (2 * bars - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(away, size, axis=0)) ** 2
    covariance = np.fft.irfft(spectrum, size, axis=0)[:bars] / bars
    lag = np.arange(1, bars)
    stays = 1.0 - 1.0 / mean_block_bars
    kernel = (1 - lag / bars) * stays**lag + (lag / bars) * stays ** (bars - lag)
    return np.asarray(covariance[0] + 2.0 * (kernel @ covariance[1:]))


def stationary_rows(bars: int, mean_block_bars: float, resamples: int, draw: np.random.Generator) -> IntArray:
    """Return (B, T) which row stands where in each resample: blocks of geometric length, in a circle."""
    renews = draw.random((resamples, bars)) < 1.0 / mean_block_bars
    renews[:, 0] = True
    place = np.arange(bars)
    begun = np.maximum.accumulate(np.where(renews, place, 0), axis=1)
    start = np.take_along_axis(draw.integers(0, bars, (resamples, bars)), begun, axis=1)
    return np.asarray((start + place - begun) % bars)


def row_weights(rows: IntArray) -> FloatArray:
    """Return (B, T) how often each of T rows stands in a resample of (B, T) rows, as a share: its mean's weights."""
    resamples, bars = rows.shape
    flat = rows + bars * np.arange(resamples)[:, None]
    return np.asarray(np.bincount(flat.ravel(), minlength=resamples * bars).reshape(resamples, bars) / bars)
