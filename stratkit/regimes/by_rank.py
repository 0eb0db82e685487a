"""`labels_by_rank`: classes of a figure by how it stands among what was before, and how sure each is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stratkit.panel import FloatArray
from stratkit.regimes.labels import UNKNOWN, RegimeLabels


def labels_by_rank(
    method: str, names: tuple[str, ...], rank: FloatArray, cuts: Sequence[float], rule: str
) -> RegimeLabels:
    """Return labels of ranks (T, N) in [0, 1], NaN = unknown: class k is above `cuts[k - 1]` and not above `cuts[k]`.

    The confidence is 0.5 at a cut, and 1 as far from cuts as its class goes. `rank` must be causal.

    >>> labels = labels_by_rank("volatility", ("low", "high"), np.array([[0.5], [0.75], [np.nan]]), [0.5], "")
    >>> labels.label.ravel(), labels.confidence.ravel()
    (array([ 0,  1, -1], dtype=int8), array([0.5 , 0.75,  nan]))
    """
    known = np.isfinite(rank)
    edges = np.array([*cuts])
    label = np.searchsorted(edges, np.where(known, rank, 0.0))
    below, above = np.append(-np.inf, edges)[label], np.append(edges, np.inf)[label]
    far = np.minimum(rank - below, above - rank) / _farthest(edges)[label]
    return RegimeLabels(
        method, names, np.where(known, label, UNKNOWN).astype(np.int8), np.where(known, 0.5 + 0.5 * far, np.nan),
        causal=True, rule=rule,
    )  # fmt: skip


def _farthest(edges: FloatArray) -> FloatArray:
    """Return for each class how far a rank in it can be from the nearest cut; the outer ones have one cut only."""
    return np.concatenate(([edges[0]], np.diff(edges) / 2.0, [1.0 - edges[-1]]))
