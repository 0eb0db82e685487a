"""Resampled paths of returns as a `PathSample`: stationary, circular or independent draws, or every one there is.

The stationary bootstrap joins blocks of geometric length, the circular one blocks of one length; both begin a block
anywhere and wrap around the end. Blocks of one bar are independent draws. Sources: D. N. Politis, J. P. Romano, The
Stationary Bootstrap, JASA 89 (1994); the same, A Circular Block-Resampling Procedure for Stationary Data (1992).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.errors import DataError, UsageError
from stratkit.inference import path_kernels as kernels
from stratkit.inference.enumeration import all_block_resamples
from stratkit.inference.path_chunks import Told, in_chunks
from stratkit.inference.path_sample import GRID, KEPT_PATHS, PathSample, grid_of
from stratkit.inference.split_mix import path_keys
from stratkit.panel import FloatArray, IntArray, read_only

_RANDOM_LENGTH: Final = 0  # a block of this many bars says that lengths are drawn


def stationary_paths(
    returns: npt.ArrayLike,
    *,
    paths: int,
    mean_block_bars: float,
    draw: np.random.Generator,
    bars: int | None = None,
    risk_free: float = 0.0,
    more: bool = False,
    grid: int = GRID,
    workers: int = 1,
    told: Told | None = None,
) -> PathSample:
    """Draw `paths` paths of `bars` returns from (n,) simple returns by the stationary bootstrap.

    `bars` None = n. `mean_block_bars` is at least 1; 1 draws every return independently. `risk_free` is a rate per
    period. `more` adds downside deviation and time under water, and takes half as long again. `grid` bounds the steps
    at which equity is kept. `draw` gives one key per path, so that neither `workers` nor chunks change a byte. `told`
    hears of paths done and in all. Raises `DataError` for returns that are not finite, `UsageError` for sizes that
    cannot be.

    >>> sample = stationary_paths([0.01, -0.02, 0.03], paths=50, mean_block_bars=2, draw=np.random.default_rng(0))
    >>> sample.paths, sample.bars, bool((sample.max_drawdown <= 0).all())
    (50, 3, True)
    """
    if not 1 <= mean_block_bars < math.inf:
        raise UsageError(f"blocks must have a mean length of at least one bar; found {mean_block_bars:g}")
    renewal = 1.0 / mean_block_bars
    return _drawn(returns, paths, bars, renewal, _RANDOM_LENGTH, draw, risk_free, more, grid, workers, told)


def circular_paths(
    returns: npt.ArrayLike,
    *,
    paths: int,
    block_bars: int,
    draw: np.random.Generator,
    bars: int | None = None,
    risk_free: float = 0.0,
    more: bool = False,
    grid: int = GRID,
    workers: int = 1,
    told: Told | None = None,
) -> PathSample:
    """Draw paths like `stationary_paths` by the circular block bootstrap: blocks of `block_bars`, the last one cut.

    >>> sample = circular_paths([0.01, -0.02, 0.03], paths=9, block_bars=3, draw=np.random.default_rng(0))
    >>> bool(np.allclose(sample.wealth, 1.01 * 0.98 * 1.03))
    True
    """
    _check_block(block_bars)
    return _drawn(returns, paths, bars, 1.0, block_bars, draw, risk_free, more, grid, workers, told)


def every_path(
    returns: npt.ArrayLike,
    *,
    block_bars: int = 1,
    bars: int | None = None,
    risk_free: float = 0.0,
    more: bool = False,
    grid: int = GRID,
) -> PathSample:
    """Return every path of the circular block bootstrap, each once: n^blocks of them; `is_exact` is set.

    Blocks of one bar give all n^bars resamples with replacement. Raises `UsageError` when there are too many to
    enumerate (`enumeration.LIMIT`).

    >>> every_path([0.1, -0.1], bars=2).wealth.round(2).tolist()
    [1.21, 0.99, 0.99, 0.81]
    """
    history, length = _checked(returns, 1, bars)
    _check_block(block_bars)
    rows = all_block_resamples(len(history), length, block_bars)
    found = np.empty((len(rows), kernels.ALL if more else kernels.PLAIN))
    steps = grid_of(length, grid)
    equity = np.empty((len(rows), len(steps)))
    kernels.play_rows(history, rows, risk_free, found, steps, equity)
    return _sample(found, length, risk_free, steps, equity, is_exact=True)


def resampled_rows(
    n: int, *, paths: int, bars: int, draw: np.random.Generator, mean_block_bars: float = 1.0,
    block_bars: int | None = None,
) -> IntArray:  # fmt: skip
    """Return (paths, bars) rows of a history of `n`, for a figure of a reader's own: those that the paths above take.

    `block_bars` given = circular, else stationary with blocks of `mean_block_bars`. The same generator gives the same
    rows here as there.
    """
    block = _RANDOM_LENGTH if block_bars is None else block_bars
    return kernels.chosen_rows(path_keys(draw, paths), n, bars, 1.0 / mean_block_bars, block)


def _drawn(
    returns: npt.ArrayLike, paths: int, bars: int | None, renewal: float, block: int, draw: np.random.Generator,
    risk_free: float, more: bool, grid: int, workers: int, told: Told | None,
) -> PathSample:  # fmt: skip
    history, length = _checked(returns, paths, bars)
    found = np.empty((paths, kernels.ALL if more else kernels.PLAIN))
    steps = grid_of(length, grid)
    equity = np.empty((min(paths, KEPT_PATHS), len(steps)))
    keys = path_keys(draw, paths)

    def play(first: int, stop: int) -> None:
        own = equity[first:stop] if first < len(equity) else equity[:0]
        kernels.play_drawn(history, keys[first:stop], length, renewal, block, risk_free, found[first:stop], steps, own)

    in_chunks(play, paths, length, workers=workers, told=told)
    return _sample(found, length, risk_free, steps, equity, is_exact=False)


def _sample(
    found: FloatArray, bars: int, risk_free: float, steps: IntArray, equity: FloatArray, *, is_exact: bool
) -> PathSample:
    column = np.ascontiguousarray(found.T)
    more = len(column) == kernels.ALL
    return PathSample(
        bars=bars,
        risk_free=risk_free,
        wealth=column[kernels.WEALTH],
        lowest=column[kernels.LOWEST],
        max_drawdown=column[kernels.DRAWDOWN],
        mean=column[kernels.MEAN],
        sd=column[kernels.SD],
        downside=column[kernels.DOWNSIDE] if more else None,
        under_water=column[kernels.UNDER_WATER] if more else None,
        steps=steps,
        equity=equity,
        is_exact=is_exact,
    )


def _checked(returns: npt.ArrayLike, paths: int, bars: int | None) -> tuple[FloatArray, int]:
    history = read_only(np.ascontiguousarray(returns, dtype=np.float64))  # one kind of array: compiled once
    if history.ndim != 1 or len(history) < 2:
        raise DataError(f"at least two returns of one series must be given, (n,); found the shape {history.shape}")
    if not np.isfinite(history).all():
        raise DataError(f"returns must be finite; {int((~np.isfinite(history)).sum())} are not: drop those bars first")
    length = len(history) if bars is None else bars
    if paths < 1 or length < 1:
        raise UsageError(f"at least one path of one bar must be asked for; found {paths} paths of {length} bars")
    return history, length


def _check_block(block_bars: int) -> None:
    if block_bars < 1:
        raise UsageError(f"blocks must be at least one bar long; found {block_bars}")
