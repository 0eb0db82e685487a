"""The model confidence set: which of many arms cannot be told apart from the best of them.

Source: P. R. Hansen, A. Lunde, J. M. Nason, The Model Confidence Set, Econometrica 79 (2011).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.seeds import generator

# Differences that spread less than this share of the losses' size are rounding and not risk.
_CONSTANT: Final = 1e-12
_TIE: Final = 1e-9


def model_confidence_set(
    losses: FloatArray, *, size: float = 0.1, block: int, reps: int = 1000, seed: int = 0
) -> tuple[BoolArray, FloatArray]:
    """Return (K,) which arms the set of level 1 - `size` holds, and (K,) their p values, from (n, K) losses a period.

    A loss is minus a return. The set is that of the range statistic, on a stationary bootstrap of mean length `block`.
    An arm is held when its p value exceeds `size`; p values are never 0. Arms that are the same share theirs; one that
    loses a constant more than another in every period is certainly not the best: ``1/(reps + 1)``. Raises `UsageError`
    for losses that are not finite.

    >>> noise = 0.01 * np.random.default_rng(0).standard_normal((300, 3))
    >>> held, p_values = model_confidence_set(noise + np.array([0.0, 0.0, 0.005]), block=1)
    >>> held.tolist()
    [True, True, False]
    """
    if losses.ndim != 2 or not losses.size or not np.isfinite(losses).all():
        raise UsageError(f"losses must be finite, (n, K), on the periods that all arms have; found {losses.shape}")
    stands_for = _representatives(losses)
    kept = np.flatnonzero(stands_for == np.arange(losses.shape[1]))
    p_values = np.full(losses.shape[1], 1 / (reps + 1))
    p_values[kept] = _range_p(losses[:, kept], size, block, reps, seed)
    alike = np.abs(losses - losses[:, stands_for]).max(axis=0) <= _CONSTANT * np.abs(losses).max()
    p_values[alike] = p_values[stands_for[alike]]
    return p_values > size, p_values


def _representatives(losses: FloatArray) -> IntArray:
    """Return (K,) for each arm the first of the best among those whose losses differ from its own by a constant."""
    scale, mean = _CONSTANT * np.abs(losses).max(), losses.mean(axis=0)
    best = np.arange(losses.shape[1])
    for arm in range(len(best)):
        group = np.flatnonzero(np.ptp(losses - losses[:, [arm]], axis=0) <= 2 * scale)
        lowest = mean[group].min()
        best[arm] = group[mean[group] <= lowest + scale][0]
    return best


def _range_p(losses: FloatArray, size: float, block: int, reps: int, seed: int) -> FloatArray:
    """Return (M,) p values of arms whose differences all vary, moved off 0 by one draw."""
    if losses.shape[1] == 1:
        return np.ones(1)
    from arch.bootstrap import MCS  # slow to import, for several arms only

    # arch removes the worse arm of the pair farthest apart and fails when two pairs are equally far apart, as arms are
    # that differ on the same one day: a billionth of the spread sets them apart
    nudge = generator(seed, "model confidence set", "ties").standard_normal(losses.shape)
    losses = losses + _TIE * np.ptp(losses) * nudge
    draw = generator(seed, "model confidence set")
    found = MCS(losses, size, reps=reps, block_size=block, method="R", bootstrap="stationary", seed=draw)
    found.compute()
    drawn = found.pvalues["Pvalue"].sort_index().to_numpy(dtype=np.float64)
    return np.asarray((drawn * reps + 1) / (reps + 1))
