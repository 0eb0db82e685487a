"""The trend figures that rules read are Wilder's: vector wilder-atr-adx-goog."""

from __future__ import annotations

import numpy as np
import pytest

from stratkit.features.indicators import atr
from stratkit.features.trend import adx, directional


def test_wilder_atr_adx_goog() -> None:
    from backtesting.test import GOOG

    # Wilder (1978), 14 bars; TA-Lib 0.8.2 and a second implementation agree
    high, low, close = (GOOG[name].to_numpy(dtype=np.float64)[:, None] for name in ("High", "Low", "Close"))
    ranges, trend = atr(high, low, close, 14)[:, 0], adx(high, low, close, 14)[:, 0]
    assert ranges[np.isfinite(ranges)][0] == pytest.approx(3.8500000000000005, rel=1e-9)
    assert ranges[-1] == pytest.approx(12.22759325990152, rel=1e-9)
    sides = directional(high, low, close, 14)
    assert [sides.plus[-1, 0], sides.minus[-1, 0]] == pytest.approx([30.07354670824198, 12.909980442543922], rel=1e-9)
    assert np.flatnonzero(np.isfinite(trend))[0] == 27
    assert trend[[27, -1]] == pytest.approx([38.96330617841732, 41.2324891357677], rel=1e-9)
