"""Safe haven: in stress long what does not fall with the rest, against the rest."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from stratkit.errors import UsageError, did_you_mean
from stratkit.features.events import lag, last_nonzero
from stratkit.features.indicators import return_std, sma
from stratkit.features.pairwise import rolling_correlation
from stratkit.features.rolling_rank import rolling_rank
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class SafeHavenParams(Parameters):
    """Parameters of the safe haven."""

    haven: str = Field("", description="symbol that is the haven; empty = the one least correlated with the rest")
    trend_bars: int = bounded(100, low=5, high=500, description="bars of the market's average", log=True)
    vol_bars: int = bounded(20, low=5, high=120, description="bars of the market's volatility", log=True)
    rank_bars: int = bounded(252, low=20, high=1000, description="bars against which volatility is ranked", log=True)
    stress_rank: float = bounded(0.7, low=0.05, high=0.99, step=0.01, description="volatility rank that is stress")
    calm_rank: float = bounded(0.5, low=0.0, high=0.95, step=0.01, description="volatility rank at which it is over")
    correlation_bars: int = bounded(120, low=20, high=500, description="bars of the correlation", log=True)
    max_correlation: float = bounded(
        0.3, low=-0.9, high=0.9, step=0.05, description="correlation with the rest up to which something is a haven"
    )
    gross: float = bounded(1.0, low=0.1, high=4.0, step=0.1, description="long plus short [x equity]")

    @model_validator(mode="after")
    def _ordered(self) -> SafeHavenParams:
        if self.calm_rank >= self.stress_rank:
            raise ValueError(
                f"calm_rank must be below stress_rank; found calm_rank={self.calm_rank:g}, "
                f"stress_rank={self.stress_rank:g}"
            )
        return self


class SafeHaven(Strategy):
    """In a falling and nervous market hold what is least correlated with the rest against the rest, in equal values.

    The market is the mean return of all symbols. It is in stress when its level is below its average and its
    volatility stands high among those before; stress is over when the volatility is back in the middle or the level
    above the average. The haven is the symbol named, or the one least correlated with the mean of the others. All
    legs are a package.
    """

    name = "safe_haven"
    family = "cross_asset"
    source = (
        "D. G. Baur, B. M. Lucey, Is Gold a Hedge or a Safe Haven?, Financial Review 45 (2010); A. Ranaldo, "
        "P. Soederlind, Safe Haven Currencies, Review of Finance 14 (2010)"
    )
    needs = ("several symbols",)
    edge = (
        "In stress leveraged holders must sell what is risky and run into what is not, whatever the price; the flow "
        "lasts for weeks."
    )
    Params = SafeHavenParams
    params: SafeHavenParams

    @property
    def warmup_bars(self) -> int:
        """The longest of trend, correlation, and ranked volatility."""
        params = self.params
        return max(params.trend_bars, params.correlation_bars, params.vol_bars + params.rank_bars) + 1

    def signals(self, context: Context) -> Signals:
        """Return target weights on the bars on which stress begins or ends."""
        close, params = context.bars.close, self.params
        returns = close / lag(close) - 1.0
        candidate = self._candidate(returns, context.bars.symbols)
        stress, calm = self._stress(returns)
        several = context.has_bar.sum(axis=1) > 1
        event = np.where(stress & (candidate >= 0) & several, 1, np.where(calm, -1, 0)).astype(np.int8)
        event[: self.warmup_bars] = 0
        inside = last_nonzero(event.reshape(-1, 1))[:, 0] == 1
        weight = np.full(context.shape, np.nan)
        for bar in np.flatnonzero(np.diff(inside, prepend=False)).tolist():
            here = context.has_bar[bar]
            weight[bar, here] = -params.gross / 2.0 / (here.sum() - 1) if inside[bar] else 0.0
            if inside[bar]:
                weight[bar, candidate[bar]] = params.gross / 2.0
        return self.weights(context, weight, legs=np.isfinite(weight).astype(np.int16))

    def _stress(self, returns: FloatArray) -> tuple[BoolArray, BoolArray]:
        """Return (T,) whether the market is in stress, and whether it is calm; it may be neither."""
        params, known = self.params, np.isfinite(returns)
        count = known.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            mean = np.where(known, returns, 0.0).sum(axis=1, keepdims=True) / np.where(count > 0, count, np.nan)
        level = np.where(count > 0, np.cumprod(1.0 + np.nan_to_num(mean), axis=0), np.nan)
        rank = rolling_rank(return_std(level, params.vol_bars), params.rank_bars)
        average = sma(level, params.trend_bars)
        stress = (level < average) & (rank >= params.stress_rank)
        calm = (level > average) | (rank <= params.calm_rank)
        return stress[:, 0], calm[:, 0]

    def _candidate(self, returns: FloatArray, symbols: tuple[str, ...]) -> IntArray:
        """Return (T,) the column of the haven, -1 where there is none."""
        known = np.isfinite(returns)
        if self.params.haven:
            if self.params.haven not in symbols:
                raise UsageError(
                    f"no symbol {self.params.haven!r} in the bars; {did_you_mean(self.params.haven, symbols)}"
                )
            column = symbols.index(self.params.haven)
            return np.where(known[:, column], column, -1)
        total = np.where(known, returns, 0.0).sum(axis=1, keepdims=True)
        others = known.sum(axis=1, keepdims=True) - 1
        with np.errstate(invalid="ignore", divide="ignore"):
            rest = np.where(known & (others > 0), (total - returns) / np.maximum(others, 1), np.nan)
        correlation = rolling_correlation(returns, rest, self.params.correlation_bars)
        ranked = np.where(np.isfinite(correlation), correlation, np.inf)
        least = ranked.argmin(axis=1)
        return np.where(ranked.min(axis=1) <= self.params.max_correlation, least, -1)
