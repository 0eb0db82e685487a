"""`volatility_labels`: low, medium or high volatility on each bar, by terciles of all that was before."""

from __future__ import annotations

from typing import Final

from stratkit.data.bars import Bars
from stratkit.features.expanding_rank import expanding_rank
from stratkit.features.indicators import return_std
from stratkit.panel import FloatArray
from stratkit.regimes.by_rank import labels_by_rank
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeSettings

VOLATILITY_NAMES: Final = ("low", "medium", "high")
TERCILES: Final = (1.0 / 3.0, 2.0 / 3.0)


def volatility_labels(bars: Bars, vol_bars: int = 21, least_bars: int = 252) -> RegimeLabels:
    """Return terciles of the standard deviation of the last `vol_bars` returns, against all values up to the bar.

    The terciles of a bar come from what had been seen by then: those of the whole sample would tell how volatile the
    future is. No label before `least_bars` values; holes are skipped.

    >>> from stratkit.data.synthetic import synthetic_universe
    >>> labels = volatility_labels(synthetic_universe(1, 300, "1d").bars)
    >>> int((labels.label[:, 0] < 0).sum()), labels.names
    (272, ('low', 'medium', 'high'))
    """
    rule = f"terciles of the deviation of {vol_bars} returns among all before, from {least_bars} values on"
    return labels_by_rank("volatility", VOLATILITY_NAMES, volatility_rank(bars, vol_bars, least_bars), TERCILES, rule)


def labelled(settings: RegimeSettings, bars: Bars) -> RegimeLabels:
    """Return the terciles of volatility that settings of regimes ask for."""
    return volatility_labels(bars, settings.vol_bars, settings.fit.min_bars)


def volatility_rank(bars: Bars, vol_bars: int, least_bars: int) -> FloatArray:
    """Return (T, N) how the volatility of a bar stands among all before, 0 to 1; NaN where that is not known."""
    return expanding_rank(return_std(bars.close, vol_bars), least_bars)
