"""`on_own_bars`: panels from a function of one series, run on each symbol's own bars.

The own-bars rule: symbols of different calendars stand on the union of their stamps, so a column
has holes where its market was closed. A hole is skipped, not filled: the function sees the
symbol's own bars as one series without holes, "20 bars" means 20 of its own bars, and the result
is NaN where there is no bar. A hole therefore never poisons what follows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import BoolArray, FloatArray

Series = Callable[..., tuple[FloatArray, ...]]


def on_own_bars(function: Series, *panels: FloatArray, outputs: int = 1) -> tuple[FloatArray, ...]:
    """Return `outputs` panels (T, N): `function` of each column's bars, NaN where there is none.

    `function` takes one contiguous float64 series per panel, all of a length, and returns
    `outputs` series of that length; it must be causal. A bar exists where every panel is finite.
    Raises `UsageError` when the panels are not (T, N) of one shape.

    >>> panel = np.array([[1.0, np.nan], [np.nan, 4.0], [3.0, 6.0]])
    >>> on_own_bars(lambda series: (np.cumsum(series),), panel)[0]
    array([[ 1., nan],
           [nan,  4.],
           [ 4., 10.]])
    """
    _check(panels)
    bars, symbols = panels[0].shape
    if symbols == 1 and all(_is_finite(panel) for panel in panels):  # the bare speed of `function`
        series = (np.ascontiguousarray(panel[:, 0], dtype=np.float64) for panel in panels)
        return tuple(result.reshape(-1, 1) for result in function(*series))
    columns = [np.ascontiguousarray(panel.T, dtype=np.float64) for panel in panels]  # (N, T)
    has_bar = np.logical_and.reduce([np.isfinite(values) for values in columns])
    results = np.full((outputs, symbols, bars), np.nan)
    for column in range(symbols):
        own = _own(has_bar[column])
        if own is not None:
            results[:, column, own] = function(*(np.ascontiguousarray(values[column, own]) for values in columns))
    return tuple(np.ascontiguousarray(result.T) for result in results)


def _own(has_bar: BoolArray) -> slice | BoolArray | None:
    """Return what selects a column's own bars: a slice, which copies nothing, where they have no hole."""
    count = int(np.count_nonzero(has_bar))
    if count == 0:
        return None
    first = int(has_bar.argmax())
    return slice(first, first + count) if has_bar[first : first + count].all() else has_bar


def _is_finite(panel: FloatArray) -> bool:
    # a sum is finite only if every term is, and costs a quarter of looking at each
    return math.isfinite(float(panel.sum())) or bool(np.isfinite(panel).all())


def _check(panels: tuple[FloatArray, ...]) -> None:
    shape = np.shape(panels[0])
    if len(shape) != 2:
        raise UsageError(
            f"an indicator takes (bars, symbols) panels; found the shape {shape}: "
            "give a single series as series.reshape(-1, 1)"
        )
    for panel in panels[1:]:
        if np.shape(panel) != shape:
            raise UsageError(f"panels must have one shape; found {shape} and {np.shape(panel)}")
