"""Statistics of one series over its recent bars.

Panels (T, N), the own-bars rule and lookbacks as in `stratkit.features.indicators`.
"""

from __future__ import annotations

from stratkit.features.own_bars import on_own_bars
from stratkit.features.parameter_checks import check_window
from stratkit.features.specs import indicator
from stratkit.features.windows import quotient, window_moments
from stratkit.panel import FloatArray


@indicator("close", lookback=lambda window_bars: window_bars - 1)
def zscore(close: FloatArray, window_bars: int = 20) -> FloatArray:
    """Return (close - mean) / population standard deviation of the last `window_bars`, NaN where nothing moved.

    So the Bollinger band of k deviations is where the z-score is k.
    """
    check_window("window_bars", window_bars, 2)

    def series(closes: FloatArray) -> tuple[FloatArray]:
        mean, deviation = window_moments(closes, window_bars)
        return (quotient(closes - mean, deviation),)

    return on_own_bars(series, close)[0]
