"""Sizing and cap rules as compiled scalar functions: the kernel calls them, where equity is known."""

from __future__ import annotations

import math

import numpy as np

from stratkit.compiled import inner
from stratkit.risk.targets import FRACTION, KELLY, RISK

TOLERANCE = 1e-12  # of cap x equity: a request that fits exactly must not fail by a rounding error


@inner
def requested_quantity(
    rule: int, size: float, equity: float, price: float, stop_distance: float, kelly: float
) -> float:
    """Return the units that `size` asks for under a sizing rule; NaN where it has no meaning."""
    if rule == FRACTION:
        return size * equity / price
    if rule == RISK:
        return size * equity / stop_distance
    if rule == KELLY:
        return size * kelly * equity / price
    return size


@inner
def kelly_fraction(trades: int, wins: int, win_sum: float, loss_sum: float, min_trades: int, start: float) -> float:
    """Return W - (1 - W) / (average win / average loss), at most 1; `start` before `min_trades`.

    Source: Kelly (1956): W is the share of wins, wins and losses are
    returns on entry notional. No wins: -1 (no edge); no losses: W.
    """
    if trades < min_trades:
        return min(1.0, start)
    if wins == 0:
        return -1.0
    share = wins / trades
    if wins == trades or loss_sum == 0.0:
        return share
    payoff = (win_sum / wins) / (loss_sum / (trades - wins))
    return min(1.0, share - (1.0 - share) / payoff)


@inner
def fits(asked: float, cap: float, equity: float, current: float) -> bool:
    """Return whether `asked` more fits under `cap` x equity beside `current`."""
    limit = cap * equity
    return asked <= limit - current + TOLERANCE * limit


@inner
def fits_net(value: float, side: int, cap: float, equity: float, net: float) -> bool:
    """Return whether the net exposure stays under its cap, or shrinks."""
    limit = cap * equity
    after = abs(net + side * value)
    return after <= limit + TOLERANCE * limit or after <= abs(net)


@inner
def lot_down(quantity: float, lot: float) -> float:
    """Round a quantity toward zero to the lot; a lot of 0 allows any fraction."""
    if lot <= 0.0 or not math.isfinite(quantity):
        return quantity
    return np.floor(quantity / lot + 1e-9) * lot
