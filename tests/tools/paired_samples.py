"""Pairs of return series that several tests of paired inference stand on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from arch.data import frenchdata

from stratkit.inference.comparison import Arm, ComparedMetric, TradeFlows
from stratkit.inference.smooth_metrics import metric_columns
from stratkit.panel import FloatArray
from stratkit.seeds import generator

_FACTORS = {"Mkt-RF": 0, "SMB": 1, "HML": 2}


def factor(name: str, months: int = 600) -> FloatArray:
    """The last months of one of French's factors, in percent; read by position: pandas 3 misreads the dates."""
    return np.asarray(frenchdata.load().to_numpy(dtype=float)[-months:, _FACTORS[name]])


def funds(kind: str) -> tuple[FloatArray, FloatArray]:
    """Both series of Ledoit and Wolf (2008), (120,) each; skips where the file, not ours to copy, is absent."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "vectors" / "lw_rets.json"
        if path.exists():
            first, second = np.array(json.loads(path.read_text(encoding="utf-8"))[kind]).T
            return first.copy(), second.copy()
    pytest.skip("the returns of Ledoit and Wolf (2008) are not ours to copy: ../shared/vectors/lw_rets.json is absent")


def columns(returns: FloatArray, metric: ComparedMetric = "sharpe", flows: TradeFlows | None = None) -> FloatArray:
    """The columns of an arm without a risk-free rate."""
    return metric_columns(metric, Arm("arm", returns, flows), 0.0)


def pair(n: int, *name: str | int, correlation: float = 0.5, drift: float = 0.0005) -> tuple[FloatArray, FloatArray]:
    """Two correlated series of normal returns of one Sharpe ratio, 1 % a period."""
    shared, first, second = generator(0, "pair", *name).standard_normal((3, n))
    by, own = correlation**0.5, (1 - correlation) ** 0.5
    return drift + 0.01 * (by * shared + own * first), drift + 0.01 * (by * shared + own * second)


def flows_of(n: int, *name: str | int, hit: float = 0.5) -> TradeFlows:
    """Closed trades of an arm: on average two a period, won with probability `hit`."""
    draw = generator(0, "flows", *name)
    closed = draw.poisson(2.0, n)
    won = draw.binomial(closed, hit)
    profit, loss = won * draw.uniform(50, 150, n), (closed - won) * draw.uniform(50, 150, n)
    return TradeFlows(closed.astype(float), won.astype(float), profit, loss)
