"""One command line run in the tests: what it gave, and the bars and strategies it is run on."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

BARS = 300
COMMAND = (sys.executable, "-c", "from stratkit.cli.main import main; main()")  # in a process of its own
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


@dataclass(frozen=True)
class Outcome:
    """What one command line gave: exit code, results, talk."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Stratkit = Callable[..., Outcome]
WriteBars = Callable[..., Path]
WriteStrategy = Callable[[str], Path]


def price_frame(bars: int = BARS, drift: float = 0.0005) -> pd.DataFrame:
    """Daily bars of a wavy, rising price; every column is right."""
    day = np.arange(bars)
    close = 100 * np.exp(drift * day + 0.1 * np.sin(day / 12))
    opened = np.concatenate(([100.0], close[:-1])) * (1 + 0.002 * np.cos(day))
    return pd.DataFrame(
        {
            "timestamp": pd.date_range("2020-01-01", periods=bars, freq="D", tz="UTC"),
            "open": opened,
            "high": np.maximum(opened, close) * 1.01,
            "low": np.minimum(opened, close) * 0.99,
            "close": close,
            "volume": 1e6,
        }
    )
