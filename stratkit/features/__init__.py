"""Numbers from bars: causal indicators, events and formulas on (T, N) panels, and one matrix of them."""

from stratkit.features.channels import Channel, donchian, keltner, natr
from stratkit.features.close_location import close_location
from stratkit.features.compute import FeatureFormulas, feature_formulas
from stratkit.features.events import crossing, lag, last_nonzero
from stratkit.features.feature_set import FeatureSet
from stratkit.features.formula import Formula, parse_formula
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
from stratkit.features.live import LiveFeatures
from stratkit.features.matrix import FeatureMatrix, aggregate
from stratkit.features.oscillators import (
    Stochastic,
    cci,
    mfi,
    stochastic,
    trix,
    ultimate_oscillator,
    williams_r,
)
from stratkit.features.pairwise import rolling_beta, rolling_correlation
from stratkit.features.pieces import on_pieces
from stratkit.features.rolling_rank import rolling_rank
from stratkit.features.settings import FeatureSettings
from stratkit.features.shocks import shocks
from stratkit.features.source import IndicatorSource
from stratkit.features.specs import indicator
from stratkit.features.statistics import zscore
from stratkit.features.swing_levels import SwingLevels, swing_levels
from stratkit.features.trend import (
    Aroon,
    Directional,
    Ichimoku,
    SuperTrend,
    adx,
    aroon,
    directional,
    efficiency_ratio,
    ichimoku,
    kama,
    linear_slope,
    parabolic_sar,
    supertrend,
    wma,
)
from stratkit.features.volume import (
    Klinger,
    accumulation_distribution,
    chaikin_money_flow,
    chaikin_oscillator,
    klinger,
    obv,
    relative_volume,
    session_vwap,
    vwap,
)
from stratkit.features.volume_profile import VolumeProfile, volume_profile

__all__ = [
    "Aroon",
    "Bollinger",
    "Channel",
    "Directional",
    "FeatureFormulas",
    "FeatureMatrix",
    "FeatureSet",
    "FeatureSettings",
    "Formula",
    "Ichimoku",
    "IndicatorSource",
    "Klinger",
    "LiveFeatures",
    "Macd",
    "Stochastic",
    "SuperTrend",
    "SwingLevels",
    "VolumeProfile",
    "accumulation_distribution",
    "adx",
    "aggregate",
    "aroon",
    "atr",
    "bollinger",
    "cci",
    "chaikin_money_flow",
    "chaikin_oscillator",
    "close_location",
    "crossing",
    "directional",
    "donchian",
    "efficiency_ratio",
    "ema",
    "feature_formulas",
    "highest",
    "ichimoku",
    "indicator",
    "kama",
    "keltner",
    "klinger",
    "lag",
    "last_nonzero",
    "linear_slope",
    "lowest",
    "macd",
    "mfi",
    "momentum",
    "natr",
    "obv",
    "on_pieces",
    "parabolic_sar",
    "parse_formula",
    "rate_of_change",
    "relative_volume",
    "return_std",
    "rolling_beta",
    "rolling_correlation",
    "rolling_rank",
    "rsi",
    "session_vwap",
    "shocks",
    "sma",
    "stochastic",
    "supertrend",
    "swing_levels",
    "trix",
    "ultimate_oscillator",
    "volume_profile",
    "vwap",
    "williams_r",
    "wma",
    "zscore",
]
