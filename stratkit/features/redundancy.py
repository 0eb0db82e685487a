"""`choose`: which features stay: those that are there, that move, that no better one repeats, the best by score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from stratkit.panel import BoolArray, FloatArray, IntArray

Reason = Literal["unknown", "constant", "redundant", "low_score"]
_LEAST_PAIRS: Final = 30  # bars on which two features must both have values to be called alike


@dataclass(frozen=True)
class Dropped:
    """A feature that a fit left out, and why.

    ``unknown``: too few values yet; ``constant``: it never moved; ``redundant``: `partner`, whose score is at least
    as high, says the same, with this `correlation`; ``low_score``: `max_features` others have better scores.
    """

    name: str
    reason: Reason
    partner: str | None = None
    correlation: float | None = None


def correlations(rows: FloatArray) -> FloatArray:
    """Return (F, F) Pearson correlations of the columns of `rows` (rows, F), each on the rows that both have.

    NaN where two share fewer than 30 rows or one of them does not move on those.
    """
    has = np.isfinite(rows)
    counts = has.sum(axis=0)
    centre = np.where(has, rows, 0.0).sum(axis=0) / np.maximum(counts, 1)  # sums of squares stay small
    values, mask = np.where(has, rows - centre, 0.0), has.astype(np.float64)
    pairs = mask.T @ mask
    shared = np.maximum(pairs, 1.0)
    first, squares = values.T @ mask, (values**2).T @ mask  # of the first of two, on the rows that both have
    covariance = values.T @ values - first * first.T / shared
    variance = squares - first**2 / shared
    moves = variance > 1e-12 * np.maximum(squares, 1e-300)  # what is left of equal values is rounding
    usable = (pairs >= _LEAST_PAIRS) & moves & moves.T
    with np.errstate(divide="ignore", invalid="ignore"):
        found = covariance / np.sqrt(np.maximum(variance, 0.0) * np.maximum(variance.T, 0.0))
    return np.where(usable, np.clip(found, -1.0, 1.0), np.nan)


def choose(
    names: tuple[str, ...],
    known: BoolArray,
    moves: BoolArray,
    score: FloatArray,
    correlation: FloatArray,
    limit: float | None,
    most: int,
) -> tuple[IntArray, tuple[Dropped, ...]]:
    """Return the places of the features that stay, in their order, and the others with the reason.

    Going down the scores (equal ones, and those without any, in their order), a feature is redundant when its
    |correlation| with one that stays reaches `limit`; of those left the first `most` stay.
    """
    dropped = [Dropped(names[at], "unknown") for at in np.flatnonzero(~known)]
    dropped += [Dropped(names[at], "constant") for at in np.flatnonzero(known & ~moves)]
    there = np.flatnonzero(known & moves)
    ranked = there[np.argsort(-np.nan_to_num(score[there], nan=-np.inf), kind="stable")]
    kept: list[int] = []
    for at in ranked:
        partner = None if limit is None else _partner(correlation[at], kept, limit)
        if partner is None:
            kept.append(int(at))
        else:
            dropped.append(Dropped(names[at], "redundant", names[partner], float(correlation[at, partner])))
    dropped += [Dropped(names[at], "low_score") for at in kept[most:]]
    return np.array(sorted(kept[:most]), dtype=np.int64), tuple(dropped)


def _partner(correlation: FloatArray, kept: list[int], limit: float) -> int | None:
    """Return the feature among `kept` that is most alike, None when none reaches the limit."""
    alike = np.abs(np.nan_to_num(correlation[kept]))
    if not len(alike) or alike.max() < limit:
        return None
    return kept[int(alike.argmax())]
