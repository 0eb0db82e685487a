"""`higher_sides`: which way higher timeframes point on each bar, as far as their last completed bars tell."""

from __future__ import annotations

import numpy as np

from stratkit.adaptive.settings import QualitySettings
from stratkit.errors import UsageError
from stratkit.features.indicators import sma
from stratkit.features.source import IndicatorSource
from stratkit.panel import FloatArray, SideArray


def higher_sides(quality: QualitySettings, indicators: IndicatorSource) -> SideArray:
    """Return (H, T, N) the direction of each of the H `quality.timeframes` at the close of each bar.

    +1 where the close of the last completed coarse bar lies above the average of `trend_window_bars` closes that end
    with it, -1 where below; 0 where they are equal, where fewer bars are complete, or where the symbol has no bar. A
    coarse bar counts from the bar at whose close it is known to be complete (`CompletedBars`), never before.
    Raises `UsageError` for a timeframe that is not coarser than the bars, or not made of whole ones.
    """
    found = [_trend(indicators, timeframe, quality.trend_window_bars) for timeframe in quality.timeframes]
    sides = np.stack(found) if found else np.zeros((0, *indicators.bars.shape))
    return np.nan_to_num(sides).astype(np.int8)


def _trend(indicators: IndicatorSource, timeframe: str, window_bars: int) -> FloatArray:
    coarser = indicators.coarser(timeframe)
    if coarser is None:
        raise UsageError(
            "optimization.quality.timeframes must be coarser than the bars, for the strategies speak on these; found "
            f"{timeframe} on bars of {indicators.bars.frequency}"
        )
    average = indicators.compute(sma, window_bars, timeframe=timeframe)
    trend: FloatArray = np.sign(coarser.join.as_of(coarser.source.bars.close) - average)
    return trend
