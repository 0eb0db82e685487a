"""`Earned`: what some closed trades earned, with how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from stratkit.engine.layout import Records
from stratkit.inference.interval import Interval
from stratkit.inference.proportion import wilson_interval
from stratkit.panel import BoolArray, FloatArray

LEVEL: Final = 0.95
REACH: Final = NormalDist().inv_cdf(0.5 + LEVEL / 2.0)  # standard errors from a mean to either end of its interval
FEWEST: Final = 20  # closed trades: from fewer nothing is concluded


@dataclass(frozen=True)
class Earned:
    """`trades` closed trades, of which `wins` have a net P&L above zero, a share of `win_rate`.

    `mean_r` is the mean R multiple of the `with_r` trades that have one, `mean_return` the mean net P&L over the value
    at entry of all; `r_error` and `return_error` are their standard errors, deviation / sqrt(n). NaN without a trade,
    the errors with fewer than two.
    """

    trades: int
    wins: int
    win_rate: Interval
    with_r: int
    mean_r: float
    r_error: float
    mean_return: float
    return_error: float

    @property
    def r_interval(self) -> Interval:
        """Where the mean R lies at 95 %, by the normal curve."""
        reach = REACH * self.r_error
        return Interval(self.mean_r, self.mean_r - reach, self.mean_r + reach, LEVEL, "normal")


@dataclass(frozen=True)
class ClosedTrades:
    """K closed trades: net `pnl`, `r` multiples (NaN without a stop) and `part`, P&L over the value at entry."""

    pnl: FloatArray
    r: FloatArray
    part: FloatArray

    def earned(self, where: BoolArray) -> Earned:
        """Return what those earned at which `where` (K,) is true."""
        pnl, r, part = self.pnl[where], self.r[where], self.part[where]
        known = r[np.isfinite(r)]
        wins = int((pnl > 0).sum())
        return Earned(
            len(pnl), wins, wilson_interval(wins, len(pnl), LEVEL), len(known), _mean(known), _error(known),
            _mean(part), _error(part),
        )  # fmt: skip


def closed_of(trades: Records) -> ClosedTrades:
    """Return closed trades, records as in `stratkit.engine.layout`, in their figures."""
    pnl = np.asarray(trades["pnl"], np.float64)
    value = np.asarray(trades["quantity"] * trades["entry_price"], np.float64)
    part = np.full_like(pnl, np.nan)
    np.divide(pnl, value, out=part, where=value != 0)
    return ClosedTrades(pnl, np.asarray(trades["r_multiple"], np.float64), part)


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else math.nan


def _error(values: FloatArray) -> float:
    return float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
