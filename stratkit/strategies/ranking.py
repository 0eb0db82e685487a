"""Rankings of symbols by scores, and the target weights of a dollar-neutral portfolio from them."""

from __future__ import annotations

import numpy as np

from stratkit.panel import FloatArray, IntArray


def places(score: FloatArray) -> IntArray:
    """Return (R, N) the place of each score in its row, 0 the highest; ties in symbol order, NaN behind all others.

    >>> places(np.array([[0.1, np.nan, 0.3, 0.3]]))
    array([[2, 3, 0, 1]])
    """
    order = np.argsort(np.where(np.isfinite(score), -score, np.inf), axis=1, kind="stable")
    return np.argsort(order, axis=1, kind="stable")


def long_short(score: FloatArray, most: int, gross: float) -> FloatArray:
    """Return (R, N) weights: half of `gross` long in the `most` highest scores of a row, half short in the lowest.

    Legs weigh the same; ties go to the symbol that comes first. A symbol that is ranked and not held weighs 0, one
    without a score NaN. With fewer than twice `most` scores each side takes half of them; where all scores are equal
    all weigh 0, for there is nothing to tell them apart.

    >>> long_short(np.array([[0.3, np.nan, 0.1, 0.2]]), 1, 1.0)
    array([[ 0.5,  nan, -0.5,  0. ]])
    """
    ranked = np.isfinite(score)
    place = places(score)
    count = ranked.sum(axis=1, keepdims=True)
    lowest = np.where(ranked, score, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    highest = np.where(ranked, score, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    side = np.where(highest > lowest, np.minimum(most, count // 2), 0)
    weight = np.where(ranked, 0.0, np.nan)
    leg = gross / 2.0 / np.maximum(side, 1)
    weight = np.where(ranked & (place < side), leg, weight)
    return np.where(ranked & (place >= count - side), np.where(side > 0, -leg, 0.0), weight)
