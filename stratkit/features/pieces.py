"""`on_pieces`: an indicator that begins anew behind every hole, instead of skipping it.

The own-bars rule goes on over a hole as if it were not there, because a market that was closed has
not lost its memory. Where a hole means that something is missing, an outage or a halt of weeks, what
was before may say nothing about what follows: then each piece between holes stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from stratkit.errors import UsageError
from stratkit.panel import BoolArray

R = TypeVar("R")
Array = npt.NDArray[Any]


def on_pieces(indicator: Callable[..., R], *panels: Array, **params: Any) -> R:
    """Return `indicator` of each piece between the holes of each column, NaN in the holes.

    `panels` are what the indicator takes, (T, N), or (T,) for stamps, which are cut along. A bar
    exists where every panel is finite. Raises `UsageError` when the panels are not of one shape.

    >>> from stratkit.features.indicators import sma
    >>> on_pieces(sma, np.array([[1.0], [3.0], [np.nan], [5.0], [9.0]]), window_bars=2).ravel()
    array([nan,  2., nan, nan,  7.])
    """
    wide = [panel for panel in panels if np.ndim(panel) == 2]
    shapes = {np.shape(panel) for panel in wide}
    if len(shapes) != 1:
        raise UsageError(f"an indicator takes (bars, symbols) panels of one shape; found {sorted(shapes)}")
    has_bar = np.logical_and.reduce([np.isfinite(panel) for panel in wide])
    if has_bar.all():
        return indicator(*panels, **params)
    sample = indicator(*(panel[:1] for panel in panels), **params)
    found = [_without_bars(part, has_bar.shape) for part in _parts(sample)]
    for column in range(has_bar.shape[1]):
        for start, stop in _pieces(has_bar[:, column]):
            cut = (panel[start:stop] if np.ndim(panel) == 1 else panel[start:stop, [column]] for panel in panels)
            for panel, values in zip(found, _parts(indicator(*cut, **params)), strict=True):
                panel[start:stop, column] = values[:, 0]
    if not isinstance(sample, tuple):
        return cast(R, found[0])
    return cast(R, type(sample)(*found) if hasattr(sample, "_fields") else tuple(found))


def _parts(result: object) -> tuple[Array, ...]:
    return result if isinstance(result, tuple) else (cast(Array, result),)


def _without_bars(sample: Array, shape: tuple[int, ...]) -> Array:
    """Return a panel of the sample's type that says nothing: NaN, or 0 where the type has no NaN."""
    return np.full(shape, np.nan if np.issubdtype(sample.dtype, np.floating) else 0, sample.dtype)


def _pieces(has_bar: BoolArray) -> Iterator[tuple[int, int]]:
    """Yield [start, stop) of every run of bars without a hole."""
    edges = np.flatnonzero(np.diff(has_bar.astype(np.int8), prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
