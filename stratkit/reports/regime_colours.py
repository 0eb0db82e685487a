"""`regime_colours`: a colour of the style sheet for each regime, alike on the page and in the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stratkit.reports.figure_parts import BENCHMARK, EDGE, GAIN, INK, LOSS, MAIN, PURPLE, YELLOW

_KNOWN: Final[Mapping[str, str]] = {
    "trend_up": "c3", "bull": "c3", "drift_up": "c3", "low": "c3", "low_volatility": "c3", "low_downside": "c3",
    "trend_down": "c2", "bear": "c2", "drift_down": "c2", "high": "c2", "high_volatility": "c4", "high_downside": "c2",
    "range_low_vol": "c1", "range_high_vol": "c5", "illiquid": "ink", "medium": "c5", "medium_volatility": "c5",
    "medium_downside": "c5", "unknown": "rule-2", "sideways": "bench", "none": "bench", "steady": "bench",
}  # fmt: skip
_OTHERS: Final = ("c1", "c5", "c4", "c2", "c3", "ink", "bench")
_PAINT: Final[Mapping[str, str]] = {
    "c1": MAIN, "c2": LOSS, "c3": GAIN, "c4": PURPLE, "c5": YELLOW, "ink": INK, "bench": BENCHMARK, "rule-2": EDGE
}  # fmt: skip


def regime_colours(names: tuple[str, ...]) -> list[str]:
    """Return the name of a colour for each regime; no two are alike while there are colours.

    >>> regime_colours(("bull", "bear", "own"))
    ['c3', 'c2', 'c1']
    """
    found: list[str] = []
    for name in names:
        own = _KNOWN.get(name)
        free = [colour for colour in _OTHERS if colour not in found]
        found.append(own if own is not None and own not in found else free[0] if free else "bench")
    return found


def paint(colour: str) -> str:
    """Return the colour of that name in a figure."""
    return _PAINT[colour]
