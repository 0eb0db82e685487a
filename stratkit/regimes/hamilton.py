"""`HamiltonPath`: probabilities of states of a series whose mean switches and which is autoregressive around it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from stratkit.panel import FloatArray, IntArray
from stratkit.regimes.filters import forward_filter, gaussian_log_density, kim_smoother, stationary


@dataclass(frozen=True)
class HamiltonPath:
    """(T - p, R) probabilities of each state: `filtered` from the past, `smoothed` from all bars (to describe only)."""

    filtered: FloatArray
    smoothed: FloatArray
    loglik: float


def hamilton_path(
    series: FloatArray, means: FloatArray, variances: FloatArray, transition: FloatArray, ar: FloatArray | None = None
) -> HamiltonPath:
    """Filter and smooth a series (T,) whose distance from the mean of its state follows an AR(p).

    ``y[t] - m[s[t]] = sum over i of ar[i] (y[t-i] - m[s[t-i]]) + e[t]``, e normal with the variance of the state s[t].
    `means`, `variances` (R,); `transition` (R, R), row = from; `ar` (p,), none = no autoregression. The states of
    p + 1 bars together are a chain of R^(p + 1) states, which starts from its long-run shares. The first p bars are
    only looked back on.

    Source: J. D. Hamilton, Econometrica 57 (1989) 357.
    """
    coefficients = np.zeros(0) if ar is None else np.asarray(ar, dtype=np.float64)
    histories, chain = _histories(transition, len(coefficients))
    density = _log_density(series, means, variances, coefficients, histories)
    together, loglik = forward_filter(density, chain, stationary(chain))
    now = np.eye(len(means))[histories[:, 0]]  # (histories, R): which state each of them ends in
    return HamiltonPath(together @ now, kim_smoother(together, chain) @ now, loglik)


def _histories(transition: FloatArray, lags: int) -> tuple[IntArray, FloatArray]:
    """Return the states of each history, this bar's first, and the probabilities from history to history."""
    histories = np.array(list(product(range(len(transition)), repeat=lags + 1)))
    follows = (histories[:, None, :-1] == histories[None, :, 1:]).all(axis=2)  # from a history, to one that goes on
    return histories, follows * transition[histories[:, None, 0], histories[None, :, 0]]


def _log_density(
    series: FloatArray, means: FloatArray, variances: FloatArray, ar: FloatArray, histories: IntArray
) -> FloatArray:
    lags = len(ar)
    expected = np.repeat(means[histories[:, 0]][None, :], len(series) - lags, axis=0)
    for lag in range(1, lags + 1):
        before = series[lags - lag : len(series) - lag, None]
        expected = expected + ar[lag - 1] * (before - means[histories[:, lag]][None, :])
    error = series[lags:, None] - expected
    scaled = error / np.sqrt(variances[histories[:, 0]])
    none, one = np.zeros(1), np.ones(1)
    normal = gaussian_log_density(scaled.ravel(), none, one).reshape(scaled.shape)
    return np.asarray(normal - 0.5 * np.log(variances[histories[:, 0]]))
