"""Bars written by hand, one opinion on them, and what a replay of both reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stratkit.backtest import Inputs, RunConfig
from stratkit.data.bars import Bars
from stratkit.engine.detail import detail_of
from stratkit.frequency import frequency_ns
from stratkit.panel import parse_time
from stratkit.strategies.desk import desk_of
from stratkit.strategies.signals import Signals

Row = tuple[float, float, float, float]
CALM: Row = (100.0, 101.0, 99.0, 100.0)
BOTH: Row = (100.0, 106.0, 94.0, 100.0)  # holds stop and target of PLAN
PLAN = {"risk_basis": "distance", "risk": 5, "sl": 1, "tp1": 1}


def day_bars(rows: Sequence[Row], frequency: str = "1d") -> Bars:
    times = parse_time("2024-01-01") + np.arange(len(rows)) * frequency_ns(frequency)
    open_, high, low, close = (np.ascontiguousarray(column[:, None]) for column in np.array(rows).T)
    return Bars(times, ("A",), open_, high, low, close, np.full_like(close, 1000.0), frequency)


def run_config(**settings: Any) -> RunConfig:
    """Return the run of 100 units at a time under `PLAN`."""
    return RunConfig.model_validate(
        {
            "strategies": {"hold": {"enabled": True, "type": "buy_and_hold"}},
            "risk": {"sizing": {"rule": "fixed_units", "units": 100}},
            "exit_plan": PLAN,
            "analytics": {"benchmark": None},
            **settings,
        }
    )


def inputs_of(rows: Sequence[Row], sides: Mapping[int, int], pieces: Sequence[Row] | None = None) -> Inputs:
    """Return what a replay reads: daily bars, sides by bar, and 12-hour pieces, two a day."""
    bars = day_bars(rows)
    side = np.zeros(bars.shape, np.int8)
    for bar, wish in sides.items():
        side[bar] = wish
    detail = None if pieces is None else detail_of(bars, day_bars(pieces, "12h"))
    return Inputs(bars, desk_of(Signals("hold", side=side)), detail=detail)
