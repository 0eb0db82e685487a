"""Files of returns for A/B tests: one strategy's noise, and what is the same but for a constant or a tail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

WriteReturns = Callable[..., Path]

COUNT = 500


def noise(count: int = COUNT, seed: int = 3, mean: float = 0.0003) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Daily returns of a strategy without much of an edge."""
    return np.random.default_rng(seed).normal(mean, 0.01, count)


def write_returns(path: Path, values: Any, column: str = "return", start: str = "2018-01-01", freq: str = "B") -> Path:
    """Write values with business days from `start`, in the format of the path's ending."""
    frame = pd.DataFrame({"time": pd.date_range(start, periods=len(values), freq=freq), column: values})
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


def write_trades(path: Path, every: int = 4, seed: int = 5, edge: float = 5.0, count: int = COUNT) -> Path:
    """Write a trade on every so-manieth business day."""
    pnl = np.random.default_rng(seed).normal(edge, 100.0, count // every)
    times = pd.date_range("2018-01-01", periods=count, freq="B")[::every][: len(pnl)] + pd.Timedelta("15h")
    pd.DataFrame({"exit_time": times, "return": pnl / 10_000, "pnl": pnl}).to_csv(path, index=False)
    return path
