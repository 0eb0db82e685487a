"""`cointegrated_pairs`: pairs of prices whose distance comes back, as far as one window of bars tells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

import numpy as np

from stratkit.panel import FloatArray

_LEAST_SHARE: Final = 0.9  # of a window's bars that both must have
_SLOPES: Final = (1 / 3, 3.0)  # beyond, legs of equal value are no hedge of each other
_SAME_PRICE: Final = 1e-8  # deviation of one price under two names: nothing to trade, and no test
_KEPT_FITS: Final = 4096


@dataclass(frozen=True)
class PairFit:
    """The long-run relation log y = intercept + slope x log x of two columns, and how far apart they are.

    `p_value` of the Engle-Granger test, null hypothesis: no cointegration; `deviation` is the standard deviation of
    the residuals. Source: R. F. Engle, C. W. J. Granger, Econometrica 55 (1987).
    """

    y: int
    x: int
    p_value: float
    slope: float
    intercept: float
    deviation: float

    def z(self, log_price: FloatArray) -> FloatArray:
        """Return (T,) the distance of y from the relation in deviations, from log prices (T, N)."""
        fair = self.intercept + self.slope * log_price[:, self.x]
        return np.asarray((log_price[:, self.y] - fair) / self.deviation)


def cointegrated_pairs(log_price: FloatArray, p_value: float, candidates: int) -> list[PairFit]:
    """Return the pairs of a window of log prices (W, N) whose test rejects at `p_value`, the clearest first.

    Every symbol stands in one pair at most. Tested are the `candidates` pairs whose one-bar changes are correlated
    most, each both ways round, of which the clearer counts. A pair needs nine tenths of the window's bars.
    """
    fits = [fit for pair in _candidates(log_price, candidates) if (fit := _fit(log_price, *pair)) is not None]
    fits = [fit for fit in fits if fit.p_value <= p_value and _SLOPES[0] <= fit.slope <= _SLOPES[1]]
    chosen: list[PairFit] = []
    taken: set[int] = set()
    for fit in sorted(fits, key=lambda fit: (fit.p_value, fit.y, fit.x)):
        if not taken & {fit.y, fit.x}:
            chosen.append(fit)
            taken |= {fit.y, fit.x}
    return chosen


def _candidates(log_price: FloatArray, most: int) -> list[tuple[int, int]]:
    changes = np.diff(log_price, axis=0)
    known = np.isfinite(changes)
    least = _LEAST_SHARE * len(changes)
    ranked = []
    for left, right in combinations(np.flatnonzero(known.sum(axis=0) >= least).tolist(), 2):
        both = known[:, left] & known[:, right]
        one, other = changes[both, left], changes[both, right]
        spread = float(one.std() * other.std())
        if both.sum() >= least and spread > 0:
            ranked.append((-float(((one - one.mean()) * (other - other.mean())).mean()) / spread, left, right))
    return [(left, right) for _, left, right in sorted(ranked)[:most]]


def _fit(log_price: FloatArray, left: int, right: int) -> PairFit | None:
    both = np.isfinite(log_price[:, left]) & np.isfinite(log_price[:, right])
    one, other = log_price[both, left].tobytes(), log_price[both, right].tobytes()
    ways = [(left, right, _relation(one, other)), (right, left, _relation(other, one))]
    fits = [PairFit(y, x, *relation) for y, x, relation in ways if relation is not None]
    return min(fits, key=lambda fit: fit.p_value, default=None)


@lru_cache(maxsize=_KEPT_FITS)
def _relation(y_bytes: bytes, x_bytes: bytes) -> tuple[float, float, float, float] | None:
    """Return p value, slope, intercept and deviation; None for prices that do not move, or move as one.

    The same window is asked for again by every run over the same bars, and its answer depends on nothing else.
    """
    y, x = np.frombuffer(y_bytes), np.frombuffer(x_bytes)
    x_away, y_away = x - x.mean(), y - y.mean()
    if not (np.ptp(x) > 0 and np.ptp(y) > 0):
        return None
    slope = float((x_away @ y_away) / (x_away @ x_away))
    residual = y_away - slope * x_away
    deviation = float(np.sqrt((residual @ residual) / (len(y) - 2)))
    if not deviation > _SAME_PRICE:
        return None
    return engle_granger_p_value(residual), slope, float(y.mean() - slope * x.mean()), deviation


def engle_granger_p_value(residual: FloatArray) -> float:
    """Return the p value of the Engle-Granger test from the residuals of log y on log x and a constant.

    The statistic is the t value of e[t-1] in de[t] = a e[t-1] + b de[t-1], no constant, with MacKinnon's surface for
    two variables: what `statsmodels.tsa.stattools.coint(y, x, maxlag=1, autolag=None)` returns, ten times faster,
    for a strategy tests hundreds of windows. Source: J. G. MacKinnon, Critical Values for Cointegration Tests (2010).
    """
    from statsmodels.tsa.adfvalues import mackinnonp

    change = np.diff(residual)
    now, level, before = change[1:], residual[1:-1], change[:-1]
    a, b, c = float(level @ level), float(level @ before), float(before @ before)
    first, second = float(level @ now), float(before @ now)
    determinant = a * c - b * b
    if not determinant > 0:
        return 1.0
    speed, memory = (c * first - b * second) / determinant, (a * second - b * first) / determinant
    error = now - speed * level - memory * before
    variance = float(error @ error) / (len(now) - 2)
    if not variance > 0:
        return 1.0
    return float(mackinnonp(speed / np.sqrt(variance * c / determinant), regression="c", N=2))
