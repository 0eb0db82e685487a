"""`FUTURES`: ways in which the bars after a moment could have been others, for proofs that they do not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from stratkit.data.bars import FIELDS, PRICES, Bars
from stratkit.panel import NS_PER_DAY, BoolArray, FloatArray

Panels = dict[str, FloatArray]
Future = Callable[[Panels, np.random.Generator], Panels]

_WALK_VOL: Final = 0.06  # per bar: far from what was there after a few bars
_HOLES: Final = 0.4  # share of the bars that are missing
_SCALE: Final = 10.0


def other_future(bars: Bars, start: int, kind: str, draw: np.random.Generator) -> Bars:
    """Return bars that are the same before bar `start`, and another future of `kind` from there on.

    The stamps stay, but for the kind ``stamps``, which moves the later ones by whole days.
    """
    later = {name: getattr(bars, name)[start:] for name in FIELDS}
    changed = FUTURES[kind](later, draw)
    panels: dict[str, Any] = {name: np.concatenate((getattr(bars, name)[:start], changed[name])) for name in FIELDS}
    times = bars.times
    if kind == "stamps":
        times = times.copy()
        times[start:] += int(draw.integers(1, 40)) * NS_PER_DAY
    return replace(bars, times=times, source=f"{bars.source}, another future", **panels)


def _walk(later: Panels, draw: np.random.Generator) -> Panels:
    """Multiply by another random walk, with holes where it likes."""
    shape = later["close"].shape
    factor = np.exp(np.cumsum(_WALK_VOL * draw.standard_normal(shape), axis=0))
    return {**{name: later[name] * factor for name in PRICES}, "volume": later["volume"] * draw.random(shape)}


def _scaled(later: Panels, draw: np.random.Generator) -> Panels:
    return {name: panel * _SCALE for name, panel in later.items()}


def _reversed(later: Panels, draw: np.random.Generator) -> Panels:
    return {name: panel[::-1] for name, panel in later.items()}


def _constant(later: Panels, draw: np.random.Generator) -> Panels:
    """Let every symbol stand at one price, also those that were not there before."""
    level = np.broadcast_to(draw.uniform(1, 1000, later["close"].shape[1]), later["close"].shape)
    return {**dict.fromkeys(PRICES, level), "volume": np.ones(level.shape)}


def _holes(later: Panels, draw: np.random.Generator) -> Panels:
    return _without(later, draw.random(later["close"].shape) < _HOLES)


def _vanished(later: Panels, draw: np.random.Generator) -> Panels:
    """Take away every second symbol, or the only one, for good."""
    shape = later["close"].shape
    gone = np.arange(shape[1]) % 2 == draw.integers(0, 2) if shape[1] > 1 else np.ones(1, np.bool_)
    return _without(later, np.broadcast_to(gone, shape))


def _without(later: Panels, missing: BoolArray) -> Panels:
    return {name: np.where(missing, np.nan, panel) for name, panel in later.items()}


FUTURES: Final[dict[str, Future]] = {
    "walk": _walk,
    "scaled": _scaled,
    "reversed": _reversed,
    "constant": _constant,
    "holes": _holes,
    "vanished": _vanished,
    "stamps": _walk,
}
FUTURE_WORDS: Final[dict[str, str]] = {
    "walk": "follow another random walk",
    "scaled": "are ten times as high",
    "reversed": "come in reverse order",
    "constant": "stand still",
    "holes": "have holes",
    "vanished": "lack every second symbol",
    "stamps": "come days later at other prices",
}
