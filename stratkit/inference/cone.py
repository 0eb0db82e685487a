"""`Cone`: where equity was to be expected from the first part of a run's returns, and where the rest of them took it.

The cone takes the returns of the first part for all that there is to know. By default it ignores that their mean is an
estimate, and is then too narrow, the more so the longer it reaches; asked to, it draws the mean anew for each path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.errors import DataError, UsageError
from stratkit.inference.path_chunks import Told
from stratkit.inference.path_resampling import stationary_paths
from stratkit.inference.path_sample import GRID
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import FloatArray, IntArray

_LEAST: Final = 20  # returns that a cone is fitted on; fewer say next to nothing about a drift
_IGNORED = "the cone takes mean and volatility as known: it ignores that they are estimates, and is too narrow"
_DRAWN = "the mean is drawn anew for each path, as uncertain as it is; the volatility is taken as known"


@dataclass(frozen=True)
class Cone:
    """Quantiles of wealth over the bars after `split`, and the realised wealth; both are 1 at the split.

    `levels` (q,), `steps` (g,) bars from the split on, `values` (q, g), `observed` (g,). `outside` is the share of the
    steps after the first at which the realised wealth lies outside the central `band` (0.9 = from the 5 % to the 95 %
    quantile): some 10 % are to be expected of a band of 90 %, but all together or not at all. `ended` is the share of
    paths that ended below the realised wealth; `p_value` is two-sided, ``(1 + #)/(1 + paths)`` doubled, that the
    realised end is one of theirs, with its Monte Carlo error.
    """

    split: int
    bars: int
    paths: int
    mean_block_bars: float
    draws_mean: bool
    band: float
    levels: FloatArray
    steps: IntArray
    values: FloatArray
    observed: FloatArray
    outside: float
    ended: float
    p_value: float
    p_error: float

    @property
    def caveat(self) -> str:
        """What the cone leaves out, in a sentence to print beside it."""
        return _DRAWN if self.draws_mean else _IGNORED


def confidence_cone(
    returns: npt.ArrayLike,
    *,
    split: int,
    mean_block_bars: float,
    paths: int,
    draw: np.random.Generator,
    draws_mean: bool = False,
    band: float = 0.9,
    levels: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95),
    grid: int = GRID,
    workers: int = 1,
    told: Told | None = None,
) -> Cone:
    """Bootstrap ``returns[:split]`` onwards and hold the equity of ``returns[split:]`` against the paths.

    `returns` (n,) are simple. `draws_mean` adds the uncertainty of the mean: each path's growth is that of its returns
    times ``(1 + shift)^bars``, shift being the error of the mean of one more resample of the first part. Other
    arguments as in `path_resampling.stationary_paths`. Raises `DataError` for returns that are not finite or a first
    part of fewer than 20, `UsageError` for a split that leaves nothing.
    """
    history = np.asarray(returns, dtype=np.float64)
    if history.ndim != 1 or not np.isfinite(history).all():
        raise DataError(f"returns must be one finite series, (n,); found the shape {history.shape}, or NaN")
    if not 0 < split < len(history):
        raise UsageError(f"a split must leave returns on both sides of it, 1 to {len(history) - 1}; found {split}")
    if split < _LEAST:
        raise DataError(f"a cone must be fitted on at least {_LEAST} returns; found {split}")
    if not 0 < band < 1:
        raise UsageError(f"a band must be a share of the paths between 0 and 1; found {band:g}")
    fitted, rest = history[:split], history[split:]
    sample = stationary_paths(
        fitted, paths=paths, mean_block_bars=mean_block_bars, draw=draw, bars=len(rest), grid=grid, workers=workers,
        told=told,
    )  # fmt: skip
    equity, wealth = sample.equity, sample.wealth
    if draws_mean:
        again = stationary_paths(fitted, paths=paths, mean_block_bars=mean_block_bars, draw=draw, grid=1)
        growth = 1.0 + again.mean - fitted.mean()
        equity, wealth = equity * growth[: len(equity), None] ** sample.steps, wealth * growth ** len(rest)
    observed = np.concatenate(([1.0], np.cumprod(np.maximum(1.0 + rest, 0.0))))[sample.steps]
    low, high = np.quantile(equity, [(1 - band) / 2, (1 + band) / 2], axis=0)
    out = (observed < low) | (observed > high)
    below, above = int((wealth <= observed[-1]).sum()), int((wealth >= observed[-1]).sum())
    p_value = min(1.0, 2 * (1 + min(below, above)) / (1 + paths))
    return Cone(
        split=split,
        bars=len(rest),
        paths=paths,
        mean_block_bars=float(mean_block_bars),
        draws_mean=draws_mean,
        band=band,
        levels=np.array(levels),
        steps=sample.steps,
        values=np.quantile(equity, levels, axis=0),
        observed=observed,
        outside=float(out[1:].mean()),
        ended=float((wealth < observed[-1]).mean()),
        p_value=p_value,
        # of the one-sided share, doubled as the p value is
        p_error=2 * drawn_p_error(min(p_value / 2, 0.5), paths),
    )
