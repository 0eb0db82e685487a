"""Numbers from bars: causal indicators and events on (T, N) panels."""

from stratkit.features.events import crossing, lag, last_nonzero
from stratkit.features.indicators import (
    Bollinger,
    Macd,
    atr,
    bollinger,
    ema,
    highest,
    lowest,
    macd,
    momentum,
    rate_of_change,
    return_std,
    rsi,
    sma,
)
from stratkit.features.rolling_rank import rolling_rank
from stratkit.features.shocks import shocks
from stratkit.features.source import IndicatorSource
from stratkit.features.specs import indicator

__all__ = [
    "Bollinger",
    "IndicatorSource",
    "Macd",
    "atr",
    "bollinger",
    "crossing",
    "ema",
    "highest",
    "indicator",
    "lag",
    "last_nonzero",
    "lowest",
    "macd",
    "momentum",
    "rate_of_change",
    "return_std",
    "rolling_rank",
    "rsi",
    "shocks",
    "sma",
]
