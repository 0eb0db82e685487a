"""`market_of`: bars and what surrounds them as the arrays that the kernel reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.data.bars import Bars
from stratkit.engine.detail import Detail
from stratkit.engine.layout import Market
from stratkit.engine.settings import CostSettings, ExecutionSettings
from stratkit.errors import DataError, UsageError
from stratkit.features.indicators import return_std
from stratkit.frequency import ReturnPeriods, session_days
from stratkit.panel import BoolArray, FloatArray, IntArray

_ABSENT: FloatArray = np.zeros((0, 0))


def market_of(
    bars: Bars,
    periods: ReturnPeriods,
    costs: CostSettings,
    execution: ExecutionSettings,
    *,
    funding: FloatArray | None = None,
    delistings: dict[str, int] | None = None,
    events: tuple[FloatArray, FloatArray] | None = None,
    signal_bars: Bars | None = None,
    detail: Detail | None = None,
    history: Bars | None = None,
) -> Market:
    """Return the market of one replay.

    `funding` (T, N) holds the rates stamped in (times[t-1], times[t]], summed; `delistings` maps a
    symbol to the UTC nanoseconds of its delisting; `events` are split ratios and dividends per share, (T, N) each;
    `signal_bars` are the adjusted bars that volatility is measured on, for raw prices jump at a split; `detail`
    are the finer bars inside each bar; `history` the bars that volatility is measured on when some of them lie before
    `bars`. Raises `DataError` when volume is unknown (NaN,
    or 0 on more than half of a symbol's bars) and an option needs it.
    """
    if execution.max_volume_share_pct is not None or costs.impact_bps > 0:
        _check_volume(bars)
    volatility = _ABSENT
    if costs.slippage_volatility > 0:
        measured = history or signal_bars or bars
        volatility = return_std(measured.close, costs.slippage_volatility_bars)[-len(bars.times) :]
    if funding is not None and funding.shape != bars.shape:
        raise UsageError(f"funding must have the shape of the bars, {bars.shape}; found {funding.shape}")
    return Market(
        times=bars.times,
        day=session_days(bars.times),
        period_end=periods.period_end,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        volume=bars.volume,
        funding=_ABSENT if funding is None else np.ascontiguousarray(funding),
        volatility=volatility,
        delist_bar=_delist_bars(bars, delistings or {}),
        **_acts(bars, events),
        **({} if detail is None else detail.panels()),
    )


def _acts(bars: Bars, events: tuple[FloatArray, FloatArray] | None) -> dict[str, Any]:
    if events is None:
        return {}
    split, dividend = events
    for name, panel in (("split ratios", split), ("dividends", dividend)):
        if panel.shape != bars.shape or not np.isfinite(panel).all():
            raise UsageError(f"{name} must be finite and of the shape of the bars, {bars.shape}; found {panel.shape}")
    if (split <= 0).any():
        raise UsageError(f"split ratios must be above 0; found {split.min():g}")
    acts = ((split != 1) | (dividend != 0)).any(axis=1)
    return {"acts": acts, "split": np.ascontiguousarray(split), "dividend": np.ascontiguousarray(dividend)}


def _check_volume(bars: Bars) -> None:
    exists: BoolArray = np.isfinite(bars.close)
    unknown: BoolArray = np.asarray((exists & np.isnan(bars.volume)).any(axis=0))
    silent: BoolArray = np.asarray((exists & (bars.volume == 0)).sum(axis=0) * 2 > exists.sum(axis=0))
    refused: BoolArray = unknown | silent
    if refused.any():
        column = int(refused.argmax())
        what = "NaN on some of its bars" if unknown[column] else "0 on more than half of its bars"
        raise DataError(
            f"a volume limit or volume-based slippage needs known volumes; that of {bars.symbols[column]!r} is {what}: "
            "switch off execution.max_volume_share_pct and costs.impact_bps, or bring volumes"
        )


def _delist_bars(bars: Bars, delistings: dict[str, int]) -> IntArray:
    bar_of = np.full(len(bars.symbols), -1, dtype=np.int64)
    for symbol, time_ns in delistings.items():
        if symbol in bars.symbols:
            bar = int(np.searchsorted(bars.times, time_ns))
            bar_of[bars.symbols.index(symbol)] = bar if bar < len(bars.times) else -1
    return bar_of
