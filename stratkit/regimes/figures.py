"""`TrendFigures`: trend, its strength and volatility of each bar, which rules read; causal panels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.features.indicators import atr, ema, sma
from stratkit.features.trend import adx
from stratkit.panel import BoolArray, FloatArray

_WILDER_BARS: Final = 14
_AVERAGE_BARS: Final = (20, 50)
_EXPONENTIAL_BARS: Final = (12, 26)
FIGURE_BARS: Final = _AVERAGE_BARS[-1] - 1  # before all of them are known


@dataclass(frozen=True)
class TrendFigures:
    """(T, N) each, NaN before they are known and where there is no bar.

    `adx` is Wilder's, 0 to 100; `strength` of the trend, -1 to 1; `atr_frac` the average true range over the price.
    """

    adx: FloatArray
    strength: FloatArray
    atr_frac: FloatArray

    @property
    def are_known(self) -> BoolArray:
        """(T, N): where there are all three."""
        known: BoolArray = np.isfinite(self.adx) & np.isfinite(self.strength) & np.isfinite(self.atr_frac)
        return known


def trend_figures(bars: Bars) -> TrendFigures:
    """Return ADX(14), trend strength and ATR(14) / price of bars."""
    return TrendFigures(
        adx=adx(bars.high, bars.low, bars.close, _WILDER_BARS),
        strength=trend_strength(bars.close),
        atr_frac=atr(bars.high, bars.low, bars.close, _WILDER_BARS) / bars.close,
    )


def trend_strength(close: FloatArray) -> FloatArray:
    """Return (T, N) the direction and force of a trend, -1 to 1; NaN before 50 own bars.

    Five times the mean of three figures, clipped: how far the price is above SMA 20, how far above SMA 50, both as
    fractions of the average, and 10 (EMA 12 - EMA 26) / price.

    >>> trend_strength(np.full((50, 1), 7.0))[-1]
    array([0.])
    """
    above = sum(close / sma(close, window) - 1.0 for window in _AVERAGE_BARS)
    fast, slow = (ema(close, window) for window in _EXPONENTIAL_BARS)
    return np.asarray(np.clip(5.0 * (above + 10.0 * (fast - slow) / close) / 3.0, -1.0, 1.0))
