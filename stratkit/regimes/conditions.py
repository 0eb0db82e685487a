"""`conditions`: the state of a market along four axes: trend, volatility, volume and sentiment."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.features.expanding_rank import expanding_rank
from stratkit.features.own_bars import on_own_bars
from stratkit.features.rolling_median import rolling_median
from stratkit.panel import FloatArray, on_axes
from stratkit.regimes.by_rank import labels_by_rank
from stratkit.regimes.figures import trend_figures
from stratkit.regimes.labels import UNKNOWN, RegimeLabels
from stratkit.regimes.rule_labels import judge, range_confidence, trend_confidence, trend_thresholds
from stratkit.regimes.settings import RegimeSettings, RuleSettings
from stratkit.regimes.volatility_labels import TERCILES, volatility_rank

TREND_NAMES: Final = ("bull", "bear", "sideways")
_EXTREME: Final = 0.95  # of all before
_VOLUME_NAMES: Final = ("low", "normal", "high", "spike")
_VOLUME_MULTIPLES: Final = (0.5, 1.5, 3.0)  # of the median of the bars before
_SENTIMENT_NAMES: Final = ("fear", "neutral", "greed", "euphoria")
_SENTIMENT_CUTS: Final = (0.25, 0.75, 0.95)  # of all before


def conditions(
    bars: Bars, series: FloatArray | None = None, settings: RegimeSettings | None = None
) -> dict[str, RegimeLabels]:
    """Return the labels of each axis by its name, all causal; `sentiment` only where a series (T, N) is given.

    A high figure of the series must mean greed: give one of fear, such as a volatility index, with its sign turned.

    >>> from stratkit.data.synthetic import synthetic_universe
    >>> found = conditions(synthetic_universe(1, 300, "1d").bars)
    >>> {axis: labels.names for axis, labels in found.items()}["volatility"]
    ('low', 'medium', 'high', 'extreme')
    """
    chosen = settings or RegimeSettings()
    found = {
        "trend": trend_labels(bars, chosen.rules),
        "volatility": volatility_condition(bars, chosen.vol_bars, chosen.fit.min_bars),
        "volume": volume_condition(bars, chosen.rules.value_bars),
    }
    if series is not None:
        found["sentiment"] = sentiment_condition(bars, series, chosen.fit.min_bars)
    return found


def trend_labels(bars: Bars, settings: RuleSettings) -> RegimeLabels:
    """Return bull or bear where ADX and trend strength are both large, sideways elsewhere; thresholds as in rules.

    The confidence is that of a trend or of a range by rule, and 0.5 where only one of the two is large.
    """
    figures = trend_figures(bars)
    judged = judge(figures, settings)
    label = np.where(judged.trends, np.where(figures.strength > 0, 0, 1), 2)
    sure = np.where(judged.trends, trend_confidence(figures), np.where(judged.ranges, range_confidence(figures), 0.5))
    return RegimeLabels(
        "trend", TREND_NAMES, np.where(judged.known, label, UNKNOWN).astype(np.int8),
        np.where(judged.known, sure, np.nan), causal=True,
        rule=f"ADX and trend strength both large, else sideways; {trend_thresholds(settings)}",
    )  # fmt: skip


def labelled(settings: RegimeSettings, bars: Bars) -> RegimeLabels:
    """Return the labels of trend that settings of regimes ask for."""
    return trend_labels(bars, settings.rules)


def volatility_condition(bars: Bars, vol_bars: int, least_bars: int) -> RegimeLabels:
    """Return the terciles of volatility among all before, and extreme for the highest twentieth."""
    rank = volatility_rank(bars, vol_bars, least_bars)
    rule = f"terciles and the {_EXTREME:g} quantile of the deviation of {vol_bars} returns among all before"
    return labels_by_rank("volatility", ("low", "medium", "high", "extreme"), rank, (*TERCILES, _EXTREME), rule)


def volume_condition(bars: Bars, window_bars: int) -> RegimeLabels:
    """Return low, normal, high or spike by volume over its median of the `window_bars` own bars before.

    Below 0.5, below 1.5, below 3, and from 3 on; no label where volume is missing or that median is 0. The confidence
    is 0.5 at a limit and nears 1 away from it, by the ratio of the figure to the nearest limit.
    """
    median = _before(bars.volume, window_bars)
    ratio = np.divide(bars.volume, median, out=np.full(bars.shape, np.nan), where=median > 0)
    known = np.isfinite(ratio)
    label = np.searchsorted(_VOLUME_MULTIPLES, np.where(known, ratio, 1.0), side="right")
    with np.errstate(divide="ignore"):
        apart = np.min([np.abs(np.log(ratio / limit)) for limit in _VOLUME_MULTIPLES], axis=0)
    return RegimeLabels(
        "volume", _VOLUME_NAMES, np.where(known, label, UNKNOWN).astype(np.int8),
        np.where(known, 1.0 - 0.5 * np.exp(-apart), np.nan), causal=True,
        rule=f"volume over its median of {window_bars} bars before: 0.5, 1.5, 3", lookback_bars=window_bars,
    )  # fmt: skip


def sentiment_condition(bars: Bars, series: FloatArray, least_bars: int) -> RegimeLabels:
    """Return fear, neutral, greed or euphoria by where a series (T, N) stands among all its values on bars before."""
    values = np.where(np.isfinite(bars.close), on_axes(series, bars.shape, "a series of sentiment"), np.nan)
    rule = "quantiles 0.25, 0.75 and 0.95 of the series among all before"
    return labels_by_rank("sentiment", _SENTIMENT_NAMES, expanding_rank(values, least_bars), _SENTIMENT_CUTS, rule)


def _before(values: FloatArray, window_bars: int) -> FloatArray:
    """Return (T, N) the median of the own values before each one."""

    def series(own: FloatArray) -> tuple[FloatArray]:
        late = np.full(len(own), np.nan)
        late[1:] = rolling_median(own[:-1].reshape(-1, 1), window_bars).ravel()
        return (late,)

    return on_own_bars(series, values)[0]
