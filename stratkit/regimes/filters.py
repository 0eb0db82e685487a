"""Probabilities of hidden states: filtered from the past, and, for description only, smoothed and decoded.

`forward_filter` is what a label may be read from. `kim_smoother` and `viterbi` look at the whole series.
"""

from __future__ import annotations

import math

import numpy as np

from stratkit.compiled import compiled
from stratkit.panel import FloatArray, IntArray


def gaussian_log_density(values: FloatArray, means: FloatArray, variances: FloatArray) -> FloatArray:
    """Return (T, R) the log density of (T,) values under each of R normal distributions; NaN stays NaN.

    >>> gaussian_log_density(np.array([0.0]), np.array([0.0]), np.array([1.0])).round(4).tolist()
    [[-0.9189]]
    """
    away = values[:, None] - means[None, :]
    return np.asarray(-0.5 * (np.log(2 * np.pi * variances) + away**2 / variances))


def forward_filter(log_density: FloatArray, transition: FloatArray, start: FloatArray) -> tuple[FloatArray, float]:
    """Return (T, R) the probability of each state given the bars up to its own, and the log-likelihood.

    `log_density` (T, R) of each bar under each state; `transition` (R, R), row = from, column = to; `start` (R,)
    probabilities before the first bar is seen. A row with NaN is a bar on which nothing was seen: the prediction
    stands. So it does on a bar that no state allows, which makes the log-likelihood -inf. Sums are taken in logs and
    scaled bar by bar, so that no series is too long and no density too small.

    Source: J. D. Hamilton, Econometrica 57 (1989) 357, section 4; L. R. Rabiner, Proc. IEEE 77 (1989) 257, section V.

    >>> seen = np.log(np.array([[0.9, 0.2], [0.9, 0.2]]))
    >>> probability, loglik = forward_filter(seen, np.array([[0.7, 0.3], [0.3, 0.7]]), np.array([0.5, 0.5]))
    >>> probability.round(3).tolist(), round(loglik, 4)
    ([[0.818, 0.182], [0.883, 0.117]], -1.0455)
    """
    probability = np.empty(log_density.shape)
    loglik = _forward(_flat(log_density), _flat(transition), _flat(start), probability)
    return probability, float(loglik)


def kim_smoother(filtered: FloatArray, transition: FloatArray) -> FloatArray:
    """Return (T, R) the probability of each state given ALL bars, from those of `forward_filter`; never to trade on.

    Source: C.-J. Kim, Journal of Econometrics 60 (1994) 1.
    """
    smoothed = np.array(filtered, dtype=np.float64)
    predicted = filtered @ transition
    for bar in range(len(smoothed) - 2, -1, -1):
        ratio = np.divide(smoothed[bar + 1], predicted[bar], out=np.zeros(len(transition)), where=predicted[bar] > 0)
        smoothed[bar] = filtered[bar] * (transition @ ratio)
    return smoothed


def viterbi(log_density: FloatArray, transition: FloatArray, start: FloatArray) -> tuple[IntArray, float]:
    """Return (T,) the likeliest path of states given ALL bars, and its log-likelihood; never to trade on.

    Arguments as for `forward_filter`, without NaN. Of paths that are equally likely the one of lower states.
    """
    path = np.zeros(len(log_density), dtype=np.int64)
    with np.errstate(divide="ignore"):  # a transition of probability 0 is one of log -inf
        loglik = _decode(_flat(log_density), _flat(np.log(transition)), _flat(np.log(start)), path)
    return path, float(loglik)


def stationary(transition: FloatArray) -> FloatArray:
    """Return (R,) the shares of time that a chain spends in each state: p = p P, sum 1.

    >>> stationary(np.array([[0.99, 0.01], [0.03, 0.97]])).round(4).tolist()
    [0.75, 0.25]
    """
    states = len(transition)
    equations = np.vstack([np.eye(states) - transition.T, np.ones(states)])
    shares = np.linalg.lstsq(equations, np.append(np.zeros(states), 1.0), rcond=None)[0]
    shares = np.clip(shares, 0.0, None)
    return np.asarray(shares / shares.sum())


def _flat(array: FloatArray) -> FloatArray:
    return np.ascontiguousarray(array, dtype=np.float64)


@compiled
def _forward(log_density: FloatArray, transition: FloatArray, start: FloatArray, probability: FloatArray) -> float:
    bars, states = log_density.shape
    predicted = start.copy()
    weight = np.empty(states)
    loglik = 0.0
    for bar in range(bars):
        top, seen = -math.inf, True
        for state in range(states):
            if math.isnan(log_density[bar, state]):
                seen = False
            weight[state] = -math.inf
            if predicted[state] > 0:
                weight[state] = math.log(predicted[state]) + log_density[bar, state]
            top = max(top, weight[state])
        if seen and top == -math.inf:
            loglik, seen = -math.inf, False
        total = 0.0
        if seen:
            for state in range(states):
                weight[state] = math.exp(weight[state] - top)
                total += weight[state]
            loglik += top + math.log(total)
        for state in range(states):
            probability[bar, state] = weight[state] / total if seen else predicted[state]
        for to in range(states):
            predicted[to] = 0.0
            for state in range(states):
                predicted[to] += probability[bar, state] * transition[state, to]
    return loglik


@compiled
def _decode(log_density: FloatArray, log_transition: FloatArray, log_start: FloatArray, path: IntArray) -> float:
    bars, states = log_density.shape
    came_from = np.zeros((bars, states), dtype=np.int64)
    best = log_start + log_density[0]
    following = np.empty(states)
    for bar in range(1, bars):
        for to in range(states):
            came_from[bar, to] = 0
            top = best[0] + log_transition[0, to]
            for state in range(1, states):
                value = best[state] + log_transition[state, to]
                if value > top:
                    top = value
                    came_from[bar, to] = state
            following[to] = top + log_density[bar, to]
        best[:] = following
    path[bars - 1] = np.argmax(best)
    for bar in range(bars - 1, 0, -1):
        path[bar - 1] = came_from[bar, path[bar]]
    return float(best[path[bars - 1]])
