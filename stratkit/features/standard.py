"""`standard_formulas`: the features that are computed when none are named.

All are stationary (returns, distances in average true ranges or deviations, ratios, oscillators about 0) and forget:
none is a level that only accumulates, so that a model of one decade can read them in the next and a live vector
needs a tail of bars, not all history. Distances are in average true ranges; `_z` is in deviations.
"""

from __future__ import annotations

from typing import Final

from stratkit.frequency import frequency_ns, is_intraday

_ATR: Final = "atr(14)"

STANDARD: Final[dict[str, str]] = {
    # what was earned over several horizons
    "return_1": "rate_of_change(1)",
    "return_2": "rate_of_change(2)",
    "return_5": "rate_of_change(5)",
    "return_10": "rate_of_change(10)",
    "return_20": "rate_of_change(20)",
    "return_60": "rate_of_change(60)",
    "return_120": "rate_of_change(120)",
    "return_1_z": "rate_of_change(1) / return_std(20)",
    "return_5_z": "rate_of_change(5) / (return_std(60) * sqrt(5))",
    "return_20_z": "rate_of_change(20) / (return_std(60) * sqrt(20))",
    # the shape of the bar
    "gap": f"(open - lag(close, 1)) / {_ATR}",
    "body": f"(close - open) / {_ATR}",
    "upper_wick": f"(high - max(open, close)) / {_ATR}",
    "lower_wick": f"(min(open, close) - low) / {_ATR}",
    "range": f"(high - low) / {_ATR}",
    # how far from averages
    "from_sma_10": f"(close - sma(10)) / {_ATR}",
    "from_sma_20": f"(close - sma(20)) / {_ATR}",
    "from_sma_50": f"(close - sma(50)) / {_ATR}",
    "from_sma_200": f"(close - sma(200)) / {_ATR}",
    "sma_10_50": f"(sma(10) - sma(50)) / {_ATR}",
    "sma_50_200": f"(sma(50) - sma(200)) / {_ATR}",
    "ema_12_26": f"(ema(12) - ema(26)) / {_ATR}",
    "macd_histogram": f"macd(12, 26, 9).histogram / {_ATR}",
    # where in bands and channels
    "zscore_20": "zscore(20)",
    "zscore_60": "zscore(60)",
    "in_keltner": "(close - keltner(20, 10, 2).mid) / (keltner(20, 10, 2).upper - keltner(20, 10, 2).lower)",
    "in_channel_20": "(close - donchian(20).mid) / (donchian(20).upper - donchian(20).lower)",
    "in_channel_55": "(close - donchian(55).mid) / (donchian(55).upper - donchian(55).lower)",
    "from_high_250": "close / highest(250) - 1",
    "from_low_250": "close / lowest(250) - 1",
    "channel_width": f"(donchian(20).upper - donchian(20).lower) / {_ATR}",
    "from_base": f"(close - ichimoku(9, 26, 52).base) / {_ATR}",
    "from_cloud": f"(close - (ichimoku(9, 26, 52).span_a + ichimoku(9, 26, 52).span_b) / 2) / {_ATR}",
    # oscillators, about 0
    "rsi_2": "rsi(2) / 50 - 1",
    "rsi_14": "rsi(14) / 50 - 1",
    "stochastic": "stochastic(14, 3, 3).k / 50 - 1",
    "williams_r": "williams_r(14) / 50 + 1",
    "cci": "cci(20) / 100",
    "ultimate": "ultimate_oscillator(7, 14, 28) / 50 - 1",
    "trix": "trix(15)",
    # strength of the trend
    "adx": "adx(14) / 100",
    "direction": "(directional(14).plus - directional(14).minus) / 100",
    "aroon": "(aroon(25).up - aroon(25).down) / 100",
    "efficiency_10": "efficiency_ratio(10)",
    "efficiency_60": "efficiency_ratio(60)",
    # volatility, and what became of it
    "volatility_20": "return_std(20)",
    "volatility_5_60": "return_std(5) / return_std(60)",
    "volatility_20_120": "return_std(20) / return_std(120)",
    "natr": "natr(14)",
    "atr_5_20": "atr(5) / atr(20)",
    # volume
    "relative_volume": "relative_volume(20)",
    "volume_5_60": "sma(5, on=volume) / sma(60, on=volume)",
    "volume_zscore": "zscore(20, on=volume)",
    "mfi": "mfi(14) / 50 - 1",
    "money_flow": "chaikin_money_flow(20)",
    "obv_20": "change(obv(), 20) / (20 * sma(20, on=volume))",
    "klinger": "klinger(34, 55, 13).line / (100 * sma(60, on=volume))",
    # prices by volume
    "from_vwap_20": f"(close - vwap(20)) / {_ATR}",
    "from_control": f"(close - volume_profile(60, 24, 0.7).point_of_control) / {_ATR}",
    "from_value_high": f"(close - volume_profile(60, 24, 0.7).value_high) / {_ATR}",
    "from_value_low": f"(close - volume_profile(60, 24, 0.7).value_low) / {_ATR}",
}

# of coarser bars; these look at a fixed number of them, because averages without end would need a tail of months
_COARSER: Final[dict[str, str]] = {
    "return_1": 'rate_of_change(1, timeframe="{0}")',
    "return_5": 'rate_of_change(5, timeframe="{0}")',
    "zscore_20": 'zscore(20, timeframe="{0}")',
    "in_channel_20": '2 * williams_r(20, timeframe="{0}") / 100 + 1',
    "efficiency_10": 'efficiency_ratio(10, timeframe="{0}")',
    "aroon": '(aroon(20, timeframe="{0}").up - aroon(20, timeframe="{0}").down) / 100',
    "volatility_20": 'return_std(20, timeframe="{0}")',
}
_INTRADAY: Final[dict[str, str]] = {"from_session_vwap": f"(close - session_vwap()) / {_ATR}"}
_LADDER: Final = ("5min", "15min", "1h", "4h", "1d")
_TIMES_COARSER: Final = (4, 20)  # at least, for the two coarser timeframes


def standard_formulas(frequency: str) -> dict[str, str]:
    """Return the standard features of bars of `frequency` by name; intraday ones also look at two coarser timeframes.

    >>> len(standard_formulas("1d")) >= 50
    True
    >>> [name for name in standard_formulas("15min") if name.startswith("zscore_20_")]
    ['zscore_20_1h', 'zscore_20_1d']
    """
    if not is_intraday(frequency):
        return dict(STANDARD)
    coarser = {
        f"{name}_{timeframe}": text.format(timeframe)
        for timeframe in _coarser_timeframes(frequency)
        for name, text in _COARSER.items()
    }
    return {**STANDARD, **_INTRADAY, **coarser}


def _coarser_timeframes(frequency: str) -> list[str]:
    own = frequency_ns(frequency)
    fitting = [word for word in _LADDER if frequency_ns(word) % own == 0]
    found = [next((word for word in fitting if frequency_ns(word) >= times * own), None) for times in _TIMES_COARSER]
    return list(dict.fromkeys(word for word in found if word is not None))
