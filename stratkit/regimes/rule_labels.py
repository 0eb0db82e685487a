"""`rule_labels`: one of seven regimes on each bar, by rules on trend, volatility and trading, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.features.rolling_median import rolling_median
from stratkit.features.rolling_rank import rolling_rank
from stratkit.features.spread import high_low_spread
from stratkit.panel import BoolArray, FloatArray
from stratkit.regimes.figures import TrendFigures, trend_figures
from stratkit.regimes.labels import UNKNOWN, RegimeLabels
from stratkit.regimes.settings import RegimeSettings, RuleSettings

RULE_NAMES: Final = (
    "trend_up", "trend_down", "range_low_vol", "range_high_vol", "high_volatility", "illiquid", "unknown",
)  # fmt: skip
_SPREAD_BARS: Final = 21  # a month of days, over which the source averages its estimates
_SHOWN: Final = 5  # symbols that a note names
_PERCENT: Final = 1e-2


@dataclass(frozen=True)
class Judged:
    """What the rules found, (T, N) each: `trends` and `ranges` exclude each other, and where neither is, it is unclear.

    `high_vol` is high volatility, `wild` what makes a range a wild one; `known` where everything could be judged.
    """

    trends: BoolArray
    ranges: BoolArray
    high_vol: BoolArray
    wild: BoolArray
    known: BoolArray


def rule_labels(bars: Bars, settings: RuleSettings) -> RegimeLabels:
    """Return one of `RULE_NAMES` for each bar; -1 before the figures are known and where a symbol has no bar.

    The first rule that holds decides: illiquid (traded value below a share of its median, and a high-low spread above
    its quantile), high volatility (ATR(14) / price), trend (ADX(14) and the size of trend strength both large), range
    (both small; a wild or a quiet one by ATR / price), else unknown. With quantile thresholds a figure is compared
    with what the symbol showed on the bars before, itself left out. As long as the illiquid rule lacks volume or past
    spreads it is skipped, which `rule` and `notes` say.

    >>> from stratkit.data.synthetic import synthetic_universe
    >>> labels = rule_labels(synthetic_universe(1, 400, "1d").bars, RuleSettings())
    >>> labels.label[48, 0], labels.label[49, 0] >= 0, labels.causal
    (np.int8(-1), np.True_, True)
    """
    figures = trend_figures(bars)
    judged = judge(figures, settings)
    is_illiquid = illiquid(bars, settings)
    rules = (
        (is_illiquid, "illiquid", 0.95),
        (judged.high_vol, "high_volatility", 0.9),
        (judged.trends & (figures.strength > 0), "trend_up", trend_confidence(figures)),
        (judged.trends, "trend_down", trend_confidence(figures)),
        (judged.ranges & judged.wild, "range_high_vol", range_confidence(figures)),
        (judged.ranges, "range_low_vol", range_confidence(figures)),
    )
    holds = [where for where, _, _ in rules]
    label = np.select(holds, [RULE_NAMES.index(name) for _, name, _ in rules], RULE_NAMES.index("unknown"))
    confidence = np.select(holds, [sure for _, _, sure in rules], 0.5)
    return RegimeLabels(
        "rules", RULE_NAMES, np.where(judged.known, label, UNKNOWN).astype(np.int8),
        np.where(judged.known, confidence, np.nan), causal=True, rule=_in_words(settings),
        notes=tuple(_notes(bars, settings)),
    )  # fmt: skip


def labelled(settings: RegimeSettings, bars: Bars) -> RegimeLabels:
    """Return the labels by rule that settings of regimes ask for."""
    return rule_labels(bars, settings.rules)


def judge(figures: TrendFigures, settings: RuleSettings) -> Judged:
    """Return what trend and volatility are under fixed or quantile thresholds."""
    size = np.abs(figures.strength)
    if settings.thresholds == "fixed":
        strong = (figures.adx >= settings.trend_adx, size >= settings.trend_strength)
        volatility, known = figures.atr_frac, figures.are_known
        wild, high = settings.range_vol_atr_pct * _PERCENT, settings.high_vol_atr_pct * _PERCENT
    else:
        ranks = [rolling_rank(figure, settings.quantile_bars) for figure in (figures.adx, size, figures.atr_frac)]
        strong = (ranks[0] >= settings.trend_quantile, ranks[1] >= settings.trend_quantile)
        volatility, known = ranks[2], np.asarray(np.isfinite(ranks).all(axis=0))
        wild, high = settings.range_vol_quantile, settings.high_vol_quantile
    return Judged(
        np.asarray(strong[0] & strong[1]), np.asarray(~strong[0] & ~strong[1]), np.asarray(volatility >= high),
        np.asarray(volatility >= wild), known,
    )  # fmt: skip


def trend_confidence(figures: TrendFigures) -> FloatArray:
    """Return (T, N) how sure a trend is: min(0.95, 0.6 + 0.2 ADX / 100 + 0.15 |strength|)."""
    return np.asarray(np.minimum(0.95, 0.6 + 0.2 * figures.adx / 100.0 + 0.15 * np.abs(figures.strength)))


def range_confidence(figures: TrendFigures) -> FloatArray:
    """Return (T, N) how sure a range is: min(0.9, 0.65 + 0.25 (1 - |strength|))."""
    return np.asarray(np.minimum(0.9, 0.65 + 0.25 * (1.0 - np.abs(figures.strength))))


def illiquid(bars: Bars, settings: RuleSettings) -> BoolArray:
    """Return (T, N) where little is traded and the spread is wide; nowhere as long as one of them is not known.

    Traded value is close x volume, compared with its median over `value_bars` own bars, this one included; the spread
    is that of `high_low_spread`, compared with its quantile over the `quantile_bars` before.
    """
    value = bars.close * bars.volume
    thin = value < settings.illiquid_value * rolling_median(value, settings.value_bars)
    spread = high_low_spread(bars.high, bars.low, bars.close, _SPREAD_BARS)
    wide = rolling_rank(spread, settings.quantile_bars) > settings.illiquid_spread_quantile
    return np.asarray(thin & wide)


def trend_thresholds(settings: RuleSettings) -> str:
    """Return in words from where on ADX and trend strength are large."""
    if settings.thresholds == "fixed":
        return f"thresholds fixed: ADX {settings.trend_adx:g}, trend strength {settings.trend_strength:g}"
    return (
        f"thresholds quantiles of each symbol's {settings.quantile_bars} bars before: {settings.trend_quantile:g} of "
        "ADX and trend strength"
    )


def _in_words(settings: RuleSettings) -> str:
    if settings.thresholds == "fixed":
        of_range = f"ATR/price {settings.range_vol_atr_pct:g} % (wild range) and {settings.high_vol_atr_pct:g} %"
        used = f"{of_range} (high volatility)"
    else:
        used = (
            f"{settings.range_vol_quantile:g} (wild range) and {settings.high_vol_quantile:g} (high volatility) of "
            "ATR/price"
        )
    first = max(settings.value_bars, settings.quantile_bars + _SPREAD_BARS + 1)
    return (
        f"{trend_thresholds(settings)}, {used}; illiquid: traded value below {settings.illiquid_value:g} x its "
        f"{settings.value_bars}-bar median and a Corwin-Schultz spread above its {settings.illiquid_spread_quantile:g} "
        f"quantile, judged from a symbol's bar {first:,} on"
    )


def _notes(bars: Bars, settings: RuleSettings) -> Iterator[str]:
    has_bar = np.isfinite(bars.close)
    without: BoolArray = np.asarray(has_bar.any(axis=0) & ~(has_bar & (bars.volume > 0)).any(axis=0))
    names = [symbol for symbol, missing in zip(bars.symbols, without, strict=True) if missing]
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield f"the illiquid rule is skipped where volume is missing: {', '.join(names[:_SHOWN])}{more}"
