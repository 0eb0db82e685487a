"""The case of the indicators: fifteen of them on one series, beside a bare loop that does the hardest one plainly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import bare
import numpy as np
from cases import Case, Row

from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_minutes
from stratkit.features.indicators import bollinger, macd, rsi
from stratkit.features.oscillators import cci, stochastic, williams_r
from stratkit.features.source import IndicatorSource
from stratkit.features.trend import adx, aroon, ichimoku, parabolic_sar
from stratkit.features.volume import accumulation_distribution, chaikin_money_flow, klinger, obv
from stratkit.features.volume_profile import volume_profile

ON_PRICES: Final = (
    rsi, macd, bollinger, stochastic, williams_r, cci, adx, ichimoku, parabolic_sar, aroon,
)  # fmt: skip
ON_VOLUME: Final = (chaikin_money_flow, obv, accumulation_distribution, klinger)
WINDOW, BINS, SHARE = 200, 24, 0.70
AGREEING: Final = 0.9999  # of the bars: sums in another order may turn a tie


def indicators_case(bars: int) -> Case:
    """Return fifteen indicators with their defaults on one series of minute bars, nothing kept between them."""
    minutes = synthetic_minutes(bars)
    high, low, volume = np.ravel(minutes.high), np.ravel(minutes.low), np.ravel(minutes.volume)

    def plain() -> bare.Floats:
        return bare.points_of_control(high, low, volume, WINDOW, BINS)

    found = np.ravel(IndicatorSource(minutes).compute(volume_profile, WINDOW, BINS, SHARE).point_of_control)
    agreeing = float(np.isclose(found, plain(), rtol=1e-9, atol=0.0, equal_nan=True).mean())
    if agreeing < AGREEING:
        raise SystemExit(f"points of control must be those of the bare loop; they are on {agreeing:.4%} of the bars")
    every = (*ON_PRICES, *ON_VOLUME, volume_profile)
    rows = {
        "bare loop: points of control, filled anew": Row(plain),
        f"stratkit: all {len(every)}": Row(lambda: _compute(minutes, every), limit_ms=1_500.0),
        f"  of this: {len(ON_PRICES)} on prices": Row(lambda: _compute(minutes, ON_PRICES)),
        f"  of this: {len(ON_VOLUME)} on volume": Row(lambda: _compute(minutes, ON_VOLUME)),
        "  of this: volume profile with value area": Row(lambda: _compute(minutes, (volume_profile,))),
    }
    facts = f"points of control agree with the bare loop on {agreeing:.4%} of the bars"
    return Case(f"{len(every)} indicators on {bars:,} minute bars; profile of {WINDOW} bars, {BINS} bins", rows, facts)


def _compute(minutes: Bars, functions: tuple[Callable[..., object], ...]) -> None:
    source = IndicatorSource(minutes, max_bytes=0)
    for function in functions:
        source.compute(function)
