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
    """Return the pairs that have most of the bars in common, at most `most` of them: those correlated most."""
    known = np.isfinite(log_price)
    least = _LEAST_SHARE * len(log_price)
    common = known.T.astype(np.int64) @ known
    pairs = [pair for pair in combinations(range(log_price.shape[1]), 2) if common[pair] >= least]
    if len(pairs) <= most:
        return pairs
    changes = np.diff(log_price, axis=0)
    ranked = sorted((-_correlation(changes[:, left], changes[:, right]), left, right) for left, right in pairs)
    return [(left, right) for _, left, right in ranked[:most]]


def _correlation(left: FloatArray, right: FloatArray) -> float:
    """Return the correlation of two series on the bars that both have, -1 where one of them does not move."""
    both = np.isfinite(left) & np.isfinite(right)
    one, other = left[both] - left[both].mean(), right[both] - right[both].mean()
    spread = float((one @ one) * (other @ other))
    return float(one @ other) / spread**0.5 if spread > 0 else -1.0


def _fit(log_price: FloatArray, left: int, right: int) -> PairFit | None:
    both = np.isfinite(log_price[:, left]) & np.isfinite(log_price[:, right])
    found = _clearer_way(log_price[both, left].tobytes(), log_price[both, right].tobytes())
    if found is None:
        return None
    turned, p_value, slope, intercept, deviation = found
    y, x = (right, left) if turned else (left, right)
    return PairFit(y, x, p_value, slope, intercept, deviation)


@lru_cache(maxsize=_KEPT_FITS)
def _clearer_way(left: bytes, right: bytes) -> tuple[bool, float, float, float, float] | None:
    """Return whether the second price explains itself better by the first, p value, slope, intercept and deviation.

    None for prices that do not move, or move as one. The same window is asked for again by every run over the same
    bars, and its answer depends on nothing else.
    """
    one, other = np.frombuffer(left), np.frombuffer(right)
    if not (np.ptp(one) > 0 and np.ptp(other) > 0):
        return None
    ways = [(turned, *_relation(*pair)) for turned, pair in ((False, (one, other)), (True, (other, one)))]
    turned, statistic, slope, intercept, deviation = min(ways, key=lambda way: way[1])
    if not deviation > _SAME_PRICE:
        return None
    return turned, engle_granger_p_value(statistic), slope, intercept, deviation


def _relation(y: FloatArray, x: FloatArray) -> tuple[float, float, float, float]:
    """Return the statistic of the residuals of y on x and a constant, the slope, the intercept, their deviation."""
    x_away, y_away = x - x.mean(), y - y.mean()
    slope = float((x_away @ y_away) / (x_away @ x_away))
    residual = y_away - slope * x_away
    deviation = float(np.sqrt((residual @ residual) / (len(y) - 2)))
    return engle_granger_statistic(residual), slope, float(y.mean() - slope * x.mean()), deviation


def engle_granger_statistic(residual: FloatArray) -> float:
    """Return the t value of e[t-1] in de[t] = a e[t-1] + b de[t-1], no constant; infinite where nothing is left.

    With its p value this is what ``statsmodels.tsa.stattools.coint(y, x, maxlag=1, autolag=None)`` returns, ten times
    faster, for a strategy tests hundreds of windows.
    """
    change = np.diff(residual)
    now, level, before = change[1:], residual[1:-1], change[:-1]
    a, b, c = float(level @ level), float(level @ before), float(before @ before)
    first, second = float(level @ now), float(before @ now)
    determinant = a * c - b * b
    if not determinant > 0:
        return np.inf
    speed, memory = (c * first - b * second) / determinant, (a * second - b * first) / determinant
    error = now - speed * level - memory * before
    variance = float(error @ error) / (len(now) - 2)
    return float(speed / np.sqrt(variance * c / determinant)) if variance > 0 else np.inf


def engle_granger_p_value(statistic: float) -> float:
    """Return the p value of the statistic for two variables and a constant, by MacKinnon's response surface.

    Source: J. G. MacKinnon, Critical Values for Cointegration Tests (2010), as statsmodels holds it.
    """
    from statsmodels.tsa.adfvalues import mackinnonp

    return 1.0 if statistic == np.inf else float(mackinnonp(statistic, regression="c", N=2))
