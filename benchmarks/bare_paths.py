"""Resampled paths by others: a bare compiled loop, plain numpy and arch, each with end, drawdown and Sharpe ratio.

All take (n,) returns, a number of paths and bars and a mean block length, and return (3, paths) figures.
"""

from __future__ import annotations

import warnings
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
CHUNK: Final = 500  # paths that numpy holds at once; all at once would need a gigabyte


@numba.njit(error_model="numpy")
def bare_paths(returns: FloatArray, paths: int, bars: int, mean_block: float, seed: int) -> FloatArray:
    """Draw with an inlined xorshift64* and keep three figures of each path, nothing else.

    Numba's own generator takes five times as long. One number says whether a block ends and where the next begins.
    """
    state = np.uint64(seed + 88172645463325252)  # any state but 0
    found = np.empty((3, paths))
    n, renewal = len(returns), 1.0 / mean_block
    for path in range(paths):
        wealth, peak, depth, total, squares = 1.0, 1.0, 0.0, 0.0, 0.0
        at = 0
        for step in range(bars):
            state ^= state >> np.uint64(12)
            state ^= state << np.uint64(25)
            state ^= state >> np.uint64(27)
            number = np.float64((state * np.uint64(2685821657736338717)) >> np.uint64(11)) * 2.0**-53
            at += 1
            if step == 0:
                at = int(number * n)
            elif number < renewal:
                at = int(number * (n / renewal))
            if at >= n:
                at = 0
            one = returns[at]
            total += one
            squares += one * one
            wealth *= 1.0 + one
            peak = max(peak, wealth)
            depth = min(depth, wealth / peak - 1.0)
        mean = total / bars
        found[0, path], found[1, path] = wealth, depth
        found[2, path] = mean / np.sqrt((squares - total * mean) / (bars - 1))
    return found


def numpy_paths(returns: FloatArray, paths: int, bars: int, mean_block: float, seed: int) -> FloatArray:
    """Do the same with arrays of whole chunks of paths."""
    draw = np.random.default_rng(seed)
    place = np.arange(bars)
    parts = []
    for first in range(0, paths, CHUNK):
        size = (min(CHUNK, paths - first), bars)
        renews = draw.random(size) < 1.0 / mean_block
        renews[:, 0] = True
        begun = np.maximum.accumulate(np.where(renews, place, 0), axis=1)
        start = np.take_along_axis(draw.integers(0, len(returns), size), begun, axis=1)
        parts.append(_figures(returns[(start + place - begun) % len(returns)]))
    return np.concatenate(parts, axis=1)


def arch_paths(returns: FloatArray, paths: int, bars: int, mean_block: float, seed: int) -> FloatArray:
    """Let arch draw each path; it draws as many bars as there are returns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations, as it is imported
        from arch.bootstrap import StationaryBootstrap
    if bars != len(returns):
        raise SystemExit(f"arch draws as many bars as there are returns, {len(returns)}; found {bars}")
    drawn = StationaryBootstrap(int(mean_block), returns, seed=seed).bootstrap(paths)
    return np.concatenate([_figures(np.asarray(data[0])[None]) for data, _ in drawn], axis=1)


def _figures(taken: FloatArray) -> FloatArray:
    wealth = np.cumprod(1.0 + taken, axis=1)
    peak = np.maximum(np.maximum.accumulate(wealth, axis=1), 1.0)
    return np.stack(
        (
            wealth[:, -1],
            np.minimum((wealth / peak).min(axis=1) - 1.0, 0.0),
            taken.mean(axis=1) / taken.std(axis=1, ddof=1),
        )
    )
