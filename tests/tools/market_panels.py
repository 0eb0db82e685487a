"""Panels that indicators are tested on, and a plain function of one series put on each column's own bars."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from stratkit.features.specs import spec_of
from stratkit.seeds import generator

Array = npt.NDArray[np.float64]
Function = Callable[..., Any]
Kind = Literal["whole", "holes", "halted"]
KINDS: tuple[Kind, ...] = ("whole", "holes", "halted")
NAN = math.nan
MINUTES_PER_BAR = 97


def market(bars: int, symbols: int, kind: Kind = "whole", seed: int = 1) -> dict[str, Array]:
    """Return open, high, low, close, volume (T, N) and times (T,).

    "holes": a quarter of the bars is missing, the first and last of the first symbol among them, and some
    volumes are unknown. "halted": prices stand still without volume for a third of the time, in two spells.
    """
    draw = generator(seed, "indicators")
    close = 100 * np.exp(np.cumsum(0.02 * draw.standard_normal((bars, symbols)), axis=0))
    high = close * (1 + 0.02 * draw.random((bars, symbols)))
    low = close * (1 - 0.02 * draw.random((bars, symbols)))
    open_ = low + (high - low) * draw.random((bars, symbols))
    volume = np.round(1000 * draw.random((bars, symbols)) ** 3)
    missing = draw.random((bars, symbols)) < 0.25
    unknown = draw.random((bars, symbols)) < 0.05
    times = (np.arange(bars) * MINUTES_PER_BAR * 60 * 10**9).astype(np.int64)
    if kind == "halted":
        for start in (bars // 5, bars // 2):
            spell = slice(start, start + bars // 6)
            volume[spell] = 0.0
            for panel in (open_, high, low, close):
                panel[spell] = close[start]
    panels = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
    if kind == "holes":
        missing[:3, 0] = missing[-2:, 0] = True
        panels = {name: np.where(missing, np.nan, panel) for name, panel in panels.items()}
        panels["volume"][unknown] = np.nan
    return {**panels, "times": times}


def inputs_of(function: Function, panels: dict[str, Array]) -> list[Array]:
    """Return the panels that a declared indicator reads."""
    return [panels[name] for name in spec_of(function).inputs]


def as_panels(result: Any) -> list[Array]:
    """Return what an indicator handed on as a list of panels."""
    return list(result) if isinstance(result, tuple) else [result]


def on_columns(plain: Function, params: tuple[float, ...], panels: list[Array]) -> list[Array]:
    """Return the plain formula of each column's own bars, put back in their places."""
    wide = [panel for panel in panels if panel.ndim == 2]
    outputs: list[Array] = []
    for column in range(wide[0].shape[1]):
        own = np.logical_and.reduce([np.isfinite(panel[:, column]) for panel in wide])
        cut = [(panel[own] if panel.ndim == 1 else panel[own, column]).tolist() for panel in panels]
        result = plain(*cut, *params)
        series = result if result and isinstance(result[0], list) else [result]
        outputs = outputs or [np.full(wide[0].shape, np.nan) for _ in series]
        for output, values in zip(outputs, series, strict=True):
            output[own, column] = values
    return outputs


def assert_is_formula(function: Function, plain: Function, params: tuple[float, ...], kind: Kind) -> None:
    """Fail unless an indicator equals the plain formula, on one symbol and on several."""
    for symbols in (1, 3):
        prices = inputs_of(function, market(160, symbols, kind))
        found, wanted = as_panels(function(*prices, *params)), on_columns(plain, params, prices)
        assert len(found) == len(wanted)
        for ours, theirs in zip(found, wanted):
            assert ours.dtype == np.float64
            assert ours.flags.c_contiguous
            assert np.isfinite(ours).any()
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def plain_sma(x: list[float], n: int) -> list[float]:
    return [NAN if t < n - 1 else sum(x[t - n + 1 : t + 1]) / n for t in range(len(x))]


def plain_ema(x: list[float], n: int) -> list[float]:
    """Start from the simple average of the first n values; NaN at the beginning is left out."""
    first = next((t for t, value in enumerate(x) if not math.isnan(value)), len(x))
    out = [NAN] * len(x)
    for t in range(first + n - 1, len(x)):
        starts = t == first + n - 1
        out[t] = sum(x[first : t + 1]) / n if starts else out[t - 1] + 2 / (n + 1) * (x[t] - out[t - 1])
    return out


def plain_ranges(high: list[float], low: list[float], close: list[float]) -> list[float]:
    """The true range, from the second bar on."""
    return [NAN] + [
        max(high[t] - low[t], abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1])) for t in range(1, len(high))
    ]


def plain_atr(high: list[float], low: list[float], close: list[float], n: int) -> list[float]:
    ranges = plain_ranges(high, low, close)
    out = [NAN] * len(high)
    for t in range(n, len(high)):
        out[t] = sum(ranges[1 : n + 1]) / n if t == n else (out[t - 1] * (n - 1) + ranges[t]) / n
    return out


def plain_window(x: list[float], t: int, n: int) -> list[float]:
    """The last n values up to bar t, fewer at the beginning."""
    return x[max(0, t - n + 1) : t + 1]
