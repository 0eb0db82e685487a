"""The bare loop of a sweep: averages once per window, then every pair of them, on both cores.

`bare.by_side` on sides made on the way: the same fills and costs as the engine, four sums, nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class BareSweep(NamedTuple):
    """What each of K pairs came to: money, and mean, variance and worst drawdown of its bars, (K,) each."""

    equity: Floats
    mean: Floats
    variance: Floats
    max_drawdown: Floats


def sma_sweep(open_: Floats, close: Floats, pairs: Ints, cash: float, commission: float, spread: float) -> BareSweep:
    """Return what every pair of windows (K, 2) came to, on as many cores as numba has threads."""
    windows, places = np.unique(pairs, return_inverse=True)
    return BareSweep(*_sweep(open_, close, _averages(close, windows), windows, places.reshape(pairs.shape), cash,
                             commission, spread).T)  # fmt: skip


@njit(cache=True, error_model="numpy", parallel=True)
def _averages(close: Floats, windows: Ints) -> Floats:
    """Return (W, T) the mean of the last closes of each window, 0 before there are as many."""
    means = np.zeros((len(windows), len(close)))
    for index in prange(len(windows)):
        window, total = windows[index], 0.0
        for bar in range(len(close)):
            total += close[bar]
            if bar >= window - 1:
                means[index, bar] = total / window
                total -= close[bar - window + 1]
    return means


@njit(cache=True, error_model="numpy", parallel=True)
def _sweep(
    open_: Floats, close: Floats, means: Floats, windows: Ints, places: Ints,
    cash_before: float, commission: float, spread: float,
) -> Floats:  # fmt: skip
    bars = close.shape[0]
    found = np.empty((len(places), 4))
    for pair in prange(len(places)):
        fast, slow = means[places[pair, 0]], means[places[pair, 1]]
        first = windows[places[pair, 1]] - 1
        cash, relation, wanted, side = cash_before, 0, 0, 0
        units, before, peak, drawdown = 0.0, cash_before, cash_before, 0.0
        mean_sum, square_sum = 0.0, 0.0
        for bar in range(bars):
            if wanted != side:  # reverse at the open; commission and half the spread, both ways
                if side != 0:
                    price = open_[bar] * (1.0 - side * spread)
                    cash += units * price * (side - commission)
                price = open_[bar] * (1.0 + wanted * spread)
                units = cash / (price * (1.0 + commission))
                cash -= units * price * (wanted + commission)
                side = wanted
            equity = cash + side * units * close[bar]
            if equity != before:
                change = equity / before - 1.0
                mean_sum += change
                square_sum += change * change
                before = equity
            if equity > peak:
                peak = equity
            else:
                drawdown = min(drawdown, equity / peak - 1.0)
            if bar >= first:
                above = fast[bar] - slow[bar]
                now = 1 if above > 0.0 else (-1 if above < 0.0 else 0)
                if now * relation < 0:
                    wanted = now
                relation = now
        mean = mean_sum / (bars - 1)
        found[pair] = (equity, mean, square_sum / (bars - 1) - mean * mean, drawdown)
    return found
