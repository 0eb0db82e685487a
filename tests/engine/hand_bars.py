"""Bars, finer bars and opinions of one symbol written out by hand, for replays through `simulate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stratkit.data.bars import Bars
from stratkit.engine.layout import FILL_REASONS
from stratkit.engine.result import BacktestResult
from stratkit.engine.settings import AccountSettings
from stratkit.frequency import frequency_ns
from stratkit.panel import FloatArray, parse_time
from stratkit.risk.settings import RiskSettings, SizingSettings
from stratkit.strategies.signals import Signals

Row = tuple[float, float, float, float] | None
START = "2024-01-01"
ONE_UNIT = RiskSettings(sizing=SizingSettings(rule="fixed_units", units=1.0))
ROOMY = AccountSettings(leverage=10.0)  # shorts of any size are allowed
MIDDLE = 100.0  # prices are mirrored around it to make a short of a long


def bars_of(rows: Sequence[Row], frequency: str = "1d", start: str = START, mirrored: bool = False) -> Bars:
    """Return bars of one symbol from (open, high, low, close); None = no bar; mirrored: a long's become a short's."""
    prices = np.array([(np.nan,) * 4 if row is None else row for row in rows], dtype=np.float64)
    if mirrored:
        prices = (2 * MIDDLE - prices)[:, [0, 2, 1, 3]]
    times = parse_time(start) + np.arange(len(rows)) * frequency_ns(frequency)
    open_, high, low, close = (np.ascontiguousarray(column[:, None]) for column in prices.T)
    return Bars(times, ("A",), open_, high, low, close, np.where(np.isnan(close), np.nan, 1000.0), frequency)


def opinion(
    count: int, side: Mapping[int, int], panels: Mapping[str, Mapping[int, float]] | None = None, **rest: Any
) -> Signals:
    """Return signals of one symbol from {bar: side} and {panel: {bar: value}}."""
    given: dict[str, Any] = {name: cells(count, values, np.nan) for name, values in (panels or {}).items()}
    return Signals("mine", side=cells(count, side, 0).astype(np.int8), **given, **rest)


def cells(count: int, values: Mapping[int, float], default: float) -> FloatArray:
    panel = np.full((count, 1), default)
    for bar, value in values.items():
        panel[bar, 0] = value
    return panel


def fills(result: BacktestResult) -> list[tuple[int, float, float, str]]:
    """Return the fills as (bar, units bought or sold, price, reason)."""
    return [
        (int(row.bar), float(row.direction * row.quantity), float(row.price), FILL_REASONS[row.reason])
        for row in result.fills
    ]


def check_account(result: BacktestResult, bars: Bars) -> None:
    """Equity is cash and what is held at its mark, and what was earned is the P&L of the trades; no splits here."""
    fills_ = result.fills
    held = np.zeros(len(bars.times))
    np.add.at(held, fills_["bar"], fills_["direction"] * fills_["quantity"])
    mark = bars.close[np.maximum.accumulate(np.where(np.isfinite(bars.close[:, 0]), np.arange(len(held)), 0)), 0]
    np.testing.assert_allclose(result.equity, result.cash + np.cumsum(held) * mark, rtol=1e-9)
    assert np.isclose(result.equity[-1] - result.initial_cash, result.trades["pnl"].sum(), atol=1e-6)
