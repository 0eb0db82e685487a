"""Indicators beside pandas-ta-classic, where its definition is the same. Where it is not:

* klinger: it signs the volume by the change of (high + low + close) / 3 and knows no run of ranges;
* keltner: its width is an exponential average of the true range, ours Wilder's;
* supertrend: it begins up and compares the close with the band of the bar before: directions agree after the first
  turn, lines do not;
* zscore: it divides by the sample deviation;
* parabolic_sar: it begins on the side of the first close; after the first turns both agree;
* mfi, ultimate_oscillator, kama: it gives a value one bar earlier, before all their changes exist.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from market_panels import Array, market

from stratkit.features import channels, oscillators, statistics, trend, volume

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own use of what pandas has deprecated
    import pandas_ta_classic as ta

PANELS = market(400, 1)
HIGH, LOW, CLOSE, VOLUME = (PANELS[name] for name in ("high", "low", "close", "volume"))
TIMES = PANELS["times"].astype(np.int64)
h, l, c, v = (pd.Series(panel.ravel(), pd.to_datetime(TIMES)) for panel in (HIGH, LOW, CLOSE, VOLUME))


def columns(frame: Any, *names: str) -> list[Any]:
    return [frame[name] for name in names]


def ichimoku_lines() -> list[Any]:
    return columns(ta.ichimoku(h, l, c, as_dataframe=True), "ITS_9", "IKS_26", "ISA_9", "ISB_26")


BESIDE: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "stochastic": (
        lambda: oscillators.stochastic(HIGH, LOW, CLOSE),
        lambda: columns(ta.stoch(h, l, c, 14, 3, 3, talib=False), "STOCHk_14_3_3", "STOCHd_14_3_3"),
    ),
    "williams_r": (lambda: oscillators.williams_r(HIGH, LOW, CLOSE), lambda: ta.willr(h, l, c, 14, talib=False)),
    "cci": (lambda: oscillators.cci(HIGH, LOW, CLOSE), lambda: ta.cci(h, l, c, 20, talib=False)),
    "mfi": (lambda: oscillators.mfi(HIGH, LOW, CLOSE, VOLUME), lambda: ta.mfi(h, l, c, v, 14, talib=False)),
    "ultimate": (lambda: oscillators.ultimate_oscillator(HIGH, LOW, CLOSE), lambda: ta.uo(h, l, c, talib=False)),
    "trix": (lambda: oscillators.trix(CLOSE), lambda: ta.trix(c, 15, talib=False)["TRIX_15_9"]),
    "adx": (lambda: trend.adx(HIGH, LOW, CLOSE), lambda: ta.adx(h, l, c, 14, talib=False)["ADX_14"]),
    "directional": (
        lambda: trend.directional(HIGH, LOW, CLOSE),
        lambda: columns(ta.adx(h, l, c, 14, talib=False), "DMP_14", "DMN_14"),
    ),
    "aroon": (
        lambda: trend.aroon(HIGH, LOW),
        lambda: columns(ta.aroon(h, l, 25, talib=False), "AROONU_25", "AROOND_25"),
    ),
    "kama": (lambda: trend.kama(CLOSE), lambda: ta.kama(c, 10, 2, 30, talib=False)),
    "efficiency_ratio": (lambda: trend.efficiency_ratio(CLOSE), lambda: ta.er(c, 10)),
    "wma": (lambda: trend.wma(CLOSE, 10), lambda: ta.wma(c, 10, talib=False)),
    "linear_slope": (lambda: trend.linear_slope(CLOSE), lambda: ta.linreg(c, 20, slope=True, talib=False)),
    "ichimoku": (lambda: trend.ichimoku(HIGH, LOW, CLOSE), ichimoku_lines),
    "donchian": (
        lambda: channels.donchian(HIGH, LOW),
        lambda: columns(ta.donchian(h, l, 20, 20), "DCM_20_20", "DCU_20_20", "DCL_20_20"),
    ),
    "natr": (lambda: channels.natr(HIGH, LOW, CLOSE), lambda: ta.natr(h, l, c, 14, talib=False)),
    "obv": (lambda: volume.obv(CLOSE, VOLUME), lambda: ta.obv(c, v, talib=False)),
    "accumulation_distribution": (
        lambda: volume.accumulation_distribution(HIGH, LOW, CLOSE, VOLUME),
        lambda: ta.ad(h, l, c, v, talib=False),
    ),
    "chaikin_oscillator": (
        lambda: volume.chaikin_oscillator(HIGH, LOW, CLOSE, VOLUME),
        lambda: ta.adosc(h, l, c, v, talib=False),
    ),
    "chaikin_money_flow": (
        lambda: volume.chaikin_money_flow(HIGH, LOW, CLOSE, VOLUME),
        lambda: ta.cmf(h, l, c, v, length=20),
    ),
    "session_vwap": (
        lambda: volume.session_vwap(HIGH, LOW, CLOSE, VOLUME, TIMES),
        lambda: ta.vwap(h, l, c, v, anchor="D"),
    ),
    "zscore": (lambda: statistics.zscore(CLOSE), lambda: ta.zscore(c, 20) * np.sqrt(20 / 19)),
}


@pytest.mark.parametrize("name", BESIDE)
def test_an_indicator_agrees_with_pandas_ta(name: str) -> None:
    ours, theirs = (each() for each in BESIDE[name])
    found = ours if isinstance(ours, tuple) else (ours,)
    wanted = theirs if isinstance(theirs, list) else [theirs]
    for panel, series in zip(found, wanted, strict=True):
        known = np.isfinite(panel.ravel())
        assert known.sum() > 300
        np.testing.assert_allclose(panel.ravel()[known], np.asarray(series, np.float64)[known], rtol=1e-9, atol=1e-9)


def test_stops_agree_with_pandas_ta_after_the_first_turn() -> None:
    frame = ta.psar(h, l, talib=False)
    theirs: Array = frame["PSARl_0.02_0.2"].fillna(frame["PSARs_0.02_0.2"]).to_numpy()
    np.testing.assert_allclose(trend.parabolic_sar(HIGH, LOW).ravel()[40:], theirs[40:], rtol=1e-12)
    direction = trend.supertrend(HIGH, LOW, CLOSE).direction.ravel()
    np.testing.assert_array_equal(direction[40:], ta.supertrend(h, l, c, 10, 3.0)["SUPERTd_10_3.0"].to_numpy()[40:])
    assert (np.diff(direction[40:]) != 0).sum() > 5
