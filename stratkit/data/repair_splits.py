"""Repair of stretches that splits have left unadjusted, by a file of actions: never by a guess at a jump."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.data.actions_file import load_actions
from stratkit.data.bars import PRICES
from stratkit.data.clean_settings import CleanSettings
from stratkit.data.raw_rows import RawRows
from stratkit.data.repair import with_values
from stratkit.errors import UsageError
from stratkit.panel import FloatArray, IntArray

_NEAR: Final = 0.5  # a jump nearer to the split's than to none, on a log scale


def apply_splits(raw: RawRows, settings: CleanSettings, lines: IntArray) -> RawRows:
    """Return the rows with prices before each split divided and volumes multiplied by its ratio, where they were not.

    A stretch counts as unadjusted when the price jumps at the ex-date by what the split explains better
    than no split; it reaches back to an opposite jump of the same size, or to the first row.
    """
    if settings.actions_path is None:
        return raw
    if (raw.rows.inner_steps <= 0).any():
        raise UsageError("splits are applied to rows in order, one a stamp: ask for the repairs sort and keep as well")
    actions = load_actions(settings.actions_path)
    shares = np.ones(len(raw.line))
    for place in np.flatnonzero(actions.is_split):
        symbol = actions.symbols[place]
        if symbol in raw.rows.symbols:
            n = raw.rows.symbols.index(symbol)
            span = slice(int(raw.rows.offsets[n]), int(raw.rows.offsets[n + 1]))
            close = raw.rows.close[span] / shares[span]
            stretch = _unadjusted(raw.rows.times[span], close, int(actions.times[place]), float(actions.value[place]))
            shares[span][stretch] *= actions.value[place]
    values = {name: getattr(raw.rows, name) / shares for name in PRICES}
    return with_values(raw, {**values, "volume": raw.rows.volume * shares})


def _unadjusted(times: IntArray, close: FloatArray, ex_date: int, ratio: float) -> slice:
    """Return the rows before an ex-date that are in shares of before it; none when the price does not jump there."""
    at = int(np.searchsorted(times, ex_date))
    if at == 0 or at == len(times) or ratio == 1.0:
        return slice(0, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        jumps = np.log(close[1 : at + 1] / close[:at]) / np.log(ratio)  # -1 = the price falls as the split says
    if not jumps[-1] < -_NEAR:
        return slice(0, 0)
    back = np.flatnonzero((jumps[:-1] > _NEAR) & (jumps[:-1] < 1 + _NEAR))
    return slice(int(back[-1]) + 1 if len(back) else 0, at)
