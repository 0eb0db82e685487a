"""Repairs of prices and volumes within one bar: rows that go, ranges that widen, units that change."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.data.bars import PRICES
from stratkit.data.clean_settings import CleanSettings
from stratkit.data.raw_rows import RawRows
from stratkit.data.repair import taken, with_values
from stratkit.panel import BoolArray, FloatArray, IntArray

_ROUNDING: Final = 1e-9  # relative; below it the gate sees no violation either
_BPS: Final = 1e-4


def drop_lines(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows without those that a finding names."""
    return taken(raw, ~np.isin(raw.line, lines))


def drop_incomplete(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows that have all four prices."""
    return taken(raw, np.asarray(~np.isnan(_prices(raw)).any(axis=0)))


def drop_infinite(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows without an infinite price or volume."""
    return taken(raw, ~(np.isinf(_prices(raw)).any(axis=0) | np.isinf(raw.rows.volume)))


def drop_non_positive(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows without a zero or negative price."""
    return taken(raw, np.asarray(~(_prices(raw) <= 0).any(axis=0)))


def forget_negative_volume(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows with volumes below zero unknown (NaN)."""
    volume = raw.rows.volume
    return with_values(raw, {"volume": np.where(volume < 0, np.nan, volume)})


def scale_prices(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows with prices divided by `settings.price_scale`; volumes stay."""
    if settings.price_scale is None:
        return raw
    return with_values(raw, {name: getattr(raw.rows, name) / settings.price_scale for name in PRICES})


def widen_range(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows with high and low widened to hold all four prices, where `settings.widen_bps` is enough."""
    top, bottom, excess = _range(raw)
    mend = (excess > _ROUNDING) & (excess <= settings.widen_bps * _BPS)
    return with_values(raw, {"high": np.where(mend, top, raw.rows.high), "low": np.where(mend, bottom, raw.rows.low)})


def drop_crossed(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows whose high and low hold all four prices."""
    return taken(raw, ~_is_crossed(raw))


def _is_crossed(raw: RawRows) -> BoolArray:
    return np.asarray(_range(raw)[2] > _ROUNDING)


def _range(raw: RawRows) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (K,) highest and lowest of the four prices, and how far they stand outside, as a part of the close."""
    prices = _prices(raw)
    with np.errstate(invalid="ignore", divide="ignore"):
        top, bottom = prices.max(axis=0, initial=-np.inf), prices.min(axis=0, initial=np.inf)
        excess = np.maximum(top - raw.rows.high, raw.rows.low - bottom) / np.abs(raw.rows.close)
    return top, bottom, excess


def _prices(raw: RawRows) -> FloatArray:
    return np.stack([getattr(raw.rows, name) for name in PRICES])
