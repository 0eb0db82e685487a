"""`pareto_ranks` and `crowding`: which of many points are beaten by none, and where points stand thinly."""

from __future__ import annotations

import numpy as np

from stratkit.panel import FloatArray, IntArray


def pareto_ranks(values: FloatArray) -> IntArray:
    """Return (n,) the front of each of (n, M) points, more is better: 0 = no other is better in one and worse in none.

    Front 1 is what front 0 leaves when it is taken away, and so on.

    >>> pareto_ranks(np.array([[3.0, 1.0], [1.0, 3.0], [1.0, 1.0], [0.0, 0.0]])).tolist()
    [0, 0, 1, 2]
    """
    count = len(values)
    if values.shape[1] == 1:
        return np.asarray(np.unique(-values[:, 0], return_inverse=True)[1], np.int64).reshape(count)
    no_worse = (values[:, None, :] >= values[None, :, :]).all(axis=2)
    beats = no_worse & ~no_worse.T
    ranks = np.full(count, -1, np.int64)
    rank = 0
    while (ranks < 0).any():
        left = ranks < 0
        ranks[left & ~(beats & left[:, None]).any(axis=0)] = rank
        rank += 1
    return ranks


def crowding(values: FloatArray, ranks: IntArray) -> FloatArray:
    """Return (n,) how far apart the neighbours of each point stand in its own front; infinite at its ends.

    The sum over objectives of the distance of both neighbours, as a fraction of the front's width. Source: Deb and
    others (2002), as in `genetic`. A point without a finite value stands in nobody's way: infinite as well.

    >>> crowding(np.array([[0.0, 4.0], [1.0, 3.0], [4.0, 0.0]]), np.zeros(3, np.int64)).tolist()
    [inf, 2.0, inf]
    """
    found = np.zeros(len(values))
    if values.shape[1] == 1:
        return found
    for rank in np.unique(ranks):
        places = np.flatnonzero(ranks == rank)
        for column in range(values.shape[1]):
            own = values[places, column]
            order = np.argsort(own, kind="stable")
            found[places[order[[0, -1]]]] = np.inf
            width = own[order[-1]] - own[order[0]]
            if np.isfinite(width) and width > 0:
                found[places[order[1:-1]]] += (own[order[2:]] - own[order[:-2]]) / width
    return found
