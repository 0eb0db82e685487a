"""Public daily returns that tests of published figures are computed on."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pandas as pd

from stratkit.panel import FloatArray


@cache
def twenty_stocks() -> FloatArray:
    """Return (8312, 20) daily returns of the stocks in ``skfolio.datasets.load_sp500_dataset``.

    The file is read where the package keeps it: importing skfolio would import an optimiser.
    """
    spec = importlib.util.find_spec("skfolio")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "datasets" / "data" / "sp500_dataset.csv.gz"
    prices = pd.read_csv(path, index_col=0)
    return prices.pct_change().dropna().to_numpy(dtype=float)
