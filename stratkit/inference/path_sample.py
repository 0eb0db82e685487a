"""`PathSample`: what many paths of returns came to, figure by figure, and their equity at a few steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.inference.sharpe import ROUNDING
from stratkit.panel import FloatArray, IntArray

GRID: Final = 128  # steps at which equity is kept: more than a chart of a fan can show
KEPT_PATHS: Final = 1 << 16  # paths whose equity is kept: 64 MB at most, whatever is asked for


@dataclass(frozen=True)
class PathSample:
    """Figures of P paths of `bars` returns each, all (P,), all of a wealth that starts at 1.

    `wealth` is where each path ends, `lowest` its lowest wealth (at most 1), `max_drawdown` a fraction of the peak, at
    most 0. `mean` and `sd` (ddof=1) are those of the path's returns, per period. `downside` is
    ``sqrt(mean(min(r - risk_free, 0)^2))`` and `under_water` the most bars from a peak to its recovery, or to the end;
    both None unless asked for. `equity` (P', g) is the wealth at `steps` (g,), the first of them 0, of the first P'
    paths: all of them up to 65,536. `is_exact` tells that every possible path is here, each once.
    """

    bars: int
    risk_free: float
    wealth: FloatArray
    lowest: FloatArray
    max_drawdown: FloatArray
    mean: FloatArray
    sd: FloatArray
    downside: FloatArray | None
    under_water: FloatArray | None
    steps: IntArray
    equity: FloatArray
    is_exact: bool = False

    @property
    def paths(self) -> int:
        """Number of paths, P."""
        return len(self.wealth)

    @property
    def sharpe(self) -> FloatArray:
        """(mean - risk_free)/sd per period; NaN for a path whose returns do not vary."""
        return self._ratio(self.sd)

    @property
    def sortino(self) -> FloatArray | None:
        """(mean - risk_free)/downside per period; NaN for a path that never fell short."""
        return None if self.downside is None else self._ratio(self.downside)

    def cagr(self, periods_per_year: float) -> FloatArray:
        """Return (P,) ``wealth^(periods_per_year/bars) - 1``."""
        with np.errstate(over="ignore"):
            return np.asarray(self.wealth ** (periods_per_year / self.bars) - 1.0)

    def calmar(self, periods_per_year: float) -> FloatArray:
        """Return (P,) cagr / |max_drawdown|; NaN for a path that never fell."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = self.cagr(periods_per_year) / -self.max_drawdown
        return np.where(self.max_drawdown < 0, ratio, math.nan)

    def quantiles(self, levels: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> FloatArray:
        """Return (q, g) the levels' quantiles of `equity` at each step, the bands of a fan."""
        return np.asarray(np.quantile(self.equity, levels, axis=0))

    def _ratio(self, divisor: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = (self.mean - self.risk_free) / divisor
        return np.where(divisor > ROUNDING, ratio, math.nan)


def grid_of(bars: int, grid: int = GRID) -> IntArray:
    """Return at most `grid` steps from 0 to `bars`, evenly spread, both ends among them.

    >>> grid_of(3).tolist(), grid_of(100, 3).tolist()
    ([0, 1, 2, 3], [0, 50, 100])
    """
    return np.unique(np.linspace(0, bars, min(bars + 1, grid)).round().astype(np.int64))
