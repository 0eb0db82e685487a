"""Parts that charts share: lines of arms, upright and level lines, whiskers, flat colours, bands between lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from stratkit.panel import NS_PER_DAY, FloatArray, IntArray
from stratkit.reports.chart_specs import Trace, numbers

_COLOURS: Final = 5  # of the style sheet; after them the line changes
_DASHES: Final = ("solid", "dash", "dot")
ROWS: Final = {"type": "category", "autorange": "reversed", "showgrid": False, "ticksuffix": " "}  # the first on top
IN_ORDER: Final = {"traceorder": "normal"}  # the library turns a legend round where a chart has a band
KEY: Final = {**IN_ORDER, "itemclick": False, "itemdoubleclick": False}  # a legend of colours alone


def line_of(place: int) -> dict[str, Any]:
    """Return how the line of the arm at a place looks."""
    dash = _DASHES[place // _COLOURS % len(_DASHES)]
    return {"color": f"var(--c{place % _COLOURS + 1})", "width": 1.7, "dash": dash}


def colour_key(name: str, colour: str, opacity: float) -> Trace:
    """Return what names a colour in a legend, and draws nothing."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [None],
        "y": [None],
        "hoverinfo": "skip",
        "marker": {"symbol": "square", "size": 11, "opacity": opacity, "color": f"var(--{colour})"},
    }


def upright(name: str, x: float, height: float, colour: str, dash: str = "solid") -> Trace:
    """Return an upright line that the legend names."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [x, x],
        "y": [0, height],
        "hoverinfo": "skip",
        "line": {"color": f"var(--{colour})", "width": 1.7, "dash": dash},
    }


def line_at(x: float, colour: str, dash: str = "solid") -> dict[str, Any]:
    """Return an upright line over the whole height."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "line": {"color": f"var(--{colour})", "width": 1.2, "dash": dash},
    }


def level_at(y: float, colour: str, dash: str = "dot") -> dict[str, Any]:
    """Return a level line over the whole width."""
    return {
        "type": "line",
        "xref": "paper",
        "yref": "y",
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "layer": "above",  # a line of the grid at the same level would hide it
        "line": {"color": f"var(--{colour})", "width": 1.2, "dash": dash},
    }


def whiskers(middle: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str) -> dict[str, Any]:
    """Return bars from low to high around the middle of each dot."""
    return {
        "type": "data",
        "symmetric": False,
        "array": numbers([end - at for at, end in zip(middle, high, strict=True)]),
        "arrayminus": numbers([at - end for at, end in zip(middle, low, strict=True)]),
        "color": f"var(--{colour})",
        "thickness": 2,
        "width": 6,
    }


def flat_colours(colours: Sequence[str]) -> list[list[Any]]:
    """Return the scale of a map whose whole numbers 0, 1, … have one colour each, from -0.5 to their number less 0.5.

    >>> flat_colours(("c1", "c2"))
    [[0.0, 'var(--c1)'], [0.5, 'var(--c1)'], [0.5, 'var(--c2)'], [1.0, 'var(--c2)']]
    """
    count = len(colours)
    return [[(place + end) / count, f"var(--{colour})"] for place, colour in enumerate(colours) for end in (0, 1)]


def ribbon(x: list[Any], low: FloatArray, high: FloatArray, name: str, fill: str = "main-soft") -> list[Trace]:
    """Return the two lines of a band that is filled between them."""
    quiet: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "hoverinfo": "skip",
        "line": {"width": 0, "color": f"var(--{fill})"},
    }
    return [
        {**quiet, "y": numbers(low), "showlegend": False},
        {**quiet, "y": numbers(high), "name": name, "fill": "tonexty", "fillcolor": f"var(--{fill})"},
    ]


def time_axis(times: IntArray) -> dict[str, Any]:
    """Return an axis of dates, with the time of day on hover where there is one."""
    intraday = bool((times % NS_PER_DAY).any())
    return {"type": "date", "showgrid": False, "hoverformat": "%Y-%m-%d %H:%M" if intraday else "%Y-%m-%d"}
