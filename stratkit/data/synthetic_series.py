"""`synthetic_series`: a made-up external series beside bars, late, revised and with holes, for proofs."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.data.series import ExternalSeries
from stratkit.frequency import frequency_ns
from stratkit.seeds import generator

_MEAN: Final = 20.0  # the values walk around it as percent of volatility a year do
_MEMORY: Final = 0.97  # share of its distance from the mean that the next value keeps
_SPREAD: Final = 0.5  # standard deviation of the logarithm
_HOLES: Final = 0.1  # share of the bars without a value
_REVISED: Final = 0.1  # share of the values that are published a second time
_LATE_BARS: Final = 3.0  # longest time to the first publication, in bars


def synthetic_series(name: str, bars: Bars, seed: int = 0) -> ExternalSeries:
    """Return positive values stamped at the bars, published up to three bars later, some of them revised.

    The same name, stamps and seed give the same values. They say nothing about any market.
    """
    rows, step = len(bars.times), frequency_ns(bars.frequency)
    draw = generator(seed, "synthetic series", name)
    shocks = draw.standard_normal(rows)
    level = np.empty(rows)
    distance = 0.0
    for bar, shock in enumerate(shocks):  # a recursion: the made-up series is short
        distance = _MEMORY * distance + np.sqrt(1 - _MEMORY**2) * shock
        level[bar] = distance
    values = _MEAN * np.exp(_SPREAD * level)
    delay = (draw.uniform(0, _LATE_BARS, rows) * step).astype(np.int64)
    kept = draw.random(rows) >= _HOLES
    again = kept & (draw.random(rows) < _REVISED)
    later = delay + (draw.uniform(1, 10, rows) * step).astype(np.int64)
    revised = values * np.exp(0.1 * draw.standard_normal(rows))
    return ExternalSeries(
        np.concatenate((bars.times[kept], bars.times[again])),
        np.concatenate(((bars.times + delay)[kept], (bars.times + later)[again])),
        np.concatenate((values[kept], revised[again])),
        source=f"made up, seed {seed}",
    )
