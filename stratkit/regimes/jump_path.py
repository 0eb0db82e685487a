"""`JumpPath`: the cheapest assignment of bars to states when every change of state has a price.

Not taken from `jumpmodels`, which cannot start from the fit before: docs/architecture.md has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.compiled import compiled
from stratkit.panel import FloatArray, IntArray

_MOST_ROUNDS: Final = 300  # of assigning bars and moving centers; a handful are used


@dataclass(frozen=True)
class JumpPath:
    """Centers (R, F), the cheapest path (n,) among them through ALL bars, its cost, and whether the fit settled."""

    centers: FloatArray
    path: IntArray
    cost: float
    settled: bool


def fitted_path(features: FloatArray, starts: list[FloatArray], penalty: float) -> JumpPath:
    """Return the cheapest path among those that descents from several centers (R, F) end in.

    Minimises ``sum of |x[t] - c[s[t]]|² / 2 + penalty x number of changes`` by turns: the cheapest path given the
    centers, the mean of the bars of each state as its center. A state without bars keeps its center.

    Source: P. Nystrup, E. Lindström, H. Madsen, Expert Systems with Applications 150 (2020) 113307.

    >>> found = fitted_path(np.array([[0.0], [0.0], [9.0], [9.0]]), [np.array([[0.0], [1.0]])], penalty=5.0)
    >>> found.path.tolist(), found.centers.ravel().tolist(), found.cost
    ([0, 0, 1, 1], [0.0, 9.0], 5.0)
    """
    found = [_descended(features, np.array(start, dtype=np.float64), penalty) for start in starts]
    return min(found, key=lambda each: each.cost)


def starting_centers(features: FloatArray, states: int, starts: int, random: np.random.Generator) -> list[FloatArray]:
    """Return centers (R, F) to descend from: those of groups of equal size by the first feature, then random bars."""
    groups = np.array_split(features[np.argsort(features[:, 0], kind="stable")], states)
    drawn = [features[random.choice(len(features), states, replace=False)] for _ in range(starts - 1)]
    return [np.array([group.mean(axis=0) for group in groups]), *drawn]


def online_values(features: FloatArray, centers: FloatArray, penalty: float) -> FloatArray:
    """Return (n, R) the cost of the cheapest path that ends in each state at each bar, from the bars up to it."""
    loss = 0.5 * ((features[:, None, :] - centers[None, :, :]) ** 2).sum(axis=2)
    values = np.empty(loss.shape)
    _accumulate(np.ascontiguousarray(loss), penalty, values)
    return values


def cheapest_path(values: FloatArray, penalty: float) -> tuple[IntArray, float]:
    """Return (n,) the path through ALL bars that costs least, and its cost, from `online_values`; never to trade on."""
    path = np.empty(len(values), dtype=np.int64)
    _trace_back(values, penalty, path)
    return path, float(values[-1].min())


def _descended(features: FloatArray, centers: FloatArray, penalty: float) -> JumpPath:
    path, cost = cheapest_path(online_values(features, centers, penalty), penalty)
    for _ in range(_MOST_ROUNDS):
        for state in range(len(centers)):
            if (path == state).any():
                centers[state] = features[path == state].mean(axis=0)
        before = path
        path, cost = cheapest_path(online_values(features, centers, penalty), penalty)
        if np.array_equal(path, before):
            return JumpPath(centers, path, cost, True)
    return JumpPath(centers, path, cost, False)


@compiled
def _accumulate(loss: FloatArray, penalty: float, values: FloatArray) -> None:
    bars, states = loss.shape
    for state in range(states):
        values[0, state] = loss[0, state]
    for bar in range(1, bars):
        cheapest = values[bar - 1, 0]
        for state in range(1, states):
            cheapest = min(cheapest, values[bar - 1, state])
        for state in range(states):
            values[bar, state] = loss[bar, state] + min(values[bar - 1, state], cheapest + penalty)


@compiled
def _trace_back(values: FloatArray, penalty: float, path: IntArray) -> None:
    bars, states = values.shape
    path[bars - 1] = np.argmin(values[bars - 1])
    for bar in range(bars - 1, 0, -1):
        came, cost = path[bar], values[bar - 1, path[bar]]  # of two ways that cost the same, the one without a change
        for state in range(states):
            if values[bar - 1, state] + penalty < cost:
                came, cost = state, values[bar - 1, state] + penalty
        path[bar - 1] = came
