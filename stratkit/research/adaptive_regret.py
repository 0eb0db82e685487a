"""`Regret`: what the best fixed choice, known only by hindsight, realised more than an arm did, in R.

Static regret of the bandit literature, on realised rewards: ``G(t) = sum of R of the best fixed arm's trades closed up
to bar t less that of the arm's own``. R is per unit of initial risk, so sizes play no part in it. Source of the term:
T. Lattimore, C. Szepesvari, Bandit Algorithms (2020), section 11.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stratkit.engine.layout import Records
from stratkit.inference.interval import Interval
from stratkit.inference.mean_interval import mean_interval
from stratkit.panel import FloatArray


@dataclass(frozen=True)
class Regret:
    """Regret of one arm over all bars, and what was added to it in the first and the second half of them.

    `by_seed` (S,) are the totals of the seeds; `interval` that of their mean, by Student's t, None of one seed: it says
    what other seeds would do on these bars, and nothing of other bars. `path` (T,) is the mean, `low` and `high` (T,)
    the 5 % and 95 % quantiles of the seeds.
    """

    total: float
    first_half: float
    second_half: float
    by_seed: FloatArray
    interval: Interval | None
    path: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def falls(self) -> bool:
        """Whether less was added in the second half than in the first."""
        return self.second_half < self.first_half


def realised_r(trades: Records, bars: int) -> FloatArray:
    """Return (bars,) the R of the trades closed on each bar; all NaN where trades closed and none of them had an R.

    Open trades (exit bar -1) are not realised; single trades without R count 0.
    """
    closed = trades[trades["exit_bar"] >= 0]
    known = closed[np.isfinite(closed["r_multiple"])]
    if len(closed) and not len(known):
        return np.full(bars, math.nan)
    found: FloatArray = np.bincount(known["exit_bar"], known["r_multiple"], bars).astype(np.float64)
    return found


def regret_of(own: FloatArray, best: FloatArray, level: float = 0.95) -> Regret | None:
    """Return the regret of an arm whose S replays realised `own` (S, T) per bar, against `best` (T,).

    None where either has no R. The first half has T // 2 bars.

    >>> found = regret_of(np.array([[0.0, 1.0, 0.0, 1.0]]), np.array([2.0, 0.0, 0.0, 1.0]))
    >>> found.total, found.first_half, found.second_half, found.falls
    (1.0, 1.0, 0.0, True)
    """
    if not (np.isfinite(own).all() and np.isfinite(best).all()):
        return None
    paths = np.cumsum(best - own, axis=1)
    totals, half = paths[:, -1], len(best) // 2
    first = float(paths[:, half - 1].mean()) if half else 0.0
    total = float(totals.mean())
    low, high = np.quantile(paths, (0.05, 0.95), axis=0)
    interval = mean_interval(totals, "Student t over seeds", level)
    return Regret(total, first, total - first, totals, interval, paths.mean(axis=0), low, high)
