"""Bare compiled loops: the least work that gives the same answer, to measure the engine against.

Each loop plays one case of the benchmark under the same fills and costs as the engine and nothing
else: no log, no caps, no margin, no other order type, no gaps in the data. `bench.py` checks that
their equity agrees with the engine's before it times either. Arrays are float64; `side` is int8.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Sides = npt.NDArray[np.int8]


class BareRun(NamedTuple):
    """What one series came to: money, and mean, variance and worst drawdown of its bars."""

    equity: float
    mean: float
    variance: float
    max_drawdown: float


@njit(cache=True, error_model="numpy")
def sma_cross(
    open_: Floats, close: Floats, fast: int, slow: int, cash: float, commission: float, spread: float
) -> BareRun:
    """Compute two averages (T,), reverse at the next open when they cross, and keep score: one pass."""
    bars = close.shape[0]
    fast_sum, slow_sum = 0.0, 0.0
    relation, wanted, side = 0, 0, 0
    units, before, peak, drawdown = 0.0, cash, cash, 0.0
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
        last = close[bar]
        equity = cash + side * units * last
        if equity != before:
            change = equity / before - 1.0
            mean_sum += change
            square_sum += change * change
            before = equity
        if equity > peak:
            peak = equity
        else:
            drawdown = min(drawdown, equity / peak - 1.0)
        fast_sum += last
        slow_sum += last
        if bar >= slow - 1:
            above = fast_sum / fast - slow_sum / slow
            now = 1 if above > 0.0 else (-1 if above < 0.0 else 0)
            if now * relation < 0:
                wanted = now
            relation = now
            slow_sum -= close[bar - slow + 1]
        if bar >= fast - 1:
            fast_sum -= close[bar - fast + 1]
    mean = mean_sum / (bars - 1)
    return BareRun(equity, mean, square_sum / (bars - 1) - mean * mean, drawdown)


@njit(cache=True, error_model="numpy")
def by_side(open_: Floats, close: Floats, sides: Sides, cash: float, commission: float, spread: float) -> BareRun:
    """Follow given sides (T,) at the next open and keep score: `sma_cross` without its averages."""
    bars = close.shape[0]
    wanted, side = 0, 0
    units, before, peak, drawdown = 0.0, cash, cash, 0.0
    mean_sum, square_sum = 0.0, 0.0
    for bar in range(bars):
        if wanted != side:
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
        if sides[bar] != 0:
            wanted = sides[bar]
    mean = mean_sum / (bars - 1)
    return BareRun(equity, mean, square_sum / (bars - 1) - mean * mean, drawdown)


@njit(cache=True, error_model="numpy")
def stop_target_trail(
    open_: Floats, high: Floats, low: Floats, close: Floats, sides: Sides,
    initial: float, stop: float, target: float, trail: float, commission: float, spread: float,
) -> Floats:  # fmt: skip
    """Enter longs at the next open and leave by stop, target or trailing stop: (N,) final equity.

    Every symbol has an account of its own. `stop`, `target` and `trail` are fractions of the entry
    price; the stop is tested before the target; this bar's high moves the stop of the next.
    """
    bars, symbols = close.shape
    cash, units = np.full(symbols, initial), np.zeros(symbols)
    level, goal, gap, top = np.zeros(symbols), np.zeros(symbols), np.zeros(symbols), np.zeros(symbols)
    for bar in range(1, bars):
        for symbol in range(symbols):
            first = open_[bar, symbol]
            left = False
            if units[symbol] > 0.0:
                price = 0.0
                if first <= level[symbol]:
                    price = first * (1.0 - spread)
                elif first >= goal[symbol]:
                    price = first
                if price > 0.0:
                    cash[symbol] += units[symbol] * price * (1.0 - commission)
                    units[symbol] = 0.0
                    left = True
            elif sides[bar - 1, symbol] == 1:
                price = first * (1.0 + spread)
                units[symbol] = cash[symbol] / (price * (1.0 + commission))
                cash[symbol] -= units[symbol] * price * (1.0 + commission)
                level[symbol], goal[symbol] = price * (1.0 - stop), price * (1.0 + target)
                gap[symbol], top[symbol] = price * trail, price
            if units[symbol] > 0.0 and not left:
                if low[bar, symbol] <= level[symbol]:
                    price = min(level[symbol], first) * (1.0 - spread)
                    cash[symbol] += units[symbol] * price * (1.0 - commission)
                    units[symbol] = 0.0
                elif high[bar, symbol] >= goal[symbol]:
                    cash[symbol] += units[symbol] * max(goal[symbol], first) * (1.0 - commission)
                    units[symbol] = 0.0
                elif high[bar, symbol] > top[symbol] or top[symbol] - gap[symbol] > level[symbol]:
                    top[symbol] = max(top[symbol], high[bar, symbol])
                    level[symbol] = max(level[symbol], top[symbol] - gap[symbol])
    final: Floats = cash + units * close[bars - 1]
    return final


@njit(cache=True, error_model="numpy")
def rebalance(
    open_: Floats, close: Floats, weights: Floats, due: npt.NDArray[np.bool_],
    cash: float, commission: float, spread: float,
) -> Floats:  # fmt: skip
    """Trade one account to target weights (T, N >= 0) at the open after each bar that is `due`: (T,) equity.

    What leaves leaves first; if cash falls short, all increases shrink by one factor.
    """
    bars, symbols = close.shape
    units, buys = np.zeros(symbols), np.zeros(symbols)
    equity = np.empty(bars)
    for bar in range(bars):
        if bar > 0 and due[bar - 1]:
            before = cash
            for symbol in range(symbols):
                before += units[symbol] * open_[bar, symbol]
            for symbol in range(symbols):
                wanted = weights[bar - 1, symbol] * before / open_[bar, symbol]
                buys[symbol] = 0.0
                if wanted < units[symbol]:
                    price = open_[bar, symbol] * (1.0 - spread)
                    cash += (units[symbol] - wanted) * price * (1.0 - commission)
                    units[symbol] = wanted
                    buys[symbol] = -1.0
            held = 0.0
            for symbol in range(symbols):
                held += units[symbol] * open_[bar, symbol]
            after, notional = cash + held, 0.0
            for symbol in range(symbols):
                if buys[symbol] == 0.0 and weights[bar - 1, symbol] > 0.0:
                    price = open_[bar, symbol] * (1.0 + spread)
                    buys[symbol] = max(0.0, weights[bar - 1, symbol] * after / price - units[symbol])
                    notional += buys[symbol] * price
            factor = 1.0
            if notional * (1.0 + commission) > cash:
                factor = min(cash / (1.0 + commission), cash - commission * notional) / notional
            for symbol in range(symbols):
                if buys[symbol] > 0.0:
                    price = open_[bar, symbol] * (1.0 + spread)
                    units[symbol] += factor * buys[symbol]
                    cash -= factor * buys[symbol] * price * (1.0 + commission)
        worth = cash
        for symbol in range(symbols):
            worth += units[symbol] * close[bar, symbol]
        equity[bar] = worth
    return equity


@njit(cache=True, error_model="numpy")
def points_of_control(high: Floats, low: Floats, volume: Floats, window: int, bins: int) -> Floats:
    """Return the middle of the fullest of `bins` prices on every bar, from the last `window` bars, all counted anew."""
    found = np.full(len(high), np.nan)
    held = np.zeros(bins)
    for bar in range(window - 1, len(high)):
        start = bar - window + 1
        bottom = low[start : bar + 1].min()
        width = (high[start : bar + 1].max() - bottom) / bins
        held[:] = 0.0
        for place in range(start, bar + 1):
            first = min(int((low[place] - bottom) / width), bins - 1)
            last = min(int((high[place] - bottom) / width), bins - 1)
            for each in range(first, last + 1):
                held[each] += volume[place] / (last - first + 1)
        found[bar] = bottom + (np.argmax(held) + 0.5) * width
    return found
