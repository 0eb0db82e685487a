"""Small bars that tests of the data room change and break."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stratkit.data.bars import Bars
from stratkit.panel import NS_PER_DAY

MakeFrame = Callable[..., pd.DataFrame]
MakeBars = Callable[..., Bars]


@pytest.fixture
def make_frame() -> MakeFrame:
    """A frame of sound bars: `timestamp` with a zone, prices that rise by 1 a bar, volume 1000."""

    def make(count: int = 30, start: str = "2020-01-01", step: str = "1D", first: float = 100.0) -> pd.DataFrame:
        close = first + np.arange(count, dtype=np.float64)
        return pd.DataFrame(
            {
                "timestamp": pd.date_range(start, periods=count, freq=step, tz="UTC"),
                "open": close - 0.5,
                "high": close + 1,
                "low": close - 1,
                "close": close,
                "volume": 1000.0,
            }
        )

    return make


@pytest.fixture
def make_bars() -> MakeBars:
    """A panel of sound bars, T bars x N symbols, whose arrays a test may replace by name."""

    def make(bars: int = 6, symbols: tuple[str, ...] = ("AAA", "BBB"), **changed: np.ndarray) -> Bars:
        close = 100.0 + np.arange(bars, dtype=np.float64)[:, None] + 10.0 * np.arange(len(symbols))
        arrays = {"open": close - 0.5, "high": close + 1, "low": close - 1, "close": close}
        arrays |= {"times": np.arange(bars) * NS_PER_DAY, "volume": np.full_like(close, 1000.0)}
        return Bars(symbols=symbols, frequency="1d", **(arrays | changed))

    return make


@pytest.fixture
def store(tmp_path: Path, make_frame: MakeFrame) -> Path:
    """A store of daily and hourly bars: 1d/AAA, 1d/BBB, 1h/AAA."""
    for name, frame in (
        ("1d/AAA", make_frame(30)),
        ("1d/BBB", make_frame(20, start="2020-01-11", first=50)),
        ("1h/AAA", make_frame(48, step="1h")),
    ):
        path = tmp_path / "store" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(path)
    return tmp_path / "store"
